package wmi

import (
	"slices"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
)

// StdRegProv is the name of the registry provider's class.
const StdRegProv = "StdRegProv"

// Call is an invocation of a method of StdRegProv that was found well-formed.
type Call struct {
	Target Target
	Method Method
	In     map[string]string
}

// NewCall reads a method's _INPUT element. StdRegProv answers in root/default (documented) and root/cimv2 (reported).
// Windows checks the input against a schema; that the order of the parameters counts is assumed.
func (m *Machine) NewCall(t Target, name string, input *soap.Element) (Call, *soap.Fault) {
	call := Call{Target: t, In: map[string]string{}}
	wmi := func(code uint32, status int, operation, info string) *soap.WMIError {
		return &soap.WMIError{Code: code, CIMStatus: status, Operation: operation, ParameterInfo: info, Namespace: t.Namespace}
	}
	if !strings.EqualFold(t.Class, StdRegProv) || !strings.EqualFold(t.Namespace, "root/default") && !strings.EqualFold(t.Namespace, "root/cimv2") {
		return call, noResource(wmi(wbemInvalidClass, 5, "GetObject", t.Class))
	}
	at := slices.IndexFunc(methods, func(known Method) bool {
		return strings.EqualFold(known.Name, name) && !(known.qword && m.Profile.Quirk2003)
	})
	switch {
	case at < 0 && m.Shape.UnknownMethodWMI: // assumed, both
		return call, &soap.Fault{Code: soap.CodeProvider, Subcode: "w:InternalError", Text: "The method is not found.", WMI: wmi(wbemInvalidMethod, 17, "GetMethod", name)}
	case at < 0:
		return call, UnknownAction(t.URI + "/" + name)
	}
	call.Method = methods[at]
	if input == nil || input.XMLName.Local != call.Method.Name+"_INPUT" || !strings.EqualFold(input.XMLName.Space, t.URI) {
		return call, &soap.Fault{Code: soap.CodeInvalidBody, Sender: true, Subcode: "w:InvalidParameter", Text: "The body is no " + call.Method.Name + "_INPUT."}
	}
	next := 0
	for _, e := range input.Children {
		at := slices.Index(call.Method.In[next:], e.XMLName.Local)
		if at < 0 || !strings.EqualFold(e.XMLName.Space, t.URI) || len(e.Children) > 0 {
			return call, &soap.Fault{Code: soap.CodeSchema, Sender: true, Subcode: "w:SchemaValidationError",
				Text: "The input of " + call.Method.Name + " has an element " + e.XMLName.Local + " that is unknown, comes twice or is out of order."}
		}
		next += at + 1
		call.In[e.XMLName.Local] = e.Text
	}
	if bad := m.badInput(&call); bad != "" {
		return call, &soap.Fault{Code: soap.CodeProvider, Subcode: "w:InternalError", Text: "One or more method parameters are not valid.",
			WMI: wmi(wbemInvalidParameters, 4, "ExecMethod", call.Method.Name+"."+bad)}
	}
	return call, nil
}

// badInput names a parameter that is missing, or no number where the signature wants one. A missing hDefKey means
// HKEY_LOCAL_MACHINE (documented as its default, and reported) or is an error (assumed), by seed.
func (m *Machine) badInput(call *Call) string {
	if _, ok := call.In["hDefKey"]; !ok && !m.Shape.NeedHive {
		call.In["hDefKey"] = "2147483650"
	}
	for _, name := range call.Method.In {
		text, given := call.In[name]
		if !given && name != "sValueName" { // documented as optional
			return name
		}
		bits := 32
		if name == "uValue" && call.Method.qword {
			bits = 64
		}
		if _, err := strconv.ParseUint(text, 10, bits); given && err != nil && (name == "hDefKey" || name[0] == 'u') {
			return name
		}
	}
	return ""
}

// Run carries the call out and gives the _OUTPUT element.
func (m *Machine) Run(call Call) string {
	switch hive, _ := strconv.ParseUint(call.In["hDefKey"], 10, 32); hive {
	case 0x80000002: // HKEY_LOCAL_MACHINE
	case 0x80000000, 0x80000001, 0x80000003, 0x80000005: // the other hives have no keys here
		return m.Output(call, noKey, nil)
	default:
		return m.Output(call, badHandle, nil)
	}
	code, out := call.Method.run(m.Registry, call.In["sSubKeyName"], call.In)
	if call.Method.Name == "DeleteValue" && code == noValue {
		code = m.Shape.DeleteAbsentCode // RegDeleteValue says 2, StdRegProv elsewhere 1: assumed, both
	}
	return m.Output(call, code, out)
}

// Output writes the method's _OUTPUT element with the out-parameters in the signature's order. ReturnValue last and no
// xsi:type are recorded; the rest of the shape is assumed and drawn by seed.
func (m *Machine) Output(call Call, code uint32, out [][]string) string {
	var elements []string
	for i, name := range call.Method.Out {
		var texts []string
		if code == done && i < len(out) {
			texts = out[i]
		}
		elements = append(elements, m.output(name, code, texts))
	}
	if m.Shape.ReverseOutputs {
		slices.Reverse(elements)
	}
	at := len(elements)
	if m.Shape.ReturnValueFirst {
		at = 0
	}
	elements = slices.Insert(elements, at, m.element("ReturnValue", strconv.FormatUint(uint64(code), 10)))
	name := m.tag(call.Method.Name + "_OUTPUT")
	return "<" + name + m.declaration(m.Answered(call.Target, StdRegProv)) + ">" + strings.Join(elements, "") + "</" + name + ">"
}

// output writes one out-parameter: an element for each text, or, where there is none, nothing or nil.
func (m *Machine) output(name string, code uint32, texts []string) string {
	null := "<" + m.tag(name) + ` xsi:nil="true"/>`
	if len(texts) == 0 {
		if code != done && m.Shape.NilOutputs || code == done && m.Shape.NilEmptyArray {
			return null
		}
		return ""
	}
	var b strings.Builder
	for _, text := range texts {
		if text == "" && name == "sNames" && m.Shape.NilDefaultName {
			b.WriteString(null)
			continue
		}
		b.WriteString(m.element(name, text))
	}
	return b.String()
}

func (m *Machine) element(name, text string) string {
	return "<" + m.tag(name) + ">" + soap.Escape(text) + "</" + m.tag(name) + ">"
}

// UnknownAction is the fault for an Action that means nothing to the service.
func UnknownAction(action string) *soap.Fault {
	return &soap.Fault{Code: soap.CodeUnknownAction, Sender: true, Subcode: "a:ActionNotSupported", FaultDetail: "ActionMismatch",
		Text: "The WS-Management service does not support the action specified in the request: " + action}
}

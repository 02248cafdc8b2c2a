package wmi

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
)

// StdRegProv is the name of the registry provider's class.
const StdRegProv = "StdRegProv"

// ReturnValues of StdRegProv (reported by several public scripts).
const (
	done         = 0
	noValue      = 1
	noKey        = 2
	accessDenied = 5
	badHandle    = 6
	otherType    = 0x80041005
)

// WMI codes (documented: WbemErrorEnum).
const (
	wbemInvalidNamespace  = 0x8004100E
	wbemInvalidClass      = 0x80041010
	wbemInvalidQuery      = 0x80041017
	wbemInvalidMethod     = 0x8004102E
	wbemInvalidParameters = 0x8004102F
)

// Method is a method of StdRegProv. Signatures are documented (StdRegProv class).
type Method struct {
	Name   string
	In     []string
	Out    []string
	Writes bool
	qword  bool // absent where QWORDs are unknown to StdRegProv
	run    func(r *registry.Registry, key string, in params) (uint32, []Param)
}

// Param is one in- or out-parameter; an array has many Values.
type Param struct {
	Name   string
	Values []string
}

type params map[string]string

var (
	ofKey    = []string{"hDefKey", "sSubKeyName"}
	ofValue  = []string{"hDefKey", "sSubKeyName", "sValueName"}
	withData = func(name string) []string { return append(slices.Clone(ofValue), name) }
)

// methods that reads and writes of the project use, and their neighbours of the
// same kind; the provider has more (multi-strings, binary, security descriptors).
var methods = []Method{
	{Name: "CreateKey", In: ofKey, Writes: true, run: func(r *registry.Registry, key string, _ params) (uint32, []Param) {
		return codeOf(r.CreateKey(key)), nil
	}},
	{Name: "DeleteKey", In: ofKey, Writes: true, run: func(r *registry.Registry, key string, _ params) (uint32, []Param) {
		return codeOf(r.DeleteKey(key)), nil
	}},
	{Name: "EnumKey", In: ofKey, Out: []string{"sNames"}, run: func(r *registry.Registry, key string, _ params) (uint32, []Param) {
		names, err := r.Keys(key)
		return codeOf(err), []Param{{"sNames", names}}
	}},
	{Name: "EnumValues", In: ofKey, Out: []string{"sNames", "Types"}, run: enumValues},
	{Name: "DeleteValue", In: ofValue, Writes: true, run: func(r *registry.Registry, key string, in params) (uint32, []Param) {
		return codeOf(r.Delete(key, in["sValueName"])), nil
	}},
	{Name: "CheckAccess", In: []string{"hDefKey", "sSubKeyName", "uRequired"}, Out: []string{"bGranted"}, run: func(r *registry.Registry, key string, _ params) (uint32, []Param) {
		_, err := r.Keys(key)
		return codeOf(err), []Param{{"bGranted", []string{"true"}}}
	}},
	{Name: "GetDWORDValue", In: ofValue, Out: []string{"uValue"}, run: get(registry.DWORD, "uValue")},
	{Name: "SetDWORDValue", In: withData("uValue"), Writes: true, run: set(registry.DWORD, "uValue")},
	{Name: "GetQWORDValue", In: ofValue, Out: []string{"uValue"}, qword: true, run: get(registry.QWORD, "uValue")},
	{Name: "SetQWORDValue", In: withData("uValue"), Writes: true, qword: true, run: set(registry.QWORD, "uValue")},
	{Name: "GetStringValue", In: ofValue, Out: []string{"sValue"}, run: get(registry.SZ, "sValue")},
	{Name: "SetStringValue", In: withData("sValue"), Writes: true, run: set(registry.SZ, "sValue")},
	{Name: "GetExpandedStringValue", In: ofValue, Out: []string{"sValue"}, run: get(registry.ExpandSZ, "sValue")},
	{Name: "SetExpandedStringValue", In: withData("sValue"), Writes: true, run: set(registry.ExpandSZ, "sValue")},
}

// MethodNamed finds a method by its name in any letter case.
func (m *Machine) MethodNamed(name string) (Method, bool) {
	for _, method := range methods {
		if strings.EqualFold(method.Name, name) && (!method.qword || !m.Profile.Quirk2003) {
			return method, true
		}
	}
	return Method{}, false
}

// Call is an invocation of a method of StdRegProv that was found well-formed.
type Call struct {
	Target Target
	Method Method
	In     map[string]string
}

// NewCall reads the method's _INPUT element. Windows checks it against the
// method's schema; that the order of the parameters counts is assumed.
func (m *Machine) NewCall(t Target, uri, methodName string, input *soap.Element) (Call, *soap.Fault) {
	if !strings.EqualFold(t.Namespace, "root/default") && !strings.EqualFold(t.Namespace, "root/cimv2") || !strings.EqualFold(t.Class, StdRegProv) {
		return Call{}, &soap.Fault{Code: soap.CodeResourceNotFound, Sender: true, Subcode: "a:DestinationUnreachable", FaultDetail: "InvalidResourceURI",
			Text: "The service cannot find the resource identified by the resource URI and selectors.",
			WMI:  &soap.WMIError{Code: wbemInvalidClass, CIMStatus: 5, Operation: "GetObject", ParameterInfo: t.Class, Namespace: t.Namespace}}
	}
	method, ok := m.MethodNamed(methodName)
	if !ok {
		if m.Shape.UnknownMethodWMI { // assumed, both
			return Call{}, providerFault(wbemInvalidMethod, 17, "GetMethod", methodName, t.Namespace, "The method is not found.")
		}
		return Call{}, UnknownAction(uri + "/" + methodName)
	}
	call := Call{Target: t, Method: method, In: map[string]string{}}
	if input == nil || input.Name != method.Name+"_INPUT" || !strings.EqualFold(input.Space, uri) {
		return call, &soap.Fault{Code: soap.CodeInvalidBody, Sender: true, Subcode: "w:InvalidParameter", Text: "The body is no " + method.Name + "_INPUT."}
	}
	next := 0
	for _, e := range input.Children {
		at := slices.Index(method.In[next:], e.Name)
		if at < 0 || !strings.EqualFold(e.Space, uri) || len(e.Children) > 0 {
			return call, &soap.Fault{Code: soap.CodeSchema, Sender: true, Subcode: "w:SchemaValidationError",
				Text: "The input of " + method.Name + " has an element " + e.Name + " that is unknown, comes twice or is out of order."}
		}
		next += at + 1
		call.In[e.Name] = e.Text
	}
	return call, m.checkInput(&call)
}

// checkInput refuses values that are no numbers where the signature wants one,
// and missing data. A missing hDefKey means HKEY_LOCAL_MACHINE (reported by
// others) or is an error, by seed.
func (m *Machine) checkInput(call *Call) *soap.Fault {
	if _, ok := call.In["hDefKey"]; !ok && !m.Shape.NeedHive {
		call.In["hDefKey"] = "2147483650"
	}
	bits := map[string]int{"hDefKey": 32, "uRequired": 32, "uValue": 32}
	if call.Method.qword {
		bits["uValue"] = 64
	}
	for _, name := range call.Method.In {
		text, given := call.In[name]
		optional := name == "sValueName" || name == "uRequired" // "" is the default value; 3 is documented
		number, wantsNumber := bits[name]
		bad := !given && !optional
		if given && wantsNumber {
			_, err := strconv.ParseUint(text, 10, number)
			bad = err != nil
		}
		if bad {
			return providerFault(wbemInvalidParameters, 4, "ExecMethod", call.Method.Name+"."+name, call.Target.Namespace, "One or more method parameters are not valid.")
		}
	}
	return nil
}

// Run carries the call out and gives the _OUTPUT element.
func (m *Machine) Run(call Call) string {
	code, out := m.run(call)
	return m.Output(call, code, out)
}

func (m *Machine) run(call Call) (uint32, []Param) {
	switch hive, _ := strconv.ParseUint(call.In["hDefKey"], 10, 32); hive {
	case 0x80000002: // HKEY_LOCAL_MACHINE
	case 0x80000000, 0x80000001, 0x80000003, 0x80000005: // other hives have no keys here
		return noKey, nil
	default:
		return badHandle, nil
	}
	code, out := call.Method.run(m.Registry, call.In["sSubKeyName"], call.In)
	if call.Method.Name == "DeleteValue" && code == noValue {
		code = m.Shape.DeleteAbsentCode // RegDeleteValue says 2, StdRegProv elsewhere 1: assumed
	}
	return code, out
}

func codeOf(err error) uint32 {
	switch {
	case err == nil:
		return done
	case errors.Is(err, registry.ErrNoValue):
		return noValue
	case errors.Is(err, registry.ErrNoKey):
		return noKey
	case errors.Is(err, registry.ErrHasSubkeys):
		return accessDenied // documented: RegDeleteKey
	default:
		return badHandle
	}
}

func enumValues(r *registry.Registry, key string, _ params) (uint32, []Param) {
	values, err := r.Values(key)
	names, types := Param{Name: "sNames"}, Param{Name: "Types"}
	for _, v := range values {
		names.Values = append(names.Values, v.Name)
		types.Values = append(types.Values, strconv.Itoa(int(v.Type)))
	}
	return codeOf(err), []Param{names, types}
}

func get(t registry.Type, out string) func(*registry.Registry, string, params) (uint32, []Param) {
	return func(r *registry.Registry, key string, in params) (uint32, []Param) {
		v, err := r.Get(key, in["sValueName"])
		switch {
		case err != nil:
			return codeOf(err), nil
		case v.Type != t:
			return otherType, nil
		}
		text := v.Text
		switch t {
		case registry.DWORD, registry.QWORD:
			text = strconv.FormatUint(v.Number, 10)
		case registry.ExpandSZ: // documented: returned expanded
			text = strings.NewReplacer("%SystemRoot%", `C:\Windows`, "%SystemDrive%", "C:").Replace(text)
		}
		return done, []Param{{out, []string{text}}}
	}
}

func set(t registry.Type, in string) func(*registry.Registry, string, params) (uint32, []Param) {
	return func(r *registry.Registry, key string, given params) (uint32, []Param) {
		v := registry.Value{Name: given["sValueName"], Type: t}
		if t == registry.DWORD || t == registry.QWORD {
			v.Number, _ = strconv.ParseUint(given[in], 10, 64) // checked by checkInput
		} else {
			v.Text = given[in]
		}
		return codeOf(r.Set(key, v)), nil
	}
}

// Output writes the method's _OUTPUT element. ReturnValue last and no xsi:type
// are recorded; the rest of the shape is assumed and drawn by seed.
func (m *Machine) Output(call Call, code uint32, out []Param) string {
	uri := m.Answered(call.Target, StdRegProv)
	var elements []string
	for _, name := range call.Method.Out {
		elements = append(elements, m.outputs(name, code, out))
	}
	if m.Shape.ReverseOutputs {
		slices.Reverse(elements)
	}
	returned := m.element("ReturnValue", strconv.FormatUint(uint64(code), 10))
	if m.Shape.ReturnValueFirst {
		elements = append([]string{returned}, elements...)
	} else {
		elements = append(elements, returned)
	}
	name := m.tag(call.Method.Name + "_OUTPUT")
	return "<" + name + m.declaration(uri) + ">" + strings.Join(elements, "") + "</" + name + ">"
}

func (m *Machine) outputs(name string, code uint32, out []Param) string {
	if code != done {
		return m.nilIf(m.Shape.NilOutputs, name)
	}
	at := slices.IndexFunc(out, func(p Param) bool { return p.Name == name })
	if at < 0 || len(out[at].Values) == 0 {
		return m.nilIf(m.Shape.NilEmptyArray, name)
	}
	var b strings.Builder
	for _, text := range out[at].Values {
		if text == "" && name == "sNames" && m.Shape.NilDefaultName {
			b.WriteString(m.nilIf(true, name))
			continue
		}
		b.WriteString(m.element(name, text))
	}
	return b.String()
}

func (m *Machine) element(name, text string) string {
	return "<" + m.tag(name) + ">" + soap.Escape(text) + "</" + m.tag(name) + ">"
}

func (m *Machine) nilIf(shown bool, name string) string {
	if !shown {
		return ""
	}
	return "<" + m.tag(name) + ` xsi:nil="true"/>`
}

// UnknownAction is the fault for an Action that means nothing to the service.
func UnknownAction(action string) *soap.Fault {
	return &soap.Fault{Code: soap.CodeUnknownAction, Sender: true, Subcode: "a:ActionNotSupported", FaultDetail: "ActionMismatch",
		Text: "The WS-Management service does not support the action specified in the request: " + action}
}

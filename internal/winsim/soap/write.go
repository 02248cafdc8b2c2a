package soap

import (
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

// Writer writes the replies of one host.
type Writer struct {
	Shape   profile.Shape
	Machine string // the host's own full name
}

// Fault is why a request was refused.
type Fault struct {
	Code        uint32
	Sender      bool // the request is to blame, not the host
	Subcode     string
	Text        string
	FaultDetail string // last part of a w:FaultDetail URI
	WMI         *WMIError
}

// WMIError is what the WMI service or a provider said.
type WMIError struct {
	Code          uint32 // WBEM_E_…; 0: MessageID alone bears the fault's code, as seen with the quota fault
	CIMStatus     int    // documented: DSP0200, CIM_ERR_…
	Operation     string // ExecQuery, ExecMethod …
	ParameterInfo string
	Namespace     string // with slashes
}

// Reply wraps a body's content into the envelope that answers r; the header's elements and their order are recorded.
func (w Writer) Reply(action string, r Request, content string) []byte {
	relates := ""
	if r.MessageID != "" {
		relates = `<a:RelatesTo>` + Escape(r.MessageID) + `</a:RelatesTo>`
	}
	return fmt.Appendf(nil, `<s:Envelope xml:lang="en-US" xmlns:s="%s" xmlns:a="%s" xmlns:n="%s" xmlns:w="%s">`+
		`<s:Header><a:Action>%s</a:Action><a:MessageID>%s</a:MessageID><a:To>%s</a:To>%s</s:Header><s:Body>%s</s:Body></s:Envelope>`,
		nsEnvelope, nsAddressing, NSEnumeration, NSWSMan, Escape(action), NewID(), anonymous, relates, content)
}

// Fault writes the envelope of a fault that answers r.
func (w Writer) Fault(r Request, f *Fault) []byte {
	action, code, language, reason, subcode, detail := actionAddressingFault, "s:Receiver", "en-US", f.Text, "", ""
	if w.Shape.WSManFaultAction {
		action = actionWSManFault
	}
	switch {
	case f.Code == CodeMustUnderstand:
		code = "s:MustUnderstand"
	case f.Sender:
		code = "s:Sender"
	}
	switch w.Shape.Reason {
	case profile.ReasonEmpty:
		language, reason = "", ""
	case profile.ReasonGerman:
		language, reason = "de-DE", germanReason
	}
	if f.Subcode != "" {
		subcode = `<s:Subcode><s:Value>` + f.Subcode + `</s:Value></s:Subcode>`
	}
	if f.FaultDetail != "" {
		detail = `<w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/` + f.FaultDetail + `</w:FaultDetail>`
	}
	return w.Reply(action, r, fmt.Sprintf(`<s:Fault><s:Code><s:Value>%s</s:Value>%s</s:Code><s:Reason><s:Text xml:lang="%s">%s</s:Text></s:Reason><s:Detail>%s%s</s:Detail></s:Fault>`,
		code, subcode, language, Escape(reason), detail, w.detail(r, f)))
}

// germanReason stands for whatever a host that does not speak English says.
const germanReason = "Die Anforderung kann nicht ausgeführt werden. "

// detail is the WSManFault or MSFT_WmiError of a fault, in the nestings that others published from Windows.
func (w Writer) detail(r Request, f *Fault) string {
	message := Escape(f.Text)
	if w.Shape.Reason == profile.ReasonGerman {
		message = germanReason
	}
	dialled := w.Machine // the outer Machine is the name that was dialled, the inner one the host's own
	if to, err := url.Parse(r.To); err == nil && to.Hostname() != "" {
		dialled = to.Hostname()
	}
	provider := func(content string) string {
		return wsmanFault(f.Code, dialled, `<f:ProviderFault provider="WMI Provider" path="%systemroot%\system32\WsmWmiPl.dll">`+content+`</f:ProviderFault>`)
	}
	switch {
	case f.WMI == nil:
		return wsmanFault(f.Code, dialled, message)
	case w.Shape.ProviderFault == profile.FaultWmiError:
		return w.wmiError(f, message)
	case w.Shape.ProviderFault == profile.FaultWmiErrorIn:
		return provider(w.wmiError(f, message))
	case w.Shape.ProviderFault == profile.FaultBareText:
		return provider(message)
	}
	status := fmt.Sprintf(`>%d</p:StatusCode>`, f.WMI.Code)
	if w.Shape.NilStatusCode {
		status = ` xsi:nil="true"/>`
	}
	return provider(wsmanFault(f.Code, w.Machine, message) + fmt.Sprintf(`<f:ExtendedError><p:__ExtendedStatus xmlns:xsi="%s" xmlns:p="%s%s/__ExtendedStatus" xmlns:cim="%s" xsi:type="p:__ExtendedStatus_Type">`+
		`<p:Description xsi:nil="true"/><p:Operation>%s</p:Operation><p:ParameterInfo>%s</p:ParameterInfo><p:ProviderName>WinMgmt</p:ProviderName><p:StatusCode%s</p:__ExtendedStatus></f:ExtendedError>`,
		NSInstance, WMIBase, Escape(f.WMI.Namespace), NSCIM, f.WMI.Operation, Escape(f.WMI.ParameterInfo), status))
}

func wsmanFault(code uint32, machine, content string) string {
	return fmt.Sprintf(`<f:WSManFault xmlns:f="%s" Code="%d" Machine="%s"><f:Message>%s</f:Message></f:WSManFault>`, nsFault, code, Escape(machine), content)
}

func (w Writer) wmiError(f *Fault, message string) string {
	space, code := "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError", f.WMI.Code
	if w.Shape.ClassWmiError {
		space = WMIBase + Escape(strings.ToLower(f.WMI.Namespace)) + "/MSFT_WmiError"
	}
	number := fmt.Sprintf(` xsi:type="cim:cimUnsignedInt">%d</p:error_Code>`, code)
	if code == 0 {
		code, number = f.Code, ` xsi:nil="true"/>`
	}
	return fmt.Sprintf(`<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="%s" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:p="%s" xmlns:cim="%s" xsi:type="p:MSFT_WmiError_Type">`+
		`<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">%d</p:CIMStatusCode><p:CIMStatusCodeDescription xsi:type="cim:cimString" xsi:nil="true"/><p:Message xsi:type="cim:cimString">%s</p:Message>`+
		`<p:MessageID xsi:type="cim:cimString">HRESULT 0x%08x</p:MessageID><p:error_Code%s</p:MSFT_WmiError>`,
		NSInstance, space, NSCIM, f.WMI.CIMStatus, message, code, number)
}

// NewID makes a message id or an enumeration context, written as Windows does.
func NewID() string { return "uuid:" + NewGUID() }

// NewGUID makes one at random, in capitals (recorded).
func NewGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (documented: crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Escape makes text fit for XML; what XML cannot hold becomes U+FFFD.
func Escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder never fails
	return b.String()
}

package soap

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

// Codes of f:WSManFault (documented: wsmerror.h).
const (
	CodeAccessDenied     = 5          // ERROR_ACCESS_DENIED
	CodeAccessDeniedHR   = 0x80070005 // the same as an HRESULT
	CodeResourceNotFound = 0x80338000
	CodeInvalidHeader    = 0x8033800F
	CodeMustUnderstand   = 0x80338010
	CodeHeaderRequired   = 0x80338011
	CodeUnknownAction    = 0x80338013
	CodeUnknownDialect   = 0x80338019
	CodeCannotFilter     = 0x8033801A
	CodeInvalidContext   = 0x8033801B
	CodeTooLarge         = 0x80338026
	CodeInvalidBody      = 0x80338027
	CodeSchema           = 0x80338041
	CodeInvalidXML       = 0x80338043
	CodeMinEnvelope      = 0x8033807E
	CodeWQLNeedsStar     = 0x803380FB
	CodeProvider         = 0x80338102
	CodeQuotaShells      = 0x803381A5
	CodeQuotaOperations  = 0x803381A6
)

// Fault is why a request was refused.
type Fault struct {
	Code        uint32
	Sender      bool   // the request is to blame, not the host
	SOAPCode    string // instead of s:Sender and s:Receiver
	Subcode     string
	Text        string
	FaultDetail string // last part of a w:FaultDetail URI
	WMI         *WMIError
}

// WMIError is what the WMI service or a provider said.
type WMIError struct {
	Code          uint32 // WBEM_E_… or a Win32 code
	CIMStatus     int    // documented: DSP0200, CIM_ERR_…
	Operation     string // ExecQuery, ExecMethod
	ParameterInfo string
	Namespace     string // with slashes
}

// Fault writes the envelope of a fault that answers r.
func (w Writer) Fault(r Request, f *Fault) []byte {
	action := actionAddressingFault
	if w.Shape.WSManFaultAction {
		action = actionWSManFault
	}
	code := f.SOAPCode
	switch {
	case code != "":
	case f.Sender:
		code = "s:Sender"
	default:
		code = "s:Receiver"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<s:Fault><s:Code><s:Value>%s</s:Value>`, code)
	if f.Subcode != "" {
		fmt.Fprintf(&b, `<s:Subcode><s:Value>%s</s:Value></s:Subcode>`, f.Subcode)
	}
	language, reason := w.localise(f.Text)
	fmt.Fprintf(&b, `</s:Code><s:Reason><s:Text xml:lang="%s">%s</s:Text></s:Reason><s:Detail>`, language, Escape(reason))
	if f.FaultDetail != "" {
		fmt.Fprintf(&b, `<w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/%s</w:FaultDetail>`, f.FaultDetail)
	}
	b.WriteString(w.detail(r, f))
	b.WriteString(`</s:Detail></s:Fault>`)
	return w.Reply(action, r, b.String())
}

// detail is what stands in s:Detail. The shapes of the service's own faults
// and of the nested provider fault are those that others published from Windows.
func (w Writer) detail(r Request, f *Fault) string {
	_, message := w.localise(f.Text)
	if message == "" {
		message = f.Text // an empty reason was seen beside a message in words
	}
	outer := w.Machine
	if to, err := url.Parse(r.To); err == nil && to.Hostname() != "" {
		outer = to.Hostname() // the name that was dialled, not the host's own
	}
	if f.WMI == nil {
		return wsmanFault(f.Code, outer, Escape(message))
	}
	provider := func(content string) string {
		return wsmanFault(f.Code, outer, `<f:ProviderFault provider="WMI Provider" path="%systemroot%\system32\WsmWmiPl.dll">`+content+`</f:ProviderFault>`)
	}
	switch w.Shape.ProviderFault {
	case profile.FaultWmiError:
		return w.wmiError(f, message)
	case profile.FaultWmiErrorIn:
		return provider(w.wmiError(f, message))
	case profile.FaultBareText:
		return provider(Escape(message))
	default:
		return provider(wsmanFault(f.Code, w.Machine, Escape(message)) + `<f:ExtendedError>` + w.extendedStatus(f.WMI) + `</f:ExtendedError>`)
	}
}

func wsmanFault(code uint32, machine, content string) string {
	return fmt.Sprintf(`<f:WSManFault xmlns:f="%s" Code="%d" Machine="%s"><f:Message>%s</f:Message></f:WSManFault>`,
		nsFault, code, Escape(machine), content)
}

func (w Writer) extendedStatus(e *WMIError) string {
	status := fmt.Sprintf(`<p:StatusCode>%d</p:StatusCode>`, e.Code)
	if w.Shape.NilStatusCode {
		status = `<p:StatusCode xsi:nil="true"/>`
	}
	return fmt.Sprintf(`<p:__ExtendedStatus xmlns:xsi="%s" xmlns:p="%s%s/__ExtendedStatus" xmlns:cim="%s" xsi:type="p:__ExtendedStatus_Type">`+
		`<p:Description xsi:nil="true"/><p:Operation>%s</p:Operation><p:ParameterInfo>%s</p:ParameterInfo><p:ProviderName>WinMgmt</p:ProviderName>%s</p:__ExtendedStatus>`,
		NSInstance, WMIBase, e.Namespace, NSCIM, e.Operation, Escape(e.ParameterInfo), status)
}

// wmiError is an MSFT_WmiError. Beside a WMI code it has error_Code; where it
// stands for a fault of the service itself, MessageID bears the code alone (seen
// with the quota fault).
func (w Writer) wmiError(f *Fault, message string) string {
	space := "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
	if w.Shape.ClassWmiError {
		space = WMIBase + strings.ToLower(f.WMI.Namespace) + "/MSFT_WmiError"
	}
	code := f.WMI.Code
	if code == 0 {
		code = f.Code
	}
	number := `<p:error_Code xsi:nil="true"/>`
	if f.WMI.Code != 0 {
		number = fmt.Sprintf(`<p:error_Category xsi:type="cim:cimUnsignedInt">0</p:error_Category><p:error_Code xsi:type="cim:cimUnsignedInt">%d</p:error_Code><p:error_Type xsi:type="cim:cimString">HRESULT</p:error_Type>`, code)
	}
	return fmt.Sprintf(`<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="%s" xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" xmlns:p="%s" xmlns:cim="%s" xsi:type="p:MSFT_WmiError_Type">`+
		`<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">%d</p:CIMStatusCode><p:CIMStatusCodeDescription xsi:type="cim:cimString" xsi:nil="true"/>`+
		`<p:Message xsi:type="cim:cimString">%s</p:Message><p:MessageID xsi:type="cim:cimString">HRESULT 0x%08x</p:MessageID>%s</p:MSFT_WmiError>`,
		NSInstance, space, NSCIM, f.WMI.CIMStatus, Escape(message), code, number)
}

// localise gives a text's language and the text as this host says it.
func (w Writer) localise(text string) (language, said string) {
	switch w.Shape.Reason {
	case profile.ReasonEmpty:
		return "", ""
	case profile.ReasonGerman:
		return "de-DE", "Die Anforderung kann nicht ausgeführt werden. "
	default:
		return "en-US", text + " "
	}
}

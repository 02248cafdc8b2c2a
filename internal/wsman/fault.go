package wsman

import (
	"fmt"
	"strconv"
	"strings"
)

// Codes of faults that mean something to the callers. Sources: winerror.h and
// wsmerror.h for 0x8033…, wbemcli.h for 0x8004…, DSP0004 for CIM's statuses.
const (
	codeAccessDenied    = 5
	hresultAccessDenied = 0x80070005
	wbemAccessDenied    = 0x80041003
	cimAccessDenied     = 2

	codeTimeout        = 2150858793 // 0x80338029
	codeNoResource     = 2150858752 // 0x80338000: the resource URI is not known
	codeNoAction       = 2150858771 // 0x80338013: the action is not supported
	codeShellForbidden = 2150859180 // 0x803381AC: AllowRemoteShellAccess is false
	codeInvalidAction  = 2150858753 // 0x80338001: the action URI is invalid
	codeInvalidContext = 2150858779 // 0x8033801B: no such EnumerationContext, or no more

	codeCannotProcessFilter = 2150858778 // 0x8033801A
	wbemInvalidNamespace    = 0x8004100E
	wbemInvalidClass        = 0x80041010
	cimInvalidNamespace     = 3
	cimInvalidClass         = 5

	wbemNotFound             = 0x80041002
	wbemInvalidMethod        = 0x8004102E
	wbemMethodNotImplemented = 0x80041055
	cimMethodNotAvailable    = 16
	cimMethodNotFound        = 17

	facilityWSMan = 0x80330000
)

// quotas are the faults that say "later": too much is going on, and nothing was
// begun. They are the very codes of wsmerror.h on which Microsoft's own PowerShell
// waits and repeats a CIM operation, changes included (CimChildJobBase,
// IsWsManQuotaReached). 0x803381A9, between them, is none: it is about another
// user's shell.
var quotas = []uint32{
	0x803381A5, // too many shells of this user
	0x803381A6, // too many operations of this user
	0x803381A7, // too many requests of this user in a time
	0x803381A8, // too many requests to the host in a time
	0x803381AB, // too many users with shells
	0x803381E4, // too many shells of this user in the plug-in
	0x803381E5, // too many users of the plug-in
	0x803381E6, // too many shells in the plug-in
	0x803381E7, // too many operations in the plug-in
	0x803381E8, // too many operations of this user in the plug-in
	0x803381E9, // too many commands in the shell
	0x803381EA, // the plug-in's quota can't be had now
}

// Fault is what the host said when it refused or failed. Codes are zero where
// the host gave none.
type Fault struct {
	Code       uint32 // WSManFault's
	InnerCode  uint32 // of a WSManFault inside the provider's message, where one came
	Subcode    string // SOAP's, without its prefix: AccessDenied, InternalError …
	WMICode    uint32 // the provider's: error_Code, StatusCode, HRESULT
	CIMStatus  uint32 // CIM's status code (DSP0223): 2 access denied, 5 invalid class …
	HTTPStatus int
	Machine    string // as the host calls itself, or as it was dialled
	Provider   string // such as "WMI Provider"
	Message    string // in the host's language, in one line; never to be compared
}

func (f *Fault) Error() string {
	text := "the host answered with a fault"
	if f.Message != "" {
		text += ": " + f.Message
	}
	return text + " (" + strings.Join(f.codes(), ", ") + ")"
}

func (f *Fault) codes() []string {
	var codes []string
	add := func(name string, code uint32) {
		if code != 0 {
			codes = append(codes, fmt.Sprintf("%s %d (%#x)", name, code, code))
		}
	}
	add("WSManFault", f.Code)
	add("inner WSManFault", f.InnerCode)
	add("WMI error", f.WMICode)
	if f.CIMStatus != 0 {
		codes = append(codes, fmt.Sprintf("CIM status %d", f.CIMStatus))
	}
	if f.Subcode != "" {
		codes = append(codes, f.Subcode)
	}
	return append(codes, fmt.Sprintf("HTTP %d", f.HTTPStatus))
}

// AccessDenied reports that the account may not do this. For a local administrator
// other than the built-in one the cause may be remote UAC.
func (f *Fault) AccessDenied() bool {
	return f.has(codeAccessDenied, hresultAccessDenied, wbemAccessDenied) ||
		f.CIMStatus == cimAccessDenied || f.Subcode == "AccessDenied"
}

// Busy reports a quota that is used up: nothing was begun, and it may work later.
func (f *Fault) Busy() bool { return f.has(quotas...) }

// OperationTimeout reports that the host gave up after the request's OperationTimeout.
func (f *Fault) OperationTimeout() bool {
	return f.has(codeTimeout) || f.Subcode == "TimedOut"
}

// ContextExpired reports that the host does not know the EnumerationContext, or does
// no more: the enumeration can only be begun anew (WS-Enumeration 4.1: a fault of
// that subcode; Windows' code for it: wsmerror.h).
func (f *Fault) ContextExpired() bool {
	return f.has(codeInvalidContext) || f.Subcode == "InvalidEnumerationContext"
}

// noShell reports, of a Create of a shell, that there is none to be had. The two
// first codes are how a service refuses what it does not implement (DSP0226 5.1).
func (f *Fault) noShell() bool {
	return f.has(codeNoResource, codeNoAction, codeShellForbidden) ||
		f.Subcode == "ActionNotSupported" || f.Subcode == "DestinationUnreachable"
}

// UnknownClass reports that the host has no such WMI class or namespace. Since
// WSMan's own code for it (a filter that can't be processed) also covers other
// faults of a query, it is a likely cause rather than a certain one.
func (f *Fault) UnknownClass() bool {
	return f.has(codeCannotProcessFilter, wbemInvalidNamespace, wbemInvalidClass) ||
		f.CIMStatus == cimInvalidNamespace || f.CIMStatus == cimInvalidClass
}

// Vague reports that the host told nothing but that something failed in WMI: none of
// WMI's codes, no status of CIM's, and none that a predicate here knows.
func (f *Fault) Vague() bool {
	return f.WMICode == 0 && f.CIMStatus == 0 && !f.AccessDenied() && !f.Busy() && !f.OperationTimeout()
}

// UnknownMethod reports, of an Invoke, that the class has no such method. Which fault
// Windows gives for that is recorded nowhere, so these are all that mean it: that the
// action is not supported (DSP0226 5.1) or invalid, WMI's own codes for it (that
// IWbemClassObject::GetMethod ends with WBEM_E_NOT_FOUND is documented), and CIM's
// statuses (DSP0223). A fault that says less may pass, and is none of them.
func (f *Fault) UnknownMethod() bool {
	return f.has(codeNoAction, codeInvalidAction, wbemNotFound, wbemInvalidMethod, wbemMethodNotImplemented) ||
		f.CIMStatus == cimMethodNotAvailable || f.CIMStatus == cimMethodNotFound || f.Subcode == "ActionNotSupported"
}

func (f *Fault) has(codes ...uint32) bool {
	for _, code := range codes {
		if f.Code == code || f.InnerCode == code || f.WMICode == code {
			return true
		}
	}
	return false
}

// readFault takes an s:Fault apart. Known shapes: WSManFault with text; with a
// ProviderFault that is text, or holds another WSManFault and an __ExtendedStatus;
// MSFT_WmiError beside it or alone; OMI's OMI_Error; none of them.
func readFault(n node) *Fault {
	f := &Fault{}
	if code, ok := n.find("Code"); ok {
		if sub, ok := code.find("Subcode"); ok {
			f.Subcode = innermostSubcode(sub)
		}
	}
	if reason, ok := n.find("Reason"); ok {
		f.Message = clip(reason.allText())
	}
	if detail, ok := n.find("Detail"); ok {
		f.readDetail(detail)
	}
	return f
}

// innermostSubcode gives the most specific Subcode without its prefix.
func innermostSubcode(sub node) string {
	for range maxDepth {
		deeper, ok := sub.find("Subcode")
		if !ok {
			break
		}
		sub = deeper
	}
	value, _ := sub.find("Value")
	text := strings.TrimSpace(value.text)
	return clip(text[strings.LastIndexByte(text, ':')+1:])
}

func (f *Fault) readDetail(detail node) {
	if outer, ok := detail.seek("WSManFault"); ok {
		f.readWSManFault(outer)
	}
	if extended, ok := detail.seek("__ExtendedStatus"); ok {
		f.WMICode = number(extended, "StatusCode")
		if f.Provider == "" {
			f.Provider = textIn(extended, "ProviderName")
		}
	}
	for _, name := range []string{"MSFT_WmiError", "OMI_Error", "CIM_Error"} {
		if wmi, ok := detail.seek(name); ok {
			f.readCIMError(wmi)
			break
		}
	}
}

func (f *Fault) readWSManFault(outer node) {
	f.Code = code(outer)
	f.Machine = machine(outer)
	message, _ := outer.find("Message")
	if provider, ok := message.seek("ProviderFault"); ok {
		f.Provider = clip(provider.attr("provider"))
	}
	if inner, ok := message.seek("WSManFault"); ok {
		f.InnerCode = code(inner)
		if m := machine(inner); m != "" {
			f.Machine = m // the outer one is the name that was dialled
		}
		message, _ = inner.find("Message")
	}
	if text := message.ownText(); text != "" {
		f.Message = clip(text)
	}
}

// ownText is the text of a Message, or of the ProviderFault in it, without that
// of __ExtendedStatus and its like.
func (n node) ownText() string {
	parts := []string{n.text}
	for _, c := range n.children {
		if c.name == "ProviderFault" {
			parts = append(parts, c.text)
		}
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

func (f *Fault) readCIMError(wmi node) {
	f.CIMStatus = number(wmi, "CIMStatusCode")
	if n := number(wmi, "error_Code"); n != 0 {
		f.WMICode = n
	}
	// `HRESULT 0x803381a6`
	if text, ok := strings.CutPrefix(textIn(wmi, "MessageID"), "HRESULT "); ok {
		if n, err := strconv.ParseUint(text, 0, 32); err == nil {
			f.readHRESULT(uint32(n))
		}
	}
	if text := textIn(wmi, "Message"); text != "" && f.Message == "" {
		f.Message = clip(text)
	}
}

func (f *Fault) readHRESULT(n uint32) {
	if f.WMICode == 0 {
		f.WMICode = n
	}
	if f.Code == 0 && n&0xFFFF0000 == facilityWSMan {
		f.Code = n
	}
}

func code(n node) uint32 {
	value, err := strconv.ParseUint(strings.TrimSpace(n.attr("Code")), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(value)
}

func machine(n node) string { return clip(n.attr("Machine")) }

// number gives a child's number; negative ones (HRESULTs as signed numbers) wrap.
func number(n node, name string) uint32 {
	value, err := strconv.ParseInt(textIn(n, name), 10, 64)
	if err != nil || value < -1<<31 || value > 1<<32-1 {
		return 0
	}
	return uint32(value)
}

func textIn(n node, name string) string {
	child, _ := n.find(name)
	return strings.Join(strings.Fields(child.text), " ")
}

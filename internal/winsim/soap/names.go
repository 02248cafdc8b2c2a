// Package soap reads and writes the SOAP envelopes of WS-Management as the simulated host's WinRM service does. It knows
// nothing of WMI. Nothing in it is shared with the client: it is a second reading of DSP0226 and MS-WSMV.
package soap

// XML namespaces and addresses (documented: MS-WSMV 2.2.1, DSP0226 annex A).
const (
	NSEnumeration = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
	NSInstance    = "http://www.w3.org/2001/XMLSchema-instance"
	NSCIM         = "http://schemas.dmtf.org/wbem/wscim/1/common"
	NSWSMan       = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
	WMIBase       = "http://schemas.microsoft.com/wbem/wsman/1/wmi/" // begins the resource URI of every WMI class

	nsEnvelope   = "http://www.w3.org/2003/05/soap-envelope"
	nsAddressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	nsMicrosoft  = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
	nsFault      = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
	anonymous    = nsAddressing + "/role/anonymous"
)

// Actions of the operations that the host answers (documented: DSP0226), and the two of faults (both reported).
const (
	ActionEnumerate = NSEnumeration + "/Enumerate"
	ActionPull      = NSEnumeration + "/Pull"
	ActionRelease   = NSEnumeration + "/Release"

	actionAddressingFault = nsAddressing + "/fault"
	actionWSManFault      = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
)

// Codes of f:WSManFault (documented: wsmerror.h and the quota codes that others report).
const (
	CodeFileNotFound        = 0x80070002
	CodeAccessDenied        = 5
	CodeAccessDeniedHRESULT = 0x80070005
	CodeResourceNotFound    = 0x80338000
	CodeInvalidHeader       = 0x8033800F
	CodeMustUnderstand      = 0x80338010
	CodeHeaderRequired      = 0x80338011
	CodeUnknownAction       = 0x80338013
	CodeUnknownDialect      = 0x80338019
	CodeCannotFilter        = 0x8033801A
	CodeInvalidContext      = 0x8033801B
	CodeTooLarge            = 0x80338026
	CodeTimedOut            = 0x80338029
	CodeInvalidBody         = 0x80338027
	CodeSchema              = 0x80338041
	CodeInvalidXML          = 0x80338043
	CodeUnexpectedSelectors = 0x8033805B
	CodeMinEnvelope         = 0x8033807E
	CodeWQLNeedsStar        = 0x803380FB
	CodeProvider            = 0x80338102
	CodeCodePage            = 0x80338140
	CodeQuotaShells         = 0x803381A5
	CodeQuotaOperations     = 0x803381A6
)

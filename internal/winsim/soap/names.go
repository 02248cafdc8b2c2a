// Package soap reads and writes the SOAP envelopes of WS-Management as the
// simulated host's WinRM service does. It knows nothing of WMI. Nothing in it
// is shared with the client: it is a second reading of DSP0226 and MS-WSMV.
package soap

// XML namespaces (documented: MS-WSMV 2.2.1, DSP0226 annex A).
const (
	nsEnvelope   = "http://www.w3.org/2003/05/soap-envelope"
	nsAddressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	nsWSMan      = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
	nsMicrosoft  = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
	nsFault      = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"

	// NSEnumeration is the namespace of WS-Enumeration's messages.
	NSEnumeration = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
	// NSInstance is XML Schema's, of xsi:nil and xsi:type.
	NSInstance = "http://www.w3.org/2001/XMLSchema-instance"
	// NSCIM is the namespace of cim:Datetime.
	NSCIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
	// NSWSMan is the namespace of an optimized Enumerate's w:Items.
	NSWSMan = nsWSMan

	anonymous = nsAddressing + "/role/anonymous"
)

// Actions of the operations that the host answers (documented: DSP0226).
const (
	ActionEnumerate = NSEnumeration + "/Enumerate"
	ActionPull      = NSEnumeration + "/Pull"
	ActionRelease   = NSEnumeration + "/Release"
)

// The two Actions of faults, both seen from Windows.
const (
	actionAddressingFault = nsAddressing + "/fault"
	actionWSManFault      = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
)

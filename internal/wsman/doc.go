// Package wsman is a WS-Management client for Windows' WMI: methods by Invoke,
// WQL queries by Enumerate, Pull and Release, commands in a shell, and typed faults.
//
// One operation is one round trip on the connection that package transport keeps.
// Replies are hostile until parsed: one pass of encoding/xml's decoder with bounds
// on depth, elements and text (see the constants), matching elements by local name
// only, because namespaces, prefixes, letter case and order differ between the
// versions of Windows.
//
// # What this was verified against
//
// Replies recorded from Windows Server 2003 R2 and 2012 and from Microsoft's OMI
// (../shared/recordings), all of which go through this parser in the tests, and
// the simulated host of this project, which Debian's python3-winrm also talks to.
// No real Windows was at hand: what is known of Windows beyond the recordings
// comes from MS-WSMV, DSP0226 and DSP0227 and from what other clients report.
package wsman

// Package winhost is one Windows host, reached over WS-Management: its
// configuration (shared by the provider and every command), its registry values,
// the facts of its operating system, its socket table and port pool. It is the
// only room that knows WMI's StdRegProv and MSFT_Net* classes, netstat and netsh.
// No PowerShell is run on the host; netstat and netsh, with fixed arguments, only
// where WMI has no answer.
//
// It was written against Microsoft's documentation, the fact sheets of the
// project and a simulated host; it has not been tried on real Windows yet.
package winhost

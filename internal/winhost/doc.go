// Package winhost is one Windows host, reached over WS-Management: its
// configuration (shared by the provider and every command), its registry values
// and the facts of its operating system. It is the only room that knows WMI's
// StdRegProv. Nothing is ever run on the host: no PowerShell, no command.
//
// It was written against Microsoft's documentation, the fact sheets of the
// project and a simulated host; it has not been tried on real Windows yet.
package winhost

// Package winsim is a simulated Windows host that speaks WinRM, for tests, the demo and benchmarks. It shares no code
// with the client. Where Windows' behaviour is recorded or documented it does that; where it is only assumed, the seed
// chooses among the plausible shapes (profile.Shape), so that a client that relies on one fails under another seed.
//
//	host := winsim.Start(t, winsim.Server2022(), winsim.Seed(2))
//	host.SetString("TcpTimedWaitDelay", "30") // somebody got the type wrong
//	text, ok := host.Value("TcpTimedWaitDelay")
//
// Its rooms: listener (HTTP, authentication), ntlm (logon, sealing), soap (envelopes), wmi (StdRegProv, classes, WQL),
// registry, shell (remote shell, console programs), tcpstack (sockets), profile. This package joins them.
package winsim

package main

import (
	"net/netip"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// manySockets is a table of that many rows to at most that many remote endpoints, as a server has that is out of ports: for
// benchmarks.
func manySockets(rows, endpoints int) []tcpstack.Socket {
	list := make([]tcpstack.Socket, rows)
	for i := range list {
		s, e := &list[i], i%max(endpoints, 1)
		local, address := netip.AddrFrom4([4]byte{192, 0, 2, 25}), netip.AddrFrom4([4]byte{198, byte(18 + e>>16&1), byte(e >> 8), byte(e)}) // #nosec G115 -- cut on purpose
		if e%8 == 7 {
			local = netip.MustParseAddr("2001:db8::25")
			address = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(e >> 8), 15: byte(e)}) // #nosec G115 -- likewise
		}
		s.Local = netip.AddrPortFrom(local, uint16(tcpstack.ModernRange.Start+i%tcpstack.ModernRange.Number)) // #nosec G115 -- ports
		s.Remote = netip.AddrPortFrom(address, uint16(25+e>>16))                                              // #nosec G115 -- likewise
		if s.State = tcpstack.TimeWait; i%4 == 3 {
			s.State, s.PID = tcpstack.Established, 2184
		}
	}
	return list
}

// Package tcpstack is the simulated host's TCP and UDP sockets on a stepped clock: listeners, a mail server's connections,
// and an outgoing load whose closed connections stay in TIME_WAIT and hold their ports until it has passed. It is pure:
// time comes from the caller.
package tcpstack

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// States by Microsoft's numbering (documented: MSFT_NetTCPConnection). Any other number may stand in a given table.
const (
	Listen      uint8 = 2
	SynSent     uint8 = 3
	Established uint8 = 5
	FinWait2    uint8 = 7
	CloseWait   uint8 = 8
	TimeWait    uint8 = 11
	Bound       uint8 = 100 // since 2016
)

// Socket is one row of the table. One in TIME_WAIT is owned by process 0 (documented).
type Socket struct {
	Local, Remote netip.AddrPort
	State         uint8
	PID           uint32
	Created       time.Time
}

// Endpoint is a UDP socket.
type Endpoint struct {
	Local   netip.AddrPort
	PID     uint32
	Created time.Time
}

// Range is a range of ports.
type Range struct{ Start, Number int }

// ModernRange is Windows' own since Vista and 2008 (documented: KB929851).
var ModernRange = Range{Start: 49152, Number: 16384}

// End is the first port after the range.
func (r Range) End() int { return r.Start + r.Number }

// compare sorts a snapshot by port, so that IPv4 and IPv6 come mixed.
func compare(a, b Socket) int {
	return cmp.Or(cmp.Compare(a.Local.Port(), b.Local.Port()), a.Local.Addr().Compare(b.Local.Addr()), a.Remote.Compare(b.Remote))
}

// standing lists what a mail server has beside its load. Addresses are from the ranges for documentation.
func standing(since time.Time, r Range) (sockets []Socket, udp []Endpoint) {
	add := func(local, remote string, state uint8, pid uint32) {
		sockets = append(sockets, Socket{netip.MustParseAddrPort(local), netip.MustParseAddrPort(remote), state, pid, since})
	}
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	listen := func(port int, pid uint32, addresses ...netip.Addr) {
		for _, a := range addresses {
			sockets = append(sockets, Socket{netip.AddrPortFrom(a, uint16(port)), netip.AddrPortFrom(a, 0), Listen, pid, since})
		}
	}
	for _, l := range []struct {
		port int
		pid  uint32
	}{{25, 2184}, {80, 4}, {110, 2184}, {135, 716}, {143, 2184}, {443, 4}, {445, 4}, {587, 2184}, {3389, 1044}, {5985, 4}} {
		listen(l.port, l.pid, any4, any6)
	}
	listen(139, 4, netip.MustParseAddr("192.0.2.25"))
	for i, pid := range []uint32{552, 640, 1004} { // RPC's listeners sit in the pool (documented)
		listen(r.Start+1+i, pid, any4, any6)
	}
	for i := range 12 { // clients; what they ask for varies
		port := []string{"25", "443", "143", "587"}[i%4]
		remote := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(10 + i)}), uint16(50210+37*i))
		add("192.0.2.25:"+port, remote.String(), []uint8{Established, Established, CloseWait, Established, FinWait2}[i%5], 2184)
	}
	add("[fe80::1%4]:445", "[fe80::9a3c:12ff%4]:58112", Established, 4)
	add("[2001:db8::25]:25", "[2001:db8:7::53]:41982", Established, 2184)
	for i, address := range []string{"0.0.0.0:123", "0.0.0.0:500", "0.0.0.0:5355", "192.0.2.25:137", "192.0.2.25:138", "[::]:123", "[fe80::1%4]:546", "127.0.0.1:53113"} {
		udp = append(udp, Endpoint{netip.MustParseAddrPort(address), uint32(900 + 4*i), since})
	}
	return sockets, udp
}

// Sockets is a snapshot in a stable order, not to be changed.
func (s *Stack) Sockets() []Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.table()
}

func (s *Stack) table() []Socket {
	if s.given != nil {
		return s.given
	}
	list := slices.Clone(s.standing)
	for _, t := range slices.Concat(s.open, s.waiting) {
		list = append(list, t.Socket)
	}
	slices.SortFunc(list, compare)
	return list
}

// Each walks through the table; f says whether to go on.
func (s *Stack) Each(f func(Socket) bool) {
	for _, socket := range s.Sockets() {
		if !f(socket) {
			return
		}
	}
}

// Replace puts these sockets, of any kind and number, in place of all others. From then on the table stands still; only a
// boot thaws it.
func (s *Stack) Replace(sockets []Socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = append([]Socket{}, sockets...)
}

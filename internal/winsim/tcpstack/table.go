// Package tcpstack is the simulated host's TCP and UDP sockets on a stepped clock: listeners, a mail server's connections,
// and an outgoing load whose closed connections stay in TIME_WAIT and hold their ports until it has passed. It is pure:
// time comes from the caller.
package tcpstack

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// States by Microsoft's numbering (documented: MSFT_NetTCPConnection). Any other number may stand in a given table.
const (
	Listen      uint8 = 2
	Established uint8 = 5
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

// Ranges are those of the ephemeral ports, one for each transport and family (documented: KB929851).
type Ranges struct{ TCP4, TCP6, UDP4, UDP6 Range }

// Of finds the range of a transport, "tcp" or "udp", and a family, "ipv4" or "ipv6"; nil for others.
func (r *Ranges) Of(transport, family string) *Range {
	return map[string]*Range{"tcp ipv4": &r.TCP4, "tcp ipv6": &r.TCP6, "udp ipv4": &r.UDP4, "udp ipv6": &r.UDP6}[transport+" "+family]
}

// Or puts a range in place of each that is zero.
func (r Ranges) Or(other Range) Ranges {
	return Ranges{cmp.Or(r.TCP4, other), cmp.Or(r.TCP6, other), cmp.Or(r.UDP4, other), cmp.Or(r.UDP6, other)}
}

// compare sorts a snapshot by port, so that IPv4 and IPv6 come mixed.
func compare(a, b Socket) int {
	return cmp.Or(cmp.Compare(a.Local.Port(), b.Local.Port()), a.Local.Addr().Compare(b.Local.Addr()), a.Remote.Compare(b.Remote))
}

// What a mail server has beside its load: ports with their listener's process (+1 is the second port of the pool, where
// RPC's listeners sit, as documented), clients with their state, UDP sockets. Addresses are those for documentation.
const (
	mailServer = 2184
	listeners  = "25/2184 80/4 110/2184 135/716 139/4 143/2184 443/4 445/4 587/2184 3389/1044 5985/4 +1/552 +2/640 +3/1004"
	clients    = `192.0.2.25:25-203.0.113.10:50210/5 192.0.2.25:443-203.0.113.11:50247/5 192.0.2.25:143-203.0.113.12:50284/8
		192.0.2.25:587-203.0.113.13:50321/5 192.0.2.25:25-203.0.113.14:50358/7 192.0.2.25:443-203.0.113.14:50359/5
		192.0.2.25:25-203.0.113.77:1033/4 192.0.2.25:143-203.0.113.15:61002/5 192.0.2.25:143-203.0.113.15:61003/6
		[fe80::1%4]:445-[fe80::9a3c:12ff%4]:58112/5 [2001:db8::25]:25-[2001:db8:7::53]:41982/5`
	datagrams = "0.0.0.0:123 0.0.0.0:500 0.0.0.0:5355 192.0.2.25:137 192.0.2.25:138 [::]:123 [fe80::1%4]:546 127.0.0.1:53113"
)

func standing(since time.Time, pool Range) (sockets []Socket, udp []Endpoint) {
	var port, pid int
	for text := range strings.FieldsSeq(listeners) {
		_, _ = fmt.Sscanf(text, "%d/%d", &port, &pid) // the text is ours
		if text[0] == '+' {
			port += pool.Start
		}
		for _, all := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
			sockets = append(sockets, Socket{netip.AddrPortFrom(all, uint16(port)), netip.AddrPortFrom(all, 0), Listen, uint32(pid), since}) // #nosec G115 -- likewise
		}
	}
	for text := range strings.FieldsSeq(clients) {
		local, rest, _ := strings.Cut(text, "-")
		remote, state, _ := strings.Cut(rest, "/")
		sockets = append(sockets, Socket{netip.MustParseAddrPort(local), netip.MustParseAddrPort(remote), state[0] - '0', mailServer, since})
	}
	for text := range strings.FieldsSeq(datagrams) {
		udp = append(udp, Endpoint{netip.MustParseAddrPort(text), 900 + 4*uint32(len(udp)), since}) // #nosec G115 -- likewise
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

// Replace puts these sockets, of any kind and number, in place of all others. From then on the table stands still; only a
// boot thaws it.
func (s *Stack) Replace(sockets []Socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = append([]Socket{}, sockets...)
}

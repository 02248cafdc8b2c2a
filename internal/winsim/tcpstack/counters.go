package tcpstack

import (
	"net/netip"
	"slices"
	"time"
)

// Counters are those of one family since the boot, as MIB_TCPSTATS has them (documented). That a connection for which there
// is no port counts in Failures is assumed, as are the numbers of segments.
type Counters struct {
	Active, Passive, Failures, Reset, Established uint64 // Established is a gauge: ESTABLISHED and CLOSE_WAIT
	Received, Sent, Retransmitted                 uint64 // segments
}

// closed counts the segments of a short mail, one in 64 of them with a retransmission.
func (c *Counters) closed() {
	c.Sent += 11
	c.Received += 9
	if c.Sent/11%64 == 0 {
		c.Retransmitted++
	}
}

// family is an index of the counters.
func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// Counters reads them.
func (s *Stack) Counters() (v4, v6 Counters) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counters := s.counters
	for _, socket := range s.table() {
		if socket.State == Established || socket.State == CloseWait {
			counters[family(socket.Local.Addr())].Established++
		}
	}
	return counters[0], counters[1]
}

// Ids of events of the source Tcpip (documented).
const (
	EventEndpointInUse = 4227 // the local endpoint was used lately for the same remote one
	EventPoolInUse     = 4231 // all ports of the range are in use (on 2003 assumed)
)

// Event is an entry of the System log.
type Event struct {
	ID int
	At time.Time
}

// fail counts a connection that gets no port. Which of the events comes is assumed from their texts, and that one a minute
// does.
func (s *Stack) fail(remote netip.AddrPort) {
	s.counters[family(remote.Addr())].Failures++
	e := Event{ID: EventEndpointInUse, At: s.now}
	if s.config.OnePool {
		e.ID = EventPoolInUse
	}
	if n := len(s.events); n == 0 || e.At.Sub(s.events[n-1].At) >= time.Minute {
		s.events = append(s.events, e)
	}
}

// Events lists them, oldest first. A boot does not clear the log.
func (s *Stack) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// UDP lists the UDP sockets.
func (s *Stack) UDP() []Endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.udp
}

// Config is what is in effect; the ranges are not to be changed.
func (s *Stack) Config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config
}

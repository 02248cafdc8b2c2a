package tcpstack

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func servers(n int) (list []netip.AddrPort) {
	for i := range n {
		list = append(list, netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i + 1)}), 25))
	}
	return list
}

// count gives the number of sockets in a state.
func count(s *Stack, state uint8) (n int) {
	for _, socket := range s.Sockets() {
		if socket.State == state {
			n++
		}
	}
	return n
}

// naive is a second reading of what the stack does: no heap, no bitmaps, one instant after the other.
type naive struct {
	c        Config
	load     Load
	since    time.Time
	opened   int
	conns    []naiveConn
	standing map[uint16]bool
	last     uint16
	failures uint64
	active   uint64
}

type naiveConn struct {
	remote          netip.AddrPort
	port            uint16
	closes, expires time.Time
}

func (n *naive) step(now time.Time) {
	for {
		at := n.since.Add(time.Duration(float64(n.opened) / n.load.PerSecond * float64(time.Second)))
		if n.load.PerSecond == 0 || at.After(now) {
			break
		}
		remote := n.load.Destinations[n.opened%len(n.load.Destinations)]
		n.opened++
		if port, ok := n.draw(at, remote); ok {
			n.last = port
			n.active++
			n.conns = append(n.conns, naiveConn{remote: remote, port: port, closes: at.Add(n.load.Hold), expires: at.Add(n.load.Hold + n.c.TimeWait)})
		} else {
			n.failures++
		}
	}
	n.conns = slices.DeleteFunc(n.conns, func(c naiveConn) bool { return !c.expires.After(now) })
}

func (n *naive) draw(at time.Time, remote netip.AddrPort) (uint16, bool) {
	taken := map[uint16]bool{}
	for _, c := range n.conns {
		if c.expires.After(at) && (n.c.OnePool || c.remote == remote) {
			taken[c.port] = true
		}
	}
	for i := range 1 << 16 {
		port := n.last + 1 + uint16(i)
		inside := int(port) >= n.c.TCP4.Start && int(port) < n.c.TCP4.End()
		for _, r := range n.c.Excluded {
			inside = inside && (int(port) < r.Start || int(port) >= r.End())
		}
		if inside && !taken[port] && !n.standing[port] {
			return port, true
		}
	}
	return 0, false
}

func TestAgainstANaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Config{
			Boot: noon, Ranges: Ranges{TCP4: Range{rapid.IntRange(1025, 60000).Draw(t, "start"), rapid.IntRange(10, 80).Draw(t, "number")}},
			TimeWait: time.Duration(rapid.SampledFrom([]int{0, 0, 1, 2, 5, 20}).Draw(t, "time wait")) * time.Second, OnePool: rapid.Bool().Draw(t, "one pool"),
		}
		if rapid.Bool().Draw(t, "excluded") {
			c.Excluded = []Range{{c.TCP4.Start + rapid.IntRange(-5, 20).Draw(t, "at"), rapid.IntRange(1, 9).Draw(t, "ports")}}
		}
		s := New(c)
		n := &naive{c: c, since: noon, last: uint16(c.TCP4.Start - 1), standing: map[uint16]bool{}}
		standing := s.Sockets()
		for _, socket := range standing {
			n.standing[socket.Local.Port()] = true
		}
		now := noon
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "new load") {
				l := Load{
					PerSecond: rapid.OneOf(rapid.SampledFrom([]float64{1, 2, 4, 5, 8, 10}), rapid.Float64Range(0.1, 40)).Draw(t, "rate"), Destinations: servers(rapid.IntRange(1, 3).Draw(t, "destinations")),
					Hold: rapid.OneOf(rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Second}), rapid.Map(rapid.IntRange(1, 3000), func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond })).Draw(t, "hold"),
				}
				s.Load(l)
				n.load, n.since, n.opened = l, now, 0
			}
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(15*time.Second)).Draw(t, "passes")))
			s.Step(now)
			n.step(now)
			want := slices.Clone(standing)
			for _, c := range n.conns {
				socket := Socket{Local: netip.AddrPortFrom(localFor(c.remote.Addr()), c.port), Remote: c.remote, State: Established, PID: mailServer}
				if !c.closes.After(now) {
					socket.State, socket.PID = TimeWait, 0
				}
				want = append(want, socket)
			}
			slices.SortFunc(want, compare)
			got := slices.Clone(s.Sockets())
			for i := range got {
				got[i].Created = time.Time{}
			}
			for i := range want {
				want[i].Created = time.Time{}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("at %v\ngot  %v\nwant %v", now.Sub(noon), got, want)
			}
			v4, v6 := s.Counters()
			if v4.Active+v6.Active != n.active || v4.Failures+v6.Failures != n.failures {
				t.Fatalf("counters %+v %+v, want %d opened, %d failed", v4, v6, n.active, n.failures)
			}
		}
	})
}

func BenchmarkMillionConnections(b *testing.B) {
	for b.Loop() {
		s := New(Config{Boot: noon, Ranges: Ranges{TCP4: ModernRange}, TimeWait: 120 * time.Second, Random: true})
		s.Load(Load{PerSecond: 400, Destinations: servers(3)})
		s.Step(noon.Add(2500 * time.Second))
	}
}

// Under both ways of exhaustion, drawn at random or not: ports come from what is left of the range, and none is in use twice.
func TestPortsAreDrawnFromWhatIsFree(t *testing.T) {
	for _, c := range []struct {
		onePool, random bool
		most            int // connections at once to 3 servers; 2 listeners and 4 excluded ports, one with a listener, are in the range of 50
		event           int
	}{{true, false, 44, EventPoolInUse}, {true, true, 44, EventPoolInUse}, {false, false, 3 * 44, EventEndpointInUse}, {false, true, 3 * 44, EventEndpointInUse}} {
		s := New(Config{Boot: noon, Ranges: Ranges{TCP4: Range{40000, 50}}, Excluded: []Range{{39990, 12}, {40047, 2}, {65000, 9}}, TimeWait: time.Minute, OnePool: c.onePool, Random: c.random, Seed: 7})
		s.Load(Load{PerSecond: 10, Destinations: servers(3)})
		s.Step(noon.Add(30 * time.Second))
		held := map[[2]any]bool{}
		listening := map[uint16]bool{}
		for _, socket := range s.Sockets() {
			port := socket.Local.Port()
			if socket.State == Listen {
				listening[port] = true
			}
		}
		most, first := 0, uint16(0)
		for _, socket := range s.Sockets() {
			port := socket.Local.Port()
			if socket.Remote.Addr().As16()[13] != 51 {
				continue
			}
			most++
			if socket.Created.Equal(noon) {
				first = port
			}
			key := [2]any{port, socket.Remote}
			if c.onePool {
				key[1] = nil
			}
			if port < 40002 || port > 40049 || port == 40047 || port == 40048 || listening[port] || held[key] {
				t.Errorf("%+v: port %d to %v", c, port, socket.Remote)
			}
			held[key] = true
		}
		if (first == 40004) == c.random {
			t.Errorf("%+v: the first connection has port %d", c, first)
		}
		v4, _ := s.Counters()
		if most != c.most || v4.Active != uint64(c.most) || v4.Failures != 301-uint64(c.most) {
			t.Errorf("%+v: %d connections, counters %+v", c, most, v4)
		}
		if events := s.Events(); len(events) != 1 || events[0].ID != c.event || !events[0].At.After(noon) {
			t.Errorf("%+v: events %v", c, events)
		}
	}
}

// A server with 2003's pool under 100 connections a second to 3 destinations: untuned it runs out, tuned and restarted it
// hums.
func TestStory(t *testing.T) {
	s := New(Config{Boot: noon, Ranges: Ranges{TCP4: Range{1025, 3976}}, TimeWait: 120 * time.Second, OnePool: true})
	s.Load(Load{PerSecond: 100, Destinations: servers(3)})
	now := noon.Add(39 * time.Second)
	s.Step(now)
	if v4, _ := s.Counters(); v4.Failures != 0 || len(s.Events()) != 0 || count(s, TimeWait) < 3800 {
		t.Fatalf("after 39 s: %+v, %d in TIME_WAIT", v4, count(s, TimeWait))
	}
	now = now.Add(5 * time.Minute)
	s.Step(now)
	v4, _ := s.Counters()
	if waiting := count(s, TimeWait); v4.Failures < 15_000 || waiting < 3900 || len(s.Events()) != 5 {
		t.Fatalf("exhausted: %+v, %d in TIME_WAIT, events %v", v4, waiting, s.Events())
	}
	now = now.Add(2 * time.Minute)
	s.Boot(Config{Boot: now, Ranges: Ranges{TCP4: Range{1025, 3976}}, TimeWait: 120 * time.Second, OnePool: true})
	now = now.Add(30 * time.Second)
	s.Step(now)
	if v4, _ := s.Counters(); v4.Active != 3001 || v4.Failures != 0 {
		t.Fatalf("every port is free after a boot, but %+v", v4)
	}
	s.Boot(Config{Boot: now, Ranges: Ranges{TCP4: Range{1025, 64510}}, TimeWait: 30 * time.Second, OnePool: true})
	if v4, _ := s.Counters(); v4.Active != 0 || v4.Failures != 0 || count(s, TimeWait) != 0 || count(s, Listen) == 0 {
		t.Fatalf("after the boot: %+v", v4)
	}
	s.Step(now.Add(time.Hour))
	v4, _ = s.Counters()
	if waiting := count(s, TimeWait); v4.Active != 360_001 || v4.Failures != 0 || waiting != 3000 || len(s.Events()) != 5 {
		t.Errorf("tuned: %+v, %d in TIME_WAIT, events %v", v4, waiting, s.Events())
	}
	s.Load(Load{PerSecond: 1e-300, Destinations: servers(1)}) // one now, the next beyond all time
	s.Step(now.Add(time.Hour + time.Minute))
	if v4, _ = s.Counters(); v4.Active != 360_002 {
		t.Errorf("hardly any load: %+v", v4)
	}
	s.Load(Load{})
	s.Step(now.Add(2 * time.Hour))
	if waiting := count(s, TimeWait); waiting != 0 {
		t.Errorf("the load has ended, and %d are in TIME_WAIT", waiting)
	}
}

func TestTimeWaitRowsHaveNoOwner(t *testing.T) {
	s := New(Config{Boot: noon, Ranges: Ranges{TCP4: ModernRange}, TimeWait: time.Minute})
	s.Load(Load{PerSecond: 10, Destinations: []netip.AddrPort{netip.MustParseAddrPort("[fe80::9%7]:25"), netip.MustParseAddrPort("[2001:db8::9]:25")}, PID: 77, Hold: time.Second})
	s.Step(noon.Add(5 * time.Second))
	seen := map[uint8]int{}
	for _, socket := range s.Sockets() {
		if socket.Remote.Port() != 25 {
			continue
		}
		seen[socket.State]++
		if owner := map[uint8]uint32{Established: 77, TimeWait: 0}[socket.State]; socket.PID != owner || socket.Local.Addr().Zone() != socket.Remote.Addr().Zone() {
			t.Errorf("row %+v", socket)
		}
	}
	v4, v6 := s.Counters()
	if seen[Established] != 10 || seen[TimeWait] != 41 || v6.Active != 51 || v4.Active != 0 || v4.Established != 6 || v6.Established != 12 || v6.Sent != 41*11 || v6.Received != 41*9 {
		t.Errorf("states %v, counters %+v", seen, v6)
	}
}

func TestConfigureWhileConnectionsAreOpen(t *testing.T) {
	s := New(Config{Boot: noon, Ranges: Ranges{TCP4: Range{40000, 100}}, TimeWait: time.Minute})
	s.Load(Load{PerSecond: 10, Destinations: servers(1)})
	s.Step(noon.Add(time.Second))
	s.Configure(func(c *Config) { c.TCP4, c.Excluded = Range{50000, 8}, []Range{{50000, 2}, {50004, 1}} })
	s.Step(noon.Add(10 * time.Second))
	var ports []uint16
	for _, socket := range s.Sockets() {
		if socket.Local.Port() >= 50000 {
			ports = append(ports, socket.Local.Port())
		}
	}
	if !slices.Equal(ports, []uint16{50002, 50003, 50005, 50006, 50007}) || count(s, TimeWait) != 11+5 {
		t.Errorf("ports %v, %d in TIME_WAIT", ports, count(s, TimeWait))
	}
	s.Step(noon.Add(2 * time.Minute)) // the old ones are let go, and their ports stay outside
	if count(s, TimeWait)+count(s, Established) != 5+7 {
		t.Errorf("%d in TIME_WAIT", count(s, TimeWait))
	}
}

func TestAGivenTableStandsStill(t *testing.T) {
	s := New(Config{Boot: noon, Ranges: Ranges{TCP4: ModernRange}, TimeWait: time.Minute})
	s.Load(Load{PerSecond: 100, Destinations: servers(1)})
	table := make([]Socket, 200_000)
	for i := range table {
		table[i] = Socket{Local: netip.AddrPortFrom(netip.IPv6LinkLocalAllNodes(), uint16(i)), State: uint8(i), PID: uint32(i)}
	}
	s.Replace(table)
	s.Step(noon.Add(time.Hour))
	if got := s.Sockets(); !slices.Equal(got, table) {
		t.Errorf("%d rows", len(got))
	}
	s.Replace(nil)
	if got := s.Sockets(); len(got) != 0 {
		t.Errorf("%d rows in an empty table", len(got))
	}
	s.Boot(Config{Boot: noon.Add(time.Hour), Ranges: Ranges{TCP4: ModernRange}, TimeWait: time.Minute})
	s.Step(noon.Add(time.Hour + 10*time.Second))
	if count(s, TimeWait) == 0 || count(s, Listen) == 0 {
		t.Errorf("nothing moves after the boot: %v", s.Sockets())
	}
}

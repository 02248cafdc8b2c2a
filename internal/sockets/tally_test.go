package sockets

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

var modern = Pool{Range: tcpip.PortRange{Start: 49152, Number: 16384}}

func row(state State, port uint16, remote string, pid uint32) Row {
	r := Row{State: state, LocalPort: port, Local: netip.MustParseAddr("192.0.2.1"), PID: pid}
	if remote != "" {
		r.Remote = netip.MustParseAddrPort(remote)
		r.Local = r.Remote.Addr()
	}
	return r
}

func TestSummaryOfAMailServer(t *testing.T) {
	tally := NewTally(Pool{Range: modern.Range, Excluded: []tcpip.PortRange{{Start: 50000, Number: 100}}})
	for _, r := range []Row{
		row(Listen, 25, "", 1), row(Listen, 49664, "", 4), row(Listen, 50001, "", 4),
		row(Established, 25, "198.51.100.7:40000", 1), // a client of ours: no port of the pool
		row(Established, 49152, "203.0.113.1:25", 1), row(TimeWait, 49153, "203.0.113.1:25", 0), row(TimeWait, 49154, "203.0.113.1:25", 0),
		row(TimeWait, 49154, "203.0.113.2:53", 0), // one port, two destinations
		row(SynSent, 65535, "[2001:db8::1]:25", 1), row(Bound, 49155, "", 9), row(CloseWait, 49156, "203.0.113.2:53", 1), row(State(250), 49157, "", 9),
		row(Closed, 49158, "", 9), row(TimeWait, 49151, "203.0.113.9:25", 0), // below the range
	} {
		tally.Add(r)
	}
	s := tally.Summary(2)
	if s.Total != 14 || s.Active != 2 || s.Stale != 4 || s.Listening != 3 || s.HalfOpen != 1 || s.Closing != 1 || s.Bound != 1 || s.Unknown != 1 {
		t.Errorf("%+v", s)
	}
	if len(s.States) != len(states)+1 || s.States[State(250)] != 1 || s.States[FinWait1] != 0 {
		t.Errorf("states %v", s.States)
	}
	if s.Families[IPv6][SynSent] != 1 || s.Families[IPv4][SynSent] != 0 {
		t.Errorf("families %v", s.Families)
	}
	want := PoolUse{Pool: tally.pool, ExcludedPorts: 100, InUse: 8, TimeWait: 2, Bound: 1, Listeners: 1, Free: 16384 - 100 - 8, Utilisation: 8.0 / 16284}
	if !reflect.DeepEqual(*s.Pool, want) {
		t.Errorf("pool\n%+v, want\n%+v", *s.Pool, want)
	}
	if got := fmt.Sprint(s.Destinations); got != "[{203.0.113.1:25 3} {203.0.113.2:53 2}]" || s.DistinctDestinations != 3 {
		t.Errorf("destinations %s of %d", got, s.DistinctDestinations)
	}
	if got := fmt.Sprint(s.Processes); got != "[{1 5} {0 4}]" {
		t.Errorf("processes %s", got)
	}
}

func TestUnknownWordsAreCountedAndBounded(t *testing.T) {
	tally := NewTally(modern)
	for i := range 100 {
		tally.AddUnknown(row(Established, 50000, "203.0.113.1:25", 1), fmt.Sprintf("WORD%d", i))
	}
	s := tally.Summary(1)
	if s.Total != 100 || s.Unknown != 100 || s.Active != 0 || len(s.UnknownWords) != maxWords+1 || s.UnknownWords["…"] != 100-maxWords {
		t.Errorf("%d rows, %d unknown, words %v", s.Total, s.Unknown, s.UnknownWords)
	}
}

func TestEdgesOfThePool(t *testing.T) {
	tests := map[string]struct {
		pool Pool
		rows []uint16
		want PoolUse
	}{
		"the whole range of ports":    {Pool{Range: tcpip.PortRange{Start: 0, Number: 65536}}, []uint16{0, 65535}, PoolUse{InUse: 2, Free: 65534, Utilisation: 2.0 / 65536}},
		"everything is excluded":      {Pool{Range: modern.Range, Excluded: []tcpip.PortRange{{Start: 49152, Number: 16384}}}, []uint16{50000}, PoolUse{ExcludedPorts: 16384, Utilisation: 1}},
		"exclusions overlap":          {Pool{Range: modern.Range, Excluded: []tcpip.PortRange{{Start: 50000, Number: 10}, {Start: 50005, Number: 10}}}, nil, PoolUse{ExcludedPorts: 15, Free: 16369}},
		"an exclusion reaches beyond": {Pool{Range: tcpip.PortRange{Start: 65530, Number: 6}, Excluded: []tcpip.PortRange{{Start: 65534, Number: 100}}}, nil, PoolUse{ExcludedPorts: 2, Free: 4}},
		"one port, taken":             {Pool{Range: tcpip.PortRange{Start: 1025, Number: 1}}, []uint16{1025, 1025}, PoolUse{InUse: 1, Utilisation: 1}},
	}
	for name, tt := range tests {
		tally := NewTally(tt.pool)
		for _, port := range tt.rows {
			tally.Add(row(Established, port, "203.0.113.1:25", 1))
		}
		tt.want.Pool = tt.pool
		if got := *tally.Summary(0).Pool; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
	if NewTally(Pool{}).Summary(1).Pool != nil {
		t.Error("an unknown pool has a use")
	}
}

// The streaming tally agrees with one that keeps every row.
func TestTallyAgreesWithANaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := Pool{Range: tcpip.PortRange{Start: 49152, Number: uint32(rapid.IntRange(1, 40).Draw(t, "number"))}}
		if rapid.Bool().Draw(t, "exclusions") {
			pool.Excluded = []tcpip.PortRange{{Start: uint16(rapid.IntRange(49140, 49190).Draw(t, "start")), Number: uint32(rapid.IntRange(1, 20).Draw(t, "many"))}}
		}
		rows := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Row {
			remote := rapid.SampledFrom([]string{"", "203.0.113.1:25", "203.0.113.2:53", "[2001:db8::1]:25", "[fe80::1%4]:445"}).Draw(t, "remote")
			return row(State(rapid.SampledFrom([]int{0, 1, 2, 3, 5, 8, 11, 12, 100, 250}).Draw(t, "state")),
				uint16(rapid.IntRange(49145, 49200).Draw(t, "port")), remote, uint32(rapid.IntRange(0, 5).Draw(t, "pid")))
		})).Draw(t, "rows")
		tally := NewTally(pool)
		if rapid.Bool().Draw(t, "read again") {
			tally.Add(row(Established, 49152, "203.0.113.77:25", 77))
			tally.Reset()
		}
		for _, r := range rows {
			tally.Add(r)
		}
		got, want := tally.Summary(3), naive(pool, rows, 3)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\n%+v\nwant %+v\n%+v", got, *got.Pool, want, *want.Pool)
		}
	})
}

// naive counts by asking each question of all rows anew.
func naive(pool Pool, rows []Row, top int) Summary {
	count := func(ask func(Row) bool) (n int) {
		for _, r := range rows {
			if ask(r) {
				n++
			}
		}
		return n
	}
	s := Summary{Total: len(rows), States: map[State]int{}, Families: map[Family]map[State]int{IPv4: {}, IPv6: {}}, UnknownWords: map[string]int{}}
	for number := range 256 {
		state := State(number)
		for _, f := range []Family{IPv4, IPv6} {
			n := count(func(r Row) bool { return r.State == state && r.Local.Is6() == (f == IPv6) })
			if n > 0 || slices.Contains(States(), state) {
				s.Families[f][state] = n
				s.States[state] += n
			}
		}
	}
	in := func(list ...State) int { return count(func(r Row) bool { return slices.Contains(list, r.State) }) }
	s.Active, s.Stale, s.Listening, s.Bound = in(Established), in(TimeWait), in(Listen), in(Bound)
	s.HalfOpen, s.Closing = in(SynSent, SynReceived), in(FinWait1, FinWait2, CloseWait, Closing, LastAck)
	s.Unknown = len(rows) - in(States()...)
	use := PoolUse{Pool: pool}
	destinations, processes := map[netip.AddrPort]int{}, map[uint32]int{}
	for _, r := range rows {
		processes[r.PID]++
		if r.State != Closed && r.State != DeleteTCB && r.Remote.Port() != 0 && pool.Range.Contains(r.LocalPort) {
			destinations[r.Remote]++
		}
	}
	for port := int(pool.Range.Start); port <= int(pool.Range.Last()); port++ {
		held := func(list ...State) int {
			n := count(func(r Row) bool {
				return int(r.LocalPort) == port && (len(list) == 0 || slices.Contains(list, r.State))
			})
			return min(n, 1)
		}
		excluded := slices.ContainsFunc(pool.Excluded, func(r tcpip.PortRange) bool { return r.Contains(uint16(port)) })
		all := count(func(r Row) bool { return int(r.LocalPort) == port && r.State != Closed && r.State != DeleteTCB })
		switch {
		case excluded:
			use.ExcludedPorts++
		case all == 0:
			use.Free++
		default:
			use.InUse++
			use.TimeWait += held(TimeWait)
			use.Bound += held(Bound)
			use.Listeners += held(Listen)
		}
	}
	use.Utilisation = 1
	if left := int(pool.Range.Number) - use.ExcludedPorts; left > 0 {
		use.Utilisation = float64(use.InUse) / float64(left)
	}
	s.Pool, s.DistinctDestinations = &use, len(destinations)
	keys := slices.SortedFunc(maps.Keys(destinations), func(a, b netip.AddrPort) int {
		if d := destinations[b] - destinations[a]; d != 0 {
			return d
		}
		return a.Compare(b)
	})
	s.Destinations, s.Processes = []Destination{}, []Process{}
	for _, k := range keys[:min(top, len(keys))] {
		s.Destinations = append(s.Destinations, Destination{k, destinations[k]})
	}
	pids := slices.SortedFunc(maps.Keys(processes), func(a, b uint32) int {
		if d := processes[b] - processes[a]; d != 0 {
			return d
		}
		return int(a) - int(b)
	})
	for _, k := range pids[:min(top, len(pids))] {
		s.Processes = append(s.Processes, Process{k, processes[k]})
	}
	return s
}

func TestStateNames(t *testing.T) {
	for state, want := range map[State]string{
		Closed: "Closed CLOSED", Listen: "Listen LISTENING", SynReceived: "SynReceived SYN_RECEIVED", FinWait1: "FinWait1 FIN_WAIT1",
		TimeWait: "TimeWait TIME_WAIT", DeleteTCB: "DeleteTCB DELETE_TCB", Bound: "Bound BOUND", 0: "Unknown0 UNKNOWN_0", 250: "Unknown250 UNKNOWN_250",
	} {
		if got := state.String() + " " + state.Label(); got != want {
			t.Errorf("%d: %s, want %s", state, got, want)
		}
		if state.Known() == strings.HasPrefix(want, "Unknown") {
			t.Errorf("%d: known %v", state, state.Known())
		}
	}
}

package sockets

import (
	"cmp"
	"net/netip"
	"slices"
)

// Summary is what a socket table says.
type Summary struct {
	Total int
	// States counts by state, the zeros of every known state too.
	States map[State]int
	// Families counts by family and state in the same way.
	Families map[Family]map[State]int
	// Active is Established, Stale is TimeWait.
	Active, Stale int
	Listening     int
	HalfOpen      int // SynSent, SynReceived
	Closing       int // FinWait1, FinWait2, CloseWait, Closing, LastAck
	Bound         int
	// Unknown counts rows in a state that Windows is not known to have, those of
	// UnknownWords included.
	Unknown      int
	UnknownWords map[string]int

	Pool         *PoolUse // nil where the pool is not known
	Destinations []Destination
	Processes    []Process
	// DistinctDestinations is how many remote endpoints there are in all.
	DistinctDestinations int
}

// PoolUse is how much of the ephemeral port pool is taken. A port that several
// sockets share counts once, and one that is in TIME_WAIT for one of them and
// listening for another counts in both of these.
type PoolUse struct {
	Pool
	// ExcludedPorts is how many ports inside the range are excluded.
	ExcludedPorts int
	// InUse is how many ports inside the range, without the excluded ones, are
	// held by any socket, listeners included.
	InUse                      int
	TimeWait, Bound, Listeners int // of these
	Free                       int
	// Utilisation is InUse / (number - excluded), 0 to 1; 1 where nothing is left
	// to hand out at all.
	Utilisation float64
}

// Destination is a remote endpoint and how many connections from ports of the
// pool lead to it. On modern Windows exhaustion is per destination.
type Destination struct {
	Endpoint netip.AddrPort
	Ports    int
}

// Process is a process id and how many sockets it owns.
type Process struct {
	PID     uint32
	Sockets int
}

// Summary sums up what was added so far; top bounds the lists of the busiest.
func (t *Tally) Summary(top int) Summary {
	s := Summary{
		Total: t.rows, States: map[State]int{}, Families: map[Family]map[State]int{},
		UnknownWords: t.words, DistinctDestinations: len(t.endpoints),
	}
	for _, f := range []Family{IPv4, IPv6} {
		s.Families[f] = map[State]int{}
		for number, count := range t.counts[f] {
			state := State(number) // #nosec G115 -- the array has 256 places
			if count == 0 && !state.Known() {
				continue
			}
			s.Families[f][state] = count
			s.States[state] += count
			if !state.Known() {
				s.Unknown += count
			}
		}
	}
	s.Active, s.Stale, s.Listening, s.Bound = s.States[Established], s.States[TimeWait], s.States[Listen], s.States[Bound]
	s.HalfOpen = s.States[SynSent] + s.States[SynReceived]
	s.Closing = s.States[FinWait1] + s.States[FinWait2] + s.States[CloseWait] + s.States[Closing] + s.States[LastAck]
	s.Pool = t.poolUse()
	s.Destinations = busiest(t.endpoints, top, netip.AddrPort.Compare, func(e netip.AddrPort, n int) Destination { return Destination{e, n} })
	s.Processes = busiest(t.processes, top, cmp.Compare[uint32], func(pid uint32, n int) Process { return Process{pid, n} })
	return s
}

func (t *Tally) poolUse() *PoolUse {
	if !t.pool.Range.Valid() {
		return nil
	}
	use := &PoolUse{Pool: t.pool}
	first := int(t.pool.Range.Start)
	for _, port := range t.ports[first : first+int(t.pool.Range.Number)] {
		switch {
		case port&isExcluded != 0:
			use.ExcludedPorts++
			continue
		case port&inUse == 0:
			use.Free++
			continue
		}
		use.InUse++
		use.TimeWait += int(port & inTimeWait / inTimeWait)
		use.Bound += int(port & isBound / isBound)
		use.Listeners += int(port & isListening / isListening)
	}
	use.Utilisation = 1
	if left := use.InUse + use.Free; left > 0 {
		use.Utilisation = float64(use.InUse) / float64(left)
	}
	return use
}

// busiest lists the keys with the highest counts, in a stable order.
func busiest[K comparable, R any](counts map[K]int, top int, order func(a, b K) int, row func(K, int) R) []R {
	before := func(a, b K) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), order(a, b)) }
	var best []K // sorted, at most top
	for key := range counts {
		at, _ := slices.BinarySearchFunc(best, key, before)
		if at >= top {
			continue
		}
		if len(best) == top {
			best = best[:top-1]
		}
		best = slices.Insert(best, at, key)
	}
	rows := make([]R, len(best))
	for i, key := range best {
		rows[i] = row(key, counts[key])
	}
	return rows
}

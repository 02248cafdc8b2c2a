package monitoring

import (
	"maps"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// The forms that most rows of [Metrics] have.

type counters = winhost.TCPCounters

func one(number float64) []Sample { return []Sample{{Number: number}} }

// count is a number of sockets, which every host gives.
func count(name, help string, number func(*Reading) int) Metric {
	return Metric{
		Name: name, Series: windowsSocketStats + name, Unit: Sockets, Help: help,
		samples: func(r *Reading) []Sample { return one(float64(number(r))) },
	}
}

// grouped is a sum over states, which Prometheus has by [States].
func grouped(name, help string, number func(*Reading) int) Metric {
	m := count(name, help, number)
	m.Series = ""
	return m
}

// pool is a number of a port pool, which a host may not tell.
func pool(name, series string, unit Unit, help string, number func(*sockets.PoolUse) float64) Metric {
	return Metric{
		Name: name, Series: windowsSocketStats + "port_pool_" + series, Unit: unit, Help: help,
		samples: func(r *Reading) []Sample {
			if r.Sockets.Pool == nil {
				return nil
			}
			return one(number(r.Sockets.Pool))
		},
	}
}

// optional is a number that not every host gives.
func optional(name, series string, unit Unit, help string, number func(*Reading) (int, bool)) Metric {
	return Metric{
		Name: name, Series: windowsSocketStats + series, Unit: unit, Help: help,
		samples: func(r *Reading) []Sample {
			n, ok := number(r)
			if !ok {
				return nil
			}
			return one(float64(n))
		},
	}
}

// counter is a counter of TCP by family; a host that has it of one family only gives one.
func counter(name, series, help string, number func(counters) uint64) Metric {
	return Metric{
		Name: name, Series: series, Kind: Counter, Unit: Connections, Help: help, labels: []string{"af"},
		samples: func(r *Reading) []Sample {
			var list []Sample
			for _, family := range []sockets.Family{sockets.IPv4, sockets.IPv6} {
				if c, ok := r.Sockets.Counters[family]; ok {
					list = append(list, Sample{[]string{family.String()}, float64(number(c))})
				}
			}
			return list
		},
	}
}

// busiest is the first of the busiest destinations, 0 where there is none.
func busiest(r *Reading) []Sample {
	switch {
	case r.Sockets.Pool == nil: // then every remote endpoint counts as a destination
		return nil
	case len(r.Sockets.Destinations) == 0:
		return []Sample{{Labels: []string{""}}}
	}
	first := r.Sockets.Destinations[0]
	return []Sample{{Labels: []string{first.Endpoint.String()}, Number: float64(first.Ports)}}
}

// states are the known states and those that a host has besides.
func states(r *Reading) []sockets.State {
	list := sockets.States()
	for _, state := range slices.Sorted(maps.Keys(r.Sockets.States)) {
		if !state.Known() {
			list = append(list, state)
		}
	}
	return list
}

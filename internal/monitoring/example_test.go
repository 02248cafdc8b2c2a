package monitoring

import (
	"net/netip"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

func exampleSummary() sockets.Summary {
	s := sockets.Summary{
		Total: 101, Active: 7, Stale: 60, Listening: 9, HalfOpen: 3, Closing: 5, Bound: 4, Unknown: 1,
		States: map[sockets.State]int{}, Families: map[sockets.Family]map[sockets.State]int{sockets.IPv4: {}, sockets.IPv6: {}},
		Pool: &sockets.PoolUse{
			Pool:          sockets.Pool{Range: tcpip.PortRange{Start: 49152, Number: 1000}, Excluded: []tcpip.PortRange{{Start: 50000, Number: 60}}},
			ExcludedPorts: 60, InUse: 752, TimeWait: 50, Bound: 6, Listeners: 8, Free: 188, Utilisation: 0.8,
		},
		Destinations:         []sockets.Destination{{Endpoint: netip.MustParseAddrPort("203.0.113.7:25"), Ports: 41}, {Endpoint: netip.MustParseAddrPort("[2001:db8::9]:25"), Ports: 2}},
		Processes:            []sockets.Process{{PID: 1200, Sockets: 55}},
		DistinctDestinations: 12,
	}
	for _, state := range sockets.States() {
		s.Families[sockets.IPv4][state], s.Families[sockets.IPv6][state], s.States[state] = 0, 0, 0
	}
	s.Families[sockets.IPv4][sockets.TimeWait], s.Families[sockets.IPv6][sockets.TimeWait], s.States[sockets.TimeWait] = 58, 2, 60
	return s
}

func exampleCounters() map[sockets.Family]winhost.TCPCounters {
	return map[sockets.Family]winhost.TCPCounters{
		sockets.IPv4: {Active: 1000, Failures: 20},
		sockets.IPv6: {Active: 300, Failures: 1},
	}
}

// poolUnknown is a host that does not tell what it hands out.
func poolUnknown(r *Reading) {
	r.Sockets.Pool = nil
	r.Sockets.Notes = []string{"the pool is not known: access denied"}
}

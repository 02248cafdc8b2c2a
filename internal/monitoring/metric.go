package monitoring

import (
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
)

// Kind is what a monitoring system may make of a metric's numbers.
type Kind int

// The kinds.
const (
	Gauge   Kind = iota // goes up and down
	Counter             // only grows, but for restarts of the host and wraps
	Untyped             // a gauge whose name says otherwise
)

// Unit is what a metric's number counts, as HELP texts and guides have it.
type Unit string

// The units.
const (
	Sockets      Unit = "sockets"
	Ports        Unit = "ports"
	PortNumber   Unit = "port number"
	Ratio        Unit = "ratio, 0 to 1"
	Seconds      Unit = "seconds"
	Destinations Unit = "remote endpoints"
	Endpoints    Unit = "endpoints"
	Connections  Unit = "connections"
	Values       Unit = "registry values"
	YesNo        Unit = "1 = yes, 0 = no"
)

// Metric is one number, or one number for each set of labels.
type Metric struct {
	// Name is what Cacti, JSON and Nagios call it.
	Name string
	// Series is Prometheus' name; empty where Prometheus has it by another metric.
	Series string
	Kind   Kind
	Unit   Unit
	// Help says what is counted, in one sentence without the unit.
	Help string
	// labels are the names of the labels that samples have, winrm_host apart.
	labels []string
	// samples gives the numbers; none where a host does not give them.
	samples func(*Reading) []Sample
	// always: also of a host that failed.
	always bool
}

// Sample is a number and what it is about: a value for each of the metric's labels.
type Sample struct {
	Labels []string
	Number float64
}

// windowsSocketStats begins the names of series that nobody else exports; windows_tcp_
// those of windows_exporter's tcp collector, whose meaning is kept.
const windowsSocketStats = "windows_socket_stats_"

// Metrics is every metric in the order in which it is shown. Adding one is adding a row.
var Metrics = []Metric{
	count("active", "TCP sockets in the state ESTABLISHED.", func(r *Reading) int { return r.Sockets.Active }),
	count("stale", "TCP sockets in the state TIME_WAIT: closed, and still holding their port.", func(r *Reading) int { return r.Sockets.Stale }),
	grouped("total", "TCP sockets in any state.", func(r *Reading) int { return r.Sockets.Total }),
	grouped("listening", "TCP sockets in the state LISTENING.", func(r *Reading) int { return r.Sockets.Listening }),
	grouped("half_open", "TCP sockets in the states SYN_SENT and SYN_RECEIVED.", func(r *Reading) int { return r.Sockets.HalfOpen }),
	grouped("closing", "TCP sockets in the states FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, CLOSING and LAST_ACK.", func(r *Reading) int { return r.Sockets.Closing }),
	grouped("bound", "TCP sockets in the state BOUND: a port without a connection (Windows Server 2016 and later, by WMI).", func(r *Reading) int { return r.Sockets.Bound }),
	grouped("unknown", "TCP sockets in a state that Windows is not known to have.", func(r *Reading) int { return r.Sockets.Unknown }),
	pool("pool_start", "start", PortNumber, "First port of TCP's dynamic port range.", func(p *sockets.PoolUse) float64 { return float64(p.Range.Start) }),
	pool("pool_size", "size", Ports, "Ports in TCP's dynamic port range, excluded ones included.", func(p *sockets.PoolUse) float64 { return float64(p.Range.Number) }),
	{
		Name: "pool_excluded", Series: windowsSocketStats + "port_pool_excluded", Unit: Ports,
		Help: "Ports of the dynamic port range that Windows never hands out; absent where the host did not say.",
		samples: func(r *Reading) []Sample {
			if r.Sockets.Pool == nil || r.Sockets.Pool.Excluded == nil {
				return nil
			}
			return one(float64(r.Sockets.Pool.ExcludedPorts))
		},
	},
	pool("pool_in_use", "in_use", Ports, "Ports of the dynamic port range that any socket holds, listeners included, excluded ports left out.", func(p *sockets.PoolUse) float64 { return float64(p.InUse) }),
	pool("pool_time_wait", "time_wait", Ports, "Of the ports in use, those held by a socket in TIME_WAIT.", func(p *sockets.PoolUse) float64 { return float64(p.TimeWait) }),
	pool("pool_bound", "bound", Ports, "Of the ports in use, those bound without a connection (Windows Server 2016 and later, by WMI).", func(p *sockets.PoolUse) float64 { return float64(p.Bound) }),
	pool("pool_listeners", "listeners", Ports, "Of the ports in use, those that a program listens on.", func(p *sockets.PoolUse) float64 { return float64(p.Listeners) }),
	pool("pool_free", "free", Ports, "Ports of the dynamic port range that are neither in use nor excluded.", func(p *sockets.PoolUse) float64 { return float64(p.Free) }),
	pool("utilisation", "utilisation_ratio", Ratio, "Ports in use of those that are not excluded.", func(p *sockets.PoolUse) float64 { return p.Utilisation }),
	{
		Name: "busiest_destination", Series: windowsSocketStats + "busiest_destination_ports", Unit: Ports,
		Help:    "Ports of the dynamic port range held by connections to the one remote endpoint that holds most of them.",
		labels:  []string{"destination"},
		samples: busiest,
	},
	{
		Name: "busiest_ratio", Series: windowsSocketStats + "busiest_destination_ratio", Unit: Ratio,
		Help: "Ports towards the busiest destination, of those that are not excluded: what runs out first where destinations share ports (reported of modern Windows).",
		samples: func(r *Reading) []Sample {
			if r.Sockets.Pool == nil || r.Sockets.Pool.InUse+r.Sockets.Pool.Free == 0 {
				return nil
			}
			return one(busiest(r)[0].Number / float64(r.Sockets.Pool.InUse+r.Sockets.Pool.Free))
		},
	},
	optional("destinations", "distinct_destinations", Destinations, "Remote endpoints that connections from the dynamic port range lead to.", func(r *Reading) (int, bool) {
		return r.Sockets.DistinctDestinations, r.Sockets.Pool != nil
	}),
	optional("udp_endpoints", "udp_endpoints", Endpoints, "UDP endpoints; absent where they could not be counted.", func(r *Reading) (int, bool) {
		if r.Sockets.UDPEndpoints == nil {
			return 0, false
		}
		return *r.Sockets.UDPEndpoints, true
	}),
	optional("time_wait_delay", "time_wait_delay_seconds", Seconds, "TcpTimedWaitDelay as it is set in the registry; absent where it is not, and Windows' default rules.", func(r *Reading) (int, bool) {
		if r.TimeWaitDelay == nil {
			return 0, false
		}
		return int(*r.TimeWaitDelay), true
	}),
	optional("restart_pending", "restart_pending", Values, "Managed registry values that await a restart of the host, by the provider's journal there; absent without one.", func(r *Reading) (int, bool) {
		return len(r.Pending), r.Pending != nil
	}),
	counter("connections_opened", "windows_tcp_connections_active_total", "Connections that were opened from the host since its start (windows_exporter's series).", func(c counters) uint64 { return c.Active }),
	counter("connection_failures", "windows_tcp_connection_failures_total", "Attempts to connect, from or to the host, that failed since its start (windows_exporter's series).", func(c counters) uint64 { return c.Failures }),
	{
		Name: "probe_success", Series: windowsSocketStats + "probe_success", Unit: YesNo, always: true,
		Help: "Whether the host's socket statistics could be read.",
		samples: func(r *Reading) []Sample {
			if r.Err != nil {
				return one(0)
			}
			return one(1)
		},
	},
	{
		Name: "probe_duration", Series: windowsSocketStats + "probe_duration_seconds", Unit: Seconds, always: true,
		Help:    "How long reading the host took, connecting included.",
		samples: func(r *Reading) []Sample { return one(r.Duration.Seconds()) },
	},
}

// States is how many sockets there are in each state, by family: windows_exporter's
// series, zeros included. promtool wants no gauge whose name ends in _count, so it has
// no type.
var States = Metric{
	Name: "connections", Series: "windows_tcp_connections_state_count", Kind: Untyped, Unit: Connections,
	Help:   "TCP connections by address family and state (windows_exporter's series; BOUND is this program's own).",
	labels: []string{"af", "state"},
	samples: func(r *Reading) []Sample {
		var list []Sample
		for _, family := range []sockets.Family{sockets.IPv4, sockets.IPv6} {
			for _, state := range states(r) {
				list = append(list, Sample{[]string{family.String(), state.Label()}, float64(r.Sockets.Families[family][state])})
			}
		}
		return list
	},
}

// Of gives what a host says of a metric; ok is false where it says nothing. Of several
// samples it is their sum.
func (m Metric) Of(r *Reading) (number float64, ok bool) {
	list := m.Samples(r)
	for _, sample := range list {
		number += sample.Number
	}
	return number, len(list) > 0
}

// Samples gives what a host says of a metric, with labels.
func (m Metric) Samples(r *Reading) []Sample {
	if r.Err != nil && !m.always {
		return nil
	}
	return m.samples(r)
}

// find gives a metric by its name; besides those of [Metrics] a state, such as
// state_time_wait, is the number of sockets in it.
func find(name string) (Metric, bool) {
	for _, m := range Metrics {
		if m.Name == name {
			return m, true
		}
	}
	for _, state := range sockets.States() {
		if stateName(state) == name {
			return count(name, "TCP sockets in the state "+state.Label()+".", func(r *Reading) int { return r.Sockets.States[state] }), true
		}
	}
	return Metric{}, false
}

// Names are the names that [ParseThreshold] knows.
func Names() []string {
	var names []string
	for _, m := range Metrics {
		names = append(names, m.Name)
	}
	for _, state := range sockets.States() {
		names = append(names, stateName(state))
	}
	return names
}

func stateName(state sockets.State) string { return "state_" + strings.ToLower(state.Label()) }

package winsim

import (
	"cmp"
	"net/netip"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// stackConfig reads what a boot makes of the registry. Ranges and defaults of the values are documented (KB314053,
// KB196271); what the default of TcpTimedWaitDelay is since 2008, and what becomes of a value out of range, is assumed.
// MaxUserPort since 2008: that it rules TCP, from port 1024, is reported and that it does not too; whether it wins over the ranges
// that are kept is unknown.
func (h *Host) stackConfig(kept tcpstack.Ranges) tcpstack.Config {
	p, shape := h.machine.Profile, h.machine.Shape
	_, boot := h.clock.steady()
	c := tcpstack.Config{Boot: boot, Kept: kept, Random: shape.RandomPorts, Seed: h.settings.Seed,
		OnePool: p.Quirk2003 || p.Build == 7601 && shape.OnePool2008R2}
	delay := uint64(120)
	if shape.TimeWait240 && !p.Quirk2003 {
		delay = 240
	}
	c.TimeWait = time.Duration(h.inEffect("TcpTimedWaitDelay", 30, 300, delay)) * time.Second // #nosec G115 -- at most 300
	if p.Quirk2003 {                                                                          // one range for all (documented)
		c.Ranges = kept.Or(tcpstack.Range{Start: 1025, Number: int(h.inEffect("MaxUserPort", 5000, 65534, 5000)) - 1024}) // #nosec G115 -- a port
		return c
	}
	c.Ranges, c.Excluded = kept.Or(tcpstack.ModernRange), []tcpstack.Range{{Start: 50000, Number: 60}} // excluded: as on many hosts (reported)
	if last := h.inEffect("MaxUserPort", 5000, 65534, 0); last > 0 && shape.MaxUserPortRules {
		ruled := tcpstack.Range{Start: 1024, Number: int(last) - 1023} // #nosec G115 -- a port
		if c.TCP4, c.TCP6 = cmp.Or(kept.TCP4, ruled), cmp.Or(kept.TCP6, ruled); shape.MaxUserPortWins {
			c.TCP4, c.TCP6 = ruled, ruled
		}
	}
	return c
}

// inEffect is a value as the boot takes it. Windows ignores one of another type (reported).
func (h *Host) inEffect(name string, low, high, otherwise uint64) uint64 {
	v, err := h.machine.Registry.Get(TCPIPParameters, name)
	switch {
	case err != nil || v.Type != registry.DWORD:
		return otherwise
	case v.Number >= low && v.Number <= high:
		return v.Number
	case h.machine.Shape.ClampDelay:
		return min(max(v.Number, low), high)
	default:
		return otherwise
	}
}

// Stack is the host's sockets, stepped to now.
func (h *Host) Stack() *tcpstack.Stack {
	now, _ := h.clock.steady()
	h.stack.Step(now)
	return h.stack
}

// Load replaces the outgoing load: so many new connections a second, over all destinations together, each `address:port`.
// It panics over a destination that is none.
func (h *Host) Load(perSecond float64, destinations ...string) {
	l := tcpstack.Load{PerSecond: perSecond}
	for _, text := range destinations {
		l.Destinations = append(l.Destinations, netip.MustParseAddrPort(strings.TrimSpace(text)))
	}
	h.Stack().Load(l)
}

// SetSockets puts this table in place of the host's, until the next Reboot. Any state may be in it; state 0 makes an item
// without State.
func (h *Host) SetSockets(sockets []tcpstack.Socket) { h.Stack().Replace(sockets) }

// RewriteItems has f change every item of an enumeration before it goes out, for hostile tests; nil ends it.
func (h *Host) RewriteItems(f func(item string) string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rewrite = f
}

// ExpireEnumerations makes the context of every open enumeration unknown (documented: a service may expire one at any time,
// WS-Enumeration 3).
func (h *Host) ExpireEnumerations() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.open)
}

// Sockets is the table now.
func (h *Host) Sockets() []tcpstack.Socket { return h.Stack().Sockets() }

// Events lists what the System log says about ports, oldest first.
func (h *Host) Events() []tcpstack.Event { return h.Stack().Events() }

package winsim

import (
	"cmp"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// SetPortRange sets the range of ephemeral ports of a transport, "tcp" or "udp", and a family, "ipv4" or "ipv6", as
// `netsh … set dynamicport … store=persistent` does: for connections to come, and for good. Any range goes, also one that
// netsh refuses. Like PortRange it panics over other transports and families.
func (h *Host) SetPortRange(transport, family string, r tcpstack.Range) {
	h.setRange(transport, family, r, true)
}

func (h *Host) setRange(transport, family string, r tcpstack.Range, persistent bool) {
	h.Stack().Configure(func(c *tcpstack.Config) {
		if *c.Of(transport, family) = r; persistent {
			*c.Kept.Of(transport, family) = r
		}
	})
}

// SetElevated tells whether commands in a shell run with an administrator's full rights (the default); else netsh sets nothing
// and says that it takes elevation (reported; the exit code 1 is assumed).
func (h *Host) SetElevated(elevated bool) { h.shells.Unelevated.Store(!elevated) }

// NetshSetsNothing makes netsh say Ok. with exit code 0 and change nothing, as where something puts the range back at once.
func (h *Host) NetshSetsNothing(nothing bool) { h.shells.Deaf.Store(nothing) }

// PortRange is the range now, and the one that is set to stay (on 2003, where none can be: its default).
func (h *Host) PortRange(transport, family string) (active, persistent tcpstack.Range) {
	c, own := h.Stack().Config(), tcpstack.ModernRange
	if h.machine.Profile.Quirk2003 {
		own = tcpstack.Range{Start: 1025, Number: 3976}
	}
	return *c.Of(transport, family), cmp.Or(*c.Kept.Of(transport, family), own)
}

// SetPorts sets the range of TCP in both families likewise, and the ports that are excluded from it.
func (h *Host) SetPorts(r tcpstack.Range, excluded ...tcpstack.Range) {
	h.SetPortRange("tcp", "ipv4", r)
	h.SetPortRange("tcp", "ipv6", r)
	h.Stack().Configure(func(c *tcpstack.Config) { c.Excluded = slices.Clone(excluded) })
}

package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// What the judge knows of dynamic port ranges, on its own: one argument sets those of both
// families, others change one of them, netsh sets none that starts below 1025.

const (
	ipv4       = "dynamic_port_range.tcp.ipv4"
	ipv6       = "dynamic_port_range.tcp.ipv6"
	range4And6 = "dynamic_port_range.tcp"
)

var usual = span(49152, 16384)

func span(start uint16, number uint32) tuning.Value {
	return tuning.Ports(tcpip.PortRange{Start: start, Number: number})
}

func isRange(x string) bool { return x == ipv4 || x == ipv6 }

// argument is what a configuration sets a value by.
func argument(x string) string {
	if isRange(x) {
		return range4And6
	}
	return x
}

// wanted is what a configuration says of a value.
func wanted(desired tuning.Desired, x string) (tuning.Value, bool) {
	to, ok := desired[argument(x)]
	return to, ok
}

// count is how many values a configuration manages.
func count(desired tuning.Desired) (n int) {
	for _, x := range attributes {
		if _, ok := wanted(desired, x); ok {
			n++
		}
	}
	return n
}

// unset is what "windows_default" makes of a value.
func unset(x string) tuning.Value {
	if isRange(x) {
		return usual
	}
	return tuning.Absent
}

// nearest is what can be made of a value by those who want it back.
func nearest(text string) string {
	var start, number int
	if _, err := fmt.Sscanf(text, "%d+%d", &start, &number); err != nil || start >= 1025 {
		return text
	}
	return fmt.Sprintf("1025+%d", max(number-(1025-start), 255))
}

// asBefore tells whether a value is as it was, or as near to that as can be.
func asBefore(before, now tuning.Value) bool {
	return now == before || now.String() == nearest(before.String())
}

// settable tells whether a value can be written to a machine: netsh refuses some ranges and
// deletes none, and a registry value is no range.
func settable(x string, v tuning.Value) bool {
	_, ports := v.PortRange()
	return ports == isRange(x) && nearest(v.String()) == v.String()
}

// foundRange is what a machine may have.
func foundRange(t *rapid.T) tuning.Value {
	return rapid.SampledFrom([]tuning.Value{
		usual, usual, span(1024, 64511), span(1024, 64511), span(1025, 64510), span(20000, 10000), span(1024, 255), span(1025, 60000),
	}).Draw(t, "range")
}

// wantedRanges are few, the default and the nearest to what some machines have among them.
var wantedRanges = []tuning.Value{span(20000, 10000), span(1025, 64510), usual}

// configureRange makes a configuration set the ranges, or not. MaxUserPort beside them is an
// error at plan time.
func configureRange(t *rapid.T, desired tuning.Desired) {
	if choice := rapid.IntRange(0, 2*len(wantedRanges)-1).Draw(t, "range"); choice < len(wantedRanges) {
		desired[range4And6] = wantedRanges[choice]
		delete(desired, "max_user_port")
	}
}

// pairIs judges that the families are managed together, whatever happened.
func (w *world) pairIs(r Resource, what string) {
	_, one := r.Original[ipv4]
	_, two := r.Original[ipv6]
	if one != two {
		w.fail("%s: one family's range is managed and the other's is not: %v", what, r.Original)
	}
}

// rangesAre judges what state says of the ranges. As long as the families differ, it must
// not be what the configuration says that was applied: then nobody would ever see it.
func (w *world) rangesAre(m *machine, r Resource, applied []tuning.Value, what string) {
	have, stated := r.Numbers[range4And6]
	switch _, managed := r.Original[ipv4]; {
	case !managed && stated:
		w.fail("%s: state has %s for ranges that are not managed", what, have)
	case !managed:
	case m.values[ipv4] == m.values[ipv6]:
		if have != m.values[ipv4] {
			w.fail("%s: state says that the range is %s (%t), the host has %s", what, have, stated, m.values[ipv4])
		}
	case !stated: // null is a difference to everything
	case have != m.values[ipv4] && have != m.values[ipv6]:
		w.fail("%s: state says that the range is %s, the host has %s and %s", what, have, m.values[ipv4], m.values[ipv6])
	case len(applied) == 0:
		w.fail("%s: state says that the range is %s, though nobody knows which of %s and %s is wanted", what, have, m.values[ipv4], m.values[ipv6])
	case slices.Contains(applied, have):
		w.fail("%s: state says that the range is %s as it was applied (%v), yet the host has %s and %s", what, have, applied, m.values[ipv4], m.values[ipv6])
	}
}

// attempted keeps in mind, after a call that failed, that what it was to set may be what is
// on the host: of two that were applied neither may hide the other.
func (i *instance) attempted(h *wire, desired tuning.Desired) {
	if to, ok := desired[range4And6]; ok && (h.wrote(ipv4) || h.wrote(ipv6)) && !slices.Contains(i.applied, to) {
		i.applied = append(i.applied, to)
	}
}

// succeeded begins it anew.
func (i *instance) succeeded(desired tuning.Desired) {
	i.applied = nil
	if to, ok := desired[range4And6]; ok {
		i.applied = []tuning.Value{to}
	}
}

// told tells whether somebody who reads an outcome learns of something.
func (o Outcome) told(part string) bool {
	for _, warning := range o.Warnings {
		if strings.Contains(warning.Summary+warning.Detail, part) {
			return true
		}
	}
	return strings.Contains(strings.Join(o.Notes, "\n"), part)
}

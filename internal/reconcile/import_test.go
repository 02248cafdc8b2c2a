package reconcile

import (
	"context"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// adopt is `terraform import` of a host.
func (w *world) adopt(host string) *instance {
	h := w.wire(host)
	m, s := h.m, w.sight(h.m, "")
	w.second(m, s)
	o, died := w.call(h, func(ctx context.Context, r Reconciler) Outcome { return r.Import(ctx) })
	w.untouched(h, s, "an import never writes")
	w.logf("  import %s (journal %s) %v: %v", host, s.class, h.log, o.Err)
	unclear := s.class == unusable || s.class == unidentified
	if died || o.Err != nil {
		if !h.fired && !unclear {
			w.fail("an import failed for no reason: %v", o.Err)
		}
		return nil
	}
	if unclear {
		w.fail("an import succeeded beside a journal that is %s", s.class)
	}
	next := &instance{host: host, state: clone(*o.State), onDestroy: tuning.Restore, wrote: map[string]bool{}, boot: -1, windows: m.installed}
	for _, x := range attributes {
		original, managed := next.state.Original[x]
		_, takes := m.values[x].DWORD()
		takes = takes || isRange(x) && takesRanges(m, s)
		want := m.values[x].String()
		if item, ok := s.journal.Values[x]; ok {
			want = item.Original
		}
		if managed != takes || (managed && original.String() != want) {
			w.fail("an import says that %s (now %s) was %s, want %s", x, m.values[x], original, want)
		}
	}
	for x, item := range s.journal.Values {
		next.wrote[x] = item.Written != nil
	}
	owner := s.journal.Owner
	if s.class == none {
		owner = h.newOwner
	}
	if next.state.Owner != owner || owner == "" {
		w.fail("an import made the owner %q, want %q", next.state.Owner, owner)
	}
	for _, other := range w.live(m) { // two states of one owner: each may be out of date by the other's doing
		if other.state.Owner == owner {
			other.loose, next.loose = true, true
		}
	}
	w.numbersAre(m, next.state, nil, "import")
	w.originalsAre(m, next.state, "import")
	w.look(next, m, s.values)
	next.vague = s.class.valid()
	w.pendingIs(m, next, "import")
	return next
}

// takesRanges: an import takes both ranges where one of them is not Windows' default, or where
// the journal knows what both were.
func takesRanges(m *machine, s sight) bool {
	_, one := s.journal.Values[ipv4]
	_, two := s.journal.Values[ipv6]
	return one && two || m.values[ipv4] != usual || m.values[ipv6] != usual
}

package reconcile

import (
	"slices"

	"context"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// mayGo judges the moment at which a journal is removed.
func (w *world) mayGo(h *wire, onDestroy tuning.OnDestroy) {
	for _, x := range attributes {
		if t := h.m.truth[x]; onDestroy == tuning.Restore && t.touched && !t.restored(h.m.values[x]) {
			w.fail("the journal is removed while %s is %s and was %v", x, h.m.values[x], t.before)
		}
		h.m.release(x)
	}
}

// delete is DeleteResource. It tells whether the instance is gone from state.
func (w *world) delete(i *instance, forgotten bool) bool {
	h := w.wire(i.host)
	m, s := h.m, w.sight(h.m, i.state.Owner)
	w.heed(m, i, s)
	s = w.sight(m, i.state.Owner)
	if w.journal && s.class == none && !i.old && !i.windows.Equal(m.installed) { // it looks installed anew, so all is left as it is
		for x := range i.state.Original {
			m.truth[x].excused = true
		}
		s = w.sight(m, i.state.Owner)
	}
	state := clone(i.state)
	if forgotten {
		state.Memory = tuning.Memory{}
	}
	w.watch(h, &s, nil, func() string { return i.state.Owner }, nil)
	h.gone = func() { w.mayGo(h, i.onDestroy) }
	w.logf("  delete %s at %s, %s (journal %s, forgotten %t)", i.state.Owner, i.host, i.onDestroy, s.class, forgotten)
	o, died := w.call(h, func(ctx context.Context, r Reconciler) Outcome { return r.Delete(ctx, state, i.onDestroy) })
	w.logf("    %v: %v (died: %t)", h.log, o.Err, died)
	switch {
	case s.class == anothers:
		w.untouched(h, s, "the host is another's")
	case s.class == unidentified || s.class == unusable:
		w.untouched(h, s, "the journal is "+s.class.String())
		if o.Err == nil && !died {
			w.fail("a destroy succeeded beside a journal that is %s", s.class)
		}
	case i.old && !i.loose && w.journal && s.class == none && state.Memory.Journaled != nil:
		if len(h.writes) > 0 {
			w.fail("a destroy wrote to a Windows that was installed anew")
		}
	}
	if died || o.Err != nil {
		if !died && !h.fired && s.class != unidentified && s.class != unusable {
			w.fail("a destroy failed for no reason: %v", o.Err)
		}
		if o.State != nil {
			w.fail("a destroy that failed changed the state")
		}
		if i.old && state.Memory.Journaled == nil { // nothing is left that tells of the new Windows, so the old originals are written
			for x := range i.state.Original {
				m.truth[x].excused = true
			}
		}
		h.settle()
		return false
	}
	if s.class == anothers {
		if len(o.Warnings) == 0 {
			w.fail("a destroy left another's host alone and did not say so")
		}
		return true
	}
	forgotten = forgotten || state.Memory.Written == nil
	if slices.ContainsFunc(w.live(m), func(other *instance) bool { return other != i }) {
		m.byHand = true // another state still has this host, and the journal went with this one
	}
	for _, x := range attributes {
		_, managed := i.state.Original[x]
		_, carried := s.journal.Values[x]
		switch {
		case managed || (carried && s.class == mine):
			w.released(h, s, i, x, i.onDestroy, forgotten)
			if now := m.values[x].String(); h.wrote(x) && managed && i.onDestroy == tuning.Restore && nearest(i.state.Original[x].String()) != i.state.Original[x].String() && !o.told(now) {
				w.fail("a destroy made %s of %s, which was %s, and did not say so: %+v", now, x, i.state.Original[x], o.Warnings)
			}
		case h.wrote(x):
			w.fail("a destroy wrote %s, which was not managed", x)
		}
		switch {
		case managed && s.class == none && len(w.live(m)) > 1: // another still has it
			m.truth[x].allow(m.values[x].String())
		case managed:
			m.release(x)
		}
	}
	if s.class == mine && m.journal != "" {
		w.fail("a destroy left the journal: %+v", o.Warnings)
	}
	h.settle()
	return true
}

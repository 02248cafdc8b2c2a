package reconcile

import (
	"context"
	"errors"
	"maps"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// update is UpdateResource. It returns what is in state afterwards.
func (w *world) update(i *instance, c config) *instance {
	h := w.wire(i.host)
	m, s := h.m, w.sight(h.m, i.state.Owner)
	if i.old && (!w.journal || i.state.Memory.Journaled == nil) {
		i.loose = true
	}
	patched := w.journal && s.class == none && !i.old && !i.windows.Equal(m.installed) // looks like one that was installed anew
	i.loose = i.loose || patched
	i.vague = i.vague || patched
	w.heed(m, i, s)
	s = w.sight(m, i.state.Owner)
	next := i.copied()
	w.watch(h, &s, c.desired, func() string { return i.state.Owner }, next.wrote)
	h.gone = func() { w.fail("an update removed the journal") }
	w.logf("  update %s at %s %v %s, original %v (journal %s)", i.state.Owner, i.host, c.desired, c.onDestroy, i.state.Original, s.class)
	o, died := w.call(h, func(ctx context.Context, r Reconciler) Outcome {
		return r.Update(ctx, clone(i.state), maps.Clone(c.desired), c.onDestroy)
	})
	w.logf("    %v: %v (died: %t, state: %t)", h.log, o.Err, died, o.State != nil)
	w.intended(h, s, i.state.Owner, c.desired, next.wrote)
	defer func() { w.intended(h, s, i.state.Owner, c.desired, next.wrote) }() // what lands late
	anew := i.old && !i.loose && w.journal && s.class == none
	barred := s.class == anothers || s.class == unidentified || s.class == unusable || (anew && !i.state.Memory.Stale)
	if barred {
		w.untouched(h, s, "an update is barred")
		if o.Err == nil && !died {
			w.fail("an update succeeded (journal %s, installed anew %t)", s.class, anew)
		}
	}
	for x := range i.state.Original {
		if _, ok := wanted(c.desired, x); !ok && (died || o.Err != nil) {
			m.truth[x].letGo = c.onDestroy == tuning.Keep || c.onDestroy == tuning.WindowsDefault && m.values[x] == unset(x)
		}
	}
	if !w.journal && i.old { // without a journal nobody notices a new Windows: what was before is mixed up
		for x := range i.state.Original {
			m.truth[x].excused = true
		}
	}
	if w.journal && i.state.Memory.Written == nil && (s.class == none || s.class == mine) { // what no journal tells of a lost memory may count as written
		for x := range i.state.Original {
			_, named := s.journal.Values[x]
			m.truth[x].tried = m.truth[x].tried || !named
		}
	}
	if died || o.Err != nil {
		next.attempted(h, c.desired)
	}
	if died {
		next.state, next.vague, next.boot = clone(i.state), true, m.boots
		next.state.Memory = tuning.Memory{}
		h.settle()
		w.excuse(m, s)
		return next
	}
	if o.Err == nil {
		next.state, next.onDestroy, next.old = clone(*o.State), c.onDestroy, false
		w.updated(h, s, i, c, next, o, anew)
		h.settle()
		return next
	}
	managed := i.state.Original
	if anew {
		managed = nil
	}
	if !h.fired && !barred && !patched && !(i.old && errors.Is(o.Err, ErrStale)) && !w.refusable(s, c.desired, managed) {
		w.fail("an update failed for no reason: %v", o.Err)
	}
	if s.class == anothers && !h.fired {
		if another := (*tuning.AnotherOwnerError)(nil); !errors.As(o.Err, &another) {
			w.fail("the error does not name the other owner: %v", o.Err)
		}
	}
	if o.State == nil {
		h.settle()
		return next
	}
	next.state, next.vague = clone(*o.State), true
	if _, class := w.read(m, i.state.Owner); anew && class == mine {
		next.old = false
	}
	w.partly(h, s, i, c, next, anew || patched || i.old && i.loose)
	h.settle()
	return next
}

// updated judges an update that succeeded.
func (w *world) updated(h *wire, s sight, i *instance, c config, next *instance, o Outcome, anew bool) {
	m := h.m
	next.windows = m.installed
	next.succeeded(c.desired)
	w.isDesired(m, next, c.desired, "update")
	w.originalsAre(m, next.state, "update")
	if next.state.Owner != i.state.Owner {
		w.fail("an update changed the owner, which the plan had promised")
	}
	for x, original := range next.state.Original {
		prior, managed := i.state.Original[x]
		item, carried := s.journal.Values[x]
		next.wrote[x] = next.wrote[x] || item.Written != nil // taken over as written
		want := s.values[x].String()
		switch {
		case managed && !anew && !(i.old && carried && !i.loose):
			want = prior.String()
		case carried:
			want = item.Original
		}
		found := i.loose && (original == s.values[x] || carried && original.String() == item.Original)
		if original.String() != want && !found {
			w.fail("an update made original of %s %s, want %s", x, original, want)
		}
		if back := nearest(original.String()); !managed && !carried && back != original.String() && !o.told(back) {
			w.fail("an update does not say that %s will become %s and not %s", x, back, original)
		}
	}
	w.covers(m, next)
	for x := range i.state.Original {
		if _, ok := wanted(c.desired, x); !ok {
			w.released(h, s, i, x, c.onDestroy, i.state.Memory.Written == nil)
			m.release(x)
		}
	}
	for _, step := range h.writes {
		_, configured := wanted(c.desired, step.Parameter.Attribute)
		if _, managed := i.state.Original[step.Parameter.Attribute]; !configured && !managed {
			w.fail("an update wrote %s, which is not managed", step)
		}
	}
	next.vague = next.vague || anew || i.old
	if anew { // what it saw of another Windows is no sight of this one
		next.seen = nil
	}
	w.look(next, m, s.values)
	w.pendingIs(m, next, "update")
}

// partly judges what a failed update says is true.
func (w *world) partly(h *wire, s sight, i *instance, c config, next *instance, anew bool) {
	for x := range i.state.Original {
		if _, ok := next.state.Original[x]; ok || anew {
			continue
		}
		if _, ok := wanted(c.desired, x); ok {
			w.fail("a failed update gave up %s, which is configured", x)
		}
		w.released(h, s, i, x, c.onDestroy, i.state.Memory.Written == nil)
		h.m.release(x)
	}
	if next.state.Owner != i.state.Owner {
		w.fail("a failed update changed the owner")
	}
	for x, original := range next.state.Original {
		counts := i.old && s.journal.Values[x].Original == original.String() // an update of the new Windows got no further than the journal
		if prior, ok := i.state.Original[x]; ok && !anew && !counts && prior != original {
			w.fail("a failed update changed original of %s from %s to %s", x, prior, original)
		}
	}
	w.originalsAre(h.m, next.state, "a failed update")
	if h.readBack && !h.slow {
		w.numbersAre(h.m, next.state, next.applied, "a failed update")
	}
	next.boot = h.m.boots
}

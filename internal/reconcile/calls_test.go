package reconcile

import (
	"context"
	"maps"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// refresh is ReadResource. stopped tells that it failed and nothing is planned.
func (w *world) refresh(i *instance) *instance {
	h := w.wire(i.host)
	m, s := h.m, w.sight(h.m, i.state.Owner)
	w.stopped = false
	o, died := w.call(h, func(ctx context.Context, r Reconciler) Outcome { return r.Read(ctx, clone(i.state)) })
	w.untouched(h, s, "a refresh never writes")
	w.logf("  refresh (journal %s) %v: %v", s.class, h.log, o.Err)
	if died || o.Err != nil {
		if !h.fired {
			w.fail("a refresh failed for no reason: %v", o.Err)
		}
		if o.State != nil {
			w.fail("a refresh that failed changed the state")
		}
		w.stopped = true
		return i
	}
	next := i.copied()
	next.state = clone(*o.State)
	if o.State.Owner != i.state.Owner || !maps.Equal(o.State.Original, i.state.Original) {
		w.fail("a refresh changed owner or original: %+v", o.State)
	}
	w.numbersAre(m, next.state, i.applied, "refresh")
	w.look(next, m, s.values)
	w.pendingIs(m, next, "refresh")
	w.warned(m, i, s, h, o)
	w.blurred = h.fired // it may not have seen the journal: the next one may remember more
	return next
}

// warned judges a refresh's warnings: one where something is wrong, none where nothing is.
func (w *world) warned(m *machine, i *instance, s sight, h *wire, o Outcome) {
	wrong := s.class == anothers || s.class == unidentified || s.class == unusable || (s.class == none && s.text != "" && w.journal)
	gone := w.journal && s.class == none && i.state.Memory.Journaled != nil
	for x, before := range i.state.Original {
		wrong = wrong || m.values[x].IsWrongType()
		recorded, ok := s.journal.Values[x]
		wrong = wrong || s.class == mine && ok && recorded.Original != before.String() // state is of an earlier installation
	}
	if _, managed := i.state.Original[ipv4]; managed { // MaxUserPort may rule beside the ranges
		_, known := i.state.Original["max_user_port"]
		wrong = wrong || m.values[ipv4] != m.values[ipv6] || m.values["max_user_port"].Present && !known
	}
	clock := m.boot(w.now).Uptime < 0
	if (wrong || gone) && len(o.Warnings) == 0 && !h.fired {
		w.fail("a refresh did not warn (journal %s)", s.class)
	}
	lost := w.journal && s.class == none && i.state.Memory.Written == nil
	if !wrong && !gone && !lost && !clock && !h.fired && !m.unsure && len(o.Warnings) > 0 {
		w.fail("a refresh warned for no reason: %+v", o.Warnings)
	}
}

// create is CreateResource. It returns the instance that is in state afterwards, and
// whether it is as it should be (else it is tainted).
func (w *world) create(c config) (*instance, bool) {
	h := w.wire(c.host)
	m, s := h.m, w.sight(h.m, "")
	w.second(m, s)
	s = w.sight(m, "")
	next := &instance{host: c.host, onDestroy: c.onDestroy, wrote: map[string]bool{}, boot: -1, windows: m.installed}
	w.watch(h, &s, c.desired, func() string { return h.newOwner }, next.wrote)
	h.gone = func() { w.mayGo(h, tuning.Restore) }
	w.logf("  create at %s %v %s (journal %s)", c.host, c.desired, c.onDestroy, s.class)
	o, died := w.call(h, func(ctx context.Context, r Reconciler) Outcome {
		return r.Create(ctx, maps.Clone(c.desired), c.onDestroy)
	})
	w.logf("    %v: %v (died: %t, state: %t)", h.log, o.Err, died, o.State != nil)
	w.intended(h, s, h.newOwner, c.desired, next.wrote)
	defer func() { w.intended(h, s, h.newOwner, c.desired, next.wrote) }() // what lands late
	if s.class == unusable || s.class == unidentified {
		w.untouched(h, s, "the journal is "+s.class.String())
		if o.Err == nil && !died {
			w.fail("a create succeeded beside a journal that is %s", s.class)
		}
	}
	if died {
		h.settle()
		w.excuse(m, s)
		return nil, false
	}
	if o.State != nil {
		next.state = clone(*o.State)
		w.originalsAre(m, next.state, "create")
	}
	if o.Err == nil {
		w.created(h, s, c, next, o)
		h.settle()
		return next, true
	}
	if !h.fired && !w.refusable(s, c.desired, nil) && s.class != unusable && s.class != unidentified {
		w.fail("a create failed for no reason: %v", o.Err)
	}
	h.settle()
	if o.State == nil {
		w.undone(h, s, o)
		return nil, false
	}
	if !h.fired {
		w.fail("a create could not undo for no reason")
	}
	if h.readBack && !h.slow && uncertain(o.Err) == "" && !slices.ContainsFunc(attributes, func(x string) bool { return !asBefore(s.values[x], m.values[x]) }) {
		w.fail("a create was undone, and left state %v", next.state.Original)
	}
	for x, t := range m.truth { // what is undone is as if it had never been
		_, managed := next.state.Original[x]
		if _, ours := next.state.Memory.Written[x]; isRange(x) && !ours {
			managed = false // it is there for the other family's sake
		}
		if now := m.values[x]; !managed && asBefore(s.values[x], now) {
			t.touched = s.truth[x].touched
			t.allow(now.String())
		}
	}
	next.attempted(h, c.desired)
	next.tainted, next.vague = true, true
	w.look(next, m, s.values)
	next.vague = true
	return next, false
}

// excuse: a create that died leaves no state; without a journal nobody knows what was before.
func (w *world) excuse(m *machine, s sight) {
	if w.journal && !m.byHand {
		return
	}
	for x, t := range m.truth {
		if t.touched && !s.truth[x].touched {
			t.excused = true
		}
	}
}

func (w *world) created(h *wire, s sight, c config, next *instance, o Outcome) {
	m := h.m
	next.windows = m.installed
	next.succeeded(c.desired)
	w.isDesired(m, next, c.desired, "create")
	for x, original := range next.state.Original {
		item, carried := s.journal.Values[x]
		if carried && item.Original != original.String() {
			w.fail("the journal said that %s was %s before, the create says %s", x, item.Original, original)
		}
		if !carried && s.values[x] != original {
			w.fail("%s was %s before the create, which says %s", x, s.values[x], original)
		}
		if back := nearest(original.String()); !carried && back != original.String() && !o.told(back) {
			w.fail("a create does not say that %s will become %s and not %s", x, back, original)
		}
	}
	for _, step := range h.writes {
		if _, ok := wanted(c.desired, step.Parameter.Attribute); !ok {
			w.fail("a create wrote %s, which is not configured", step)
		}
	}
	w.covers(m, next)
	for x, item := range s.journal.Values { // taken over as written
		next.wrote[x] = next.wrote[x] || item.Written != nil
	}
	w.look(next, m, s.values)
	next.vague = s.class.valid()
	w.pendingIs(m, next, "create")
}

// isDesired: what a successful call must have reached, and what Terraform demands of it.
func (w *world) isDesired(m *machine, next *instance, desired tuning.Desired, what string) {
	if next.state.Owner == "" {
		w.fail("%s: no owner", what)
	}
	if !maps.Equal(next.state.Numbers, desired) || len(next.state.Original) != count(desired) {
		w.fail("%s succeeded with %v (original %v), wanted %v", what, next.state.Numbers, next.state.Original, desired)
	}
	w.pairIs(next.state, what)
	w.numbersAre(m, next.state, next.applied, what)
	for x := range next.state.Original {
		if to, ok := wanted(desired, x); !ok || m.values[x] != to {
			w.fail("%s succeeded, and %s is %s", what, x, m.values[x])
		}
	}
}

// covers: after a success the journal is ours and says of everything that we manage, and
// that an owner before us managed, what was before.
func (w *world) covers(m *machine, next *instance) {
	if !w.journal {
		return
	}
	journal, class := w.read(m, next.state.Owner)
	if class != mine {
		w.fail("after a success the journal is %s: %s", class, m.journal)
	}
	for x, original := range next.state.Original {
		if item, ok := journal.Values[x]; !ok || item.Original != original.String() {
			w.fail("the journal says that %s was %q, state says %s", x, item.Original, original)
		}
	}
}

// undone: a create that failed without a state leaves everything as it was. A range that
// cannot be set again is as near as can be, and that is said.
func (w *world) undone(h *wire, s sight, o Outcome) {
	m := h.m
	for x, t := range m.truth {
		switch before, now := s.values[x].String(), m.values[x].String(); {
		case now == before:
		case now != nearest(before) || !h.wrote(x):
			w.fail("a create failed, left no state, and changed %s from %s to %s", x, before, now)
		case !o.told(now) || o.told("the host is as it was"):
			w.fail("a create failed, left %s at %s, which was %s, and did not say so: %v", x, now, before, o.Notes)
		default:
			t.allow(now)
		}
		t.touched = s.truth[x].touched
	}
	journal, class := w.read(m, "")
	if !w.journal || !s.class.valid() {
		return
	}
	if !class.valid() {
		w.fail("a create failed and left another's journal %s: %q", class, m.journal)
	}
	for x, item := range s.journal.Values {
		owed := item.Written != nil && s.values[x].String() != item.Original
		if owed && journal.Values[x].Original != item.Original {
			w.fail("a create failed, and the journal has lost that %s was %s: %s", x, item.Original, m.journal)
		}
	}
	if !h.fired && m.journal != s.text {
		w.fail("a create failed and left the journal otherwise: %s", m.journal)
	}
}

// refusable: one of the values that come under management cannot be put back.
func (w *world) refusable(s sight, desired tuning.Desired, managed tuning.Values) bool {
	for _, x := range attributes {
		_, carried := s.journal.Values[x]
		_, configured := wanted(desired, x)
		if _, ok := managed[x]; configured && !ok && !carried && s.values[x].Opaque {
			return true
		}
	}
	return false
}

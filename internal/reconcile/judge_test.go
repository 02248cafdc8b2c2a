package reconcile

import (
	"maps"
	"math"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// sight is what the judge saw before a call.
type sight struct {
	values  tuning.Values
	truth   map[string]truth
	journal reading
	text    string
	class   class
}

func (w *world) sight(m *machine, owner string) sight {
	s := sight{values: m.snapshot(), truth: map[string]truth{}, text: m.journal}
	s.journal, s.class = w.read(m, owner)
	if !w.journal {
		s.class, s.journal = none, reading{}
	}
	for x, t := range m.truth {
		c := *t
		c.before = slices.Clone(t.before)
		s.truth[x] = c
	}
	return s
}

// recorded tells whether one of us keeps an original of a value.
func (w *world) recorded(m *machine, x string) bool {
	if r, c := w.read(m, ""); c.valid() {
		if _, ok := r.Values[x]; ok {
			return true
		}
	}
	return slices.ContainsFunc(w.live(m), func(i *instance) bool { _, ok := i.state.Original[x]; return ok })
}

// nothingLost holds after whatever happened: of each value that we changed and did not put
// back, somebody still knows what was before.
func (w *world) nothingLost() {
	for _, m := range w.machines {
		journal, class := w.read(m, "")
		for _, x := range attributes {
			t := m.truth[x]
			item, ok := journal.Values[x]
			if t.touched && t.restored(m.values[x]) {
				t.touched = ok || !w.journal // it is as it was, and nobody has a claim to it any more
				t.allow(m.values[x].String())
				continue
			}
			t.excused = t.excused || t.letGo && !ok
			if !t.touched || t.excused {
				continue
			}
			if w.journal && class.valid() && ok && t.known(item.Original) {
				continue
			}
			stated := slices.ContainsFunc(w.live(m), func(i *instance) bool {
				original, ok := i.state.Original[x]
				return ok && t.known(original.String())
			})
			twin := slices.ContainsFunc(w.live(m), func(i *instance) bool { return i.loose && i.state.Owner == journal.Owner })
			if (!w.journal || m.byHand || twin) && stated { // two states of one owner undo each other
				continue
			}
			w.fail("%s of %s is %s and was %v before us, which nobody knows any more; its journal: %s", x, m.computer, m.values[x], t.before, m.journal)
		}
	}
}

// second is somebody who begins on a machine. Without a journal it takes for original
// what another of us has written: the loss that the docs name.
func (w *world) second(m *machine, s sight) {
	if s.class != none {
		return
	}
	if !w.journal && len(w.live(m)) > 0 {
		m.crowded = true
		for _, t := range m.truth {
			t.excused = true
		}
	}
	if w.journal && !m.byHand {
		return
	}
	for _, t := range m.truth {
		t.excused = t.excused || t.touched
	}
}

// heed lets a state have its say that may be out of date, or that is all there is.
func (w *world) heed(m *machine, i *instance, s sight) {
	if !i.loose && s.class != none {
		return
	}
	if i.old && w.journal && !i.loose && i.state.Memory.Journaled != nil {
		return
	}
	for x, original := range i.state.Original {
		m.truth[x].allow(original.String())
		m.truth[x].tried = m.truth[x].tried || i.wrote[x]
	}
}

// watch judges each write at the time that it is sent.
func (w *world) watch(h *wire, s *sight, desired tuning.Desired, owner func() string, into map[string]bool) {
	m := h.m
	h.check = func(step tuning.Step) {
		x := step.Parameter.Attribute
		number, ok := wanted(desired, x)
		sets := ok && step.To == number
		w.logf("    write %s: %s -> %s", x, m.values[x], step.To)
		if sets {
			if m.values[x] == step.To && !h.fired {
				w.fail("wrote %s though nothing differed", step)
			}
			m.truth[x].tried = true
			into[x] = true
		}
		if !settable(x, step.To) {
			w.fail("wrote %s, which cannot be", step)
		}
		if !w.journal {
			return
		}
		if !h.fresh {
			w.fail("the owner was not read again before the write of %s", step)
		}
		journal, class := w.read(m, owner())
		switch {
		case class == mine:
		case class == none && s.class == none && desired == nil: // a destroy writes no journal
			return
		default:
			w.fail("wrote %s while the journal was %s: %s", step, class, m.journal)
		}
		item, ok := journal.Values[x]
		if sets && (!ok || !m.truth[x].right(item.Original)) {
			w.fail("wrote %s while the journal did not say that it was %v: %s", step, m.truth[x].before, m.journal)
		}
	}
}

// settle lets land what was sent and has not arrived yet.
func (h *wire) settle() { h.land(math.MaxInt) }

func (w *world) untouched(h *wire, s sight, why string) {
	if len(h.writes) > 0 || h.journals > 0 || !maps.Equal(h.m.values, s.values) || h.m.journal != s.text {
		w.fail("%s, but something was written: %v, %d writes of the journal", why, h.writes, h.journals)
	}
}

// intended: the owner's journal names, as written, what was about to be written when
// something failed.
func (w *world) intended(h *wire, s sight, owner string, desired tuning.Desired, into map[string]bool) {
	journal, class := w.read(h.m, owner)
	if !w.journal || !h.fired || class != mine {
		return
	}
	for x, item := range journal.Values {
		if number, ok := wanted(desired, x); ok && item.Written != nil && s.values[x] != number {
			h.m.truth[x].tried, into[x] = true, true
		}
	}
}

// numbersAre compares what a call says with what is there. applied is what the ranges were
// set to, as far as it is known.
func (w *world) numbersAre(m *machine, r Resource, applied []tuning.Value, what string) {
	w.rangesAre(m, r, applied, what)
	for x := range r.Original {
		if isRange(x) {
			continue
		}
		_, ok := m.values[x].DWORD()
		have, stated := r.Numbers[x]
		if ok != stated || ok && m.values[x] != have {
			w.fail("%s: state says %s = %s (%t), the host has %s", what, x, have, stated, m.values[x])
		}
	}
	for x := range r.Numbers {
		if _, ok := r.Original[x]; !ok && x != range4And6 {
			w.fail("%s: state has %s, which is not managed", what, x)
		}
	}
}

func (w *world) originalsAre(m *machine, r Resource, what string) {
	w.pairIs(r, what)
	for x, original := range r.Original {
		if t := m.truth[x]; t.touched && !t.right(original.String()) {
			w.fail("%s: original says that %s was %s; it was %v", what, x, original, t.before)
		}
	}
}

// look is what an instance knows of the boot after a call that looked at the machine.
func (w *world) look(i *instance, m *machine, values tuning.Values) {
	if m.boot(w.now).Uptime < 0 && i.boot != m.boots && i.seen != nil {
		return // it cannot tell
	}
	seen := map[string]string{}
	for x := range i.state.Original {
		seen[x] = values[x].String()
		if kept, ok := i.seen[x]; ok && i.boot == m.boots {
			seen[x] = kept
		}
	}
	if i.boot != m.boots {
		i.vague = false
	}
	i.seen, i.boot = seen, m.boots
}

// pendingIs judges pending_restart.
func (w *world) pendingIs(m *machine, i *instance, what string) {
	if i.vague || m.unsure || i.boot != m.boots {
		return
	}
	want := []string{}
	for _, x := range attributes {
		if before, ok := i.seen[x]; ok && !isRange(x) && before != m.values[x].String() {
			want = append(want, x)
		}
	}
	if !slices.Equal(want, i.state.Pending) {
		w.fail("%s: pending_restart is %v, want %v (at the boot: %v)", what, i.state.Pending, want, i.seen)
	}
}

// released judges what became of a value that is no longer managed.
func (w *world) released(h *wire, s sight, i *instance, x string, onDestroy tuning.OnDestroy, forgotten bool) {
	t, now := s.truth[x], h.m.values[x]
	wrote := h.wrote(x)
	if _, managed := i.state.Original[x]; !managed { // what an earlier owner left is restored
		onDestroy = tuning.Restore
	}
	_, named := s.journal.Values[x]
	guess := forgotten && (s.class != mine || !named) // "then every managed value counts as written"
	tried := t.tried || guess || h.m.crowded || (i.loose && i.wrote[x])
	switch {
	case !tried && wrote:
		w.fail("%s was never written by us, yet its release wrote it", x)
	case onDestroy == tuning.Keep && wrote:
		w.fail("%s was to be kept, yet it was written", x)
	case onDestroy == tuning.WindowsDefault && t.touched && !t.excused && now != unset(x) && !guess:
		w.fail("%s was to be as Windows has it, but is %s", x, now)
	case onDestroy == tuning.Restore && t.touched && !t.restored(now):
		w.fail("%s was to be restored to %v, but is %s", x, t.before, now)
	}
}

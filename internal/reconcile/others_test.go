package reconcile

import (
	"context"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// quiet: where nobody is left, the next is the first again.
func (w *world) quiet() {
	for _, m := range w.machines {
		if m.crowded && len(w.live(m)) == 0 {
			m.crowded = false
			m.forget()
		}
	}
}

// losing puts another state file, or none, in the place of a resource's.
func (w *world) losing(r *resource, older *instance) {
	var at []*machine
	for _, i := range append([]*instance{r.current}, r.deposed...) {
		if i != nil {
			at = append(at, w.names[strings.ToLower(i.host)])
		}
	}
	r.current, r.deposed = nil, nil
	if older != nil {
		r.current = older.copied()
		r.current.loose, r.current.vague = true, true
		at = append(at, w.names[strings.ToLower(older.host)])
	}
	for _, m := range at {
		if _, class := w.read(m, ""); w.journal && class.valid() && !m.byHand {
			continue
		}
		for _, t := range m.truth {
			t.excused = t.excused || t.touched
		}
	}
}

// sameBytes: private state is written only where it says something else, since a refresh
// that changes it counts as a change.
func (w *world) sameBytes(i *instance) {
	if w.stopped || w.blurred || w.t == nil {
		return
	}
	m := w.names[strings.ToLower(i.host)]
	h := &wire{m: m, now: w.now.Add(7 * time.Second)}
	o, _ := w.call(h, func(ctx context.Context, r Reconciler) Outcome { return r.Read(ctx, clone(i.state)) })
	if o.Err != nil {
		w.fail("a second refresh failed: %v", o.Err)
	}
	if got, want := string(o.State.Memory.Bytes()), string(i.state.Memory.Bytes()); got != want {
		w.fail("a second refresh remembers %s, the first %s", got, want)
	}
}

// others act without us.
func (w *world) others(m *machine, action string) {
	t := w.t
	switch action {
	case "value":
		x := rapid.SampledFrom(attributes).Draw(t, "which")
		v := value(t, x)
		m.theirs(x, v, w.recorded(m, x))
		w.logf("  %s is now %s", x, v)
	case "reboot":
		w.now = w.now.Add(time.Hour)
		m.reboot(w.now)
	case "clock":
		m.offset += time.Duration(rapid.SampledFrom([]int{-9 * 60, -60, -1, 1, 60, 9 * 60}).Draw(t, "step")) * time.Minute
	case "upgrade":
		m.installed = m.installed.Add(time.Hour * 24 * 30)
		for _, t := range m.truth { // a journal that is gone and another InstallDate look like a new installation
			t.excused = t.excused || t.touched && m.byHand
		}
	case "reinstall":
		m.installed = m.installed.Add(time.Hour * 24 * 40)
		for _, x := range attributes {
			if m.values[x] = usual; !isRange(x) {
				m.values[x] = rapid.SampledFrom([]tuning.Value{tuning.Absent, tuning.Absent, tuning.Absent, tuning.DWORD(60), tuning.String("30")}).Draw(t, "new value")
			}
		}
		m.journal, m.byHand = "", false
		w.now = w.now.Add(time.Hour)
		m.reboot(w.now)
		m.forget()
		for _, i := range w.live(m) {
			i.old = true
		}
		w.outdate(m)
	case "clone":
		one, two := w.machines[0], w.machines[1]
		if len(w.live(two)) > 0 || (!usableUUID(one.uuid) || !usableUUID(two.uuid)) && one.computer == two.computer {
			return
		}
		two.values, two.journal, two.installed = one.snapshot(), one.journal, one.installed
		if rapid.Bool().Draw(t, "keeps its name") && usableUUID(one.uuid) && usableUUID(two.uuid) {
			two.computer = one.computer
		}
		two.byHand = false
		two.forget()
		w.outdate(two)
	case "journal deleted":
		w.spoil(m, "")
	case "journal spoilt":
		w.spoil(m, rapid.SampledFrom([]string{"garbage", "{}", `{"version":1}`, strings.Repeat("x", 70000)}).Draw(t, "garbage"))
	case "journal of a newer version":
		w.spoil(m, `{"version":2,"owner":"owner-of-the-future"}`)
	}
}

// outdate: states that were saved before a machine became another one are out of date.
func (w *world) outdate(m *machine) {
	for _, r := range w.resources {
		for _, i := range r.older {
			if w.names[strings.ToLower(i.host)] == m {
				i.old = true
			}
		}
	}
}

// spoil is somebody who removes a journal or writes something else in its place.
func (w *world) spoil(m *machine, text string) {
	if !w.journal || (m.journal == "" && text == "") {
		return
	}
	live := w.live(m)
	for x, t := range m.truth {
		known := len(live) == 1 && live[0].windows.Equal(m.installed) // else it looks installed anew
		if known {
			_, managed := live[0].state.Original[x]
			known = managed && live[0].wrote[x]
		}
		t.excused = t.excused || t.touched && !known
	}
	m.journal, m.byHand = text, true
}

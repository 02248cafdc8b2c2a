package reconcile

import (
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// What becomes of a journal when the machine around it changes, or a reply about it
// is lost.

// The same Windows on other hardware, upgraded too: the journal names our owner, so
// nothing was installed anew. Its originals count, and it goes with the destroy.
func TestOnOtherHardware(t *testing.T) {
	for _, refreshed := range []bool{true, false} {
		m := desk("ours", nil)
		state := held(m)
		m.uuid = there
		m.installed = m.installed.Add(500 * time.Hour)
		if refreshed {
			h, ctx := wired(m)
			o := at(h).Read(ctx, state)
			if o.Err != nil || o.State.Memory.Stale || len(o.Warnings) != 1 {
				t.Fatalf("refresh: %+v", o)
			}
			h, ctx = wired(m)
			u := at(h).Update(ctx, *o.State, tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore)
			if u.Err != nil || u.State.Original[delayed] != tuning.DWORD(240) {
				t.Fatalf("update: %+v", u)
			}
			state = *u.State
		}
		h, ctx := wired(m)
		if o := at(h).Delete(ctx, state, tuning.Restore); o.Err != nil || m.values[delayed] != tuning.DWORD(240) || m.journal != "" {
			t.Errorf("refreshed %t: %v, the host has %s and the journal %q", refreshed, o.Err, m.values[delayed], m.journal)
		}
	}
}

// A create that fails puts the journal back that it found, also a clone's: it may be
// all that is known of before. What was to be said of it is said beside the error.
func TestAFailedCreateLeavesAClonesJournal(t *testing.T) {
	m := desk("theirs", func(j *tuning.Journal) { j.Machine.UUID = there; j.Original[delayed] = tuning.DWORD(77) })
	before := m.journal
	failed := 0
	for n := range 12 {
		m.journal, m.values[delayed] = before, tuning.DWORD(30)
		m.forget()
		h, ctx := wired(m, fault{at: n, kind: isRefused})
		o := at(h).Create(ctx, tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore)
		if o.Err == nil || o.State != nil {
			continue
		}
		failed++
		if m.journal != before {
			t.Errorf("refused at call %d: the journal is %q", n, m.journal)
		}
		if len(h.log) > 0 && m.values[delayed] != tuning.DWORD(30) {
			t.Errorf("refused at call %d: the host has %s", n, m.values[delayed])
		}
		if n > 5 && (len(o.Warnings) == 0 || !strings.Contains(o.Warnings[0].Detail, "REG_DWORD 77")) {
			t.Errorf("refused at call %d: warnings %v", n, o.Warnings)
		}
	}
	if failed < 5 {
		t.Errorf("only %d creates failed", failed)
	}
}

// The reply to the journal's removal is lost: a look tells that it is gone.
func TestRemovalWhoseReplyIsLost(t *testing.T) {
	lost := 0
	for n := range 14 {
		m := desk("ours", nil)
		h, ctx := wired(m, fault{at: n, kind: isLost})
		o := at(h).Delete(ctx, held(m), tuning.Restore)
		if m.journal != "" || !strings.Contains(strings.Join(h.log, " "), "RemoveJournal") {
			continue
		}
		lost++
		if o.Err != nil {
			t.Errorf("lost at call %d: %v", n, o.Err)
		}
	}
	if lost == 0 {
		t.Error("no removal lost its reply")
	}
}

// Whatever turns up in the journal's place before the first write, the error says
// what to do.
func TestWayOutOfWhatTheGuardFinds(t *testing.T) {
	for want, change := range map[string]func(m *machine){
		"-replace": func(m *machine) {
			journal, err := tuning.ParseJournal(m.journal)
			if err != nil {
				t.Fatal(err)
			}
			journal.Owner = "theirs"
			m.journal = journal.Text()
		},
		"reg delete": func(m *machine) { m.journal = "garbage" },
	} {
		m := desk("ours", nil)
		h, ctx := wired(m)
		looks := 0
		h.onLook = func() {
			if looks++; looks == 2 {
				change(m)
			}
		}
		o := at(h).Update(ctx, held(m), tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore)
		if o.Err == nil {
			t.Fatalf("%s: the update went through", want)
		}
		if text := o.Err.Error() + strings.Join(o.Notes, " "); !strings.Contains(text, want) || len(h.writes) != 0 {
			t.Errorf("the error lacks %q, or there was a write (%v): %s", want, h.writes, text)
		}
	}
}

// A machine that is being set up is restarted within minutes of its first start.
func TestTwoStartsWithinMinutes(t *testing.T) {
	m := newMachine("MAIL01", here, noon)
	m.booted = noon.Add(-time.Minute)
	h, ctx := wired(m)
	o := at(h).Create(ctx, tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore)
	if o.Err != nil || len(o.State.Pending) != 1 {
		t.Fatalf("create: %+v", o)
	}
	m.reboot(noon.Add(2 * time.Minute))
	for _, later := range []time.Duration{5 * time.Minute, 100 * 24 * time.Hour} {
		h, ctx := wired(m)
		h.now = noon.Add(later)
		r := at(h)
		r.Now = func() time.Time { return noon.Add(later) }
		if x := r.Read(ctx, *o.State); x.Err != nil || len(x.State.Pending) != 0 {
			t.Errorf("%s later: %+v", later, x)
		}
	}
}

// A reply about the journal that is lost at the beginning leaves the time for undoing
// whole.
func TestALostReplyDoesNotStartTheClockOfUndoing(t *testing.T) {
	lost := 0
	for n := range 10 {
		m := desk("ours", nil)
		h, ctx := wired(m, fault{at: n, kind: isLost})
		r := at(h)
		s, err := r.look(ctx)
		if err != nil {
			continue
		}
		claim, err := tuning.ClaimUpdate(tuning.Stake{Owner: "ours", Original: held(m).Original, Memory: held(m).Memory}, s.found, s.machine)
		if err != nil {
			t.Fatal(err)
		}
		found := tuning.Values{delayed: tuning.DWORD(30)}
		plan, err := tuning.Apply(found, tuning.Desired{delayed: tuning.DWORD(60)}, claim.Prior, tuning.Restore)
		if err != nil {
			t.Fatal(err)
		}
		w := r.newWork(s, claim, plan, found, tuning.Desired{delayed: tuning.DWORD(60)}, "ours")
		if err := w.put(ctx, w.ahead()); err != nil || !h.fired {
			continue
		}
		lost++
		if !w.settled.IsZero() {
			t.Errorf("lost at call %d: undoing may take until %s", n, w.settled)
		}
	}
	if lost == 0 {
		t.Error("no journal lost its reply")
	}
}

// The provider dies in the update that lets a value go, the user takes the change back:
// what was there before the value is still put back by a destroy.
func TestAReleaseThatIsTakenBackAfterAKill(t *testing.T) {
	killed := 0
	for n := range 14 {
		m := desk("ours", func(j *tuning.Journal) { j.Original[ports], j.Written[ports] = tuning.DWORD(5000), tuning.DWORD(65534) })
		m.values[ports] = tuning.DWORD(65534)
		state := held(m)
		state.Original[ports], state.Memory.Written[ports], state.Numbers[ports] = tuning.DWORD(5000), tuning.DWORD(65534), tuning.DWORD(65534)
		h, ctx := wired(m, fault{at: n, kind: isDoneKilled})
		func() {
			defer func() {
				if recover() != nil {
					killed++
					state.Memory = tuning.Memory{}
				}
			}()
			at(h).Update(ctx, state, tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Keep)
		}()
		if state.Memory.Written != nil {
			continue // it was not killed: the value is let go for good
		}
		h, ctx = wired(m)
		u := at(h).Update(ctx, state, tuning.Desired{delayed: tuning.DWORD(30), ports: tuning.DWORD(65534)}, tuning.Restore)
		if u.Err != nil {
			t.Fatal(u.Err)
		}
		h, ctx = wired(m)
		if d := at(h).Delete(ctx, *u.State, tuning.Restore); d.Err != nil || m.values[ports] != tuning.DWORD(5000) {
			t.Errorf("killed at call %d: %v, MaxUserPort is %s", n, d.Err, m.values[ports])
		}
	}
	if killed < 8 {
		t.Errorf("killed %d times", killed)
	}
}

// Terraform lost what it remembered, and there is no journal: what an update wrote last
// may land when the new journal is written already, which must not say "never written" of it.
func TestALateWriteAfterALostMemory(t *testing.T) {
	late := 0
	for n := range 12 {
		m := desk("ours", nil)
		m.journal, m.values[delayed] = "", tuning.DWORD(240)
		state := held(m)
		state.Memory = tuning.Memory{}
		h, ctx := wired(m, fault{at: n, kind: isLate, delay: 100})
		o := at(h).Update(ctx, state, tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore)
		if o.Err == nil || o.State == nil || len(h.landings) == 0 || !h.wrote(delayed) {
			continue
		}
		late++
		h.settle()
		h, ctx = wired(m)
		if d := at(h).Delete(ctx, clone(*o.State), tuning.Restore); d.Err != nil || m.values[delayed] != tuning.DWORD(240) {
			t.Errorf("late at call %d: %v, the host has %s", n, d.Err, m.values[delayed])
		}
	}
	if late == 0 {
		t.Error("no write landed late")
	}
}

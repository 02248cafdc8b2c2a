package reconcile

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// stubborn reports every write as done, and keeps what it has, as a host does on which a
// policy puts its own number back.
type stubborn struct{ *wire }

func (stubborn) WriteTuning(context.Context, tuning.Step) error { return nil }

// What was written is read back and compared: nothing is taken for done because the host
// said so, and state holds what is there.
func TestAHostThatDoesNotKeepWhatIsWritten(t *testing.T) {
	for _, operation := range []string{"create", "update", "destroy"} {
		m := desk("ours", nil)
		h, ctx := wired(m)
		r := at(h)
		r.Host = stubborn{h}
		o := operate(ctx, r, held(m), operation)
		var mismatch *tuning.MismatchError
		if !errors.As(o.Err, &mismatch) || mismatch.Got != tuning.DWORD(30) {
			t.Errorf("%s: %v, want a mismatch that says what was read back", operation, o.Err)
		}
		if m.journal == "" {
			t.Errorf("%s removed the journal, and nothing is restored", operation)
		}
		if operation == "update" && (o.State == nil || !maps.Equal(o.State.Numbers, tuning.Desired{delayed: tuning.DWORD(30)})) {
			t.Errorf("state is %+v, want what was read back", o.State)
		}
	}
}

// guarded is a machine whose values cannot be changed, and that keeps what the journal
// said when somebody tried.
type guarded struct {
	*wire
	before *string
}

func (g guarded) WriteTuning(_ context.Context, step tuning.Step) error {
	*g.before = g.m.journal
	return &tuning.WriteError{Step: step, Err: errors.New("access denied")}
}

// Terraform lost what it remembered of our writes, and there is no journal: then what is
// not as it was before us was written by us, and the new journal says so, before the
// first write and after one that failed. Else nobody would restore it.
func TestALostMemoryGoesIntoTheJournalAsWritten(t *testing.T) {
	m := desk("ours", nil)
	m.journal, m.values[ports] = "", tuning.DWORD(5000)
	state := held(m)
	state.Original[ports], state.Numbers[ports], state.Memory = tuning.Absent, tuning.DWORD(5000), tuning.Memory{}
	h, ctx := wired(m)
	r, before := at(h), ""
	r.Host = guarded{h, &before}
	o := r.Update(ctx, state, tuning.Desired{delayed: tuning.DWORD(30)}, tuning.Restore)
	if o.Err == nil || before == "" {
		t.Fatalf("%v, the journal was %q", o.Err, before)
	}
	for when, text := range map[string]string{"before the write": before, "after it": m.journal} {
		journal, err := tuning.ParseJournal(text)
		if want := (tuning.Desired{delayed: tuning.DWORD(30), ports: tuning.DWORD(5000)}); err != nil || !maps.Equal(journal.Written, want) {
			t.Errorf("%s the journal says that %v was written (%v), want %v", when, journal.Written, err, want)
		}
	}
}

// An update after a new installation wrote the journal and got no further: what it says
// of before is true, and what state says is of the earlier Windows.
func TestOurOwnJournalCountsMoreThanState(t *testing.T) {
	for _, operation := range []string{"update", "destroy"} {
		m := desk("ours", func(j *tuning.Journal) { j.Original[delayed] = tuning.DWORD(120) })
		state := held(m) // says 240
		state.Memory.Stale = true
		h, ctx := wired(m)
		o := operate(ctx, at(h), state, operation)
		switch {
		case o.Err != nil:
			t.Errorf("%s: %v", operation, o.Err)
		case operation == "update" && o.State.Original[delayed] != tuning.DWORD(120):
			t.Errorf("an update says that it was %s before", o.State.Original[delayed])
		case operation == "destroy" && m.values[delayed] != tuning.DWORD(120):
			t.Errorf("a destroy restored %s", m.values[delayed])
		}
	}
}

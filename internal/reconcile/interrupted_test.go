package reconcile

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// Ctrl-C after the first write: what was written is taken back, or read back, all the same.
func TestCtrlC(t *testing.T) {
	both := tuning.Desired{delayed: tuning.DWORD(60), ports: tuning.DWORD(5000)}
	t.Run("create", func(t *testing.T) {
		m := newMachine("MAIL01", here, noon)
		h, ctx := wired(m)
		h.stopAfter = 1
		o := at(h).Create(ctx, both, tuning.Restore)
		if !errors.Is(o.Err, context.Canceled) || o.State != nil || m.values[delayed].Present || m.journal != "" {
			t.Errorf("%v, state %v, host %v, journal %q", o.Err, o.State, m.values, m.journal)
		}
		if len(h.writes) != 2 {
			t.Errorf("wrote %v, want one value and its undoing", h.writes)
		}
	})
	t.Run("update", func(t *testing.T) {
		m := desk("ours", nil)
		h, ctx := wired(m)
		h.stopAfter = 1
		o := at(h).Update(ctx, held(m), both, tuning.Restore)
		if !errors.Is(o.Err, context.Canceled) || o.State == nil {
			t.Fatalf("%v, state %v", o.Err, o.State)
		}
		if want := (tuning.Desired{delayed: tuning.DWORD(60)}); !maps.Equal(o.State.Numbers, want) || len(o.State.Original) != 1 {
			t.Errorf("state has %v (original %v), want what was read back: %v", o.State.Numbers, o.State.Original, want)
		}
	})
	t.Run("destroy", func(t *testing.T) {
		m := desk("ours", func(j *tuning.Journal) {
			j.Original[ports], j.Written[ports] = tuning.Absent, tuning.DWORD(5000)
		})
		m.values[ports] = tuning.DWORD(5000)
		state := held(m)
		state.Original[ports], state.Memory.Written[ports] = tuning.Absent, tuning.DWORD(5000)
		h, ctx := wired(m)
		h.stopAfter = 1
		if o := at(h).Delete(ctx, state, tuning.Restore); !errors.Is(o.Err, context.Canceled) || m.journal == "" {
			t.Errorf("%v, journal %q", o.Err, m.journal)
		}
		h, ctx = wired(m)
		if o := at(h).Delete(ctx, state, tuning.Restore); o.Err != nil || m.values[ports].Present || m.values[delayed] != tuning.DWORD(240) || m.journal != "" {
			t.Errorf("the second destroy: %v, host %v, journal %q", o.Err, m.values, m.journal)
		}
	})
}

// Another owner comes between two writes: ours is not written any more, nor anything taken
// back, nor the journal removed.
func TestOwnerChangesBetweenWrites(t *testing.T) {
	for _, operation := range []string{"create", "update", "destroy"} {
		for turn := range 4 { // before the first, second … look at the journal
			m := desk("ours", func(j *tuning.Journal) {
				j.Original[ports], j.Written[ports] = tuning.Absent, tuning.DWORD(5000)
			})
			m.values[ports] = tuning.DWORD(5000)
			state := held(m)
			state.Original[ports], state.Memory.Written[ports] = tuning.Absent, tuning.DWORD(5000)
			h, ctx := wired(m)
			theirs, wrote, looks, values := "", 0, 0, tuning.Values{}
			h.onLook = func() {
				looks++
				if looks != turn+1 {
					return
				}
				j, err := tuning.ParseJournal(m.journal)
				if err != nil {
					t.Fatalf("no journal for another to take over: %v", err)
				}
				j.Owner = "theirs"
				m.journal = j.Text()
				theirs, wrote, values = m.journal, len(h.writes), maps.Clone(m.values)
			}
			o := Outcome{}
			both := tuning.Desired{delayed: tuning.DWORD(60), ports: tuning.DWORD(65534)}
			switch operation {
			case "create":
				o = at(h).Create(ctx, both, tuning.Restore)
			case "update":
				o = at(h).Update(ctx, state, both, tuning.Restore)
			default:
				o = at(h).Delete(ctx, state, tuning.Restore)
			}
			if looks <= turn {
				t.Fatalf("%s looked at the journal %d times only", operation, looks)
			}
			if turn == 0 && operation != "update" {
				continue // they were there before; TestJournals has these
			}
			late := operation == "destroy" && turn == 3 // all is released; only the journal is theirs now
			if (o.Err == nil) != late || len(h.writes) != wrote || m.journal != theirs || !maps.Equal(values, m.values) {
				t.Errorf("%s, another before look %d: error %v, %d writes after, journal %s, host %v", operation, turn+1, o.Err, len(h.writes)-wrote, m.journal, m.values)
			}
			if operation == "create" && o.State != nil {
				t.Errorf("a create that lost its host left state %v", o.State)
			}
		}
	}
}

// Windows that was installed anew: without a refresh an update refuses, with one it takes
// what it finds, and a destroy leaves everything.
func TestInstalledAnew(t *testing.T) {
	anew := func() (*machine, Resource) {
		m := desk("ours", nil)
		state := held(m)
		m.installed = m.installed.Add(720 * time.Hour)
		m.journal, m.values[delayed] = "", tuning.DWORD(120)
		return m, state
	}
	m, state := anew()
	h, ctx := wired(m)
	if o := at(h).Update(ctx, state, tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore); !errors.Is(o.Err, ErrStale) || len(h.writes)+h.journals > 0 {
		t.Errorf("without a refresh: %v, wrote %v", o.Err, h.writes)
	}
	o := at(h).Read(ctx, state)
	if o.Err != nil || len(o.Warnings) != 1 {
		t.Fatalf("refresh: %v, %v", o.Err, o.Warnings)
	}
	o = at(h).Update(ctx, *o.State, tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore)
	if o.Err != nil || o.State.Original[delayed] != tuning.DWORD(120) || len(o.Warnings) != 1 {
		t.Errorf("after a refresh: %v, original %v, %v", o.Err, o.State, o.Warnings)
	}
	m, state = anew()
	h, ctx = wired(m)
	if o := at(h).Delete(ctx, state, tuning.Restore); o.Err != nil || len(h.writes) > 0 || len(o.Warnings) != 1 {
		t.Errorf("destroy: %v, wrote %v, %v", o.Err, h.writes, o.Warnings)
	}
	m, state = anew() // an upgrade in place keeps the journal: nothing changes
	m.journal = desk("ours", nil).journal
	h, ctx = wired(m)
	if o := at(h).Update(ctx, state, tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore); o.Err != nil || o.State.Original[delayed] != tuning.DWORD(240) {
		t.Errorf("after an upgrade in place: %v, %v", o.Err, o.State)
	}
}

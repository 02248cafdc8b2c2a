package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

const (
	delayed = "tcp_timed_wait_delay"
	ports   = "max_user_port"
	here    = "4C4C4544-0042-3510-8052-B4C04F4D3132"
	there   = "4C4C4544-0042-3510-8052-B4C04F4D3133"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// desk is a machine on which one resource, "ours", has made 30 of 240, or somebody else has.
func desk(owner string, change func(*tuning.Journal)) *machine {
	m := newMachine("MAIL01", here, noon)
	m.values[delayed] = tuning.DWORD(30)
	j := tuning.Journal{Owner: owner, Since: noon, Machine: tuning.Machine{UUID: here, Computer: "MAIL01", Installed: m.installed},
		Original: tuning.Values{delayed: tuning.DWORD(240)}, Written: tuning.Values{delayed: tuning.DWORD(30)}}
	if change != nil {
		change(&j)
	}
	m.journal = j.Text()
	return m
}

// held is our state of it.
func held(m *machine) Resource {
	installed := m.installed
	return Resource{Owner: "ours", Original: tuning.Values{delayed: tuning.DWORD(240)}, Numbers: tuning.Desired{delayed: tuning.DWORD(30)},
		Memory: tuning.Memory{Written: tuning.Values{delayed: tuning.DWORD(30)}, Journaled: &installed}}
}

func at(h *wire) Reconciler {
	return Reconciler{Host: h, Journal: true, Now: func() time.Time { return noon }, NewOwner: func() string { return "new" }, Log: silent}
}

// silent is a log that nobody reads.
func silent(context.Context, string) {}

func wired(m *machine, faults ...fault) (*wire, context.Context) {
	ctx, stop := context.WithCancel(context.Background())
	return &wire{m: m, now: noon, stop: stop, faults: faults}, ctx
}

// What each operation does with each thing that may be in the journal's place.
func TestJournals(t *testing.T) {
	journals := map[string]func() *machine{
		"none":      func() *machine { m := desk("ours", nil); m.journal = ""; return m },
		"ours":      func() *machine { return desk("ours", nil) },
		"another's": func() *machine { return desk("theirs", nil) },
		"a clone's": func() *machine {
			return desk("theirs", func(j *tuning.Journal) {
				j.Machine.UUID, j.Original = there, tuning.Values{delayed: tuning.DWORD(77)}
			})
		},
		"half-written":    func() *machine { m := desk("ours", nil); m.journal = ""; return m }, // the key, and no value in it
		"renamed machine": func() *machine { return desk("ours", func(j *tuning.Journal) { j.Machine.Computer = "OLDNAME" }) },
		"no UUID, another name": func() *machine {
			return desk("ours", func(j *tuning.Journal) { j.Machine.UUID, j.Machine.Computer = "", "OTHER" })
		},
		"newer": func() *machine {
			m := desk("ours", nil)
			m.journal = strings.Replace(m.journal, `"version":1`, `"version":2`, 1)
			return m
		},
		"garbage": func() *machine { m := desk("ours", nil); m.journal = "garbage"; return m },
	}
	// The outcome in words: error kind or "ok", then what is on the host, the journal's owner and
	// the original in it, and of state its owner and original.
	for _, c := range []struct{ journal, operation, want string }{
		{"none", "create", "ok; host 60; journal new REG_DWORD 30; state new REG_DWORD 30; warned false"},
		{"ours", "create", "ok; host 60; journal new REG_DWORD 240; state new REG_DWORD 240; warned true"},
		{"another's", "create", "ok; host 60; journal new REG_DWORD 240; state new REG_DWORD 240; warned true"},
		{"a clone's", "create", "ok; host 60; journal new REG_DWORD 30; state new REG_DWORD 30; warned true"},
		{"half-written", "create", "ok; host 60; journal new REG_DWORD 30; state new REG_DWORD 30; warned false"},
		{"renamed machine", "create", "ok; host 60; journal new REG_DWORD 240; state new REG_DWORD 240; warned true"},
		{"no UUID, another name", "create", "unusable; host 30; journal untouched; no state; warned false"},
		{"newer", "create", "unusable; host 30; journal untouched; no state; warned false"},
		{"garbage", "create", "unusable; host 30; journal untouched; no state; warned false"},

		{"none", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},
		{"ours", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned false"},
		{"another's", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},
		{"a clone's", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},
		{"half-written", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},
		{"renamed machine", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned false"},
		{"no UUID, another name", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},
		{"newer", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},
		{"garbage", "refresh", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},

		{"none", "update", "ok; host 60; journal ours REG_DWORD 240; state ours REG_DWORD 240; warned true"},
		{"ours", "update", "ok; host 60; journal ours REG_DWORD 240; state ours REG_DWORD 240; warned false"},
		{"another's", "update", "another owner; host 30; journal untouched; no state; warned false"},
		{"a clone's", "update", "ok; host 60; journal ours REG_DWORD 240; state ours REG_DWORD 240; warned true"},
		{"half-written", "update", "ok; host 60; journal ours REG_DWORD 240; state ours REG_DWORD 240; warned true"},
		{"renamed machine", "update", "ok; host 60; journal ours REG_DWORD 240; state ours REG_DWORD 240; warned false"},
		{"no UUID, another name", "update", "unusable; host 30; journal untouched; no state; warned false"},
		{"newer", "update", "unusable; host 30; journal untouched; no state; warned false"},
		{"garbage", "update", "unusable; host 30; journal untouched; no state; warned false"},

		{"none", "destroy", "ok; host 240; journal gone; no state; warned true"},
		{"ours", "destroy", "ok; host 240; journal gone; no state; warned false"},
		{"another's", "destroy", "ok; host 30; journal untouched; no state; warned true"},
		{"half-written", "destroy", "ok; host 240; journal gone; no state; warned true"},
		{"renamed machine", "destroy", "ok; host 240; journal gone; no state; warned false"},
		{"no UUID, another name", "destroy", "unusable; host 30; journal untouched; no state; warned false"},
		{"newer", "destroy", "unusable; host 30; journal untouched; no state; warned false"},
		{"garbage", "destroy", "unusable; host 30; journal untouched; no state; warned false"},

		{"none", "import", "ok; host 30; journal untouched; state new REG_DWORD 30; warned false"},
		{"ours", "import", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},
		{"another's", "import", "ok; host 30; journal untouched; state theirs REG_DWORD 240; warned true"},
		{"a clone's", "import", "ok; host 30; journal untouched; state new REG_DWORD 30; warned true"},
		{"half-written", "import", "ok; host 30; journal untouched; state new REG_DWORD 30; warned false"},
		{"renamed machine", "import", "ok; host 30; journal untouched; state ours REG_DWORD 240; warned true"},
		{"no UUID, another name", "import", "unusable; host 30; journal untouched; no state; warned false"},
		{"newer", "import", "unusable; host 30; journal untouched; no state; warned false"},
		{"garbage", "import", "unusable; host 30; journal untouched; no state; warned false"},
	} {
		t.Run(c.operation+" with journal "+c.journal, func(t *testing.T) {
			m := journals[c.journal]()
			before := m.journal
			h, ctx := wired(m)
			o := operate(ctx, at(h), held(m), c.operation)
			if got := inWords(m, before, o); got != c.want {
				t.Errorf("got  %s\nwant %s\n%v", got, c.want, o.Err)
			}
		})
	}
}

func operate(ctx context.Context, r Reconciler, state Resource, operation string) Outcome {
	desired := tuning.Desired{delayed: tuning.DWORD(60)}
	switch operation {
	case "create":
		return r.Create(ctx, desired, tuning.Restore)
	case "refresh":
		return r.Read(ctx, state)
	case "update":
		return r.Update(ctx, state, desired, tuning.Restore)
	case "destroy":
		return r.Delete(ctx, state, tuning.Restore)
	}
	return r.Import(ctx)
}

func inWords(m *machine, before string, o Outcome) string {
	kind := "ok"
	var unusable *tuning.UnusableJournalError
	var another *tuning.AnotherOwnerError
	switch {
	case errors.As(o.Err, &unusable):
		kind = "unusable"
	case errors.As(o.Err, &another):
		kind = "another owner"
	case o.Err != nil:
		kind = o.Err.Error()
	}
	journal := "untouched"
	if m.journal == "" {
		journal = "gone"
	}
	if m.journal == before && before == "" && o.State != nil {
		journal = "untouched"
	}
	if m.journal != before && m.journal != "" {
		j, err := tuning.ParseJournal(m.journal)
		journal = fmt.Sprintf("%s %s", j.Owner, j.Original[delayed])
		if err != nil || j.Machine.UUID != here || j.Machine.Computer != "MAIL01" {
			journal = "wrong: " + m.journal
		}
	}
	state := "no state"
	if o.State != nil {
		state = fmt.Sprintf("state %s %s", o.State.Owner, o.State.Original[delayed])
	}
	number, _ := m.values[delayed].DWORD()
	return fmt.Sprintf("%s; host %d; journal %s; %s; warned %t", kind, number, journal, state, len(o.Warnings) > 0)
}

// Without the setting the host's journal is neither read nor written.
func TestJournalOff(t *testing.T) {
	for _, operation := range []string{"create", "refresh", "update", "destroy", "import"} {
		m := desk("theirs", nil)
		before := m.journal
		h, ctx := wired(m)
		r := at(h)
		r.Journal = false
		o := operate(ctx, r, held(m), operation)
		if o.Err != nil || m.journal != before || h.journals > 0 || h.looks > 0 {
			t.Errorf("%s: %v, %d looks, %d writes, journal %s", operation, o.Err, h.looks, h.journals, m.journal)
		}
	}
}

// A journal that cannot be written stops everything before the first value.
func TestUnwritableJournal(t *testing.T) {
	for _, operation := range []string{"create", "update"} {
		m := desk("ours", nil)
		m.journal = ""
		values := maps.Clone(m.values)
		h, ctx := wired(m)
		h.sealed = true
		o := operate(ctx, at(h), held(m), operation)
		if o.Err == nil || len(h.writes) > 0 || !maps.Equal(values, m.values) || o.State != nil {
			t.Errorf("%s: %v, wrote %v, state %v", operation, o.Err, h.writes, o.State)
		}
	}
}

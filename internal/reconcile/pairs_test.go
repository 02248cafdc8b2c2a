package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// The two ranges of a transport, which one argument sets, when something happens between them.

var (
	narrow = span(20000, 10000)
	wide   = span(1025, 64510)
)

// pairs is a machine on which ours has set the ranges to narrow; before they were as given.
func pairs(t *testing.T, four, six tuning.Value) (*machine, Resource) {
	t.Helper()
	m := newMachine("MAIL01", here, noon)
	m.values[ipv4], m.values[ipv6] = four, six
	h, ctx := wired(m)
	o := at(h).Create(ctx, tuning.Desired{delayed: tuning.DWORD(60), range4And6: narrow}, tuning.Restore)
	if o.Err != nil {
		t.Fatal(o.Err)
	}
	return m, clone(*o.State)
}

// refreshed is what a refresh makes of a state.
func refreshed(t *testing.T, m *machine, state Resource) Outcome {
	t.Helper()
	h, ctx := wired(m)
	o := at(h).Read(ctx, clone(state))
	if o.Err != nil {
		t.Fatal(o.Err)
	}
	return o
}

// State takes the family that is not as it was applied, in every refresh, and the next update
// sets both though the other one needs no write.
func TestOneFamilyThatOthersChanged(t *testing.T) {
	for _, x := range []string{ipv4, ipv6} {
		m, state := pairs(t, usual, usual)
		m.values[x] = wide
		for range 3 {
			o := refreshed(t, m, state)
			if got := o.State.Numbers[range4And6]; got != wide || !o.told("different dynamic port ranges") || !slices.Equal(o.State.Memory.Differ, []string{range4And6}) {
				t.Errorf("%s is %s: state says %s, memory %v, warnings %v", x, wide, got, o.State.Memory.Differ, o.Warnings)
			}
			state = *o.State
		}
		h, ctx := wired(m)
		u := at(h).Update(ctx, state, tuning.Desired{delayed: tuning.DWORD(60), range4And6: narrow}, tuning.Restore)
		if u.Err != nil || len(h.writes) != 1 || !h.wrote(x) || m.values[ipv4] != narrow || m.values[ipv6] != narrow || u.State.Memory.Differ != nil {
			t.Errorf("%s: %v, wrote %v, the host has %v", x, u.Err, h.writes, m.values)
		}
	}
}

// Others set one family to what the configuration then says for both: state can show no
// difference, but memory says that there is one, and the update that it leads to sets the other.
func TestOneFamilyIsAlreadyAsConfigured(t *testing.T) {
	m, state := pairs(t, usual, usual)
	m.values[ipv4] = wide
	o := refreshed(t, m, state)
	h, ctx := wired(m)
	u := at(h).Update(ctx, *o.State, tuning.Desired{delayed: tuning.DWORD(60), range4And6: wide}, tuning.Restore)
	if len(o.State.Memory.Differ) != 1 || u.Err != nil || m.values[ipv6] != wide || len(h.writes) != 1 {
		t.Errorf("memory %v; %v, wrote %v", o.State.Memory.Differ, u.Err, h.writes)
	}
}

// An update that failed, or was killed, between the two: whether the user goes on or takes
// his change back, the plan has something to show.
func TestAnUpdateThatStopsBetweenTheFamilies(t *testing.T) {
	for _, kind := range []string{isRefused, isSilent, isKilled, isCancelled} {
		m, state := pairs(t, usual, usual)
		h, ctx := wired(m, fault{on: ipv6, kind: kind})
		if kind == isCancelled { // while IPv4 is written
			h.faults[0].on = ipv4
		}
		func() {
			defer func() {
				if recover() != nil {
					state.Memory = tuning.Memory{}
				}
			}()
			o := at(h).Update(ctx, clone(state), tuning.Desired{delayed: tuning.DWORD(60), range4And6: wide}, tuning.Restore)
			if o.Err == nil || o.State == nil {
				t.Fatalf("%s: %v", kind, o.Err)
			}
			state = clone(*o.State)
		}()
		if m.values[ipv4] != wide || m.values[ipv6] != narrow {
			t.Fatalf("%s: the host has %v", kind, m.values)
		}
		o := refreshed(t, m, state)
		if got, shown := o.State.Numbers[range4And6]; shown || !o.told("State shows none") {
			t.Errorf("%s: state says %s; %v", kind, got, o.Warnings)
		}
	}
}

// A release that stops between the two leaves both managed, ours, and with what was before.
func TestAReleaseThatStopsBetweenTheFamilies(t *testing.T) {
	for _, onDestroy := range []tuning.OnDestroy{tuning.Restore, tuning.WindowsDefault} {
		m, state := pairs(t, wide, wide)
		h, ctx := wired(m, fault{on: ipv6, kind: isRefused})
		o := at(h).Update(ctx, state, tuning.Desired{delayed: tuning.DWORD(60)}, onDestroy)
		if o.Err == nil || o.State == nil || m.values[ipv4] == narrow || m.values[ipv6] != narrow {
			t.Fatalf("%s: %v, the host has %v", onDestroy, o.Err, m.values)
		}
		if o.State.Original[ipv4] != wide || o.State.Original[ipv6] != wide {
			t.Errorf("%s: original %v", onDestroy, o.State.Original)
		}
		h, ctx = wired(m)
		if d := at(h).Delete(ctx, clone(*o.State), tuning.Restore); d.Err != nil || m.values[ipv4] != wide || m.values[ipv6] != wide || m.journal != "" {
			t.Errorf("%s: the destroy: %v, the host has %v", onDestroy, d.Err, m.values)
		}
	}
}

// A create that stops between the two takes the first back, and says where that is not quite
// what was before.
func TestACreateThatStopsBetweenTheFamilies(t *testing.T) {
	for _, c := range []struct{ before, to, after tuning.Value }{
		{usual, narrow, usual}, {span(1024, 64511), narrow, wide}, {span(1024, 64511), wide, wide},
	} {
		m := newMachine("MAIL01", here, noon)
		m.values[ipv4] = c.before
		h, ctx := wired(m, fault{on: ipv6, kind: isRefused})
		o := at(h).Create(ctx, tuning.Desired{range4And6: c.to}, tuning.Restore)
		if o.Err == nil || o.State != nil || m.values[ipv4] != c.after || m.values[ipv6] != usual || m.journal != "" {
			t.Errorf("%s: %v, state %v, the host has %v", c.before, o.Err, o.State, m.values)
		}
		if exact := c.before == c.after; exact != o.told("the host is as it was") || exact == o.told("was 1024+64511, which netsh cannot set; it is 1025+64510 now") {
			t.Errorf("%s: %v", c.before, o.Notes)
		}
	}
}

// A start of 1024 is an original: said at the takeover, and on destroy the nearest is set.
func TestAStartOf1024(t *testing.T) {
	m := newMachine("MAIL01", here, noon)
	m.values[ipv4], m.values[ipv6] = span(1024, 64511), span(1024, 64511)
	h, ctx := wired(m)
	o := at(h).Create(ctx, tuning.Desired{range4And6: narrow}, tuning.Restore)
	if o.Err != nil || o.State.Original[ipv4].String() != "1024+64511" || !o.told("(IPv4) was 1024+64511, which netsh cannot set") || !o.told("the nearest, 1025+64510") || !strings.Contains(m.journal, `"1024+64511"`) {
		t.Fatalf("%v, %v, journal %s", o.Err, o.Warnings, m.journal)
	}
	m.values[ipv6] = span(1024, 64511) // as a restart by MaxUserPort does [reported]
	h, ctx = wired(m)
	d := at(h).Delete(ctx, clone(*o.State), tuning.Restore)
	if d.Err != nil || m.values[ipv4] != wide || m.values[ipv6] != span(1024, 64511) || !d.told("the nearest is set, 1025+64510") {
		t.Errorf("%v, the host has %v, %v", d.Err, m.values, d.Warnings)
	}
}

// MaxUserPort is read beside managed ranges, and is not managed by that.
func TestMaxUserPortBesideARange(t *testing.T) {
	m, state := pairs(t, usual, usual)
	m.values[ports] = tuning.DWORD(5000)
	o := refreshed(t, m, state)
	if !o.told("MaxUserPort is REG_DWORD 5000 beside a managed dynamic_port_range") || len(o.State.Numbers) != 2 || len(o.State.Original) != 3 {
		t.Errorf("%v, state %v, original %v", o.Warnings, o.State.Numbers, o.State.Original)
	}
	m.values[ports] = tuning.Absent
	if o := refreshed(t, m, state); len(o.Warnings) != 0 {
		t.Errorf("%v", o.Warnings)
	}
}

// rangeless has no ranges that can be read.
type rangeless struct {
	*wire
	err error
}

func (h rangeless) ReadTuning(ctx context.Context, parameters []tcpip.Parameter) (tuning.Values, error) {
	if slices.ContainsFunc(parameters, tcpip.Parameter.IsRange) {
		return nil, h.err
	}
	return h.wire.ReadTuning(ctx, parameters)
}

// An import takes what there is of a host without ranges, and says it where it could not look;
// any other failure is one.
func TestImportWithoutRanges(t *testing.T) {
	broken := errors.New("netsh said nothing")
	for _, c := range []struct {
		err      error
		fails    bool
		warnings int
	}{
		{&tuning.UnavailableError{None: true, Err: broken}, false, 0},
		{&tuning.UnavailableError{Err: broken}, false, 1},
		{broken, true, 0},
	} {
		m := newMachine("MAIL01", here, noon)
		m.values[delayed] = tuning.DWORD(30)
		h, ctx := wired(m)
		r := at(h)
		r.Host = rangeless{h, c.err}
		o := r.Import(ctx)
		if (o.Err != nil) != c.fails || len(o.Warnings) != c.warnings {
			t.Errorf("%#v: %v, %v", c.err, o.Err, o.Warnings)
		}
		if !c.fails && !maps.Equal(o.State.Original, tuning.Values{delayed: tuning.DWORD(30)}) {
			t.Errorf("%#v: original %v", c.err, o.State.Original)
		}
		if c.warnings > 0 && !o.told("Netsh said nothing") {
			t.Errorf("%v", o.Warnings)
		}
	}
}

// An import of ranges that differ: which is wanted, nobody knows, also where a journal says
// what was to be written.
func TestImportOfRangesThatDiffer(t *testing.T) {
	m, _ := pairs(t, usual, wide)
	m.values[ipv4] = wide
	h, ctx := wired(m)
	o := at(h).Import(ctx)
	if got, shown := o.State.Numbers[range4And6]; o.Err != nil || shown || !o.told("State shows none") || o.State.Original[ipv4] != usual || o.State.Original[ipv6] != wide {
		t.Errorf("%v, state says %s, original %v, %v", o.Err, got, o.State.Original, o.Warnings)
	}
}

// The update that notices a new Windows, and lets an attribute go, is cut off after its
// journal: what state says of that attribute is of the earlier Windows, and never written.
func TestAnUpdateOfANewWindowsThatIsCutOff(t *testing.T) {
	cut := 0
	for _, kind := range []string{isDoneKilled, isDoneSilent, isSilent} {
		for n := range 24 {
			m := desk("ours", func(j *tuning.Journal) { j.Original[ports], j.Written[ports] = tuning.DWORD(5000), tuning.DWORD(65534) })
			state := held(m)
			state.Original[ports], state.Memory.Written[ports] = tuning.DWORD(5000), tuning.DWORD(65534)
			if n >= 12 { // the other attribute was as it is now: nothing in state is untrue but what is let go
				state.Original[delayed] = tuning.Absent
			}
			m.journal, m.installed, m.values[delayed] = "", m.installed.Add(720*time.Hour), tuning.Absent
			state = clone(*refreshed(t, m, state).State)
			h, ctx := wired(m, fault{at: n % 12, kind: kind})
			func() {
				defer func() {
					if recover() != nil {
						state.Memory = tuning.Memory{}
					}
				}()
				if o := at(h).Update(ctx, clone(state), tuning.Desired{delayed: tuning.DWORD(60)}, tuning.Restore); o.State != nil {
					state = clone(*o.State)
				}
			}()
			if m.journal == "" || !h.fired {
				continue
			}
			cut++
			for range 2 {
				state = clone(*refreshed(t, m, state).State)
			}
			h, ctx = wired(m)
			if d := at(h).Delete(ctx, state, tuning.Restore); d.Err != nil || m.values[ports].Present || m.values[delayed].Present || m.journal != "" {
				t.Errorf("%s, case %d: %v, the host has %v, journal %q", kind, n, d.Err, m.values, m.journal)
			}
		}
	}
	if cut < 16 {
		t.Errorf("%d updates were cut off", cut)
	}
}

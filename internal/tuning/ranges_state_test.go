package tuning

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What state says of two families by one range.
func TestStateOfRanges(t *testing.T) {
	for _, tt := range []struct {
		name     string
		observed Values
		applied  Desired
		state    Value
		tells    []string
	}{
		{"alike", pairOf(wide, wide), Desired{tcp: wide}, wide, nil},
		{"alike, and not as applied", pairOf(other, other), Desired{tcp: wide}, other, nil},
		{"alike, and nothing is known", pairOf(low, low), nil, low, nil},
		{"IPv4 was changed", pairOf(other, wide), Desired{tcp: wide}, other, []string{"20000+10000 and 10000+50000", "10000+50000 was applied, so state shows that of IPv4"}},
		{"IPv6 was changed", pairOf(wide, other), Desired{tcp: wide}, other, []string{"10000+50000 and 20000+10000", "10000+50000 was applied, so state shows that of IPv6"}},
		{"both were changed", pairOf(other, near), Desired{tcp: wide}, other, []string{"20000+10000 and 1025+64510", "State shows that of IPv4."}},
		{"it is not known which is wanted", pairOf(wide, other), nil, Absent, []string{"State shows none"}},
		{"it is known of UDP only", pairOf(wide, other), Desired{udp: wide}, Absent, []string{"State shows none"}},
		{"one could not be read", Values{tcp4: wide}, Desired{tcp: wide}, Absent, nil},
	} {
		state, warnings := State(tt.observed, pairOf(usual, usual), tt.applied)
		want := Desired{tcp: tt.state}
		if tt.state == Absent {
			want = Desired{}
		}
		if !reflect.DeepEqual(state, want) || (len(warnings) == 1) != (tt.tells != nil) {
			t.Errorf("%s: state %v, want %v; warnings %q", tt.name, state, want, told(warnings))
		}
		if tt.tells != nil {
			tellsAll(t, tt.name, told(warnings), append(tt.tells, "IPv4 and IPv6 have different dynamic port ranges for tcp", "An apply that changes it sets both.")...)
			if warnings[0].Attribute != tcp {
				t.Errorf("%s: the warning is about %q", tt.name, warnings[0].Attribute)
			}
		}
	}
	if state, warnings := State(pairOf(wide, other), Values{delay: Absent}, Desired{tcp: wide}); len(state)+len(warnings) != 0 {
		t.Errorf("ranges that are not managed: %v, %q", state, told(warnings))
	}
}

// However often somebody looks, and whatever is changed in between: as long as one family
// is not as it was applied, state is not what was applied.
func TestADifferenceOfOneFamilyStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SampledFrom([]Value{usual, wide, other, low, near})
		applied := Desired{tcp: rapid.SampledFrom([]Value{usual, wide, other}).Draw(t, "applied")}
		host := pairOf(applied[tcp], applied[tcp])
		memory := Memory{Written: Values{}, Applied: applied}
		for range rapid.IntRange(1, 6).Draw(t, "refreshes") {
			host[rapid.SampledFrom([]string{tcp4, tcp6}).Draw(t, "family")] = known.Draw(t, "theirs")
			for range 3 { // private state is bytes between two of them
				memory = ParseMemory(memory.Bytes())
				state, warnings := State(host, pairOf(usual, usual), memory.Applied)
				asApplied := host[tcp4] == applied[tcp] && host[tcp6] == applied[tcp]
				if (state[tcp] == applied[tcp]) != asApplied {
					t.Fatalf("applied %s, the host has %v, state says %s", applied[tcp], host, state[tcp])
				}
				if (len(warnings) > 0) != (host[tcp4] != host[tcp6]) {
					t.Fatalf("the host has %v: %q", host, told(warnings))
				}
			}
		}
	})
}

func TestDiffering(t *testing.T) {
	both := Values{tcp4: usual, tcp6: usual, udp4: usual, udp6: usual}
	for _, tt := range []struct {
		observed, original Values
		want               []string
	}{
		{pairOf(wide, wide), both, nil},
		{pairOf(wide, other), both, []string{tcp}},
		{Values{tcp4: wide, tcp6: other, udp4: low, udp6: near}, both, []string{tcp, udp}},
		{Values{tcp4: wide, tcp6: other, udp4: low, udp6: near}, Values{udp4: usual, udp6: usual}, []string{udp}},
		{Values{tcp4: wide}, both, nil},
		{pairOf(wide, other), nil, nil},
	} {
		if got := Differing(tt.observed, tt.original); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %q, want %q", tt.observed, got, tt.want)
		}
	}
}

func TestVerifyRanges(t *testing.T) {
	desired := Desired{tcp: wide}
	plan, err := Apply(Values{tcp4: usual, tcp6: wide, udp4: other, udp6: other}, desired,
		Prior{Original: Values{udp4: low, udp6: usual}, Written: Values{udp4: other, udp6: other}}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	good := Values{tcp4: wide, tcp6: wide, udp4: near, udp6: usual}
	if err := Verify(plan, desired, good); err != nil {
		t.Errorf("a true read-back is refused: %v", err)
	}
	for attribute, got := range map[string]Value{tcp4: usual, tcp6: other, udp4: low, udp6: other} {
		after := Values{tcp4: wide, tcp6: wide, udp4: near, udp6: usual}
		after[attribute] = got
		var mismatch *MismatchError
		if err := Verify(plan, desired, after); !errors.As(err, &mismatch) || mismatch.Parameter.Attribute != attribute || mismatch.Got != got {
			t.Errorf("%s reads back as %s: %v", attribute, got, err)
		}
	}
}

// The way back after a failed create.
func TestUndoRanges(t *testing.T) {
	plan, err := Apply(pairOf(low, usual), Desired{tcp: wide}, Prior{}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	back4, back6 := nameTCP4+": 10000+50000 -> 1025+64510", nameTCP6+": 10000+50000 -> 49152+16384"
	for _, tt := range []struct {
		name          string
		now           Values
		undo, foreign []string
		near          []string
	}{
		{"both were written", pairOf(wide, wide), []string{back6, back4}, nil, nil},
		{"the first was written", pairOf(wide, usual), []string{back4}, nil, nil},
		{"nothing was", pairOf(low, usual), nil, nil, nil},
		{"all is taken back, as nearly as can be", pairOf(near, usual), nil, nil, []string{nameTCP4 + ": 1024+64511 -> 10000+50000"}},
		{"somebody else changed the first", pairOf(other, wide), []string{back6}, []string{nameTCP4 + ": 20000+10000 -> 1024+64511"}, nil},
		{"somebody else changed the second", pairOf(wide, low), []string{back4}, []string{nameTCP6 + ": 1024+64511 -> 49152+16384"}, nil},
	} {
		undo, foreign, stuck := Undo(plan.Steps, tt.now)
		if got, want := fmt.Sprint(steps(undo)), fmt.Sprint(tt.undo); got != want || len(stuck) != 0 {
			t.Errorf("%s: undo %s, want %s; stuck %v", tt.name, got, want, steps(stuck))
		}
		if got, want := fmt.Sprint(steps(foreign)), fmt.Sprint(tt.foreign); got != want {
			t.Errorf("%s: foreign %s, want %s", tt.name, got, want)
		}
		if got, want := fmt.Sprint(steps(Nearly(plan.Steps, tt.now))), fmt.Sprint(tt.near); got != want {
			t.Errorf("%s: nearly %s, want %s", tt.name, got, want)
		}
	}
}

// Whatever fails between the two families, both are managed afterwards, or none.
func TestRangesAfterAFailure(t *testing.T) {
	ours := Prior{Original: pairOf(other, low), Written: pairOf(wide, wide)}
	beside := Prior{Original: Values{delay: Absent}, Written: Values{delay: DWORD(30)}}
	carried := Prior{Original: Values{}, Carried: pairOf(other, low), Written: pairOf(wide, wide)}
	for _, tt := range []struct {
		name      string
		observed  Values
		desired   Desired
		prior     Prior
		onDestroy OnDestroy
		after     Values
		uncertain string
		want      Prior
	}{
		{"a create: nothing was written", pairOf(usual, low), Desired{tcp: wide}, Prior{}, Restore, pairOf(usual, low), "", Prior{Original: Values{}, Written: Values{}}},
		{"a create: IPv4 was written", pairOf(usual, low), Desired{tcp: wide}, Prior{}, Restore, pairOf(wide, low), "", Prior{Original: pairOf(usual, low), Written: Values{tcp4: wide}}},
		{"a create: IPv6 may still land", pairOf(usual, low), Desired{tcp: wide}, Prior{}, Restore, pairOf(usual, low), tcp6, Prior{Original: pairOf(usual, low), Written: Values{tcp6: wide}}},
		{"an update takes them over: IPv4 was written", Values{tcp4: usual, tcp6: low, delay: DWORD(30)}, Desired{tcp: wide, delay: DWORD(30)}, beside, Restore,
			Values{tcp4: wide, tcp6: low, delay: DWORD(30)}, "", Prior{Original: Values{tcp4: usual, tcp6: low, delay: Absent}, Written: Values{tcp4: wide, delay: DWORD(30)}}},
		{"1024 was made 1025, as wanted", pairOf(low, usual), Desired{tcp: near}, Prior{}, Restore, pairOf(near, usual), "", Prior{Original: pairOf(low, usual), Written: Values{tcp4: near}}},
		{"an update: IPv4 was written", pairOf(wide, wide), Desired{tcp: usual}, ours, Restore, pairOf(usual, wide), "", Prior{Original: pairOf(other, low), Written: pairOf(usual, wide)}},
		{"an update: nothing was", pairOf(wide, wide), Desired{tcp: usual}, ours, Restore, pairOf(wide, wide), "", ours},
		{"a release: nothing was restored", pairOf(wide, wide), Desired{}, ours, Restore, pairOf(wide, wide), "", ours},
		{"a release: IPv4 was restored, and is ours as long as IPv6 is", pairOf(wide, wide), Desired{}, ours, Restore, pairOf(other, wide), "", ours},
		{"a release: IPv4 was set to the default", pairOf(wide, wide), Desired{}, ours, WindowsDefault, pairOf(usual, wide), "", ours},
		{"a release: IPv4 was as it was before", pairOf(other, wide), Desired{}, ours, Restore, pairOf(other, wide), "", ours},
		{"a release: both were restored", pairOf(wide, wide), Desired{}, ours, Restore, pairOf(other, near), "", Prior{Original: Values{}, Written: Values{}}},
		{"a release to keep has nothing to fail", pairOf(wide, wide), Desired{}, ours, Keep, pairOf(wide, wide), "", Prior{Original: Values{}, Written: Values{}}},
		{"a release without a memory", pairOf(wide, wide), Desired{}, Prior{Original: pairOf(other, low)}, Restore, pairOf(other, wide), "", Prior{Original: pairOf(other, low)}},
		{"an earlier owner's: nothing was written", pairOf(wide, wide), Desired{tcp: usual}, carried, Restore, pairOf(wide, wide), "", carried},
		{"an earlier owner's: IPv4 was written", pairOf(wide, wide), Desired{tcp: usual}, carried, Restore, pairOf(usual, wide), "", Prior{Original: pairOf(other, low), Written: pairOf(usual, wide)}},
		{"an earlier owner's, of which only IPv6 is left: IPv4 was written", pairOf(usual, wide), Desired{tcp: near},
			Prior{Original: Values{}, Carried: Values{tcp6: low}, Written: Values{tcp6: wide}}, Restore, pairOf(near, wide), "", Prior{Original: pairOf(usual, low), Written: pairOf(near, wide)}},
	} {
		plan, err := Apply(tt.observed, tt.desired, tt.prior, tt.onDestroy)
		if err != nil {
			t.Fatal(err)
		}
		got := AfterFailure(plan, tt.prior, tt.after, tt.uncertain)
		if len(got.Carried) == 0 {
			got.Carried = nil
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s:\n%+v, want\n%+v", tt.name, got, tt.want)
		}
	}
}

// The same for a host that cannot be read afterwards.
func TestUnreadRanges(t *testing.T) {
	carried := Prior{Original: Values{delay: Absent}, Carried: pairOf(other, low), Written: Values{delay: DWORD(30), tcp4: wide, tcp6: wide}}
	plan, err := Apply(Values{delay: DWORD(30), tcp4: wide, tcp6: wide}, Desired{delay: DWORD(30), tcp: usual}, carried, Restore)
	if err != nil || len(plan.Steps) != 2 {
		t.Fatal(err, plan.Steps)
	}
	both := Values{delay: Absent, tcp4: other, tcp6: low}
	for n, want := range []Prior{
		carried,
		{Original: both, Written: Values{delay: DWORD(30), tcp4: usual, tcp6: wide}},
		{Original: both, Written: Values{delay: DWORD(30), tcp4: usual, tcp6: usual}},
	} {
		got := Unread(plan, carried, plan.Steps[:n])
		if len(got.Carried) == 0 {
			got.Carried = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("after %d steps: %+v, want %+v", n, got, want)
		}
	}
	fresh, err := Apply(pairOf(usual, low), Desired{tcp: wide}, Prior{}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Unread(fresh, Prior{Written: Values{}}, fresh.Steps[:1]), (Prior{Original: pairOf(usual, low), Written: Values{tcp4: wide}}); !reflect.DeepEqual(got, want) {
		t.Errorf("new ranges: %+v, want %+v", got, want)
	}
	if len(carried.Carried) != 2 || len(carried.Original) != 1 || len(carried.Written) != 3 {
		t.Errorf("the prior was changed in place: %+v", carried)
	}
}

func TestAssumeWrittenOfRanges(t *testing.T) {
	original := Values{tcp4: usual, tcp6: low, udp4: usual, udp6: usual}
	if got := AssumeWritten(pairOf(low, low), pairOf(near, low)); len(got) != 0 {
		t.Errorf("as near to what was before as can be: %v", got)
	}
	got := AssumeWritten(original, Values{tcp4: wide, tcp6: low, udp4: DWORD(5), udp6: Absent})
	if want := (Values{tcp4: wide, udp4: usual, udp6: usual}); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A saved plan that overwrites what others changed since says so. Where the families
// differ, state's one range does not tell what was known.
func TestOvertakenRanges(t *testing.T) {
	prior := Prior{Original: pairOf(usual, usual), Written: pairOf(wide, wide)}
	changed := func(name string) string { return name + " was changed after the plan, to 20000+10000" }
	for name, tt := range map[string]struct {
		observed Values
		state    Desired
		want     []string
	}{
		"as planned":                    {pairOf(wide, wide), Desired{tcp: wide}, []string{}},
		"both changed since":            {pairOf(other, other), Desired{tcp: wide}, []string{changed(nameTCP4), changed(nameTCP6)}},
		"as was shown":                  {pairOf(other, other), Desired{tcp: other}, []string{}},
		"they differed, and agree now":  {pairOf(other, other), Desired{}, []string{changed(nameTCP4), changed(nameTCP6)}},
		"one differs, as was shown":     {pairOf(wide, other), Desired{tcp: other}, []string{}},
		"they differ, and none was one": {pairOf(wide, other), Desired{}, []string{}},
	} {
		plan, err := Apply(tt.observed, Desired{tcp: near}, prior, Restore)
		if err != nil {
			t.Fatal(err)
		}
		if got := summaries(plan.Overtaken(tt.state, tt.observed, prior)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// MaxUserPort beside a managed range is looked at and said; it is not managed by that.
func TestWatched(t *testing.T) {
	const summary = "MaxUserPort is REG_DWORD 65534 beside a managed dynamic_port_range"
	for name, tt := range map[string]struct {
		found    Value
		original Values
		watched  []string
		want     []string
	}{
		"absent":               {Absent, pairOf(usual, usual), []string{port}, []string{}},
		"present":              {DWORD(65534), pairOf(usual, usual), []string{port}, []string{summary}},
		"beside UDP's":         {DWORD(65534), Values{udp4: usual, udp6: usual}, []string{port}, []string{summary}},
		"of another type":      {String("65534"), pairOf(usual, usual), []string{port}, []string{`MaxUserPort is REG_SZ "65534" beside a managed dynamic_port_range`}},
		"no range is managed":  {DWORD(65534), Values{delay: Absent}, nil, []string{}},
		"both are, for a time": {DWORD(65534), Values{port: Absent, tcp4: usual, tcp6: usual}, []string{port}, []string{}},
	} {
		var watched []string
		for _, p := range Watched(tt.original) {
			watched = append(watched, p.Attribute)
		}
		warnings := WatchedWarnings(Values{port: tt.found}, tt.original)
		if got := summaries(warnings); !slices.Equal(got, tt.want) || !slices.Equal(watched, tt.watched) {
			t.Errorf("%s: watches %q, says %q, want %q", name, watched, got, tt.want)
		}
		if len(tt.want) > 0 {
			tellsAll(t, name, told(warnings), `reg delete "HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters" /v MaxUserPort /f`, "not known")
		}
	}
}

// A range takes effect at once: it never awaits a restart, though what it was at the boot is
// remembered like everything else.
func TestRangesNeverAwaitARestart(t *testing.T) {
	managed := params(delay, tcp4, tcp6)
	seen, decided := (*Seen)(nil).At(booted, Values{delay: Absent, tcp4: usual, tcp6: usual}, managed)
	if got := seen.Pending(Values{delay: DWORD(30), tcp4: wide, tcp6: other}, managed); !decided || !slices.Equal(got, []string{delay}) {
		t.Errorf("pending %q", got)
	}
}

// Ranges of an earlier owner: said at a takeover, with what a destroy really makes of them.
func TestCarriedRanges(t *testing.T) {
	prior := Prior{Original: Values{}, Carried: pairOf(usual, low), Written: pairOf(wide, wide)}
	observed := Values{tcp4: usual, tcp6: wide, delay: Absent}
	plan, err := Apply(observed, Desired{delay: DWORD(30)}, prior, Restore)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Prior{Original: Values{delay: Absent}, Carried: Values{tcp6: low}, Written: Values{tcp6: wide, delay: DWORD(30)}}); !reflect.DeepEqual(plan.Prior(), want) {
		t.Errorf("%+v, want %+v", plan.Prior(), want)
	}
	text := told(plan.CarriedWarnings(observed))
	tellsAll(t, "the takeover", text, nameTCP6+" is 10000+50000, as the earlier owner left it", "Configure "+tcp+" to manage it", "makes it 1025+64510 again")
	if plan := Destroy(pairOf(usual, near), Prior{Original: Values{}, Carried: Values{tcp6: low}, Written: Values{tcp6: wide}}, Restore); len(plan.Steps)+len(plan.Warnings) != 0 {
		t.Errorf("as near to what was before as can be: %v, %q", steps(plan.Steps), told(plan.Warnings))
	}
	destroy := Destroy(observed, plan.Prior(), Keep)
	if got := steps(destroy.Steps); !slices.Equal(got, []string{nameTCP6 + ": 10000+50000 -> 1025+64510"}) {
		t.Errorf("a destroy does %q", got)
	}
}

// What was written to an earlier Windows is not ours in this one.
func TestWhatWasWrittenToAnEarlierWindows(t *testing.T) {
	stake := stakeOf(func(s *Stake) { s.Memory.Stale = true })
	found := journalOf("ours", func(j *Journal) {
		j.Original, j.Written = Values{delay: DWORD(120), port: DWORD(7)}, Values{delay: DWORD(30)}
	})
	claim, err := ClaimUpdate(stake, found, here)
	want := Prior{Original: Values{delay: DWORD(120), port: DWORD(7)}, Carried: Values{}, Written: Values{delay: DWORD(30)}}
	if err != nil || !claim.Stale || !reflect.DeepEqual(claim.Prior, want) {
		t.Errorf("%+v, want %+v; %v", claim.Prior, want, err)
	}
}

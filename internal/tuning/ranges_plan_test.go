package tuning

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

func TestApplied(t *testing.T) {
	for _, tt := range []struct{ desired, want Desired }{
		{Desired{delay: DWORD(30), tcp: wide, udp: usual}, Desired{tcp: wide, udp: usual}},
		{Desired{udp: low}, Desired{udp: low}},
		{Desired{delay: DWORD(30)}, nil},
		{nil, nil},
	} {
		if got := Applied(tt.desired); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.desired, got, tt.want)
		}
	}
}

const (
	nameTCP4 = "TCP's dynamic port range (IPv4)"
	nameTCP6 = "TCP's dynamic port range (IPv6)"
)

func TestApplyRanges(t *testing.T) {
	ours := Prior{Original: Values{tcp4: usual, tcp6: low, delay: DWORD(240)}, Written: Values{tcp4: wide, tcp6: wide, delay: DWORD(30)}}
	with := func(values Values, d Value) Values { return Values{tcp4: values[tcp4], tcp6: values[tcp6], delay: d} }
	for _, tt := range []struct {
		name      string
		observed  Values
		desired   Desired
		prior     Prior
		onDestroy OnDestroy
		steps     []string
		want      Prior
		warnings  []string
	}{
		{"one argument sets both families", pairOf(usual, other), Desired{tcp: wide}, Prior{}, Restore,
			[]string{nameTCP4 + ": 49152+16384 -> 10000+50000", nameTCP6 + ": 20000+10000 -> 10000+50000"},
			Prior{Original: pairOf(usual, other), Written: pairOf(wide, wide)}, nil},
		{"one is as wanted: both are managed, one was written", pairOf(wide, usual), Desired{tcp: wide}, Prior{}, Restore,
			[]string{nameTCP6 + ": 49152+16384 -> 10000+50000"}, Prior{Original: pairOf(wide, usual), Written: Values{tcp6: wide}}, nil},
		{"both are as wanted", pairOf(wide, wide), Desired{tcp: wide}, Prior{}, Restore, nil, Prior{Original: pairOf(wide, wide), Written: Values{}}, nil},
		{"a start of 1024 is an original, and that it cannot be set again is said", pairOf(usual, low), Desired{tcp: near}, Prior{}, Restore,
			[]string{nameTCP4 + ": 49152+16384 -> 1025+64510", nameTCP6 + ": 1024+64511 -> 1025+64510"},
			Prior{Original: pairOf(usual, low), Written: pairOf(near, near)}, []string{nameTCP6 + " was 1024+64511, which netsh cannot set"}},
		{"UDP is not TCP", Values{tcp4: wide, tcp6: wide, udp4: usual, udp6: other}, Desired{udp: wide}, Prior{}, Restore,
			[]string{"UDP's dynamic port range (IPv4): 49152+16384 -> 10000+50000", "UDP's dynamic port range (IPv6): 20000+10000 -> 10000+50000"},
			Prior{Original: Values{udp4: usual, udp6: other}, Written: Values{udp4: wide, udp6: wide}}, nil},
		{"somebody changed one family: it is set again, its original stays", with(pairOf(wide, other), DWORD(30)), Desired{tcp: wide, delay: DWORD(30)}, ours, Restore,
			[]string{nameTCP6 + ": 20000+10000 -> 10000+50000"}, ours, nil},
		{"released: restored, and as near as can be", with(pairOf(wide, wide), DWORD(30)), Desired{delay: DWORD(30)}, ours, Restore,
			[]string{nameTCP4 + ": 10000+50000 -> 49152+16384", nameTCP6 + ": 10000+50000 -> 1025+64510"}, Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}, nil},
		{"released: what is there again stays", with(pairOf(usual, low), DWORD(30)), Desired{delay: DWORD(30)}, ours, Restore,
			nil, Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}, nil},
		{"released: kept", with(pairOf(wide, wide), DWORD(30)), Desired{delay: DWORD(30)}, ours, Keep,
			nil, Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}, nil},
		{"released: Windows' default is set, since a range cannot be deleted", with(pairOf(wide, wide), DWORD(30)), Desired{delay: DWORD(30)}, ours, WindowsDefault,
			[]string{nameTCP4 + ": 10000+50000 -> 49152+16384", nameTCP6 + ": 10000+50000 -> 49152+16384"}, Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}, nil},
		{"released: what we never wrote stays", pairOf(wide, usual), Desired{}, Prior{Original: pairOf(wide, other), Written: Values{tcp6: wide}}, WindowsDefault,
			nil, Prior{Original: Values{}, Written: Values{}}, nil},
		{"released: somebody changed one family since", pairOf(wide, other), Desired{}, Prior{Original: pairOf(usual, usual), Written: pairOf(wide, wide)}, Restore,
			[]string{nameTCP4 + ": 10000+50000 -> 49152+16384", nameTCP6 + ": 20000+10000 -> 49152+16384"}, Prior{Original: Values{}, Written: Values{}},
			[]string{nameTCP6 + " was 20000+10000, not the 10000+50000 that was applied"}},
		{"a lost memory: as it was before stays, the other one counts as written", pairOf(low, wide), Desired{}, Prior{Original: pairOf(low, low)}, Restore,
			[]string{nameTCP6 + ": 10000+50000 -> 1025+64510"}, Prior{Original: Values{}, Written: Values{}}, nil},
		{"a lost memory: as near to what was before as can be", pairOf(near, wide), Desired{}, Prior{Original: pairOf(low, usual)}, WindowsDefault,
			[]string{nameTCP6 + ": 10000+50000 -> 49152+16384"}, Prior{Original: Values{}, Written: Values{}}, nil},
		{"what an earlier owner left as near to what was before as can be is forgotten", Values{tcp4: near, tcp6: wide, delay: DWORD(30)}, Desired{delay: DWORD(30)},
			Prior{Original: Values{delay: Absent}, Carried: pairOf(low, low), Written: Values{delay: DWORD(30), tcp4: wide, tcp6: wide}}, Restore,
			nil, Prior{Original: Values{delay: Absent}, Carried: Values{tcp6: low}, Written: Values{delay: DWORD(30), tcp6: wide}}, nil},
		{"and taken over without a doubt", pairOf(near, near), Desired{tcp: wide}, Prior{Original: Values{}, Carried: pairOf(low, low), Written: Values{}}, Restore,
			[]string{nameTCP4 + ": 1025+64510 -> 10000+50000", nameTCP6 + ": 1025+64510 -> 10000+50000"}, Prior{Original: pairOf(low, low), Written: pairOf(wide, wide)}, nil},
		{"taken over by the journal, of which one family is as it was", pairOf(usual, wide), Desired{tcp: wide},
			Prior{Original: Values{}, Carried: Values{tcp6: other}, Written: Values{tcp6: wide}}, Restore,
			[]string{nameTCP4 + ": 49152+16384 -> 10000+50000"}, Prior{Original: pairOf(usual, other), Written: pairOf(wide, wide)}, nil},
		{"max_user_port gives way to the range", Values{port: DWORD(65534), tcp4: usual, tcp6: usual}, Desired{tcp: wide},
			Prior{Original: Values{port: Absent}, Written: Values{port: DWORD(65534)}}, Restore,
			[]string{"MaxUserPort: REG_DWORD 65534 -> absent", nameTCP4 + ": 49152+16384 -> 10000+50000", nameTCP6 + ": 49152+16384 -> 10000+50000"},
			Prior{Original: pairOf(usual, usual), Written: pairOf(wide, wide)}, nil},
	} {
		plan, err := Apply(tt.observed, tt.desired, tt.prior, tt.onDestroy)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, want := fmt.Sprint(steps(plan.Steps)), fmt.Sprint(tt.steps); got != want {
			t.Errorf("%s: steps %s, want %s", tt.name, got, want)
		}
		if got := plan.Prior(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
		if got, want := fmt.Sprintf("%q", summaries(plan.Warnings)), fmt.Sprintf("%q", tt.warnings); got != want {
			t.Errorf("%s: warnings %s, want %s", tt.name, got, want)
		}
	}
}

func TestDestroyRanges(t *testing.T) {
	prior := Prior{Original: Values{tcp4: low, tcp6: other, udp4: wide, udp6: wide}, Written: Values{tcp4: wide, tcp6: wide}}
	observed := Values{tcp4: wide, tcp6: wide, udp4: wide, udp6: usual}
	const four, six = nameTCP4 + " is not restored on destroy", nameTCP6 + " is not restored on destroy"
	const nearly, watched = nameTCP4 + " is restored on destroy as nearly as netsh can", "UDP's dynamic port range (IPv6) is not restored on destroy" // of IPv4's there is no news
	for onDestroy, want := range map[OnDestroy]struct{ steps, warnings []string }{
		Restore:        {[]string{nameTCP4 + ": 10000+50000 -> 1025+64510", nameTCP6 + ": 10000+50000 -> 20000+10000"}, []string{nearly, watched}},
		Keep:           {[]string{}, []string{four, six, watched}},
		WindowsDefault: {[]string{nameTCP4 + ": 10000+50000 -> 49152+16384", nameTCP6 + ": 10000+50000 -> 49152+16384"}, []string{four, six, "UDP's dynamic port range (IPv4) is not restored on destroy", watched}},
	} {
		plan := Destroy(observed, prior, onDestroy)
		if got := steps(plan.Steps); !reflect.DeepEqual(got, want.steps) {
			t.Errorf("%s: steps %q, want %q", onDestroy, got, want.steps)
		}
		if got := summaries(plan.Warnings); !reflect.DeepEqual(got, want.warnings) {
			t.Errorf("%s: warnings %q, want %q", onDestroy, got, want.warnings)
		}
	}
	tellsAll(t, "the warning", told(Destroy(observed, prior, Restore).Warnings), "was 1024+64511 before, which netsh cannot set: the nearest is set, 1025+64510")
	tellsAll(t, "the warning", told(Destroy(observed, prior, WindowsDefault).Warnings), "is set to Windows' default, 49152+16384", "Before this provider it was 20000+10000")
}

// What a destroy does is said at plan time, and nothing where it does what everybody expects.
func TestWarningsOfRangesAtPlanTime(t *testing.T) {
	written := pairOf(wide, wide)
	for _, tt := range []struct {
		original  Values
		onDestroy OnDestroy
		want      []string
	}{
		{pairOf(usual, other), Restore, nil},
		{pairOf(usual, low), Restore, []string{tcp6}},
		{pairOf(usual, other), WindowsDefault, []string{tcp6}},
		{pairOf(usual, low), WindowsDefault, []string{tcp6}},
		{pairOf(usual, low), Keep, []string{tcp4, tcp6}},
	} {
		var named []string
		for _, w := range DestroyWarnings(written, Prior{Original: tt.original, Written: written}, tt.onDestroy) {
			named = append(named, w.Attribute)
		}
		if !slices.Equal(named, tt.want) {
			t.Errorf("%s of %v: warnings of %q, want %q", tt.onDestroy, tt.original, named, tt.want)
		}
	}
	for onDestroy, want := range map[OnDestroy][2]string{
		Restore:        {"will be restored to 20000+10000", "will be set to 1025+64510"},
		Keep:           {"stays as it is", "stays as it is"},
		WindowsDefault: {"will be set to Windows' default, 49152+16384", "will be set to Windows' default, 49152+16384"},
	} {
		prior := Prior{Original: pairOf(other, low), Written: written}
		got := summaries(ReleaseWarnings(params(tcp4, tcp6), written, prior, onDestroy))
		if len(got) != 2 || got[0] != nameTCP4+" is no longer configured and "+want[0] || got[1] != nameTCP6+" is no longer configured and "+want[1] {
			t.Errorf("%s: %q, want %q", onDestroy, got, want)
		}
	}
}

// Both families come and go by the one argument.
func TestManagedRanges(t *testing.T) {
	prior := Values{tcp4: usual, tcp6: low, delay: DWORD(240)}
	for _, tt := range []struct {
		name       string
		configured map[string]Configured
		original   Values
		released   []string
		known      bool
	}{
		{"unchanged", map[string]Configured{tcp: Known, delay: Known}, prior, nil, true},
		{"removed", map[string]Configured{delay: Known}, Values{delay: DWORD(240)}, []string{tcp4, tcp6}, true},
		{"another transport", map[string]Configured{tcp: Known, delay: Known, udp: Known}, nil, nil, false},
		{"may turn out null", map[string]Configured{tcp: Unknown, delay: Known}, nil, nil, false},
		{"names of families are no arguments", map[string]Configured{tcp4: Known, tcp6: Known, delay: Known}, Values{delay: DWORD(240)}, []string{tcp4, tcp6}, true},
	} {
		original, released, known := Managed(prior, tt.configured)
		var names []string
		for _, p := range released {
			names = append(names, p.Attribute)
		}
		if known != tt.known || known && !reflect.DeepEqual(original, tt.original) || !slices.Equal(names, tt.released) {
			t.Errorf("%s: original %v (known %t), released %q", tt.name, original, known, names)
		}
	}
}

func TestTakeoverOfRanges(t *testing.T) {
	const cannot = " was 1024+64511, which netsh cannot set"
	for _, tt := range []struct {
		name               string
		observed, recorded Values
		want               Values
		warnings           []string
	}{
		{"Windows' default is nothing that somebody tuned", pairOf(usual, usual), nil, Values{}, nil},
		{"one family is enough for both", pairOf(usual, wide), nil, pairOf(usual, wide), nil},
		{"the other one too", pairOf(wide, usual), nil, pairOf(wide, usual), nil},
		{"a start of 1024 is taken, and said", pairOf(low, usual), nil, pairOf(low, usual), []string{nameTCP4 + cannot}},
		{"what is recorded was tuned, though it is the default now", pairOf(usual, usual), pairOf(wide, low), pairOf(wide, low), []string{nameTCP6 + cannot}},
		{"what is recorded counts", pairOf(wide, wide), pairOf(usual, other), pairOf(usual, other), nil},
		{"of one family only", pairOf(wide, wide), Values{tcp6: usual}, pairOf(wide, usual), nil},
		{"of one family only, and all is the default", pairOf(usual, usual), Values{tcp6: wide}, Values{}, nil},
		{"transports are apart", Values{tcp4: usual, tcp6: usual, udp4: usual, udp6: wide}, nil, Values{udp4: usual, udp6: wide}, nil},
		{"a host that has none", Values{delay: DWORD(30)}, nil, Values{delay: DWORD(30)}, nil},
		{"one that could be read in half", Values{tcp4: wide}, nil, Values{}, nil},
	} {
		got, warnings := Takeover(tt.observed, tt.recorded)
		if !reflect.DeepEqual(got, tt.want) || fmt.Sprintf("%q", summaries(warnings)) != fmt.Sprintf("%q", tt.warnings) {
			t.Errorf("%s: %v, want %v; warnings %q", tt.name, got, tt.want, summaries(warnings))
		}
	}
}

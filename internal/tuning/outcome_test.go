package tuning

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// The drift table of the contract: what is found, and what state says of it.
func TestState(t *testing.T) {
	tests := []struct {
		found   Value
		number  *uint32
		warning string
	}{
		{Absent, nil, ""},
		{DWORD(0), ptr(0), ""},
		{DWORD(60), ptr(60), ""},
		{DWORD(0x80000000), ptr(0x80000000), ""},
		{DWORD(0xffffffff), ptr(0xffffffff), ""},
		{String("30"), nil, `TcpTimedWaitDelay is REG_SZ "30"; Windows ignores it`},
		{QWORD(30), nil, "TcpTimedWaitDelay is REG_QWORD 30; Windows ignores it"},
		{Opaque(TypeBinary), nil, "TcpTimedWaitDelay is REG_BINARY; Windows ignores it"},
	}
	for _, tt := range tests {
		numbers, warnings := State(Values{delay: tt.found, port: DWORD(5000)}, Values{delay: Absent}, nil)
		number, present := numbers[delay]
		if present != (tt.number != nil) || (present && number != DWORD(*tt.number)) {
			t.Errorf("%s: state %v", tt.found, numbers)
		}
		if _, leaked := numbers[port]; leaked {
			t.Errorf("%s: an attribute that is not managed got into state", tt.found)
		}
		if got := strings.Join(summaries(warnings), "|"); got != tt.warning {
			t.Errorf("%s: warning %q, want %q", tt.found, got, tt.warning)
		}
	}
}

func ptr(n uint32) *uint32 { return &n }

func TestVerify(t *testing.T) {
	desired := Desired{delay: DWORD(30), port: DWORD(65534)}
	plan, err := Apply(Values{alive: DWORD(5)}, desired,
		Prior{Original: Values{alive: Absent}, Written: Values{alive: DWORD(5)}}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(plan, desired, Values{delay: DWORD(30), port: DWORD(65534)}); err != nil {
		t.Errorf("a true read-back is refused: %v", err)
	}
	for name, after := range map[string]Values{
		"another number":           {delay: DWORD(31), port: DWORD(65534)},
		"absent":                   {port: DWORD(65534)},
		"another type":             {delay: String("30"), port: DWORD(65534)},
		"a released value stays":   {delay: DWORD(30), port: DWORD(65534), alive: DWORD(5)},
		"the second one differs":   {delay: DWORD(30), port: DWORD(5000)},
		"nothing was written":      {},
		"a QWORD of equal numbers": {delay: QWORD(30), port: DWORD(65534)},
	} {
		var mismatch *MismatchError
		if err := Verify(plan, desired, after); !errors.As(err, &mismatch) {
			t.Errorf("%s passed: %v", name, err)
		}
	}
}

func TestUndo(t *testing.T) {
	plan, err := Apply(Values{port: DWORD(5000)}, Desired{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000)}, Prior{}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	now := Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(77)}
	undo, foreign, stuck := Undo(plan.Steps, now)
	if got, want := steps(undo), []string{"MaxUserPort: REG_DWORD 65534 -> REG_DWORD 5000", "TcpTimedWaitDelay: REG_DWORD 30 -> absent"}; !reflect.DeepEqual(got, want) {
		t.Errorf("undo %q, want %q (the last step first)", got, want)
	}
	if got, want := steps(foreign), []string{"KeepAliveTime: REG_DWORD 77 -> absent"}; !reflect.DeepEqual(got, want) {
		t.Errorf("foreign %q, want %q", got, want)
	}
	if len(stuck) != 0 {
		t.Errorf("stuck %v", steps(stuck))
	}
	if undo, foreign, stuck := Undo(plan.Steps, Values{port: DWORD(5000)}); len(undo)+len(foreign)+len(stuck) != 0 {
		t.Errorf("nothing was changed, yet there is %v, %v, %v", undo, foreign, stuck)
	}
	binary := []Step{{Parameter: plan.Steps[0].Parameter, From: Opaque(TypeBinary), To: DWORD(30)}}
	if undo, foreign, stuck := Undo(binary, Values{delay: DWORD(30)}); len(undo)+len(foreign) != 0 || len(stuck) != 1 {
		t.Errorf("what cannot be written back: %v, %v, %v", undo, foreign, stuck)
	}
}

func TestAfterFailure(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(240), alive: Absent}, Written: Values{delay: DWORD(60), alive: DWORD(5)}}
	observed := Values{delay: DWORD(60), alive: DWORD(5)}
	plan, err := Apply(observed, Desired{delay: DWORD(30), port: DWORD(65534)}, prior, Restore)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		after     Values
		truth     Prior
		uncertain string
	}{
		{"nothing was done", observed, prior, ""},
		{"nothing is seen of the new one, but its write may still land", observed,
			Prior{Original: Values{delay: DWORD(240), alive: Absent, port: Absent}, Written: Values{delay: DWORD(60), alive: DWORD(5), port: DWORD(65534)}}, port},
		{"a release may still land", observed, prior, alive},
		{"the first of three was done", Values{delay: DWORD(30), alive: DWORD(5)},
			Prior{Original: prior.Original, Written: Values{delay: DWORD(30), alive: DWORD(5)}}, ""},
		{"the new one was written, the release was not", Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(5)},
			Prior{Original: Values{delay: DWORD(240), alive: Absent, port: Absent}, Written: Values{delay: DWORD(30), alive: DWORD(5), port: DWORD(65534)}}, ""},
		{"all was done, and then something failed", Values{delay: DWORD(30), port: DWORD(65534)},
			Prior{Original: Values{delay: DWORD(240), port: Absent}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}, ""},
		{"the new one reads back as something else: it was written all the same", Values{delay: DWORD(30), port: DWORD(7), alive: DWORD(5)},
			Prior{Original: Values{delay: DWORD(240), alive: Absent, port: Absent}, Written: Values{delay: DWORD(30), alive: DWORD(5), port: DWORD(65534)}}, ""},
	}
	for _, tt := range tests {
		if got := AfterFailure(plan, prior, tt.after, tt.uncertain); !reflect.DeepEqual(got, tt.truth) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.truth)
		}
	}
}

func TestAfterFailureKeepsALostMemoryLost(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(240)}}
	plan, err := Apply(Values{delay: DWORD(60)}, Desired{delay: DWORD(30)}, prior, Restore)
	if err != nil {
		t.Fatal(err)
	}
	if truth := AfterFailure(plan, prior, Values{delay: DWORD(60)}, ""); truth.Written != nil {
		t.Errorf("unknown turned into %v: the value would never be restored", truth.Written)
	}
}

func TestAfterAFailedCreate(t *testing.T) {
	plan, err := Apply(Values{port: DWORD(5000)}, Desired{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000)}, Prior{}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	now := Values{delay: DWORD(30), port: DWORD(5000), alive: DWORD(77)}
	for uncertain, want := range map[string]Prior{
		"":   {Original: Values{delay: Absent, alive: Absent}, Written: Values{delay: DWORD(30), alive: DWORD(300000)}},
		port: {Original: Values{delay: Absent, alive: Absent, port: DWORD(5000)}, Written: Values{delay: DWORD(30), alive: DWORD(300000), port: DWORD(65534)}},
	} {
		if truth := AfterFailure(plan, Prior{}, now, uncertain); !reflect.DeepEqual(truth, want) {
			t.Errorf("uncertain %q: %+v, want %+v", uncertain, truth, want)
		}
	}
}

func TestUnreadLosesNoOriginal(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(240), alive: Absent}, Written: Values{delay: DWORD(60), alive: DWORD(5)}}
	plan, err := Apply(Values{delay: DWORD(60), port: DWORD(5000), alive: DWORD(5)}, Desired{delay: DWORD(30), port: DWORD(65534)}, prior, Restore)
	if err != nil {
		t.Fatal(err)
	}
	want := Prior{
		Original: Values{delay: DWORD(240), alive: Absent, port: DWORD(5000)},
		Written:  Values{delay: DWORD(30), alive: DWORD(5), port: DWORD(65534)},
	}
	if got := Unread(plan, prior, plan.Steps); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if len(prior.Original) != 2 {
		t.Error("the prior was changed in place")
	}
	if got := Unread(plan, prior, plan.Steps[:1]); !reflect.DeepEqual(got.Original, prior.Original) {
		t.Errorf("what was never attempted counts: %+v", got)
	}
	prior.Written = nil
	if got := Unread(plan, prior, plan.Steps); got.Written != nil {
		t.Errorf("a lost memory turned into %v", got.Written)
	}
}

func TestAssumeWritten(t *testing.T) {
	original := Values{delay: DWORD(240), port: Absent, alive: DWORD(7)}
	got := AssumeWritten(original, Values{delay: DWORD(30), port: Absent})
	if want := (Values{delay: DWORD(30)}); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

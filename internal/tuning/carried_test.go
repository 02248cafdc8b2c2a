package tuning

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
)

// A value that an owner before us has written is treated by that owner's originals,
// whatever is found now.
func TestApplyWithCarriedValues(t *testing.T) {
	prior := Prior{Original: Values{}, Carried: Values{delay: DWORD(240), port: Absent}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}
	for _, tt := range []struct {
		name              string
		observed          Values
		desired           Desired
		prior             Prior
		onDestroy         OnDestroy
		steps             []string
		original, carried Values
		written           Values
	}{
		{"taken over as it is: ours from then on", Values{delay: DWORD(30), port: DWORD(65534)}, Desired{delay: DWORD(30), port: DWORD(65534)}, prior, Restore,
			nil, Values{delay: DWORD(240), port: Absent}, nil, Values{delay: DWORD(30), port: DWORD(65534)}},
		{"taken over with another number", Values{delay: DWORD(30), port: DWORD(65534)}, Desired{delay: DWORD(60), port: DWORD(65534)}, prior, Restore,
			[]string{"TcpTimedWaitDelay: REG_DWORD 30 -> REG_DWORD 60"}, Values{delay: DWORD(240), port: Absent}, nil, Values{delay: DWORD(60), port: DWORD(65534)}},
		{"what is not desired stays as it is, and its original is kept", Values{delay: DWORD(30), port: DWORD(65534)}, Desired{delay: DWORD(30)}, prior, WindowsDefault,
			nil, Values{delay: DWORD(240)}, Values{port: Absent}, Values{delay: DWORD(30), port: DWORD(65534)}},
		{"what is as it was before is forgotten", Values{delay: DWORD(30)}, Desired{delay: DWORD(30)}, prior, Restore,
			nil, Values{delay: DWORD(240)}, nil, Values{delay: DWORD(30)}},
		{"a type that could not be taken over has an original already", Values{delay: Opaque(TypeBinary)}, Desired{delay: DWORD(30)}, prior, Restore,
			[]string{"TcpTimedWaitDelay: REG_BINARY -> REG_DWORD 30"}, Values{delay: DWORD(240)}, nil, Values{delay: DWORD(30)}},
		{"what that owner never wrote is not ours without a write", Values{delay: DWORD(240)}, Desired{delay: DWORD(240)},
			Prior{Original: Values{}, Carried: Values{delay: DWORD(240)}, Written: Values{}}, Restore, nil, Values{delay: DWORD(240)}, nil, Values{}},
		{"beside a value of our own", Values{delay: DWORD(30), alive: DWORD(5)}, Desired{},
			Prior{Original: Values{alive: Absent}, Carried: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30), alive: DWORD(5)}}, Restore,
			[]string{"KeepAliveTime: REG_DWORD 5 -> absent"}, Values{}, Values{delay: DWORD(240)}, Values{delay: DWORD(30)}},
	} {
		plan, err := Apply(tt.observed, tt.desired, tt.prior, tt.onDestroy)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, want := fmt.Sprint(steps(plan.Steps)), fmt.Sprint(tt.steps); got != want {
			t.Errorf("%s: steps %s, want %s", tt.name, got, want)
		}
		want := Prior{Original: tt.original, Carried: tt.carried, Written: tt.written}
		if got := plan.Prior(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, want)
		}
	}
}

// A type that cannot be put back is refused only where no original is known.
func TestApplyRefusesBesideCarriedValues(t *testing.T) {
	prior := Prior{Original: Values{}, Carried: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}
	_, err := Apply(Values{delay: Opaque(TypeBinary), port: Opaque(TypeMulti)}, Desired{delay: DWORD(30), port: DWORD(65534)}, prior, Restore)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Parameter.Attribute != port {
		t.Errorf("%v", err)
	}
}

// A destroy releases what is carried too, since the journal goes with it.
func TestDestroyWithCarriedValues(t *testing.T) {
	prior := Prior{
		Original: Values{delay: DWORD(240)},
		Carried:  Values{port: Absent, alive: String("7200000"), strict: DWORD(0)},
		Written:  Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000)},
	}
	observed := Values{delay: DWORD(30), port: DWORD(65534), alive: String("7200000"), strict: DWORD(1)}
	left := func(name string) string { return name + " is still as an earlier owner left it" }
	for onDestroy, want := range map[OnDestroy]struct{ steps, warnings []string }{
		Restore: {
			[]string{"TcpTimedWaitDelay: REG_DWORD 30 -> REG_DWORD 240", "MaxUserPort: REG_DWORD 65534 -> absent"},
			[]string{left("MaxUserPort"), left("StrictTimeWaitSeqCheck")},
		},
		Keep: { // on_destroy is about the resource's own values
			[]string{"MaxUserPort: REG_DWORD 65534 -> absent"},
			[]string{left("MaxUserPort"), left("StrictTimeWaitSeqCheck"), "TcpTimedWaitDelay is not restored on destroy"},
		},
		WindowsDefault: {
			[]string{"TcpTimedWaitDelay: REG_DWORD 30 -> absent", "MaxUserPort: REG_DWORD 65534 -> absent"},
			[]string{left("MaxUserPort"), left("StrictTimeWaitSeqCheck"), "TcpTimedWaitDelay is not restored on destroy"},
		},
	} {
		plan := Destroy(observed, prior, onDestroy)
		if got := steps(plan.Steps); !reflect.DeepEqual(got, want.steps) {
			t.Errorf("%s: steps %q, want %q", onDestroy, got, want.steps)
		}
		if got := summaries(plan.Warnings); !reflect.DeepEqual(got, want.warnings) {
			t.Errorf("%s: warnings %q, want %q", onDestroy, got, want.warnings)
		}
		if len(plan.Original)+len(plan.Carried)+len(plan.Written) != 0 {
			t.Errorf("%s: afterwards %+v is remembered", onDestroy, plan.Prior())
		}
	}
	tellsAll(t, "the warning", told(Destroy(observed, prior, Restore).Warnings), "The host's journal says that it was absent before. MaxUserPort is deleted, since it did not exist before.")
}

// Whatever fails, an original is carried or managed afterwards, never gone.
func TestCarriedValuesAfterAFailure(t *testing.T) {
	prior := Prior{Original: Values{}, Carried: Values{delay: DWORD(240), port: Absent, alive: DWORD(1)}, Written: Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(5)}}
	observed := Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(5)}
	plan, err := Apply(observed, Desired{delay: DWORD(60), port: DWORD(5000)}, prior, Restore)
	if err != nil || len(plan.Steps) != 2 {
		t.Fatalf("%v, %v", steps(plan.Steps), err)
	}
	half := Prior{
		Original: Values{delay: DWORD(240)}, Carried: Values{port: Absent, alive: DWORD(1)},
		Written: Values{delay: DWORD(60), port: DWORD(65534), alive: DWORD(5)},
	}
	both := Prior{
		Original: Values{delay: DWORD(240), port: Absent}, Carried: Values{alive: DWORD(1)},
		Written: Values{delay: DWORD(60), port: DWORD(5000), alive: DWORD(5)},
	}
	for _, tt := range []struct {
		name      string
		after     Values
		uncertain string
		want      Prior
	}{
		{"nothing was done", observed, "", prior},
		{"the first was done", Values{delay: DWORD(60), port: DWORD(65534), alive: DWORD(5)}, "", half},
		{"the second may still land", Values{delay: DWORD(60), port: DWORD(65534), alive: DWORD(5)}, port, both},
		{"both were done", Values{delay: DWORD(60), port: DWORD(5000), alive: DWORD(5)}, "", both},
	} {
		if got := AfterFailure(plan, prior, tt.after, tt.uncertain); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	for i, want := range []Prior{prior, half, both} {
		if got := Unread(plan, prior, plan.Steps[:i]); !reflect.DeepEqual(got, want) {
			t.Errorf("unread after %d steps: %+v, want %+v", i, got, want)
		}
	}
	if len(prior.Carried) != 3 || len(prior.Written) != 3 || len(prior.Original) != 0 {
		t.Errorf("the prior was changed in place: %+v", prior)
	}
}

// An import takes the originals that a journal has, and only of what it imports.
func TestTakeoverWithAJournal(t *testing.T) {
	recorded := Values{delay: DWORD(240), port: Absent, alive: Absent, strict: String("1")}
	original, warnings := Takeover(Values{delay: DWORD(30), port: DWORD(65534), alive: String("5"), "tcp_num_connections": DWORD(7)}, recorded)
	want := Values{delay: DWORD(240), port: Absent, "tcp_num_connections": DWORD(7)}
	if !reflect.DeepEqual(original, want) || len(warnings) != 1 || warnings[0].Attribute != alive {
		t.Errorf("original %v, want %v; warnings %q", original, want, warnings)
	}
}

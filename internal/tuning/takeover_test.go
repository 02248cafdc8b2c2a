package tuning

import (
	"strings"
	"testing"
)

// A value that changed after an earlier owner's last write is taken over with that
// owner's original, and said.
func TestTakeoverDoubtsWhatTheJournalDoesNotKnow(t *testing.T) {
	prior := Prior{Original: Values{}, Carried: Values{delay: DWORD(240), port: Absent, alive: DWORD(7)}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}
	plan, err := Apply(Values{delay: DWORD(120), port: DWORD(65534), alive: DWORD(7)}, Desired{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000)}, prior, Restore)
	if err != nil {
		t.Fatal(err)
	}
	if got := summaries(plan.Warnings); len(got) != 1 || got[0] != "TcpTimedWaitDelay was REG_DWORD 120, which the journal does not know" {
		t.Errorf("warnings %q", got)
	}
	if detail := plan.Warnings[0].Detail; !strings.Contains(detail, "REG_DWORD 240 before") {
		t.Errorf("%s", detail)
	}
	if plan.Original[delay] != DWORD(240) {
		t.Errorf("original %v", plan.Original)
	}
}

// What an earlier owner left and this configuration does not name is said once.
func TestCarriedWarnings(t *testing.T) {
	prior := Prior{Original: Values{}, Carried: Values{delay: DWORD(240), port: Absent, alive: DWORD(7)}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}
	observed := Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(7)}
	plan, err := Apply(observed, Desired{delay: DWORD(30)}, prior, Restore)
	if err != nil {
		t.Fatal(err)
	}
	got := plan.CarriedWarnings(observed)
	if len(got) != 1 || got[0].Summary != "MaxUserPort is REG_DWORD 65534, as the earlier owner left it, and stays so" || !strings.Contains(got[0].Detail, "makes it absent again") {
		t.Errorf("%+v", got)
	}
}

// A saved plan that overwrites what others changed since says so.
func TestOvertaken(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(240), port: Absent}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}
	for name, tt := range map[string]struct {
		observed Values
		state    Desired
		want     []string
	}{
		"as planned":            {Values{delay: DWORD(30), port: DWORD(65534)}, Desired{delay: DWORD(30), port: DWORD(65534)}, []string{}},
		"changed since":         {Values{delay: DWORD(222), port: DWORD(65534)}, Desired{delay: DWORD(30), port: DWORD(65534)}, []string{"TcpTimedWaitDelay was changed after the plan, to REG_DWORD 222"}},
		"deleted since":         {Values{port: DWORD(65534)}, Desired{delay: DWORD(30), port: DWORD(65534)}, []string{"TcpTimedWaitDelay was changed after the plan, to absent"}},
		"drift that was shown":  {Values{delay: DWORD(222), port: DWORD(65534)}, Desired{delay: DWORD(222), port: DWORD(65534)}, []string{}},
		"absent, as was shown":  {Values{port: DWORD(65534)}, Desired{port: DWORD(65534)}, []string{}},
		"another type, as such": {Values{delay: String("30"), port: DWORD(65534)}, Desired{port: DWORD(65534)}, []string{}},
	} {
		plan, err := Apply(tt.observed, Desired{delay: DWORD(60), port: DWORD(65534)}, prior, Restore)
		if err != nil {
			t.Fatal(err)
		}
		if got := summaries(plan.Overtaken(tt.state, tt.observed, prior)); strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A name that leads to another machine now: what state says of before is not of it.
func TestAnotherMachineUnderTheName(t *testing.T) {
	elsewhere := Machine{UUID: uuidB, Computer: "WEB05", Installed: installed}
	claim, err := ClaimUpdate(stakeOf(), Found{}, elsewhere)
	if err != nil || !claim.Stale || len(claim.Prior.Original) != 0 {
		t.Errorf("update: %+v, %v", claim, err)
	}
	tellsAll(t, "the warning", told(claim.Warnings), "this is another machine", "WEB05", uuidA, uuidB, "TcpTimedWaitDelay REG_DWORD 240")
	claim, err = ClaimDelete(stakeOf(), Found{}, elsewhere)
	if err != nil || !claim.Alone {
		t.Errorf("destroy: %+v, %v", claim, err)
	}
	tellsAll(t, "the warning", told(claim.Warnings), "left as it is, since this is another machine")
	if claim := ClaimRefresh(stakeOf(), Found{}, elsewhere); !claim.Memory.Stale {
		t.Errorf("refresh: %+v", claim)
	}
	// Without a UUID on either side there is only the journal that is gone.
	if claim, err := ClaimUpdate(stakeOf(), Found{}, Machine{Computer: "MAIL01", Installed: installed}); err != nil || claim.Stale {
		t.Errorf("no UUID: %+v, %v", claim, err)
	}
}

package tuning

import (
	"strings"
	"testing"
)

// A value that changed after an earlier owner's last write is taken over with that
// owner's original, and said.
func TestTakeoverDoubtsWhatTheJournalDoesNotKnow(t *testing.T) {
	prior := Prior{Original: Values{}, Carried: Values{delay: DWORD(240), port: Absent, alive: DWORD(7)}, Written: Desired{delay: 30, port: 65534}}
	plan, err := Apply(Values{delay: DWORD(120), port: DWORD(65534), alive: DWORD(7)}, Desired{delay: 30, port: 65534, alive: 300000}, prior, Restore)
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

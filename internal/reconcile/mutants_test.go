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
		if operation == "update" && (o.State == nil || !maps.Equal(o.State.Numbers, tuning.Desired{delayed: 30})) {
			t.Errorf("state is %+v, want what was read back", o.State)
		}
	}
}

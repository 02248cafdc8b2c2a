package winhost

import (
	"context"
	"errors"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// journal reads the journal and, where there is one, the machine's UUID, without which
// a copy would be taken for the machine's own.
func (r *factsRead) journal(ctx context.Context) error {
	found, err := r.host.glanceAtJournal(ctx)
	if err != nil {
		return err
	}
	if found.Journal != nil {
		if r.facts.Machine.UUID, err = r.host.UUID(ctx); err != nil {
			return err
		}
	}
	r.facts.Journal = &found
	return nil
}

// glanceAtJournal is ReadJournal for somebody who writes nothing: that there is none is
// believed of the return codes, which are only reported, so that it costs one operation
// and not two. Any other answer is looked into.
func (h *Host) glanceAtJournal(ctx context.Context) (tuning.Found, error) {
	text, err := h.journalText(ctx)
	var returned *ReturnValueError
	switch {
	case err == nil:
		return foundIn(text), nil
	case errors.As(err, &returned) && (returned.Code == returnNoKey || returned.Code == returnNoValue):
		return tuning.Found{}, nil
	default:
		return h.ReadJournal(ctx)
	}
}

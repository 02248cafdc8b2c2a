package winhost

import (
	"context"
	"errors"
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// ReadJournal reads the host's journal: one operation where there is one, two
// where there is none, since absence is then taken from the key's listing and not
// from return codes that are only reported. An error is a host that did not answer;
// a journal that cannot be used is Found.Err.
func (h *Host) ReadJournal(ctx context.Context) (tuning.Found, error) {
	text, readErr := h.journalText(ctx)
	if readErr == nil {
		h.journaled.Store(true)
		return foundIn(text), nil
	}
	var returned *ReturnValueError
	if !errors.As(readErr, &returned) {
		if IsDenied(readErr) {
			return tuning.Found{Err: unreadable(readErr)}, nil
		}
		return tuning.Found{}, readErr
	}
	types, err := h.valueTypes(ctx, tuning.JournalKey)
	switch typ, present := folded(types)[fold(tuning.JournalValue)]; {
	case errors.Is(err, ErrNotExist):
		return tuning.Found{}, nil
	case IsDenied(err), err == nil && present && typ == tuning.TypeString:
		return tuning.Found{Err: unreadable(readErr)}, nil
	case err != nil:
		return tuning.Found{}, err
	case present:
		return tuning.Found{Err: fmt.Errorf(`HKLM\%s\%s is %s and not REG_SZ, so it is no journal of this provider`, tuning.JournalKey, tuning.JournalValue, typ)}, nil
	default: // a key without the value: whoever made it got no further, and so wrote nothing else
		return tuning.Found{}, nil
	}
}

func unreadable(err error) error { return fmt.Errorf("the journal cannot be read: %w", err) }

func foundIn(text string) tuning.Found {
	journal, err := tuning.ParseJournal(text)
	if err != nil {
		return tuning.Found{Err: err}
	}
	return tuning.Found{Journal: &journal}
}

func (h *Host) journalText(ctx context.Context) (string, error) {
	output, err := h.registry(ctx, transport.Read, "GetStringValue", tuning.JournalKey, tuning.JournalValue)
	if err != nil {
		return "", err
	}
	text, _, _ := output.Get("sValue")
	return text, nil
}

// WriteJournal puts a journal in place: one operation where the key is known to be
// there, two where it may have to be made. A reply that is lost leaves open whether
// it was written.
func (h *Host) WriteJournal(ctx context.Context, journal tuning.Journal) error {
	if !h.journaled.Load() {
		if _, err := h.registry(ctx, transport.Write, "CreateKey", tuning.JournalKey, ""); err != nil {
			return err
		}
	}
	_, err := h.registry(ctx, transport.Write, "SetStringValue", tuning.JournalKey, tuning.JournalValue, wsman.Param{Name: "sValue", Value: journal.Text()})
	h.journaled.Store(err == nil)
	return err
}

// RemoveJournal removes the key with all that is in it. It is no error where there
// is none.
func (h *Host) RemoveJournal(ctx context.Context) error {
	h.journaled.Store(false)
	_, err := h.registry(ctx, transport.Write, "DeleteKey", tuning.JournalKey, "")
	if errors.Is(err, ErrNotExist) {
		return nil
	}
	return err
}

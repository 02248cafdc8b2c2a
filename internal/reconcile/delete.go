package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// Delete releases everything, and the journal last. With an error the resource
// stays as it is in state.
func (r Reconciler) Delete(ctx context.Context, state Resource, onDestroy tuning.OnDestroy) Outcome {
	claim := tuning.Claim{Prior: tuning.Prior{Original: state.Original, Written: state.Memory.Written}, Memory: state.Memory}
	var s scene
	if r.Journal {
		var err error
		if s, err = r.look(ctx); err != nil {
			return failed(err, nothingWritten)
		}
		if claim, err = tuning.ClaimDelete(state.stake(), s.found, s.machine); err != nil {
			return failed(err, nothingWritten)
		}
	}
	if claim.Alone {
		return Outcome{Warnings: claim.Warnings}
	}
	observed, err := r.Host.ReadTuning(ctx, tuning.Parameters(merged(claim.Prior.Original, claim.Prior.Carried)))
	if err != nil {
		return failed(err, nothingWritten)
	}
	plan := tuning.Destroy(observed, claim.Prior, onDestroy)
	w := r.newWork(s, claim, plan, observed, nil, state.Owner)
	warnings := slices.Concat(claim.Warnings, plan.Warnings)
	if _, _, err := w.carryOut(ctx); err != nil {
		outcome := failed(err, "The resource stays in state with everything that was there before; destroy again when the cause is gone.")
		if lost(err) {
			outcome.Notes = []string{"That owner took over this host while it was being released, with what was there before. Destroy again: this resource then only leaves state."}
		}
		outcome.Warnings = warnings
		return outcome
	}
	if !w.Journal && claim.Memory.Journaled != nil {
		warnings = append(warnings, tuning.Warning{
			Summary: "its journal is still there",
			Detail: "This resource wrote it, and the provider's journal is off now. The values are released. The next create with the journal on would take it over; remove it by hand:\n\n" +
				tuning.RemoveLine,
		})
	}
	if err := w.clear(ctx); err != nil {
		outcome := failed(fmt.Errorf("the values are released, but the journal could not be removed: %w", err),
			"The resource stays in state: destroy again. To let go of it without, remove the journal by hand, since a later create would take for true what it says of before:\n\n"+tuning.RemoveLine)
		outcome.Warnings = warnings
		return outcome
	}
	return Outcome{Warnings: warnings}
}

// clear removes our journal, if there is one, also where the machine has got another
// UUID since it was written.
func (w *work) clear(ctx context.Context) error {
	if !w.Journal || w.expected == "" || w.expected != w.owner {
		return nil
	}
	ctx, cancel := w.settling(ctx)
	defer cancel()
	switch err := w.guard(ctx); {
	case lost(err): // somebody took the host over just now: it is theirs
		return nil
	case errors.Is(err, ErrJournalGone):
		return nil
	case err != nil:
		return err
	}
	return w.remove(ctx)
}

package reconcile

import (
	"context"
	"fmt"

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
	w := r.work(s, claim, plan, nil, state.Owner)
	warnings := append(claim.Warnings, plan.Warnings...)
	if _, _, err := w.carryOut(ctx, nil); err != nil {
		outcome := failed(err, "The resource stays in state with everything that was there before; destroy again when the cause is gone.")
		if lost(err) {
			outcome.Notes = []string{"That owner took over this host while it was being released, with what was there before. Destroy again: this resource then only leaves state."}
		}
		outcome.Warnings = warnings
		return outcome
	}
	return Outcome{Warnings: append(warnings, w.clear(ctx)...)}
}

// clear removes our journal, if there is one. The values are released already, so
// a journal that stays does no harm, but it is said.
func (w *work) clear(ctx context.Context) []tuning.Warning {
	stays := func(why string) []tuning.Warning {
		return []tuning.Warning{{
			Summary: "its journal is still there",
			Detail: fmt.Sprintf("%s. The values are released. A create takes this journal over as it is; remove it by hand:\n\n  reg delete \"HKLM\\%s\" /f\n",
				why, tuning.JournalKey),
		}}
	}
	switch {
	case !w.Journal && w.claim.Memory.Journaled != nil:
		return stays("It was written by this resource, and the provider's journal is off now")
	case !w.Journal || w.claim.Previous == nil:
		return nil
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	err := w.guard(ctx)
	if lost(err) {
		return nil // somebody took the host over just now: it is theirs
	}
	if err == nil {
		err = w.Host.RemoveJournal(ctx)
	}
	if err == nil {
		return nil
	}
	return stays("It could not be removed: " + err.Error())
}

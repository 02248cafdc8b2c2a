package reconcile

import (
	"context"
	"errors"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// ErrStale is a host of which state says what is of an earlier installation of
// Windows, or of another machine, and the plan does not know it: it promises
// originals that are not true any more.
var ErrStale = errors.New("since the last refresh Windows was installed anew on this host, or its name leads to another machine; what was there before has to be read anew: plan again, with a refresh")

// Update brings a managed host to what is desired, and releases what is no longer.
func (r Reconciler) Update(ctx context.Context, state Resource, desired tuning.Desired, onDestroy tuning.OnDestroy) Outcome {
	scene, err := r.look(ctx)
	if err != nil {
		return failed(err, nothingWritten)
	}
	claim := tuning.Claim{Prior: tuning.Prior{Original: state.Original, Written: state.Memory.Written}, Memory: state.Memory}
	if r.Journal {
		if claim, err = tuning.ClaimUpdate(state.stake(), scene.found, scene.machine); err != nil {
			return refused(err)
		}
	}
	if claim.Stale && !state.Memory.Stale {
		return failed(ErrStale, nothingWritten)
	}
	observed, err := r.Host.ReadTuning(ctx, tuning.Parameters(merged(all(desired), state.Original, claim.Prior.Original, claim.Prior.Carried)))
	if err != nil {
		return failed(err, nothingWritten)
	}
	plan, err := tuning.Apply(observed, desired, claim.Prior, onDestroy)
	if err != nil {
		return failed(err, nothingWritten)
	}
	owner := state.Owner
	if owner == "" {
		owner = r.NewOwner()
	}
	w := r.newWork(scene, claim, plan, observed, desired, owner)
	if claim.Stale && claim.Previous == nil {
		w.anew = restorable(observed, state.Original)
	}
	if err := w.put(ctx, w.ahead()); err != nil {
		return refused(err)
	}
	after, attempted, err := w.carryOut(ctx)
	if err == nil {
		err = w.put(ctx, w.journal(plan.Prior(), after))
	}
	if err != nil {
		return w.aftermath(ctx, state, attempted, err)
	}
	return Outcome{State: w.resource(plan.Prior(), after, tuning.Applied(desired)), Warnings: slices.Concat(claim.Warnings, plan.Warnings, plan.Overtaken(state.Numbers, observed, claim.Prior))}
}

// aftermath finds out what is true after an update that failed for cause. When the
// host cannot be read, what was true before stays, but the originals of values that
// may have come under management are kept with it: nothing is lost.
func (w *work) aftermath(ctx context.Context, state Resource, attempted []tuning.Step, cause error) Outcome {
	ctx, cancel := w.settling(ctx)
	defer cancel()
	after, err := w.Host.ReadTuning(ctx, w.touched())
	if err != nil {
		truth := tuning.Unread(w.plan, w.claim.Prior, attempted)
		kept := w.resource(truth, tuning.Values{}, w.unchanged())
		kept.Numbers, kept.Pending = state.Numbers, state.Pending
		return Outcome{Err: cause, State: kept, Notes: []string{"The host could not be read afterwards, so the write may have happened: state keeps what was known before. " +
			"Run plan again when the host answers."}}
	}
	late, landed := uncertain(cause), after
	truth := tuning.AfterFailure(w.plan, w.claim.Prior, after, late)
	if to, ours := w.plan.Written[late]; ours && to != truth.Original[late] { // where memory is lost, the journal tells what is ours by what is there, or may come
		landed = merged(after, tuning.Values{late: to})
	}
	notes := []string{"State holds what the host has now; the next plan shows what is left to do."}
	if lost(cause) {
		notes = append(notes, tuning.TakeOver)
	} else if err := w.put(ctx, w.journal(truth, landed)); err != nil {
		truth = stillManaged(truth, w.claim.Prior)
		notes = append(notes, "The journal could not be brought up to date: "+sentence(err))
	}
	return Outcome{Err: cause, State: w.resource(truth, after, w.unchanged()), Notes: notes}
}

// restorable is what was found of the given values, and can be put back.
func restorable(found, original tuning.Values) tuning.Values {
	values := tuning.Values{}
	for attribute := range original {
		if value := found[attribute]; value.Restorable() {
			values[attribute] = value
		}
	}
	return values
}

// stillManaged keeps what was released under management while the journal names
// it, so that the next update releases it again: else a destroy would restore what
// was to be kept or deleted.
func stillManaged(truth, before tuning.Prior) tuning.Prior {
	kept := tuning.Prior{Original: merged(before.Original, truth.Original), Carried: truth.Carried, Written: truth.Written}
	if truth.Written != nil {
		kept.Written = merged(numbersOf(before.Written, before.Original), truth.Written)
	}
	return kept
}

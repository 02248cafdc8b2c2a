package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// Create brings a host under management. A journal that is there is taken over. A
// create that fails is undone, and returns state only where that is not certain.
func (r Reconciler) Create(ctx context.Context, desired tuning.Desired, onDestroy tuning.OnDestroy) Outcome {
	scene, err := r.look(ctx)
	if err != nil {
		return failed(err, nothingWritten)
	}
	claim, err := tuning.ClaimCreate(scene.found, scene.machine)
	if err != nil {
		return refused(err)
	}
	observed, err := r.Host.ReadTuning(ctx, tuning.Parameters(merged(all(desired), claim.Prior.Carried)))
	if err != nil {
		return failed(err, nothingWritten)
	}
	plan, err := tuning.Apply(observed, desired, claim.Prior, onDestroy)
	if err != nil {
		return failed(err, nothingWritten)
	}
	w := r.newWork(scene, claim, plan, observed, desired, r.NewOwner())
	if err := w.put(ctx, w.ahead()); err != nil {
		return refused(err).with(w.retreat(ctx)).warning(claim.Warnings)
	}
	after, attempted, err := w.carryOut(ctx)
	if err == nil {
		return Outcome{State: w.resource(plan.Prior(), after, tuning.Applied(desired)), Warnings: slices.Concat(claim.Warnings, plan.Warnings, plan.CarriedWarnings(observed))}
	}
	return w.undo(ctx, attempted, err).warning(claim.Warnings)
}

// all is what is desired of each value.
func all(desired tuning.Desired) tuning.Values {
	values := tuning.Values{}
	for _, p := range tcpip.Settings {
		if to, ok := desired[p.Argument()]; ok {
			values[p.Attribute] = to
		}
	}
	return values
}

// undo takes back what a failed create wrote. cause is why it failed.
func (w *work) undo(ctx context.Context, attempted []tuning.Step, cause error) Outcome {
	outcome := Outcome{Err: cause}
	if lost(cause) {
		outcome.Notes = []string{"That owner took over this host while we were at work, with what was there before. Nothing was taken back and nothing was put into state. " + tuning.TakeOver}
		return outcome
	}
	ctx, cancel := w.settling(ctx)
	defer cancel()
	var near []tuning.Step
	now, err := w.Host.ReadTuning(ctx, w.touched())
	if err != nil { // what may have been written counts as written
		now = assumeDone(w.found, attempted)
	} else {
		back, foreign, stuck := tuning.Undo(attempted, now)
		for _, step := range foreign {
			outcome.Notes = append(outcome.Notes, fmt.Sprintf("The host is NOT as it was: %s is %s now, which this provider did not write; it was %s before.",
				step.Parameter.ValueName, step.From, step.To))
		}
		for _, step := range stuck {
			outcome.Notes = append(outcome.Notes, fmt.Sprintf("The host is NOT as it was: %s was %s, which cannot be written back; it is %s now.", step.Parameter.ValueName, step.To, step.From))
		}
		_, err = w.write(ctx, back)
		after, readErr := w.Host.ReadTuning(ctx, w.touched())
		if readErr == nil {
			now = after
		}
		near, err = tuning.Nearly(attempted, now), errors.Join(err, readErr)
	}
	restored, taken := maps.Clone(now), "What was written has been taken back: the host is as it was, and nothing was put into state."
	for _, step := range near {
		restored[step.Parameter.Attribute] = step.From
		taken = "What was written has been taken back, and nothing was put into state."
		outcome.Notes = append(outcome.Notes, fmt.Sprintf("The host is NOT quite as it was: %s was %s, which netsh cannot set; it is %s now, the nearest that it can.",
			step.Parameter.ValueName, step.From, now[step.Parameter.Attribute]))
	}
	truth := tuning.AfterFailure(w.plan, w.claim.Prior, restored, uncertain(cause))
	switch {
	case lost(err):
		outcome.Notes = append(outcome.Notes, "While it was taken back another owner took over this host, with what was there before. Nothing was put into state.")
		return outcome
	case len(truth.Original) > 0:
		outcome.State = w.resource(truth, now, w.unchanged())
		outcome.Notes = append(outcome.Notes, fmt.Sprintf("The host may still hold what was written, or get it late. State keeps what was there before (%s): "+
			"the resource is tainted, and the next apply or destroy restores these.", tuning.List(truth.Original)))
	case len(attempted) == 0:
		outcome = outcome.with(nothingWritten, w.retreat(ctx))
	default:
		outcome = outcome.with(taken, w.retreat(ctx))
	}
	if err != nil {
		outcome.Notes = append(outcome.Notes, "While taking it back: "+sentence(err))
	}
	return outcome
}

// retreat leaves the journal as it was before a create that wrote nothing, or took
// everything back. It returns what to tell if that fails.
func (w *work) retreat(ctx context.Context) string {
	if !w.Journal {
		return ""
	}
	ctx, cancel := w.settling(ctx)
	defer cancel()
	found, err := w.Host.ReadJournal(ctx)
	switch before := w.scene.found.Journal; {
	case err == nil && (found.Journal == nil || found.Journal.Owner != w.owner):
		return "" // ours never got there, or another owner's has taken its place
	case err == nil && before != nil: // also one of another machine, which may be all that is known of before
		if err = w.Host.WriteJournal(ctx, *before); err != nil && w.reads(ctx, before.Text()) {
			err = nil
		}
	case err == nil:
		err = w.remove(ctx)
	}
	if err == nil {
		return ""
	}
	return "The journal that this create began may still be on the host. It says truly what was there before, and the next create takes it over: " + sentence(err)
}

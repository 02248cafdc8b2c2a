package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// settleTimeout bounds undoing and reading back. They run on a context of their
// own: Ctrl-C cancels the one of the call, and Terraform waits for the answer.
const settleTimeout = time.Minute

func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}

// carryOut writes the plan's steps, reads back what the host has and compares.
func carryOut(ctx context.Context, host *winhost.Host, plan tuning.Plan, desired tuning.Desired) (after tuning.Values, err error) {
	for _, step := range plan.Steps {
		tflog.Info(ctx, "writing a registry value", map[string]any{"step": step.String()})
	}
	if err := host.WriteTuning(ctx, plan.Steps); err != nil {
		return nil, err
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	after, err = host.ReadTuning(ctx, touched(plan))
	if err != nil {
		return nil, fmt.Errorf("everything was written, but reading it back failed: %w", err)
	}
	return after, tuning.Verify(plan, desired, after)
}

// touched lists the parameters that a plan manages or writes.
func touched(plan tuning.Plan) []tcpip.Parameter {
	set := map[string]bool{}
	for attribute := range plan.Original {
		set[attribute] = true
	}
	for _, step := range plan.Steps {
		set[step.Parameter.Attribute] = true
	}
	return managed(set)
}

// uncertain is the attribute whose write may still land on the host, since its
// reply was lost and the value does not show it yet; empty if there is none.
func uncertain(err error) string {
	var failed *winhost.WriteError
	if errors.As(err, &failed) && failed.Uncertain {
		return failed.Step.Parameter.Attribute
	}
	return ""
}

// attempted is the plan's steps that were done, or may have been, before err.
func attempted(plan tuning.Plan, err error) []tuning.Step {
	var failed *winhost.WriteError
	switch {
	case !errors.As(err, &failed):
		return plan.Steps
	case failed.Uncertain:
		return plan.Steps[:failed.Done+1]
	default:
		return plan.Steps[:failed.Done]
	}
}

// undone is how taking back a failed create ended.
type undone struct {
	truth   tuning.Prior  // what the host still holds of ours, as far as can be known; empty: nothing
	after   tuning.Values // what the host has now, as far as can be known
	foreign []tuning.Step // values that are neither what was found (To) nor what was written
	err     error
}

// undo takes back what a failed create wrote. cause is why it failed.
func undo(ctx context.Context, host *winhost.Host, plan tuning.Plan, cause error) undone {
	steps := attempted(plan, cause)
	if len(steps) == 0 {
		return undone{}
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	written := tuning.Plan{Steps: steps, Original: plan.Original, Written: plan.Written}
	now, err := host.ReadTuning(ctx, touched(written))
	if err != nil { // what may have been written counts as written
		now = assumeWritten(steps)
		return undone{truth: tuning.Remaining(written, now, uncertain(cause)), after: now, err: err}
	}
	back, foreign := tuning.Undo(steps, now)
	err = host.WriteTuning(ctx, back)
	after, readErr := host.ReadTuning(ctx, touched(written))
	if readErr != nil {
		after = now
	}
	return undone{truth: tuning.Remaining(written, after, uncertain(cause)), after: after, foreign: foreign, err: errors.Join(err, readErr)}
}

// assumeWritten is the host as it looks if every step was done.
func assumeWritten(steps []tuning.Step) tuning.Values {
	values := tuning.Values{}
	for _, step := range steps {
		values[step.Parameter.Attribute] = step.To
	}
	return values
}

// aftermath finds out what is true after an update that failed for cause. When
// the host cannot be read, what was true before stays, but the originals of values
// that may have come under management are kept with it: nothing is lost.
func aftermath(ctx context.Context, host *winhost.Host, plan tuning.Plan, prior tuning.Prior, cause error) (truth tuning.Prior, after tuning.Values, err error) {
	ctx, cancel := settling(ctx)
	defer cancel()
	set := tuning.Values{}
	maps.Copy(set, prior.Original)
	maps.Copy(set, plan.Original)
	after, err = host.ReadTuning(ctx, managed(set))
	if err != nil {
		return tuning.Unread(plan, prior, attempted(plan, cause)), nil, err
	}
	return tuning.AfterFailure(plan, prior, after, uncertain(cause)), after, nil
}

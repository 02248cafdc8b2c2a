package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// settleTimeout bounds undoing and reading back. They run on a context of their
// own: Ctrl-C cancels the one of the call, and Terraform waits for the answer.
const settleTimeout = 2 * time.Minute

func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}

// carryOut writes the plan's steps, reads back what the host has and compares.
func carryOut(ctx context.Context, host *winhost.Host, plan tuning.Plan, desired tuning.Desired) (after tuning.Values, err error) {
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

// undo takes back what a failed create wrote. truth is what the host still holds
// of ours afterwards, as far as can be known: empty when it is as it was found.
func undo(ctx context.Context, host *winhost.Host, plan tuning.Plan) (truth tuning.Prior, after tuning.Values, err error) {
	ctx, cancel := settling(ctx)
	defer cancel()
	now, err := host.ReadTuning(ctx, touched(plan))
	if err != nil { // what may have been written counts as written
		after = assumeWritten(plan)
		return tuning.Remaining(plan, after), after, err
	}
	steps, foreign := tuning.Undo(plan.Steps, now)
	err = host.WriteTuning(ctx, steps)
	after, readErr := host.ReadTuning(ctx, touched(plan))
	if readErr != nil {
		after = now
	}
	for _, step := range foreign {
		err = errors.Join(err, fmt.Errorf("%s is %s now, which is neither what was found (%s) nor what was written: it was left alone",
			step.Parameter.ValueName, step.From, step.To))
	}
	return tuning.Remaining(plan, after), after, errors.Join(err, readErr)
}

// assumeWritten is the host as it looks if every step was done.
func assumeWritten(plan tuning.Plan) tuning.Values {
	values := tuning.Values{}
	for _, step := range plan.Steps {
		values[step.Parameter.Attribute] = step.To
	}
	return values
}

// aftermath finds out what is true after an update that failed. When the host
// cannot be read, what was true before stays, but the originals of values that
// may have come under management are kept with it: nothing is lost.
func aftermath(ctx context.Context, host *winhost.Host, plan tuning.Plan, prior tuning.Prior) (truth tuning.Prior, after tuning.Values, err error) {
	ctx, cancel := settling(ctx)
	defer cancel()
	set := tuning.Values{}
	maps.Copy(set, prior.Original)
	maps.Copy(set, assumeWritten(plan))
	after, err = host.ReadTuning(ctx, managed(set))
	if err != nil {
		return tuning.Unread(plan, prior), nil, err
	}
	return tuning.AfterFailure(plan, prior, after), after, nil
}

package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// work is a plan on its way to a host.
type work struct {
	Reconciler
	scene scene
	claim tuning.Claim
	plan  tuning.Plan
	found tuning.Values // the values before the first write
	// anew is what state names of an earlier Windows, as it is found in this one. The
	// journal says so of all of it: if the update is cut off, state has it still.
	anew  tuning.Values
	seen  *tuning.Seen
	owner string
	since time.Time
	// desired is what is to be on the host; nil for a destroy.
	desired tuning.Desired
	// expected is the owner that the journal in place names now, "" for none: that
	// of whoever was there, and ours once we have written.
	expected string
	settled  time.Time // until when undoing and reading back may take
	// placed is the text of the journal that we know to be in place, "" for none.
	placed string
}

// newWork begins to carry out a plan.
func (r Reconciler) newWork(s scene, claim tuning.Claim, plan tuning.Plan, found tuning.Values, desired tuning.Desired, owner string) *work {
	seen, _ := claim.Memory.Seen.At(s.boot, found, tuning.Parameters(merged(claim.Prior.Original, plan.Original, plan.Carried)))
	w := &work{Reconciler: r, scene: s, claim: claim, plan: plan, found: found, seen: seen, desired: desired, owner: owner, since: r.Now().UTC().Truncate(time.Second)}
	if s.found.Journal != nil {
		w.expected = s.found.Journal.Owner
	}
	if claim.Previous != nil {
		w.placed = claim.Previous.Text()
		if claim.Previous.Owner == owner {
			w.since = claim.Previous.Since
		}
	}
	return w
}

// journal is a journal of ours with the given values, of a host that has found.
func (w *work) journal(prior tuning.Prior, found tuning.Values) tuning.Journal {
	original := merged(w.anew, prior.Carried, prior.Original)
	written := prior.Written
	if written == nil { // a lost memory must not turn into "never written"
		written = tuning.AssumeWritten(original, found)
	}
	return tuning.Journal{Owner: w.owner, Since: w.since, Machine: w.scene.machine, Seen: only(w.seen, original), Original: original, Written: numbersOf(written, original)}
}

// ahead is what the journal must say before the first write: all that was there
// before, of what is to be written and of what is to be let go too.
func (w *work) ahead() tuning.Journal {
	before := w.claim.Prior
	if before.Written == nil {
		before.Written = tuning.AssumeWritten(before.Original, w.found)
	}
	return w.journal(tuning.Prior{
		Original: merged(before.Carried, before.Original, w.plan.Carried, w.plan.Original),
		Written:  merged(before.Written, w.plan.Written),
	}, w.found)
}

// settleTimeout bounds undoing and reading back, all of it together.
const settleTimeout = 2 * time.Minute

// settling is the context of undoing and reading back. It is their own: Ctrl-C
// cancels the one of the call, and Terraform waits for the answer.
func (w *work) settling(ctx context.Context) (context.Context, context.CancelFunc) {
	if w.settled.IsZero() {
		w.settled = time.Now().Add(settleTimeout)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), w.settled)
}

// only is what was seen of the given values.
func only(seen *tuning.Seen, original tuning.Values) *tuning.Seen {
	kept := &tuning.Seen{Boot: seen.Boot, Values: map[string]string{}}
	for attribute := range original {
		if text, ok := seen.Values[attribute]; ok {
			kept.Values[attribute] = text
		}
	}
	return kept
}

// put writes a journal, unless it is in place already. A write whose reply was lost
// is read back.
func (w *work) put(ctx context.Context, journal tuning.Journal) error {
	text := journal.Text()
	if !w.Journal || text == w.placed {
		return nil
	}
	if err := w.guard(ctx); err != nil {
		return err
	}
	w.Log(ctx, "writing the journal: "+text)
	if err := w.Host.WriteJournal(ctx, journal); err != nil && !w.reads(ctx, text) {
		return &unwritableError{err}
	}
	w.placed, w.expected = text, journal.Owner
	return nil
}

// unwritableError is a journal that the host does not take.
type unwritableError struct{ err error }

func (e *unwritableError) Error() string {
	return fmt.Sprintf("the journal could not be written, and without it what was there before would be known to Terraform's state alone: %v. "+
		`Let the account write HKLM\%s, or set journal = false in the provider block and accept what the documentation says is lost then`, e.err, tuning.JournalKey)
}

func (e *unwritableError) Unwrap() error { return e.err }

// reads tells whether the host has this journal. As long as the call goes on it does
// not use up the time for undoing.
func (w *work) reads(ctx context.Context, text string) bool {
	if ctx.Err() != nil {
		settling, cancel := w.settling(ctx)
		defer cancel()
		ctx = settling
	}
	found, err := w.Host.ReadJournal(ctx)
	return err == nil && found.Journal != nil && found.Journal.Text() == text
}

// remove removes the journal. Where the reply says that it failed, a look tells.
func (w *work) remove(ctx context.Context) error {
	w.Log(ctx, "removing the journal")
	err := w.Host.RemoveJournal(ctx)
	if err == nil {
		return nil
	}
	if found, readErr := w.Host.ReadJournal(ctx); readErr == nil && found.Journal == nil && found.Err == nil {
		return nil
	}
	return err
}

// guard makes sure that the host has not got another owner meanwhile.
func (w *work) guard(ctx context.Context) error {
	if !w.Journal {
		return nil
	}
	found, err := w.Host.ReadJournal(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("the journal could not be read again before writing: %w", err)
	case found.Err != nil:
		return tuning.Unusable(found.Err)
	case found.Journal == nil && w.expected != "":
		return ErrJournalGone
	case found.Journal != nil && found.Journal.Owner != w.expected:
		return &tuning.AnotherOwnerError{Owner: found.Journal.Owner, Since: found.Journal.Since}
	}
	return nil
}

// write carries out steps in order, each behind a look at the owner, and stops at
// the first that fails. attempted are those that were done, or may have been.
func (w *work) write(ctx context.Context, steps []tuning.Step) (attempted []tuning.Step, err error) {
	for i, step := range steps {
		if err := w.guard(ctx); err != nil {
			return steps[:i], err
		}
		w.Log(ctx, "writing "+step.String())
		err := w.Host.WriteTuning(ctx, step)
		var failed *tuning.WriteError
		if errors.As(err, &failed) && failed.Uncertain {
			return steps[:i+1], err
		}
		if err != nil {
			return steps[:i], err
		}
	}
	return steps, nil
}

// carryOut writes the plan's steps, reads back what the host has and compares.
func (w *work) carryOut(ctx context.Context) (after tuning.Values, attempted []tuning.Step, err error) {
	if attempted, err = w.write(ctx, w.plan.Steps); err != nil {
		return nil, attempted, err
	}
	ctx, cancel := w.settling(ctx)
	defer cancel()
	after, err = w.Host.ReadTuning(ctx, w.touched())
	if err != nil {
		return nil, attempted, fmt.Errorf("everything was written, but reading it back failed: %w", err)
	}
	return after, attempted, tuning.Verify(w.plan, w.desired, after)
}

// touched lists the parameters that the plan manages, carries or writes, or managed
// before.
func (w *work) touched() []tcpip.Parameter {
	set := merged(w.plan.Original, w.plan.Carried, w.claim.Prior.Original, w.claim.Prior.Carried)
	for _, step := range w.plan.Steps {
		set[step.Parameter.Attribute] = step.To
	}
	return tuning.Parameters(set)
}

// unchanged is what the ranges were set to before, and were to be still. A call that failed
// to change one may have done so for one family: no other is certain then, and one that
// state took for applied would hide the other family.
func (w *work) unchanged() tuning.Desired {
	applied := tuning.Applied(w.desired)
	maps.DeleteFunc(applied, func(argument string, to tuning.Value) bool { return w.claim.Memory.Applied[argument] != to })
	return applied
}

// resource is what Terraform keeps once prior is true and the host has after. applied is
// what the ranges are set to, see [tuning.Applied].
func (w *work) resource(prior tuning.Prior, after tuning.Values, applied tuning.Desired) *Resource {
	numbers, _ := tuning.State(after, prior.Original, applied)
	managed, seen := tuning.Parameters(prior.Original), only(w.seen, prior.Original)
	memory := tuning.Memory{Written: numbersOf(prior.Written, prior.Original), Applied: applied, Differ: tuning.Differing(after, prior.Original), Seen: seen, Journaled: w.claim.Memory.Journaled, UUID: w.claim.Memory.UUID}
	if w.Journal && w.placed != "" {
		installed := w.scene.machine.Installed.UTC()
		memory.Journaled, memory.UUID = &installed, w.scene.machine.UUID
	}
	return &Resource{Owner: w.owner, Original: prior.Original, Numbers: numbers, Pending: seen.Pending(after, managed), Memory: memory}
}

// uncertain is the attribute whose write may still land on the host, since its
// reply was lost and the value does not show it yet; empty if there is none.
func uncertain(err error) string {
	var failed *tuning.WriteError
	if errors.As(err, &failed) && failed.Uncertain {
		return failed.Step.Parameter.Attribute
	}
	return ""
}

// lost tells whether the host has got another owner: then nothing of it is ours to
// write or to take back.
func lost(err error) bool {
	var another *tuning.AnotherOwnerError
	return errors.As(err, &another)
}

// assumeDone is the host as it looks if every step was done.
func assumeDone(observed tuning.Values, steps []tuning.Step) tuning.Values {
	values := maps.Clone(observed)
	for _, step := range steps {
		values[step.Parameter.Attribute] = step.To
	}
	return values
}

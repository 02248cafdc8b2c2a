package tuning

import (
	"errors"
	"fmt"
	"maps"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// State is what the managed values are, as Terraform keeps it: REG_DWORDs, and one
// port range for both families of a transport; an attribute without an entry is null.
// applied is what the ranges were last set to, see [Applied].
func State(observed, original Values, applied Desired) (state Desired, warnings []Warning) {
	state = Desired{}
	var plan Plan
	for _, p := range tcpip.Settings {
		if _, managed := original[p.Attribute]; !managed {
			continue
		}
		found := observed[p.Attribute]
		if p.IsRange() {
			if p.Pool.Family != tcpip.IPv4 {
				continue // said with IPv4
			}
			var said []Warning
			found, said = one(observed, applied, p.Pool.Transport)
			plan.Warnings = append(plan.Warnings, said...)
		}
		if found.effective() {
			state[p.Argument()] = found
			continue
		}
		if found.IsWrongType() {
			plan.warn(p, wrongType(p, found), "The next apply replaces it by a REG_DWORD.")
		}
	}
	return state, plan.Warnings
}

func wrongType(p tcpip.Parameter, found Value) string {
	return fmt.Sprintf("%s is %s; Windows ignores it", p.ValueName, found)
}

// MismatchError is a value that reads back otherwise than it was written.
type MismatchError struct {
	Parameter tcpip.Parameter
	Want, Got Value
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s reads back as %s after %s was applied. The host did not keep it, or something else writes it (a policy, a script, another tool): find that first, or the two will undo each other",
		e.Parameter.ValueName, e.Got, e.Want)
}

// Verify compares what was read back with what the plan leaves on the host. The
// error joins one [MismatchError] for each difference.
func Verify(plan Plan, desired Desired, after Values) error {
	want := Values{}
	for _, step := range plan.Steps {
		want[step.Parameter.Attribute] = step.To
	}
	var mismatches []error
	for _, p := range tcpip.Settings {
		if to, ok := desired[p.Argument()]; ok {
			want[p.Attribute] = to
		}
		value, ok := want[p.Attribute]
		if ok && after[p.Attribute] != value {
			mismatches = append(mismatches, &MismatchError{Parameter: p, Want: value, Got: after[p.Attribute]})
		}
	}
	return errors.Join(mismatches...)
}

// Undo plans the way back after a failed create, the last step first, from what
// is on the host now: only what we really changed is put back. A value that is
// neither what was found nor what was written is somebody else's: it is left
// alone and named in foreign. One that cannot be written back is named in stuck.
func Undo(steps []Step, now Values) (undo, foreign, stuck []Step) {
	for i := len(steps) - 1; i >= 0; i-- {
		step := steps[i]
		found := now[step.Parameter.Attribute]
		back := Step{Parameter: step.Parameter, From: found, To: step.From}
		switch {
		case found == step.From || found == step.From.nearest():
		case found != step.To:
			foreign = append(foreign, back)
		case !step.From.Restorable():
			stuck = append(stuck, back)
		default:
			back.To = step.From.nearest()
			undo = append(undo, back)
		}
	}
	return undo, foreign, stuck
}

// Nearly is the steps that were taken back only as nearly as can be: to a port range that
// netsh can set.
func Nearly(steps []Step, now Values) (near []Step) {
	for _, step := range steps {
		if found := now[step.Parameter.Attribute]; found != step.From && found == step.From.nearest() {
			near = append(near, step)
		}
	}
	return near
}

// AssumeWritten is what a lost memory of our writes is taken for: a value that is
// not found as it was before us was written by us.
func AssumeWritten(original, found Values) Values {
	written := Values{}
	for _, p := range Parameters(original) {
		if now, read := found[p.Attribute]; read && !now.isLike(original[p.Attribute]) {
			written[p.Attribute] = assumed(p, now)
		}
	}
	return written
}

// assumed is what we take ourselves to have written where it is not known: what is
// there, if we could have written that.
func assumed(p tcpip.Parameter, found Value) Value {
	switch {
	case found.effective() && found.fits(p):
		return found
	case p.IsRange():
		return Ports(tcpip.DefaultPortRange)
	default:
		return DWORD(0)
	}
}

// AfterFailure is what is true after an update that failed, or a create that
// failed and was undone as far as could be: which values are managed, and with
// which originals. after is what was read back; uncertain is the
// attribute whose write may still land, since its reply was lost, or empty.
//
//   - A value that came under management counts only if it was changed, or may be;
//     it counts as written then, also where somebody else has changed it since.
//   - A value that was to be released stays managed until its step is done.
func AfterFailure(plan Plan, prior Prior, after Values, uncertain string) Prior {
	truth := Prior{Original: Values{}, Written: Values{}}
	steps, done := map[string]Step{}, []string{}
	for _, step := range plan.Steps {
		steps[step.Parameter.Attribute] = step
	}
	for _, p := range tcpip.Settings {
		step, stepped := steps[p.Attribute]
		before, managed := prior.Original[p.Attribute]
		planned, wanted := plan.Original[p.Attribute]
		touched := stepped && (p.Attribute == uncertain || after[p.Attribute] != step.From)
		switch {
		case managed && !wanted && (!stepped || after[p.Attribute] == step.To):
			done = append(done, p.Attribute) // released
			continue
		case managed:
			truth.Original[p.Attribute] = before
		case wanted && touched:
			truth.Original[p.Attribute] = planned
		default:
			truth.keep(p.Attribute, prior)
			continue
		}
		if wanted && touched {
			truth.Written[p.Attribute] = step.To
		} else if ours, ok := prior.Written[p.Attribute]; ok {
			truth.Written[p.Attribute] = ours
		}
	}
	truth.together(prior.Original, plan.Original)
	for _, attribute := range done { // one that stays for its other family's sake is ours as it was
		_, stays := truth.Original[attribute]
		if ours, ok := prior.Written[attribute]; ok && stays {
			truth.Written[attribute] = ours
		}
	}
	if len(prior.Original) > 0 && prior.Written == nil {
		truth.Written = nil // what is unknown must not turn into "never written"
	}
	return truth
}

// keep leaves a carried value carried.
func (p *Prior) keep(attribute string, before Prior) {
	original, carried := before.Carried[attribute]
	if !carried {
		return
	}
	if p.Carried == nil {
		p.Carried = Values{}
	}
	p.Carried[attribute] = original
	if ours, ok := before.Written[attribute]; ok {
		p.Written[attribute] = ours
	}
}

// Unread is what to keep in mind after an update that failed on a host that can
// no longer be read: the prior, and the originals of values that may have come
// under management (those of the attempted steps), which would be lost otherwise.
func Unread(plan Plan, prior Prior, attempted []Step) Prior {
	truth := Prior{Original: maps.Clone(prior.Original), Carried: maps.Clone(prior.Carried), Written: maps.Clone(prior.Written)}
	if truth.Original == nil {
		truth.Original = Values{}
	}
	for _, step := range attempted {
		attribute := step.Parameter.Attribute
		ours, wanted := plan.Written[attribute]
		if !wanted {
			continue // a release: it stays managed until it is seen to be done
		}
		truth.Original[attribute] = plan.Original[attribute]
		delete(truth.Carried, attribute)
		if truth.Written != nil {
			truth.Written[attribute] = ours
		}
	}
	truth.together(plan.Original)
	return truth
}

package tuning

import (
	"errors"
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// OnDestroy says what becomes of a value that is no longer managed.
type OnDestroy string

// The choices of on_destroy.
const (
	Restore        OnDestroy = "restore"         // put back what was there before
	Keep           OnDestroy = "keep"            // leave what is there
	WindowsDefault OnDestroy = "windows_default" // delete the value, so that Windows uses its default
)

// Desired is what is configured, by the attribute that sets it ([tcpip.Parameter]'s
// Argument): the REG_DWORD of a registry value, or the port range of both families
// of a transport. State says by the same names what the host has.
type Desired map[string]Value

// Prior is what we remember of the managed values.
type Prior struct {
	// Original is what was on the host before us; its keys are the managed set.
	Original Values
	// Carried is the originals that the host's journal holds of values which are
	// not managed: those of an owner before us. Nothing is done to these values
	// until they come under management or the host is released; then they are
	// treated by these originals.
	Carried Values
	// Written is what was last written, by attribute, managed or carried; a value
	// that was never written has no entry. Nil means that the memory was lost
	// (Terraform drops private state in some cases, and there is no journal): then
	// every managed value counts as written, unless it is found as it was before us.
	Written Values
}

// wrote tells whether we ever wrote this attribute's value.
func (p Prior) wrote(attribute string) bool {
	if p.Written == nil {
		return true
	}
	_, ok := p.Written[attribute]
	return ok
}

// Step is one write: the value's name, what was found, what it shall be.
type Step struct {
	Parameter tcpip.Parameter
	From, To  Value
}

func (s Step) String() string {
	return fmt.Sprintf("%s: %s -> %s", s.Parameter.ValueName, s.From, s.To)
}

// WriteError is a step that failed.
type WriteError struct {
	Step Step
	// Uncertain is true where the write may have happened all the same, since its
	// reply never came.
	Uncertain bool
	Err       error
}

func (e *WriteError) Error() string {
	if e.Uncertain {
		return fmt.Sprintf("writing %s: the write may have happened: %v", e.Step, e.Err)
	}
	return fmt.Sprintf("writing %s: %v", e.Step, e.Err)
}

func (e *WriteError) Unwrap() error { return e.Err }

// Warning is something the user must be told. Summary names the value and the
// fact but no host: the caller knows what the host is called.
type Warning struct {
	Attribute string // empty where it is about the host
	Summary   string
	Detail    string
}

// Plan is what is to be done on a host, and what state says once it is done.
type Plan struct {
	Steps    []Step
	Original Values
	Carried  Values
	Written  Values
	Warnings []Warning
}

// Prior is what is to be remembered once the plan is carried out.
func (plan Plan) Prior() Prior {
	return Prior{Original: plan.Original, Carried: plan.Carried, Written: plan.Written}
}

// RefusedError is a value that we will not take over, since we could not put it
// back.
type RefusedError struct {
	Parameter tcpip.Parameter
	Found     Value
}

func (e *RefusedError) Error() string {
	key := `"HKLM\` + tcpip.KeyPath + `"`
	return fmt.Sprintf("%s is %s on this host and could not be put back later, so it is not taken over. Windows is reported to ignore a value of this type. "+
		"Note down what it holds, then clear it:\n\n  reg query %s /v %s\n  reg delete %s /v %s /f\n",
		e.Parameter.ValueName, e.Found, key, e.Parameter.ValueName, key, e.Parameter.ValueName)
}

// Apply plans a create (nothing is managed in prior) or an update: desired
// values are written where the host differs, values that come under management
// are recorded as originals, and what is no longer desired is released by
// onDestroy. observed must hold every attribute that is desired, managed or
// carried. The error joins one [RefusedError] for each value that cannot be
// taken over; nothing is to be written then.
func Apply(observed Values, desired Desired, prior Prior, onDestroy OnDestroy) (Plan, error) {
	plan := Plan{Original: Values{}, Written: Values{}}
	var refused []error
	for _, p := range tcpip.Settings {
		to, wanted := desired[p.Argument()]
		original, managed := prior.Original[p.Attribute]
		carried, recorded := prior.Carried[p.Attribute]
		found := observed[p.Attribute]
		switch {
		case !wanted && !managed:
			plan.carry(p, found, prior)
			continue
		case !wanted:
			plan.release(p, found, original, prior, onDestroy)
			continue
		case !managed && recorded:
			original = carried
			plan.doubt(p, found, original, prior)
		case !managed:
			if !found.Restorable() {
				refused = append(refused, &RefusedError{Parameter: p, Found: found})
				continue
			}
			original = found
			if found.IsWrongType() {
				plan.warn(p, fmt.Sprintf("%s was %s", p.ValueName, found),
					"Windows ignores a value of this type. It is recorded as the original, as it is, and replaced by a REG_DWORD.")
			}
			plan.unsettable(p, found)
		}
		plan.Original[p.Attribute] = original
		ours := (managed || recorded) && prior.wrote(p.Attribute)
		if prior.Written == nil && found.isLike(original) {
			ours = false
		}
		plan.write(p, found, to, ours)
	}
	return plan, errors.Join(refused...)
}

// Destroy plans the release of every value that is managed, by onDestroy, and the
// restoring of what is carried.
func Destroy(observed Values, prior Prior, onDestroy OnDestroy) Plan {
	plan := Plan{Original: Values{}, Written: Values{}}
	for _, p := range tcpip.Settings {
		original, managed := prior.Original[p.Attribute]
		carried, recorded := prior.Carried[p.Attribute]
		switch found := observed[p.Attribute]; {
		case managed:
			plan.release(p, found, original, prior, onDestroy)
		case recorded && !found.isLike(carried): // on_destroy is about this resource's own values
			plan.warn(p, fmt.Sprintf("%s is still as an earlier owner left it", p.ValueName),
				fmt.Sprintf("The host's journal says that it was %s before. %s", carried, releaseTo(p, found, carried, prior, Restore).why))
			plan.release(p, found, carried, prior, Restore)
		}
	}
	plan.Warnings = append(plan.Warnings, DestroyWarnings(observed, prior, onDestroy)...)
	return plan
}

// write adds a step where the host differs, and keeps in mind that the value is
// ours from then on.
func (plan *Plan) write(p tcpip.Parameter, found, to Value, oursAlready bool) {
	if found != to {
		plan.Steps = append(plan.Steps, Step{Parameter: p, From: found, To: to})
	}
	if found != to || oursAlready {
		plan.Written[p.Attribute] = to
	}
}

// unsettable warns of an original that can only nearly be put back.
func (plan *Plan) unsettable(p tcpip.Parameter, original Value) {
	if back := original.nearest(); back != original {
		plan.warn(p, fmt.Sprintf("%s was %s, which netsh cannot set", p.ValueName, original),
			fmt.Sprintf("netsh sets ranges from port %d on, of %d ports or more, though machines have others. It is recorded as the original, as it is; a destroy sets the nearest, %s. "+
				"If a MaxUserPort made it at a restart, as is reported, nobody had set it by netsh: after a destroy it is set, and stays also without MaxUserPort.", tcpip.MinStartPort, tcpip.MinNumberOfPorts, back))
	}
}

// doubt warns of a value that a journal gives an original for, and that is neither
// that nor what was written: somebody set it since.
func (plan *Plan) doubt(p tcpip.Parameter, found, original Value, prior Prior) {
	if ours, wrote := prior.Written[p.Attribute]; found.isLike(original) || wrote && found == ours {
		return
	}
	plan.warn(p, fmt.Sprintf("%s was %s, which the journal does not know", p.ValueName, found),
		fmt.Sprintf("The journal of an earlier owner says that it was %s before, and on destroy it becomes %s again. If %s is what is to come back, note it down.", original, original.nearest(), found))
}

// CarriedWarnings says at a takeover what stays as an earlier owner left it.
func (plan Plan) CarriedWarnings(observed Values) []Warning {
	var told Plan
	for _, p := range Parameters(plan.Carried) {
		told.warn(p, fmt.Sprintf("%s is %s, as the earlier owner left it, and stays so", p.ValueName, observed[p.Attribute]),
			fmt.Sprintf("It is not configured here. Configure %s to manage it; otherwise the destroy of this resource makes it %s again.", p.Argument(), plan.Carried[p.Attribute].nearest()))
	}
	return told.Warnings
}

// Overtaken says which values were changed after the state was read by which the
// update was planned, and are overwritten all the same.
func (plan Plan) Overtaken(state Desired, observed Values, prior Prior) []Warning {
	var told Plan
	for _, step := range plan.Steps {
		p := step.Parameter
		if _, managed := prior.Original[p.Attribute]; !managed || step.From.IsWrongType() {
			continue
		}
		if p.IsRange() && !agree(observed, p.Pool.Transport) {
			continue // state has one range for both families, so that it does not tell
		}
		if known, had := state[p.Argument()]; had == step.From.effective() && known == step.From {
			continue
		}
		told.warn(p, fmt.Sprintf("%s was changed after the plan, to %s", p.ValueName, step.From), fmt.Sprintf("It is %s now, as planned.", step.To))
	}
	return told.Warnings
}

// carry keeps in mind what an earlier owner left, unless it is as it was before.
func (plan *Plan) carry(p tcpip.Parameter, found Value, prior Prior) {
	original, recorded := prior.Carried[p.Attribute]
	if !recorded || found.isLike(original) {
		return
	}
	if plan.Carried == nil {
		plan.Carried = Values{}
	}
	plan.Carried[p.Attribute] = original
	if ours, ok := prior.Written[p.Attribute]; ok {
		plan.Written[p.Attribute] = ours
	}
}

// release adds the step that ends the management of one value, if it takes one.
func (plan *Plan) release(p tcpip.Parameter, found, original Value, prior Prior, onDestroy OnDestroy) {
	end := releaseTo(p, found, original, prior, onDestroy)
	if ours, known := prior.Written[p.Attribute]; known && found != ours && found != end.to {
		plan.warn(p, fmt.Sprintf("%s was %s, not the %s that was applied", p.ValueName, found, ours.data()),
			fmt.Sprintf("Somebody changed it since, or the apply that was to write it was cut off. %s", end.why))
	}
	if end.to != found {
		plan.Steps = append(plan.Steps, Step{Parameter: p, From: found, To: end.to})
	}
}

func (plan *Plan) warn(p tcpip.Parameter, summary, detail string) {
	plan.Warnings = append(plan.Warnings, Warning{Attribute: p.Attribute, Summary: summary, Detail: detail})
}

// ending is what a released value becomes.
type ending struct {
	to      Value
	becomes string // in short, for a summary
	why     string // in a sentence
}

// releaseTo decides what a released value becomes.
func releaseTo(p tcpip.Parameter, found, original Value, prior Prior, onDestroy OnDestroy) ending {
	const stays, deleted = "stays as it is", "will be deleted"
	name, forgotten := p.ValueName, fmt.Sprintf("Before this provider it was %s; that is forgotten then.", original)
	switch {
	case prior.Written == nil && found.isLike(original):
		return ending{found, stays, name + " is as it was found and stays so."}
	case !prior.wrote(p.Attribute):
		return ending{found, stays, name + " was never written by this provider and stays as it is."}
	case onDestroy == Keep:
		return ending{found, stays, name + ` stays as it is (on_destroy = "keep"). ` + forgotten}
	case onDestroy == WindowsDefault && p.IsRange():
		to := Ports(tcpip.DefaultPortRange)
		return ending{to, "will be set to Windows' default, " + to.String(), fmt.Sprintf(`%s is set to Windows' default, %s (on_destroy = "windows_default"). %s`, name, to, forgotten)}
	case onDestroy == WindowsDefault:
		return ending{Absent, deleted, name + ` is deleted, so that Windows uses its default (on_destroy = "windows_default"). ` + forgotten}
	case original == Absent:
		return ending{Absent, deleted, name + " is deleted, since it did not exist before."}
	case original != original.nearest() && original != found: // what is there again stays
		to := original.nearest()
		return ending{to, "will be set to " + to.String(), fmt.Sprintf("%s was %s before, which netsh cannot set: the nearest is set, %s.", name, original, to)}
	default:
		return ending{original, "will be restored to " + original.String(), fmt.Sprintf("%s is restored to %s.", name, original)}
	}
}

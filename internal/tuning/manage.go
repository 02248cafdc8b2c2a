package tuning

import (
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// Configured is what a configuration says of one attribute at plan time.
type Configured int

// The three things that a configuration can say.
const (
	Null    Configured = iota // not managed
	Known                     // set
	Unknown                   // not known before apply; may turn out null
)

// Managed plans the managed set. configured is by the attribute that sets a value
// ([tcpip.Parameter]'s Argument). known is false where it can only be told at
// apply: when it grows, or when any configured attribute is unknown and so may
// turn out null. Otherwise original is the prior one without the attributes
// that left the configuration, which are listed in released.
func Managed(prior Values, configured map[string]Configured) (original Values, released []tcpip.Parameter, known bool) {
	original, known = Values{}, true
	for _, p := range tcpip.Settings {
		value, managed := prior[p.Attribute]
		switch configured[p.Argument()] {
		case Unknown:
			known = false
		case Known:
			if !managed {
				known = false
			}
			original[p.Attribute] = value
		case Null:
			if managed {
				released = append(released, p)
			}
		}
	}
	return original, released, known
}

// ReleaseWarnings says at plan time, from what state knows, what becomes of
// values that leave the configuration.
func ReleaseWarnings(released []tcpip.Parameter, observed Values, prior Prior, onDestroy OnDestroy) []Warning {
	var plan Plan
	for _, p := range released {
		found := observed[p.Attribute]
		end := releaseTo(p, found, prior.Original[p.Attribute], prior, onDestroy)
		plan.warn(p, fmt.Sprintf("%s is no longer configured and %s", p.ValueName, end.becomes), end.why)
	}
	return plan.Warnings
}

// DestroyWarnings says at plan time what a destroy does that a reader would not
// expect of one: values that stay, or go though they were there before. A value that
// was never written and is as it was found is no news, unless the default was asked for.
func DestroyWarnings(observed Values, prior Prior, onDestroy OnDestroy) []Warning {
	var plan Plan
	for _, p := range tcpip.Settings {
		original, managed := prior.Original[p.Attribute]
		if !managed || prior.wrote(p.Attribute) && asBefore(original, onDestroy) {
			continue
		}
		if onDestroy != WindowsDefault && prior.Written != nil && !prior.wrote(p.Attribute) && observed[p.Attribute] == original {
			continue
		}
		end := releaseTo(p, Absent, original, prior, onDestroy)
		summary := p.ValueName + " is not restored on destroy"
		if onDestroy == Restore && end.to != Absent && end.to == original.nearest() {
			summary = p.ValueName + " is restored on destroy as nearly as netsh can"
		}
		plan.warn(p, summary, end.why)
	}
	return plan.Warnings
}

// Becoming is what values become that leave the configuration, by what state knows.
func Becoming(released []tcpip.Parameter, observed Values, prior Prior, onDestroy OnDestroy) Values {
	becomes := Values{}
	for _, p := range released {
		becomes[p.Attribute] = releaseTo(p, observed[p.Attribute], prior.Original[p.Attribute], prior, onDestroy).to
	}
	return becomes
}

// asBefore tells whether a destroy leaves a value that we wrote as it was before us.
func asBefore(original Value, onDestroy OnDestroy) bool {
	switch onDestroy {
	case Restore:
		return original == original.nearest()
	case WindowsDefault:
		return original == Absent || original == Ports(tcpip.DefaultPortRange)
	default:
		return false
	}
}

// Takeover is the originals of an import: every REG_DWORD of the catalogue that
// was found, and the port ranges of a transport where one of them is not Windows'
// default or is recorded, each with what a journal has recorded of it, else as it was
// found. A value of another type is not taken into management; Windows ignores it.
func Takeover(observed, recorded Values) (original Values, warnings []Warning) {
	original = Values{}
	var plan Plan
	for _, p := range tcpip.Settings {
		found := observed[p.Attribute]
		before, known := recorded[p.Attribute]
		if p.IsRange() && !tuned(observed, recorded, p.Pool.Transport) {
			continue
		}
		if found.effective() {
			original[p.Attribute] = found
			if known {
				original[p.Attribute] = before
			}
			plan.unsettable(p, original[p.Attribute])
			continue
		}
		if found.IsWrongType() {
			plan.warn(p, wrongType(p, found), "It is not imported. To manage it, configure "+p.Attribute+".")
		}
	}
	return original, plan.Warnings
}

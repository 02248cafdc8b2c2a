package tuning

import (
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// UnavailableError is a host whose dynamic port ranges cannot be read: its Windows has
// none, or its WinRM no shell for netsh.
type UnavailableError struct {
	// None is set where Windows has no dynamic port range (Server 2003).
	None bool
	Err  error
}

func (e *UnavailableError) Error() string { return e.Err.Error() }
func (e *UnavailableError) Unwrap() error { return e.Err }

// pair is the port ranges of a transport's families; ok is false where one of them is
// not known.
func pair(values Values, transport tcpip.Transport) (ipv4, ipv6 Value, ok bool) {
	of := func(family tcpip.Family) Value {
		for _, p := range tcpip.PortRanges {
			if p.Pool == (tcpip.Pool{Transport: transport, Family: family}) {
				return values[p.Attribute]
			}
		}
		return Absent
	}
	ipv4, ipv6 = of(tcpip.IPv4), of(tcpip.IPv6)
	return ipv4, ipv6, ipv4.effective() && ipv6.effective()
}

// agree tells whether both families of a transport have one range.
func agree(values Values, transport tcpip.Transport) bool {
	ipv4, ipv6, ok := pair(values, transport)
	return ok && ipv4 == ipv6
}

// tuned tells whether an import takes the ranges of a transport.
func tuned(observed, recorded Values, transport tcpip.Transport) bool {
	usual := Ports(tcpip.DefaultPortRange)
	ipv4, ipv6, ok := pair(observed, transport)
	_, _, known := pair(recorded, transport)
	return ok && (known || ipv4 != usual || ipv6 != usual)
}

// Differing lists the managed ranges, by argument, whose families are not alike.
func Differing(observed, original Values) (arguments []string) {
	for _, transport := range tcpip.Transports {
		_, _, managed := pair(original, transport)
		if ipv4, ipv6, ok := pair(observed, transport); managed && ok && ipv4 != ipv6 {
			arguments = append(arguments, tcpip.Pool{Transport: transport}.Argument())
		}
	}
	return arguments
}

// one is the range that state has for both families: theirs, where they agree, else
// that of the family that is not as it was applied, IPv4's where neither is. So a
// difference stays a difference until it is gone. Where nothing is known of what was
// applied and they do not agree, it is none, which no configuration can be equal to.
func one(observed Values, applied Desired, transport tcpip.Transport) (Value, []Warning) {
	ipv4, ipv6, ok := pair(observed, transport)
	switch {
	case !ok:
		return Absent, nil
	case ipv4 == ipv6:
		return ipv4, nil
	}
	argument := tcpip.Pool{Transport: transport}.Argument()
	shown, taken := ipv4, "State shows that of IPv4."
	switch was, known := applied[argument]; {
	case !known:
		shown, taken = Absent, "State shows none, since either may be what is wanted."
	case ipv4 == was:
		shown, taken = ipv6, fmt.Sprintf("%s was applied, so state shows that of IPv6.", was)
	case ipv6 == was:
		taken = fmt.Sprintf("%s was applied, so state shows that of IPv4.", was)
	}
	return shown, []Warning{{
		Attribute: argument,
		Summary:   fmt.Sprintf("IPv4 and IPv6 have different dynamic port ranges for %s: %s and %s", transport, ipv4, ipv6),
		Detail:    "Windows keeps one for each version of IP, and one attribute sets both. " + taken + " An apply that changes it sets both.",
	}}
}

// Applied keeps of what is desired what state must be compared with later.
func Applied(desired Desired) Desired {
	applied := Desired{}
	for _, p := range tcpip.PortRanges {
		if to, ok := desired[p.Argument()]; ok {
			applied[p.Argument()] = to
		}
	}
	if len(applied) == 0 {
		return nil
	}
	return applied
}

// Watched lists what is looked at beside managed values, though it is not managed:
// MaxUserPort, where a port range is.
func Watched(original Values) []tcpip.Parameter {
	maxUserPort, _ := tcpip.ByAttribute("max_user_port")
	for _, p := range tcpip.PortRanges {
		if _, managed := original[p.Attribute]; managed {
			return []tcpip.Parameter{maxUserPort}
		}
	}
	return nil
}

// WatchedWarnings says what of it was found.
func WatchedWarnings(observed, original Values) []Warning {
	var plan Plan
	for _, p := range Watched(original) {
		if _, managed := original[p.Attribute]; managed {
			continue // both were imported; a configuration can name one of them only
		}
		if found := observed[p.Attribute]; found.Present {
			plan.Warnings = append(plan.Warnings, Warning{Summary: fmt.Sprintf("%s is %s beside a managed dynamic_port_range", p.ValueName, found),
				Detail: "On this Windows the dynamic port range is the documented control, yet MaxUserPort is reported to set the range of TCP at the next restart; which of the two rules is not known. " +
					"This resource does not manage it. If nothing else needs it, delete it:\n\n  reg delete \"HKLM\\" + tcpip.KeyPath + "\" /v " + p.ValueName + " /f\n"})
		}
	}
	return plan.Warnings
}

// together gives every managed port range its other family: they are added and
// dropped together. known is the originals by which one is added.
func (p *Prior) together(known ...Values) {
	for _, row := range tcpip.PortRanges {
		if _, there := p.Original[row.Attribute]; there {
			continue
		}
		for _, other := range tcpip.PortRanges {
			if _, managed := p.Original[other.Attribute]; other.Argument() != row.Argument() || !managed {
				continue
			}
			for _, values := range known {
				if original, ok := values[row.Attribute]; ok {
					p.Original[row.Attribute] = original
					delete(p.Carried, row.Attribute)
					break
				}
			}
		}
	}
}

package audit

import (
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// Proposal is what a plan is about to set on a host.
type Proposal struct {
	// Desired is what is configured, Prior what state says of the host; both by the
	// argument that sets it.
	Desired, Prior tuning.Desired
	// Changed is the arguments that the plan changes. Nothing is said of others: a plan
	// that leaves them alone is not the moment.
	Changed []string
	// Becomes is, by attribute, what a registry value becomes that leaves the
	// configuration: absent where it is deleted. No entry: it stays as it is.
	Becomes tuning.Values
	// Port is the port by which the host is reached; 0: not known.
	Port uint16
}

// desired is what a changed argument is set to; ok is false where it is not changed, or
// leaves the configuration.
func (p Proposal) desired(argument string) (value tuning.Value, ok bool) {
	value, ok = p.Desired[argument]
	return value, ok && slices.Contains(p.Changed, argument)
}

func (p Proposal) number(attribute string) (uint32, bool) {
	value, ok := p.desired(attribute)
	if !ok {
		return 0, false
	}
	return value.DWORD()
}

// ports is the range that a transport's argument is changed to.
func (p Proposal) ports(transport tcpip.Transport) (tcpip.PortRange, bool) {
	value, ok := p.desired(tcpip.Pool{Transport: transport}.Argument())
	if !ok {
		return tcpip.PortRange{}, false
	}
	r, ok := value.PortRange()
	return r, ok && r.Valid()
}

// Needs is the parts of a host by which a proposal is judged; none where there is
// nothing to judge, and then the host need not be asked at all. The host's role costs
// nothing: a domain controller is told by the operating system's facts.
func Needs(p Proposal) (parts Parts) {
	for _, row := range tcpip.Catalogue {
		if _, ok := p.number(row.Attribute); ok {
			parts |= PartPolicies
		}
	}
	for _, transport := range tcpip.Transports {
		if _, ok := p.ports(transport); ok {
			parts |= PartRanges | PartExcluded | PartProcesses // one command of one shell, and a query
			if transport == tcpip.TCP {
				parts |= PartListeners | PartValues // a MaxUserPort stands beside it
			}
		}
	}
	if _, ok := p.number("max_user_port"); ok {
		// On Windows Server 2003 the pool of now and what is reserved are registry values.
		parts |= PartValues | PartRanges | PartExcluded | PartListeners | PartProcesses
	}
	return parts
}

package audit

import "strings"

// Parts is the parts of [Facts] that are to be read of a host. The operating system's
// facts and its boot come with any of them.
type Parts uint

// The parts, and what they fill.
const (
	// PartValues is Names, Values and, on Windows Server 2003, ReservedPorts.
	PartValues Parts = 1 << iota
	// PartRanges is Ranges: none on Windows Server 2003, and none is missing there.
	PartRanges
	// PartExcluded is Excluded; as PartRanges.
	PartExcluded
	// PartListeners is Listeners, without the processes' names.
	PartListeners
	// PartProcesses is Running, and the names of the Listeners' processes.
	PartProcesses
	// PartTemplates is Templates and AutoReuse: Windows Server 2012 and later.
	PartTemplates
	// PartPolicies is Policies.
	PartPolicies
	// PartJournal is Journal and Machine.
	PartJournal
	// PartRole is System.DomainRole.
	PartRole

	partsEnd

	// AllParts is what an audit reads.
	AllParts = partsEnd - 1
)

// Has tells whether all of some parts are among them.
func (p Parts) Has(some Parts) bool { return p&some == some }

// partNames is in the order of the bits.
var partNames = [...]string{"registry values", "dynamic port ranges", "excluded ranges", "listeners", "processes", "TCP templates", "policies", "journal", "domain role"}

// String names the parts, as messages call them.
func (p Parts) String() string {
	var names []string
	for i, name := range partNames {
		if p.Has(1 << i) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, "+")
}

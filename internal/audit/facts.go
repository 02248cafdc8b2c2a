// Package audit judges what was read of one host: what is set and misspelt, what
// Windows goes by, what a wider port range would hit. Pure: no I/O, no clock.
package audit

import (
	"net/netip"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// Facts is what was read of a host. A part that was not asked for, or could not be
// read, is nil; Missing then says why.
type Facts struct {
	System System
	// Names is every value of Tcpip\Parameters by its name as it is spelt there, with
	// its type.
	Names map[string]tuning.Type
	// Values is the catalogue's values as found, by attribute: an entry for each row.
	Values tuning.Values
	// ReservedPorts is the REG_MULTI_SZ of that name on Windows Server 2003, as it is.
	ReservedPorts []string
	// Ranges is the dynamic port range of each transport and family, by netsh.
	Ranges map[tcpip.Pool]tcpip.PortRange
	// Templates is the ranges that the templates of MSFT_NetTCPSetting report,
	// distinct, in order of appearance; they do not say of which family.
	Templates []tcpip.PortRange
	// AutoReuse is the range that connections draw from which do not ask for a port,
	// where one is set (Windows Server 2016 and later).
	AutoReuse *tcpip.PortRange
	// Excluded is the ranges that Windows never hands out.
	Excluded []Exclusion
	// Listeners is the TCP sockets in the state Listen, of any port.
	Listeners []Listener
	// Running is the names of running processes in lower case ("dns.exe").
	Running map[string]bool
	// Journal is the host's journal; nil: not asked for, or not read.
	Journal *tuning.Found
	Boot    tuning.Boot
	Machine tuning.Machine
	// Policies is what Group Policy sets in Tcpip\Parameters, as far as the resultant
	// set of policy tells.
	Policies []Policy
	Missing  []Missing
	// NoShell is set where the host's WinRM has no shell, so that what netsh tells is
	// missing for a reason that no second try mends.
	NoShell bool
}

// System is the facts of the operating system and of its role.
type System struct {
	Caption, Version string // Caption is localised
	Build            tcpip.Build
	Computer         string
	// ProductType is Win32_OperatingSystem's: 1 workstation, 2 domain controller,
	// 3 server.
	ProductType uint32
	// DomainRole is Win32_ComputerSystem's, 0 to 5; nil: not asked for, or not read.
	DomainRole         *uint32
	Installed, Started time.Time
}

// DomainController tells whether the host is one.
func (s System) DomainController() bool {
	return s.ProductType == 2 || s.DomainRole != nil && *s.DomainRole >= 4
}

// Exclusion is a range of ports that Windows never hands out.
type Exclusion struct {
	Pool  tcpip.Pool
	Ports tcpip.PortRange
	// Administered is set where somebody reserved it (the star of netsh), and not
	// Windows by itself.
	Administered bool
}

// Listener is a socket that waits for connections.
type Listener struct {
	Address netip.AddrPort
	PID     uint32
	// Process is the process's name ("sqlservr.exe"); empty where it is not known.
	Process string
}

// Policy is a registry value of Tcpip\Parameters that Group Policy sets.
type Policy struct {
	ValueName string
	GPO       string // its name, else its id
}

// Missing is a part that could not be read.
type Missing struct {
	Part string // "excluded ranges"
	Why  string
	// Of is the part by its bit, so that it can be told what is not worth a word; zero:
	// not said.
	Of Parts
}

package wmi

import (
	"slices"
	"strconv"
)

// Process is a running program.
type Process struct {
	PID  uint32
	Name string
}

const serviceHost, services = "svchost.exe", 552

// MailServer lists the processes that own the sockets of an idle host (tcpstack). The names of Windows' own are the same in
// every version (recorded of 2003 and 2012).
var MailServer = []Process{{0, "System Idle Process"}, {4, "System"}, {services, "services.exe"}, {640, "lsass.exe"}, {716, serviceHost},
	{900, serviceHost}, {904, serviceHost}, {908, serviceHost}, {912, serviceHost}, {916, serviceHost}, {920, serviceHost}, {924, serviceHost},
	{928, serviceHost}, {1004, serviceHost}, {1044, serviceHost}, {2184, "mailserver.exe"}}

// process has Windows' own processes without a path, and also without a time (recorded of 2003).
var process = &Class{
	Name:       "Win32_Process",
	Properties: properties("Caption CreationDate@ ExecutablePath Handle Name ParentProcessId# ProcessId#"),
	rows: func(m *Machine) table {
		facts := m.Facts()
		return table{len(facts.Processes), func(i int, row Row) {
			p := facts.Processes[i]
			copy(row, Row{p.Name, facts.Boot, `C:\Windows\System32\` + p.Name, strconv.Itoa(int(p.PID)), p.Name, int64(services), int64(p.PID)})
			if p.PID <= services {
				row[1], row[2], row[5] = nil, nil, int64(0)
			}
		}}
	},
}

// computerSystem is a member of a domain, or its controller: DomainRole is 1, 5 or 3 (documented: Win32_ComputerSystem).
var computerSystem = &Class{
	Name:       "Win32_ComputerSystem",
	Properties: properties("Domain DomainRole# Manufacturer Model Name PartOfDomain?"),
	rows: func(m *Machine) table {
		role := []int64{0, 1, 5, 3}[m.Profile.ProductType]
		return tableOf(Row{"contoso.com", role, "Microsoft Corporation", "Virtual Machine", m.Name, true})
	},
}

// Run adds a process, or renames it.
func (f *Facts) Run(pid uint32, name string) {
	f.Processes = slices.DeleteFunc(slices.Clone(f.Processes), func(p Process) bool { return p.PID == pid })
	f.Processes = append(f.Processes, Process{pid, name})
}

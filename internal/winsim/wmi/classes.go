package wmi

import (
	"fmt"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

// properties reads the lists below: a name alone is a text, with # a number, with ? a boolean, with @ a datetime. Names
// and types are documented (Win32 provider), the order is recorded; properties that nobody asks for are left out.
func properties(list string) (out []Property) {
	for name := range strings.FieldsSeq(list) {
		bare := strings.TrimRight(name, "#?@")
		out = append(out, Property{Name: bare, Type: map[string]PropertyType{"": Text, "#": Number, "?": Bool, "@": DateTime}[name[len(bare):]]})
	}
	return out
}

var operatingSystem = &Class{
	Name: "Win32_OperatingSystem",
	Properties: properties(`BuildNumber Caption CSDVersion CSName CurrentTimeZone# Description FreePhysicalMemory# InstallDate@
		LastBootUpTime@ LocalDateTime@ Manufacturer MaxNumberOfProcesses# MUILanguages Name OperatingSystemSKU#
		OSArchitecture OSType# OtherTypeDescription PAEEnabled? Primary? ProductType# ServicePackMajorVersion# Version`),
	since: map[string]int{"MUILanguages": 6001, "OperatingSystemSKU": 6001, "OSArchitecture": 6001}, // the recording of 2003 lacks them
	rows: func(m *Machine) table {
		p := m.Profile
		facts := m.Facts()
		var servicePack, other any
		if p.ServicePack > 0 {
			servicePack = fmt.Sprint("Service Pack ", p.ServicePack)
		}
		if p.Key == profile.Server2003R2.Key { // later releases say R2 in their captions
			other = "R2"
		}
		return tableOf(Row{
			fmt.Sprint(p.Build), p.Caption, servicePack, m.Name, int64(facts.Zone.Minutes()), "",
			int64(2411804), facts.Installed, facts.Boot, facts.Now, "Microsoft Corporation",
			int64(4294967295), "en-US", p.Caption + `|C:\Windows|\Device\Harddisk0\Partition2`, int64(7), "64-bit", int64(18),
			other, nil, true, int64(p.ProductType), int64(p.ServicePack), p.Version,
		})
	},
}

// computerSystemProduct is what the firmware's SMBIOS tells (documented: Win32_ComputerSystemProduct; Name, Vendor and
// Version as Hyper-V's machines have them, reported). The UUID is in upper case with hyphens (documented); null where the
// firmware has none is assumed.
var computerSystemProduct = &Class{
	Name:       "Win32_ComputerSystemProduct",
	Properties: properties("Caption Description IdentifyingNumber Name SKUNumber UUID Vendor Version"),
	unrecorded: true,
	rows: func(m *Machine) table {
		const product = "Computer System Product"
		var uuid any
		if text := m.Facts().UUID; text != "" {
			uuid = text
		}
		return tableOf(Row{product, product, "0000-0000-0000-0000-0000-0000-00", "Virtual Machine", nil, uuid, "Microsoft Corporation", "7.0"})
	},
}

// serviceCount makes Win32_Service long enough for several Pulls of the usual envelope.
const serviceCount = 210

var service = &Class{
	Name: "Win32_Service",
	Properties: properties(`AcceptPause? AcceptStop? Caption CheckPoint# CreationClassName Description DesktopInteract? DisplayName
		ErrorControl ExitCode# InstallDate@ Name PathName ProcessId# ServiceSpecificExitCode# ServiceType Started?
		StartMode StartName State Status SystemCreationClassName SystemName TagId# WaitHint#`),
	rows: func(m *Machine) table {
		return table{serviceCount, func(i int, row Row) { copy(row, serviceRow(m, i)) }}
	},
}

// Owners of invented services. Some need escaping in XML, some are not ASCII.
var serviceOwners = []string{"Contoso", "Fabrikam", "Litware & Sons", "Tailspin <Toys>", "Bücher", "北风"}

func serviceRow(m *Machine, i int) Row {
	owner, name := serviceOwners[i%len(serviceOwners)], fmt.Sprintf("SimSvc%03d", i)
	title := fmt.Sprintf("%s Agent %d", owner, i)
	state, mode, process := "Stopped", "Manual", int64(0)
	if i%3 != 0 {
		state, mode, process = "Running", "Auto", int64(1000+4*i)
	}
	description := any(title + " is invented. If it is stopped, whatever depends on it waits.")
	if i%10 == 9 {
		description = nil
	}
	return Row{
		false, process != 0, title, int64(0), "Win32_Service", description,
		false, title, "Normal", int64(0), nil, name,
		`"C:\Program Files\` + owner + `\` + name + `.exe" -k "all & sundry"`, process, int64(0), "Own Process", process != 0, mode,
		"LocalSystem", state, "OK", "Win32_ComputerSystem", m.Name, int64(0), int64(0),
	}
}

package wmi

import (
	"fmt"
	"hash/fnv"
	"time"
)

// properties makes the tables below short: name, type, name, type … Names and
// types are documented (Win32 provider), the order is recorded; a few
// properties that nobody asks for are left out.
func properties(list ...any) []Property {
	var out []Property
	for i := 0; i < len(list); i += 2 {
		out = append(out, Property{Name: list[i].(string), Type: list[i+1].(PropertyType)})
	}
	return out
}

var operatingSystem = &Class{
	Name: "Win32_OperatingSystem",
	Properties: properties(
		"BootDevice", Text, "BuildNumber", Text, "BuildType", Text, "Caption", Text, "CodeSet", Text, "CountryCode", Text,
		"CreationClassName", Text, "CSCreationClassName", Text, "CSDVersion", Text, "CSName", Text, "CurrentTimeZone", Number,
		"Debug", Bool, "Description", Text, "Distributed", Bool, "EncryptionLevel", Number, "FreePhysicalMemory", Number,
		"FreeVirtualMemory", Number, "InstallDate", DateTime, "LastBootUpTime", DateTime, "LocalDateTime", DateTime, "Locale", Text,
		"Manufacturer", Text, "MaxNumberOfProcesses", Number, "MUILanguages", Text, "Name", Text, "NumberOfLicensedUsers", Number,
		"NumberOfProcesses", Number, "NumberOfUsers", Number, "OperatingSystemSKU", Number, "Organization", Text, "OSArchitecture", Text,
		"OSLanguage", Number, "OSType", Number, "OtherTypeDescription", Text, "PAEEnabled", Bool, "Primary", Bool, "ProductType", Number,
		"RegisteredUser", Text, "SerialNumber", Text, "ServicePackMajorVersion", Number, "ServicePackMinorVersion", Number, "Status", Text,
		"SystemDevice", Text, "SystemDirectory", Text, "SystemDrive", Text, "TotalVisibleMemorySize", Number, "Version", Text, "WindowsDirectory", Text,
	),
	since2008: []string{"MUILanguages", "OperatingSystemSKU", "OSArchitecture"}, // the recording of 2003 lacks them
	rows: func(m *Machine) []Row {
		p := m.Profile
		now, boot := m.Times()
		var servicePack, sku, other any
		servicePackMajor := int64(0)
		if p.ServicePack != "" {
			servicePack, servicePackMajor = p.ServicePack, 2
		}
		if p.SKU != 0 {
			sku = int64(p.SKU)
		}
		if p.Quirk2003 {
			other = "R2"
		}
		return []Row{{
			`\Device\HarddiskVolume1`, fmt.Sprint(p.Build), "Multiprocessor Free", p.Caption, "1252", "1",
			"Win32_OperatingSystem", "Win32_ComputerSystem", servicePack, m.Name, int64(m.Shape.Offset.Minutes()),
			false, "", false, int64(256), int64(2411804),
			int64(5016212), installDate, boot, now, "0409",
			"Microsoft Corporation", int64(4294967295), "en-US", p.Caption + `|C:\Windows|\Device\Harddisk0\Partition2`, int64(0),
			int64(61), int64(2), sku, "Contoso", "64-bit",
			int64(1033), int64(18), other, nil, true, int64(p.ProductType),
			"Contoso Operations", "00000-00000-00000-AA000", servicePackMajor, int64(0), "OK",
			`\Device\HarddiskVolume2`, `C:\Windows\system32`, "C:", int64(4193844), p.Version, `C:\Windows`,
		}}
	},
}

var installDate = time.Date(2025, time.October, 6, 8, 30, 12, 0, time.UTC)

var computerSystemProduct = &Class{
	Name: "Win32_ComputerSystemProduct",
	Properties: properties(
		"Caption", Text, "Description", Text, "IdentifyingNumber", Text, "Name", Text, "SKUNumber", Text, "UUID", Text, "Vendor", Text, "Version", Text,
	),
	rows: func(m *Machine) []Row {
		// One UUID per computer name, as machines that were not cloned have.
		return []Row{{"Computer System Product", "Computer System Product", "SIM-" + m.Name, "Simulated Machine", nil, uuidOf(m.Name), "winsim", "1"}}
	},
}

// uuidOf makes an identifier that only looks like one of SMBIOS.
func uuidOf(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	return fmt.Sprintf("51A7E500-0000-4000-8000-%012X", h.Sum64()&0xffffffffffff)
}

// serviceCount makes Win32_Service long enough to need several Pulls of the
// smallest and of the usual envelope.
const serviceCount = 210

var service = &Class{
	Name: "Win32_Service",
	Properties: properties(
		"AcceptPause", Bool, "AcceptStop", Bool, "Caption", Text, "CheckPoint", Number, "CreationClassName", Text, "Description", Text,
		"DesktopInteract", Bool, "DisplayName", Text, "ErrorControl", Text, "ExitCode", Number, "InstallDate", DateTime, "Name", Text,
		"PathName", Text, "ProcessId", Number, "ServiceSpecificExitCode", Number, "ServiceType", Text, "Started", Bool, "StartMode", Text,
		"StartName", Text, "State", Text, "Status", Text, "SystemCreationClassName", Text, "SystemName", Text, "TagId", Number, "WaitHint", Number,
	),
	rows: func(m *Machine) []Row {
		var rows []Row
		for i := range serviceCount {
			rows = append(rows, serviceRow(m, i))
		}
		return rows
	},
}

// Words of invented services. Some need escaping in XML, some are not ASCII.
var (
	serviceOwners = []string{"Contoso", "Fabrikam", "Litware & Sons", "Tailspin <Toys>", "Bücher", "北风"}
	serviceJobs   = []string{"Backup Agent", "Mail Queue", "Print Relay", "Licence Watch", "Sensor Hub", "Report Mill", "Ticket Bridge"}
)

func serviceRow(m *Machine, i int) Row {
	owner, job := serviceOwners[i%len(serviceOwners)], serviceJobs[i/len(serviceOwners)%len(serviceJobs)]
	title := fmt.Sprintf("%s %s %d", owner, job, i)
	name := fmt.Sprintf("SimSvc%03d", i)
	running := i%3 != 0
	state, mode, process := "Stopped", "Manual", int64(0)
	if running {
		state, mode, process = "Running", "Auto", int64(1000+4*i)
	}
	description := any(fmt.Sprintf("%s keeps the %s going. If it is stopped, whatever depends on it waits.", title, job))
	if i%10 == 9 {
		description = nil
	}
	return Row{
		false, running, title, int64(0), "Win32_Service", description,
		false, title, "Normal", int64(0), nil, name,
		`"C:\Program Files\` + owner + `\` + name + `.exe" -k "all & sundry"`, process, int64(0), "Own Process", running, mode,
		"LocalSystem", state, "OK", "Win32_ComputerSystem", m.Name, int64(0), int64(0),
	}
}

package wmi

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

func TestProcesses(t *testing.T) {
	for _, p := range profile.All() {
		m := machine(p, 1)
		facts := m.Facts()
		facts.Processes = MailServer
		facts.Run(716, "Dienst <ö>.exe")
		facts.Run(4120, "sqlservr.exe")
		m.Facts = func() Facts { return facts }
		items, fault := collect(m, "root/cimv2", "SELECT ProcessId, Name FROM Win32_Process")
		if fault != nil {
			t.Fatal(fault)
		}
		names, pids := values(items, "Name"), values(items, "ProcessId")
		found := map[string]string{}
		for i, pid := range pids {
			found[pid] = names[i]
		}
		for pid, want := range map[string]string{"0": "System Idle Process", "4": "System", "640": "lsass.exe", "1044": "svchost.exe", "2184": "mailserver.exe", "4120": "sqlservr.exe", "716": "Dienst &lt;ö&gt;.exe"} {
			if found[pid] != want {
				t.Errorf("%s: process %s is %q, want %q", p.Key, pid, found[pid], want)
			}
		}
		if len(found) != len(MailServer)+1 || len(pids) != len(found) {
			t.Errorf("%s: processes %v", p.Key, pids)
		}
		for _, s := range m.Stack().Sockets() {
			if found[uintText(s.PID)] == "" {
				t.Errorf("%s: nobody has the process of %v", p.Key, s)
			}
		}
		for _, e := range m.Stack().UDP() {
			if found[uintText(e.PID)] == "" {
				t.Errorf("%s: nobody has the process of %v", p.Key, e)
			}
		}
		if MailServer[4] != (Process{716, "svchost.exe"}) {
			t.Fatal("a host's verb changes other hosts")
		}
		whole, _ := collect(m, "root/cimv2", "select * from Win32_Process where Handle = '0' or ProcessId = 2184")
		for name, want := range map[string]string{"Caption": "System Idle Process mailserver.exe", "ExecutablePath": `nil C:\Windows\System32\mailserver.exe`, "Handle": "0 2184", "ParentProcessId": "0 552"} {
			if got := strings.Join(values(whole, name), " "); got != want {
				t.Errorf("%s: %s is %s, want %s", p.Key, name, got, want)
			}
		}
		if values(whole[:1], "CreationDate")[0] != "nil" || !strings.Contains(whole[1], "Datetime>"+facts.Boot.In(zoneOf(m)).Format("2006-01-02T15:04:05")) {
			t.Errorf("%s: %s", p.Key, whole)
		}
	}
}

func TestComputerSystem(t *testing.T) {
	for kind, role := range map[int]string{1: "1", 2: "5", 3: "3"} {
		p := profile.Server2019
		p.ProductType = kind
		items, _ := collect(machine(p, 1), "root/cimv2", "select * from Win32_ComputerSystem")
		if len(items) != 1 || values(items, "DomainRole")[0] != role || values(items, "PartOfDomain")[0] != "true" || values(items, "Domain")[0] != "contoso.com" || values(items, "Model")[0] != "Virtual Machine" {
			t.Errorf("product type %d: %s", kind, items)
		}
	}
}

func uintText(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func zoneOf(m *Machine) *time.Location { return time.FixedZone("", int(m.Facts().Zone.Seconds())) }

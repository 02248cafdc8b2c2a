package winsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

const (
	allOfCimv2    = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*"
	policyResults = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/rsop/computer/*"
)

// pairs lists two columns of a query as "a b".
func (c *client) pairs(resource, query, one, other string) (list []string) {
	c.t.Helper()
	for _, page := range c.allIn(resource, query) {
		others := elements(c.t, page, other)
		for i, text := range elements(c.t, page, one) {
			list = append(list, text+" "+others[i])
		}
	}
	return list
}

func TestAListenerOfOnesOwn(t *testing.T) {
	for seed := int64(1); seed <= 3; seed++ {
		h := Start(t, Server2012R2(), Seed(seed))
		h.AddProcess(4120, "sqlservr.exe")
		h.AddListener("0.0.0.0:50433", 4120)
		h.AddListener("[fe80::1%4]:1433", 4120)
		for _, when := range []string{"at once", "after a restart"} {
			c := newClient(t, h)
			listeners := c.pairs(standardCimv2, "SELECT LocalAddress, LocalPort, OwningProcess FROM MSFT_NetTCPConnection WHERE State = 2", "LocalPort", "OwningProcess")
			if !slices.Contains(listeners, "50433 4120") || !slices.Contains(listeners, "1433 4120") || !slices.Contains(listeners, "5985 4") || slices.Contains(listeners, "50210 2184") {
				t.Errorf("seed %d, %s: %q", seed, when, listeners)
			}
			if processes := c.pairs(allOfCimv2, "SELECT ProcessId, Name FROM Win32_Process", "ProcessId", "Name"); !slices.Contains(processes, "4120 sqlservr.exe") || !slices.Contains(processes, "4 System") {
				t.Errorf("seed %d, %s: %q", seed, when, processes)
			}
			out := c.run(c.openShell(), "netstat -ano")
			if !strings.Contains(out.stdout, "TCP    0.0.0.0:50433          0.0.0.0:0              LISTENING       4120\r\n") || !strings.Contains(out.stdout, "[fe80::1%4]:1433       [::]:0 ") {
				t.Errorf("seed %d, %s: %s", seed, when, out.stdout)
			}
			for _, s := range h.Sockets() {
				if s.PID == 4120 && !s.Created.Equal(h.Sockets()[0].Created) && when != "at once" {
					t.Errorf("made at %v", s.Created)
				}
			}
			h.Reboot()
		}
		// Nobody else gets the port.
		h.SetPorts(tcpstack.Range{Start: 50432, Number: 3})
		h.AddListener("0.0.0.0:50434", 4120)
		h.Load(1, "198.51.100.1:25")
		h.Advance(4e9)
		if v4, _ := h.Stack().Counters(); v4.Active != 1 {
			t.Errorf("seed %d: %d connections", seed, v4.Active)
		}
	}
}

func TestDomainController(t *testing.T) {
	c := newClient(t, Start(t, Server2022(), DomainController()))
	role := func() string {
		return strings.Join(append(c.pairs(allOfCimv2, "select ProductType, CSName from Win32_OperatingSystem", "ProductType", "CSName"),
			c.pairs(allOfCimv2, "select DomainRole, Name from Win32_ComputerSystem", "DomainRole", "Name")...), ", ")
	}
	if got := role(); got != "2 MAIL01, 5 MAIL01" {
		t.Errorf("a controller is %s", got)
	}
	if got := c.pairs(allOfCimv2, "select Name, ProcessId from Win32_Process where Name = 'dns.exe' or Name = 'lsass.exe'", "Name", "ProcessId"); !slices.Equal(got, []string{"lsass.exe 640", "dns.exe 1308"}) {
		t.Errorf("processes %q", got)
	}
	if got := c.pairs(standardCimv2, "select LocalPort, OwningProcess from MSFT_NetTCPConnection where State = 2 and (LocalPort = 53 or LocalPort = 3268)", "LocalPort", "OwningProcess"); !slices.Equal(got, []string{"53 1308", "3268 640"}) {
		t.Errorf("listeners %q", got)
	}
	c = newClient(t, Start(t, Server2003()))
	if got := role(); got != "3 MAIL01, 3 MAIL01" {
		t.Errorf("a member is %s", got)
	}
}

func TestAutoReuse(t *testing.T) {
	h := Start(t, Server2016())
	c := newClient(t, h)
	reuse := func() string {
		return c.pairs(standardCimv2, "select AutoReusePortRangeStartPort, AutoReusePortRangeNumberOfPorts from MSFT_NetTCPSetting where SettingName = 'Datacenter'", "AutoReusePortRangeStartPort", "AutoReusePortRangeNumberOfPorts")[0]
	}
	for _, r := range []tcpstack.Range{{}, {Start: 10000, Number: 2000}, {}} {
		h.SetAutoReuse(r)
		if got, want := reuse(), fmt.Sprintf("%d %d", r.Start, r.Number); got != want {
			t.Errorf("auto-reuse is %s, want %s", got, want)
		}
	}
}

func TestPolicies(t *testing.T) {
	seen := map[string]bool{}
	ask := func(options ...Option) string {
		h := Start(t, Server2025(), options...)
		h.SetPolicy(TCPIPParameters, "KeepAliveTime", 300000, "Baseline")
		c := newClient(t, h)
		status, reply := c.enumerateIn(policyResults, "select valueName from RSOP_RegistryPolicySetting")
		switch {
		case status == 200:
			if got := c.pairs(policyResults, "select valueName, precedence from RSOP_RegistryPolicySetting", "valueName", "precedence"); !slices.Equal(got, []string{"KeepAliveTime 1"}) {
				t.Errorf("policies %q", got)
			}
			if got := c.pairs(policyResults, "select name, enabled from RSOP_GPO", "name", "enabled"); !slices.Equal(got, []string{"Baseline true"}) {
				t.Errorf("objects %q", got)
			}
			return "read"
		case strings.Contains(reply, "w:AccessDenied"):
			return "denied"
		case strings.Contains(reply, "w:DestinationUnreachable") || strings.Contains(reply, "a:DestinationUnreachable"):
			return "missing"
		}
		return reply
	}
	for seed := int64(1); seed <= 3; seed++ {
		seen[ask(Seed(seed))] = true
		for _, want := range []string{"read", "denied", "missing"} {
			if got := ask(Seed(seed), PolicyResults(want)); got != want {
				t.Errorf("seed %d: %s, want %s", seed, got, want)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("three seeds show %v", seen)
	}
}

package winhost

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// listening are so many sockets that listen, and one that does not.
func listening(n int) []tcpstack.Socket {
	table := []tcpstack.Socket{{Local: netip.MustParseAddrPort("192.0.2.10:50000"), Remote: netip.MustParseAddrPort("203.0.113.7:25"), State: tcpstack.Established, PID: 7}}
	for i := range n {
		address := netip.AddrFrom4([4]byte{127, 0, 0, byte(1 + i/60_000)})
		table = append(table, tcpstack.Socket{Local: netip.AddrPortFrom(address, uint16(1+i%60_000)), Remote: netip.AddrPortFrom(netip.IPv4Unspecified(), 0), State: tcpstack.Listen, PID: 4})
	}
	return table
}

// Listeners by the ten thousand are all there; beyond the bound there are none, and
// never fewer than there are.
func TestListenersByTheTenThousand(t *testing.T) {
	for _, profile := range []winsim.Profile{winsim.Server2022(), winsim.Server2008R2()} {
		sim := winsim.Start(t, profile)
		for n, ok := range map[int]bool{1: true, 10_000: true, maxListeners: true, maxListeners + 1: false} {
			sim.SetSockets(listening(n))
			f := readFacts(t, sim, audit.PartListeners|audit.PartProcesses)
			switch {
			case ok && (len(f.Listeners) != n || f.Listeners[n-1].Process != "System" || f.Missing != nil):
				t.Errorf("%s, %d: %d, %+v", profile.Key, n, len(f.Listeners), f.Missing)
			case !ok && (f.Listeners != nil || !strings.Contains(why(f, "listeners"), fmt.Sprint("more than ", maxListeners))):
				t.Errorf("%s, %d: %d, %+v", profile.Key, n, len(f.Listeners), f.Missing)
			}
		}
		if open := sim.Counters(); open.OpenShells+open.OpenEnumerations != 0 {
			t.Errorf("left open: %+v", open)
		}
	}
}

// A host that shows no listener at all has not answered, since WinRM is one.
func TestNoListenerAtAll(t *testing.T) {
	for _, profile := range []winsim.Profile{winsim.Server2022(), winsim.Server2008R2()} {
		sim := winsim.Start(t, profile)
		sim.SetSockets(listening(0))
		if f := readFacts(t, sim, audit.PartListeners); f.Listeners != nil || !strings.Contains(why(f, "listeners"), "cannot be right") {
			t.Errorf("%s: %v, %+v", profile.Key, f.Listeners, f.Missing)
		}
	}
}

// A row that is no socket is not passed over.
func TestListenersThatAreNone(t *testing.T) {
	for column, value := range map[string]string{"LocalAddress": "mail01", "LocalPort": "70000", "OwningProcess": "-1"} {
		element := regexp.MustCompile(`(<(?:\w+:)?` + column + `>)[^<]*`)
		sim := winsim.Start(t, winsim.Server2012R2())
		sim.RewriteItems(func(item string) string { return element.ReplaceAllString(item, "${1}"+value) })
		if f := readFacts(t, sim, audit.PartListeners); f.Listeners != nil || !strings.Contains(why(f, "listeners"), column+` "`+value) {
			t.Errorf("%s: %v, %+v", column, f.Listeners, f.Missing)
		}
	}
}

// A half line of netstat's, and a netstat that failed.
func TestNetstatListenersThatAreNone(t *testing.T) {
	good := "  TCP  0.0.0.0:25  0.0.0.0:0  ABH\x99REN  7\n  TCP  10.0.0.1:50000  10.0.0.2:25  HERGESTELLT  7\n  TCP  10.0.0.1:50001  10.0.0.2:25  K\x99NNTE  7\n"
	for name, c := range map[string]struct {
		output string
		ok     bool
		want   string
	}{
		"good": {good, true, ""}, "failed": {good, false, netstatTCPv6.line}, "half a line": {good + "  TCP  0.0.0.0:2", true, "line 4"},
	} {
		r := &factsRead{printed: map[string]ran{netstatTCP.name: {true, []byte(good)}, netstatTCPv6.name: {c.ok, []byte(c.output)}}}
		err := r.listeners(within(t))
		if c.want == "" {
			if err != nil || fmt.Sprint(r.facts.Listeners) != "[{0.0.0.0:25 7 }]" {
				t.Errorf("%s: %v, %v", name, r.facts.Listeners, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.want) || r.facts.Listeners != nil {
			t.Errorf("%s: %v, %v", name, r.facts.Listeners, err)
		}
	}
}

func processItem(pid, name string) wsman.Item {
	return wsman.Item{Fields: wsman.Fields{{Name: "ProcessId", Text: pid}, {Name: "Name", Text: name}}}
}

// A list of processes is bounded, and its names are what can be shown.
func TestProcessList(t *testing.T) {
	names := processNames{}
	for pid := range maxProcesses {
		if err := names.add(processItem(fmt.Sprint(pid), "a.exe")); err != nil {
			t.Fatal(err)
		}
	}
	if err := names.add(processItem("7", "evil\u202e\n\u009b.exe")); err != nil || names[7] != `evil\u202e\n\u009b.exe` {
		t.Errorf("a hostile name: %q, %v", names[7], err)
	}
	if err := names.add(processItem(fmt.Sprint(maxProcesses), "a.exe")); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("too many: %v", err)
	}
	for _, pid := range []string{"", "-1", "4294967296", "x"} {
		if err := (processNames{}).add(processItem(pid, "a.exe")); err == nil {
			t.Errorf("process %q was taken", pid)
		}
	}
}

// Names of processes come from the host, as do the listeners that they belong to.
func TestHostileNames(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.AddProcess(4242, "a\u202e\nb & <c>.exe")
	sim.AddListener("0.0.0.0:1433", 4242)
	f := readFacts(t, sim, audit.PartListeners|audit.PartProcesses)
	for _, l := range f.Listeners {
		if l.PID == 4242 && l.Process != `a\u202e\nb & <c>.exe` {
			t.Errorf("%q", l.Process)
		}
	}
	if !f.Running[`a\u202e\nb & <c>.exe`] {
		t.Errorf("%v", f.Running)
	}
}

// The role is one of six, of one machine.
func TestDomainRole(t *testing.T) {
	if f := readFacts(t, winsim.Start(t, winsim.Server2019(), winsim.DomainController()), audit.PartRole); f.System.DomainRole == nil || *f.System.DomainRole != 5 || !f.System.DomainController() {
		t.Errorf("%+v", f.System)
	}
	element := regexp.MustCompile(`(<(?:\w+:)?DomainRole>)[^<]*`)
	for value, want := range map[string]string{"6": "0 to 5 are known", "-1": "not a number", "": "not a number"} {
		sim := winsim.Start(t, winsim.Server2019())
		sim.RewriteItems(func(item string) string { return element.ReplaceAllString(item, "${1}"+value) })
		if f := readFacts(t, sim, audit.PartRole); f.System.DomainRole != nil || !strings.Contains(why(f, "domain role"), want) {
			t.Errorf("%q: %+v", value, f.Missing)
		}
	}
	r := &factsRead{facts: audit.Facts{System: audit.System{Build: tcpip.Server2003}}}
	if r.wants(audit.PartRanges) {
		t.Error("netsh is asked for ranges on a Windows that has none")
	}
}

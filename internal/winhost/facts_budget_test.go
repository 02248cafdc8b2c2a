package winhost

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// leg is a section of an audit's way: how many round trips it takes, and why.
type leg struct {
	section string
	n       int
	why     string
}

// The sections of an audit. On 2012 and later a host gives one item of a longer list in
// its first reply and the rest in a second [recorded]; 2003 gives all that fits at once
// [recorded].
var (
	systemLeg    = leg{"Win32_OperatingSystem", 1, "the version, by which all else is chosen; the boot; when it was installed"}
	listingLeg   = leg{"EnumValues", 1, "every name and type of the key, once, for the values, the misspelt names and the wrong types"}
	roleLeg      = leg{"Win32_ComputerSystem", 1, "the role in the domain"}
	noJournalLeg = leg{"journal", 1, "that there is none"}
	templatesLeg = leg{"MSFT_NetTCPSetting", 1, "the templates that say something else than netsh, or set an auto-reuse range: none"}
	listenersLeg = leg{"MSFT_NetTCPConnection", 2, "the sockets that listen: a first one, and the rest"}
	processesLeg = leg{"Win32_Process", 2, "the names of their processes, and what runs: a first one, and the rest"}
	policiesLeg  = leg{"RSOP_RegistryPolicySetting", 1, "what Group Policy sets in the key: nothing"}
	valuesLeg    = leg{"a value found", 2, "each value of the catalogue that is there (two), or ReservedPorts on 2003"}
)

// route is the audit of a host that has so many things to say: values of the catalogue,
// a journal, values that a policy sets, an auto-reuse range.
type route struct {
	name    string
	profile winsim.Profile
	things  int
	set     func(*winsim.Host)
	legs    []leg
}

func routes() []route {
	tuned := func(sim *winsim.Host) {
		sim.SetDWORD("TcpTimedWaitDelay", 30)
		sim.SetDWORD("MaxUserPort", 65534)
	}
	modern := []leg{systemLeg, listingLeg, roleLeg, noJournalLeg, templatesLeg, listenersLeg, processesLeg, policiesLeg, valuesLeg}
	return []route{
		{"2003", winsim.Server2003(), 2, func(sim *winsim.Host) {
			sim.SetDWORD("TcpTimedWaitDelay", 30)
			sim.SetDWORD("MaxUserPort", 65534)
		}, []leg{systemLeg, listingLeg, roleLeg, noJournalLeg, {"Win32_Process", 1, "the names of the listeners' processes, and what runs: all in one reply"}, policiesLeg, valuesLeg}},
		{"2008 R2", winsim.Server2008R2(), 2, tuned, []leg{systemLeg, listingLeg, roleLeg, noJournalLeg, processesLeg, policiesLeg, valuesLeg}},
		{"2012 R2", winsim.Server2012R2(), 2, tuned, modern},
		{"2019", winsim.Server2019(), 2, tuned, modern},
		{"2025", winsim.Server2025(), 2, tuned, modern},
		{"2022, with a journal, policies and an auto-reuse range", winsim.Server2022(), 2 + 1 + 2 + 1, func(sim *winsim.Host) {
			tuned(sim)
			sim.SetKeyString(tuning.JournalKey, tuning.JournalValue, tuning.Journal{Owner: "OWNER", Since: time.Unix(1, 0),
				Machine: tuning.Machine{Computer: "MAIL01", Installed: time.Unix(0, 0)}, Original: tuning.Values{"max_user_port": tuning.Absent}}.Text())
			sim.SetAutoReuse(tcpstack.Range{Start: 50000, Number: 10000})
			sim.SetPolicy(winsim.TCPIPParameters, "KeepAliveTime", 300000, "MSS")
			sim.SetPolicy(winsim.TCPIPParameters, "TcpMaxDataRetransmissions", 3, "MSS")
		}, []leg{
			systemLeg, listingLeg, roleLeg, {"journal", 1, "the journal"},
			{"Win32_ComputerSystemProduct", 1, "the machine's UUID, since a journal may be a copy"},
			{"MSFT_NetTCPSetting", 2, "the templates, which set an auto-reuse range: a first one, and the rest"},
			listenersLeg, processesLeg,
			{"RSOP_RegistryPolicySetting", 2, "what Group Policy sets in the key: a first value, and the rest"},
			{"RSOP_GPO", 1, "the name of the policy that was found"},
			valuesLeg,
		}},
	}
}

// auditBudget is how many round trips an audit takes at most, and one for each thing
// that is found, beside one shell.
const auditBudget = 10

// Every round trip of an audit has a reason. The tables that are logged (go test -v) are
// those of the docs.
func TestReadFactsBudget(t *testing.T) {
	for _, r := range routes() {
		t.Run(r.name, func(t *testing.T) {
			// Under other seeds the first part of a shell's output comes late.
			sim := winsim.Start(t, r.profile, winsim.Seed(2), winsim.PolicyResults("read"))
			r.set(sim)
			host := reach(t, sim)
			if _, err := host.wsman.Run(within(t), "echo hello"); err != nil { // the handshake
				t.Fatal(err)
			}
			counted := countLegs(sim)
			before := host.Stats()
			f, err := host.ReadFacts(within(t), audit.AllParts)
			for _, m := range f.Missing {
				if m.Of != audit.PartExcluded || r.profile.Build != 7601 { // whose hotfix for them is missing
					t.Errorf("missing: %+v", m)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			after := host.Stats()
			total, table := 0, fmt.Sprintf("\n| %s | round trips | why |\n| --- | ---: | --- |\n", r.name)
			shell := leg{"shell", 5, "netsh and, before 2012, netstat: one command in one shell"}
			if counted["shell"] == 6 {
				shell.n, shell.why = 6, shell.why+", whose output comes in two parts"
			}
			for _, l := range append(r.legs, shell) {
				if counted[l.section] != l.n || l.why == "" {
					t.Errorf("%s took %d round trips, and there is a reason for %d", l.section, counted[l.section], l.n)
				}
				delete(counted, l.section)
				total += l.n
				table += fmt.Sprintf("| %s | %d | %s |\n", l.section, l.n, l.why)
			}
			if len(counted) != 0 {
				t.Errorf("round trips without a reason: %v", counted)
			}
			if most := auditBudget + r.things + shell.n; total > most {
				t.Errorf("%d round trips, and %d are the budget with the shell", total, most)
			}
			if trips := after.RoundTrips - before.RoundTrips; trips != int64(total) || after.Connections != 1 {
				t.Errorf("%d round trips on %d connections, want %d on one", trips, after.Connections, total)
			}
			if left := sim.Counters(); left.OpenShells+left.OpenEnumerations+left.Writes != 0 {
				t.Errorf("left open, or written: %+v", left)
			}
			t.Log(table)
		})
	}
}

// countLegs counts what comes from now on by section: an enumeration and its Pulls by
// their class, a shell's messages together.
func countLegs(sim *winsim.Host) map[string]int {
	counted, class := map[string]int{}, ""
	var mu sync.Mutex
	sim.Intercept(func(call winsim.Call) winsim.Action {
		mu.Lock()
		defer mu.Unlock()
		section := call.Method
		switch call.Method {
		case "Enumerate":
			_, class, _ = strings.Cut(call.WQL, " FROM ")
			class, _, _ = strings.Cut(class, " ")
			section = class
		case "Pull":
			section = class
		case "Create", "Command", "Receive", "Signal", "Delete":
			section = "shell"
		case "GetDWORDValue", "GetMultiStringValue":
			section = "a value found"
		case "GetStringValue": // no value of the catalogue is a text here
			section = "journal"
		}
		counted[section]++
		return winsim.Proceed
	})
	return counted
}

// A plan that proposes something reads no more than it needs: one handshake, the version,
// and the parts.
func TestReadFactsOfOnePartIsCheap(t *testing.T) {
	for part, want := range map[audit.Parts]int64{
		audit.PartRole: 2, audit.PartPolicies: 2, audit.PartValues: 2, audit.PartJournal: 2, audit.PartListeners: 3, audit.PartProcesses: 3,
		audit.PartRanges: 6, audit.PartRanges | audit.PartExcluded: 6, audit.PartListeners | audit.PartProcesses | audit.PartRanges | audit.PartExcluded: 10, 0: 1,
	} {
		sim := winsim.Start(t, winsim.Server2022(), winsim.Seed(2), winsim.PolicyResults("read"))
		host := reach(t, sim)
		if _, err := host.ReadFacts(within(t), 0); err != nil {
			t.Fatal(err)
		}
		before := host.Stats().RoundTrips
		f, err := host.ReadFacts(within(t), part)
		if trips := host.Stats().RoundTrips - before; err != nil || trips != want || f.System.Build != tcpip.Server2022 {
			t.Errorf("%s: %d round trips, want %d; %v", part, trips, want, err)
		}
	}
}

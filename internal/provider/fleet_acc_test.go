package provider

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// startFleet starts simulated hosts, each on a loopback address of its own
// (127.0.1.first and on), since locks go by name.
func startFleet(t *testing.T, n, first int, options ...winsim.Option) []*winsim.Host {
	t.Helper()
	hosts := make([]*winsim.Host, n)
	for i := range hosts {
		hosts[i] = winsim.Start(t, winsim.Server2022(), append(options, winsim.Named(fmt.Sprintf("MAIL%03d", first+i)), winsim.ListenOn(fmt.Sprintf("127.0.1.%d", first+i)))...)
	}
	return hosts
}

// fleetOf is one resource for all of the hosts, by for_each.
func fleetOf(name string, hosts []*winsim.Host, lines ...string) string {
	keys := make([]string, len(hosts))
	for i, host := range hosts {
		keys[i] = fmt.Sprintf("%q", host.HTTPAddr())
	}
	return fmt.Sprintf("resource \"windows_tcpip_tuning\" %q {\n  for_each = toset([%s])\n  host     = each.key\n  %s\n}\n",
		name, strings.Join(keys, ", "), strings.Join(lines, "\n  "))
}

// addresses lists the hosts' addresses, sorted.
func addresses(hosts ...*winsim.Host) []string {
	list := make([]string, len(hosts))
	for i, host := range hosts {
		list[i] = host.HTTPAddr()
	}
	sort.Strings(list)
	return list
}

// planned lists, sorted, the for_each keys for which -json output has a message of
// the given type.
func planned(t *testing.T, output, kind string) []string {
	t.Helper()
	var keys []string
	lines := bufio.NewScanner(strings.NewReader(output))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		type resource struct {
			Key string `json:"resource_key"`
		}
		var line struct {
			Type   string                      `json:"type"`
			Change struct{ Resource resource } `json:"change"`
			Hook   struct{ Resource resource } `json:"hook"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Type == kind {
			keys = append(keys, line.Change.Resource.Key+line.Hook.Resource.Key)
		}
	}
	sort.Strings(keys)
	return keys
}

// inPlan lists, sorted, the for_each keys of a saved plan, those without a change too.
func inPlan(t *testing.T, shown string) []string {
	t.Helper()
	var plan struct {
		Changes []struct {
			Index string `json:"index"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(shown), &plan); err != nil {
		t.Fatal(err)
	}
	keys := make([]string, len(plan.Changes))
	for i, change := range plan.Changes {
		keys[i] = change.Index
	}
	sort.Strings(keys)
	return keys
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d hosts %q, want %d: %q", what, len(got), got, len(want), want)
	}
}

// Fifty hosts from one configuration: drift on seven is found on these seven alone
// and healed there alone; of three dead ones each is named, and the others are
// planned.
func TestAccFleet(t *testing.T) {
	t.Parallel()
	hosts := startFleet(t, 50, 1)
	config := func(lines ...string) string {
		return sealed(hosts[0], lines...) + fleetOf("mail", hosts, "tcp_timed_wait_delay = 30", "max_user_port = 65534")
	}
	many := "-parallelism=25"
	c := newCLI(t, config())
	c.must(0, "apply", "-auto-approve", many)

	var drifted, others []*winsim.Host
	for i, host := range hosts {
		if i%7 == 3 {
			drifted = append(drifted, host)
			host.SetDWORD("TcpTimedWaitDelay", uint32(100+i)) // #nosec G115 -- below 150
		} else {
			others = append(others, host)
		}
		host.ResetCounters()
	}
	output := c.must(2, "plan", "-detailed-exitcode", "-json", many)
	if len(drifted) != 7 {
		t.Fatalf("%d hosts drifted", len(drifted))
	}
	same(t, "drift", planned(t, output, "planned_change"), addresses(drifted...))
	same(t, "read", planned(t, output, "refresh_complete"), addresses(hosts...))

	c.must(0, "apply", "-auto-approve", many)
	for _, host := range drifted {
		if err := differences(host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"}); err != nil {
			t.Errorf("%s was not healed: %v", host.Name(), err)
		}
	}
	for _, host := range others {
		if n := host.Counters().Writes; n != 0 {
			t.Errorf("%s had no drift and got %d writes", host.Name(), n)
		}
	}
	c.must(0, "plan", "-detailed-exitcode", many)
	fleetWithDeadHosts(t, c, hosts, config, many)
}

// fleetWithDeadHosts goes on with a healed fleet: three hosts die, two of the
// living drift.
func fleetWithDeadHosts(t *testing.T, c *cli, hosts []*winsim.Host, config func(lines ...string) string, many string) {
	t.Helper()
	dead := []*winsim.Host{hosts[0], hosts[20], hosts[49]}
	alive := slices.Concat(hosts[1:20], hosts[21:49])
	for _, host := range dead {
		host.Close()
	}
	output := c.must(1, "plan", "-detailed-exitcode", "-json", many, "-out=errored.tfplan")
	var named []string
	for _, d := range diagnostics(t, output, "error") {
		named = append(named, strings.TrimPrefix(d.Summary, "Unable to Read TCP/IP Tuning of "))
	}
	sort.Strings(named)
	same(t, "dead", named, addresses(dead...))
	same(t, "planned beside the dead", inPlan(t, c.must(0, "show", "-json", "errored.tfplan")), addresses(alive...))

	drifted := []*winsim.Host{hosts[1], hosts[48]}
	for _, host := range drifted {
		host.DeleteValue("MaxUserPort")
	}
	output = c.must(1, "plan", "-detailed-exitcode", "-json", many)
	same(t, "drift beside the dead", planned(t, output, "planned_change"), addresses(drifted...))
	fleetThatWarns(t, c, dead, drifted, config, many)
}

// fleetThatWarns: with on_unreachable = "warn" the living are healed; the dead are
// named each time, and stay in state.
func fleetThatWarns(t *testing.T, c *cli, dead, drifted []*winsim.Host, config func(lines ...string) string, many string) {
	t.Helper()
	c.config(config(`on_unreachable = "warn"`))
	unchecked := func(output string) []string {
		var named []string
		for _, d := range diagnostics(t, output, "warning") {
			if host, ok := strings.CutSuffix(d.Summary, ": drift NOT checked"); ok {
				named = append(named, host)
			}
		}
		sort.Strings(named)
		return named
	}
	output := c.must(2, "plan", "-detailed-exitcode", "-json", many)
	same(t, "drift", planned(t, output, "planned_change"), addresses(drifted...))
	same(t, "not checked", unchecked(output), addresses(dead...))
	c.must(0, "apply", "-auto-approve", many)
	for _, host := range drifted {
		if err := differences(host, map[string]string{"MaxUserPort": "REG_DWORD 65534"}); err != nil {
			t.Errorf("%s was not healed: %v", host.Name(), err)
		}
	}
	same(t, "not checked", unchecked(c.must(0, "plan", "-detailed-exitcode", "-json", many)), addresses(dead...))
	if got := strings.Count(c.must(0, "state", "list"), "windows_tcpip_tuning.mail"); got != 50 {
		t.Errorf("%d hosts are in state, want 50", got)
	}
}

// Two aliases with an account each, on hosts that know one of the two: no host ever
// sees the other's account.
func TestAccFleetAliasesDoNotMix(t *testing.T) {
	t.Parallel()
	type side struct {
		name, user, password string
		hosts                []*winsim.Host
	}
	sides := []side{{name: "mail", user: `CONTOSO\svc-mail`, password: "not-a-real-password-2"}, {name: "web", user: `FABRIKAM\svc-web`, password: "not-a-real-password-3"}}
	var config strings.Builder
	for i := range sides {
		s := &sides[i]
		s.hosts = startFleet(t, 8, 140+20*i, winsim.Account(s.user, s.password))
		fmt.Fprintf(&config, "provider \"windows\" {\n  alias    = %q\n  username = %q\n  password = %q\n}\n", s.name, s.user, s.password)
		config.WriteString(fleetOf(s.name, s.hosts, "provider = windows."+s.name, "max_user_port = 65534"))
	}
	c := newCLI(t, config.String())
	c.must(0, "apply", "-auto-approve", "-parallelism=16")
	for _, s := range sides {
		for _, host := range s.hosts {
			host.DeleteValue("MaxUserPort")
		}
	}
	c.must(2, "plan", "-detailed-exitcode", "-parallelism=16")
	c.must(0, "apply", "-auto-approve", "-parallelism=16")
	c.must(0, "plan", "-detailed-exitcode", "-parallelism=16")
	for _, s := range sides {
		for _, host := range s.hosts {
			n := host.Counters()
			if n.FailedLogons != 0 || n.Handshakes == 0 {
				t.Errorf("%s: %d logons, %d refused", host.Name(), n.Handshakes, n.FailedLogons)
			}
			if err := differences(host, map[string]string{"MaxUserPort": "REG_DWORD 65534"}); err != nil {
				t.Errorf("%s: %v", host.Name(), err)
			}
		}
	}
	// The count means something: with the accounts exchanged, logons are refused.
	exchanged := strings.NewReplacer("windows.mail", "windows.web", "windows.web", "windows.mail").Replace(config.String())
	c.config(exchanged)
	c.must(1, "plan")
	refused := 0
	for _, host := range slices.Concat(sides[0].hosts, sides[1].hosts) {
		refused += host.Counters().FailedLogons
	}
	if refused == 0 {
		t.Error("no logon was refused with the accounts exchanged: the hosts prove nothing")
	}
}

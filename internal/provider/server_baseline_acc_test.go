package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// serverBaseline is a copy of examples/server-baseline, with the CLI in one of its
// folders; "" is the folder above, whose configuration is the test's own.
func serverBaseline(t *testing.T, folder string) *cli {
	t.Helper()
	c := newCLI(t, "")
	module := filepath.Join(c.dir, "server-baseline")
	if err := os.CopyFS(module, os.DirFS(filepath.Join("..", "..", "examples", "server-baseline"))); err != nil {
		t.Fatal(err)
	}
	if folder != "" {
		c.dir = filepath.Join(module, "examples", folder)
	}
	return c
}

// calls is a root module that calls the baseline, with these hosts in HCL. What a plan
// reads of hosts before a change goes by their account.
func (c *cli) calls(host *winsim.Host, hosts string, lines ...string) {
	c.t.Helper()
	c.config(sealed(host) + fmt.Sprintf("module \"baseline\" {\n  source = \"./server-baseline\"\n  hosts  = %s\n  %s\n}\n", hosts, strings.Join(lines, "\n  ")) +
		"output \"findings\" {\n  value = module.baseline.findings\n}\noutput \"settings\" {\n  value = module.baseline.settings\n}\n")
	c.must(0, "get")
}

// edit replaces a text of a file once; it must be there.
func (c *cli) edit(name, before, after string) {
	c.t.Helper()
	text := c.read(name)
	if strings.Count(text, before) != 1 {
		c.t.Fatalf("%s has %q %d times, want once", name, before, strings.Count(text, before))
	}
	c.file(name, strings.Replace(text, before, after, 1))
}

// writes counts the calls that write on each host, by its address, and begins anew.
func writes(hosts []*winsim.Host) map[string]int {
	counted := map[string]int{}
	for _, host := range hosts {
		if n := host.Counters().Writes; n > 0 {
			counted[host.HTTPAddr()] = n
		}
		host.ResetCounters()
	}
	return counted
}

// writtenTo demands writes on these hosts and on no other.
func writtenTo(t *testing.T, hosts []*winsim.Host, want ...*winsim.Host) {
	t.Helper()
	var got []string
	for address := range writes(hosts) {
		got = append(got, address)
	}
	slices.Sort(got)
	same(t, "written to", got, addresses(want...))
}

// twoSites are the five hosts of the examples' inventory, two groups with an account
// each, and the inventory with their addresses.
type twoSites struct {
	mail, relay, web, directory, dmz *winsim.Host
	all                              []*winsim.Host
}

func startSites(t *testing.T, c *cli) (s twoSites) {
	t.Helper()
	office, dmz := winsim.Account(`CONTOSO\svc-office`, "not-a-real-password-4"), winsim.Account(`DMZ\svc-dmz`, "not-a-real-password-5")
	s.mail = winsim.Start(t, winsim.Server2022(), office)
	s.relay = winsim.Start(t, winsim.Server2003(), office, winsim.ListenOn("127.0.0.2"))
	s.web = winsim.Start(t, winsim.Server2012R2(), office, winsim.ListenOn("127.0.0.3"))
	s.directory = winsim.Start(t, winsim.Server2008R2(), office, winsim.ListenOn("127.0.0.4"))
	s.dmz = winsim.Start(t, winsim.Server2019(), dmz, winsim.ListenOn("127.0.0.5"))
	s.all = []*winsim.Host{s.mail, s.relay, s.web, s.directory, s.dmz}
	for name, host := range map[string]*winsim.Host{
		"mail01.contoso.com": s.mail, "relay-2003.contoso.com": s.relay, "web01.contoso.com": s.web,
		"file01.contoso.com": s.directory, "mail01.dmz.contoso.com": s.dmz,
	} {
		c.edit("hosts.yaml", "\n  "+name+":\n", "\n  \""+host.HTTPAddr()+"\":\n")
	}
	accounts := map[string]map[string]string{
		"office": {"username": s.mail.Username(), "password": s.mail.Password()}, "dmz": {"username": s.dmz.Username(), "password": s.dmz.Password()},
	}
	text, err := json.Marshal(accounts)
	if err != nil {
		t.Fatal(err)
	}
	c.env = append(c.env, "TF_VAR_accounts="+string(text))
	s.relay.SetDWORD("TcpTimedWaitDelay", 240)
	s.web.SetDWORD("TcpMaxDataRetransmissions", 7) // not managed there
	return s
}

// haveBaselines demands the values of the inventory, the mail servers' delay apart.
func (s twoSites) haveBaselines(t *testing.T, delay int) {
	t.Helper()
	mail := fmt.Sprintf("REG_DWORD %d", delay)
	has(t, s.mail, map[string]string{"TcpTimedWaitDelay": mail, "MaxUserPort": "absent", "KeepAliveTime": "absent"})
	has(t, s.relay, map[string]string{"TcpTimedWaitDelay": mail, "MaxUserPort": "REG_DWORD 65534"})
	has(t, s.web, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60", "KeepAliveTime": "REG_DWORD 600000", "TcpMaxDataRetransmissions": "REG_DWORD 7"})
	has(t, s.directory, map[string]string{"TcpTimedWaitDelay": "absent", "KeepAliveTime": "REG_DWORD 300000", "TcpMaxDataRetransmissions": "REG_DWORD 3"})
	has(t, s.dmz, map[string]string{"TcpTimedWaitDelay": mail})
	rangesAre(t, s.mail, ports(10000, 55536), ports(10000, 55536), usual, usual)
	rangesAre(t, s.web, ports(20000, 45536), ports(20000, 45536), usual, usual)
	rangesAre(t, s.directory, usual, usual, usual, usual)
	rangesAre(t, s.dmz, ports(15000, 50536), ports(15000, 50536), usual, usual)
}

// areAsBefore demands hosts as they were before the first apply.
func (s twoSites) areAsBefore(t *testing.T, hosts ...*winsim.Host) {
	t.Helper()
	for _, host := range hosts {
		want := map[string]string{"TcpTimedWaitDelay": "absent", "MaxUserPort": "absent", "KeepAliveTime": "absent", "TcpMaxDataRetransmissions": "absent"}
		switch host {
		case s.relay:
			want["TcpTimedWaitDelay"] = "REG_DWORD 240"
		case s.web:
			want["TcpMaxDataRetransmissions"] = "REG_DWORD 7"
		}
		untouched(t, host, want)
		if host != s.relay {
			rangesAre(t, host, usual, usual, usual, usual)
		}
	}
}

// noLogonRefused demands that no host has seen the other group's account.
func (s twoSites) noLogonRefused(t *testing.T) {
	t.Helper()
	for _, host := range s.all {
		if n := host.Counters().FailedLogons; n != 0 {
			t.Errorf("%s refused %d logons", host.HTTPAddr(), n)
		}
	}
}

// evaluates gives what the console makes of an expression that is a text.
func (c *cli) evaluates(expression string) (text string) {
	c.t.Helper()
	console := exec.CommandContext(c.t.Context(), c.path, "console")
	console.Dir, console.Env, console.Stdin = c.dir, c.env, strings.NewReader(expression+"\n")
	output, err := console.Output()
	if err != nil {
		c.t.Fatalf("%s: %v: %s", expression, err, output)
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &text); err != nil {
		c.t.Fatalf("%s: %v: %s", expression, err, output)
	}
	return text
}

// Two groups by aliases: five hosts of five Windows versions get what their baselines
// and overrides say, and nothing else is written afterwards but what changes.
func TestAccServerBaselineSites(t *testing.T) {
	t.Parallel()
	c := serverBaseline(t, "sites")
	s := startSites(t, c)
	c.must(0, "get")
	c.must(0, "apply", "-auto-approve", "-json")
	s.haveBaselines(t, 30)
	s.noLogonRefused(t)
	if got, want := outputs(c)["hosts_by_baseline"], fmt.Sprintf(
		`{"dmz":{"cis_mss":[],"load_generator":[],"mail_server":[%q],"web_front_end":[]},"office":{"cis_mss":[%q],"load_generator":[],"mail_server":[%q,%q],"web_front_end":[%q]}}`,
		s.dmz.HTTPAddr(), s.directory.HTTPAddr(), s.mail.HTTPAddr(), s.relay.HTTPAddr(), s.web.HTTPAddr(),
	); got != want {
		t.Errorf("hosts by baseline: %s, want %s", got, want)
	}
	c.must(0, "plan", "-detailed-exitcode")
	s.dmz.ResetCounters()
	if got, want := c.evaluates("jsonencode(module.dmz.awaiting_restart)"), fmt.Sprintf(`{%q:["tcp_timed_wait_delay"]}`, s.dmz.HTTPAddr()); got != want {
		t.Errorf("awaiting a restart: %s, want %s", got, want)
	}
	if n := s.dmz.Counters().Requests; n != 0 {
		t.Errorf("the console made %d requests", n)
	}

	// The baseline changes: on the hosts that have it, and only what changed.
	writes(s.all)
	c.edit("../../baselines.tf", "every   = { tcp_timed_wait_delay = 30 } # seconds", "every   = { tcp_timed_wait_delay = 45 } # seconds")
	output := c.must(2, "plan", "-detailed-exitcode", "-json")
	same(t, "a changed baseline", planned(t, output, "planned_change"), addresses(s.mail, s.relay, s.dmz))
	c.must(0, "apply", "-auto-approve")
	s.haveBaselines(t, 45)
	for _, host := range []*winsim.Host{s.mail, s.relay, s.dmz} {
		if n := host.Counters().Methods["SetDWORDValue"]; n != 1 {
			t.Errorf("%s: %d values written for one that changed", host.HTTPAddr(), n)
		}
	}
	writtenTo(t, s.all, s.mail, s.relay, s.dmz)
	c.must(0, "plan", "-detailed-exitcode")

	// A host leaves its group and is restored; one loses an override, and gets the baseline's.
	c.edit("hosts.yaml", fmt.Sprintf("  %q:\n    baseline: mail_server\n    windows: \"2003\"\n", s.relay.HTTPAddr()), "")
	c.edit("hosts.yaml", "      tcp_max_data_retransmissions: null # Group Policy sets it here: not managed\n", "")
	c.must(0, "apply", "-auto-approve")
	s.areAsBefore(t, s.relay)
	has(t, s.web, map[string]string{"TcpMaxDataRetransmissions": "REG_DWORD 3", "KeepAliveTime": "REG_DWORD 600000"})
	writtenTo(t, s.all, s.relay, s.web)

	c.must(0, "destroy", "-auto-approve")
	s.areAsBefore(t, s.all...)
}

// OpenTofu's for_each of providers does the same by one block. Terraform, in a folder
// where it reads nothing, plans no destruction of what a state holds.
func TestAccServerBaselineOpenTofuForEach(t *testing.T) {
	t.Parallel()
	c := serverBaseline(t, "opentofu-for-each")
	s := startSites(t, c)
	if !c.isOpenTofu() {
		tells(t, flowing(c.must(1, "plan", "-no-color")), "No configuration files")
		c.file("main.tf", c.read("../sites/main.tf"))
		c.must(0, "get")
		c.must(0, "apply", "-auto-approve")
		if err := os.Remove(filepath.Join(c.dir, "main.tf")); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"plan", "apply"} {
			tells(t, flowing(c.must(1, command, "-no-color", "-input=false")), "No configuration files")
		}
		s.haveBaselines(t, 30)
		return
	}
	c.must(0, "get")
	output := c.must(0, "apply", "-auto-approve", "-json")
	for _, w := range diagnostics(t, output, "warning") {
		if strings.Contains(w.Detail, "for_each") {
			t.Errorf("a warning of for_each: %+v", w)
		}
	}
	s.haveBaselines(t, 30)
	s.noLogonRefused(t)
	c.must(0, "plan", "-detailed-exitcode")

	// The DMZ leaves at once: refused, since nobody could put its host back. In two applies it goes.
	inventory := c.read("hosts.yaml")
	office, _, found := strings.Cut(inventory, "\ndmz:\n")
	if !found {
		t.Fatal("the inventory has no group dmz")
	}
	c.file("hosts.yaml", office+"\n")
	tells(t, flowing(c.must(1, "plan", "-no-color")), "Provider instance not present")
	for _, empty := range []string{"dmz: {}", "dmz:"} {
		c.file("hosts.yaml", office+"\n"+empty+"\n")
		c.must(0, "apply", "-auto-approve")
		s.areAsBefore(t, s.dmz)
	}
	c.file("hosts.yaml", office+"\n")
	c.must(0, "plan", "-detailed-exitcode")
	s.haveOffice(t)
	c.must(0, "destroy", "-auto-approve")
	s.areAsBefore(t, s.all...)
}

// haveOffice demands the office's hosts as they are, by one value each.
func (s twoSites) haveOffice(t *testing.T) {
	t.Helper()
	has(t, s.mail, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
	has(t, s.web, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60"})
	has(t, s.directory, map[string]string{"KeepAliveTime": "REG_DWORD 300000"})
}

// A host goes from one site's state to another's by state rm and import, as the guide
// to thousands of hosts has it: nothing is written, and what was before is kept.
func TestAccServerBaselineHostMovesToAnotherSite(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2016())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	hosts, none := fmt.Sprintf("{ %q = { baseline = \"mail_server\" } }", host.HTTPAddr()), "{}"
	resource := fmt.Sprintf("module.baseline.windows_tcpip_tuning.host[%q]", host.HTTPAddr())
	berlin, lyon := serverBaseline(t, ""), serverBaseline(t, "")
	berlin.calls(host, hosts)
	berlin.must(0, "apply", "-auto-approve")
	owner := journalOf(t, host).Owner

	host.ResetCounters()
	berlin.must(0, "state", "rm", resource)
	berlin.calls(host, none)
	berlin.must(0, "apply", "-auto-approve")
	lyon.calls(host, hosts)
	lyon.must(0, "import", resource, host.HTTPAddr())
	lyon.must(0, "apply", "-auto-approve")
	if n := host.Counters().Writes; n != 0 {
		t.Errorf("%d writes", n)
	}
	if now := journalOf(t, host).Owner; now != owner {
		t.Errorf("the journal's owner is %s, was %s", now, owner)
	}
	lyon.must(0, "destroy", "-auto-approve")
	untouched(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
	rangesAre(t, host, usual, usual, usual, usual)
}

// What the guide to thousands of hosts has of times and sizes stands in the page that
// they were measured for, and its lines for CI are YAML.
func TestThousandsOfHostsFigures(t *testing.T) {
	measured := map[string]string{} // a row's cells of interest, by hosts and parallelism
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| (\d+) \| ([\d.]+ s) \| .*$`).FindAllString(guide(t, "performance.md"), -1) {
		if cells := strings.Split(row, " | "); len(cells) == 13 {
			measured[cells[0]+" "+cells[1]] = strings.Join([]string{cells[2], cells[4], cells[5], cells[10], strings.TrimSuffix(cells[12], " |")}, ", ")
		}
	}
	rows := regexp.MustCompile(`(?m)^(\| \d+) \| (\d+) \| (.*) \|$`).FindAllStringSubmatch(guide(t, "thousands-of-hosts.md"), -1)
	if len(rows) != 2 || len(measured) < 9 {
		t.Fatalf("%d rows of %d", len(rows), len(measured))
	}
	for _, row := range rows {
		if got, want := strings.ReplaceAll(row[3], " | ", ", "), measured[row[1]+" "+row[2]]; got != want {
			t.Errorf("%s hosts by %s: the guide says %s, measured was %s", row[1], row[2], got, want)
		}
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(guide(t, "thousands-of-hosts.md"), -1) {
		var keys map[string]any
		if err := yaml.Unmarshal([]byte(block[1]), &keys); err != nil || len(keys) < 4 {
			t.Errorf("%v in\n%s", err, block[1])
		}
	}
}

// What is misspelt is an error of the plan that names the host and what can be
// written, and no host hears of it.
func TestAccServerBaselineTypos(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	at := host.HTTPAddr()
	c := serverBaseline(t, "")
	good := `"good.contoso.com" = { baseline = "cis_mss", windows = 2003, overrides = { keep_alive_time = "600000", dynamic_port_range = null } }`
	attributes := "Attributes: " + strings.Join(append(catalogueAttributes(), "dynamic_port_range"), ", ") + "."
	for hosts, want := range map[string][]string{
		`{ baseline = "mail_servr" }`:                                {at + `: there is no baseline "mail_servr". Baselines: cis_mss, load_generator, mail_server, web_front_end.`},
		`{ windows = "2003" }`:                                       {at + ": its baseline is missing. Baselines: cis_mss, "},
		`"mail_server"`:                                              {at + ": a host has the keys baseline, overrides, windows; this is something else."},
		`{ baseline = "mail_server", override = {} }`:                {at + ": a host has the keys baseline, overrides, windows; there is no override."},
		`{ baseline = "mail_server", windows = "2019" }`:             {at + `: windows is "2019". Write one of: 2003, 2008+.`},
		override(`tcp_timed_wait_dely = 30, keepalive = 1`):          {at + ": overrides has attributes and their values; there is no keepalive, tcp_timed_wait_dely. " + attributes},
		override(`keep_alive_time = "five minutes"`):                 {at + ": keep_alive_time must be a number, or null"},
		override(`dynamic_port_range = { tpc = {} }`):                {at + ": write dynamic_port_range as { tcp = { start_port = 10000, number_of_ports = 55536 } }"},
		override(`dynamic_port_range = { tcp = { start_prt = 1 } }`): {at + ": write dynamic_port_range as { tcp = "},
	} {
		c.calls(host, fmt.Sprintf("{\n%s\n%q = %s\n}", good, at, hosts))
		errs := diagnostics(t, c.must(1, "plan", "-json"), "error")
		if len(errs) == 0 {
			t.Fatalf("%s: no error", hosts)
		}
		tells(t, flowing(errs[0].Detail), want...)
		untold(t, fmt.Sprint(errs), "good.contoso.com", "Failed to evaluate")
	}
	if n := host.Counters().Requests; n != 0 {
		t.Errorf("the host got %d requests", n)
	}
}

func override(attributes string) string {
	return fmt.Sprintf(`{ baseline = "mail_server", overrides = { %s } }`, attributes)
}

// catalogueAttributes names the attributes of registry values.
func catalogueAttributes() (names []string) {
	for _, p := range tcpip.Catalogue {
		names = append(names, p.Attribute)
	}
	return names
}

// Each baseline on each Windows, as the README's table and the examples that argue the
// values have them; no host is asked.
func TestAccServerBaselineValues(t *testing.T) {
	t.Parallel()
	tcp := func(start int) string {
		return fmt.Sprintf(`"dynamic_port_range":{"tcp":{"number_of_ports":%d,"start_port":%d}}`, 65536-start, start)
	}
	const cis, old = `"keep_alive_time":300000,"tcp_max_data_retransmissions":3`, `"max_user_port":65534`
	want := map[string]string{
		"mail_server 2003": old + `,"tcp_timed_wait_delay":30`, "mail_server 2008+": tcp(10000) + `,"tcp_timed_wait_delay":30`,
		"web_front_end 2003":  `"keep_alive_time":300000,` + old + `,"tcp_max_data_retransmissions":3,"tcp_timed_wait_delay":60`,
		"web_front_end 2008+": tcp(20000) + "," + cis + `,"tcp_timed_wait_delay":60`,
		"load_generator 2003": old + `,"tcp_timed_wait_delay":30`, "load_generator 2008+": tcp(6000) + `,"tcp_timed_wait_delay":30`,
		"cis_mss 2003": cis, "cis_mss 2008+": cis,
	}
	host := winsim.Start(t, winsim.Server2022())
	c := serverBaseline(t, "")
	var hosts strings.Builder
	for name := range want {
		baseline, windows, _ := strings.Cut(name, " ")
		fmt.Fprintf(&hosts, "  %q = { baseline = %q, windows = %q }\n", name, baseline, windows)
	}
	c.calls(host, "{\n"+hosts.String()+"}")
	var got map[string]json.RawMessage
	if err := json.Unmarshal([]byte(c.evaluates("jsonencode(module.baseline.settings)")), &got); err != nil {
		t.Fatal(err)
	}
	for name, settings := range want {
		if string(got[name]) != "{"+settings+"}" {
			t.Errorf("%s is %s, want {%s}", name, got[name], settings)
		}
	}
	if n := host.Counters().Requests; n != 0 {
		t.Errorf("the host got %d requests", n)
	}
}

// A wrong word for a host's Windows does not go unnoticed: the plan asks the host.
func TestAccServerBaselineWrongWindows(t *testing.T) {
	t.Parallel()
	old, modern := winsim.Start(t, winsim.Server2003()), winsim.Start(t, winsim.Server2022(), winsim.ListenOn("127.0.0.2"))
	c := serverBaseline(t, "")
	c.calls(old, fmt.Sprintf("{ %q = { baseline = \"mail_server\" } }", old.HTTPAddr()))
	c.refusedAs([]string{old.HTTPAddr(), "dynamic_port_range"})
	noJournal(t, old)

	c.calls(modern, fmt.Sprintf("{ %q = { baseline = \"mail_server\", windows = \"2003\" } }", modern.HTTPAddr()))
	said := diagnostics(t, c.must(0, "plan", "-json"), "warning")
	if len(said) == 0 {
		t.Fatal("max_user_port on Windows Server 2022 is planned without a warning")
	}
	tells(t, fmt.Sprint(said), modern.HTTPAddr(), "max_user_port")
}

// With audit = true what is wrong beside the baseline is an output, and errors a
// warning; without it no host is asked.
func TestAccServerBaselineAudit(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2019())
	host.SetString("KeepAliveInterval", "1000")
	host.SetDWORD("TcpTimeWaitDelay", 30)
	c := serverBaseline(t, "")
	hosts := fmt.Sprintf("{ %q = { baseline = \"load_generator\", overrides = { dynamic_port_range = null, tcp_timed_wait_delay = 120 } } }", host.HTTPAddr())
	c.calls(host, hosts)
	if details := checked(t, c.must(0, "apply", "-auto-approve", "-json")); len(details) != 0 || outputs(c)["findings"] != "{}" {
		t.Errorf("without audit: %q, %s", details, outputs(c)["findings"])
	}
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 120"})
	rangesAre(t, host, usual, usual, usual, usual)
	if got, want := outputs(c)["settings"], fmt.Sprintf(`{%q:{"tcp_timed_wait_delay":120}}`, host.HTTPAddr()); got != want {
		t.Errorf("settings: %s, want %s", got, want)
	}

	c.calls(host, hosts, "audit = true", `create_timeout = "5m"`, `on_destroy = "keep"`)
	said := checked(t, c.must(0, "apply", "-auto-approve", "-json"))
	if len(said) != 1 || !strings.HasPrefix(said[0], host.HTTPAddr()+`: KeepAliveInterval is REG_SZ "1000"`) {
		t.Errorf("the check says %q", said)
	}
	tells(t, outputs(c)["findings"], `"error wrong_type: KeepAliveInterval`, `"warning name_misspelled: TcpTimeWaitDelay`)
	c.must(0, "destroy", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 120"})
}

// The module passes on every attribute that the resource has, and names no other.
func TestServerBaselineAttributes(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "examples", "server-baseline", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	_, listed, _ := strings.Cut(string(content), "attributes = [")
	listed, _, _ = strings.Cut(listed, "]")
	var named, passed []string
	for _, match := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(listed, -1) {
		named = append(named, match[1])
	}
	for _, match := range regexp.MustCompile(`(?m)^  ([a-z_]+) += each\.value\.([a-z_]+)$`).FindAllStringSubmatch(string(content), -1) {
		if match[1] != match[2] {
			t.Errorf("%s gets %s", match[1], match[2])
		}
		passed = append(passed, match[1])
	}
	want := append(catalogueAttributes(), "dynamic_port_range")
	same(t, "attributes", named, want)
	same(t, "passed on", passed, want)
}

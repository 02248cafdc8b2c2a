package provider

import (
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// example is a configuration of examples/ as it is. Its account stands in the
// environment, as the example's README says.
func example(t *testing.T, folder string, hosts ...*winsim.Host) *cli {
	t.Helper()
	c := newCLI(t, "")
	root := os.DirFS(filepath.Join("..", "..", "examples", folder))
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, name)
		c.file(name, string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, host := range hosts {
		names = append(names, strconv.Quote(host.HTTPAddr()))
	}
	c.env = append(c.env, "WINDOWS_USERNAME="+hosts[0].Username(), "WINDOWS_PASSWORD="+hosts[0].Password(), "TF_VAR_hosts=["+strings.Join(names, ",")+"]")
	return c
}

// checked gives the details of warnings that check blocks made, each once. All of them
// have one summary.
func checked(t *testing.T, output string) (details []string) {
	t.Helper()
	for line := range strings.Lines(output) {
		for _, d := range diagnostics(t, line, "warning") {
			if d.Summary == "Check block assertion failed" && !slices.Contains(details, d.Detail) {
				details = append(details, d.Detail)
			}
		}
	}
	return details
}

// refusedAs demands an error with a text in its detail, of a plan that is not made.
func (c *cli) refusedAs(want []string, args ...string) {
	c.t.Helper()
	errs := diagnostics(c.t, c.must(1, append([]string{"plan", "-json"}, args...)...), "error")
	if len(errs) == 0 {
		c.t.Fatalf("%v: no error", args)
	}
	for _, text := range want {
		if !strings.Contains(errs[0].Summary+"\n"+errs[0].Detail, text) {
			c.t.Errorf("%v: the error lacks %q: %+v", args, text, errs[0])
		}
	}
}

// untouched demands a host as it was before the example: no journal, and these values.
func untouched(t *testing.T, host *winsim.Host, values map[string]string) {
	t.Helper()
	if err := differences(host, values); err != nil {
		t.Errorf("%s after destroy: %v", host.Name(), err)
	}
	noJournal(t, host)
}

func TestAccMailServerExample(t *testing.T) {
	t.Parallel()
	old, modern := winsim.Start(t, winsim.Server2003(), winsim.Named("RELAY")), winsim.Start(t, winsim.Server2022(), winsim.ListenOn("127.0.0.2"))
	old.SetDWORD("TcpTimedWaitDelay", 240)
	before := map[*winsim.Host]map[string]string{
		old: {"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"}, modern: {"TcpTimedWaitDelay": "absent", "MaxUserPort": "absent"},
	}
	c := example(t, "mail-server", old, modern)
	if details := checked(t, c.must(0, "apply", "-auto-approve", "-json")); len(details) != 0 {
		t.Errorf("as it is the example warns: %q", details)
	}
	has(t, old, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"})
	has(t, modern, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "absent"})
	rangesAre(t, modern, ports(10000, 55536), ports(10000, 55536), usual, usual)
	c.must(0, "plan", "-detailed-exitcode")

	// 65534 on Server 2003 is 64510 ports, the range 55536.
	for peak, want := range map[string][]string{
		"peak=1851.2": nil, // 55536 / 30
		"peak=1851.3": {fmt.Sprintf("1851.3 connections per second require 55539 ports; fewer are on: %s (55536).", modern.HTTPAddr())},
		"peak=2150.4": {fmt.Sprintf("2150.4 connections per second require 64512 ports; fewer are on: %s (64510), %s (55536).", old.HTTPAddr(), modern.HTTPAddr())},
	} {
		if got := checked(t, c.must(0, "plan", "-json", "-var", peak)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the checks say %q, want %q", peak, got, want)
		}
	}
	c.refusedAs([]string{"ports that services listen on: 5985, 5986, 8891, 9443."}, "-var", "range={start_port=5985,number_of_ports=59551}")
	c.refusedAs([]string{"The range ends after port 65535."}, "-var", "range={start_port=10000,number_of_ports=55537}")
	modern.SetString("KeepAliveTime", "300000")
	if got := checked(t, c.must(0, "plan", "-json")); len(got) != 1 || !strings.Contains(got[0], modern.HTTPAddr()+`: KeepAliveTime is REG_SZ "300000" and not a REG_DWORD`) {
		t.Errorf("the audit's check says %q", got)
	}
	modern.DeleteValue("KeepAliveTime")

	c.must(0, "destroy", "-auto-approve")
	for host, values := range before {
		untouched(t, host, values)
	}
	rangesAre(t, modern, usual, usual, usual, usual)
}

func TestAccWebFrontEndExample(t *testing.T) {
	t.Parallel()
	hosts := []*winsim.Host{
		winsim.Start(t, winsim.Server2012R2(), winsim.PolicyResults("read")), winsim.Start(t, winsim.Server2025(), winsim.ListenOn("127.0.0.2"), winsim.PolicyResults("read")),
	}
	c := example(t, "web-front-end", hosts...)
	c.must(0, "plan", "-var", `hosts=["127.0.0.1:1"]`) // a machine that is not there yet
	if details := checked(t, c.must(0, "apply", "-auto-approve", "-json")); len(details) != 0 {
		t.Errorf("as it is the example warns: %q", details)
	}
	for _, host := range hosts {
		has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60", "KeepAliveTime": "REG_DWORD 300000", "TcpMaxDataRetransmissions": "REG_DWORD 3"})
		rangesAre(t, host, ports(20000, 45536), ports(20000, 45536), usual, usual)
	}
	c.must(0, "plan", "-detailed-exitcode")

	hosts[1].SetPolicy(winsim.TCPIPParameters, "KeepAliveTime", 300000, "Web baseline")
	want := hosts[1].HTTPAddr() + ": KeepAliveTime is set by Group Policy: Web baseline."
	if got := checked(t, c.must(0, "plan", "-json")); len(got) != 1 || got[0] != want {
		t.Errorf("the check of owners says %q, want %q", got, want)
	}
	want = "45536 ports sustain 758.9 new connections per second to one application server; 759 are expected."
	if got := checked(t, c.must(0, "plan", "-json", "-var", "calls=759")); len(got) != 2 || !slices.Contains(got, want) {
		t.Errorf("the check of ports says %q, want %q", got, want)
	}
	for start, text := range map[string]string{"8172": "a port that listens here", "1024": "Write a port from 1025 to 65281", "65282": "Write a port from 1025 to 65281"} {
		c.refusedAs([]string{text}, "-var", "start_port="+start)
	}

	c.must(0, "destroy", "-auto-approve")
	for _, host := range hosts {
		untouched(t, host, map[string]string{"TcpTimedWaitDelay": "absent", "KeepAliveTime": "absent", "TcpMaxDataRetransmissions": "absent"})
		rangesAre(t, host, usual, usual, usual, usual)
	}
}

func TestAccLoadGeneratorExample(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2019())
	host.AddProcess(2300, "collector.exe")
	host.AddListener("0.0.0.0:12000", 2300)
	c := example(t, "load-generator", host)
	line := "netsh int ipv4 add excludedportrange protocol=tcp startport=%d numberofports=1 store=persistent"
	c.refusedAs([]string{"Reserve these ports on " + host.HTTPAddr() + " first", fmt.Sprintf(line, 12000), fmt.Sprintf(line, 27000)})

	// Ports right beside the service's are no reservation, nor is one of two.
	host.SetPorts(usual, ports(11000, 1000), ports(12001, 100), ports(27000, 1))
	c.refusedAs([]string{fmt.Sprintf(line, 12000)})
	noJournal(t, host)
	rangesAre(t, host, usual, usual, usual, usual)

	// The lines, as they stand in the error, on the host: refused while the service listens.
	host.SetPorts(usual)
	if said, code := host.Console(fmt.Sprintf(line, 12000)); code == 0 {
		t.Errorf("a port in use is reserved: %s", said)
	}
	if said, code := host.Console(fmt.Sprintf(line, 27000)); code != 0 {
		t.Errorf("exit code %d: %s", code, said)
	}
	c.refusedAs([]string{"with full rights:\n  " + fmt.Sprintf(line, 12000) + " & rem results\n  " + strings.Replace(fmt.Sprintf(line, 12000), "ipv4", "ipv6", 1) + " & rem results"})

	host.SetPorts(usual, ports(11999, 2), ports(27000, 1))
	if details := checked(t, c.must(0, "apply", "-auto-approve", "-json")); len(details) != 0 {
		t.Errorf("as it is the example warns: %q", details)
	}
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
	rangesAre(t, host, ports(6000, 59536), ports(6000, 59536), usual, usual)
	if got := outputs(c)["services_in_range"]; got != `{"licences":27000,"results":12000}` {
		t.Errorf("services in the range: %s", got)
	}
	c.must(0, "plan", "-detailed-exitcode")

	want := "1984.6 connections per second require 59538 ports, and the range has 59536: more generators, or more addresses to connect to."
	if got := checked(t, c.must(0, "plan", "-json", "-var", "connections_per_second=1984.6")); len(got) != 1 || got[0] != want {
		t.Errorf("the check of the range says %q, want %q", got, want)
	}
	host.SetPorts(ports(6000, 255), ports(6010, 245), ports(12000, 1), ports(27000, 1)) // 10 ports are left
	host.SetSockets(busyFrom(6000, 9))
	if got := checked(t, c.must(0, "plan", "-json")); len(got) != 1 || got[0] != "More than 80 % of the ports are in use, or the pool is not known, on: "+host.HTTPAddr()+"." {
		t.Errorf("the check of free ports says %q", got)
	}

	c.must(0, "destroy", "-auto-approve")
	untouched(t, host, map[string]string{"TcpTimedWaitDelay": "absent"})
	rangesAre(t, host, usual, usual, usual, usual)
}

// busyFrom is a table with so many connections, from a port on.
func busyFrom(port, number int) (list []tcpstack.Socket) {
	template := busy()[2] // Established, of process 1200
	for i := range number {
		s := template
		s.Local = netip.AddrPortFrom(s.Local.Addr(), uint16(port+i)) // #nosec G115 -- a port
		list = append(list, s)
	}
	return list
}

// The settings in the monitoring example: what the audit finds becomes a series for
// each kind, and errors are named.
func TestAccMonitoringExampleSettings(t *testing.T) {
	t.Parallel()
	calm, wrong := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2008R2(), winsim.ListenOn("127.0.0.2"))
	wrong.SetString("TcpTimedWaitDelay", "30")
	wrong.SetDWORD("TcpTimeWaitDelay", 30)
	wrong.SetDWORD("MaxUserPorts", 65534)
	c := example(t, "monitoring", calm, wrong)
	said := checked(t, c.must(0, "apply", "-auto-approve", "-json"))
	if len(said) != 1 || said[0] != wrong.HTTPAddr()+`: TcpTimedWaitDelay is REG_SZ "30" and not a REG_DWORD: Windows is reported to ignore it and to use its default.` {
		t.Errorf("the check of settings says %q", said)
	}
	rules := c.must(0, "output", "-raw", "prometheus_rules")
	series := "      - record: windows_tcpip_findings\n        expr: vector(%d)\n        labels:\n          host: \"%s\"\n          severity: \"%s\"\n          code: \"%s\"\n"
	for _, want := range []string{fmt.Sprintf(series, 1, wrong.HTTPAddr(), "error", "wrong_type"), fmt.Sprintf(series, 2, wrong.HTTPAddr(), "warning", "name_misspelled")} {
		if !strings.Contains(rules, want) {
			t.Errorf("the rules lack\n%s\n%s", want, rules)
		}
	}
	if strings.Contains(rules, fmt.Sprintf("host: %q\n          severity: \"error\"", calm.HTTPAddr())) {
		t.Errorf("the calm host has an error: %s", rules)
	}
	found := outputs(c)
	if want := `"error/wrong_type":["TcpTimedWaitDelay"]`; !strings.Contains(found["findings"], want) {
		t.Errorf("findings %s lack %s", found["findings"], want)
	}
	if want := `"build":7601`; !strings.Contains(found["windows"], want) {
		t.Errorf("windows %s lacks %s", found["windows"], want)
	}
}

// guide is a page of the documentation before it is generated.
func guide(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The sizes that the guide to wider ranges has are those that the functions give.
func TestWidenTheRangeSizes(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| (\d+) to 65535 \| (\d+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|`).FindAllStringSubmatch(guide(t, "widen-the-range.md"), -1)
	if len(rows) != 5 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		start, err := strconv.ParseUint(row[1], 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		r := tcpip.PortRange{Start: uint16(start), Number: 65536 - uint32(start)}
		distinct := map[uint16]bool{}
		for _, s := range tcpip.ServicesIn(tcpip.TCP, r) {
			distinct[s.Port] = true
		}
		rate := func(delay uint32) string {
			return strconv.FormatFloat(math.Round(10*tcpip.SustainableConnectionRate(r.Number, delay))/10, 'f', 1, 64)
		}
		if want := []string{row[0], row[1], fmt.Sprint(r.Number), rate(240), rate(30), fmt.Sprint(len(distinct))}; fmt.Sprint(row) != fmt.Sprint(want) {
			t.Errorf("the guide says %v, want %v", row[1:], want[1:])
		}
	}
}

// The warning that the guide shows is the one that a plan gives.
func TestAccWidenTheRangeWarning(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.AddProcess(2200, "sqlservr.exe")
	host.AddListener("0.0.0.0:1433", 2200)
	host.AddListener("[::]:1433", 2200)
	host.AddProcess(2300, "collector.exe")
	host.AddListener("0.0.0.0:12000", 2300)
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), ranged("tcp", 1025, 64511)))
	_, shown, found := strings.Cut(guide(t, "widen-the-range.md"), "```text\nWarning: ")
	if !found {
		t.Fatal("the guide shows no warning")
	}
	shown, _, _ = strings.Cut(shown, "```")
	said := diagnostics(t, c.must(0, "plan", "-json"), "warning")
	if len(said) != 1 {
		t.Fatalf("warnings %+v", said)
	}
	if got, want := flowing(strings.ReplaceAll(said[0].Summary+" "+said[0].Detail, host.HTTPAddr(), "mail01.contoso.com")), flowing(shown); got != want {
		t.Errorf("the guide shows\n%s\na plan says\n%s", want, got)
	}
}

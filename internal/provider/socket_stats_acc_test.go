package provider

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

const statsAddress = "data.windows_socket_stats.test"

// stats is the data source with the given lines.
func stats(address string, lines ...string) string {
	return fmt.Sprintf("data \"windows_socket_stats\" \"test\" {\n  host = %q\n  %s\n}\n", address, strings.Join(lines, "\n  "))
}

// busy is a small table whose numbers are told by hand in the tests.
func busy() []tcpstack.Socket {
	socket := func(state sockets.State, local, remote string, pid uint32) tcpstack.Socket {
		s := tcpstack.Socket{Local: netip.MustParseAddrPort(local), State: uint8(state), PID: pid}
		if remote != "" {
			s.Remote = netip.MustParseAddrPort(remote)
		} else {
			s.Remote = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
		}
		return s
	}
	return []tcpstack.Socket{
		socket(sockets.Listen, "0.0.0.0:25", "", 1200), socket(sockets.Listen, "0.0.0.0:49664", "", 4),
		socket(sockets.Established, "192.0.2.10:49700", "203.0.113.7:25", 1200), socket(sockets.Established, "192.0.2.10:25", "198.51.100.9:40000", 1200),
		socket(sockets.TimeWait, "192.0.2.10:49701", "203.0.113.7:25", 0), socket(sockets.TimeWait, "192.0.2.10:49702", "203.0.113.7:25", 0),
		socket(sockets.TimeWait, "[fe80::1%4]:49703", "[fe80::2%4]:25", 0), socket(sockets.SynSent, "192.0.2.10:49704", "203.0.113.8:25", 1200),
		socket(sockets.CloseWait, "192.0.2.10:49705", "203.0.113.8:25", 1200), socket(sockets.Bound, "0.0.0.0:49706", "", 1200),
	}
}

func TestAccSocketStats(t *testing.T) {
	t.Parallel()
	known := func(path string, check knownvalue.Check) statecheck.StateCheck {
		at := tfjsonpath.New("")
		for i, step := range strings.Split(path, ".") {
			if i == 0 {
				at = tfjsonpath.New(step)
			} else {
				at = at.AtMapKey(step)
			}
		}
		return statecheck.ExpectKnownValue(statsAddress, at, check)
	}
	host := winsim.Start(t, winsim.Server2022())
	host.SetSockets(busy())
	host.SetPorts(tcpstack.Range{Start: 49152, Number: 16384}, tcpstack.Range{Start: 50000, Number: 100})
	accept(t, resource.TestStep{
		Config: sealed(host) + stats(host.HTTPAddr(), "top = 1"),
		ConfigStateChecks: []statecheck.StateCheck{
			known("collection_method", knownvalue.StringExact("wmi")),
			known("total", knownvalue.Int64Exact(10)), known("active", knownvalue.Int64Exact(2)), known("stale", knownvalue.Int64Exact(3)),
			known("listening", knownvalue.Int64Exact(2)), known("half_open", knownvalue.Int64Exact(1)), known("closing", knownvalue.Int64Exact(1)),
			known("bound", knownvalue.Int64Exact(1)), known("unknown", knownvalue.Int64Exact(0)),
			known("by_state.TIME_WAIT", knownvalue.Int64Exact(3)), known("by_state.FIN_WAIT1", knownvalue.Int64Exact(0)),
			known("by_family.ipv6", knownvalue.MapPartial(map[string]knownvalue.Check{"TIME_WAIT": knownvalue.Int64Exact(1), "ESTABLISHED": knownvalue.Int64Exact(0)})),
			known("pool", knownvalue.ObjectExact(map[string]knownvalue.Check{
				"start_port": knownvalue.Int64Exact(49152), "number_of_ports": knownvalue.Int64Exact(16384), "source": knownvalue.StringExact("MSFT_NetTCPSetting"),
				"excluded": knownvalue.Int64Exact(100), "in_use": knownvalue.Int64Exact(8), "time_wait": knownvalue.Int64Exact(3), "bound": knownvalue.Int64Exact(1),
				"listeners": knownvalue.Int64Exact(1), "free": knownvalue.Int64Exact(16276), "utilisation": knownvalue.Float64Exact(8.0 / 16284),
			})),
			known("busiest_destinations", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
				"address": knownvalue.StringExact("203.0.113.7"), "port": knownvalue.Int64Exact(25), "ports": knownvalue.Int64Exact(3),
			})})),
			known("busiest_processes", knownvalue.ListExact([]knownvalue.Check{knownvalue.ObjectExact(map[string]knownvalue.Check{
				"process_id": knownvalue.Int64Exact(1200), "sockets": knownvalue.Int64Exact(6),
			})})),
			known("distinct_destinations", knownvalue.Int64Exact(3)),
			known("notes", knownvalue.ListExact(nil)),
		},
	})
	if left := host.Counters(); left.OpenShells+left.OpenEnumerations != 0 {
		t.Errorf("left open: %+v", left)
	}
}

func TestAccSocketStatsByVersion(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]winsim.Profile{"2003": winsim.Server2003(), "2008 R2": winsim.Server2008R2(), "2019": winsim.Server2019()} {
		t.Run(name, func(t *testing.T) {
			host := winsim.Start(t, profile)
			host.SetSockets(busy())
			accept(t, resource.TestStep{
				Config: sealed(host) + stats(host.HTTPAddr(), `method = "netstat"`, "top = 0"),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue(statsAddress, tfjsonpath.New("total"), knownvalue.Int64Exact(9)), // without the Bound one
					statecheck.ExpectKnownValue(statsAddress, tfjsonpath.New("stale"), knownvalue.Int64Exact(3)),
					statecheck.ExpectKnownValue(statsAddress, tfjsonpath.New("collection_method"), knownvalue.StringExact("netstat")),
					statecheck.ExpectKnownValue(statsAddress, tfjsonpath.New("busiest_processes"), knownvalue.ListExact(nil)),
				},
			})
		})
	}
}

func TestAccSocketStatsRefuses(t *testing.T) {
	t.Parallel()
	old, modern := winsim.Start(t, winsim.Server2003R2()), winsim.Start(t, winsim.Server2022())
	modern.SetSockets(busy())
	for name, tt := range map[string]struct {
		host *winsim.Host
		line string
		want string
	}{
		"no shell":      {old, "", "Unable to Read Socket Statistics of .* no remote shell"},
		"no WMI class":  {old, `method = "wmi"`, `use method = "netstat"`},
		"ceiling":       {modern, "max_rows = 5", "has more than 5 sockets"},
		"method":        {modern, `method = "guess"`, `"auto", "wmi" or "netstat"`},
		"top":           {modern, "top = -1", "write a number from 0 to 1000"},
		"max_rows":      {modern, "max_rows = 0", "write a number from 1 to 1000000"},
		"access denied": {modern, "", "Unable to Read Socket Statistics of .* Administrators"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "access denied" {
				modern.Intercept(func(winsim.Call) winsim.Action { return winsim.AccessDeniedFault })
			}
			accept(t, resource.TestStep{Config: sealed(tt.host) + stats(tt.host.HTTPAddr(), tt.line), ExpectError: pattern(tt.want)})
			modern.Intercept(nil)
		})
	}
}

// The story: untuned the server runs out of ports, tuned and restarted it hums. The
// account is the server's own, which it can judge without a port.
func TestAccStoryOf2003(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2003(), winsim.Account("svc-local", "not-a-real-password-1"), winsim.DomainLogonNeedsPort(true))
	load := func(minutes int) {
		host.Load(100, "203.0.113.1:25", "203.0.113.2:25", "203.0.113.3:25")
		for range minutes {
			host.Advance(time.Minute)
		}
	}
	load(10)
	c := newCLI(t, sealed(host)+stats(host.HTTPAddr())+"output \"utilisation\" {\n  value = data.windows_socket_stats.test.pool.utilisation\n}\n")
	utilisation := func() (value float64) {
		c.must(0, "apply", "-auto-approve")
		if err := json.Unmarshal([]byte(c.must(0, "output", "-json", "utilisation")), &value); err != nil {
			t.Fatal(err)
		}
		return value
	}
	if before := utilisation(); before < 0.99 || len(host.Events()) == 0 {
		t.Errorf("untuned it does not run out: %v, %d events", before, len(host.Events()))
	}
	tuning := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534"))
	tuning.must(0, "apply", "-auto-approve")
	host.Reboot()
	logged := len(host.Events())
	load(10)
	if after := utilisation(); after > 0.1 || len(host.Events()) != logged {
		t.Errorf("tuned it does not hum: %v, %d new events", after, len(host.Events())-logged)
	}
}

// A server that is out of ports may refuse accounts of a domain: the error says so.
func TestAccExhaustedHostRefusesDomainAccounts(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2003(), winsim.DomainLogonNeedsPort(true))
	host.Load(100, "203.0.113.1:25")
	host.Advance(10 * time.Minute)
	accept(t, resource.TestStep{Config: sealed(host) + stats(host.HTTPAddr()), ExpectError: pattern("a host that has no port left for its domain controller refuses every account of the domain")})
}

// The monitoring example, against two hosts of which one is nearly full.
func TestAccMonitoringExample(t *testing.T) {
	t.Parallel()
	calm, full := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2022(), winsim.ListenOn("127.0.0.2"))
	calm.SetSockets(busy())
	calm.SetPorts(tcpstack.Range{Start: 49152, Number: 16384})
	full.SetSockets(busy())
	full.SetPorts(tcpstack.Range{Start: 49700, Number: 255}, tcpstack.Range{Start: 49710, Number: 240})
	c := newCLI(t, "")
	for _, name := range []string{"main.tf", "rules.yaml.tftpl"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "examples", "monitoring", name))
		if err != nil {
			t.Fatal(err)
		}
		c.file(name, string(content))
	}
	c.file("provider.tf", sealed(calm))
	hosts := fmt.Sprintf("hosts=[%q,%q]", calm.HTTPAddr(), full.HTTPAddr())
	output := c.must(0, "apply", "-auto-approve", "-no-color", "-var", hosts, "-var", "warn_at=0.4")
	if !strings.Contains(strings.Join(strings.Fields(output), " "), "Hosts that use more than 40 % of their ephemeral ports: "+full.HTTPAddr()) {
		t.Errorf("the check does not name the full host, or another one: %s", output)
	}
	rules := c.must(0, "output", "-raw", "prometheus_rules")
	for _, want := range []string{fmt.Sprintf(`winrm_host="%s",state="TIME_WAIT"`, full.HTTPAddr()), "> 6\n", "> 6553\n"} {
		if !strings.Contains(rules, want) {
			t.Errorf("the rules lack %q: %s", want, rules)
		}
	}
	var targets []struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	if err := json.Unmarshal([]byte(c.must(0, "output", "-raw", "prometheus_targets")), &targets); err != nil || len(targets) != 2 || targets[0].Targets[0] != "127.0.0.1:9182" {
		t.Errorf("targets %+v, %v", targets, err)
	}
	// A host without a known range has no rule, and is named.
	full.Intercept(func(call winsim.Call) winsim.Action {
		if strings.Contains(call.WQL, "MSFT_NetTCPSetting") {
			return winsim.AccessDeniedFault
		}
		return winsim.Proceed
	})
	output = c.must(0, "apply", "-auto-approve", "-no-color", "-var", hosts, "-var", "warn_at=0.4")
	if !strings.Contains(strings.Join(strings.Fields(output), " "), "Hosts whose port range is not known (their notes say why): "+full.HTTPAddr()) {
		t.Errorf("the host without a range is not named: %s", output)
	}
}

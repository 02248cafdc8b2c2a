package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// foreseen gives a plan's warnings as text, a paragraph each, beside its exit code 0.
func (c *cli) foreseen() string {
	c.t.Helper()
	var text strings.Builder
	for _, d := range diagnostics(c.t, c.must(0, "plan", "-json"), "warning") {
		text.WriteString(d.Summary + "\n" + d.Detail + "\n\n")
	}
	return text.String()
}

// untold demands that a text holds none of these.
func untold(t *testing.T, text string, not ...string) {
	t.Helper()
	for _, one := range not {
		if strings.Contains(text, one) {
			t.Errorf("%q is in:\n%s", one, text)
		}
	}
}

// What stands in a wider range's way is said before it is applied, with the line that
// protects it; what is outside, reserved already or news of long ago is not.
func TestAccForesightOfRange(t *testing.T) {
	t.Parallel()
	for seed := int64(1); seed <= 3; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2019(), winsim.Seed(seed), winsim.PolicyResults("missing"))
			host.AddProcess(4242, "sqlservr.exe")
			host.AddListener("0.0.0.0:1433", 4242)
			host.AddListener("0.0.0.0:9999", 4242)
			host.AddListener("0.0.0.0:10000", 4242)
			host.AddListener("[::]:10001", 4242)
			host.SetPorts(tcpstack.Range{Start: 49152, Number: 16384}, tcpstack.Range{Start: 10001, Number: 1})
			host.SetDWORD("MaxUserPort", 15000)
			at := host.HTTPAddr()
			c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 10000, 55536)))
			text := c.foreseen()
			tells(t, text, at+": the TCP range 10000-65535 would take in 1 port on which something listens: 10000 (sqlservr.exe)",
				"Simplest is a range that starts above: start_port = 10001, number_of_ports = 55535", "netsh int ipv4 add excludedportrange protocol=tcp startport=10000 numberofports=1 store=persistent",
				at+": MaxUserPort is REG_DWORD 15000 on this host, beside dynamic_port_range.tcp", "/v MaxUserPort /f")
			untold(t, text, "1433", "9999", "startport=10001", "5985", "49664", "smaller", "Hyper-V", "domain controller", "policy", "drift")

			c.config(sealed(host) + tuned(at, ranged("tcp", 1025, 64511)))
			text = c.foreseen()
			tells(t, text, "5985 (WinRM), 1433 (sqlservr.exe)", "startport=5985", "startport=1433") // WinRM's own first
			if a, b := strings.Index(text, "startport=5985"), strings.Index(text, "startport=1433"); a > b {
				t.Errorf("WinRM's own port is not the first:\n%s", text)
			}
			rangesAre(t, host, usual, usual, usual, usual)
			if n := host.Counters().Writes; n != 0 {
				t.Errorf("a plan made %d writes", n)
			}
		})
	}
}

// A pool that shrinks, a low start beside Hyper-V, a domain controller, a DNS server, a
// policy, and numbers that are no mistake for the provider and one for people.
func TestAccForesight(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022(), winsim.DomainController(), winsim.PolicyResults("read"))
	host.AddProcess(5000, "vmms.exe")
	host.SetPolicy(winsim.TCPIPParameters, "KeepAliveTime", 300000, "Security Baseline")
	at := host.HTTPAddr()
	c := newCLI(t, "")
	for lines, want := range map[string][]string{
		ranged("tcp", 60000, 5000): {at + ": the TCP range 60000-64999 would make the pool smaller: 5000 ports, 16384 now",
			at + ": dynamic_port_range.tcp changes on a domain controller"},
		ranged("udp", 5000, 60000): {at + ": the UDP range 5000-64999 would begin below 10000 on a host with Hyper-V or WSL (vmms.exe runs)", at + ": dynamic_port_range.udp changes on a DNS server", "2500",
			at + ": the UDP range 5000-64999 would take in 2 ports of well-known services: 5004 (Windows Media Services (RTP)), 5005", "UDP listeners were not looked at"},
		"max_user_port = 5000": {at + ": max_user_port 5000 on Windows Server 2008 and later is reported to make the TCP range 1024-5000 (3977 ports) at a restart", "smaller",
			"dynamic_port_range = { tcp = { start_port = 1025, number_of_ports = 3976 } }"},
		"keep_alive_time = 300":    {at + ": keep_alive_time 300 is 0.3 s", "milliseconds", at + ": Group Policy sets KeepAliveTime (Security Baseline)"},
		"tcp_num_connections = 20": {at + ": tcp_num_connections 20 may cut off WinRM"},
	} {
		c.config(sealed(host) + tuned(at, lines))
		tells(t, c.foreseen(), want...)
	}
	// Nothing is said of what stays.
	c.config(sealed(host) + tuned(at, "keep_alive_time = 300", "tcp_timed_wait_delay = 60"))
	c.must(0, "apply", "-auto-approve")
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), at)
	c.config(sealed(host) + tuned(at, "keep_alive_time = 300", "tcp_timed_wait_delay = 30"))
	c.warned(c.must(2, "plan", "-detailed-exitcode", "-json"), at)
	// Nor where the plan does not know yet, nor by a destroy.
	c.config(sealed(host) + "resource \"terraform_data\" \"port\" { input = 5000 }\n" + tuned(at, "keep_alive_time = 300", "max_user_port = terraform_data.port.output"))
	host.ResetCounters()
	untold(t, c.must(0, "plan", "-json", "-refresh=false"), at+": max_user_port")
	if n := host.Counters().Requests; n != 0 {
		t.Errorf("a plan of unknown values without a refresh cost %d round trips", n)
	}
	c.config(sealed(host) + tuned(at, "keep_alive_time = 300", "tcp_timed_wait_delay = 60"))
	host.ResetCounters()
	c.warned(c.must(0, "plan", "-json", "-refresh=false"), at)
	if n := host.Counters().Requests; n != 0 {
		t.Errorf("a plan without a change and without a refresh cost %d round trips", n)
	}
	c.must(0, "destroy", "-auto-approve", "-refresh=false")
}

// max_user_port goes and a range comes: where the value becomes absent all is well, and
// where it is put back it stands beside the range.
func TestAccForesightOfMaxUserPortThatGoes(t *testing.T) {
	t.Parallel()
	absent, present := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2022())
	present.SetDWORD("MaxUserPort", 60000)
	for _, host := range []*winsim.Host{absent, present} {
		at := host.HTTPAddr()
		c := newCLI(t, sealed(host)+tuned(at, "max_user_port = 65534"))
		c.must(0, "apply", "-auto-approve")
		c.config(sealed(host) + tuned(at, ranged("tcp", 10000, 55536)))
		text := c.foreseen()
		if host == absent {
			untold(t, text, "beside")
		} else {
			tells(t, text, at+": MaxUserPort is put back to REG_DWORD 60000 and stays beside dynamic_port_range.tcp", "1024-60000", "/v MaxUserPort /f")
		}
		c.must(0, "destroy", "-auto-approve")
	}
}

// A host that is not there yet, one that does not answer and one that refuses what is
// read beside the values: none of them fails a plan.
func TestAccForesightOfNobody(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("denied"))
	at := host.HTTPAddr()
	host.Intercept(func(call winsim.Call) winsim.Action {
		if strings.Contains(call.WQL, "MSFT_NetTCPConnection") || call.Method == "Command" {
			return winsim.AccessDenied
		}
		return winsim.Proceed
	})
	c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 10000, 55536)))
	tells(t, c.foreseen(), at+": not everything could be looked at before this change")
	host.Close()
	text := c.foreseen()
	tells(t, text, at+": not looked at before this change", "not there yet")
	for _, name := range []string{"not-born.invalid", at} {
		c.config(sealed(host) + tuned(name, "max_user_port = 65534"))
		tells(t, c.foreseen(), name+": not looked at before this change")
	}
}

// IPv4 is set by hand to what the configuration then asks for: the other family is still
// another, and the plan is not empty.
func TestAccPortRangeOfOneFamilyByHand(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2025())
	at := host.HTTPAddr()
	c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 20000, 40000)))
	c.must(0, "apply", "-auto-approve")
	host.SetPortRange("tcp", "ipv4", ports(10000, 50000))
	c.config(sealed(host) + tuned(at, ranged("tcp", 10000, 50000)))
	c.must(2, "plan", "-detailed-exitcode")
	c.must(0, "apply", "-refresh-only", "-auto-approve")
	c.must(2, "plan", "-detailed-exitcode")
	c.must(2, "plan", "-detailed-exitcode", "-refresh=false")
	c.must(0, "apply", "-auto-approve")
	rangesAre(t, host, ports(10000, 50000), ports(10000, 50000), usual, usual)
	c.must(0, "plan", "-detailed-exitcode")
	c.must(0, "destroy", "-auto-approve")
	rangesAre(t, host, usual, usual, usual, usual)
}

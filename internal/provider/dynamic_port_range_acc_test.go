package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// ports is a range of the simulated host.
func ports(start, number int) tcpstack.Range { return tcpstack.Range{Start: start, Number: number} }

// The ranges of every transport and family.
var everyPool = [][2]string{{"tcp", "ipv4"}, {"tcp", "ipv6"}, {"udp", "ipv4"}, {"udp", "ipv6"}}

// rangesAre demands the ranges of a host, those in use and those that the next boot
// takes, in the order of everyPool.
func rangesAre(t *testing.T, host *winsim.Host, want ...tcpstack.Range) {
	t.Helper()
	for i, pool := range everyPool {
		active, persistent := host.PortRange(pool[0], pool[1])
		if active != want[i] || persistent != want[i] {
			t.Errorf("%s of %s is %v and at the next boot %v, want %v", pool, host.Name(), active, persistent, want[i])
		}
	}
}

var usual = ports(49152, 16384)

// ranged is lines of a resource that manages ranges.
func ranged(transport string, start, number int) string {
	return fmt.Sprintf("dynamic_port_range = { %s = { start_port = %d, number_of_ports = %d } }", transport, start, number)
}

// A life on Windows that has ranges, each version under another seed: set for both families, drift of one family
// seen and mended, the other transport added, the first released, all of it restored.
func TestAccPortRangeLife(t *testing.T) {
	t.Parallel()
	first := winsim.Start(t, winsim.Server2019()).Seed() // WINSIM_SEED's
	for i, profile := range []winsim.Profile{winsim.Server2008R2(), winsim.Server2012R2(), winsim.Server2019(), winsim.Server2025()} {
		t.Run(profile.Key, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, profile, winsim.Seed(first+int64(i)))
			host.SetPortRange("tcp", "ipv6", ports(50000, 1000))
			at := host.HTTPAddr()
			c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 10000, 55536)))
			before := originals{"dynamic_port_range.tcp.ipv4": "49152+16384", "dynamic_port_range.tcp.ipv6": "50000+1000"}
			wide := ports(10000, 55536)

			c.must(0, "apply", "-auto-approve", "-json")
			rangesAre(t, host, wide, wide, usual, usual)
			c.owns(host, before)
			if pending := c.inState()[0].Attributes["pending_restart"]; fmt.Sprint(pending) != "[]" {
				t.Errorf("pending_restart is %v: a range needs no restart", pending)
			}
			c.must(0, "plan", "-detailed-exitcode")

			host.SetPortRange("tcp", "ipv6", ports(49152, 16384))
			output := c.must(2, "plan", "-detailed-exitcode", "-json")
			// By seed a 2008 R2 lacks the hotfix that shows exclusions, which is said as well.
			tells(t, output, at+": IPv4 and IPv6 have different dynamic port ranges for tcp: 10000+55536 and 49152+16384")
			c.must(0, "apply", "-refresh-only", "-auto-approve")
			c.must(2, "plan", "-detailed-exitcode") // still: state shows the family that differs
			c.must(0, "apply", "-auto-approve")
			rangesAre(t, host, wide, wide, usual, usual)
			c.owns(host, before)

			c.config(sealed(host) + tuned(at, "dynamic_port_range = {\n    tcp = { start_port = 10000, number_of_ports = 50000 }\n    udp = { start_port = 20000, number_of_ports = 255 }\n  }"))
			c.must(0, "apply", "-auto-approve")
			rangesAre(t, host, ports(10000, 50000), ports(10000, 50000), ports(20000, 255), ports(20000, 255))
			c.owns(host, originals{"dynamic_port_range.tcp.ipv4": "49152+16384", "dynamic_port_range.tcp.ipv6": "50000+1000",
				"dynamic_port_range.udp.ipv4": "49152+16384", "dynamic_port_range.udp.ipv6": "49152+16384"})

			c.config(sealed(host) + tuned(at, ranged("udp", 20000, 255)))
			output = c.must(0, "apply", "-auto-approve", "-json")
			tells(t, output, at+": TCP's dynamic port range (IPv4) is no longer configured and will be restored to 49152+16384",
				at+": TCP's dynamic port range (IPv6) is no longer configured and will be restored to 50000+1000")
			rangesAre(t, host, usual, ports(50000, 1000), ports(20000, 255), ports(20000, 255))
			c.must(0, "plan", "-detailed-exitcode")

			host.Reboot()
			c.must(0, "plan", "-detailed-exitcode")
			c.must(0, "destroy", "-auto-approve")
			rangesAre(t, host, usual, ports(50000, 1000), usual, usual)
			noJournal(t, host)
		})
	}
}

// windows_default writes Windows' default and keep leaves the range.
func TestAccPortRangeOnDestroy(t *testing.T) {
	t.Parallel()
	for onDestroy, want := range map[string]tcpstack.Range{"windows_default": usual, "keep": ports(10000, 1000), "restore": ports(20000, 2000)} {
		t.Run(onDestroy, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2019())
			host.SetPortRange("udp", "ipv4", ports(20000, 2000))
			host.SetPortRange("udp", "ipv6", ports(20000, 2000))
			c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), ranged("udp", 10000, 1000), fmt.Sprintf("on_destroy = %q", onDestroy)))
			c.must(0, "apply", "-auto-approve")
			c.must(0, "destroy", "-auto-approve")
			rangesAre(t, host, usual, usual, want, want)
			noJournal(t, host)
		})
	}
}

// 1024 is seen on real machines, and netsh sets none below 1025.
func TestAccPortRangeFrom1024(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	at := host.HTTPAddr()
	host.SetPortRange("tcp", "ipv4", ports(1024, 64511))
	host.SetPortRange("tcp", "ipv6", ports(1024, 64511))
	c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 10000, 50000)))
	output := c.must(0, "apply", "-auto-approve", "-json")
	tells(t, output, at+": TCP's dynamic port range (IPv4) was 1024+64511, which netsh cannot set", "a destroy sets the nearest, 1025+64510")
	c.owns(host, originals{"dynamic_port_range.tcp.ipv4": "1024+64511", "dynamic_port_range.tcp.ipv6": "1024+64511"})
	output = c.must(0, "plan", "-destroy", "-json")
	tells(t, output, at+": TCP's dynamic port range (IPv4) is restored on destroy as nearly as netsh can", "the nearest is set, 1025+64510")
	c.must(0, "destroy", "-auto-approve")
	rangesAre(t, host, ports(1025, 64510), ports(1025, 64510), usual, usual)
	noJournal(t, host)

	// An import takes it as it is; a configuration cannot ask for it.
	host.SetPortRange("tcp", "ipv4", ports(1024, 64511))
	host.SetPortRange("tcp", "ipv6", ports(1024, 64511))
	imported := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 1025, 64510)))
	imported.must(0, "import", address, at)
	imported.remembers(originals{"dynamic_port_range.tcp.ipv4": "1024+64511", "dynamic_port_range.tcp.ipv6": "1024+64511"})
	imported.must(2, "plan", "-detailed-exitcode")
	imported.config(sealed(host) + tuned(at, ranged("tcp", 1024, 64511)))
	tells(t, imported.refused("Invalid dynamic_port_range.tcp", "plan"), "start_port 1024 is 0x400: write a port from 1025 to 65281")
}

// An import takes ranges that somebody has set, of both families, and none that are
// Windows' default.
func TestAccPortRangeImport(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2012R2())
	at := host.HTTPAddr()
	host.SetPortRange("udp", "ipv4", ports(20000, 2000))
	host.SetPortRange("udp", "ipv6", ports(20000, 2000))
	c := newCLI(t, sealed(host)+tuned(at, ranged("udp", 20000, 2000)))
	c.must(0, "import", address, at)
	c.must(0, "plan", "-detailed-exitcode")
	c.remembers(originals{"dynamic_port_range.udp.ipv4": "20000+2000", "dynamic_port_range.udp.ipv6": "20000+2000"})

	// Where the families differ and nothing is known of who set them, no configuration
	// is taken for what is there.
	host.SetPortRange("udp", "ipv6", ports(30000, 3000))
	other := newCLI(t, sealed(host)+tuned(at, ranged("udp", 20000, 2000)))
	tells(t, unbroken(other.must(0, "import", address, at)), at+": IPv4 and IPv6 have different dynamic port ranges for udp: 20000+2000 and 30000+3000")
	other.must(2, "plan", "-detailed-exitcode")
	other.config(sealed(host) + tuned(at, ranged("udp", 30000, 3000)))
	other.must(2, "plan", "-detailed-exitcode")
	other.must(0, "apply", "-auto-approve")
	rangesAre(t, host, usual, usual, ports(30000, 3000), ports(30000, 3000))
	other.must(0, "plan", "-detailed-exitcode")
	other.must(0, "destroy", "-auto-approve")
	rangesAre(t, host, usual, usual, ports(20000, 2000), ports(30000, 3000))
}

// Windows Server 2003 has no range, and says which attribute to use.
func TestAccPortRangeOn2003(t *testing.T) {
	t.Parallel()
	for _, old := range []winsim.Profile{winsim.Server2003(), winsim.Server2003R2()} {
		host := winsim.Start(t, old)
		at := host.HTTPAddr()
		c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 1025, 3976)))
		tells(t, strings.Join(summaryAndDetail(t, c.must(1, "apply", "-auto-approve", "-json")), "\n"), at, "has no dynamic port range", "set max_user_port for this host instead")
		noJournal(t, host)
		tells(t, strings.Join(summaryAndDetail(t, c.blind().must(1, "apply", "-auto-approve", "-json")), "\n"), "Unable to Create TCP/IP Tuning of "+at,
			"set max_user_port for this host instead of dynamic_port_range", "Nothing was written")
		if n := host.Counters().Writes; n != 0 {
			t.Errorf("%s: %d writes", old.Key, n)
		}
		c.config(sealed(host) + tuned(at, "max_user_port = 65534"))
		c.must(0, "apply", "-auto-approve")
		c.must(0, "destroy", "-auto-approve")
		c.must(0, "apply", "-auto-approve")
		imported := newCLI(t, sealed(host)+tuned(at, "max_user_port = 65534"))
		imported.must(0, "import", address, at) // without a word of ranges
		imported.must(0, "plan", "-detailed-exitcode")
	}
}

// summaryAndDetail gives the errors of -json output as texts.
func summaryAndDetail(t *testing.T, output string) (texts []string) {
	t.Helper()
	for _, d := range diagnostics(t, output, "error") {
		texts = append(texts, d.Summary+"\n"+d.Detail)
	}
	return texts
}

// A host without a shell is told apart from one without ranges.
func TestAccPortRangeWithoutShell(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022(), winsim.WithoutShell())
	host.SetDWORD("TcpTimedWaitDelay", 60)
	at := host.HTTPAddr()
	c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 10000, 50000)))
	tells(t, c.refused(at+": no shell to set a port range in", "plan"), "netsh, which needs a WinRM shell", "Allow Remote Shell Access")
	tells(t, c.blind().refused("Unable to Create TCP/IP Tuning of "+at, "apply", "-auto-approve"), "netsh needs a WinRM shell", "Allow Remote Shell Access", "Nothing was written")
	noJournal(t, host)
	imported := newCLI(t, sealed(host)+tuned(at, "tcp_timed_wait_delay = 60"))
	tells(t, unbroken(imported.must(0, "import", address, at)), "its dynamic port ranges are not imported", "netsh needs a WinRM shell")
	imported.must(0, "plan", "-detailed-exitcode")
}

// netsh that is refused, or says Ok. and does nothing: never a range in state that the
// host has not.
func TestAccPortRangeNotSet(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2019())
	at := host.HTTPAddr()
	c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 10000, 50000)))
	host.SetElevated(false)
	tells(t, c.refused("Unable to Create TCP/IP Tuning of "+at, "apply", "-auto-approve"), "netsh int ipv4 set dynamicport tcp start=10000 num=50000 store=persistent", "elevation", "Nothing was written")
	noJournal(t, host)
	host.SetElevated(true)
	host.NetshSetsNothing(true)
	tells(t, c.refused("Unable to Create TCP/IP Tuning of "+at, "apply", "-auto-approve"), "did not do what it says: the host has 49152+16384", "tainted")
	host.NetshSetsNothing(false)
	c.must(0, "apply", "-auto-approve")
	rangesAre(t, host, ports(10000, 50000), ports(10000, 50000), usual, usual)
	c.owns(host, originals{"dynamic_port_range.tcp.ipv4": "49152+16384", "dynamic_port_range.tcp.ipv6": "49152+16384"})

	// An update that gets no further than one family.
	writes := 0
	host.Intercept(func(call winsim.Call) winsim.Action {
		if strings.Contains(call.Command, " set dynamicport ") {
			if writes++; writes == 2 {
				host.SetElevated(false)
			}
		}
		return winsim.Action{}
	})
	c.config(sealed(host) + tuned(at, ranged("tcp", 20000, 40000)))
	tells(t, c.refused("Unable to Update TCP/IP Tuning of "+at, "apply", "-auto-approve"), "set dynamicport tcp start=20000 num=40000")
	host.Intercept(nil)
	host.SetElevated(true)
	rangesAre(t, host, ports(20000, 40000), ports(10000, 50000), usual, usual)
	c.must(2, "plan", "-detailed-exitcode")
	c.must(2, "plan", "-detailed-exitcode", "-refresh=false")
	c.must(0, "apply", "-auto-approve")
	rangesAre(t, host, ports(20000, 40000), ports(20000, 40000), usual, usual)
	c.must(0, "destroy", "-auto-approve")
	rangesAre(t, host, usual, usual, usual, usual)
}

// MaxUserPort beside a managed range, in the configuration and on the host.
func TestAccPortRangeAndMaxUserPort(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	at := host.HTTPAddr()
	c := newCLI(t, sealed(host)+tuned(at, ranged("tcp", 10000, 50000), "max_user_port = 65534"))
	tells(t, c.refused("max_user_port and dynamic_port_range exclude each other", "plan"), "dynamic_port_range is the documented control")
	// One of them is known at apply only.
	c.config(sealed(host) + "resource \"terraform_data\" \"port\" { input = 65534 }\n" + tuned(at, ranged("tcp", 10000, 50000), "max_user_port = terraform_data.port.output"))
	c.must(0, "plan")
	c.refused("max_user_port and dynamic_port_range exclude each other", "apply", "-auto-approve")
	rangesAre(t, host, usual, usual, usual, usual)
	noJournal(t, host)

	c.config(sealed(host) + tuned(at, ranged("tcp", 10000, 50000)))
	c.must(0, "apply", "-auto-approve")
	host.SetDWORD("MaxUserPort", 60000) // an installer's
	output := c.must(0, "plan", "-detailed-exitcode", "-json")
	c.warned(output, at, "%s: MaxUserPort is REG_DWORD 60000 beside a managed dynamic_port_range")
	c.must(0, "destroy", "-auto-approve")
	has(t, host, map[string]string{"MaxUserPort": "REG_DWORD 60000"})
}

// What netsh would refuse is refused at plan time, by name.
func TestAccPortRangeValidation(t *testing.T) {
	t.Parallel()
	c := newCLI(t, "")
	for line, want := range map[string][]string{
		ranged("tcp", 1024, 5000):  {"Invalid dynamic_port_range.tcp", "start_port 1024 is 0x400: write a port from 1025 to 65281"},
		ranged("udp", 1025, 254):   {"Invalid dynamic_port_range.udp", "number_of_ports 254 is 0xfe: write 255 or more"},
		ranged("tcp", 1025, 64512): {"Invalid dynamic_port_range.tcp", "64512 ports from 1025 end at 65536, after the last port, 65535: from 1025 there are 64511"},
		ranged("tcp", 70000, 300):  {"Invalid dynamic_port_range.tcp", "start_port 70000"},
		"dynamic_port_range = { tcp = { start_port = null, number_of_ports = 300 } }":   {"Invalid dynamic_port_range.tcp", "start_port or number_of_ports is null"},
		"dynamic_port_range = { udp = { start_port = 10000, number_of_ports = null } }": {"Invalid dynamic_port_range.udp", "start_port or number_of_ports is null"},
		"dynamic_port_range = {}": {"Invalid dynamic_port_range", "set tcp, udp or both"},
		"dynamic_port_range = { tcp = { start_port = 10000.5, number_of_ports = 300 } }": {"Invalid dynamic_port_range.tcp", "10000.5 is no whole number"},
	} {
		c.config("provider \"windows\" {}\n" + tuned("mail01", line))
		tells(t, unbroken(c.must(1, "validate", "-no-color")), want...)
	}
	for _, line := range []string{ranged("tcp", 1025, 64511), ranged("udp", 65281, 255)} {
		c.config("provider \"windows\" {}\n" + tuned("mail01", line))
		c.must(0, "validate")
	}
}

// The four reads of a refresh are one command of one shell: Create, Command, one or two
// Receives, Signal, Delete. A Receive that the host ends without a word (by seed the
// first) comes on top; real Windows does so only after a minute.
func TestAccPortRangeRoundTrips(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	at := host.HTTPAddr()
	refresh := func(lines ...string) (requests, receives int) {
		c := newCLI(t, sealed(host, "journal = false")+tuned(at, lines...))
		c.must(0, "apply", "-auto-approve")
		host.ResetCounters()
		c.must(0, "plan", "-detailed-exitcode")
		counters := host.Counters()
		if len(lines) > 1 && (counters.Methods["Command"] != 1 || counters.OpenShells != 0) {
			t.Errorf("%d commands, %d shells left", counters.Methods["Command"], counters.OpenShells)
		}
		c.must(0, "destroy", "-auto-approve")
		return counters.Requests, counters.Methods["Receive"]
	}
	without, _ := refresh("tcp_timed_wait_delay = 30")
	silent := 0
	if profile.ShapeOf(host.Seed()).ShellTimesOut {
		silent = 1
	}
	with, receives := refresh("tcp_timed_wait_delay = 30", "dynamic_port_range = {\n tcp = { start_port = 10000, number_of_ports = 5000 }\n udp = { start_port = 10000, number_of_ports = 5000 }\n }")
	if more := with - without - silent; more > 6 || more != 4+receives-silent {
		t.Errorf("the ranges cost %d round trips, %d of them Receives, and %d silent ones beside them; at most 6 were wanted", more, receives-silent, silent)
	}
}

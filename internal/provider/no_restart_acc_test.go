package provider

import (
	"maps"
	"slices"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// Nothing restarts a host: the half of the proof that counts. All that this provider
// does on a host of before 2008, of before 2012 and of today is done here, and what the
// hosts were asked for is a list of methods and programs of which none can. The other
// half, TestNoPathReachesShutdown, reads the code.
func TestAccNothingRestartsAHost(t *testing.T) {
	t.Parallel()
	methods := []string{"Enumerate", "Pull", "Release", "Create", "Command", "Receive", "Signal", "Delete",
		"EnumValues", "GetDWORDValue", "GetQWORDValue", "GetStringValue", "GetMultiStringValue",
		"SetDWORDValue", "SetQWORDValue", "SetStringValue", "DeleteValue", "CreateKey", "DeleteKey"}
	programs := []string{"echo", "netsh", "netstat"} // echo is cmd.exe itself, for the marks between sections
	asked := winsim.Counters{Methods: map[string]int{}, Programs: map[string]int{}}
	for _, profile := range []winsim.Profile{winsim.Server2003(), winsim.Server2008R2(), winsim.Server2022()} {
		host := winsim.Start(t, profile)
		at := host.HTTPAddr()
		started := host.Stack().Config().Boot
		host.SetDWORD("TcpTimedWaitDelay", 240)
		host.SetString("KeepAliveTime", "300000")
		host.SetQWORD("KeepAliveInterval", 2000)
		ports := "max_user_port = 65534"
		if profile.Build > 6000 {
			ports = ranged("tcp", 10000, 50000)
		}
		data := "data \"windows_tcpip_settings\" \"it\" { host = \"" + at + "\" }\ndata \"windows_socket_stats\" \"it\" { host = \"" + at + "\" }\n" +
			"data \"windows_socket_stats\" \"printed\" {\n  host = \"" + at + "\"\n  method = \"netstat\"\n}\n"
		c := newCLI(t, sealed(host)+data+tuned(at, "tcp_timed_wait_delay = 30", "keep_alive_time = 300000", ports))
		c.must(0, "apply", "-auto-approve")
		c.config(sealed(host) + data + tuned(at, "tcp_timed_wait_delay = 60", "tcp_max_data_retransmissions = 3", ports))
		c.must(0, "apply", "-auto-approve") // pending_restart is not empty
		c.must(0, "apply", "-auto-approve", "-replace="+address)
		c.must(0, "state", "rm", address)
		c.must(0, "import", address, at)
		c.must(0, "destroy", "-auto-approve")
		if !host.Stack().Config().Boot.Equal(started) {
			t.Errorf("%s was restarted", host.Name())
		}
		counted := host.Counters()
		add(asked.Methods, counted.Methods)
		add(asked.Programs, counted.Programs)
	}
	for name := range asked.Methods {
		if !slices.Contains(methods, name) {
			t.Errorf("a host was asked for %s", name)
		}
	}
	if got := slices.Sorted(maps.Keys(asked.Programs)); !slices.Equal(got, programs) {
		t.Errorf("programs %v, want %v", got, programs)
	}
	if n := len(asked.Methods); n < len(methods)-3 {
		t.Errorf("only %d methods were asked for: the test does less than the provider can: %v", n, asked.Methods)
	}
}

func add(into, from map[string]int) {
	for name, n := range from {
		into[name] += n
	}
}

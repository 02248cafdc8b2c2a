package provider

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// Two resources on one machine, under two spellings of its name: what one of them
// does between its first look and its read-back is never mixed with the other's.
func TestAccWritesToOneHostNeverInterleave(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	var mu sync.Mutex
	var values []string // in the order of the writes
	host.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "SetDWORDValue" {
			mu.Lock()
			defer mu.Unlock()
			values = append(values, call.ValueName)
		}
		return winsim.Proceed
	})
	accept(t, resource.TestStep{Config: overTLS(host) +
		fmt.Sprintf("resource \"windows_tcpip_tuning\" \"a\" {\n  host = %q\n  tcp_timed_wait_delay = 30\n  max_user_port = 65534\n  strict_time_wait_seq_check = 1\n}\n", "localhost"+port(host.HTTPSAddr())) +
		fmt.Sprintf("resource \"windows_tcpip_tuning\" \"b\" {\n  host = %q\n  keep_alive_time = 1\n  keep_alive_interval = 2\n  tcp_num_connections = 3\n}\n", "LOCALHOST"+port(host.HTTPSAddr()))})
	a := map[string]bool{"TcpTimedWaitDelay": true, "MaxUserPort": true, "StrictTimeWaitSeqCheck": true}
	switches := 0
	mu.Lock()
	defer mu.Unlock()
	for i := 1; i < len(values); i++ {
		if a[values[i]] != a[values[i-1]] {
			switches++
		}
	}
	if len(values) != 6 || switches != 1 {
		t.Errorf("the writes came as %v", values)
	}
}

// Two hosts are worked on at once: each answers its first call only when the
// other one was asked too.
func TestAccHostsRunInParallel(t *testing.T) {
	t.Parallel()
	left, right := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2022(), winsim.ListenOn("127.0.0.2"))
	var met sync.WaitGroup
	met.Add(2)
	for _, host := range []*winsim.Host{left, right} {
		var once sync.Once
		host.Intercept(func(winsim.Call) winsim.Action {
			once.Do(func() { met.Done(); met.Wait() })
			return winsim.Proceed
		})
	}
	accept(t, resource.TestStep{
		Config: sealed(left) + tuned(left.HTTPAddr(), "max_user_port = 65534") +
			fmt.Sprintf("resource \"windows_tcpip_tuning\" \"right\" {\n  host = %q\n  max_user_port = 65534\n}\n", right.HTTPAddr()),
		Check: resource.ComposeTestCheckFunc(
			holds(left, map[string]string{"MaxUserPort": "REG_DWORD 65534"}), holds(right, map[string]string{"MaxUserPort": "REG_DWORD 65534"})),
	})
}

// A host that never answers is given up after the operation's time-out.
func TestAccSilentHost(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.Hang })
	defer shorterThan(t, 30*time.Second)() // the default is 60 s
	accept(t, resource.TestStep{
		Config:      sealed(host, `timeout = "500ms"`) + tuned(host.HTTPAddr(), "max_user_port = 65534"),
		ExpectError: pattern(`Unable to Create TCP/IP Tuning of .* no answer in time`),
	})
}

// shorterThan fails a test that took as long as a default would have.
func shorterThan(t *testing.T, limit time.Duration) (check func()) {
	t.Helper()
	start := time.Now()
	return func() {
		if took := time.Since(start); took > limit {
			t.Errorf("it took %s: the configured limit was not used", took)
		}
	}
}

// The time of each call is bounded by the resource's own timeouts.
func TestAccTimeouts(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"create", "read", "update", "delete"} {
		t.Run(call, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			limit := fmt.Sprintf("timeouts = { %s = \"500ms\" }", call)
			config := func(port int) string {
				return sealed(host) + tuned(host.HTTPAddr(), fmt.Sprintf("max_user_port = %d", port), limit)
			}
			c := newCLI(t, config(60000))
			if call != "create" {
				c.must(0, "apply", "-auto-approve")
			}
			host.Intercept(func(winsim.Call) winsim.Action { return winsim.Hang })
			defer shorterThan(t, 30*time.Second)()
			command := map[string][]string{
				"create": {"apply", "-auto-approve"}, "read": {"plan"}, "update": {"apply", "-auto-approve", "-refresh=false"}, "delete": {"destroy", "-auto-approve", "-refresh=false"},
			}[call]
			if call == "update" {
				c.config(config(65534))
			}
			if output := c.must(1, append(command, "-no-color")...); !strings.Contains(strings.Join(strings.Fields(output), " "), "no answer in time") {
				t.Errorf("%s", output)
			}
		})
	}
}

// A stale password of a domain account is tried once in a run, not once on every
// host: that is how accounts get locked.
func TestAccStalePasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	var config strings.Builder
	var hosts []*winsim.Host
	for i := range 5 {
		host := winsim.Start(t, winsim.Server2022(), winsim.ListenOn(fmt.Sprintf("127.0.0.%d", i+1)))
		hosts = append(hosts, host)
		fmt.Fprintf(&config, "resource \"windows_tcpip_tuning\" \"host%d\" {\n  host = %q\n  max_user_port = 65534\n}\n", i, host.HTTPAddr())
	}
	accept(t, resource.TestStep{
		Config:      fmt.Sprintf("provider \"windows\" {\n  username = %q\n  password = \"stale\"\n}\n", hosts[0].Username()) + config.String(),
		ExpectError: pattern("was not asked, since bad logons lock accounts"),
	})
	bad := 0
	for _, host := range hosts {
		bad += host.Counters().FailedLogons
	}
	if bad != 1 {
		t.Errorf("%d bad logons", bad)
	}
}

package provider

import (
	"fmt"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// Two configurations manage one machine, each with a state of its own: the second
// takes over with what was there before the first, the first notices and keeps its
// hands off, until it is told to take the host back.
func TestAccTwoConfigurations(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	name := host.HTTPAddr()
	a := newCLI(t, sealed(host)+tuned(name, "tcp_timed_wait_delay = 30"))
	b := newCLI(t, sealed(host)+tuned(name, "tcp_timed_wait_delay = 60", "keep_alive_time = 300000"))
	a.must(0, "apply", "-auto-approve")
	since := journalOf(t, host).stamp()

	got := b.warned(b.must(0, "apply", "-auto-approve", "-json"), name, "%s: taken over from an owner since "+since)
	tells(t, got[0].Detail, "TcpTimedWaitDelay REG_DWORD 240")
	b.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240", "keep_alive_time": "absent"})
	since = journalOf(t, host).stamp()

	// The loser: a refresh warns and compares, an update is refused.
	lost := "%s: it has another owner since " + since
	got = a.warned(a.must(2, "plan", "-detailed-exitcode", "-json"), name, lost)
	tells(t, got[0].Detail, journalOf(t, host).Owner, "-replace='ADDRESS'")
	host.ResetCounters()
	tells(t, a.refused("Unable to Update TCP/IP Tuning of "+name, "apply", "-auto-approve"),
		"another owner since "+since, journalOf(t, host).Owner, "-replace='ADDRESS'", "Nothing was written.")
	if n := host.Counters().Writes; n != 0 {
		t.Errorf("the loser's update made %d writes", n)
	}
	a.remembers(originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60", "KeepAliveTime": "REG_DWORD 300000"})
	b.must(0, "plan", "-detailed-exitcode")

	// Told to, the loser takes the host back; what b managed alone is carried along.
	a.warned(a.must(0, "apply", "-auto-approve", "-json", "-replace="+address), name, lost,
		"%s: left as it is, since it has another owner", "%s: taken over from an owner since "+since,
		"%s: KeepAliveTime is REG_DWORD 300000, as the earlier owner left it, and stays so")
	if owner := a.remembers(originals{"tcp_timed_wait_delay": "REG_DWORD 240"}); owner != journalOf(t, host).Owner {
		t.Errorf("the owner is %s", owner)
	}
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "KeepAliveTime": "REG_DWORD 300000"})
	a.must(0, "plan", "-detailed-exitcode")

	// Now b is the loser, and its destroy leaves the values alone.
	since = journalOf(t, host).stamp()
	host.ResetCounters()
	got = b.warned(b.must(0, "destroy", "-auto-approve", "-json"), name, "%s: left as it is, since it has another owner")
	tells(t, got[0].Detail, since)
	if n := host.Counters().Writes; n != 0 || len(b.inState()) != 0 {
		t.Errorf("the loser's destroy made %d writes and left %v in state", n, b.inState())
	}
	a.must(0, "plan", "-detailed-exitcode")

	// The winner's destroy restores what was there before both.
	a.warned(a.must(0, "destroy", "-auto-approve", "-json"), name, "%s: KeepAliveTime is still as an earlier owner left it")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "KeepAliveTime": "absent"})
}

// The owner changes between the first look and a write: the rest is not written.
func TestAccOwnerChangesDuringUpdate(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	name := host.HTTPAddr()
	a := newCLI(t, sealed(host)+tuned(name, "tcp_timed_wait_delay = 30"))
	b := newCLI(t, sealed(host)+tuned(name, "max_user_port = 60000"))
	a.must(0, "apply", "-auto-approve")
	a.config(sealed(host) + tuned(name, "tcp_timed_wait_delay = 60", "max_user_port = 65534"))
	host.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "SetDWORDValue" { // a's first value: before the second, b comes
			host.Intercept(nil)
			return winsim.BeforeDo(func() { b.must(0, "apply", "-auto-approve") })
		}
		return winsim.Proceed
	})
	tells(t, a.refused("Unable to Update TCP/IP Tuning of "+name, "apply", "-auto-approve"), "another owner since", "-replace='ADDRESS'")
	has(t, host, map[string]string{"MaxUserPort": "REG_DWORD 60000"})
	if owner := b.remembers(originals{"max_user_port": "absent"}); owner != journalOf(t, host).Owner {
		t.Errorf("the owner is %s", owner)
	}
	a.must(0, "destroy", "-auto-approve")
	b.must(0, "destroy", "-auto-approve")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"})
}

// A machine that gets another name in the configuration is destroyed under the one
// and created under the other, in either order: the original survives.
func TestAccMachineByANewName(t *testing.T) {
	t.Parallel()
	for order, lifecycle := range map[string]string{"destroy first": "", "create first": "lifecycle {\n    create_before_destroy = true\n  }"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			names := []string{host.HTTPAddr(), "localhost" + port(host.HTTPAddr())}
			config := func(name string) string {
				return sealed(host) + tuned(name, "tcp_timed_wait_delay = 30", lifecycle)
			}
			c := newCLI(t, config(names[0]))
			c.must(0, "apply", "-auto-approve")
			since := journalOf(t, host).stamp()
			c.config(config(names[1]))
			output := c.must(0, "apply", "-auto-approve", "-json")
			if lifecycle == "" {
				c.warned(output, host.HTTPAddr())
			} else {
				got := c.warned(output, host.HTTPAddr(), names[1]+": taken over from an owner since "+since, "%s: left as it is, since it has another owner")
				tells(t, got[0].Detail, "TcpTimedWaitDelay REG_DWORD 240")
			}
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
			c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
			c.must(0, "plan", "-detailed-exitcode")
			c.must(0, "destroy", "-auto-approve")
			noJournal(t, host)
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
		})
	}
}

// A renamed for_each key destroys and creates at once, in one process and without
// order; with a moved block it is one or no action. The end is the same, many times over.
func TestAccForEachKeyRenamed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ moved, byName bool }{
		"the key alone":               {},
		"the key and the host":        {byName: true},
		"the key alone, moved":        {moved: true},
		"the key and the host, moved": {byName: true, moved: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			hosts := map[string]string{"a": host.HTTPAddr(), "b": host.HTTPAddr()}
			if tt.byName {
				hosts["b"] = "localhost" + port(host.HTTPAddr())
			}
			config := func(from, to string) string {
				text := sealed(host) + fmt.Sprintf("resource \"windows_tcpip_tuning\" \"mail\" {\n  for_each = { %s = %q }\n  host = each.value\n  tcp_timed_wait_delay = 30\n}\n", to, hosts[to])
				if tt.moved && from != "" {
					text += fmt.Sprintf("moved {\n  from = windows_tcpip_tuning.mail[%q]\n  to   = windows_tcpip_tuning.mail[%q]\n}\n", from, to)
				}
				return text
			}
			c := newCLI(t, config("", "a"))
			c.must(0, "apply", "-auto-approve")
			from, to := "a", "b"
			for range 4 {
				c.config(config(from, to))
				c.must(2, "plan", "-detailed-exitcode")
				c.must(0, "apply", "-auto-approve")
				has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
				c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
				if key := c.inState()[0].IndexKey; key != to {
					t.Errorf("the key is %v", key)
				}
				c.must(0, "plan", "-detailed-exitcode")
				from, to = to, from
			}
			c.must(0, "destroy", "-auto-approve")
			noJournal(t, host)
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
		})
	}
}

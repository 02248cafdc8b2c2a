package provider

import (
	"fmt"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// Terraform gives no private state to the destroy of a tainted resource that is
// replaced: what was there before comes back all the same. With "keep" the destroy
// leaves what was written, as it says, and the create begins from there.
func TestAccTaint(t *testing.T) {
	t.Parallel()
	for onDestroy, before := range map[string]originals{
		"restore": {"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"},
		"keep":    {"tcp_timed_wait_delay": "REG_DWORD 30", "max_user_port": "REG_DWORD 65534"},
	} {
		t.Run(onDestroy, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			config := func(onDestroy string) string {
				return sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534", fmt.Sprintf("on_destroy = %q", onDestroy))
			}
			c := newCLI(t, config(onDestroy))
			c.must(0, "apply", "-auto-approve")
			first := journalOf(t, host).Owner
			c.must(0, "taint", address)
			c.must(0, "apply", "-auto-approve")
			c.owns(host, before)
			if journalOf(t, host).Owner == first {
				t.Error("it was not replaced: the owner is the same")
			}
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"})
			c.must(0, "plan", "-detailed-exitcode")
			c.must(0, "taint", address)
			c.must(0, "destroy", "-auto-approve")
			noJournal(t, host)
			if onDestroy == "restore" {
				has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"})
			} else {
				has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"})
			}
		})
	}
}

// Tainted, and given another host: the destroy on the old one has no private state
// and no create follows there, yet everything is put back.
func TestAccTaintAndAnotherHost(t *testing.T) {
	t.Parallel()
	old, next := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2022(), winsim.Named("MAIL02"), winsim.ListenOn("127.0.0.2"))
	old.SetDWORD("TcpTimedWaitDelay", 240)
	next.SetDWORD("TcpTimedWaitDelay", 120)
	config := func(host *winsim.Host) string {
		return sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534")
	}
	c := newCLI(t, config(old))
	c.must(0, "apply", "-auto-approve")
	c.must(0, "taint", address)
	c.config(config(next))
	c.must(0, "apply", "-auto-approve")
	noJournal(t, old)
	has(t, old, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"})
	c.owns(next, originals{"tcp_timed_wait_delay": "REG_DWORD 120", "max_user_port": "absent"})
	has(t, next, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"})
	c.must(0, "plan", "-detailed-exitcode")
	c.must(0, "destroy", "-auto-approve")
	has(t, next, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 120", "MaxUserPort": "absent"})
}

// A value that is unknown when it is planned, and turns out null, or comes back.
func TestAccUnknownValueTurnsOutNull(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"30", "null"} {
		t.Run("first "+first, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			config := func(delay string) string {
				return sealed(host) + fmt.Sprintf("resource \"terraform_data\" \"x\" {\n  input = %q\n}\n", delay) +
					tuned(host.HTTPAddr(), `tcp_timed_wait_delay = terraform_data.x.output == "null" ? null : 30`, "max_user_port = 65534")
			}
			c := newCLI(t, "")
			step := func(delay string) {
				t.Helper()
				c.config(config(delay))
				c.must(0, "apply", "-auto-approve")
				if delay == "null" {
					c.owns(host, originals{"max_user_port": "absent"})
					has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "REG_DWORD 65534"})
				} else {
					c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"})
					has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"})
				}
				c.must(0, "plan", "-detailed-exitcode")
			}
			step(first)
			step(map[string]string{"30": "null", "null": "30"}[first])
			step(first)
			c.must(0, "destroy", "-auto-approve")
			noJournal(t, host)
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"})
		})
	}
}

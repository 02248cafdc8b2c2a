package provider

import (
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// An attribute that leaves the configuration is planned as what it is, the end of
// the management of one value, though others deleted that value before, and though
// state knows it: original loses the key, with a warning, and what was there before
// comes back. Without a refresh as well.
func TestAccRemovedAttributeIsPlannedThoughGone(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]string{"refreshed": nil, "not refreshed": {"-refresh=false"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			config := func(lines ...string) string {
				return sealed(host) + tuned(host.HTTPAddr(), append(lines, "max_user_port = 65534")...)
			}
			c := newCLI(t, config("tcp_timed_wait_delay = 30"))
			c.must(0, "apply", "-auto-approve")
			host.DeleteValue("TcpTimedWaitDelay")
			c.must(0, "apply", "-refresh-only", "-auto-approve")
			if _, is := c.inState()[0].Attributes["tcp_timed_wait_delay"].(float64); is {
				t.Fatal("state still has the value")
			}
			c.config(config())
			with := func(args ...string) []string { return append(args, options...) }
			tells(t, unbroken(c.must(2, with("plan", "-detailed-exitcode", "-no-color")...)), "will be updated in-place",
				`~ original = { - "tcp_timed_wait_delay" = "REG_DWORD 240" -> null`, "0 to add, 1 to change, 0 to destroy")
			c.warned(c.must(2, with("plan", "-detailed-exitcode", "-json")...), host.HTTPAddr(),
				"%s: TcpTimedWaitDelay is no longer configured and will be restored to REG_DWORD 240")
			c.must(0, with("apply", "-auto-approve")...)
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "REG_DWORD 65534"})
			c.owns(host, originals{"max_user_port": "absent"})
			c.must(0, "plan", "-detailed-exitcode")
		})
	}
}

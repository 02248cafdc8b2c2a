package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// awaits demands that state names exactly these attributes of a host as awaiting a
// restart.
func (c *cli) awaits(host *winsim.Host, want ...string) {
	c.t.Helper()
	for _, instance := range c.inState() {
		if instance.Attributes["host"] != host.HTTPAddr() {
			continue
		}
		got := []string{}
		list, ok := instance.Attributes["pending_restart"].([]any)
		for _, attribute := range list {
			got = append(got, fmt.Sprint(attribute))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !ok || !slices.Equal(got, want) {
			c.t.Errorf("pending_restart of %s is %q, want %q", host.HTTPAddr(), got, want)
		}
		return
	}
	c.t.Errorf("%s is not in state", host.HTTPAddr())
}

// refreshed saves what a refresh finds, and demands no warning of it.
func (c *cli) refreshed() {
	c.t.Helper()
	c.warned(c.must(0, "apply", "-refresh-only", "-auto-approve", "-json"), "")
}

// A value awaits a restart as long as it is another than at the last one.
func TestAccPendingRestart(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	host.SetDWORD("KeepAliveTime", 300000)
	config := func(lines ...string) string {
		return sealed(host) + tuned(host.HTTPAddr(), append(lines, "keep_alive_time = 300000")...)
	}
	c := newCLI(t, config("tcp_timed_wait_delay = 30", "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	c.awaits(host, "tcp_timed_wait_delay", "max_user_port") // keep_alive_time was so before
	unchanged := c.must(0, "plan", "-detailed-exitcode", "-no-color")
	if strings.Contains(unchanged, "pending_restart") {
		t.Errorf("a plan without a change speaks of pending_restart:\n%s", unchanged)
	}

	// Set back to what it was at the start. Every plan that updates leaves it open.
	c.config(config("tcp_timed_wait_delay = 240", "max_user_port = 65534"))
	tells(t, unbroken(c.must(2, "plan", "-detailed-exitcode", "-no-color")), "~ pending_restart = [ - \"max_user_port\", - \"tcp_timed_wait_delay\", ] -> (known after apply)")
	c.must(0, "apply", "-auto-approve")
	c.awaits(host, "max_user_port")

	// A restart is no difference, and takes everything in.
	host.Reboot()
	c.must(0, "plan", "-detailed-exitcode")
	c.refreshed()
	c.awaits(host)
	c.must(0, "plan", "-detailed-exitcode")

	// What others change awaits a restart too, and no more once it is put right.
	host.SetDWORD("TcpTimedWaitDelay", 77)
	host.DeleteValue("KeepAliveTime")
	c.refreshed()
	c.awaits(host, "tcp_timed_wait_delay", "keep_alive_time")
	c.must(0, "apply", "-auto-approve")
	c.awaits(host)

	// An attribute that is not managed any more is not spoken of, though its value
	// changes on release; a setting beside the values leaves it open as well.
	c.config(config("tcp_timed_wait_delay = 30", `on_destroy = "keep"`))
	c.must(0, "apply", "-auto-approve")
	c.awaits(host, "tcp_timed_wait_delay")
	c.config(config("tcp_timed_wait_delay = 30"))
	tells(t, unbroken(c.must(2, "plan", "-detailed-exitcode", "-no-color")), "~ pending_restart = [ - \"tcp_timed_wait_delay\", ] -> (known after apply)")
	c.must(0, "apply", "-auto-approve")
	c.awaits(host, "tcp_timed_wait_delay")
}

// ahead is a clock that runs as ours does, but for a difference.
func ahead(by time.Duration) winsim.Option {
	return winsim.Clock(func() time.Time { return time.Now().Add(by) })
}

// A host's clock may be wrong by hours, in another time zone, or stepped between two
// reads: that is neither a restart nor worth a word; a real one is still noticed.
func TestAccPendingRestartByAnyClock(t *testing.T) {
	t.Parallel()
	untouched := func(*winsim.Host) {}
	step := func(by time.Duration) func(*winsim.Host) {
		return func(host *winsim.Host) { host.StepClock(by) }
	}
	clocks := []struct {
		options []winsim.Option
		disturb func(*winsim.Host)
	}{
		{[]winsim.Option{ahead(0)}, untouched},
		{[]winsim.Option{ahead(-7 * time.Hour)}, untouched},
		{[]winsim.Option{ahead(9 * 24 * time.Hour)}, untouched},
		{[]winsim.Option{ahead(0)}, func(host *winsim.Host) { host.SetTimeZone(9*time.Hour + 30*time.Minute) }},
		{[]winsim.Option{ahead(0)}, func(host *winsim.Host) { host.SetTimeZone(-11 * time.Hour) }},
		{[]winsim.Option{ahead(-7 * time.Hour), winsim.BootFollowsClock(true)}, step(7 * time.Hour)},
		{[]winsim.Option{ahead(7 * time.Hour), winsim.BootFollowsClock(true)}, step(-7 * time.Hour)},
		{[]winsim.Option{ahead(-7 * time.Hour), winsim.BootFollowsClock(false)}, step(7 * time.Hour)},
		{[]winsim.Option{ahead(7 * time.Hour), winsim.BootFollowsClock(false)}, step(-7 * time.Hour)},
		// Behind its own start, but that start stands as it did: the same one.
		{[]winsim.Option{ahead(0), winsim.BootFollowsClock(false)}, step(-30 * 24 * time.Hour)},
	}
	var hosts []*winsim.Host
	for i, clock := range clocks {
		hosts = append(hosts, startFleet(t, 1, 150+i, clock.options...)...)
	}
	c := newCLI(t, sealed(hosts[0])+fleetOf("mail", hosts, "tcp_timed_wait_delay = 30"))
	c.must(0, "apply", "-auto-approve")
	for i, clock := range clocks {
		clock.disturb(hosts[i])
	}
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), "")
	c.refreshed()
	for _, host := range hosts {
		c.awaits(host, "tcp_timed_wait_delay")
	}
	for _, host := range hosts {
		host.Reboot()
	}
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), "")
	c.must(0, "apply", "-refresh-only", "-auto-approve")
	for _, host := range hosts {
		c.awaits(host)
	}
}

// Where a clock stands before the start that the host tells of, nobody knows whether
// it was restarted: that is said, and pending_restart stays. It is known again once
// the clock is right.
func TestAccPendingRestartBehindItsStart(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022(), ahead(0), winsim.BootFollowsClock(false))
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30"))
	c.must(0, "apply", "-auto-approve")
	host.Reboot()
	host.StepClock(-6 * time.Hour)
	said := c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), "%s: its clock was set to before its own start")
	for _, d := range said {
		tells(t, d.Detail, "pending_restart stays as it was", "Set the host's clock right")
	}
	c.must(0, "apply", "-refresh-only", "-auto-approve")
	c.awaits(host, "tcp_timed_wait_delay")
	// An update goes through all the same.
	c.config(sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 60"))
	c.must(0, "apply", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60"})
	c.awaits(host, "tcp_timed_wait_delay")
	host.StepClock(6 * time.Hour)
	c.refreshed()
	c.awaits(host)
}

// What Terraform keeps beside state is the same, byte for byte, as long as the boot
// is: else a refresh would count as a change.
func TestAccRefreshKeepsPrivateState(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022(), ahead(0), winsim.BootFollowsClock(true))
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30"))
	c.must(0, "apply", "-auto-approve")
	refresh := func(change bool) {
		t.Helper()
		if c.isOpenTofu() { // Terraform 1.11 gives 2 as soon as there is a number
			c.must(map[bool]int{true: 2}[change], "plan", "-refresh-only", "-detailed-exitcode")
		}
		before := c.kept()
		c.refreshed()
		if after := c.kept(); (after != before) != change {
			t.Errorf("changed: %t, want %t; before\n%s\nafter\n%s", !change, change, before, after)
		}
	}
	refresh(false)
	host.StepClock(3 * time.Hour)
	refresh(false)
	host.Advance(2 * time.Second)
	refresh(false)
	host.Reboot()
	refresh(true)
	refresh(false)
}

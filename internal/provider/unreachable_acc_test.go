package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

const warns = `on_unreachable = "warn"`

// A dead host is an error with what was there before and the way out. Under "warn"
// a plan says that it was not looked at and goes on with the others, and an apply
// heals these. What is to be done to the dead host itself stays an error.
func TestAccDeadHost(t *testing.T) {
	t.Parallel()
	hosts := startFleet(t, 2, 200)
	dead, alive := hosts[0], hosts[1]
	dead.SetDWORD("TcpTimedWaitDelay", 240)
	config := func(delay int, settings ...string) string {
		return sealed(dead, settings...) + fleetOf("mail", hosts, fmt.Sprintf("tcp_timed_wait_delay = %d", delay))
	}
	c := newCLI(t, config(30))
	c.must(0, "apply", "-auto-approve")
	dead.Close()
	tells(t, c.refused("Unable to Read TCP/IP Tuning of "+dead.HTTPAddr(), "plan"), "the connection was refused",
		"State is untouched", "TcpTimedWaitDelay REG_DWORD 240", "WINDOWS_ON_UNREACHABLE=warn", "`state rm 'ADDRESS'`", "a `removed` block", "-refresh=false")

	c.config(config(30, warns))
	before := c.read("terraform.tfstate")
	unchecked := func(exit int, args ...string) (output string) {
		t.Helper()
		output = c.must(exit, append(args, "-json")...)
		said := c.warned(output, dead.HTTPAddr(), "%s: drift NOT checked")
		for _, d := range said {
			tells(t, d.Detail, "the connection was refused", "State is kept as it is", `on_unreachable = "warn"`)
			tells(t, d.Address, dead.HTTPAddr())
		}
		return output
	}
	unchecked(0, "plan", "-detailed-exitcode")
	alive.SetDWORD("TcpTimedWaitDelay", 60)
	same(t, "planned", planned(t, unchecked(2, "plan", "-detailed-exitcode"), "planned_change"), addresses(alive))
	same(t, "drift", planned(t, unchecked(2, "plan", "-detailed-exitcode"), "resource_drift"), addresses(alive))
	unchecked(0, "apply", "-auto-approve")
	has(t, alive, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
	unchecked(0, "apply", "-refresh-only", "-auto-approve")
	if len(c.inState()) != 2 || !strings.Contains(before, dead.HTTPAddr()) {
		t.Errorf("in state: %v", c.inState())
	}

	// Writes are never waved through.
	c.config(config(60, warns))
	tells(t, c.refused("Unable to Update TCP/IP Tuning of "+dead.HTTPAddr(), "apply", "-auto-approve"), "the connection was refused", "TcpTimedWaitDelay REG_DWORD 240", "Nothing was written")
	has(t, alive, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60"})
	tells(t, c.refused("Unable to Delete TCP/IP Tuning of "+dead.HTTPAddr(), "destroy", "-auto-approve"), "TcpTimedWaitDelay REG_DWORD 240")
	has(t, alive, map[string]string{"TcpTimedWaitDelay": "absent"})
	left := c.inState()
	if len(left) != 1 || left[0].Attributes["host"] != dead.HTTPAddr() || left[0].Attributes["tcp_timed_wait_delay"] != 30.0 {
		t.Errorf("in state: %+v", left)
	}
	one := newCLI(t, sealed(dead, warns)+tuned(dead.HTTPAddr(), "tcp_timed_wait_delay = 30"))
	tells(t, unbroken(one.must(1, "import", "-no-color", address, dead.HTTPAddr())), "Unable to Import TCP/IP Tuning of "+dead.HTTPAddr())
	one.refused("Unable to Create TCP/IP Tuning of "+dead.HTTPAddr(), "apply", "-auto-approve")
}

// A host that takes a request and answers nothing costs the time-out, once, and is
// as unreachable as one that refuses.
func TestAccHostThatSaysNothing(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	config := func(settings ...string) string {
		return sealed(host, settings...) + tuned(host.HTTPAddr(), "max_user_port = 65534")
	}
	c := newCLI(t, config())
	c.must(0, "apply", "-auto-approve")
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.Hang })
	asked := func() {
		t.Helper()
		if n := host.Counters().Methods; n["Enumerate"] != 1 || len(n) != 1 {
			t.Errorf("asked %v, want once", n)
		}
		host.ResetCounters()
	}
	host.ResetCounters()
	c.config(config(`timeout = "2s"`))
	tells(t, c.refused("Unable to Read TCP/IP Tuning of "+host.HTTPAddr(), "plan"), "no answer in time while waiting for the reply", "MaxUserPort absent")
	asked()
	// The environment says it as well as the block.
	c.env = append(c.env, "WINDOWS_ON_UNREACHABLE=warn")
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), "%s: drift NOT checked")
	asked()
	c.config(config(`timeout = "2s"`, `on_unreachable = "error"`)) // the block goes first
	c.refused("Unable to Read TCP/IP Tuning of "+host.HTTPAddr(), "plan")
}

// A host that answers, and refuses, is not unreachable.
func TestAccRefusalsAreNoUnreachableHosts(t *testing.T) {
	t.Parallel()
	host, other := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2022())
	resource := tuned(host.HTTPSAddr(), "max_user_port = 65534")
	block := func(from *winsim.Host, settings ...string) string {
		return strings.TrimSuffix(overTLS(from), "}\n") + "  " + strings.Join(append(settings, warns), "\n  ") + "\n}\n"
	}
	c := newCLI(t, block(host)+resource)
	c.must(0, "apply", "-auto-approve")
	refusal := func(want ...string) {
		t.Helper()
		tells(t, c.refused("Unable to Read TCP/IP Tuning of "+host.HTTPSAddr(), "plan"), append(want, "MaxUserPort absent")...)
	}
	for _, action := range []winsim.Action{winsim.AccessDeniedFault, winsim.AccessDenied} {
		host.Intercept(func(winsim.Call) winsim.Action { return action })
		refusal("Administrators")
	}
	host.Intercept(nil)
	c.config(block(other) + resource)
	refusal("certificate")
	host.ResetCounters()
	c.config(strings.Replace(block(host, "max_retries = 10"), host.Password(), "not-the-password", 1) + resource)
	refusal("refused the credentials")
	if n := host.Counters().FailedLogons; n != 1 {
		t.Errorf("the wrong password was tried %d times", n)
	}
}

// Settings that are none are refused by name, wherever they come from.
func TestAccBadReachSettings(t *testing.T) {
	t.Parallel()
	summaries := func(output string) (list []string) {
		for _, d := range diagnostics(t, output, "error") {
			list = append(list, d.Summary+" | "+d.Detail)
		}
		slices.Sort(list)
		return list
	}
	resource := tuned("mail01.contoso.example", "max_user_port = 5000")
	demand := func(output string, retries, unreachable []string) {
		t.Helper()
		list := summaries(output)
		if len(list) != 2 {
			t.Fatalf("errors %q", list)
		}
		tells(t, strings.ToLower(list[0]), append(retries, "invalid provider configuration", "max_retries")...)
		tells(t, list[1], append(unreachable, "Invalid provider configuration", "on_unreachable", "error, warn")...)
	}
	c := newCLI(t, credentials("max_retries = 11", `on_unreachable = "ignore"`)+resource)
	demand(c.must(1, "plan", "-json"), []string{"11", "0 (never repeat) up to 10"}, []string{"ignore"})
	c.config(credentials("max_retries = -1", `on_unreachable = ""`) + resource)
	demand(c.must(1, "plan", "-json"), []string{"-1"}, nil)
	c.config(credentials() + resource)
	c.env = append(c.env, "WINDOWS_MAX_RETRIES=many", "WINDOWS_ON_UNREACHABLE=Warn")
	demand(c.must(1, "plan", "-json"), []string{"many", "windows_max_retries"}, []string{"Warn", "WINDOWS_ON_UNREACHABLE"})
	c.config(credentials("max_retries = 1.5") + resource)
	c.must(1, "plan")
}

// No change and no refresh: nothing is asked of a host, by an apply either.
func TestAccApplyWithoutRefresh(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	host.ResetCounters()
	host.SetDWORD("MaxUserPort", 5000)
	c.must(0, "plan", "-refresh=false", "-detailed-exitcode")
	tells(t, c.must(0, "apply", "-refresh=false", "-auto-approve", "-no-color"), "0 added, 0 changed, 0 destroyed")
	if n := host.Counters(); n.Connections+n.Requests != 0 {
		t.Errorf("%+v", n)
	}
}

// A password that only the apply makes known: the plan says that nothing was
// compared, and the apply goes through with what is to be changed.
func TestAccUnknownCredentialsUpdate(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	config := func(trigger, delay string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"secret\" {\n  input = %q\n  triggers_replace = %q\n}\nprovider \"windows\" {\n  username = %q\n  password = terraform_data.secret.output\n}\n",
			host.Password(), trigger, host.Username()) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = "+delay)
	}
	c := newCLI(t, config("one", "30"))
	c.warned(c.must(2, "plan", "-detailed-exitcode", "-json"), "") // there is nothing to compare yet
	c.must(0, "apply", "-auto-approve")
	c.config(config("two", "60"))
	host.ResetCounters()
	said := c.warned(c.must(2, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), "%s: drift NOT checked")
	for _, d := range said {
		tells(t, d.Detail, "the provider's password is known only after apply", "State is kept as it is", "run plan once more")
	}
	if n := host.Counters().Connections; n != 0 {
		t.Errorf("%d connections without a password", n)
	}
	c.must(0, "apply", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60"})
	c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), "")
}

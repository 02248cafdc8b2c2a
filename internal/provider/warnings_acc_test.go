package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// A wrong type is a difference and a warning with the host, the value and what it
// is; once healed there is neither.
func TestAccWrongTypeWarns(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	c := newCLI(t, overTLS(host)+tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "keep_alive_time = 300000"))
	c.must(0, "apply", "-auto-approve")
	host.SetString("TcpTimedWaitDelay", "30")
	host.SetBinary("KeepAliveTime", []byte{1})
	output := c.must(2, "plan", "-detailed-exitcode", "-json")
	got := c.warned(output, host.HTTPSAddr(),
		`%s: TcpTimedWaitDelay is REG_SZ "30"; Windows ignores it`, "%s: KeepAliveTime is REG_BINARY; Windows ignores it")
	for _, d := range got {
		if d.Address != address {
			t.Errorf("the warning %q has the address %q", d.Summary, d.Address)
		}
	}
	c.must(0, "apply", "-auto-approve")
	if output := c.must(0, "plan", "-detailed-exitcode", "-json"); len(diagnostics(t, output, "warning")) != 0 {
		t.Errorf("still warned: %s", output)
	}
}

func TestAccTakeoverOfTextWarns(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetString("KeepAliveTime", "300000")
	c := newCLI(t, overTLS(host)+tuned(host.HTTPSAddr(), "keep_alive_time = 300000"))
	c.warned(c.must(0, "apply", "-auto-approve", "-json"), host.HTTPSAddr(), `%s: KeepAliveTime was REG_SZ "300000"`)
	c.must(0, "destroy", "-auto-approve")
	if err := differences(host, map[string]string{"KeepAliveTime": `REG_SZ "300000"`}); err != nil {
		t.Error(err)
	}
}

// An attribute that leaves the configuration says what becomes of its value.
func TestAccRemovedAttributeWarns(t *testing.T) {
	t.Parallel()
	becomes := map[string][]string{
		"restore":         {"will be restored to REG_DWORD 240", "will be deleted"},
		"keep":            {"stays as it is", "stays as it is"},
		"windows_default": {"will be deleted", "will be deleted"},
	}
	for onDestroy, want := range map[string][]string{
		"restore":         {"TcpTimedWaitDelay is restored to REG_DWORD 240.", "MaxUserPort is deleted, since it did not exist before."},
		"keep":            {`TcpTimedWaitDelay stays as it is (on_destroy = "keep").`, `MaxUserPort stays as it is (on_destroy = "keep").`},
		"windows_default": {"TcpTimedWaitDelay is deleted, so that Windows uses its default", "MaxUserPort is deleted, so that Windows uses its default"},
	} {
		t.Run(onDestroy, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			host.SetDWORD("KeepAliveTime", 7)
			more := fmt.Sprintf("on_destroy = %q", onDestroy)
			c := newCLI(t, overTLS(host)+tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534", "keep_alive_time = 7", "tcp_num_connections = 9", more))
			c.must(0, "apply", "-auto-approve")
			c.config(overTLS(host) + tuned(host.HTTPSAddr(), "tcp_num_connections = 9", more))
			got := c.warned(c.must(2, "plan", "-detailed-exitcode", "-json"), host.HTTPSAddr(),
				"%s: TcpTimedWaitDelay is no longer configured and "+becomes[onDestroy][0],
				"%s: MaxUserPort is no longer configured and "+becomes[onDestroy][1],
				"%s: KeepAliveTime is no longer configured and stays as it is")
			want := append(want, "KeepAliveTime was never written by this provider and stays as it is.")
			for i, d := range got {
				if i < len(want) && !strings.HasPrefix(d.Detail, want[i]) {
					t.Errorf("detail %q, want %q", d.Detail, want[i])
				}
			}
			if !strings.Contains(c.must(2, "plan", "-detailed-exitcode", "-no-color"), `- max_user_port        = 65534 -> null`) {
				t.Error("the plan does not show the removed attribute")
			}
			c.must(0, "apply", "-auto-approve")
			c.must(0, "plan", "-detailed-exitcode")
		})
	}
}

// An attribute whose value is gone from the host, and which leaves the
// configuration, is still released.
func TestAccRemovedAttributeThatIsGone(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	c := newCLI(t, overTLS(host)+tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	host.DeleteValue("TcpTimedWaitDelay")
	c.must(0, "apply", "-refresh-only", "-auto-approve")
	c.config(overTLS(host) + tuned(host.HTTPSAddr(), "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	if err := differences(host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"}); err != nil {
		t.Error(err)
	}
	c.must(0, "plan", "-detailed-exitcode")
}

// The last row of the drift table: changed by someone before destroy.
func TestAccDestroyOfChangedValueWarns(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]string{"refreshed": nil, "not refreshed": {"-refresh=false"}} {
		t.Run(name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			c := newCLI(t, overTLS(host)+tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30"))
			c.must(0, "apply", "-auto-approve")
			host.SetDWORD("TcpTimedWaitDelay", 77)
			output := c.must(0, append([]string{"destroy", "-auto-approve", "-json"}, options...)...)
			got := c.warned(output, host.HTTPSAddr(), "%s: TcpTimedWaitDelay was REG_DWORD 77, not the 30 that was applied")
			if len(got) == 1 && !strings.Contains(got[0].Detail, "TcpTimedWaitDelay is restored to REG_DWORD 240.") {
				t.Errorf("detail %q", got[0].Detail)
			}
			if err := differences(host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A destroy says beforehand which values stay or go otherwise than one expects.
func TestAccDestroyPlanWarns(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	c := newCLI(t, overTLS(host)+tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", `on_destroy = "keep"`))
	c.must(0, "apply", "-auto-approve")
	c.warned(c.must(0, "plan", "-destroy", "-json"), host.HTTPSAddr(), "%s: TcpTimedWaitDelay is not restored on destroy")
}

// Unknown credentials do not block the apply that makes them known, and are no
// silence either.
func TestAccUnknownCredentialsWarn(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	config := func(trigger string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"secret\" {\n  input = %q\n  triggers_replace = %q\n}\nprovider \"windows\" {\n  username = %q\n  password = terraform_data.secret.output\n  auth = \"basic\"\n  https = true\n  ca_certificate = %q\n}\n",
			host.Password(), trigger, host.Username(), host.CACertificate()) + tuned(host.HTTPSAddr(), "max_user_port = 65534")
	}
	c := newCLI(t, config("one"))
	c.must(0, "apply", "-auto-approve")
	c.config(config("two"))
	host.SetDWORD("MaxUserPort", 5000)
	output := c.must(2, "plan", "-detailed-exitcode", "-json")
	c.warned(output, host.HTTPSAddr(), "%s: drift NOT checked")
	c.must(0, "apply", "-auto-approve")
	c.must(2, "plan", "-detailed-exitcode")
}

// No change and no refresh: no connection at all.
func TestAccNoRefreshNoConnection(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	c := newCLI(t, overTLS(host)+tuned(host.HTTPSAddr(), "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	host.ResetCounters()
	c.must(0, "plan", "-refresh=false", "-detailed-exitcode")
	if n := host.Counters(); n.Connections+n.Requests != 0 {
		t.Errorf("%+v", n)
	}
}

// The password is nowhere: not in state, not in a plan, not in the logs.
func TestAccPasswordLeaksNowhere(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	config := fmt.Sprintf("provider \"windows\" {\n  username = %q\n}\n", host.Username()) + tuned(host.HTTPAddr(), "max_user_port = 65534")
	c := newCLI(t, config)
	c.env = append(c.env, "WINDOWS_PASSWORD="+host.Password(), "TF_LOG=TRACE", "TF_LOG_PATH=trace.log")
	c.must(0, "apply", "-auto-approve")
	c.must(0, "plan", "-out", "saved.tfplan")
	shown := c.must(0, "show", "-json", "saved.tfplan")
	for name, content := range map[string]string{"plan": shown, "state": c.read("terraform.tfstate"), "log": c.read("trace.log")} {
		if content == "" || strings.Contains(content, host.Password()) {
			t.Errorf("the %s is empty or holds the password", name)
		}
	}
}

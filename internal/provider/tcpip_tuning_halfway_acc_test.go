package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// Whatever a host answers to a refresh, state keeps what was true.
func TestAccRefreshFailureKeepsState(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]winsim.Action{
		"access denied to WMI": winsim.AccessDeniedFault, "access denied to the key": winsim.AccessDenied, "HTML": winsim.Raw(200, "text/html", "<html>"),
		"garbage": winsim.Answer(200, "garbage"), "without end": winsim.Endless, "silence": winsim.Hang, "busy": winsim.Busy,
	} {
		t.Run(name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			c := newCLI(t, sealed(host, `timeout = "2s"`)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30"))
			c.must(0, "apply", "-auto-approve")
			before := c.read("terraform.tfstate")
			host.Intercept(func(winsim.Call) winsim.Action { return action })
			output := c.must(1, "apply", "-refresh-only", "-auto-approve", "-no-color")
			if flat := strings.Join(strings.Fields(strings.ReplaceAll(output, "│", "")), " "); !strings.Contains(flat, "Unable to Read TCP/IP Tuning of "+host.HTTPAddr()) ||
				!strings.Contains(flat, "TcpTimedWaitDelay REG_DWORD 240") {
				t.Errorf("the error lacks the host or the original: %s", output)
			}
			if c.read("terraform.tfstate") != before {
				t.Error("state was changed")
			}
			host.Intercept(nil)
			c.must(0, "plan", "-detailed-exitcode")
		})
	}
}

// The host goes away after the first write of a create or an update: what was
// there before is in state, and comes back with the next apply and destroy, also
// where on_destroy would have kept what was written.
func TestAccHostGoesAwayHalfWay(t *testing.T) {
	t.Parallel()
	before := map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "REG_DWORD 5000"}
	gone := func(host *winsim.Host) {
		away := false
		host.Intercept(func(call winsim.Call) winsim.Action {
			if away = away || call.Method == "SetDWORDValue" && call.ValueName == "MaxUserPort"; away {
				return winsim.DropBefore
			}
			return winsim.Proceed
		})
	}
	for _, first := range []string{"create", "update"} {
		for _, onDestroy := range []string{"restore", "keep"} {
			t.Run(first+"/"+onDestroy, func(t *testing.T) {
				host := winsim.Start(t, winsim.Server2022())
				host.SetDWORD("TcpTimedWaitDelay", 240)
				host.SetDWORD("MaxUserPort", 5000)
				full := tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534", fmt.Sprintf("on_destroy = %q", onDestroy))
				c := newCLI(t, sealed(host)+full)
				if first == "update" {
					c.config(sealed(host) + tuned(host.HTTPAddr(), "keep_alive_time = 300000", fmt.Sprintf("on_destroy = %q", onDestroy)))
					c.must(0, "apply", "-auto-approve")
					c.config(sealed(host) + full)
				}
				gone(host)
				c.must(1, "apply", "-auto-approve")
				host.Intercept(nil)
				c.must(0, "apply", "-auto-approve")
				state := c.read("terraform.tfstate")
				for _, original := range []string{`"tcp_timed_wait_delay": "REG_DWORD 240"`, `"max_user_port": "REG_DWORD 5000"`} {
					if !strings.Contains(state, original) {
						t.Errorf("state lacks %s: %s", original, state)
					}
				}
				c.config(sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534"))
				c.must(0, "apply", "-auto-approve")
				c.must(0, "destroy", "-auto-approve")
				if err := differences(host, before); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A destroy that fails half-way stays in state and can be done again.
func TestAccDestroyFailsHalfWay(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	host.SetDWORD("MaxUserPort", 5000)
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	host.Intercept(onWrite(winsim.AccessDenied))
	output := c.must(1, "destroy", "-auto-approve", "-no-color")
	if !strings.Contains(output, "Unable to Delete TCP/IP Tuning of "+host.HTTPAddr()) || !strings.Contains(c.read("terraform.tfstate"), `"max_user_port": "REG_DWORD 5000"`) {
		t.Errorf("%s", output)
	}
	host.Intercept(nil)
	c.must(0, "destroy", "-auto-approve")
	if err := differences(host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "REG_DWORD 5000"}); err != nil {
		t.Error(err)
	}
}

// Somebody else writes between our write and the read-back: an error, and what
// was there before us is restored in the end.
func TestAccForeignWriteDuringApply(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"create", "update"} {
		t.Run(first, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("MaxUserPort", 5000)
			config := sealed(host) + tuned(host.HTTPAddr(), "max_user_port = 65534")
			c := newCLI(t, config)
			if first == "update" {
				c.config(sealed(host) + tuned(host.HTTPAddr(), "keep_alive_time = 300000"))
				c.must(0, "apply", "-auto-approve")
				c.config(config)
			}
			written := false
			host.Intercept(func(call winsim.Call) winsim.Action {
				switch {
				case call.Method == "SetDWORDValue" && call.ValueName == "MaxUserPort":
					written = true
				case call.Method == "EnumValues" && written:
					return winsim.BeforeDo(func() { host.SetDWORD("MaxUserPort", 60000) })
				}
				return winsim.Proceed
			})
			c.must(1, "apply", "-auto-approve")
			host.Intercept(nil)
			c.must(0, "destroy", "-auto-approve")
			if err := differences(host, map[string]string{"MaxUserPort": "REG_DWORD 5000"}); err != nil {
				t.Error(err)
			}
		})
	}
}

package provider

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// A host's life: created over what was there, changed, an attribute removed and
// another added, destroyed. Everything ends as it was found.
func TestAccLife(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	host.SetString("KeepAliveTime", "300000")
	config := func(lines ...string) string { return overTLS(host) + tuned(host.HTTPSAddr(), lines...) }
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories(),
		CheckDestroy: func(*terraform.State) error {
			return differences(host, map[string]string{
				"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent", "KeepAliveTime": `REG_SZ "300000"`, "StrictTimeWaitSeqCheck": "absent",
			})
		},
		Steps: []resource.TestStep{
			{
				Config: config("tcp_timed_wait_delay = 30", "max_user_port = 65534"),
				Check: holds(host, map[string]string{
					"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534", "KeepAliveTime": `REG_SZ "300000"`,
				}),
				ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 30, "max_user_port": 65534},
					originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"}),
			},
			{
				Config:   config("tcp_timed_wait_delay = 30", "max_user_port = 65534"),
				PlanOnly: true,
			},
			{
				Config: config("tcp_timed_wait_delay = 60", "max_user_port = 65534"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				}},
				Check: holds(host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60", "MaxUserPort": "REG_DWORD 65534"}),
				ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 60, "max_user_port": 65534},
					originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"}),
			},
			{
				Config: config("tcp_timed_wait_delay = 60", "keep_alive_time = 300000", "strict_time_wait_seq_check = 1"),
				Check: holds(host, map[string]string{
					"TcpTimedWaitDelay": "REG_DWORD 60", "MaxUserPort": "absent", "KeepAliveTime": "REG_DWORD 300000", "StrictTimeWaitSeqCheck": "REG_DWORD 1",
				}),
				ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 60, "keep_alive_time": 300000, "strict_time_wait_seq_check": 1},
					originals{"tcp_timed_wait_delay": "REG_DWORD 240", "keep_alive_time": `REG_SZ "300000"`, "strict_time_wait_seq_check": "absent"}),
			},
			{
				Config:   config("tcp_timed_wait_delay = 60", "keep_alive_time = 300000", "strict_time_wait_seq_check = 1"),
				PlanOnly: true,
			},
		},
	})
}

// Every attribute of the catalogue makes the way to the host and back, at the
// ends of its range.
func TestAccEveryParameter(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2012R2())
	lines := func(highest bool) (config []string, want map[string]string) {
		want = map[string]string{}
		for _, p := range catalogue {
			number := p.Min
			if highest {
				number = p.Max
			}
			config = append(config, fmt.Sprintf("%s = %d", p.Attribute, number))
			want[p.ValueName] = fmt.Sprintf("REG_DWORD %d", number)
		}
		return config, want
	}
	low, wantLow := lines(false)
	high, wantHigh := lines(true)
	accept(t,
		resource.TestStep{Config: overTLS(host) + tuned(host.HTTPSAddr(), low...), Check: holds(host, wantLow)},
		resource.TestStep{Config: overTLS(host) + tuned(host.HTTPSAddr(), high...), Check: holds(host, wantHigh)},
		resource.TestStep{Config: overTLS(host) + tuned(host.HTTPSAddr(), high...), PlanOnly: true},
	)
}

// What a destroy leaves, by on_destroy. One value was there before, one was not,
// and one had the configured number already, so it was never written.
func TestAccOnDestroy(t *testing.T) {
	t.Parallel()
	for onDestroy, want := range map[string]map[string]string{
		"restore":         {"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent", "KeepAliveTime": "REG_DWORD 300000"},
		"keep":            {"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534", "KeepAliveTime": "REG_DWORD 300000"},
		"windows_default": {"TcpTimedWaitDelay": "absent", "MaxUserPort": "absent", "KeepAliveTime": "REG_DWORD 300000"},
	} {
		t.Run(onDestroy, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			host.SetDWORD("KeepAliveTime", 300000)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: factories(),
				CheckDestroy:             func(*terraform.State) error { return differences(host, want) },
				Steps: []resource.TestStep{{
					Config: overTLS(host) + tuned(host.HTTPSAddr(),
						"tcp_timed_wait_delay = 30", "max_user_port = 65534", "keep_alive_time = 300000", fmt.Sprintf("on_destroy = %q", onDestroy)),
				}},
			})
		})
	}
}

// The drift table of the contract.
func TestAccDrift(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*winsim.Host)
		state  numbers // after refresh
	}{
		"absent":               {func(h *winsim.Host) { h.DeleteValue("TcpTimedWaitDelay") }, numbers{"max_user_port": 65534}},
		"another number":       {func(h *winsim.Host) { h.SetDWORD("tcptimedwaitdelay", 60) }, numbers{"tcp_timed_wait_delay": 60, "max_user_port": 65534}},
		"zero":                 {func(h *winsim.Host) { h.SetDWORD("TcpTimedWaitDelay", 0) }, numbers{"tcp_timed_wait_delay": 0, "max_user_port": 65534}},
		"the highest number":   {func(h *winsim.Host) { h.SetDWORD("TcpTimedWaitDelay", 0xffffffff) }, numbers{"tcp_timed_wait_delay": 0xffffffff, "max_user_port": 65534}},
		"REG_SZ":               {func(h *winsim.Host) { h.SetString("TcpTimedWaitDelay", "30") }, numbers{"max_user_port": 65534}},
		"REG_QWORD":            {func(h *winsim.Host) { h.SetQWORD("TcpTimedWaitDelay", 30) }, numbers{"max_user_port": 65534}},
		"REG_EXPAND_SZ":        {func(h *winsim.Host) { h.SetExpandString("TcpTimedWaitDelay", "30") }, numbers{"max_user_port": 65534}},
		"REG_BINARY":           {func(h *winsim.Host) { h.SetBinary("TcpTimedWaitDelay", []byte{30, 0, 0, 0}) }, numbers{"max_user_port": 65534}},
		"REG_MULTI_SZ":         {func(h *winsim.Host) { h.SetMultiString("TcpTimedWaitDelay", "30") }, numbers{"max_user_port": 65534}},
		"all gone":             {func(h *winsim.Host) { h.DeleteValue("TcpTimedWaitDelay"); h.DeleteValue("MaxUserPort") }, numbers{}},
		"all of another type":  {func(h *winsim.Host) { h.SetString("TcpTimedWaitDelay", "30"); h.SetString("MaxUserPort", "65534") }, numbers{}},
		"the number is QWORDs": {func(h *winsim.Host) { h.SetQWORD("MaxUserPort", 65534) }, numbers{"tcp_timed_wait_delay": 30}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			config := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534")
			before := originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: factories(),
				CheckDestroy: func(*terraform.State) error {
					return differences(host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"})
				},
				Steps: []resource.TestStep{
					{Config: config},
					{
						PreConfig:          func() { tt.change(host) },
						RefreshState:       true,
						ExpectNonEmptyPlan: true,
						RefreshPlanChecks: resource.RefreshPlanChecks{PostRefresh: []plancheck.PlanCheck{
							plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
						}},
						Check: stateIs(tt.state, before),
					},
					{
						Config: config,
						Check:  holds(host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"}),
					},
				},
			})
		})
	}
}

// Rebooted, patched, other values changed: none of our business, no diff.
func TestAccNoFalseAlarm(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	config := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30")
	accept(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				host.Reboot()
				host.SetDWORD("MaxUserPort", 5000)
				host.SetString("TcpTimeWaitDelay", "misspelled")
			},
			Config: config, PlanOnly: true,
		},
	)
}

func TestAccImport(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 30)
	host.SetDWORD("MaxUserPort", 65534)
	host.SetString("KeepAliveTime", "300000")
	named := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534")
	found := originals{"tcp_timed_wait_delay": "REG_DWORD 30", "max_user_port": "REG_DWORD 65534"}
	before := map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534", "KeepAliveTime": `REG_SZ "300000"`}
	t.Run("command", func(t *testing.T) {
		resource.Test(t, resource.TestCase{
			ProtoV6ProviderFactories: factories(),
			CheckDestroy:             func(*terraform.State) error { return differences(host, before) },
			Steps: []resource.TestStep{
				{
					Config: named, ResourceName: address, ImportState: true, ImportStateId: host.HTTPSAddr(), ImportStatePersist: true,
					ImportStateCheck: importedIs(numbers{"tcp_timed_wait_delay": 30, "max_user_port": 65534}, found),
				},
				{Config: named, PlanOnly: true},
			},
		})
	})
	t.Run("block", func(t *testing.T) {
		host.ResetCounters()
		accept(t, resource.TestStep{
			Config: named + fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, host.HTTPSAddr()),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop),
			}},
			ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 30, "max_user_port": 65534}, found),
		}, resource.TestStep{Config: named, PlanOnly: true})
		if writes := valueWrites(host); writes != 0 {
			t.Errorf("an import and its destroy wrote %d values", writes)
		}
	})
	t.Run("what the configuration does not name is released without a write", func(t *testing.T) {
		host.ResetCounters()
		config := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", `on_destroy = "windows_default"`)
		accept(t,
			resource.TestStep{Config: config, ResourceName: address, ImportState: true, ImportStateId: host.HTTPSAddr(), ImportStatePersist: true},
			resource.TestStep{
				Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				}},
				ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 30}, originals{"tcp_timed_wait_delay": "REG_DWORD 30"}),
				Check:             holds(host, before),
			},
			resource.TestStep{Config: config, PlanOnly: true},
		)
		if writes := valueWrites(host); writes != 0 {
			t.Errorf("%d values were written", writes)
		}
		if err := differences(host, before); err != nil {
			t.Error(err)
		}
	})
	t.Run("bad id", func(t *testing.T) {
		accept(t, resource.TestStep{
			Config: named, ResourceName: address, ImportState: true, ImportStateId: "http://mail01",
			ExpectError: regexp.MustCompile(`(?s)Invalid import id.*is a URL`),
		})
	})
}

// Terraform and Windows compare host names differently; we do it as Windows does.
func TestAccLetterCaseOfHostIsNoChange(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	lower, upper := "localhost"+port(host.HTTPSAddr()), "LOCALHOST"+port(host.HTTPSAddr())
	accept(t,
		resource.TestStep{Config: overTLS(host) + tuned(lower, "tcp_timed_wait_delay = 30")},
		resource.TestStep{Config: overTLS(host) + tuned(upper, "tcp_timed_wait_delay = 30"), PlanOnly: true},
		resource.TestStep{
			Config: overTLS(host) + tuned(upper, "tcp_timed_wait_delay = 60"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			}},
			Check: resource.TestCheckResourceAttr(address, "host", lower),
		},
	)
}

func TestAccAnotherHostReplaces(t *testing.T) {
	t.Parallel()
	old, next := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2012R2())
	old.SetDWORD("TcpTimedWaitDelay", 240)
	both := overTLSOf(old, next)
	accept(t,
		resource.TestStep{Config: both + tuned(old.HTTPSAddr(), "tcp_timed_wait_delay = 30")},
		resource.TestStep{
			Config: both + tuned(next.HTTPSAddr(), "tcp_timed_wait_delay = 30"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
			}},
			Check: resource.ComposeTestCheckFunc(
				holds(old, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"}),
				holds(next, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"}),
			),
		},
	)
}

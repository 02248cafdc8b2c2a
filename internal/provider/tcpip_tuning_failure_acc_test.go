package provider

import (
	"fmt"
	"net"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestAccBadInputIsRefusedAtPlanTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ lines, want string }{
		"out of range":       {"tcp_timed_wait_delay = 29", `29 is 0x1d,\s+outside\s+its\s+range\s+30\s+to\s+300`},
		"hexadecimal digits": {"max_user_port = 415028", `415028\s+is\s+0x65534,.*did\s+you\s+mean\s+65534`},
		"wrong type":         {`tcp_timed_wait_delay = "soon"`, `a\s+number\s+is\s+required`},
		"a fraction":         {"tcp_timed_wait_delay = 30.5", `30.5\s+is\s+no\s+whole\s+number\s+from\s+30\s+to\s+300`},
		"a huge number":      {"max_user_port = 12345678901234567890123", `no\s+whole\s+number`},
		"no time":            {"max_user_port = 5000\n  timeouts = { read = \"0s\" }", `write\s+a\s+duration\s+above\s+0`},
		"negative":           {"tcp_timed_wait_delay = -1", `-1 is negative`},
		"nothing":            {"", "Nothing to manage"},
		"on_destroy":         {"max_user_port = 5000\n  on_destroy = \"revert\"", `"restore", "keep" or`},
		"timeouts":           {"max_user_port = 5000\n  timeouts = { create = \"soon\" }", `(?i)duration`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			accept(t, resource.TestStep{
				Config: credentials() + tuned("mail01.contoso.example", tt.lines), PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)` + tt.want),
			})
		})
	}
	t.Run("host", func(t *testing.T) {
		accept(t, resource.TestStep{
			Config: credentials() + tuned("https://mail01", "max_user_port = 5000"), PlanOnly: true, ExpectError: regexp.MustCompile("Invalid host"),
		})
	})
}

// credentials is a provider block without a host behind it.
func credentials(lines ...string) string {
	block := "provider \"windows\" {\n  username = \"svc\"\n  password = \"not-a-real-password\"\n"
	for _, line := range lines {
		block += "  " + line + "\n"
	}
	return block + "}\n"
}

func TestAccProviderProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ block, want string }{
		"kerberos":    {credentials(`auth = "kerberos"`), `auth = "kerberos" is not there yet`},
		"certificate": {credentials(`auth = "certificate"`), `not there yet`},
		"clear basic": {credentials(`auth = "basic"`), `sends the password readable`},
		"no password": {"provider \"windows\" {\n  username = \"svc\"\n}\n", `WINDOWS_PASSWORD`},
		"a duration":  {credentials(`timeout = "60"`), `no usable duration`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			accept(t, resource.TestStep{
				Config: tt.block + tuned("mail01.contoso.example", "max_user_port = 5000"), PlanOnly: true, ExpectError: regexp.MustCompile(tt.want),
			})
		})
	}
}

func TestAccWrongPassword(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	for name, config := range map[string]string{
		"basic": fmt.Sprintf("provider \"windows\" {\n  username = %q\n  password = \"wrong\"\n  auth = \"basic\"\n  https = true\n  ca_certificate = %q\n}\n",
			host.Username(), host.CACertificate()) + tuned(host.HTTPSAddr(), "max_user_port = 65534"),
		"sealed NTLM": fmt.Sprintf("provider \"windows\" {\n  username = %q\n  password = \"wrong\"\n}\n",
			host.Username()) + tuned(host.HTTPAddr(), "max_user_port = 65534"),
	} {
		t.Run(name, func(t *testing.T) {
			host.ResetCounters()
			accept(t, resource.TestStep{
				Config:      config,
				ExpectError: regexp.MustCompile(`(?s)Unable to Look at TCP/IP Tuning of .*refused\s+the\s+credentials\s+of.*offers`),
			})
			if n := host.Counters().FailedLogons; n != 1 {
				t.Errorf("the wrong password was tried %d times: accounts get locked that way", n)
			}
		})
	}
}

func TestAccUnreachable(t *testing.T) {
	t.Parallel()
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ host, want string }{
		"refused":      {nobody, `(?s)Unable to Create TCP/IP Tuning of 127.*connection\s+was\s+refused`},
		"unknown name": {"mail01.invalid", `(?s)Unable to Create TCP/IP Tuning of mail01.invalid.*(does\s+not\s+exist\s+in\s+DNS|could\s+not\s+be\s+looked\s+up)`},
	} {
		t.Run(name, func(t *testing.T) {
			accept(t, resource.TestStep{Config: credentials(`connect_timeout = "5s"`) + tuned(tt.host, "max_user_port = 65534"), ExpectError: regexp.MustCompile(tt.want)})
		})
	}
}

// A host that goes away stays in state, with its originals, until it is back.
func TestAccUnreachableKeepsState(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	config := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30")
	accept(t,
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { host.Intercept(func(winsim.Call) winsim.Action { return winsim.DropBefore }) },
			Config:    config, PlanOnly: true,
			ExpectError: regexp.MustCompile(`(?s)Unable to Read TCP/IP Tuning of.*TcpTimedWaitDelay\s+REG_DWORD\s+240`),
		},
		resource.TestStep{
			PreConfig: func() { host.Intercept(nil) },
			Config:    config, PlanOnly: true,
		},
	)
}

func TestAccAccessDenied(t *testing.T) {
	t.Parallel()
	want := regexp.MustCompile(`(?s)Unable to Create TCP/IP Tuning.*LocalAccountTokenFilterPolicy`)
	for name, action := range map[string]winsim.Action{"of the service": winsim.AccessDeniedFault, "of the registry": winsim.AccessDenied} {
		t.Run(name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.Intercept(func(winsim.Call) winsim.Action { return action })
			accept(t, resource.TestStep{Config: overTLS(host) + tuned(host.HTTPSAddr(), "max_user_port = 65534"), ExpectError: want})
		})
	}
}

// onWrite acts on the writes of MaxUserPort, which is the second value that the
// tests write.
func onWrite(action winsim.Action) func(winsim.Call) winsim.Action {
	return func(call winsim.Call) winsim.Action {
		if call.Method == "SetDWORDValue" && call.ValueName == "MaxUserPort" {
			return action
		}
		return winsim.Proceed
	}
}

// A create that fails at its second value takes back the first and leaves no
// state; once the cause is gone it succeeds.
func TestAccCreateFailsThenSucceeds(t *testing.T) {
	t.Parallel()
	for name, action := range map[string]winsim.Action{
		"refused":      winsim.AccessDenied,
		"another code": winsim.ReturnValue(8),
		"ignored":      winsim.Ignore,
	} {
		t.Run(name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			config := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534")
			accept(t,
				resource.TestStep{
					PreConfig:   func() { host.Intercept(onWrite(action)) },
					Config:      config,
					ExpectError: regexp.MustCompile(`(?s)Unable to Create TCP/IP Tuning of.*taken\s+back`),
				},
				resource.TestStep{
					PreConfig: func() {
						host.Intercept(nil)
						if err := differences(host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"}); err != nil {
							t.Errorf("after the failed create: %v", err)
						}
					},
					Config:            config,
					ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 30, "max_user_port": 65534}, originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"}),
				},
			)
		})
	}
}

// A write whose reply never came and which is not seen on the host may still
// land: what was there before is kept, whether it does or not.
func TestAccWriteThatMayLandLate(t *testing.T) {
	t.Parallel()
	before := map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "REG_DWORD 60000"}
	for name, late := range map[string]bool{"it lands": true, "it never does": false} {
		land := func(host *winsim.Host) {
			host.Intercept(nil)
			if late {
				host.SetDWORD("MaxUserPort", 65534)
			}
		}
		t.Run("create/"+name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			host.SetDWORD("MaxUserPort", 60000)
			config := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534")
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: factories(),
				CheckDestroy:             func(*terraform.State) error { return differences(host, before) },
				Steps: []resource.TestStep{
					{
						PreConfig:   func() { host.Intercept(onWrite(winsim.DropBefore)) },
						Config:      config,
						ExpectError: pattern("Unable to Create TCP/IP Tuning of .* get it late.*MaxUserPort REG_DWORD 60000"),
					},
					{
						PreConfig: func() { land(host) },
						Config:    config,
						ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 30, "max_user_port": 65534},
							originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "REG_DWORD 60000"}),
					},
				},
			})
		})
		t.Run("update/"+name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			host.SetDWORD("MaxUserPort", 60000)
			config := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534")
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: factories(),
				CheckDestroy:             func(*terraform.State) error { return differences(host, before) },
				Steps: []resource.TestStep{
					{Config: overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30")},
					{
						PreConfig:   func() { host.Intercept(onWrite(winsim.DropBefore)) },
						Config:      config,
						ExpectError: pattern("Unable to Update TCP/IP Tuning of .* may have happened"),
					},
					{
						PreConfig: func() { land(host) },
						Config:    config,
						ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 30, "max_user_port": 65534},
							originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "REG_DWORD 60000"}),
					},
				},
			})
		})
	}
}

// A write whose reply is lost is looked at, not sent again.
func TestAccLostReply(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.Intercept(onWrite(winsim.LoseReply))
	accept(t, resource.TestStep{
		Config: overTLS(host) + tuned(host.HTTPSAddr(), "max_user_port = 65534"),
		Check: func(*terraform.State) error {
			if n := host.Counters().Methods["SetDWORDValue"]; n != 1 {
				return fmt.Errorf("SetDWORDValue was called %d times", n)
			}
			return differences(host, map[string]string{"MaxUserPort": "REG_DWORD 65534"})
		},
	})
}

// An update that fails half-way saves what is true, and the next one does the rest.
func TestAccUpdateFailsHalfWay(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("KeepAliveTime", 7)
	first := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 60000")
	second := overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 60", "max_user_port = 65534", "keep_alive_time = 300000")
	accept(t,
		resource.TestStep{Config: first},
		resource.TestStep{
			PreConfig:   func() { host.Intercept(onWrite(winsim.AccessDenied)) },
			Config:      second,
			ExpectError: regexp.MustCompile(`(?s)Unable to Update TCP/IP Tuning of.*what\s+the\s+host\s+has\s+now`),
		},
		resource.TestStep{
			PreConfig:    func() { host.Intercept(nil) },
			RefreshState: true, ExpectNonEmptyPlan: true,
			Check: stateIs(numbers{"tcp_timed_wait_delay": 60, "max_user_port": 60000},
				originals{"tcp_timed_wait_delay": "absent", "max_user_port": "absent"}),
		},
		resource.TestStep{
			Config: second,
			ConfigStateChecks: state(numbers{"tcp_timed_wait_delay": 60, "max_user_port": 65534, "keep_alive_time": 300000},
				originals{"tcp_timed_wait_delay": "absent", "max_user_port": "absent", "keep_alive_time": "REG_DWORD 7"}),
		},
	)
	if err := differences(host, map[string]string{"TcpTimedWaitDelay": "absent", "MaxUserPort": "absent", "KeepAliveTime": "REG_DWORD 7"}); err != nil {
		t.Error(err)
	}
}

// Something on the host puts its own number back: an error, never silence.
func TestAccReadBackDiffers(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	config := func(port int) string {
		return overTLS(host) + tuned(host.HTTPSAddr(), fmt.Sprintf("max_user_port = %d", port))
	}
	accept(t,
		resource.TestStep{Config: config(60000)},
		resource.TestStep{
			PreConfig:   func() { host.Intercept(onWrite(winsim.Ignore)) },
			Config:      config(65534),
			ExpectError: regexp.MustCompile(`(?s)reads\s+back\s+as\s+REG_DWORD\s+60000`),
		},
		resource.TestStep{PreConfig: func() { host.Intercept(nil) }, Config: config(65534)},
	)
}

// What could not be put back is not taken over.
func TestAccRefusedValue(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetBinary("MaxUserPort", []byte{1, 2})
	host.ResetCounters()
	accept(t, resource.TestStep{
		Config:      overTLS(host) + tuned(host.HTTPSAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534"),
		ExpectError: regexp.MustCompile(`(?s)MaxUserPort\s+is\s+REG_BINARY.*reg\s+delete`),
	})
	if n := host.Counters().Writes; n != 0 {
		t.Errorf("%d values were written", n)
	}
}

// A QWORD cannot be read on Server 2003, so it cannot be taken over there.
func TestAccQWORDOn2003(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2003R2())
	host.SetQWORD("MaxUserPort", 65534)
	accept(t, resource.TestStep{
		Config:      overTLS(host) + tuned(host.HTTPSAddr(), "max_user_port = 65534"),
		ExpectError: regexp.MustCompile(`(?s)MaxUserPort\s+is\s+REG_QWORD`),
	})
}

// The password comes out of another resource, so it is unknown in the first plan.
func TestAccUnknownPassword(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	config := func(trigger string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"secret\" {\n  input = %q\n  triggers_replace = %q\n}\nprovider \"windows\" {\n  username = %q\n  password = terraform_data.secret.output\n  auth = \"basic\"\n  https = true\n  ca_certificate = %q\n}\n",
			host.Password(), trigger, host.Username(), host.CACertificate()) + tuned(host.HTTPSAddr(), "max_user_port = 65534")
	}
	accept(t,
		resource.TestStep{Config: config("one"), Check: holds(host, map[string]string{"MaxUserPort": "REG_DWORD 65534"})},
		// Replacing the secret makes the password unknown to the plan of a resource that exists.
		resource.TestStep{Config: config("two"), Check: holds(host, map[string]string{"MaxUserPort": "REG_DWORD 65534"})},
	)
}

// Two hosts, two ways to authenticate, one process.
func TestAccTwoHosts(t *testing.T) {
	t.Parallel()
	basic, sealed := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2003R2(), winsim.Account(`FABRIKAM\admin`, "not-a-real-password-2"))
	all := factories()
	all["windowsalt"] = factories()["windows"]
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: all,
		Steps: []resource.TestStep{{
			Config: overTLS(basic) + tuned(basic.HTTPSAddr(), "tcp_timed_wait_delay = 30") +
				fmt.Sprintf("provider \"windowsalt\" {\n  username = %q\n  password = %q\n  auth = \"ntlm\"\n}\n", sealed.Username(), sealed.Password()) +
				fmt.Sprintf("resource \"windows_tcpip_tuning\" \"alt\" {\n  provider = windowsalt\n  host = %q\n  tcp_timed_wait_delay = 60\n}\n", sealed.HTTPAddr()),
			Check: resource.ComposeTestCheckFunc(
				holds(basic, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"}),
				holds(sealed, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 60"}),
			),
		}},
	})
}

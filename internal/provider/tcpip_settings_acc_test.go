package provider

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	shapes "github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

const settingsAddress = "data.windows_tcpip_settings.test"

// settings is the data source, with the codes of its findings as an output.
func settings(address string) string {
	return fmt.Sprintf("data \"windows_tcpip_settings\" \"test\" {\n  host = %q\n}\n"+
		"output \"codes\" {\n  value = distinct([for f in data.windows_tcpip_settings.test.findings : f.code])\n}\n", address)
}

// setting checks one of the values as found.
func setting(attribute string, fields map[string]knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(settingsAddress, tfjsonpath.New("values").AtMapKey(attribute), knownvalue.ObjectPartial(fields))
}

func known(name string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(settingsAddress, tfjsonpath.New(name), check)
}

func codes(want ...string) statecheck.StateCheck {
	slices.Sort(want)
	var checks []knownvalue.Check
	for _, code := range want {
		checks = append(checks, knownvalue.StringExact(code))
	}
	return statecheck.ExpectKnownOutputValue("codes", knownvalue.SetExact(checks))
}

func span(start, number int64) map[string]knownvalue.Check {
	return map[string]knownvalue.Check{
		"start_port": knownvalue.Int64Exact(start), "number_of_ports": knownvalue.Int64Exact(number), "last_port": knownvalue.Int64Exact(start + number - 1),
	}
}

func textIs(text string) knownvalue.Check { return knownvalue.StringExact(text) }

// sql is what the host has of SQL Server in the range, with its process.
func sql() knownvalue.Check {
	return knownvalue.ObjectExact(map[string]knownvalue.Check{
		"address": textIs("0.0.0.0"), "port": knownvalue.Int64Exact(1433), "process_id": knownvalue.Int64Exact(4242), "process_name": textIs("sqlservr.exe"),
	})
}

// An audit of hosts that nobody manages, from 2003 to 2025, in several shapes of their
// answers.
func TestAccTCPIPSettings(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]winsim.Profile{
		"2003": winsim.Server2003(), "2008 R2": winsim.Server2008R2(), "2012 R2": winsim.Server2012R2(), "2019": winsim.Server2019(), "2025": winsim.Server2025(),
	} {
		for seed := int64(1); seed <= 3; seed++ {
			t.Run(fmt.Sprintf("%s/seed-%d", name, seed), func(t *testing.T) {
				t.Parallel()
				host := winsim.Start(t, profile, winsim.Seed(seed), winsim.PolicyResults("read"))
				host.SetDWORD("TcpTimedWaitDelay", 30)
				host.SetString("KeepAliveInterval", "1000")
				host.SetDWORD("MaxUserPorts", 65534)
				host.SetPolicy(winsim.TCPIPParameters, "KeepAliveTime", 300000, "MSS (Legacy)")
				host.AddProcess(4242, "sqlservr.exe")
				host.AddListener("0.0.0.0:1433", 4242)
				checks := []statecheck.StateCheck{
					known("operating_system", knownvalue.ObjectPartial(map[string]knownvalue.Check{
						"caption": textIs(profile.Caption), "version": textIs(profile.Version), "build": knownvalue.Int64Exact(int64(profile.Build)),
						"product_type": textIs("server"), "domain_role": textIs("member server"), "computer_name": textIs("MAIL01"),
					})),
					known("managed_by", knownvalue.Null()), known("auto_reuse_range", knownvalue.Null()),
					known("values", knownvalue.MapSizeExact(len(catalogue))),
					setting("tcp_timed_wait_delay", map[string]knownvalue.Check{"value_name": textIs("TcpTimedWaitDelay"), "found": textIs("REG_DWORD 30"), "type": textIs("REG_DWORD"),
						"number": knownvalue.Int64Exact(30), "in_effect": textIs("value")}),
					setting("keep_alive_interval", map[string]knownvalue.Check{"found": textIs(`REG_SZ "1000"`), "type": textIs("REG_SZ"), "number": knownvalue.Null(), "in_effect": textIs("default")}),
					setting("keep_alive_time", map[string]knownvalue.Check{"found": textIs("absent"), "type": knownvalue.Null(), "number": knownvalue.Null(), "in_effect": textIs("default")}),
				}
				want := []string{"name_misspelled", "wrong_type", "set_by_policy", "service_port_in_range", "listener_in_range", "delay_without_pool"}
				if tcpip.Build(profile.Build).HasDynamicPortRange() {
					host.SetPorts(tcpstack.Range{Start: 1025, Number: 10000}, tcpstack.Range{Start: 1500, Number: 60})
					host.SetPortRange("udp", "ipv6", tcpstack.Range{Start: 40000, Number: 255})
					checks = append(checks, modernSettings(profile)...)
					want = append(want, "families_differ", "pool_below_default")
					if profile.Build == 7601 && !shapes.ShapeOf(seed).ExcludedHotfix {
						want = append(want, "not_read") // excluded ranges
					}
				} else {
					want = append(want, "listener_from_range")
					checks = append(checks,
						known("port_ranges", knownvalue.Null()), known("excluded_port_ranges", knownvalue.Null()), known("notes", knownvalue.ListSizeExact(0)),
						known("ephemeral_ports", knownvalue.ObjectExact(span(1025, 3976))), known("listeners", knownvalue.ListPartial(map[int]knownvalue.Check{6: sql()})), // after three of Windows' own, of either family
						setting("max_user_port", map[string]knownvalue.Check{"default": knownvalue.Int64Exact(5000), "default_known": knownvalue.Bool(true)}))
				}
				accept(t, resource.TestStep{Config: sealed(host) + settings(host.HTTPAddr()), ConfigStateChecks: append(checks, codes(want...))})
				if left := host.Counters(); left.OpenShells+left.OpenEnumerations+left.Writes != 0 {
					t.Errorf("left open, or written: %+v", left)
				}
			})
		}
	}
}

func modernSettings(profile winsim.Profile) []statecheck.StateCheck {
	of := func(span map[string]knownvalue.Check) knownvalue.Check { return knownvalue.ObjectExact(span) }
	usual := of(span(49152, 16384))
	checks := []statecheck.StateCheck{
		known("ephemeral_ports", knownvalue.Null()),
		known("port_ranges", knownvalue.ObjectExact(map[string]knownvalue.Check{
			"tcp": knownvalue.ObjectExact(map[string]knownvalue.Check{"ipv4": of(span(1025, 10000)), "ipv6": of(span(1025, 10000))}),
			"udp": knownvalue.ObjectExact(map[string]knownvalue.Check{"ipv4": usual, "ipv6": of(span(40000, 255))}),
		})),
		// WinRM's own first, then by port.
		known("listeners", knownvalue.ListPartial(map[int]knownvalue.Check{
			0: knownvalue.ObjectPartial(map[string]knownvalue.Check{"port": knownvalue.Int64Exact(5985), "process_name": textIs("System")}), 2: sql(),
		})),
		setting("max_user_port", map[string]knownvalue.Check{"default": knownvalue.Null(), "default_known": knownvalue.Bool(false)}),
	}
	if profile.Build != 7601 {
		reserved := span(1500, 60)
		reserved["transport"], reserved["family"], reserved["administered"] = textIs("tcp"), textIs("ipv4"), knownvalue.Bool(true)
		checks = append(checks, known("excluded_port_ranges", knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectExact(reserved)})), known("notes", knownvalue.ListSizeExact(0)))
	}
	return checks
}

// A host that is managed says by whom, and what awaits a restart.
func TestAccTCPIPSettingsOfAManagedHost(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("read"))
	host.SetDWORD("KeepAliveTime", 7200000)
	audited := strings.Replace(settings(host.HTTPAddr()), "\n}", "\n  depends_on = [windows_tcpip_tuning.test]\n}", 1)
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "keep_alive_time = 300000")+audited+
		"output \"same_owner\" {\n  value = data.windows_tcpip_settings.test.managed_by.owner == windows_tcpip_tuning.test.owner\n}\n"+
		"output \"original\" {\n  value = data.windows_tcpip_settings.test.managed_by.original\n}\n"+
		"output \"delay\" {\n  value = data.windows_tcpip_settings.test.values[\"tcp_timed_wait_delay\"].in_effect\n}\n")
	output := func(name string) string { return strings.TrimSpace(c.must(0, "output", "-json", name)) }
	c.must(0, "apply", "-auto-approve")
	for name, want := range map[string]string{
		"same_owner": "true", "original": `{"keep_alive_time":"REG_DWORD 7200000","tcp_timed_wait_delay":"absent"}`, "codes": `["restart_pending","delay_without_pool","listener_from_range"]`,
		"delay": `"pending"`,
	} {
		if got := output(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	host.Reboot()
	c.must(0, "apply", "-auto-approve")
	if got := output("codes"); got != `["delay_without_pool","listener_from_range"]` {
		t.Errorf("after a restart: %s", got)
	}
	if got := output("delay"); got != `"value"` {
		t.Errorf("after a restart TcpTimedWaitDelay is %s", got)
	}
	c.must(0, "destroy", "-auto-approve")
	c.config(sealed(host) + settings(host.HTTPAddr()) + "output \"managed\" {\n  value = data.windows_tcpip_settings.test.managed_by != null\n}\n")
	c.must(0, "apply", "-auto-approve")
	if got := output("managed"); got != "false" {
		t.Errorf("after a destroy: %s", got)
	}
}

// Warnings come where a part could not be read, and nowhere else. Policies are no such
// part.
func TestAccTCPIPSettingsWarnings(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("denied"))
	host.SetDWORD("MaxUserPort", 5000)
	c := newCLI(t, sealed(host)+settings(host.HTTPAddr())+"output \"notes\" {\n  value = data.windows_tcpip_settings.test.notes\n}\n")
	text := c.must(0, "apply", "-auto-approve", "-no-color")
	var notes []string
	if err := json.Unmarshal([]byte(c.must(0, "output", "-json", "notes")), &notes); err != nil || len(notes) != 1 || !strings.HasPrefix(notes[0], "policies: ") || strings.Count(text, "Warning: ") != 1 { // of dev_overrides
		t.Errorf("denied policies: %q, %v, %s", notes, err, text)
	}
	host.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "Create" || strings.Contains(call.WQL, "Win32_Process") {
			return winsim.AccessDeniedFault
		}
		return winsim.Proceed
	})
	text = strings.Join(strings.Fields(strings.ReplaceAll(c.must(0, "plan", "-no-color"), "│", " ")), " ")
	if want := "Warning: " + host.HTTPAddr() + ": not read: dynamic port ranges, excluded ranges, processes"; !strings.Contains(text, want) || strings.Count(text, "Warning: ") != 2 {
		t.Errorf("want one warning %q: %s", want, text)
	}
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.AccessDeniedFault })
	if exit, text := c.run("plan", "-no-color"); exit != 1 || !strings.Contains(text, "Unable to Read TCP/IP Settings of "+host.HTTPAddr()) || !strings.Contains(text, "Administrators") {
		t.Errorf("denied: %d, %s", exit, text)
	}
	host.Close()
	if exit, text := c.run("plan", "-no-color"); exit != 1 || !strings.Contains(text, "Unable to Read TCP/IP Settings of "+host.HTTPAddr()) {
		t.Errorf("gone: %d, %s", exit, text)
	}
}

// A domain controller, an auto-reuse range, an exclusion that leaves nothing, and
// MaxUserPort that a restart made the range of, or did not.
func TestAccTCPIPSettingsOfOddHosts(t *testing.T) {
	t.Parallel()
	for _, rules := range []bool{true, false} {
		host := winsim.Start(t, winsim.Server2025(), winsim.DomainController(), winsim.PolicyResults("missing"), winsim.MaxUserPortRules(rules))
		host.SetAutoReuse(tcpstack.Range{Start: 20000, Number: 1000})
		host.SetDWORD("MaxUserPort", 17406)
		host.Reboot()
		start, number := int64(49152), int64(16384)
		want := []string{"max_user_port_on_modern_windows", "auto_reuse_range", "listener_from_range", "not_read"}
		if rules {
			start, number = 1024, 16383
			want = append(want, "pool_below_default", "start_below_minimum", "listener_in_range", "service_port_in_range")
		}
		accept(t, resource.TestStep{Config: sealed(host) + settings(host.HTTPAddr()), ConfigStateChecks: []statecheck.StateCheck{
			known("operating_system", knownvalue.ObjectPartial(map[string]knownvalue.Check{"product_type": textIs("domain controller"), "domain_role": textIs("primary domain controller")})),
			known("auto_reuse_range", knownvalue.ObjectExact(span(20000, 1000))),
			statecheck.ExpectKnownValue(settingsAddress, tfjsonpath.New("port_ranges").AtMapKey("tcp").AtMapKey("ipv4"), knownvalue.ObjectExact(span(start, number))),
			setting("max_user_port", map[string]knownvalue.Check{"number": knownvalue.Int64Exact(17406), "in_effect": textIs("unknown")}),
			codes(want...),
		}})
	}
	host := winsim.Start(t, winsim.Server2019(), winsim.PolicyResults("read"), winsim.DomainLogonNeedsPort(false))
	host.SetPorts(tcpstack.Range{Start: 60000, Number: 255}, tcpstack.Range{Start: 60000, Number: 255})
	accept(t, resource.TestStep{Config: sealed(host) + settings(host.HTTPAddr()), ConfigStateChecks: []statecheck.StateCheck{
		statecheck.ExpectKnownValue(settingsAddress, tfjsonpath.New("findings").AtSliceIndex(0), knownvalue.ObjectPartial(map[string]knownvalue.Check{
			"severity": textIs("error"), "code": textIs("excluded_covers_range"), "subject": textIs("dynamic_port_range.tcp.ipv4"),
		})),
		codes("excluded_covers_range", "pool_below_default"),
	}})
}

// The example of the docs, against a host that has something to say and one that has
// not.
func TestAccTCPIPSettingsExample(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile(filepath.Join("..", "..", "examples", "data-sources", "windows_tcpip_settings", "data-source.tf"))
	if err != nil {
		t.Fatal(err)
	}
	old, modern := winsim.Start(t, winsim.Server2003(), winsim.Seed(1)), winsim.Start(t, winsim.Server2022(), winsim.Seed(1))
	old.SetDWORD("TcpTimeWaitDelay", 30)
	for _, c := range []struct {
		host  *winsim.Host
		wants []string // of what apply says, and of the outputs
	}{
		{old, []string{"mail01: name_misspelled: TcpTimeWaitDelay", "time_wait_seconds = 120", "number_of_ports = 3976"}},
		{modern, []string{"time_wait_seconds = 240", "number_of_ports = 16384"}},
	} {
		cli := newCLI(t, sealed(c.host)+strings.Replace(string(example), "mail01.contoso.com", c.host.HTTPAddr(), 1))
		output := cli.must(0, "apply", "-auto-approve", "-no-color")
		text := strings.Join(strings.Fields(strings.ReplaceAll(output, "│", " ")), " ")
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("apply does not say %q: %s", want, output)
			}
		}
		if warned := strings.Contains(text, "Check block assertion failed"); warned != (c.host == old) {
			t.Errorf("the check warns: %v: %s", warned, output)
		}
	}
}

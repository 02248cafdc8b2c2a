package provider

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// outputs gives the root module's outputs in JSON.
func outputs(c *cli) map[string]string {
	c.t.Helper()
	var values map[string]struct{ Value json.RawMessage }
	if err := json.Unmarshal([]byte(c.must(0, "output", "-json")), &values); err != nil {
		c.t.Fatal(err)
	}
	texts := map[string]string{}
	for name, output := range values {
		var compact bytes.Buffer
		if err := json.Compact(&compact, output.Value); err != nil {
			c.t.Fatal(err)
		}
		texts[name] = compact.String()
	}
	return texts
}

// The functions need no host, no credentials and no provider block.
func TestAccFunctions(t *testing.T) {
	t.Parallel()
	expressions := map[string][2]string{
		"untouched":   {`floor(provider::windows::sustainable_connection_rate(16384, 240))`, `68`},
		"text":        {`format("%.1f", provider::windows::sustainable_connection_rate(16384, 240))`, `"68.3"`},
		"not_rounded": {`provider::windows::sustainable_connection_rate(16384, 240) == 16384 / 240`, `true`},
		"to_the_last": {`provider::windows::sustainable_connection_rate(9, 30)`, `0.3`},
		"at_least":    {`provider::windows::sustainable_connection_rate(16389, 30) >= 546.3`, `true`}, // in float64 it is below
		"none":        {`provider::windows::sustainable_connection_rate(0, 30)`, `0`},
		"required":    {`provider::windows::required_ports(0.1, 30)`, `3`},
		"rounded_up":  {`provider::windows::required_ports(68.3, 240)`, `16392`},
		"more":        {`provider::windows::required_ports(5000, 30)`, `150000`},
		"idle":        {`provider::windows::required_ports(0, 30)`, `0`},
		"inverse":     {`provider::windows::required_ports(provider::windows::sustainable_connection_rate(16384, 30), 30)`, `16384`},
		"quotient":    {`provider::windows::required_ports(16384 / 30, 30)`, `16384`},
		"sum":         {`provider::windows::required_ports(0.1 + 0.2, 10)`, `3`},
		"from_text":   {`provider::windows::required_ports("0.1", "30")`, `3`},
		"conflicts":   {`provider::windows::port_range_conflicts(1025, 64511, [5985, 1433, 443, 1433])`, `[1433,5985]`},
		"from_a_set":  {`provider::windows::port_range_conflicts(1025, 64511, toset([5985, 1433]))`, `[1433,5985]`},
		"clear":       {`provider::windows::port_range_conflicts(49152, 16384, [1433, 3389])`, `[]`},
		"no_services": {`provider::windows::port_range_conflicts(1025, 64511, [])`, `[]`},
	}
	config, want := "", map[string]string{}
	for name, tt := range expressions {
		config += "output \"" + name + "\" {\n  value = " + tt[0] + "\n}\n"
		want[name] = tt[1]
	}
	c := newCLI(t, config)
	c.must(0, "apply", "-auto-approve")
	got := outputs(c)
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s is %s, want %s", expressions[name][0], got[name], want[name])
		}
	}
	// What came back from the state is what is computed anew.
	c.must(0, "plan", "-detailed-exitcode")
}

// An error marks the argument in the configuration and says what to do.
func TestAccFunctionsRefuse(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		`sustainable_connection_rate(16384, 240000)`:     `Invalid value for "timed_wait_delay" parameter: timed_wait_delay 240000 is 0x3a980, outside its range 1 to 300 (seconds): did you mean 240? The unit is seconds. Give the host's TcpTimedWaitDelay, or 240 where it is not set.`,
		`sustainable_connection_rate(-1, 30)`:            `Invalid value for "number_of_ports" parameter: number_of_ports -1 is negative`,
		`sustainable_connection_rate(null, 30)`:          `Invalid value for "number_of_ports" parameter: argument must not be null.`,
		`sustainable_connection_rate("many", 30)`:        `Invalid value for "number_of_ports" parameter: a number is required.`,
		`required_ports(-0.5, 30)`:                       `Invalid value for "connections_per_second" parameter: connections_per_second -0.5 is outside its range 0 to 1000000000.`,
		`required_ports(10, 0)`:                          `Invalid value for "timed_wait_delay" parameter: timed_wait_delay 0 is 0x0, outside its range 1 to 300`,
		`port_range_conflicts(1025, 65000, [1433])`:      `Invalid value for "number_of_ports" parameter: 65000 ports from start_port 1025 on end at 66024, after the last port, 65535. Give number_of_ports 64511 or fewer.`,
		`port_range_conflicts(1025, 255, [1433, 70000])`: `Invalid value for "ports" parameter: ports[1] 70000 is 0x11170, outside its range 1 to 65535`,
		`port_range_conflicts(1025, 255, [1433, null])`:  `Invalid value for "ports" parameter: ports[1] is null.`,
		`port_range_conflicts(1025, 255, null)`:          `Invalid value for "ports" parameter: argument must not be null.`,
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			c := newCLI(t, "output \"test\" {\n  value = provider::windows::"+call+"\n}\n")
			if output := flowing(c.must(1, "plan", "-no-color")); !strings.Contains(output, want) {
				t.Errorf("%s says\n%s\nwant\n%s", call, output, want)
			}
		})
	}
}

// flowing takes out where the CLI breaks lines, and its frame.
func flowing(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "│", " ")), " ")
}

// What is not known at plan time is computed by the apply.
func TestAccFunctionsOfUnknownNumbers(t *testing.T) {
	t.Parallel()
	c := newCLI(t, `
resource "terraform_data" "later" {
  input = 30
}
locals {
  delay = terraform_data.later.output
}
output "rate" {
  value = provider::windows::sustainable_connection_rate(15000, local.delay)
}
output "ports" {
  value = provider::windows::required_ports(500, local.delay)
}
output "conflicts" {
  value = provider::windows::port_range_conflicts(1025, 64511, [1433, local.delay * 100])
}
`)
	planned := c.must(0, "plan", "-no-color")
	for _, output := range []string{"rate", "ports", "conflicts"} {
		if !regexp.MustCompile(`\+ ` + output + ` += \(known after apply\)`).MatchString(planned) {
			t.Errorf("%s is not unknown in the plan:\n%s", output, planned)
		}
	}
	c.must(0, "apply", "-auto-approve")
	if got := outputs(c); got["rate"] != "500" || got["ports"] != "15000" || got["conflicts"] != "[1433,3000]" {
		t.Errorf("after the apply: %v", got)
	}
}

// The examples of the documentation, as they are: what they say of their numbers is
// true, a check warns, a validation stops the plan.
func TestAccFunctionExamples(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		outputs  map[string]string
		exit     int    // of a plan with a load or range that does not fit
		variable string // which is this
		want     string
	}{
		"sustainable_connection_rate": {map[string]string{"sustainable": "68"}, 0, "peak=68.5", "16384 ports sustain 68.3 new connections per second, the peak is 68.5."},
		"required_ports":              {map[string]string{"required": "45000"}, 1, "pool={number_of_ports=16384,timed_wait_delay=240,connections_per_second=68.3}", "68.3 connections per second require 16392 ports."},
		"port_range_conflicts":        {map[string]string{}, 1, "range={start_port=1025,number_of_ports=64511}", "The range contains the port of SQL Server, Remote Desktop or WinRM."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			example, err := os.ReadFile(filepath.Join("..", "..", "examples", "functions", name, "function.tf"))
			if err != nil {
				t.Fatal(err)
			}
			c := newCLI(t, "")
			c.file("main.tf", string(example))
			if output := c.must(0, "apply", "-auto-approve", "-json"); len(diagnostics(t, output, "warning")) != 0 {
				t.Errorf("the example warns as it is: %s", output)
			}
			got := outputs(c)
			for name, want := range tt.outputs {
				if got[name] != want {
					t.Errorf("%s is %s, want %s", name, got[name], want)
				}
			}
			if output := flowing(c.must(tt.exit, "plan", "-no-color", "-var", tt.variable)); !strings.Contains(output, tt.want) {
				t.Errorf("with %s: %s\nwant %s", tt.variable, output, tt.want)
			}
		})
	}
}

// A check that the range fails names the ports and leaves the plan alone.
func TestAccFunctionInACheck(t *testing.T) {
	t.Parallel()
	c := newCLI(t, "")
	example, err := os.ReadFile(filepath.Join("..", "..", "examples", "functions", "port_range_conflicts", "function.tf"))
	if err != nil {
		t.Fatal(err)
	}
	c.file("main.tf", string(example))
	output := c.must(0, "plan", "-json", "-var", "range={start_port=10000,number_of_ports=20000}")
	warned := diagnostics(t, output, "warning")
	if len(warned) != 1 || warned[0].Detail != "Reserve these ports, or move the range: 12000." {
		t.Errorf("warnings %+v", warned)
	}
}

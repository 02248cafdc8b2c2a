package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// drift runs examples/ci-drift/drift.sh as a CI job does, demands its exit code and
// that nothing of a plan is left behind, and returns what it said.
func (c *cli) drift(want int, args ...string) (output string) {
	c.t.Helper()
	script, err := filepath.Abs("../../examples/ci-drift/drift.sh")
	if err != nil {
		c.t.Fatal(err)
	}
	temporary := c.t.TempDir()
	command := exec.CommandContext(context.Background(), "sh", append([]string{script}, args...)...) // #nosec G204 -- the script under test
	command.Dir = c.dir
	command.Env = append(append([]string{}, c.env...), "TF_CLI="+c.path, "TMPDIR="+temporary)
	out, err := command.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		c.t.Fatal(err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		c.t.Errorf("left in the temporary directory: %v %v", left, err)
	}
	if got := command.ProcessState.ExitCode(); got != want {
		c.t.Fatalf("drift.sh exited with %d, want %d:\n%s", got, want, out)
	}
	return string(out)
}

// says demands lines of the summary; columns may be of any width.
func says(t *testing.T, output string, lines ...string) {
	t.Helper()
	squeezed := regexp.MustCompile(`  +`).ReplaceAllString(output, "  ")
	for _, line := range lines {
		if !strings.Contains(squeezed, line) {
			t.Errorf("%q is not in\n%s", line, output)
		}
	}
}

// rows are the hosts of the table below DRIFT, each as often as it has a row.
func rows(output string) []string {
	var hosts []string
	_, table, _ := strings.Cut(output, "\nDRIFT (")
	table, _, _ = strings.Cut(table, "\n\n")
	for i, line := range strings.Split(table, "\n") {
		if fields := strings.Fields(line); i > 1 && len(fields) > 0 {
			hosts = append(hosts, fields[0])
		}
	}
	return hosts
}

// A host that is as configured, was restarted, or was patched is no difference;
// nor is an output that changed.
func TestAccDriftScriptClean(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	config := sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534")
	c := newCLI(t, config)
	c.must(0, "apply", "-auto-approve")
	says(t, c.drift(0), "\nclean: hosts read: 1, hosts that differ: 0, problems: 0 (exit code 0)")
	host.Reboot()
	says(t, c.drift(0), "\nclean: hosts read: 1")
	// A patch: the host restarts, and Windows sets a value that nobody manages here.
	host.SetDWORD("KeepAliveTime", 7200000)
	host.Reboot()
	says(t, c.drift(0), "\nclean: hosts read: 1")
	c.config(config + "output \"delay\" {\n  value = " + address + ".tcp_timed_wait_delay\n}\n")
	says(t, c.drift(0), "OUTPUTS THAT CHANGE (no difference on a host)\n  delay\n", "\nclean: hosts read: 1")
	host.SetDWORD("TcpTimedWaitDelay", 60)
	output := c.drift(2)
	says(t, output, "  "+host.HTTPAddr()+"  tcp_timed_wait_delay  60  30\n", "\n  delay\n", "\nDRIFT: hosts read: 1, hosts that differ: 1, problems: 0 (exit code 2)")
}

// Ten hosts: two drifted, one holds a wrong type, later one is dead.
func TestAccDriftScriptTenHosts(t *testing.T) {
	t.Parallel()
	hosts := startFleet(t, 10, 100)
	c := newCLI(t, sealed(hosts[0])+fleetOf("mail", hosts, "tcp_timed_wait_delay = 30", "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	says(t, c.drift(0, "-parallelism=20"), "clean: hosts read: 10,")
	hosts[2].SetDWORD("TcpTimedWaitDelay", 240)
	hosts[5].DeleteValue("MaxUserPort")
	hosts[7].SetString("TcpTimedWaitDelay", "30")
	found := []string{
		"  " + hosts[2].HTTPAddr() + "  tcp_timed_wait_delay  240  30\n",
		"  " + hosts[5].HTTPAddr() + "  max_user_port  (none)  65534\n",
		"  " + hosts[7].HTTPAddr() + "  tcp_timed_wait_delay  (none)  30\n",
		"  " + hosts[7].HTTPAddr() + `: TcpTimedWaitDelay is REG_SZ "30"; Windows ignores it`,
	}
	output := c.drift(2)
	says(t, output, append(found, "\nDRIFT: hosts read: 10, hosts that differ: 3, problems: 0 (exit code 2)")...)
	if got := rows(output); len(got) != 3 {
		t.Errorf("the table has %d rows:\n%s", len(got), output)
	}
	// Drift and a dead host together: 1, and the drift is listed all the same.
	hosts[4].Close()
	output = c.drift(1)
	says(t, output, append(found, "NOT CHECKED\n  Unable to Read TCP/IP Tuning of "+hosts[4].HTTPAddr()+"\n", "the connection was refused",
		"\nNOT CHECKED: hosts read: 9, hosts that differ: 3, problems: 1 (exit code 1)")...)
	// A dead host alone, the nine others as configured.
	hosts[2].SetDWORD("TcpTimedWaitDelay", 30)
	hosts[5].SetDWORD("MaxUserPort", 65534)
	hosts[7].SetDWORD("TcpTimedWaitDelay", 30)
	output = c.drift(1)
	says(t, output, "  Unable to Read TCP/IP Tuning of "+hosts[4].HTTPAddr(), "\nNOT CHECKED: hosts read: 9, hosts that differ: 0, problems: 1 (exit code 1)")
	if got := rows(output); len(got) != 0 {
		t.Errorf("drift that is none: %q", got)
	}
}

// Under on_unreachable = "warn" the plan goes well, exit code 0 or 2; the check
// does not.
func TestAccDriftScriptUnreachableWarns(t *testing.T) {
	t.Parallel()
	hosts := startFleet(t, 3, 120)
	c := newCLI(t, sealed(hosts[0], `on_unreachable = "warn"`)+fleetOf("mail", hosts, "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	says(t, c.drift(0), "clean: hosts read: 3,")
	hosts[1].Close()
	c.must(0, "plan", "-detailed-exitcode")
	says(t, c.drift(1), "NOT CHECKED\n  "+hosts[1].HTTPAddr()+": drift NOT checked\n", "\nNOT CHECKED: hosts read: 2, hosts that differ: 0, problems: 1 (exit code 1)")
	hosts[2].SetDWORD("MaxUserPort", 5000)
	c.must(2, "plan", "-detailed-exitcode")
	says(t, c.drift(1), "  "+hosts[1].HTTPAddr()+": drift NOT checked\n", "  "+hosts[2].HTTPAddr()+"  max_user_port  5000  65534\n")
}

// Credentials that are not known before an apply: nothing was checked. What other
// resources hold, a password perhaps, is not printed.
func TestAccDriftScriptUnknownCredentials(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	config := func(trigger string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"secret\" {\n  input = %q\n  triggers_replace = %q\n}\nprovider \"windows\" {\n  username = %q\n  password = terraform_data.secret.output\n}\n",
			host.Password(), trigger, host.Username()) + tuned(host.HTTPAddr(), "max_user_port = 65534")
	}
	c := newCLI(t, config("one"))
	c.must(0, "apply", "-auto-approve")
	says(t, c.drift(0), "clean: hosts read: 1,")
	c.config(config("two"))
	output := c.drift(1)
	says(t, output, "NOT CHECKED\n  "+host.HTTPAddr()+": drift NOT checked\n", "  terraform_data.secret: delete and create\n", "\nNOT CHECKED: hosts read: 0,")
	if strings.Contains(output, host.Password()) {
		t.Errorf("the password is printed:\n%s", output)
	}
}

// Options reach plan, -chdir too; the value of a sensitive variable reaches
// nobody, though the plan file holds it.
func TestAccDriftScriptVariables(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	c := newCLI(t, fmt.Sprintf("variable \"password\" {\n  type      = string\n  sensitive = true\n}\nvariable \"port\" {\n  type      = number\n  sensitive = true\n}\n"+
		"provider \"windows\" {\n  username = %q\n  password = var.password\n}\n", host.Username())+tuned(host.HTTPAddr(), "tcp_max_data_retransmissions = var.port", "keep_alive_time = 7200000"))
	c.file("prod.tfvars", fmt.Sprintf("password = %q\nport = 54321\n", host.Password()))
	c.must(0, "apply", "-auto-approve", "-var-file=prod.tfvars")
	says(t, c.drift(0, "-chdir="+c.dir, "-var-file=prod.tfvars"), "clean: hosts read: 1,")
	host.SetDWORD("TcpMaxDataRetransmissions", 5000)
	host.SetDWORD("KeepAliveTime", 1)
	output := c.drift(2, "-var-file=prod.tfvars")
	says(t, output, "  tcp_max_data_retransmissions  (sensitive)  (sensitive)\n", "  keep_alive_time  1  7200000\n")
	if strings.Contains(output, host.Password()) || strings.Contains(output, "54321") {
		t.Errorf("a secret is printed:\n%s", output)
	}
	says(t, c.drift(1), "NOT CHECKED\n  No value for required variable\n", "(exit code 1)")
	c.drift(1, "-var-file=prod.tfvars", "-refresh=false")
}

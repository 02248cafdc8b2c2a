//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/fleetbench/relay"
)

// sample is what one plan took.
type sample struct {
	wall      time.Duration
	provider  time.Duration // CPU time of all its processes
	terraform time.Duration // CPU time of the command line itself
	peak      int64         // bytes, of the largest provider process
	processes int           // of the provider
}

// plans is a folder with a configuration for a fleet.
type plans struct {
	cli, work, dir, usage string
}

// configuration manages two values of each host, as the docs' example does.
const configuration = `terraform {
  required_providers {
    windows = { source = "windows-baseline/windows" }
  }
}
provider "windows" {
  username = %q
  password = %q
}
variable "delay" { default = 30 }
variable "port" { default = 65534 }
resource "windows_tcpip_tuning" "fleet" {
  for_each             = toset(%s)
  host                 = each.key
  tcp_timed_wait_delay = var.delay
  max_user_port        = var.port
}
`

// newPlans makes the folder dir in the folder work, where the programs are.
func newPlans(cli, work, dir string, fleet relay.Fleet) (*plans, error) {
	p := &plans{cli: cli, work: work, dir: dir, usage: filepath.Join(work, "usage")}
	hosts, err := json.Marshal(fleet.Hosts)
	if err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	settings := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"windows-baseline/windows\" = %q\n  }\n  direct {}\n}\n", filepath.Join(work, "bin"))
	return p, errors.Join(
		os.WriteFile(filepath.Join(p.dir, "cli.tfrc"), []byte(settings), 0o600),
		os.WriteFile(filepath.Join(p.dir, "main.tf"), fmt.Appendf(nil, configuration, fleet.Username, fleet.Password, hosts), 0o600))
}

// apply sets all hosts up with the real provider; the state that it leaves serves both.
func (p *plans) apply(ctx context.Context) error {
	_, err := p.run(ctx, "ours", "apply", "-auto-approve", "-parallelism=50")
	return err
}

// plan measures one plan, which must find no difference.
func (p *plans) plan(ctx context.Context, provider string, parallelism int) (sample, error) {
	return p.run(ctx, provider, "plan", "-detailed-exitcode", "-parallelism="+strconv.Itoa(parallelism))
}

// change measures one plan that sets a variable and so changes something on each host.
func (p *plans) change(ctx context.Context, provider string, parallelism int, variable string) (sample, error) {
	return p.run(ctx, provider, "plan", "-var="+variable, "-parallelism="+strconv.Itoa(parallelism))
}

func (p *plans) run(ctx context.Context, provider string, args ...string) (sample, error) {
	if err := os.Remove(p.usage); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sample{}, fmt.Errorf("forget the last plan: %w", err)
	}
	command := exec.CommandContext(ctx, p.cli, append(args, "-input=false", "-no-color")...) // #nosec G204 -- the user's own Terraform
	command.Dir = p.dir
	command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(p.dir, "cli.tfrc"), "TF_IN_AUTOMATION=1",
		"FLEETBENCH_PROGRAM="+filepath.Join(p.work, provider), "FLEETBENCH_USAGE="+p.usage)
	// Killed by -9, the command line would leave its providers behind; and a second interrupt, as Ctrl-C sends one to the
	// whole group, would have it do the same.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	begin := time.Now()
	err := command.Run()
	wall := time.Since(begin)
	if err != nil {
		return sample{}, fmt.Errorf("%s with the provider %q: %w\n%s", strings.Join(args, " "), provider, err, tail(output.Bytes(), 4000))
	}
	s, err := readUsage(p.usage)
	if err != nil {
		return sample{}, err
	}
	s.wall = wall
	// What a process used includes the processes that it waited for.
	used, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return sample{}, errors.New("this system does not say what a process used")
	}
	s.terraform = time.Duration(used.Utime.Nano()+used.Stime.Nano()) - s.provider
	return s, nil
}

// readUsage adds up what the provider's processes noted.
func readUsage(path string) (sample, error) {
	content, err := os.ReadFile(path) // #nosec G304 -- our own
	if err != nil {
		return sample{}, fmt.Errorf("no process of the provider noted what it used: %w", err)
	}
	var s sample
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		var usage struct{ CPU, Peak int64 }
		if err := json.Unmarshal(lines.Bytes(), &usage); err != nil {
			return s, fmt.Errorf("a process of the provider noted %q: %w", lines.Text(), err)
		}
		s.provider += time.Duration(usage.CPU)
		s.peak = max(s.peak, usage.Peak)
		s.processes++
	}
	return s, nil
}

// tail is the end of a text, where the errors stand.
func tail(text []byte, n int) []byte { return text[max(0, len(text)-n):] }

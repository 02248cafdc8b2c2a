//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/fleetbench/relay"
)

// fleet is the running process with the simulated hosts.
type fleet struct {
	relay.Fleet
	command *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Scanner
}

// startFleet starts that many hosts; they end with stop, or with this process.
func startFleet(program string, count int, delay time.Duration) (*fleet, error) {
	f := &fleet{command: exec.Command(program, //nolint:noctx // it ends with its standard input
		"-hosts", strconv.Itoa(count), "-delay", delay.String())} // #nosec G204 -- built by build
	f.command.Stderr = os.Stderr
	f.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // stop ends it, also after Ctrl-C
	ask, err := f.command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the hosts: %w", err)
	}
	answers, err := f.command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the hosts: %w", err)
	}
	f.ask, f.answers = ask, bufio.NewScanner(answers)
	f.answers.Buffer(nil, 1<<20)
	if err := f.command.Start(); err != nil {
		return nil, fmt.Errorf("start the hosts: %w", err)
	}
	if err := f.next(&f.Fleet); err != nil {
		return nil, errors.Join(err, f.stop())
	}
	return f, nil
}

func (f *fleet) next(into any) error {
	if !f.answers.Scan() {
		return errors.Join(errors.New("the process with the hosts ended"), f.answers.Err())
	}
	if err := json.Unmarshal(f.answers.Bytes(), into); err != nil {
		return fmt.Errorf("the process with the hosts said %q: %w", f.answers.Text(), err)
	}
	return nil
}

// take gives what went over the network since the last take.
func (f *fleet) take() (counts relay.Counts, err error) {
	if _, err := io.WriteString(f.ask, "\n"); err != nil {
		return counts, fmt.Errorf("ask the hosts what they counted: %w", err)
	}
	return counts, f.next(&counts)
}

func (f *fleet) stop() error {
	_ = f.ask.Close() // it may have ended by itself, which Wait says
	if err := f.command.Wait(); err != nil {
		return fmt.Errorf("the process with the hosts: %w", err)
	}
	return nil
}

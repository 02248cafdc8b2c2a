//go:build linux

// Command measured runs a program as Terraform would run it and notes what it
// cost: a line of JSON in the file that FLEETBENCH_USAGE names, once the program
// of FLEETBENCH_PROGRAM has ended. Terraform starts a provider several times for
// one plan and waits for each; nobody but its parent is told what a process used.
//
// It is also what makes the peak of memory true: Linux counts into a process's
// peak the memory that the starting process had, which would be Terraform's.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// Usage is what one process used.
type Usage struct {
	CPU  int64 `json:"cpu"`  // user and system time, nanoseconds
	Peak int64 `json:"peak"` // largest resident set, bytes
}

func main() {
	code, err := run(os.Getenv("FLEETBENCH_PROGRAM"), os.Args[1:], os.Getenv("FLEETBENCH_USAGE"))
	if err != nil {
		fmt.Fprintf(os.Stderr, "measured: %v\n", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(program string, args []string, file string) (code int, err error) {
	signal.Ignore(os.Interrupt)               // goes to the whole group; Terraform decides when its provider ends
	runtime.LockOSThread()                    // Pdeathsig follows the thread that started the program
	command := exec.Command(program, args...) //nolint:noctx,gosec // the bench names it; Terraform ends it
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return 0, fmt.Errorf("start the provider: %w", err)
	}
	ended := command.Wait()
	if command.ProcessState == nil {
		return 0, fmt.Errorf("wait for the provider: %w", ended)
	}
	return command.ProcessState.ExitCode(), note(command.ProcessState, file)
}

// note appends the line in one write, so that lines of several processes do not mix.
func note(state *os.ProcessState, file string) error {
	used, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return fmt.Errorf("this system does not say what a process used")
	}
	line, err := json.Marshal(Usage{CPU: used.Utime.Nano() + used.Stime.Nano(), Peak: used.Maxrss << 10})
	if err != nil {
		return fmt.Errorf("write what was used: %w", err)
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) // #nosec G304 G703 -- the bench names it
	if err != nil {
		return fmt.Errorf("note what was used: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

//go:build !windows

package provider

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// writesNumber is a moment: a number is being written to a value.
func writesNumber(name string, number int64) func(winsim.Call) bool {
	return func(call winsim.Call) bool {
		return call.Method == "SetDWORDValue" && strings.EqualFold(call.ValueName, name) && (number == 0 || call.Params["uValue"] == fmt.Sprint(number))
	}
}

// once is at, but for the first such moment only; came tells whether it came.
func once(at func(winsim.Call) bool) (first func(winsim.Call) bool, came *atomic.Bool) {
	came = new(atomic.Bool)
	return func(call winsim.Call) bool { return at(call) && came.CompareAndSwap(false, true) }, came
}

func asBefore(t *testing.T, host *winsim.Host) {
	t.Helper()
	untouched(t, host, map[string]string{"KeepAliveTime": "REG_DWORD 300000", "KeepAliveInterval": "absent", "TcpMaxDataRetransmissions": "absent", "TcpTimedWaitDelay": "absent"})
	rangesAre(t, host, usual, usual, usual, usual)
}

func cutOffHost(t *testing.T) *winsim.Host {
	t.Helper()
	host := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("read"))
	host.SetDWORD("KeepAliveTime", 300000)
	return host
}

// A run whose context is over puts the host back, if there is anything to put back. A
// write is left unanswered, so that the run cannot have passed it.
func TestAccWindowsCoreCancelled(t *testing.T) {
	t.Parallel()
	for step, tt := range map[string]struct {
		at     func(winsim.Call) bool
		answer winsim.Action
	}{
		"audit":   {func(call winsim.Call) bool { return call.Method == "EnumValues" }, winsim.Proceed},
		"destroy": {writesNumber("KeepAliveTime", 300000), winsim.Hang},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			host := cutOffHost(t)
			k := simulatedCore(t, host, true)
			k.notes = filepath.Join(t.TempDir(), "record.json")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			k.ctx = ctx
			at, came := once(tt.at)
			host.Intercept(func(call winsim.Call) winsim.Action {
				if !at(call) {
					return winsim.Proceed
				}
				cancel()
				return tt.answer
			})
			if err := k.steps(); err == nil || !strings.HasPrefix(err.Error(), step+": ") || !strings.Contains(err.Error(), "interrupted") || !came.Load() {
				t.Errorf("the steps ended with %v", err)
			}
			if lines := k.putBack(); len(lines) > 0 {
				t.Errorf("to put back: %q", lines)
			}
			asBefore(t, host)
			if _, err := os.Stat(k.notes); err == nil {
				t.Error("the record is still there")
			}
		})
	}
}

// The script, struck as users and machines do it.
func TestAccWindowsCoreCutOff(t *testing.T) {
	t.Parallel()
	send := func(t *testing.T, process int, signal syscall.Signal) {
		if err := syscall.Kill(process, signal); err != nil {
			t.Error(err)
		}
	}
	for name, tt := range map[string]struct {
		at     func(winsim.Call) bool
		again  func(winsim.Call) bool // a second blow
		signal syscall.Signal
		group  int // 1: the script alone, -1: all processes of the terminal
		deaf   bool
	}{
		"TERM in create": {at: writesNumber("KeepAliveInterval", 0), signal: syscall.SIGTERM, group: 1},
		"Ctrl-C twice":   {at: writesNumber("TcpMaxDataRetransmissions", 5), again: writesNumber("KeepAliveTime", 300000), signal: syscall.SIGINT, group: -1},
		"HUP in drift":   {at: writesNumber("KeepAliveTime", 7000000), signal: syscall.SIGHUP, group: -1, deaf: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := cutOffHost(t)
			folder := t.TempDir()
			report := filepath.Join(folder, "report.txt")
			command := scriptOf(t, host, folder, "--yes", "--ranges", "--report", report, host.HTTPAddr())
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell at a terminal gives it
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = reader.Close() }() // a second time where nobody listens
			command.Stdout, command.Stderr = writer, writer
			first, struck := once(tt.at)
			second, again := once(func(call winsim.Call) bool { return tt.again != nil && struck.Load() && tt.again(call) })
			host.Intercept(func(call winsim.Call) winsim.Action {
				switch {
				case first(call):
					if tt.deaf {
						_ = reader.Close() // what the run says goes nowhere, by SIGPIPE
					}
					send(t, tt.group*command.Process.Pid, tt.signal)
					return winsim.Hang
				case second(call):
					send(t, tt.group*command.Process.Pid, tt.signal)
				}
				return winsim.Proceed
			})
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			_ = writer.Close()
			said, _ := io.ReadAll(reader)
			err = command.Wait()
			if !struck.Load() || tt.again != nil && !again.Load() {
				t.Fatalf("it did not come so far: %s", said)
			}
			if command.ProcessState.ExitCode() != 1 && !tt.deaf || err == nil {
				t.Errorf("it ended with %v:\n%s", err, said)
			}
			asBefore(t, host)
			for _, line := range []string{"it again, it puts the host back first", "/d 300000 /f", "Interrupted (", "The host is as it was before.", "Interrupted by SIG"} {
				if !tt.deaf && !bytes.Contains(said, []byte(line)) {
					t.Errorf("the output lacks %q:\n%s", line, said)
				}
			}
			leaves(t, folder, 0)
			if content, err := os.ReadFile(report); err != nil || !strings.Contains(string(content), "step destroy after a failure: ok") {
				t.Errorf("the report is (%v)\n%s", err, content)
			}
		})
	}
	// In create, where the owner of the journal is not known yet.
	t.Run("kill -9", func(t *testing.T) {
		t.Parallel()
		host := cutOffHost(t)
		folder := t.TempDir()
		command := scriptOf(t, host, folder, "--yes", "--ranges", "--report", filepath.Join(folder, "report.txt"), host.HTTPAddr())
		command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		terraform := filepath.Join(folder, "terraform")
		wrapper := fmt.Sprintf("#!/bin/sh\necho $$ >'%s/pid'\nexec '%s' \"$@\"\n", folder, newCLI(t, "").path)
		if err := os.WriteFile(terraform, []byte(wrapper), 0o700); err != nil { // #nosec G306 -- a program
			t.Fatal(err)
		}
		command.Env = append(command.Env, "TF_CLI="+terraform)
		at, came := once(writesNumber("KeepAliveInterval", 0)) // the other value and the journal are written
		host.Intercept(func(call winsim.Call) winsim.Action {
			if !at(call) {
				return winsim.Proceed
			}
			send(t, -command.Process.Pid, syscall.SIGKILL)
			var process int
			text, err := os.ReadFile(filepath.Join(folder, "pid"))
			if err == nil {
				_, err = fmt.Sscan(string(text), &process)
			}
			if err != nil {
				t.Error(err)
				return winsim.Hang
			}
			send(t, -process, syscall.SIGKILL)
			return winsim.Hang
		})
		if out, err := command.CombinedOutput(); err == nil || !came.Load() {
			t.Fatalf("it ended with %v:\n%s", err, out)
		}
		if has := journalOf(t, host); len(has.Values) == 0 {
			t.Errorf("nothing was written: %+v", has)
		}
		leaves(t, folder, 1)
		records, _ := filepath.Glob(filepath.Join(folder, "state", "*", "core-*.json"))
		next := simulatedCore(t, host, true)
		next.notes = records[0]
		putBackFirst(t, next)
		asBefore(t, host)
	})
}

// leaves demands so many records of a run that ended, and without one, none of its files.
func leaves(t *testing.T, folder string, want int) {
	t.Helper()
	records, err := filepath.Glob(filepath.Join(folder, "state", "*", "core-*.json"))
	if err != nil || len(records) != want {
		t.Fatalf("records of what is to be put back: %v (%v), want %d", records, err, want)
	}
	if left, err := os.ReadDir(filepath.Join(folder, "tmp")); err != nil || len(left) > 0 && want == 0 {
		t.Errorf("files are left: %v (%v)", left, err)
	}
}

package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// mortal makes the CLI start the provider by a script that notes its process, and
// gives what kills the one that was started last.
func (c *cli) mortal() (kill func()) {
	c.t.Helper()
	program, err := buildProvider()
	if err != nil {
		c.t.Fatal(err)
	}
	folder := c.t.TempDir()
	noted := filepath.Join(folder, "process")
	script := fmt.Sprintf("#!/bin/sh\necho $$ >'%s'\nexec '%s' \"$@\"\n", noted, filepath.Join(program, "terraform-provider-windows"))
	if err := os.WriteFile(filepath.Join(folder, "terraform-provider-windows"), []byte(script), 0o700); err != nil { // #nosec G306 -- a program
		c.t.Fatal(err)
	}
	c.override(folder)
	return func() {
		text, err := os.ReadFile(noted) // #nosec G304 -- our own
		if err != nil {
			c.t.Error(err)
			return
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			c.t.Error(err)
			return
		}
		process, err := os.FindProcess(pid)
		if err == nil {
			err = process.Kill()
		}
		if err != nil {
			c.t.Error(err)
		}
	}
}

// moment is a call during which a process dies.
type moment struct {
	name    string
	at      func(winsim.Call) bool
	carried bool // the host carries the call out; else it never got it
}

// at is a call of a method for a value of that name.
func at(method, value string) func(winsim.Call) bool {
	return func(call winsim.Call) bool { return call.Method == method && call.ValueName == value }
}

var (
	beforeJournal = moment{"before the journal", at("SetStringValue", "Journal"), false}
	afterJournal  = moment{"after the journal", at("SetStringValue", "Journal"), true}
	firstValue    = moment{"at the first value", at("SetDWORDValue", "TcpTimedWaitDelay"), true}
	secondValue   = moment{"before the second value", at("SetDWORDValue", "MaxUserPort"), false}
	journalGoes   = moment{"at the journal's end", at("DeleteKey", ""), true}
	journalStays  = moment{"before the journal's end", at("DeleteKey", ""), false}
)

// dying is a host with what was there before, its configurations and their CLI.
type dying struct {
	*cli
	host        *winsim.Host
	kill        func()
	small, full string
}

var (
	beforeDeath = map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "REG_DWORD 5000"}
	knownBefore = originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "REG_DWORD 5000"}
)

func newDying(t *testing.T) dying {
	t.Helper()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	host.SetDWORD("MaxUserPort", 5000)
	d := dying{
		host:  host,
		small: sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 60"),
		full:  sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534"),
	}
	d.cli = newCLI(t, d.full)
	d.kill = d.mortal()
	return d
}

// dies runs a command whose provider is killed at a moment.
func (d dying) dies(at moment, args ...string) {
	d.t.Helper()
	var once sync.Once
	d.host.Intercept(func(call winsim.Call) (action winsim.Action) {
		if at.at(call) {
			once.Do(func() {
				d.kill()
				if !at.carried {
					action = winsim.DropBefore
				}
			})
		}
		return action
	})
	output := d.must(1, append(args, "-no-color")...)
	d.host.Intercept(nil)
	// Which of the two it says depends on whether the CLI sees first that the connection
	// broke or that the process ended. Both are said only of a provider that is gone.
	if text := unbroken(output); !strings.Contains(text, "Plugin did not respond") && !strings.Contains(text, "request was cancelled") {
		d.t.Errorf("the provider was not killed:\n%s", output)
	}
}

// ends demands that the next apply ends as if nobody had died, and the destroy too.
func (d dying) ends() {
	d.t.Helper()
	d.config(d.full)
	d.must(0, "apply", "-auto-approve")
	d.owns(d.host, knownBefore)
	has(d.t, d.host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"})
	d.must(0, "plan", "-detailed-exitcode")
	d.restores()
}

// restores demands that a destroy puts everything back.
func (d dying) restores() {
	d.t.Helper()
	d.must(0, "destroy", "-auto-approve")
	noJournal(d.t, d.host)
	has(d.t, d.host, beforeDeath)
}

// The provider dies in Create: there is no state, but the journal, and the next
// apply takes it over.
func TestAccProviderKilledInCreate(t *testing.T) {
	t.Parallel()
	for _, moment := range []moment{beforeJournal, afterJournal, firstValue, secondValue} {
		t.Run(moment.name, func(t *testing.T) {
			t.Parallel()
			d := newDying(t)
			d.dies(moment, "apply", "-auto-approve")
			if left := d.inState(); len(left) != 0 {
				t.Errorf("in state: %+v", left)
			}
			d.ends()
		})
	}
}

// The provider dies in Update: state is the earlier one, without its private part.
func TestAccProviderKilledInUpdate(t *testing.T) {
	t.Parallel()
	for _, moment := range []moment{afterJournal, firstValue, secondValue} {
		for end, follow := range map[string]func(dying){"apply": dying.ends, "destroy": dying.restores} {
			t.Run(moment.name+", then "+end, func(t *testing.T) {
				t.Parallel()
				d := newDying(t)
				d.config(d.small)
				d.must(0, "apply", "-auto-approve")
				d.config(d.full)
				d.dies(moment, "apply", "-auto-approve")
				d.remembers(originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
				follow(d)
			})
		}
	}
}

// The provider dies in Delete: state and private state are kept.
func TestAccProviderKilledInDelete(t *testing.T) {
	t.Parallel()
	for _, moment := range []moment{firstValue, secondValue, journalStays, journalGoes} {
		for end, follow := range map[string]func(dying){"apply": dying.ends, "destroy": dying.restores} {
			t.Run(moment.name+", then "+end, func(t *testing.T) {
				t.Parallel()
				d := newDying(t)
				d.must(0, "apply", "-auto-approve")
				d.dies(moment, "destroy", "-auto-approve")
				d.remembers(knownBefore)
				follow(d)
			})
		}
	}
}

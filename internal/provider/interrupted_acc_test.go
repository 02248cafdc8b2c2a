package provider

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// halts leaves a call unanswered, and closes happened then: that of the moment, or
// the next one if the host carries that out.
func (m moment) halts(host *winsim.Host) (happened <-chan struct{}) {
	var mu sync.Mutex
	reached, halted := false, make(chan struct{})
	host.Intercept(func(call winsim.Call) winsim.Action {
		mu.Lock()
		defer mu.Unlock()
		if !reached {
			if reached = m.at(call); !reached || m.carried {
				return winsim.Proceed
			}
		}
		select {
		case <-halted:
			return winsim.Proceed
		default:
			close(halted)
			return winsim.Hang
		}
	})
	return halted
}

// struck runs a command and does something to its process at a moment, while the
// provider waits for the host. It has to fail.
func (d dying) struck(at moment, strike func(*os.Process), args ...string) (output string) {
	d.t.Helper()
	happened := at.halts(d.host)
	exit, output := d.disturbed(happened, strike, args...)
	d.host.Intercept(nil)
	select {
	case <-happened:
	default:
		d.t.Fatalf("it did not come so far: %s", output)
	}
	if exit == 0 {
		d.t.Fatalf("it went well all the same: %s", output)
	}
	return output
}

// Terraform itself is killed after the first value, and its provider with it:
// nothing of that run is saved.
func TestAccTerraformKilled(t *testing.T) {
	t.Parallel()
	kill := func(d dying, args ...string) {
		d.t.Helper()
		d.struck(firstValue, func(terraform *os.Process) {
			if err := terraform.Kill(); err != nil {
				d.t.Error(err)
			}
			d.kill()
		}, args...)
	}
	t.Run("create", func(t *testing.T) {
		t.Parallel()
		d := newDying(t)
		kill(d, "apply", "-auto-approve")
		d.ends()
	})
	for end, follow := range map[string]func(dying){"apply": dying.ends, "destroy": dying.restores} {
		t.Run("update, then "+end, func(t *testing.T) {
			t.Parallel()
			d := newDying(t)
			d.config(d.small)
			d.must(0, "apply", "-auto-approve")
			d.config(d.full)
			kill(d, "apply", "-auto-approve")
			d.remembers(originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
			follow(d)
		})
	}
	// An import has written nothing, and state says so still after the update died.
	t.Run("update of an import, then destroy", func(t *testing.T) {
		t.Parallel()
		d := newDying(t)
		d.must(0, "import", address, d.host.HTTPAddr())
		kill(d, "apply", "-auto-approve")
		d.restores()
	})
	t.Run("destroy", func(t *testing.T) {
		t.Parallel()
		d := newDying(t)
		d.must(0, "apply", "-auto-approve")
		kill(d, "destroy", "-auto-approve")
		d.ends()
	})
}

// Ctrl-C cancels the context of the call. What was written is taken back all the
// same; only a write that nobody answered may land late, and so stays in state.
func TestAccCtrlCInCreate(t *testing.T) {
	t.Parallel()
	interrupt := func(t *testing.T) func(*os.Process) {
		return func(terraform *os.Process) {
			if err := terraform.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}
	}
	t.Run("after the first value", func(t *testing.T) {
		t.Parallel()
		d := newDying(t)
		output := d.struck(firstValue, interrupt(t), "apply", "-auto-approve", "-no-color")
		tells(t, unbroken(output), "Unable to Create TCP/IP Tuning of "+d.host.HTTPAddr(), "What was written has been taken back: the host is as it was, and nothing was put into state.")
		if left := d.inState(); len(left) != 0 {
			t.Errorf("in state: %+v", left)
		}
		noJournal(t, d.host)
		has(t, d.host, beforeDeath)
		d.ends()
	})
	t.Run("in the second value", func(t *testing.T) {
		t.Parallel()
		d := newDying(t)
		output := d.struck(secondValue, interrupt(t), "apply", "-auto-approve", "-no-color")
		tells(t, unbroken(output), "Unable to Create TCP/IP Tuning of "+d.host.HTTPAddr(), "the resource is tainted")
		if left := d.inState(); len(left) != 1 || left[0].Status != "tainted" {
			t.Errorf("in state: %+v", left)
		}
		has(t, d.host, beforeDeath)
		d.ends()
	})
}

// Ctrl-C in an update: state is what the host has then, and the next apply does the rest.
func TestAccCtrlCInUpdate(t *testing.T) {
	t.Parallel()
	d := newDying(t)
	d.config(d.small)
	d.must(0, "apply", "-auto-approve")
	d.config(d.full)
	output := d.struck(firstValue, func(terraform *os.Process) {
		if err := terraform.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}, "apply", "-auto-approve", "-no-color")
	tells(t, unbroken(output), "Unable to Update TCP/IP Tuning of "+d.host.HTTPAddr(), "State holds what the host has now")
	if delay := d.inState()[0].Attributes["tcp_timed_wait_delay"]; fmt.Sprint(delay) != "30" {
		t.Errorf("in state: %v", delay)
	}
	has(t, d.host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 5000"})
	d.ends()
}

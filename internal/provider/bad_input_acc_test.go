package provider

import (
	"sync"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// everySecond drops every second call that what chooses, the first one first.
func everySecond(what func(winsim.Call) bool) func(winsim.Call) winsim.Action {
	var mu sync.Mutex
	odd := false
	return func(call winsim.Call) winsim.Action {
		if !what(call) {
			return winsim.Proceed
		}
		mu.Lock()
		defer mu.Unlock()
		if odd = !odd; odd {
			return winsim.DropBefore
		}
		return winsim.Proceed
	}
}

func isWrite(call winsim.Call) bool {
	switch call.Method {
	case "SetDWORDValue", "SetQWORDValue", "SetStringValue", "DeleteValue", "CreateKey", "DeleteKey":
		return true
	}
	return false
}

func isRead(call winsim.Call) bool { return !isWrite(call) }

// A host that answers every second read is slow, and no more: everything goes
// through. Without retries each command says which host it was.
func TestAccEverySecondRead(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	config := func(settings ...string) string {
		return sealed(host, settings...) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534")
	}
	c := newCLI(t, config("max_retries = 0")).blind()
	host.Intercept(everySecond(isRead))
	tells(t, c.refused("Unable to Create TCP/IP Tuning of "+host.HTTPAddr(), "apply", "-auto-approve"), "Nothing was written")
	if n := valueWrites(host); n != 0 {
		t.Errorf("%d values were written", n)
	}
	c.config(config())
	host.Intercept(everySecond(isRead))
	c.must(0, "apply", "-auto-approve")
	c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"})
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), "")
	c.config(config("max_retries = 0"))
	host.Intercept(everySecond(isRead))
	tells(t, c.refused("Unable to Read TCP/IP Tuning of "+host.HTTPAddr(), "plan"), "State is untouched", "TcpTimedWaitDelay REG_DWORD 240")
	c.config(config())
	host.Intercept(everySecond(isRead))
	c.must(0, "destroy", "-auto-approve")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"})
}

// Where the writes are lost as well, none is sent blindly again: the error names the
// host, and nothing of what was there before is lost.
func TestAccEverySecondCall(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		what    func(winsim.Call) bool
		touched bool // values may have been written
	}{
		"of all":             {func(winsim.Call) bool { return true }, false},
		"but of the journal": {func(call winsim.Call) bool { return !isJournal(call) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			host.SetDWORD("MaxUserPort", 60000)
			before := map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "REG_DWORD 60000"}
			c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534"))
			host.Intercept(everySecond(tt.what))
			for range 3 {
				list := diagnostics(t, c.must(1, "apply", "-auto-approve", "-json"), "error")
				if len(list) != 1 {
					t.Fatalf("errors %+v", list)
				}
				tells(t, list[0].Summary, "Unable to ", " TCP/IP Tuning of "+host.HTTPAddr())
				tells(t, list[0].Detail, "the host closed the connection without an answer")
			}
			if wrote := valueWrites(host) > 0; wrote != tt.touched {
				t.Errorf("values written: %t", wrote)
			}
			host.Intercept(nil)
			c.must(0, "apply", "-auto-approve")
			c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "REG_DWORD 60000"})
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30", "MaxUserPort": "REG_DWORD 65534"})
			c.must(0, "plan", "-detailed-exitcode")
			c.must(0, "destroy", "-auto-approve")
			noJournal(t, host)
			has(t, host, before)
		})
	}
}

// A host at its quota says "later", to writes too: nothing was begun.
func TestAccBusyHost(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("MaxUserPort", 60000)
	busy := func(times int) func(winsim.Call) winsim.Action {
		host.ResetCounters()
		return func(call winsim.Call) winsim.Action {
			if call.N <= times {
				return winsim.Busy
			}
			return winsim.Proceed
		}
	}
	config := func(port string, settings ...string) string {
		return sealed(host, settings...) + tuned(host.HTTPAddr(), "max_user_port = "+port)
	}
	c := newCLI(t, config("65534"))
	host.Intercept(busy(2))
	c.must(0, "apply", "-auto-approve")
	c.owns(host, originals{"max_user_port": "REG_DWORD 60000"})
	if n := host.Counters().Methods["SetDWORDValue"]; n != 3 {
		t.Errorf("SetDWORDValue was called %d times, want 3", n)
	}
	host.Intercept(busy(2))
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), "")
	// Busy for good: an error, and under "warn" too, since the host did answer.
	c.config(config("65534", "max_retries = 1", warns))
	host.Intercept(busy(1000))
	tells(t, c.refused("Unable to Read TCP/IP Tuning of "+host.HTTPAddr(), "plan"), "tried 2 times", "quota", "-parallelism", "MaxUserPort REG_DWORD 60000")
	c.config(config("5000", "max_retries = 0"))
	host.Intercept(busy(1))
	c.refused("Unable to Read TCP/IP Tuning of "+host.HTTPAddr(), "plan")
}

// A value of a type that could not be put back is not taken under management, though
// the host has a journal: neither by an update nor by the taking over of a journal
// that does not know the value. One that it knows is.
func TestAccUnrestorableValueBesideAJournal(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	host.SetBinary("MaxUserPort", []byte{1, 2})
	config := func(lines ...string) string {
		return sealed(host) + tuned(host.HTTPAddr(), append(lines, "tcp_timed_wait_delay = 30")...)
	}
	was := originals{"tcp_timed_wait_delay": "REG_DWORD 240"}
	c := newCLI(t, config())
	c.must(0, "apply", "-auto-approve")
	journal, writes := journalValue(host), host.Counters().Writes
	unmoved := func() {
		t.Helper()
		if now := journalValue(host); now != journal || host.Counters().Writes != writes {
			t.Errorf("%d writes; the journal was\n%s and is\n%s", host.Counters().Writes-writes, journal, now)
		}
	}
	remedy := []string{"MaxUserPort is REG_BINARY", `reg delete "HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters" /v MaxUserPort /f`, "Nothing was written"}
	c.config(config("max_user_port = 65534"))
	tells(t, c.refused("Unable to Update TCP/IP Tuning of "+host.HTTPAddr(), "apply", "-auto-approve"), remedy...)
	unmoved()
	c.remembers(was)
	other := newCLI(t, config("max_user_port = 65534"))
	tells(t, other.refused("Unable to Create TCP/IP Tuning of "+host.HTTPAddr(), "apply", "-auto-approve"), remedy...)
	unmoved()

	// Somebody made ours one: what it was before stands in the journal.
	host.SetBinary("TcpTimedWaitDelay", []byte{30})
	c.config(config())
	c.warned(c.must(2, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), "%s: TcpTimedWaitDelay is REG_BINARY; Windows ignores it")
	c.must(0, "apply", "-auto-approve")
	c.owns(host, was)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
	host.SetBinary("TcpTimedWaitDelay", []byte{30})
	other.config(config())
	other.must(0, "apply", "-auto-approve")
	other.owns(host, was)
	other.must(0, "destroy", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "REG_BINARY 01 02"})
}

// A journal that claims an original which nobody could have put there is not guessed at.
func TestAccJournalOfAnUnrestorableOriginal(t *testing.T) {
	t.Parallel()
	for _, original := range []string{"REG_BINARY", "REG_DWORD 4294967296", "REG_DWORD -1", "240", ""} {
		t.Run(original, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 60)
			host.SetKeyString(journalKey, "Journal", `{"version":1,"owner":"OWNER","since":"2026-03-02T06:00:00Z","uuid":"","computer":"MAIL01","installed":"2025-10-06T08:30:12Z",`+
				`"values":{"tcp_timed_wait_delay":{"original":"`+original+`"}}}`)
			c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30"))
			tells(t, c.refused("Unable to Create TCP/IP Tuning of "+host.HTTPAddr(), "apply", "-auto-approve"), "the journal cannot be understood", "is no recorded registry value", "reg query", "reg delete", "Nothing was written")
			if n := host.Counters().Writes; n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

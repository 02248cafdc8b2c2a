package provider

import (
	"slices"
	"sync"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// order notes what is written to a host, in order; a write of a value that does
// not come right after a look at the journal's owner is noted as "unguarded".
type order struct {
	mu      sync.Mutex
	writes  []string
	guarded bool
}

func (o *order) note(call winsim.Call) winsim.Action {
	o.mu.Lock()
	defer o.mu.Unlock()
	name := call.Method + " " + call.ValueName
	switch call.Method {
	case "SetDWORDValue", "DeleteValue":
		if !o.guarded {
			name = "unguarded " + name
		}
		o.writes = append(o.writes, name)
	case "CreateKey", "SetStringValue", "DeleteKey":
		if !isJournal(call) {
			name = "elsewhere " + name
		}
		o.writes = append(o.writes, name)
	}
	o.guarded = call.Method == "GetStringValue" && isJournal(call)
	return winsim.Proceed
}

// take gives what was noted, and forgets it.
func (o *order) take() (writes []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	writes, o.writes = o.writes, nil
	return writes
}

// The journal stands before the first value, follows each update, is readable, and
// goes last.
func TestAccJournalEndToEnd(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022(), winsim.UUID("8D1C7C2A-51FB-4D0A-9A2B-1B6E8C9D0F11"))
	host.SetDWORD("TcpTimedWaitDelay", 240)
	var calls order
	host.Intercept(calls.note)
	config := func(lines ...string) string { return sealed(host) + tuned(host.HTTPAddr(), lines...) }
	c := newCLI(t, config("tcp_timed_wait_delay = 30", "max_user_port = 65534"))
	wrote := func(want ...string) {
		t.Helper()
		if got := calls.take(); !slices.Equal(got, want) {
			t.Errorf("written: %q, want %q", got, want)
		}
	}
	c.must(2, "plan", "-detailed-exitcode")
	wrote()
	c.must(0, "apply", "-auto-approve")
	wrote("CreateKey ", "SetStringValue Journal", "SetDWORDValue TcpTimedWaitDelay", "SetDWORDValue MaxUserPort")
	c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"})
	first := journalOf(t, host)
	if first.Version != 1 || first.UUID != "8D1C7C2A-51FB-4D0A-9A2B-1B6E8C9D0F11" || first.Computer != "MAIL01" || first.Since.IsZero() ||
		first.Installed.Format("2006-01-02") != "2025-10-06" || first.Values["tcp_timed_wait_delay"].Written != float64(30) || first.Values["max_user_port"].Written != float64(65534) {
		t.Errorf("the journal says %+v", first)
	}
	if key, _ := host.Key(journalKey); len(key) != 1 {
		t.Errorf("the key holds %v", key)
	}

	c.config(config("tcp_timed_wait_delay = 60", "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	wrote("SetStringValue Journal", "SetDWORDValue TcpTimedWaitDelay")
	c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"})
	second := journalOf(t, host)
	if second.Owner != first.Owner || !second.Since.Equal(first.Since) || second.Values["tcp_timed_wait_delay"].Written != float64(60) {
		t.Errorf("the journal says %+v, and said %+v", second, first)
	}

	// What is released leaves the journal only after its value was put back.
	c.config(config("tcp_timed_wait_delay = 60"))
	c.must(0, "apply", "-auto-approve")
	wrote("DeleteValue MaxUserPort", "SetStringValue Journal")
	c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
	c.must(0, "plan", "-detailed-exitcode")
	wrote()

	c.must(0, "destroy", "-auto-approve")
	wrote("SetDWORDValue TcpTimedWaitDelay", "DeleteKey ")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"})
}

// A create that fails leaves no journal, whatever it had written.
func TestAccFailedCreateLeavesNoJournal(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(winsim.Call) bool{
		"at the first value":         func(call winsim.Call) bool { return call.ValueName == "TcpTimedWaitDelay" && call.N == 1 },
		"at the second value":        func(call winsim.Call) bool { return call.ValueName == "MaxUserPort" },
		"at the text of the journal": func(call winsim.Call) bool { return call.Method == "SetStringValue" },
	} {
		t.Run(name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534"))
			host.Intercept(func(call winsim.Call) winsim.Action {
				if (call.Method == "SetDWORDValue" || isJournal(call)) && fails(call) {
					return winsim.AccessDenied
				}
				return winsim.Proceed
			})
			c.refused("Unable to Create TCP/IP Tuning of "+host.HTTPAddr(), "apply", "-auto-approve")
			if left := c.inState(); len(left) != 0 {
				t.Errorf("in state: %+v", left)
			}
			if values, _ := host.Key(journalKey); len(values) != 0 {
				t.Errorf("left of the journal: %v", values)
			}
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240", "MaxUserPort": "absent"})
			host.Intercept(nil)
			c.must(0, "apply", "-auto-approve")
			c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240", "max_user_port": "absent"})
		})
	}
}

// With journal = false nothing is kept on the host, nothing of it is read, and the
// machine is not asked for its UUID.
func TestAccJournalOff(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	var mu sync.Mutex
	var about []winsim.Call
	host.Intercept(func(call winsim.Call) winsim.Action {
		mu.Lock()
		defer mu.Unlock()
		if isJournal(call) || call.WQL == "SELECT UUID FROM Win32_ComputerSystemProduct" {
			about = append(about, call)
		}
		return winsim.Proceed
	})
	config := func(journal, line string) string {
		return sealed(host, "journal = "+journal) + tuned(host.HTTPAddr(), line)
	}
	c := newCLI(t, config("false", "tcp_timed_wait_delay = 30"))
	c.must(0, "apply", "-auto-approve")
	c.must(0, "plan", "-detailed-exitcode")
	c.config(config("false", "tcp_timed_wait_delay = 60"))
	c.must(0, "apply", "-auto-approve")
	c.remembers(originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
	c.must(0, "destroy", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
	mu.Lock()
	if len(about) != 0 {
		t.Errorf("%d calls about the journal: %+v", len(about), about)
	}
	mu.Unlock()

	// Turned on later, the next update writes it; turned off, it stays, and destroy says so.
	c.must(0, "apply", "-auto-approve")
	c.config(config("true", "tcp_timed_wait_delay = 60"))
	c.must(0, "plan", "-detailed-exitcode")
	noJournal(t, host)
	c.config(config("true", "tcp_timed_wait_delay = 70"))
	c.warned(c.must(0, "apply", "-auto-approve", "-json"), host.HTTPAddr())
	c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
	c.config(config("false", "tcp_timed_wait_delay = 70"))
	c.warned(c.must(0, "destroy", "-auto-approve", "-json"), host.HTTPAddr(), "%s: its journal is still there")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
	journalOf(t, host)
}

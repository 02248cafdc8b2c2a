package provider

import (
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// unusable are journals of which it is not certain what they mean, and what is said
// of each. hurt makes a host have it.
var unusable = map[string]struct {
	hurt func(*winsim.Host)
	says string
}{
	"garbage":      {planted("<journal/>"), "the journal cannot be understood"},
	"half of one":  {planted(`{"version":1,"owner":"OWNER","since":"2026-03-0`), "the journal cannot be understood"},
	"empty":        {planted(""), "the journal cannot be understood"},
	"a newer one":  {planted(`{"version":2,"owner":"OWNER","before":[]}`), "newer version of this provider"},
	"a newer row":  {planted(`{"version":1,"owner":"OWNER","since":"2026-03-02T06:00:00Z","uuid":"","computer":"MAIL01","installed":"2025-10-06T08:30:12Z","values":{"udp_checksum":{"original":"absent"}}}`), `"udp_checksum"`},
	"another type": {func(host *winsim.Host) { host.SetKeyDWORD(journalKey, "Journal", 1) }, "is REG_DWORD and not REG_SZ"},
	"unreadable": {func(host *winsim.Host) {
		host.Intercept(func(call winsim.Call) winsim.Action {
			if isJournal(call) {
				return winsim.AccessDenied
			}
			return winsim.Proceed
		})
	}, "the journal cannot be read"},
}

// planted puts a text in the place of the journal.
func planted(journal string) func(*winsim.Host) {
	return func(host *winsim.Host) { host.SetKeyString(journalKey, "Journal", journal) }
}

// remedy is what an error says of the way out.
var remedy = []string{`reg query "HKLM\SOFTWARE\terraform-provider-windows"`, `reg delete "HKLM\SOFTWARE\terraform-provider-windows" /f`}

// A create, an update, a destroy and an import refuse a journal that they do not
// understand and write nothing; a refresh warns, and compares the values all the same.
// Without the journal, what state knows is enough.
func TestAccUnusableJournal(t *testing.T) {
	t.Parallel()
	for name, bad := range unusable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			config := func(delay string) string {
				return sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = "+delay)
			}
			c := newCLI(t, config("30"))
			refused := func(verb string, command ...string) {
				t.Helper()
				before, journal := host.Counters().Writes, journalValue(host)
				detail := c.refused("Unable to "+verb+" TCP/IP Tuning of "+host.HTTPAddr(), command...)
				tells(t, detail, append(remedy, bad.says)...)
				if after := host.Counters().Writes; after != before {
					t.Errorf("%s made %d writes", verb, after-before)
				}
				if now := journalValue(host); now != journal {
					t.Errorf("the journal was %s and is %s", journal, now)
				}
			}
			bad.hurt(host)
			refused("Create", "apply", "-auto-approve")
			// An import goes wrong in Read, but is called what it is.
			output := c.must(1, "import", "-no-color", address, host.HTTPAddr())
			tells(t, unbroken(output), append(remedy, "Unable to Import TCP/IP Tuning of "+host.HTTPAddr(), bad.says)...)
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})

			host.Intercept(nil)
			host.DeleteKey(journalKey)
			c.must(0, "apply", "-auto-approve")
			bad.hurt(host)
			c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), "%s: its journal cannot be used")
			host.SetDWORD("TcpTimedWaitDelay", 77)
			got := c.warned(c.must(2, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), "%s: its journal cannot be used")
			tells(t, got[0].Detail, remedy...)
			tells(t, c.must(2, "plan", "-detailed-exitcode", "-no-color"), "77 -> 30")
			refused("Update", "apply", "-auto-approve")
			refused("Delete", "destroy", "-auto-approve")
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 77"})

			// The way out that the error names.
			host.Intercept(nil)
			host.DeleteKey(journalKey)
			c.warned(c.must(0, "apply", "-auto-approve", "-json"), host.HTTPAddr(), "%s: its journal was removed")
			c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
			c.must(0, "destroy", "-auto-approve")
			has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
		})
	}
}

// journalValue shows what is in the journal's place.
func journalValue(host *winsim.Host) string {
	value, err := host.Registry().Get(journalKey, "Journal")
	if err != nil {
		return err.Error()
	}
	return value.String()
}

// A journal that cannot be written is a refusal too: without it nothing is changed.
func TestAccUnwritableJournal(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"CreateKey", "SetStringValue"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022())
			host.SetDWORD("TcpTimedWaitDelay", 240)
			config := func(delay string) string {
				return sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = "+delay)
			}
			c := newCLI(t, config("30"))
			deny := func(call winsim.Call) winsim.Action {
				if isJournal(call) && call.Method == method {
					return winsim.AccessDenied
				}
				return winsim.Proceed
			}
			refused := func(verb string, command ...string) {
				t.Helper()
				host.Intercept(deny)
				before := valueWrites(host)
				tells(t, c.refused("Unable to "+verb+" TCP/IP Tuning of "+host.HTTPAddr(), command...),
					"the journal could not be written", "Administrators", "Nothing was written.")
				if after := valueWrites(host); after != before {
					t.Errorf("%s wrote %d values", verb, after-before)
				}
				host.Intercept(nil)
			}
			refused("Create", "apply", "-auto-approve")
			c.must(0, "apply", "-auto-approve")
			if method == "SetStringValue" { // an update finds the key
				c.config(config("60"))
				refused("Update", "apply", "-auto-approve")
			}
			c.must(0, "apply", "-auto-approve")
			c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
			c.must(0, "plan", "-detailed-exitcode")
		})
	}
}

// A key without the value is what a create leaves that died before its journal: it
// wrote nothing else, and the next one goes on.
func TestAccJournalKeyAlone(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	host.CreateKey(journalKey)
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30"))
	c.warned(c.must(0, "apply", "-auto-approve", "-json"), host.HTTPAddr())
	c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
	c.must(0, "destroy", "-auto-approve")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// A journal that somebody spoils between our look at it and our first value.
func TestAccJournalSpoiltMeanwhile(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	c := newCLI(t, delayOf(host, "30"))
	spoil := planted("<journal/>")
	host.Intercept(func(call winsim.Call) winsim.Action {
		if isJournal(call) && host.Counters().Methods["SetStringValue"] > 0 && call.Method == "GetStringValue" {
			return winsim.BeforeDo(func() { spoil(host) })
		}
		return winsim.Proceed
	})
	tells(t, c.refused("Unable to Create TCP/IP Tuning of "+host.HTTPAddr(), "apply", "-auto-approve"), append(remedy, "the journal cannot be understood")...)
	host.Intercept(nil)
	if n := valueWrites(host); n != 0 || len(c.inState()) != 0 {
		t.Errorf("%d values were written, in state: %+v", n, c.inState())
	}
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

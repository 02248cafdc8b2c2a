package winhost

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// aJournal has in it what is hard to carry: letters of several scripts, quotes, line
// ends, and the characters that XML and JSON keep for themselves.
func aJournal() tuning.Journal {
	installed := time.Date(2025, 10, 6, 8, 30, 12, 0, time.UTC)
	return tuning.Journal{
		Owner: "7e0c9a52-6f1d-4a5c-9a43-0d1f8e2b7c11", Since: time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC),
		Machine: tuning.Machine{UUID: "4C4C4544-0042-4C10-8054-B7C04F4D3232", Computer: "MÄIL01", Installed: installed},
		Original: tuning.Values{
			"tcp_timed_wait_delay": tuning.Absent,
			"max_user_port":        tuning.String(" fünf\r\n\t<&> \"'\\ 日本 😀 \u2028 "),
			"keep_alive_time":      tuning.QWORD(0xffffffffffffffff),
			"tcp_num_connections":  tuning.DWORD(0x80000000),
		},
		Written: tuning.Values{"tcp_timed_wait_delay": tuning.DWORD(30), "tcp_num_connections": tuning.DWORD(0)},
		Seen: &tuning.Seen{
			Boot:   tuning.Boot{Last: installed.Add(123456700), Uptime: time.Hour, Read: installed.Add(time.Hour)},
			Values: map[string]string{"tcp_timed_wait_delay": "absent"},
		},
	}
}

func inPlace(sim *winsim.Host) (text string, ok bool) {
	values, _ := sim.Key(tuning.JournalKey)
	text, ok = values[tuning.JournalValue]
	return text, ok
}

func plant(sim *winsim.Host, text string) {
	sim.SetKeyString(tuning.JournalKey, tuning.JournalValue, text)
}

func TestJournalThereAndBack(t *testing.T) {
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		none := func(when string) {
			t.Helper()
			if found, err := host.ReadJournal(within(t)); err != nil || found != (tuning.Found{}) {
				t.Errorf("%s: %+v, %v", when, found, err)
			}
		}
		none("no key")
		sim.CreateKey(tuning.JournalKey)
		none("a key without the value")
		sim.SetKeyDWORD(tuning.JournalKey, "Other", 1)
		none("a key with another value")

		journal := aJournal()
		for range 2 {
			if err := host.WriteJournal(within(t), journal); err != nil {
				t.Fatal(err)
			}
			if text, _ := inPlace(sim); text != `REG_SZ "`+journal.Text()+`"` {
				t.Errorf("the host has %s", text)
			}
			found, err := host.ReadJournal(within(t))
			if err != nil || found.Err != nil || !reflect.DeepEqual(*found.Journal, journal) {
				t.Errorf("%+v, %v", found, err)
			}
			journal.Owner, journal.Original = "another", tuning.Values{"max_user_port": tuning.Absent}
			journal.Written = tuning.Values{}
		}
		for range 2 { // the second time there is none
			if err := host.RemoveJournal(within(t)); err != nil {
				t.Errorf("removing it: %v", err)
			}
			if values, ok := sim.Key(tuning.JournalKey); ok {
				t.Errorf("the key is still there, with %v", values)
			}
			none("removed")
		}
		if err := host.WriteJournal(within(t), journal); err != nil {
			t.Errorf("writing it again: %v", err)
		}
	})
}

// The longest journal passes through any Windows.
func TestLongJournal(t *testing.T) {
	everyShape(t, func(t *testing.T, _ *winsim.Host, host *Host) {
		journal := aJournal()
		journal.Original = tuning.Values{}
		for _, p := range parameters("tcp_timed_wait_delay", "max_user_port", "keep_alive_time", "keep_alive_interval") {
			journal.Original[p.Attribute] = tuning.String(strings.Repeat(`"é日`, maxText/6))
		}
		journal.Written = tuning.Values{}
		if err := host.WriteJournal(within(t), journal); err != nil {
			t.Fatal(err)
		}
		found, err := host.ReadJournal(within(t))
		if err != nil || found.Err != nil || !reflect.DeepEqual(*found.Journal, journal) {
			t.Errorf("%v, %v", found.Err, err)
		}
	})
}

// What is in the journal's place and is none, is said and not taken for none.
func TestJournalThatIsNone(t *testing.T) {
	tests := map[string]struct {
		plant func(*winsim.Host)
		part  string
	}{
		"another type":                  {func(sim *winsim.Host) { sim.SetKeyDWORD(tuning.JournalKey, tuning.JournalValue, 1) }, "REG_DWORD and not REG_SZ"},
		"another type in other letters": {func(sim *winsim.Host) { sim.SetKeyDWORD(strings.ToUpper(tuning.JournalKey), "JOURNAL", 1) }, "REG_DWORD and not REG_SZ"},
		"empty":                         {func(sim *winsim.Host) { plant(sim, "") }, "cannot be understood"},
		"garbage":                       {func(sim *winsim.Host) { plant(sim, "left by an installer") }, "cannot be understood"},
		"cut off":                       {func(sim *winsim.Host) { plant(sim, aJournal().Text()[:100]) }, "cannot be understood"},
		"too long":                      {func(sim *winsim.Host) { plant(sim, strings.Repeat(" ", tuning.MaxJournal)+aJournal().Text()) }, "bytes"},
		"newer":                         {func(sim *winsim.Host) { plant(sim, `{"version":2}`) }, "newer version"},
		"of another attribute": {func(sim *winsim.Host) {
			plant(sim, strings.Replace(aJournal().Text(), "max_user_port", "tcp_initial_rtt", 1))
		}, "tcp_initial_rtt"},
	}
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		for name, tt := range tests {
			sim.DeleteKey(tuning.JournalKey)
			tt.plant(sim)
			found, err := host.ReadJournal(within(t))
			if err != nil || found.Journal != nil || found.Err == nil || !strings.Contains(found.Err.Error(), tt.part) {
				t.Errorf("%s: %+v, %v", name, found, err)
			}
			var newer *tuning.NewerJournalError
			if errors.As(found.Err, &newer) != (name == "newer" || name == "of another attribute") {
				t.Errorf("%s: newer: %v", name, found.Err)
			}
		}
	})
}

// Letter case of key and value does not count.
func TestJournalInOtherLetters(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.SetKeyString(strings.ToUpper(tuning.JournalKey), "jOURNAL", aJournal().Text())
	found, err := reach(t, sim).ReadJournal(within(t))
	if err != nil || found.Err != nil || found.Journal.Owner != aJournal().Owner {
		t.Errorf("%+v, %v", found, err)
	}
}

// guarding answers calls on the journal's key with one action, as far as the
// methods are named.
func guarding(action winsim.Action, methods ...string) func(winsim.Call) winsim.Action {
	return func(call winsim.Call) winsim.Action {
		for _, method := range methods {
			if strings.EqualFold(call.Key, tuning.JournalKey) && call.Method == method {
				return action
			}
		}
		return winsim.Proceed
	}
}

// A key that we may not read is a journal that cannot be used: never none, since
// what was there before would be overwritten.
func TestJournalDenied(t *testing.T) {
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		for name, action := range map[string]winsim.Action{"ReturnValue": winsim.AccessDenied, "fault": winsim.AccessDeniedFault} {
			for what, methods := range map[string][]string{
				"value":         {"GetStringValue"},
				"value and key": {"GetStringValue", "EnumValues"},
			} {
				plant(sim, aJournal().Text())
				sim.Intercept(guarding(action, methods...))
				found, err := host.ReadJournal(within(t))
				if err != nil || found.Journal != nil || found.Err == nil || !strings.Contains(found.Err.Error(), "the journal cannot be read") || !IsDenied(found.Err) {
					t.Errorf("%s by %s: %+v, %v", what, name, found, err)
				}
			}
			for method, call := range map[string]func() error{
				"CreateKey":      func() error { return host.WriteJournal(within(t), aJournal()) },
				"SetStringValue": func() error { return host.WriteJournal(within(t), aJournal()) },
				"DeleteKey":      func() error { return host.RemoveJournal(within(t)) },
			} {
				host.journaled.Store(false)
				sim.Intercept(guarding(action, method))
				if err := call(); !IsDenied(err) {
					t.Errorf("%s by %s: %v", method, name, err)
				}
			}
			if text, _ := inPlace(sim); !strings.Contains(text, aJournal().Owner) {
				t.Errorf("%s: the host has %q", name, text)
			}
		}
	})
}

// A listing that says there is none counts only if it was the value that was missing
// at first: a read that fails otherwise decides nothing.
func TestJournalReadThatFails(t *testing.T) {
	for name, action := range map[string]winsim.Action{
		"unheard of": winsim.ReturnValue(1450),
		"wrong type": winsim.ReturnValue(returnWrongType),
		"no value":   winsim.ReturnValue(returnNoValue),
		"no key":     winsim.ReturnValue(returnNoKey),
	} {
		sim := winsim.Start(t, winsim.Server2022())
		host := reach(t, sim)
		plant(sim, aJournal().Text())
		sim.Intercept(guarding(action, "GetStringValue"))
		found, err := host.ReadJournal(within(t))
		if err == nil && found.Err == nil {
			t.Errorf("%s: a journal that is there was taken for %+v", name, found)
		}
	}
}

// A host that does not answer, or answers something else, is an error of the host and
// says nothing of the journal.
func TestJournalOfAHostThatIsGone(t *testing.T) {
	for name, action := range map[string]winsim.Action{
		"closed": winsim.DropBefore, "busy": winsim.Busy, "HTML": winsim.Raw(200, "text/html", "<html>"), "nothing": winsim.Answer(200, ""), "500": winsim.Raw(500, "", ""),
	} {
		for _, method := range []string{"GetStringValue", "EnumValues"} {
			sim := winsim.Start(t, winsim.Server2022())
			host := reach(t, sim, func(c *Config) { c.MaxRetries = 0 })
			sim.Intercept(guarding(action, method))
			if found, err := host.ReadJournal(within(t)); err == nil || found != (tuning.Found{}) {
				t.Errorf("%s at %s: %+v, %v", name, method, found, err)
			}
		}
	}
	sim := winsim.Start(t, winsim.Server2022())
	host := reach(t, sim)
	sim.Close()
	if found, err := host.ReadJournal(within(t)); err == nil || found != (tuning.Found{}) {
		t.Errorf("closed for good: %+v, %v", found, err)
	}
	if err := host.WriteJournal(within(t), aJournal()); err == nil {
		t.Error("a journal was written to a host that is gone")
	}
	if err := host.RemoveJournal(within(t)); err == nil {
		t.Error("a journal was removed from a host that is gone")
	}
}

// A write whose reply is lost is an error that leaves open whether it happened, and is
// not sent again.
func TestJournalWriteWithALostReply(t *testing.T) {
	for name, tt := range map[string]struct {
		action winsim.Action
		method string
		placed bool
	}{
		"key made, reply lost":        {winsim.LoseReply, "CreateKey", false},
		"journal written, reply lost": {winsim.LoseReply, "SetStringValue", true},
		"journal not written":         {winsim.DropBefore, "SetStringValue", false},
		"garbled answer":              {winsim.Raw(200, "text/html", "<html>"), "SetStringValue", false},
	} {
		sim := winsim.Start(t, winsim.Server2022())
		host := reach(t, sim)
		if _, err := host.ReadJournal(within(t)); err != nil { // the connection is a kept one
			t.Fatal(err)
		}
		sim.ResetCounters()
		sim.Intercept(guarding(tt.action, tt.method))
		err := host.WriteJournal(within(t), aJournal())
		if err == nil || !transport.MayHaveHappened(err) {
			t.Errorf("%s: %v", name, err)
		}
		if n := sim.Counters().Methods[tt.method]; n != 1 {
			t.Errorf("%s: %s was sent %d times", name, tt.method, n)
		}
		sim.Intercept(nil)
		found, err := host.ReadJournal(within(t))
		if err != nil || (found.Journal != nil) != tt.placed {
			t.Errorf("%s: then %+v, %v", name, found, err)
		}
		if err := host.WriteJournal(within(t), aJournal()); err != nil {
			t.Errorf("%s: the next write: %v", name, err)
		}
	}
}

func TestJournalRemovalWithALostReply(t *testing.T) {
	for _, action := range []winsim.Action{winsim.LoseReply, winsim.DropBefore} {
		sim := winsim.Start(t, winsim.Server2022())
		host := reach(t, sim)
		if err := host.WriteJournal(within(t), aJournal()); err != nil {
			t.Fatal(err)
		}
		sim.Intercept(guarding(action, "DeleteKey"))
		if err := host.RemoveJournal(within(t)); err == nil || sim.Counters().Methods["DeleteKey"] != 1 {
			t.Errorf("%v, sent %d times", err, sim.Counters().Methods["DeleteKey"])
		}
		sim.Intercept(nil)
		if err := host.RemoveJournal(within(t)); err != nil {
			t.Errorf("the second time: %v", err)
		}
	}
}

// What each call costs: the key is made only where it may be missing, and only a
// missing journal takes a listing.
func TestJournalBudget(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := reach(t, sim)
	read := func(h *Host) func() error {
		return func() error { _, err := h.ReadJournal(within(t)); return err }
	}
	write := func(h *Host) func() error { return func() error { return h.WriteJournal(within(t), aJournal()) } }
	remove := func(h *Host) func() error { return func() error { return h.RemoveJournal(within(t)) } }
	other := reach(t, sim)
	for _, step := range []struct {
		name string
		call func() error
		want map[string]int
	}{
		{"read, none there", read(host), map[string]int{"GetStringValue": 1, "EnumValues": 1}},
		{"write, none there", write(host), map[string]int{"CreateKey": 1, "SetStringValue": 1}},
		{"write again", write(host), map[string]int{"SetStringValue": 1}},
		{"read ours", read(host), map[string]int{"GetStringValue": 1}},
		{"write after the read", write(host), map[string]int{"SetStringValue": 1}},
		{"another client reads", read(other), map[string]int{"GetStringValue": 1}},
		{"and writes what it has read", write(other), map[string]int{"SetStringValue": 1}},
		{"remove", remove(host), map[string]int{"DeleteKey": 1}},
		{"remove again", remove(host), map[string]int{"DeleteKey": 1}},
		{"write after the removal", write(host), map[string]int{"CreateKey": 1, "SetStringValue": 1}},
	} {
		sim.ResetCounters()
		if err := step.call(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if got := sim.Counters().Methods; !reflect.DeepEqual(got, step.want) {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
	}
}

// A key that went behind our back: the write fails, and the next one makes the key.
func TestJournalKeyThatIsGone(t *testing.T) {
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		if err := host.WriteJournal(within(t), aJournal()); err != nil {
			t.Fatal(err)
		}
		sim.DeleteKey(tuning.JournalKey)
		if err := host.WriteJournal(within(t), aJournal()); err == nil {
			if _, ok := inPlace(sim); !ok {
				t.Error("the write reported success, and there is no journal")
			}
		} else if !errors.Is(err, ErrNotExist) {
			t.Error(err)
		}
		if err := host.WriteJournal(within(t), aJournal()); err != nil {
			t.Errorf("the next write: %v", err)
		}
		if _, ok := inPlace(sim); !ok {
			t.Error("there is no journal")
		}
	})
}

package tuning

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// windows is a machine's clocks, to read boots from: the true time, and what the
// machine shows of it.
type windows struct {
	follows bool // LastBootUpTime moves along when the clock is stepped
	ours    time.Time
	wall    time.Duration // of its clock, ahead of ours
	shown   time.Time     // LastBootUpTime
	zone    *time.Location
}

func newWindows(follows bool) *windows {
	w := &windows{follows: follows, ours: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), zone: time.UTC}
	w.reboot()
	w.pass(30 * time.Hour)
	return w
}

func (w *windows) pass(d time.Duration) { w.ours = w.ours.Add(d) }

func (w *windows) step(by time.Duration) {
	w.wall += by
	if w.follows {
		w.shown = w.shown.Add(by)
	}
}

func (w *windows) reboot() {
	w.pass(2 * time.Minute)
	w.shown = w.ours.Add(w.wall)
}

func (w *windows) read() Boot {
	return Boot{Last: w.shown.In(w.zone), Uptime: w.ours.Add(w.wall).Sub(w.shown), Read: w.ours}
}

// A boot is the same when the boot instant agrees or the uptime grew by what passed
// for us; else it was a restart.
func TestSameBoot(t *testing.T) {
	hours := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	tests := []struct {
		name   string
		before func(*windows) // the first reading
		change func(*windows)
		same   bool
	}{
		{"read twice at once", nil, func(*windows) {}, true},
		{"an hour later", nil, func(w *windows) { w.pass(time.Hour) }, true},
		{"a year later", nil, func(w *windows) { w.pass(hours(24 * 365)) }, true},
		{"its clock is hours ahead", func(w *windows) { w.step(hours(7)) }, func(w *windows) { w.pass(time.Hour) }, true},
		{"its clock is hours behind", func(w *windows) { w.step(hours(-7)) }, func(w *windows) { w.pass(time.Hour) }, true},
		{"its clock is years behind", func(w *windows) { w.wall = hours(-24 * 3000); w.reboot(); w.pass(time.Hour) }, func(w *windows) { w.pass(time.Hour) }, true},
		{"another time zone", func(w *windows) { w.zone = time.FixedZone("", -11*3600) }, func(w *windows) { w.pass(time.Hour) }, true},
		{"moved to another time zone", nil, func(w *windows) { w.zone = time.FixedZone("", 13*3600); w.pass(time.Hour) }, true},
		{"stepped ahead by NTP", nil, func(w *windows) { w.pass(hours(3)); w.step(hours(9)) }, true},
		{"stepped back by NTP", nil, func(w *windows) { w.pass(hours(3)); w.step(hours(-9)) }, true},
		{"stepped back to before the first reading", nil, func(w *windows) { w.pass(time.Minute); w.step(hours(-20)) }, true},
		{"stepped there and back", nil, func(w *windows) { w.step(hours(5)); w.pass(hours(3)); w.step(hours(-5)) }, true},
		{"stepped to before its own start", nil, func(w *windows) { w.step(hours(-48)) }, true},
		{"LastBootUpTime wanders", nil, func(w *windows) { w.pass(hours(100)); w.shown = w.shown.Add(4 * time.Second) }, true},
		{"LastBootUpTime wanders by a minute", nil, func(w *windows) { w.shown = w.shown.Add(time.Minute) }, true},
		{"LastBootUpTime wanders back by a minute", nil, func(w *windows) { w.shown = w.shown.Add(-time.Minute) }, true},
		{"more than a minute", nil, func(w *windows) { w.shown = w.shown.Add(time.Minute + time.Second) }, false},
		{"restarted", nil, func(w *windows) { w.reboot() }, false},
		{"restarted and read much later", nil, func(w *windows) { w.pass(hours(5)); w.reboot(); w.pass(hours(500)) }, false},
		{"set up, and restarted within minutes", func(w *windows) { w.reboot() }, func(w *windows) { w.pass(2 * time.Minute); w.reboot(); w.pass(hours(2400)) }, false},
		{"restarted twice", nil, func(w *windows) { w.reboot(); w.pass(hours(30)); w.reboot() }, false},
		{"restarted with its clock hours ahead", func(w *windows) { w.step(hours(7)) }, func(w *windows) { w.reboot() }, false},
		{"restarted in another time zone", func(w *windows) { w.zone = time.FixedZone("", -11*3600) }, func(w *windows) { w.reboot() }, false},
		{"restarted, then stepped ahead", nil, func(w *windows) { w.reboot(); w.pass(time.Hour); w.step(hours(9)) }, false},
		{"restarted, then stepped back", nil, func(w *windows) { w.reboot(); w.pass(hours(20)); w.step(hours(-9)) }, false},
		{"stepped ahead, then restarted", nil, func(w *windows) { w.step(hours(9)); w.pass(time.Hour); w.reboot() }, false},
		{"stepped back, then restarted", nil, func(w *windows) { w.step(hours(-9)); w.pass(time.Hour); w.reboot() }, false},
		{"set to before its own start, then restarted", func(w *windows) { w.step(hours(-100)) }, func(w *windows) { w.reboot() }, false},
		{"restarted with the clock lost, then set by NTP", nil, func(w *windows) {
			w.wall = hours(-24 * 3000)
			w.reboot()
			w.pass(time.Minute)
			w.step(hours(24 * 3000))
		}, false},
	}
	for _, tt := range tests {
		for _, follows := range []bool{true, false} {
			w := newWindows(follows)
			if tt.before != nil {
				tt.before(w)
			}
			first := w.read()
			tt.change(w)
			if got, decided := sameBoot(first, w.read()); got != tt.same || !decided {
				t.Errorf("%s (LastBootUpTime follows the clock: %t): same %t, decided %t", tt.name, follows, got, decided)
			}
		}
	}
}

// A clock that stands before the machine's own start decides nothing, unless the
// boot instant agrees.
func TestABootThatCannotBeTold(t *testing.T) {
	back := func(w *windows) { w.step(-100 * time.Hour) }
	for name, change := range map[string]func(*windows) (first, second Boot){
		"restarted, then set back": func(w *windows) (Boot, Boot) {
			first := w.read()
			w.reboot()
			back(w)
			return first, w.read()
		},
	} {
		w := newWindows(false)
		first, second := change(w)
		if first.Uptime >= 0 && second.Uptime >= 0 {
			t.Fatalf("%s: no clock runs backwards here", name)
		}
		if got, decided := sameBoot(first, second); got || decided {
			t.Errorf("%s: same %t, decided %t", name, got, decided)
		}
		seen := &Seen{Boot: first, Values: map[string]string{delay: "REG_DWORD 240"}}
		next, decided := seen.At(second, Values{delay: DWORD(30), port: DWORD(5000)}, params(delay, port))
		want := &Seen{Boot: first, Values: map[string]string{delay: "REG_DWORD 240", port: "REG_DWORD 5000"}}
		if decided || !reflect.DeepEqual(next, want) {
			t.Errorf("%s: decided %t, remembered %+v, want %+v", name, decided, next, want)
		}
	}
}

// Through a history of one host: what awaits a restart, and what is kept in mind.
func TestPendingThroughAHistory(t *testing.T) {
	for _, follows := range []bool{true, false} {
		w := newWindows(follows)
		host := Values{delay: DWORD(240), port: Absent, alive: String("300000")}
		var seen *Seen
		managed := []string{delay}
		step := func(name string, change func(), want ...string) {
			t.Helper()
			change()
			next, decided := seen.At(w.read(), host, params(managed...))
			if !decided {
				t.Fatalf("%s: not decided", name)
			}
			seen = next
			if got := seen.Pending(host, params(managed...)); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s (LastBootUpTime follows the clock: %t): pending %v, want %v", name, follows, got, want)
			}
			if len(seen.Values) != len(managed) {
				t.Errorf("%s: remembers %v of %v", name, seen.Values, managed)
			}
		}
		step("first seen", func() {})
		step("written", func() { host[delay] = DWORD(30) }, delay)
		step("a day later", func() { w.pass(24 * time.Hour) }, delay)
		step("set by NTP", func() { w.step(-5 * time.Hour) }, delay)
		step("another zone", func() { w.zone = time.FixedZone("", 2*3600) }, delay)
		step("more managed", func() { managed = []string{delay, port, alive} }, delay)
		step("these written too", func() { host[port], host[alive] = DWORD(65534), DWORD(300000) }, delay, port, alive)
		step("set back", func() { host[delay] = DWORD(240) }, port, alive)
		step("another type of the same number", func() { host[delay] = QWORD(240) }, delay, port, alive)
		step("deleted", func() { delete(host, delay) }, delay, port, alive)
		step("one less managed", func() { managed = []string{delay, alive} }, delay, alive)
		step("the original type back", func() { host[alive] = String("300000") }, delay)
		step("restarted", func() { w.reboot() })
		step("changed by somebody", func() { w.pass(time.Hour); host[delay] = DWORD(60) }, delay)
		step("the clock stepped, then restarted", func() { w.step(8 * time.Hour); w.reboot() })
	}
}

// What is remembered of one boot stays the same to the byte: a refresh that touched
// it would count as drift with plan -refresh-only.
func TestSeenStaysTheSameWithinABoot(t *testing.T) {
	for _, follows := range []bool{true, false} {
		w := newWindows(follows)
		seen, _ := (*Seen)(nil).At(w.read(), Values{delay: DWORD(240)}, params(delay))
		first := Memory{Written: Values{}, Seen: seen}.Bytes()
		for i := range 500 {
			w.pass(13 * time.Hour)
			w.step(time.Duration(i%7-3) * 4 * time.Minute)
			w.zone = time.FixedZone("", (i%25-12)*3600)
			seen, _ = seen.At(w.read(), Values{delay: DWORD(30)}, params(delay))
			if got := (Memory{Written: Values{}, Seen: seen}).Bytes(); string(got) != string(first) {
				t.Fatalf("refresh %d (LastBootUpTime follows the clock: %t): %s, first %s", i, follows, got, first)
			}
		}
	}
}

// At leaves what it was given alone.
func TestAtChangesNothingInPlace(t *testing.T) {
	w := newWindows(false)
	seen, _ := (*Seen)(nil).At(w.read(), Values{delay: DWORD(240)}, params(delay))
	kept := &Seen{Boot: seen.Boot, Values: map[string]string{delay: "REG_DWORD 240"}}
	w.reboot()
	if _, decided := seen.At(w.read(), Values{delay: DWORD(30)}, params(delay, port)); !decided || !reflect.DeepEqual(seen, kept) {
		t.Errorf("decided %t, %+v", decided, seen)
	}
}

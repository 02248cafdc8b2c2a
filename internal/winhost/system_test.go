package winhost

import (
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestReadSystem(t *testing.T) {
	for _, profile := range winsim.Profiles() {
		for seed := int64(1); seed <= 16; seed++ {
			now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
			sim := winsim.Start(t, profile, winsim.Seed(seed), winsim.Clock(func() time.Time { return now }))
			host := reach(t, sim)
			system, err := host.ReadSystem(within(t))
			if err != nil {
				t.Fatal(err)
			}
			if system.Build != tcpip.Build(profile.Build) || system.ProductType != Server || system.Caption == "" || system.Version == "" {
				t.Errorf("%s: %+v", profile.Key, system)
			}
			if !system.LastBoot.Before(system.Now) || system.Now.Sub(now).Abs() > time.Second {
				t.Errorf("%s, seed %d: booted %s, now %s", profile.Key, seed, system.LastBoot, system.Now)
			}
			sim.Reboot()
			again, err := host.ReadSystem(within(t))
			if err != nil || !again.LastBoot.After(system.LastBoot) {
				t.Errorf("%s: after a restart booted %s, before %s: %v", profile.Key, again.LastBoot, system.LastBoot, err)
			}
		}
	}
}

// timeline is one time for a simulated host and for us, stepped by hand.
type timeline struct{ nanoseconds atomic.Int64 }

func newTimeline() *timeline {
	line := &timeline{}
	line.nanoseconds.Store(time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.UTC).UnixNano())
	return line
}

func (l *timeline) now() time.Time       { return time.Unix(0, l.nanoseconds.Load()) }
func (l *timeline) pass(d time.Duration) { l.nanoseconds.Add(int64(d)) }

// Boots are told apart, and machines recognised, whatever becomes of the host's clock.
func TestReadBootThroughAHistory(t *testing.T) {
	for _, profile := range winsim.Profiles() {
		for seed := int64(1); seed <= 16; seed++ {
			follows := seed%2 == 0
			line := newTimeline()
			installed := time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC)
			sim := winsim.Start(t, profile, winsim.Seed(seed), winsim.Clock(line.now), winsim.BootFollowsClock(follows), winsim.InstalledAt(installed), winsim.Named("web07"))
			host := reach(t, sim)
			host.now = line.now
			var seen *tuning.Seen
			values := tuning.Values{"max_user_port": tuning.DWORD(5000)}
			step := func(name string, change func(), pending int) tuning.Boot {
				t.Helper()
				change()
				boot, machine, err := host.ReadBoot(within(t))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if want := (tuning.Machine{Computer: "WEB07", Installed: installed}); !reflect.DeepEqual(machine, want) {
					t.Errorf("%s: %+v, want %+v", name, machine, want)
				}
				if boot.Last.Location() != time.UTC || boot.Read != line.now().UTC() {
					t.Errorf("%s: %+v", name, boot)
				}
				next, decided := seen.At(boot, values, parameters("max_user_port"))
				if got := next.Pending(values, parameters("max_user_port")); !decided || len(got) != pending {
					t.Errorf("%s, seed %d, LastBootUpTime follows the clock: %t: decided %t, pending %v", name, seed, follows, decided, got)
				}
				seen = next
				return boot
			}
			first := step("first seen", func() {}, 0)
			if days := first.Uptime.Hours() / 24; days < 17 || days > 18 {
				t.Errorf("up for %v days", days)
			}
			step("written", func() { values["max_user_port"] = tuning.DWORD(65534) }, 1)
			step("a day later", func() { line.pass(24 * time.Hour) }, 1)
			zone := step("another time zone", func() { sim.SetTimeZone(-11 * time.Hour) }, 1)
			if zone.Last.Sub(first.Last).Abs() > time.Second || (zone.Uptime-first.Uptime-24*time.Hour).Abs() > 2*time.Second {
				t.Errorf("after the move: %+v, first %+v", zone, first)
			}
			step("stepped by NTP", func() { line.pass(time.Hour); sim.StepClock(5 * time.Hour) }, 1)
			step("stepped back", func() { line.pass(time.Hour); sim.StepClock(-9 * time.Hour) }, 1)
			step("to before its own start", func() { sim.StepClock(-100 * 24 * time.Hour) }, 1)
			step("and back", func() { sim.StepClock(100 * 24 * time.Hour) }, 1)
			step("restarted", func() { line.pass(time.Hour); sim.Reboot() }, 0)
			step("written again", func() { line.pass(time.Hour); values["max_user_port"] = tuning.DWORD(60000) }, 1)
			step("stepped, then restarted", func() { sim.StepClock(-9 * time.Hour); sim.Reboot() }, 0)
		}
	}
}

// A clock behind the machine's own start is told as such: a negative uptime.
func TestReadBootOfAClockThatRanBackwards(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022(), winsim.BootFollowsClock(false))
	host := reach(t, sim)
	sim.SetClock(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC))
	boot, _, err := host.ReadBoot(within(t))
	if err != nil || boot.Uptime >= 0 {
		t.Errorf("%+v, %v", boot, err)
	}
}

// Times that no clock shows are an error that names the property, and nothing that
// could not be written down later.
func TestReadBootRefusesTimesOutsideOfTime(t *testing.T) {
	for _, property := range []string{"LastBootUpTime", "LocalDateTime", "InstallDate"} {
		for _, when := range []string{"9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00+12:00", "1600-12-31T23:59:59Z", "yesterday", ""} {
			sim := winsim.Start(t, winsim.Server2022())
			pattern := regexp.MustCompile(`(` + property + `>\s*<(?:\w+:)?Datetime>)[^<]+<`)
			hits := atomic.Int32{}
			sim.RewriteItems(func(item string) string {
				if pattern.MatchString(item) {
					hits.Add(1)
				}
				return pattern.ReplaceAllString(item, "${1}"+when+"<")
			})
			boot, _, err := reach(t, sim).ReadBoot(within(t))
			if err == nil || !strings.Contains(err.Error(), property) || hits.Load() == 0 {
				t.Errorf("%s %q: %+v, %v; rewritten %d times", property, when, boot, err, hits.Load())
			}
		}
	}
}

// The UUID is asked for once a host, whether there is a usable one or not.
func TestUUIDIsReadOnce(t *testing.T) {
	tests := map[string]struct{ firmware, want string }{
		"usable":         {"4C4C4544-0042-4C10-8054-B7C04F4D3232", "4C4C4544-0042-4C10-8054-B7C04F4D3232"},
		"in small":       {"4c4c4544-0042-4c10-8054-b7c04f4d3232", "4C4C4544-0042-4C10-8054-B7C04F4D3232"},
		"none":           {"", ""},
		"all zeros":      {"00000000-0000-0000-0000-000000000000", ""},
		"all Fs":         {"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", ""},
		"many boards'":   {"03000200-0400-0500-0006-000700080009", ""},
		"no UUID at all": {"To Be Filled By O.E.M.", ""},
	}
	everyShape(t, func(t *testing.T, sim *winsim.Host, _ *Host) {
		for name, tt := range tests {
			sim.SetUUID(tt.firmware)
			sim.ResetCounters()
			host := reach(t, sim)
			for range 3 {
				if got, err := host.UUID(within(t)); err != nil || got != tt.want {
					t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
				}
				sim.SetUUID("12345678-0000-0000-0000-000000000001")
			}
			if n := sim.Counters().Methods["Enumerate"]; n != 1 {
				t.Errorf("%s: asked %d times", name, n)
			}
		}
	})
}

// A UUID that could not be read is no machine without one.
func TestUUIDThatCannotBeRead(t *testing.T) {
	for name, action := range map[string]winsim.Action{"denied": winsim.AccessDeniedFault, "busy": winsim.Busy, "closed": winsim.DropBefore} {
		sim := winsim.Start(t, winsim.Server2022(), winsim.UUID("4C4C4544-0042-4C10-8054-B7C04F4D3232"))
		host := reach(t, sim, func(c *Config) { c.MaxRetries = 0 })
		sim.Intercept(func(winsim.Call) winsim.Action { return action })
		if got, err := host.UUID(within(t)); err == nil {
			t.Errorf("%s: %q", name, got)
		}
		if boot, _, err := host.ReadBoot(within(t)); err == nil {
			t.Errorf("%s: %+v", name, boot)
		}
		sim.Intercept(nil)
		if got, err := host.UUID(within(t)); err != nil || got != "4C4C4544-0042-4C10-8054-B7C04F4D3232" {
			t.Errorf("%s, then: %q, %v", name, got, err)
		}
	}
}

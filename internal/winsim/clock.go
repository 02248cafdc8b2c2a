package winsim

import (
	"sync"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/wmi"
)

// bootDuration is how long a simulated restart takes.
const bootDuration = 2 * time.Minute

// clock is the host's time: a steady one, stepped by hand, that its sockets go by, and the wall clock beside it.
type clock struct {
	source  func() time.Time
	follows bool // LastBootUpTime moves along with a step of the wall clock

	mu     sync.Mutex
	passed time.Duration // beside what passes at the source
	booted time.Time     // by the steady clock
	wall   time.Duration // of the wall clock, ahead of the steady one
	facts  wmi.Facts     // but for Now
}

func newClock(s settings, follows bool, zone time.Duration) *clock {
	if s.now == nil {
		still := time.Date(2026, time.March, 2, 6, 0, 0, 123456700, time.UTC)
		s.now = func() time.Time { return still }
	}
	boot := s.now().Add(-(17*24*time.Hour + 3*time.Hour + 12*time.Minute + 345678900*time.Nanosecond))
	return &clock{source: s.now, follows: follows, booted: boot, facts: wmi.Facts{Boot: boot, Installed: s.installed, Zone: zone, UUID: s.uuid, Processes: wmi.MailServer}}
}

// steady is what the host's sockets go by: no step of the wall clock is in it.
func (c *clock) steady() (now, boot time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.source().Add(c.passed), c.booted
}

// read tells what WMI reports.
func (c *clock) read() wmi.Facts {
	c.mu.Lock()
	defer c.mu.Unlock()
	facts := c.facts
	facts.Now = c.source().Add(c.passed + c.wall)
	return facts
}

func (c *clock) change(f func(*clock)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c)
}

func (c *clock) reboot() {
	c.change(func(c *clock) {
		c.passed += bootDuration
		c.booted = c.source().Add(c.passed)
		c.facts.Boot = c.booted.Add(c.wall)
	})
}

package winsim

import (
	"sync"
	"time"
)

// bootDuration is how long a simulated restart takes.
const bootDuration = 2 * time.Minute

// clock is the host's: a source of time, stepped by hand, and the last boot.
type clock struct {
	source func() time.Time

	mu     sync.Mutex
	offset time.Duration
	boot   time.Time
}

func newClock(source func() time.Time) *clock {
	if source == nil {
		still := time.Date(2026, time.March, 2, 6, 0, 0, 123456700, time.UTC)
		source = func() time.Time { return still }
	}
	return &clock{source: source, boot: source().Add(-(17*24*time.Hour + 3*time.Hour + 12*time.Minute + 345678900*time.Nanosecond))}
}

func (c *clock) times() (now, boot time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.source().Add(c.offset), c.boot
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

func (c *clock) reboot() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += bootDuration
	c.boot = c.source().Add(c.offset)
}

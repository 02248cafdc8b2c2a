package reconcile

import (
	"maps"
	"slices"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// Three rows of the catalogue and a transport's two ranges are enough to meet each other, and
// few enough to meet often.
var attributes = []string{"tcp_timed_wait_delay", "max_user_port", "strict_time_wait_seq_check", ipv4, ipv6}

// machine is a Windows in memory, and beside it what the judge knows of it: who wrote what.
type machine struct {
	computer, uuid string
	installed      time.Time
	values         tuning.Values
	journal        string // as text; "" is none

	booted       time.Time     // by the true clock
	offset       time.Duration // its clock - the true clock
	offsetAtBoot time.Duration
	follows      bool // LastBootUpTime moves along when the clock is stepped
	boots        int
	looks        map[int][]tuning.Boot // what the clocks showed, by boot

	truth map[string]*truth
	// byHand: the journal was removed or spoilt by somebody else and none was written since.
	byHand bool
	// crowded: without a journal a second owner came, who takes for original what the
	// first wrote: the loss that the docs name.
	crowded bool
	// unsure: a restart could not be noticed by the clocks.
	unsure bool
}

// truth is what the judge knows of one value.
type truth struct {
	// touched: one of us has changed it and not released it yet.
	touched bool
	// before is what was there before us. It is more than one value only where others
	// changed the value after one of us had recorded it, or where a state that is out of
	// date has its say.
	before []string
	// tried: one of us has tried to write it since nobody managed it.
	tried bool
	// letGo: an update that was to keep or delete it, and let it go, failed half-way. The journal may
	// have forgotten it already, by the user's own word.
	letGo bool
	// excused: somebody's hand has taken the last record of what was before.
	excused bool
}

func newMachine(computer, uuid string, now time.Time) *machine {
	m := &machine{computer: computer, uuid: uuid, installed: now.Add(-1000 * time.Hour).Truncate(time.Second), values: tuning.Values{ipv4: usual, ipv6: usual}, booted: now.Add(-time.Hour), looks: map[int][]tuning.Boot{}}
	m.forget()
	return m
}

// forget begins anew: nobody manages anything here.
func (m *machine) forget() {
	m.truth = map[string]*truth{}
	for _, x := range attributes {
		m.release(x)
	}
}

// release ends the story of one value: whatever is there now is what was there before the next.
func (m *machine) release(x string) {
	m.truth[x] = &truth{before: []string{m.values[x].String()}, excused: m.crowded}
}

// ours writes as the provider.
func (m *machine) ours(x string, v tuning.Value) {
	if m.values[x] != v {
		m.truth[x].touched = true
	}
	m.values[x] = v
}

// theirs writes as anybody else. recorded tells whether one of us keeps an original of it.
func (m *machine) theirs(x string, v tuning.Value, recorded bool) {
	m.values[x] = v
	switch t := m.truth[x]; {
	case t.touched:
	case recorded:
		t.allow(v.String())
	default:
		t.before = []string{v.String()}
	}
}

func (t *truth) allow(text string) {
	if !slices.Contains(t.before, text) {
		t.before = append(t.before, text)
	}
}

// right tells whether a text says what was there before us.
func (t *truth) right(text string) bool { return t.excused || slices.Contains(t.before, text) }

// known tells whether what was before us can be had from a text.
func (t *truth) known(text string) bool { return t.right(text) || t.right(nearest(text)) }

// restored tells whether a value is as it was before us, or as near to that as can be.
func (t *truth) restored(v tuning.Value) bool {
	text := v.String()
	return t.right(text) || slices.ContainsFunc(t.before, func(before string) bool { return nearest(before) == text })
}

func (m *machine) boot(now time.Time) tuning.Boot {
	last := m.booted.Add(m.offsetAtBoot)
	if m.follows {
		last = m.booted.Add(m.offset)
	}
	return tuning.Boot{Last: last, Uptime: now.Add(m.offset).Sub(last), Read: now}
}

func (m *machine) reboot(now time.Time) {
	m.booted, m.offsetAtBoot = now, m.offset
	m.boots++
}

// look notes what the clocks show, and whether they can tell this boot from an earlier one.
func (m *machine) look(now time.Time) {
	here := m.boot(now)
	for boot, looks := range m.looks {
		for _, l := range looks {
			near := l.Last.Sub(here.Last).Abs() < 20*time.Minute || ((here.Uptime-l.Uptime)-here.Read.Sub(l.Read)).Abs() < 20*time.Minute
			m.unsure = m.unsure || boot != m.boots && near
		}
	}
	m.looks[m.boots] = append(m.looks[m.boots], here)
}

func (m *machine) snapshot() tuning.Values { return maps.Clone(m.values) }

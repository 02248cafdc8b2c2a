package tuning

import (
	"slices"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// Boot is what a host says of its last start, and when we read it.
type Boot struct {
	// Last is Win32_OperatingSystem.LastBootUpTime, by the host's clock.
	Last time.Time `json:"last_boot"`
	// Uptime is LocalDateTime - LastBootUpTime; negative where the host's clock was
	// set to before its own start.
	Uptime time.Duration `json:"uptime_ns"`
	// Read is when it was read, by our clock.
	Read time.Time `json:"read"`
}

// bootTolerance is how far two readings of one boot may be apart: LastBootUpTime is
// reported to wander by seconds. It is not more, since a machine that is just being
// set up is restarted within minutes of its first start; a step of a clock shows in
// one of the two comparisons only.
const bootTolerance = time.Minute

// sameBoot tells whether an earlier reading and the present one are of one boot: the boot instant agrees
// (the host's clock was not stepped, or LastBootUpTime does not follow it), or the
// uptime grew by what passed for us (the clock was stepped, and LastBootUpTime moved
// along). Which of the two Windows does is not known. decided is false where the
// host's clock stands before its own start now, so that neither comparison holds.
func sameBoot(a, b Boot) (same, decided bool) {
	if within(a.Last.Sub(b.Last)) {
		return true, true
	}
	if b.Uptime < 0 {
		return false, false
	}
	return within((b.Uptime - a.Uptime) - b.Read.Sub(a.Read)), true
}

func within(d time.Duration) bool { return d.Abs() <= bootTolerance }

// Seen is a boot and the values of that time, as far as we saw them: those that
// Windows reads at its start and uses until the next. Values are kept as
// [Value.String] writes them.
type Seen struct {
	Boot   Boot              `json:"boot"`
	Values map[string]string `json:"values"`
}

// At is what is to be remembered after the host was looked at: the same, with
// what comes under management added, as long as the boot is the same; what was
// observed now, when the host was started since. decided is false where the host's
// clock does not let us tell; then nothing changes.
func (s *Seen) At(boot Boot, observed Values, managed []tcpip.Parameter) (next *Seen, decided bool) {
	same, decided := false, true
	if s != nil {
		same, decided = sameBoot(s.Boot, boot)
	}
	next = &Seen{Boot: boot, Values: map[string]string{}}
	if same || !decided {
		next.Boot = s.Boot
	}
	for _, p := range managed {
		next.Values[p.Attribute] = observed[p.Attribute].String()
		if kept, ok := s.value(p.Attribute); ok && (same || !decided) {
			next.Values[p.Attribute] = kept
		}
	}
	return next, decided
}

func (s *Seen) value(attribute string) (text string, ok bool) {
	if s == nil {
		return "", false
	}
	text, ok = s.Values[attribute]
	return text, ok
}

// Pending lists the attributes whose value differs from the one at the host's
// last boot, in the catalogue's order: those that await a restart.
func (s *Seen) Pending(observed Values, managed []tcpip.Parameter) []string {
	pending := []string{}
	for _, p := range managed {
		if before, ok := s.value(p.Attribute); ok && p.Restart && before != observed[p.Attribute].String() {
			pending = append(pending, p.Attribute)
		}
	}
	return slices.Clip(pending)
}

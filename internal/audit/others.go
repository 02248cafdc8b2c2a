package audit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// claim is what the host's journal is good for. It is asked as an import would.
func (f Facts) claim() (tuning.Claim, error) {
	if f.Journal == nil {
		return tuning.Claim{}, nil
	}
	claim, _, err := tuning.ClaimImport(*f.Journal, f.Machine, "")
	return claim, err
}

// validJournal is the journal that counts on this machine, or nil.
func (f Facts) validJournal() *tuning.Journal {
	claim, err := f.claim()
	if err != nil {
		return nil
	}
	return claim.Previous
}

// journal finds what the journal says and what is wrong with it.
func (i *inspection) journal() {
	claim, err := i.claim()
	if err != nil {
		var unusable *tuning.UnusableJournalError
		if errors.As(err, &unusable) {
			err = unusable.Err // without its lines of what to do, which a plan prints
		}
		i.add(JournalUnusable, "journal", "The journal of this host cannot be used: %s.", line(err.Error()))
		return
	}
	if claim.Previous == nil {
		for _, w := range claim.Warnings {
			i.add(JournalCopied, "journal", "%s. %s", tuning.Upper(line(w.Summary)), line(w.Detail))
		}
		return
	}
	pending, _ := i.PendingRestart()
	for _, p := range pending {
		i.add(RestartPending, p.ValueName, "%s is %s and was %s when Windows started: it acts from the next restart on.", p.ValueName, show(p.Now), line(p.AtStart))
	}
}

// Pending is a registry value that awaits a restart of the host.
type Pending struct {
	ValueName string
	Now       tuning.Value
	AtStart   string // what it was when Windows started
}

// PendingRestart gives the values that await a restart, as far as the host's journal
// saw the last start. known is false where it cannot be told: the values or the
// journal were not read, there is no journal of this machine's, or it does not decide
// which boot it saw.
func (f Facts) PendingRestart() (pending []Pending, known bool) {
	journal := f.validJournal()
	if journal == nil || f.Values == nil {
		return nil, false
	}
	var managed []tcpip.Parameter
	for _, p := range tuning.Parameters(journal.Original) {
		if _, read := f.Values[p.Attribute]; read {
			managed = append(managed, p)
		}
	}
	seen, decided := journal.Seen.At(f.Boot, f.Values, managed)
	if !decided {
		return nil, false
	}
	for _, attribute := range seen.Pending(f.Values, managed) {
		p, _ := tcpip.ByAttribute(attribute)
		pending = append(pending, Pending{ValueName: p.ValueName, Now: f.Values[attribute], AtStart: seen.Values[attribute]})
	}
	return pending, true
}

// owners names the policies that set a catalogue's value.
func (f Facts) owners(valueName string) (list []string) {
	for _, policy := range f.Policies {
		if strings.EqualFold(policy.ValueName, valueName) {
			list = append(list, clean(policy.GPO))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (i *inspection) policies() {
	for _, p := range tcpip.Catalogue {
		if owners := i.owners(p.ValueName); len(owners) > 0 {
			i.add(SetByPolicy, p.ValueName, "%s is set by Group Policy: %s.", p.ValueName, few(owners, maxNamed))
		}
	}
}

// missing says what could not be read.
func (i *inspection) missing() {
	parts := map[string]string{}
	for _, m := range i.Missing {
		parts[cmp.Or(line(m.Part), "something")] = line(m.Why)
	}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		i.add(NotRead, part, "%s could not be read: %s", tuning.Upper(part), cmp.Or(parts[part], "no reason was given"))
	}
}

// rate says what a pool sustains.
func rate(pool tcpip.PortRange, seconds uint32) string {
	if seconds == 0 {
		return ""
	}
	return fmt.Sprintf(" That sustains %.0f new connections per second to one destination.", tcpip.SustainableConnectionRate(pool.Number, seconds))
}

// Package reconcile carries what package tuning decides out on a host, in an order
// in which nothing can get lost: the journal before the first value, the owner read
// again before each write, the values read back after the last, and the way back
// when something fails. It knows neither Terraform nor WS-Management.
package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// Host is what is needed of a machine. A real one is winhost.Host; the property
// test has one that fails at any call.
type Host interface {
	// ReadBoot reads when the host was started, and what machine it is but for its
	// UUID.
	ReadBoot(ctx context.Context) (tuning.Boot, tuning.Machine, error)
	// UUID is the machine's, "" where it has none that tells machines apart.
	UUID(ctx context.Context) (string, error)
	// ReadJournal gives what is in the journal's place. An error is a host that did
	// not answer; a journal that cannot be read is Found.Err.
	ReadJournal(ctx context.Context) (tuning.Found, error)
	WriteJournal(ctx context.Context, journal tuning.Journal) error
	RemoveJournal(ctx context.Context) error
	ReadTuning(ctx context.Context, parameters []tcpip.Parameter) (tuning.Values, error)
	// WriteTuning carries out one step. The error is a [*tuning.WriteError].
	WriteTuning(ctx context.Context, step tuning.Step) error
}

// Reconciler brings one resource and its host together.
type Reconciler struct {
	Host Host
	// Journal is the provider's setting: false leaves the host's journal alone.
	Journal bool
	// Now is our clock, NewOwner makes a random owner.
	Now      func() time.Time
	NewOwner func() string
	// Log is told of each write before it is made.
	Log func(ctx context.Context, what string)
}

// Resource is what Terraform keeps of one host, in state and in private state.
type Resource struct {
	Owner    string
	Original tuning.Values // its keys are the managed set
	Numbers  tuning.Desired
	Pending  []string // attributes that await a restart
	Memory   tuning.Memory
}

func (r *Resource) stake() tuning.Stake {
	return tuning.Stake{Owner: r.Owner, Original: r.Original, Numbers: r.Numbers, Memory: r.Memory}
}

// Outcome is how a call ended. With an error, State is what is true all the same;
// nil is no state after a create, and the prior state after anything else.
type Outcome struct {
	State    *Resource
	Warnings []tuning.Warning
	Err      error
	// Notes say what an error left behind, a paragraph each.
	Notes []string
}

func failed(err error, notes ...string) Outcome { return Outcome{Err: err}.with(notes...) }

// with adds notes; empty ones are none.
func (o Outcome) with(notes ...string) Outcome {
	for _, note := range notes {
		if note != "" {
			o.Notes = append(o.Notes, note)
		}
	}
	return o
}

// warning adds warnings.
func (o Outcome) warning(list []tuning.Warning) Outcome {
	o.Warnings = append(o.Warnings, list...)
	return o
}

// refused is a write that is not ours to make.
func refused(err error) Outcome {
	if lost(err) {
		return failed(err, nothingWritten, tuning.TakeOver)
	}
	return failed(err, nothingWritten)
}

// sentence ends an error's text with a full stop, unless a command line ends it.
func sentence(err error) string {
	if text := err.Error(); strings.HasSuffix(text, "\n") {
		return text
	}
	return err.Error() + "."
}

const nothingWritten = "Nothing was written."

// scene is a host as it was found.
type scene struct {
	boot    tuning.Boot
	machine tuning.Machine
	found   tuning.Found
}

// look reads what is needed to decide who owns the host.
func (r Reconciler) look(ctx context.Context) (s scene, err error) {
	if s.boot, s.machine, err = r.Host.ReadBoot(ctx); err != nil || !r.Journal {
		return s, err
	}
	if s.found, err = r.Host.ReadJournal(ctx); err != nil {
		return s, err
	}
	s.machine.UUID, err = r.Host.UUID(ctx)
	return s, err
}

// Read refreshes a resource: what its host has now.
func (r Reconciler) Read(ctx context.Context, state Resource) Outcome {
	boot, machine, err := r.Host.ReadBoot(ctx)
	if err != nil {
		return failed(err)
	}
	claim := tuning.Claim{Memory: state.Memory}
	if r.Journal {
		found, err := r.Host.ReadJournal(ctx)
		if err != nil {
			return failed(err)
		}
		if found.Journal != nil || state.Memory.Journaled != nil { // where there is, or was, a journal of a machine to compare with
			if machine.UUID, err = r.Host.UUID(ctx); err != nil {
				return failed(err)
			}
		}
		claim = tuning.ClaimRefresh(state.stake(), found, machine)
	}
	managed := tuning.Parameters(state.Original)
	observed, err := r.Host.ReadTuning(ctx, watched(state.Original))
	if err != nil {
		return failed(err)
	}
	numbers, notes := tuning.State(observed, state.Original, claim.Memory.Applied)
	notes = append(notes, tuning.WatchedWarnings(observed, state.Original)...)
	seen, decided := claim.Memory.Seen.At(boot, observed, managed)
	pending := seen.Pending(observed, managed)
	if !decided {
		pending = state.Pending
		notes = append(notes, backwards(boot))
	}
	claim.Memory.Seen, claim.Memory.Differ = seen, tuning.Differing(observed, state.Original)
	return Outcome{
		State:    &Resource{Owner: state.Owner, Original: state.Original, Numbers: numbers, Pending: pending, Memory: claim.Memory},
		Warnings: append(claim.Warnings, notes...),
	}
}

// watched is what a refresh reads: what is managed, and what stands beside it.
func watched(original tuning.Values) []tcpip.Parameter {
	read := maps.Clone(original)
	for _, p := range tuning.Watched(original) {
		read[p.Attribute] = tuning.Absent
	}
	return tuning.Parameters(read)
}

// backwards says that a host's clock does not tell whether it was restarted.
func backwards(boot tuning.Boot) tuning.Warning {
	return tuning.Warning{
		Summary: "its clock was set to before its own start",
		Detail: "It says that it was started " + boot.Last.UTC().Format(time.RFC3339) + ", which is later than its present time. Whether it was restarted cannot be told, " +
			"so pending_restart stays as it was. Set the host's clock right.",
	}
}

// Import takes every REG_DWORD of the catalogue that the host has, and the port
// ranges that are not Windows' default, and writes nothing.
func (r Reconciler) Import(ctx context.Context) Outcome {
	scene, err := r.look(ctx)
	if err != nil {
		return failed(err)
	}
	claim, owner, err := tuning.ClaimImport(scene.found, scene.machine, r.NewOwner())
	if err != nil {
		return failed(err)
	}
	observed, missing, err := r.readAll(ctx)
	if err != nil {
		return failed(err)
	}
	original, notes := tuning.Takeover(observed, claim.Prior.Carried)
	managed := tuning.Parameters(original)
	numbers, differ := tuning.State(observed, original, claim.Memory.Applied)
	notes = slices.Concat(notes, ofRanges(differ), missing)
	seen, _ := claim.Memory.Seen.At(scene.boot, observed, managed)
	memory := claim.Memory
	memory.Written, memory.Seen, memory.Differ = numbersOf(memory.Written, original), seen, tuning.Differing(observed, original)
	return Outcome{
		State:    &Resource{Owner: owner, Original: original, Numbers: numbers, Pending: seen.Pending(observed, managed), Memory: memory},
		Warnings: append(claim.Warnings, notes...),
	}
}

// readAll reads all that an import may take. A host without port ranges, or without a
// shell to read them in, has its registry values all the same.
func (r Reconciler) readAll(ctx context.Context) (tuning.Values, []tuning.Warning, error) {
	observed, err := r.Host.ReadTuning(ctx, tcpip.Catalogue)
	if err != nil {
		return nil, nil, err
	}
	ranges, err := r.Host.ReadTuning(ctx, tcpip.PortRanges)
	var unavailable *tuning.UnavailableError
	switch {
	case errors.As(err, &unavailable) && unavailable.None:
		return observed, nil, nil
	case errors.As(err, &unavailable):
		return observed, []tuning.Warning{{Summary: "its dynamic port ranges are not imported", Detail: tuning.Upper(sentence(err))}}, nil
	}
	return merged(observed, ranges), nil, err
}

// ofRanges leaves the warnings about port ranges.
func ofRanges(list []tuning.Warning) (kept []tuning.Warning) {
	for _, w := range list {
		if strings.HasPrefix(w.Attribute, tcpip.RangeAttribute) {
			kept = append(kept, w)
		}
	}
	return kept
}

// numbersOf leaves what was written of the given values; nil stays nil.
func numbersOf(written, original tuning.Values) tuning.Values {
	if written == nil {
		return nil
	}
	kept := tuning.Values{}
	for attribute := range original {
		if ours, ok := written[attribute]; ok {
			kept[attribute] = ours
		}
	}
	return kept
}

// merged is several maps as one; the last one that has a key counts.
func merged[M ~map[string]V, V any](all ...M) M {
	into := M{}
	for _, m := range all {
		maps.Copy(into, m)
	}
	return into
}

// ErrJournalGone is a journal that somebody removed while we were at work.
var ErrJournalGone = errors.New("somebody removed the host's journal at this moment, so nothing more was written")

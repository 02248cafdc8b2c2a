package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// What may happen at one call of the host.
const (
	isRefused    = "refused"      // not done, and said so
	isDenied     = "denied"       // this and every later write of the call is refused
	isLost       = "reply lost"   // done, and the reply is lost
	isLate       = "lands late"   // the reply is lost, and it is done only later
	isSilent     = "silent"       // not done, and the host says nothing more during this call
	isDoneSilent = "done, silent" // done, then silence
	isKilled     = "killed"       // the process dies before it is done
	isDoneKilled = "done, killed" // the process dies after it is done
	isCancelled  = "cancelled"    // Ctrl-C while it is being done
	isUnreadable = "unreadable"   // a journal that cannot be read; another call is refused
)

var faultKinds = []string{isRefused, isDenied, isLost, isLate, isSilent, isDoneSilent, isKilled, isDoneKilled, isCancelled, isUnreadable}

var (
	errRefused = errors.New("the host refused")
	errSilent  = errors.New("the host did not answer")
	errGarbage = errors.New("the journal cannot be read")
)

// death is how a process dies at a call; the harness catches it.
type death struct{}

type fault struct {
	at    int    // the number of the call, from 0
	on    string // in place of it, the value that is written
	kind  string
	delay int // of a late landing, in calls
}

type landing struct {
	at  int
	act func()
}

// wire is a machine as the reconciler reaches it during one call of a resource.
type wire struct {
	m         *machine
	now       time.Time
	faults    []fault
	stop      context.CancelFunc
	sealed    bool   // the journal cannot be written
	stopAfter int    // Ctrl-C during the write of a value with this number; 0: never
	onLook    func() // before each look at the journal
	// check is the judge's look at each write.
	check func(step tuning.Step)
	gone  func() // the judge's look before a journal is removed
	// library keeps what journals say that were read before: most of the time of a history
	// would go into reading the same texts again. Nil keeps nothing.
	library map[string]tuning.Found

	newOwner string // the one that was made in this call
	calls    int
	writing  string // the value that is being written
	fired    bool   // a fault happened
	dumb     bool   // silent from now on
	readBack bool   // the values were read since the last write
	slow     bool   // something lands late
	fresh    bool   // the journal was read since the last write
	closed   bool   // writes are denied from now on
	landings []landing
	writes   []tuning.Step
	looks    int // at the journal
	journals int // writes and removals of the journal, tried
	log      []string
}

// do carries out one call of the host. uncertain: it may have been done all the same.
func (h *wire) do(ctx context.Context, what string, write bool, act func()) (uncertain bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	number := h.calls
	h.calls++
	h.land(number)
	kind := ""
	for _, f := range h.faults {
		if f.hits(number, h.writing) && kind == "" {
			kind = f.kind
			if f.kind == isLate && write {
				h.slow = true
				h.landings = append(h.landings, landing{number + 1 + f.delay, act})
			}
		}
	}
	if kind != "" {
		h.fired = true
		h.log = append(h.log, fmt.Sprintf("%s: %s", what, kind))
	}
	switch {
	case h.dumb:
		return false, errSilent
	case kind == "" && h.closed && write:
		return false, errRefused
	}
	switch kind {
	case "":
		act()
		return false, nil
	case isCancelled:
		act()
		h.stop()
		return false, nil
	case isLost:
		act()
		return true, errSilent
	case isLate:
		return true, errSilent
	case isSilent:
		h.dumb = true
		return true, errSilent
	case isDoneSilent:
		act()
		h.dumb = true
		return true, errSilent
	case isKilled:
		panic(death{})
	case isDoneKilled:
		act()
		panic(death{})
	case isDenied:
		h.closed = true
	}
	return false, errRefused
}

func (f fault) hits(number int, writing string) bool {
	if f.on != "" {
		return f.on == writing
	}
	return f.at == number
}

// land does what was sent before and is due.
func (h *wire) land(number int) {
	var waiting []landing
	for _, l := range h.landings {
		if l.at > number {
			waiting = append(waiting, l)
			continue
		}
		l.act()
	}
	h.landings = waiting
}

func (h *wire) ReadBoot(ctx context.Context) (boot tuning.Boot, machine tuning.Machine, err error) {
	_, err = h.do(ctx, "ReadBoot", false, func() {
		boot = h.m.boot(h.now)
		machine = tuning.Machine{Computer: h.m.computer, Installed: h.m.installed}
	})
	return boot, machine, err
}

func (h *wire) UUID(ctx context.Context) (uuid string, err error) {
	_, err = h.do(ctx, "UUID", false, func() { uuid = tuning.UsableUUID(h.m.uuid) })
	return uuid, err
}

func (h *wire) ReadJournal(ctx context.Context) (found tuning.Found, err error) {
	number := h.calls
	h.fresh = true
	h.looks++
	if h.onLook != nil {
		h.onLook()
	}
	_, err = h.do(ctx, "ReadJournal", false, func() {
		if h.m.journal != "" {
			found = h.open(h.m.journal)
		}
	})
	for _, f := range h.faults {
		if f.hits(number, "") && f.kind == isUnreadable && err != nil {
			return tuning.Found{Err: errGarbage}, nil //nolint:nilerr // the host answered; what it has cannot be read
		}
	}
	return found, err
}

// open reads a journal. Everybody gets a copy of his own.
func (h *wire) open(text string) tuning.Found {
	found, known := h.library[text]
	if !known {
		journal, err := tuning.ParseJournal(text)
		if found.Err = err; err == nil {
			found.Journal = &journal
		}
		if h.library != nil {
			h.library[text] = found
		}
	}
	if found.Journal != nil {
		journal := *found.Journal
		journal.Original, journal.Written = maps.Clone(journal.Original), maps.Clone(journal.Written)
		if journal.Seen != nil {
			journal.Seen = &tuning.Seen{Boot: journal.Seen.Boot, Values: maps.Clone(journal.Seen.Values)}
		}
		found.Journal = &journal
	}
	return found
}

func (h *wire) WriteJournal(ctx context.Context, journal tuning.Journal) error {
	text := journal.Text()
	h.journals++
	h.fresh = false
	if h.sealed {
		return errRefused
	}
	_, err := h.do(ctx, "WriteJournal", true, func() { h.m.journal, h.m.byHand = text, false })
	return err
}

func (h *wire) RemoveJournal(ctx context.Context) error {
	h.journals++
	_, err := h.do(ctx, "RemoveJournal", true, func() {
		if h.gone != nil {
			h.gone()
		}
		h.m.journal = ""
	})
	return err
}

func (h *wire) ReadTuning(ctx context.Context, parameters []tcpip.Parameter) (values tuning.Values, err error) {
	_, err = h.do(ctx, "ReadTuning", false, func() {
		values = tuning.Values{}
		for _, p := range parameters {
			values[p.Attribute] = h.m.values[p.Attribute]
		}
	})
	h.readBack = err == nil
	return values, err
}

func (h *wire) WriteTuning(ctx context.Context, step tuning.Step) error {
	if err := ctx.Err(); err != nil {
		return &tuning.WriteError{Step: step, Err: err}
	}
	if step.To.Opaque { // as winhost does: nobody knows what to write
		return &tuning.WriteError{Step: step, Err: errRefused}
	}
	if h.check != nil {
		h.check(step)
	}
	h.writes = append(h.writes, step)
	h.fresh, h.readBack = false, false
	if len(h.writes) == h.stopAfter {
		defer h.stop()
	}
	h.writing = step.Parameter.Attribute
	defer func() { h.writing = "" }()
	uncertain, err := h.do(ctx, "WriteTuning", true, func() { h.m.ours(step.Parameter.Attribute, step.To) })
	if err != nil {
		return &tuning.WriteError{Step: step, Uncertain: uncertain, Err: err}
	}
	return nil
}

func (h *wire) wrote(x string) bool {
	return slices.ContainsFunc(h.writes, func(s tuning.Step) bool { return s.Parameter.Attribute == x })
}

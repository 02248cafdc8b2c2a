package monitoring

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// DefaultParallel is how many hosts are read side by side, where nobody says.
const DefaultParallel = 10

// Options says what is read of each host.
type Options struct {
	Sockets winhost.SocketQuery
	// Parallel is how many hosts are read side by side; at least 1.
	Parallel int
	// Deadline bounds one reading of all hosts; 0 leaves it to the caller's context.
	Deadline time.Duration
	// Skip gives the reason not to ask a host at all; nil where there is none.
	Skip func(name string) error
}

// Fleet is hosts that are read together. Its connections are kept between readings.
type Fleet struct {
	options Options
	hosts   []member
	// undecided: one account database judges the account, and no host has let it in yet.
	undecided  bool
	askAnother func() // lets one more host judge an account that was refused
	now        func() time.Time
}

type member struct {
	name string
	host *winhost.Host
}

// NewFleet prepares hosts for reading, by their names as the provider's attribute host
// takes them; it does not dial. A name that is none, or that stands twice, is an error.
func NewFleet(config winhost.Config, names []string, options Options) (*Fleet, error) {
	fleet := &Fleet{options: options, undecided: config.SharedAccount(), askAnother: config.AskAnother, now: time.Now}
	fleet.options.Parallel = max(options.Parallel, 1)
	if options.Skip == nil {
		fleet.options.Skip = func(string) error { return nil }
	}
	seen := map[winhost.Address]string{}
	for _, name := range names {
		address, err := winhost.ParseAddress(name)
		if err != nil {
			return nil, err
		}
		same := winhost.Address{Name: address.Key(), Port: address.Port}
		if before, twice := seen[same]; twice {
			return nil, fmt.Errorf("host %q is named twice (%q): its series would stand twice in the result; name it once", name, before)
		}
		seen[same] = name
		host, err := config.Open(address)
		if err != nil {
			return nil, fmt.Errorf("host %q: %w", name, err)
		}
		fleet.hosts = append(fleet.hosts, member{name, host})
	}
	return fleet, nil
}

// Close drops the connections.
func (f *Fleet) Close() {
	for _, m := range f.hosts {
		m.host.Close()
	}
}

// Read reads every host, side by side, and gives the readings in the order of the
// names. A host that fails has its error in its reading and disturbs no other: each has
// its share of the deadline.
func (f *Fleet) Read(ctx context.Context) []Reading {
	if f.options.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.options.Deadline)
		defer cancel()
	}
	f.decide(ctx)
	readings := make([]Reading, len(f.hosts))
	shares := &shares{waiting: len(f.hosts), parallel: f.options.Parallel}
	turns := make(chan int, len(f.hosts))
	for i := range f.hosts {
		turns <- i
	}
	close(turns)
	var wait sync.WaitGroup
	for range f.options.Parallel {
		wait.Go(func() {
			for i := range turns {
				readings[i] = f.read(ctx, shares, f.hosts[i])
			}
		})
	}
	wait.Wait()
	return readings
}

// MostRefusals is how many hosts may refuse an account of a domain before it counts as
// refused everywhere. One alone may just have no port left for its domain controller.
const MostRefusals = 2

// decide asks one host after the other until one has let the account in, or as many as
// MostRefusals have refused it, where that is an account of a domain: hosts that are
// asked side by side would wait for one logon, which their own time is not for.
func (f *Fleet) decide(ctx context.Context) {
	if len(f.hosts) == 1 {
		return
	}
	refusals := 0
	for _, m := range f.hosts {
		if !f.undecided {
			return
		}
		if f.options.Skip(m.name) != nil {
			continue
		}
		all := &shares{waiting: len(f.hosts) + f.options.Parallel, parallel: f.options.Parallel} // this turn, and one for each
		turn, _, cancel := all.next(ctx)
		_, err := m.host.ReadSystem(turn)
		cancel()
		f.undecided = unanswered(err)
		if (&Reading{Err: err}).Refused() {
			if refusals++; refusals < MostRefusals {
				f.undecided = true
				f.askAnother()
			}
		}
	}
}

// read reads one host in its share of the time: what the registry and the journal say,
// then the sockets.
func (f *Fleet) read(ctx context.Context, shares *shares, m member) Reading {
	reading := Reading{Host: m.name}
	turn, share, cancel := shares.next(ctx)
	defer cancel()
	if reading.Err = f.options.Skip(m.name); reading.Err != nil {
		return reading
	}
	begin := f.now()
	facts, err := m.host.ReadFacts(turn, audit.PartValues|audit.PartJournal)
	if err == nil {
		query := f.options.Sockets
		query.MaxUserPort = reading.settings(facts)
		reading.Sockets, err = m.host.ReadSockets(turn, query)
	}
	reading.Err, reading.Duration = f.late(turn, share, err), f.now().Sub(begin)
	return reading
}

// late says of an error that came of a deadline of ours which one it was.
func (f *Fleet) late(turn context.Context, share time.Duration, err error) error {
	switch {
	case f.options.Deadline == 0 || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(turn.Err(), context.DeadlineExceeded):
		return err // of the connection, if it is a time-out at all
	case share > 0:
		return fmt.Errorf("not done within %s, its share of %s (--deadline) for %d hosts, %d at a time (--parallel): %w",
			share.Round(time.Millisecond), f.options.Deadline, len(f.hosts), f.options.Parallel, err)
	default:
		return fmt.Errorf("not done within %s (--deadline): %w", f.options.Deadline, err)
	}
}

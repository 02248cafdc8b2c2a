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

// DefaultParallel is how many hosts are read side by side.
const DefaultParallel = 10

// Options says what is read of each host.
type Options struct {
	Sockets winhost.SocketQuery
	// Parallel is how many hosts are read side by side; at least 1.
	Parallel int
	// Deadline bounds one reading of all hosts; 0 leaves it to the caller's context.
	Deadline time.Duration
}

// Fleet is hosts that are read together. Its connections are kept between readings.
type Fleet struct {
	options Options
	hosts   []member
}

type member struct {
	name string
	host *winhost.Host
}

// NewFleet prepares hosts for reading, by their names as the provider's attribute host
// takes them; it does not dial. A name that is none, or that stands twice, is an error.
func NewFleet(config winhost.Config, names []string, options Options) (*Fleet, error) {
	fleet := &Fleet{options: options}
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
// names. A host that fails has its error in its reading and disturbs no other.
func (f *Fleet) Read(ctx context.Context) []Reading {
	if f.options.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.options.Deadline)
		defer cancel()
	}
	readings := make([]Reading, len(f.hosts))
	turn := make(chan struct{}, max(f.options.Parallel, 1))
	var wait sync.WaitGroup
	for i, m := range f.hosts {
		wait.Go(func() {
			select {
			case turn <- struct{}{}:
				defer func() { <-turn }()
				readings[i] = f.read(ctx, m)
			case <-ctx.Done():
				readings[i] = Reading{Host: m.name, Err: fmt.Errorf("it was not its turn before the time was over: %w", ctx.Err())}
			}
			readings[i].Err = f.late(ctx, readings[i].Err)
		})
	}
	wait.Wait()
	return readings
}

// read reads one host: what the registry and the journal say, then the sockets.
func (f *Fleet) read(ctx context.Context, m member) Reading {
	reading := Reading{Host: m.name}
	begin := time.Now()
	facts, err := m.host.ReadFacts(ctx, audit.PartValues|audit.PartJournal)
	if err == nil {
		query := f.options.Sockets
		query.MaxUserPort = reading.settings(facts)
		reading.Sockets, err = m.host.ReadSockets(ctx, query)
	}
	reading.Err, reading.Duration = err, time.Since(begin)
	return reading
}

// late says of an error that came of our own deadline which one it was.
func (f *Fleet) late(ctx context.Context, err error) error {
	if err == nil || f.options.Deadline == 0 || !errors.Is(ctx.Err(), context.DeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("not done within %s (--deadline): %w", f.options.Deadline, err)
}

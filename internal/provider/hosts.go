package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/windows-baseline/terraform-provider-windows/internal/reconcile"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// hosts is what a configured provider hands to its resources: the hosts that
// were used so far, each with its kept connection, and a lock per machine.
// Nothing else is shared between hosts.
type hosts struct {
	config  winhost.Config
	unknown []string // settings that are known only at apply; then config is empty

	mu    sync.Mutex
	open  map[string]*winhost.Host // by machine and port
	locks map[string]chan struct{} // by name and by machine; holds a token while nobody writes
}

func newHosts(config winhost.Config) *hosts {
	return &hosts{config: config, open: map[string]*winhost.Host{}, locks: map[string]chan struct{}{}}
}

var errNotConfigured = errors.New("the provider was not configured")

// unknownSettingsError says that the provider's settings are not known yet.
type unknownSettingsError struct{ names []string }

func (e *unknownSettingsError) Error() string {
	return fmt.Sprintf("the provider's %s is known only after apply", strings.Join(e.names, ", "))
}

// host returns the host for an address, the same one for the same address.
func (h *hosts) host(address winhost.Address) (*winhost.Host, error) {
	if len(h.unknown) > 0 {
		return nil, &unknownSettingsError{names: h.unknown}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	key := fmt.Sprintf("%s %d", address.Key(), address.Port)
	if host, ok := h.open[key]; ok {
		return host, nil
	}
	host, err := h.config.Open(address)
	if err != nil {
		return nil, err
	}
	h.open[key] = host
	return host, nil
}

// at gives the host that an attribute names; it does not dial.
func (h *hosts) at(name string) (*winhost.Host, error) {
	if h == nil {
		return nil, errNotConfigured
	}
	address, err := winhost.ParseAddress(name)
	if err != nil {
		return nil, err
	}
	return h.host(address)
}

// reconciler is at as package reconcile wants it.
func (h *hosts) reconciler(name string) (reconcile.Reconciler, error) {
	host, err := h.at(name)
	if err != nil {
		return reconcile.Reconciler{}, err
	}
	return reconcile.Reconciler{Host: host, Journal: h.config.Journal, Now: time.Now, NewOwner: rand.Text, Log: func(ctx context.Context, what string) {
		tflog.Info(ctx, what, map[string]any{"host": name})
	}}, nil
}

// claim gives the host that an attribute names for writing: nobody else in this
// process writes to the machine until unlock is called, under whatever name. With
// newborn it waits, as long as ctx lets it, for a host that does not serve WinRM yet.
func (h *hosts) claim(ctx context.Context, name string, newborn bool) (r reconcile.Reconciler, unlock func(), err error) {
	if r, err = h.reconciler(name); err != nil {
		return r, nil, err
	}
	address, err := winhost.ParseAddress(name)
	if err != nil {
		return r, nil, err
	}
	unlockName, err := h.lock(ctx, "name "+address.Key())
	if err != nil {
		return r, nil, err
	}
	unlockMachine, err := h.lockMachine(ctx, r, newborn)
	if err != nil {
		unlockName()
		return r, nil, err
	}
	return r, func() { unlockMachine(); unlockName() }, nil
}

// lockMachine waits for the machine itself, since it may have other names. Without
// the journal the machine is not asked who it is, and its name is all that is locked.
func (h *hosts) lockMachine(ctx context.Context, r reconcile.Reconciler, newborn bool) (unlock func(), err error) {
	var machine tuning.Machine
	identify := func() error {
		if machine.UUID, err = r.Host.UUID(ctx); err == nil && machine.UUID == "" {
			_, machine, err = r.Host.ReadBoot(ctx)
		}
		return err
	}
	switch {
	case newborn:
		err = whenBorn(ctx, identify)
	case h.config.Journal:
		err = identify()
	}
	if err != nil {
		return nil, err
	}
	if machine.Key() == "" {
		return func() {}, nil
	}
	return h.lock(ctx, "machine "+machine.Key())
}

// How often a host that is not born yet is asked.
const (
	firstCall  = time.Second
	laterCalls = 15 * time.Second
)

// whenBorn repeats what fails because nobody serves WinRM yet, until ctx ends.
func whenBorn(ctx context.Context, call func() error) error {
	waits := &backoff.ExponentialBackOff{InitialInterval: firstCall, Multiplier: 1.5, RandomizationFactor: 0.3, MaxInterval: laterCalls}
	waits.Reset()
	for {
		err := call()
		if !transport.NotYet(err) {
			return err
		}
		select {
		case <-time.After(waits.NextBackOff()):
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return fmt.Errorf("the wait for the host was broken off: %w; last it was: %w", ctx.Err(), err)
			}
			return fmt.Errorf("the host did not serve WinRM within timeouts.create: %w", err)
		}
	}
}

// lock waits until nobody else in this process holds the key. The caller must call
// unlock once.
func (h *hosts) lock(ctx context.Context, key string) (unlock func(), err error) {
	h.mu.Lock()
	lock, ok := h.locks[key]
	if !ok {
		lock = make(chan struct{}, 1)
		lock <- struct{}{}
		h.locks[key] = lock
	}
	h.mu.Unlock()
	select {
	case <-lock:
		return func() { lock <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("another resource of this run was still writing to the host: %w", ctx.Err())
	}
}

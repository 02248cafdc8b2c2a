package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// hosts is what a configured provider hands to its resources: the hosts that
// were used so far, each with its kept connection, and a lock per machine.
// Nothing else is shared between hosts.
type hosts struct {
	config  winhost.Config
	unknown []string // settings that are known only at apply; then config is empty

	mu    sync.Mutex
	open  map[string]*winhost.Host // by machine and port
	locks map[string]chan struct{} // by machine; holds a token while nobody writes
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

// claim gives the host that an attribute names for writing: nobody else in this
// process writes to the machine until unlock is called.
func (h *hosts) claim(ctx context.Context, name string) (host *winhost.Host, unlock func(), err error) {
	host, err = h.at(name)
	if err != nil {
		return nil, nil, err
	}
	address, err := winhost.ParseAddress(name)
	if err != nil {
		return nil, nil, err
	}
	unlock, err = h.lock(ctx, address)
	return host, unlock, err
}

// lock waits until nobody else in this process writes to the machine. The
// caller must call unlock once.
func (h *hosts) lock(ctx context.Context, address winhost.Address) (unlock func(), err error) {
	h.mu.Lock()
	lock, ok := h.locks[address.Key()]
	if !ok {
		lock = make(chan struct{}, 1)
		lock <- struct{}{}
		h.locks[address.Key()] = lock
	}
	h.mu.Unlock()
	select {
	case <-lock:
		return func() { lock <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("another resource of this run was still writing to the host: %w", ctx.Err())
	}
}

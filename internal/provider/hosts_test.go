package provider

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

func addressOf(t *testing.T, text string) winhost.Address {
	t.Helper()
	address, err := winhost.ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// One machine, whatever its port and letter case, is written to by one at a time.
func TestLock(t *testing.T) {
	ctx := context.Background()
	h := newHosts(winhost.Config{})
	unlock, err := h.lock(ctx, addressOf(t, "mail01").Key())
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan func())
	go func() {
		second, err := h.lock(ctx, addressOf(t, "MAIL01:5986").Key())
		if err != nil {
			t.Error(err)
		}
		got <- second
	}()
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := h.lock(cancelled, addressOf(t, "mail01.").Key()); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting does not obey its context: %v", err)
	}
	other, err := h.lock(ctx, addressOf(t, "mail02").Key())
	if err != nil {
		t.Fatal(err)
	}
	other()
	select {
	case <-got:
		t.Fatal("two writers at once")
	default:
	}
	unlock()
	(<-got)()
}

// The same address gives the same host, so that its connection is kept.
func TestHostsAreCached(t *testing.T) {
	username, password := "svc", "not-a-real-password"
	config, problems := winhost.Settings{Username: &username, Password: &password}.Resolve(func(string) (string, bool) { return "", false })
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	h := newHosts(config)
	one, err := h.at("mail01")
	if err != nil {
		t.Fatal(err)
	}
	if two, err := h.at("MAIL01"); err != nil || two != one {
		t.Errorf("another host: %v", err)
	}
	if two, err := h.at("mail01:5986"); err != nil || two == one {
		t.Errorf("another port is another connection: %v", err)
	}
	if _, err := (*hosts)(nil).at("mail01"); !errors.Is(err, errNotConfigured) {
		t.Errorf("%v", err)
	}
}

// Ctrl-C while create waits for a newborn host is no time-out.
func TestWhenBornIsBrokenOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := whenBorn(ctx, func() error {
		calls++
		cancel()
		return &transport.UnreachableError{Address: "mail01:5985", Reason: transport.Refused}
	})
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "timeouts.create") || calls != 1 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}

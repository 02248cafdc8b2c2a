package provider

import (
	"context"
	"errors"
	"maps"
	"math/big"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Whoever writes to a host holds its name, and with the journal the machine too, which
// may have other names; both are free again afterwards.
func TestAWriterHoldsNameAndMachine(t *testing.T) {
	ctx := context.Background()
	host := winsim.Start(t, winsim.Server2022())
	username, password := host.Username(), host.Password()
	for _, journal := range []bool{true, false} {
		config, problems := winhost.Settings{Username: &username, Password: &password, Journal: &journal}.Resolve(func(string) (string, bool) { return "", false })
		if len(problems) != 0 {
			t.Fatal(problems)
		}
		h := newHosts(config)
		machine, unlock, err := h.claim(ctx, "LOCALHOST"+port(host.HTTPAddr()), false)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"name localhost"}
		if journal {
			uuid, err := machine.Host.UUID(ctx)
			if err != nil || uuid == "" {
				t.Fatalf("the host has the UUID %q (%v)", uuid, err)
			}
			want = []string{"machine " + uuid, "name localhost"}
		}
		if got := locked(h); !slices.Equal(got, want) {
			t.Errorf("journal %t: a writer holds %q, want %q", journal, got, want)
		}
		unlock()
		if got := locked(h); len(got) > 0 {
			t.Errorf("journal %t: still held afterwards: %q", journal, got)
		}
		for _, open := range h.open {
			open.Close()
		}
	}
}

// locked lists the keys that somebody holds.
func locked(h *hosts) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(h.locks)), func(key string) bool { return len(h.locks[key]) > 0 })
}

// on_unreachable is about hosts that do not answer. A host that refuses the password did.
func TestOnlySilenceIsAWarning(t *testing.T) {
	r := &tcpipTuningResource{hosts: &hosts{config: winhost.Config{OnUnreachable: winhost.UnreachableWarn}}}
	for _, c := range []struct {
		err  error
		want diag.Severity
	}{
		{&transport.UnreachableError{Address: "mail01:5985", Reason: transport.Refused, Err: errors.New("connection refused")}, diag.SeverityWarning},
		{&transport.UnauthorizedError{Address: "mail01:5985", User: `CONTOSO\svc-terraform`, Refused: true}, diag.SeverityError},
		{winhost.ErrAccessDenied, diag.SeverityError},
		{context.Canceled, diag.SeverityError},
	} {
		if got := r.unread("mail01", c.err, nil); got.Severity() != c.want {
			t.Errorf("%T is %s: %s, want %s", c.err, got.Severity(), got.Summary(), c.want)
		}
	}
}

// What was unknown at plan time was seen by no validator: it is checked before anything
// is written.
func TestNumbersAreCheckedAtApply(t *testing.T) {
	for _, p := range tcpip.Catalogue {
		least, most := float64(p.Min), float64(p.Max)
		for number, wrong := range map[float64]bool{least: false, most: false, least - 1: true, most + 1: true, least + 0.5: true} {
			model := tuningModel{Numbers: map[string]types.Number{p.Attribute: types.NumberValue(big.NewFloat(number))}}
			if _, diags := model.desired(); diags.HasError() != wrong {
				t.Errorf("%s = %v: %v", p.Attribute, number, diags)
			}
		}
	}
}

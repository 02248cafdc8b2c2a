package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

var errNotConfigured = errors.New("the provider was not configured")

// open gives the host that an address names; it does not dial.
func (r *tcpipTuningResource) open(name string) (*winhost.Host, error) {
	if r.hosts == nil {
		return nil, errNotConfigured
	}
	address, err := winhost.ParseAddress(name)
	if err != nil {
		return nil, err
	}
	return r.hosts.host(address)
}

// claim gives the host for writing: nobody else in this process writes to the
// machine until unlock is called.
func (r *tcpipTuningResource) claim(ctx context.Context, name string) (host *winhost.Host, unlock func(), err error) {
	host, err = r.open(name)
	if err != nil {
		return nil, nil, err
	}
	address, err := winhost.ParseAddress(name)
	if err != nil {
		return nil, nil, err
	}
	unlock, err = r.hosts.lock(ctx, address)
	return host, unlock, err
}

// prior is what state and private state remember of the host.
func (r *tcpipTuningResource) prior(ctx context.Context, state tuningModel, memory private) (tuning.Prior, diag.Diagnostics) {
	original, diags := state.original(ctx)
	written, more := readWritten(ctx, memory)
	diags.Append(more...)
	return tuning.Prior{Original: original, Written: written}, diags
}

// union lists the parameters of both lists, in the catalogue's order.
func union(a, b []tcpip.Parameter) []tcpip.Parameter {
	set := map[string]bool{}
	for _, list := range [][]tcpip.Parameter{a, b} {
		for _, p := range list {
			set[p.Attribute] = true
		}
	}
	return managed(set)
}

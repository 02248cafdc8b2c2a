package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

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

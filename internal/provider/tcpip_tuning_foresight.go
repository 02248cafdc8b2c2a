package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// foresightTimeout bounds what is read of a host for a plan's warnings, the way to it
// included: a plan must not wait for a host that is not there.
const foresightTimeout = 5 * time.Second

// proposal is what a plan changes on a host. prior is the model in state, nil for a
// create. ok is false where the plan does not know all of it yet, or changes nothing.
func (m tuningModel) proposal(prior *tuningModel) (p audit.Proposal, ok bool) {
	if m.Host.IsUnknown() || m.hasUnknown() {
		return p, false
	}
	p.Desired = m.numbers()
	if prior != nil {
		p.Prior = prior.numbers()
	}
	for _, argument := range arguments() {
		to, wanted := p.Desired[argument]
		if from, had := p.Prior[argument]; wanted && !(had && from == to) {
			p.Changed = append(p.Changed, argument)
		}
	}
	return p, len(p.Changed) > 0
}

// arguments lists what a configuration can set, each once.
func arguments() (list []string) {
	for _, p := range tcpip.Settings {
		if argument := p.Argument(); len(list) == 0 || list[len(list)-1] != argument {
			list = append(list, argument)
		}
	}
	return list
}

// hasUnknown tells whether a value is known only at apply.
func (m tuningModel) hasUnknown() bool {
	for _, number := range m.Numbers {
		if number.IsUnknown() {
			return true
		}
	}
	for _, transport := range tcpip.Transports {
		start, number := m.bounds(transport)
		if m.transport(transport).IsUnknown() || start.IsUnknown() || number.IsUnknown() {
			return true
		}
	}
	return false
}

// foresee says before a change what will come of it on this host. It gives diagnostics
// only, and reads no more than this change takes. A host that does not answer, such as
// one that is not born yet, is said and stops nothing. Refused credentials do stop the
// plan: the apply would have them refused once more, and accounts get locked that way.
func (r *tcpipTuningResource) foresee(ctx context.Context, plan tuningModel, prior *tuningModel, becomes tuning.Values) diag.Diagnostics {
	proposal, ok := plan.proposal(prior)
	if !ok {
		return nil
	}
	proposal.Becomes = becomes
	name := plan.Host.ValueString()
	diags := warnings(name, audit.Static(proposal))
	parts := audit.Needs(proposal)
	if !planTimeReads || parts == 0 {
		return diags
	}
	if address, err := winhost.ParseAddress(name); err == nil {
		proposal.Port = uint16(address.Port) // #nosec G115 -- ParseAddress bounds it
	}
	host, err := r.hosts.at(name)
	if err != nil { // the settings are known at apply only; else apply says it
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, foresightTimeout)
	defer cancel()
	facts, err := lookAt(ctx, host, parts)
	if refused(err) {
		diags.Append(unable("Look at", name, err, "The apply would be refused in the same way, and each try may lock the account. "+
			"If this run replaces the machine, and only the new one knows these credentials, apply that first (-target)."))
		return diags
	}
	if err != nil {
		diags.AddWarning(name+": not looked at before this change", "So nothing is known of what stands in its way there (services that listen inside a range, policies, the Windows version). "+
			"For a machine that is not there yet that is as it should be. "+sentence(err))
		return diags
	}
	diags.Append(cannot(name, facts, proposal)...)
	diags.Append(warnings(name, audit.Foresee(facts, proposal))...)
	return diags
}

// lookAt is ReadFacts that ends with its context: what must be cleaned up on the host
// then, such as a shell, is done beside it and takes some seconds more.
func lookAt(ctx context.Context, host *winhost.Host, parts audit.Parts) (audit.Facts, error) {
	type answer struct {
		facts audit.Facts
		err   error
	}
	read := make(chan answer, 1)
	go func() {
		facts, err := host.ReadFacts(ctx, parts)
		read <- answer{facts, err}
	}()
	select {
	case a := <-read:
		return a.facts, a.err
	case <-ctx.Done():
		return audit.Facts{}, fmt.Errorf("the look at it took longer than %s: %w", foresightTimeout, ctx.Err())
	}
}

// refused tells whether the host, or another one before it, refused the account.
func refused(err error) bool {
	var unauthorized *transport.UnauthorizedError
	var notTried *transport.NotTriedError
	return errors.As(err, &unauthorized) || errors.As(err, &notTried)
}

// cannot refuses a port range before apply does: on a Windows that has none, and where
// there is no shell to set it in.
func cannot(host string, facts audit.Facts, proposal audit.Proposal) (diags diag.Diagnostics) {
	for _, argument := range proposal.Changed {
		if !strings.HasPrefix(argument, tcpip.RangeAttribute) {
			continue
		}
		switch build := facts.System.Build; {
		case !build.HasDynamicPortRange():
			diags.AddAttributeError(attributePath(argument), host+": this Windows has no dynamic port range",
				tuning.Upper(winhost.NoRangesError{Build: build}.Error())+". If this run replaces the machine by a later Windows, apply that first (-target).")
		case facts.NoShell:
			diags.AddAttributeError(attributePath(argument), host+": no shell to set a port range in",
				"Dynamic port ranges are read and set by netsh, which needs a WinRM shell. "+sentence(winhost.ErrNoShell)+" Nothing of this resource would be applied: allow the shell, or take dynamic_port_range out for this host.")
		}
	}
	return diags
}

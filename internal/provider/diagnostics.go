package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// thing is what the resource is called in summaries.
const thing = "TCP/IP Tuning"

// notChecked is the fixed part of a summary by which scripts know that a host
// was not looked at.
const notChecked = "drift NOT checked"

// unable is unableTo for the tuning resource.
func unable(verb, host string, err error, more ...string) diag.Diagnostic {
	return unableTo(verb, thing, host, err, more...)
}

// unableTo makes the one form that errors of the provider have. more is appended
// to the detail, a paragraph each.
func unableTo(verb, thing, host string, err error, more ...string) diag.Diagnostic {
	detail := []string{sentence(err)}
	if hint := advice(err); hint != "" {
		detail = append(detail, hint)
	}
	detail = append(detail, more...)
	return diag.NewErrorDiagnostic(fmt.Sprintf("Unable to %s %s of %s", verb, thing, host), strings.Join(detail, "\n\n"))
}

// sentence gives an error a full stop, since paragraphs follow.
func sentence(err error) string {
	text := err.Error()
	if strings.HasSuffix(text, "\n") || strings.HasSuffix(text, ".") || strings.HasSuffix(text, ")") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// advice says what to do, where the error itself does not.
func advice(err error) string {
	var fault *wsman.Fault
	switch {
	case winhost.IsDenied(err):
		return "The host knows the account but does not let it do this. The simplest is a domain account that is a member of the host's Administrators. " +
			"A local administrator other than the built-in one is filtered by remote UAC, unless LocalAccountTokenFilterPolicy is 1 there; " +
			"security baselines set that to 0 against pass-the-hash, so prefer a domain account."
	case errors.As(err, &fault) && fault.Busy():
		return "The host has reached a quota of WinRM operations for this account. Try again later, or with a lower -parallelism."
	case errors.Is(err, context.DeadlineExceeded):
		return "The provider's timeout bounds one operation and its connect_timeout the way to the host; the resource's timeouts bound the whole call, " +
			"beside up to two minutes for taking back and reading what was written."
	}
	return ""
}

// warnings hands tuning's warnings to Terraform. The host stands in the summary,
// since Terraform merges warnings of one summary and drops the other details.
func warnings(host string, list []tuning.Warning) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, w := range list {
		if w.Attribute == "" {
			diags.AddWarning(host+": "+w.Summary, w.Detail)
			continue
		}
		diags.AddAttributeWarning(attributePath(w.Attribute), host+": "+w.Summary, w.Detail)
	}
	return diags
}

// attributePath is where an attribute stands in a configuration: dynamic_port_range.tcp,
// also for the range of one family.
func attributePath(attribute string) path.Path {
	if p, ok := tcpip.ByAttribute(attribute); ok {
		attribute = p.Argument()
	}
	root, transport, nested := strings.Cut(attribute, ".")
	if nested {
		return path.Root(root).AtName(transport)
	}
	return path.Root(root)
}

// wayOut tells what was there before, and, for a host that could not be reached, how
// to let go of one that is gone for good, since a destroy refreshes first and stops
// at it too. A host that answered is not gone. Nothing is said where nothing is
// managed yet.
func wayOut(err error, original tuning.Values) []string {
	if len(original) == 0 {
		return nil
	}
	text := []string{fmt.Sprintf("What was there before this provider: %s.", tuning.List(original))}
	if !transport.Unreachable(err) {
		return text
	}
	return append(text, "If the host comes back, run this again; meanwhile on_unreachable = \"warn\" in the provider block, or WINDOWS_ON_UNREACHABLE=warn, lets the other hosts be planned and applied. "+
		"Only if it is gone for good, take it out of state: by `state rm 'ADDRESS'`, and its key out of for_each, or by a `removed` block for a resource of one host (with OpenTofu: and -refresh=false). Nothing is restored then.")
}

// unread is what a refresh says of a host that it could not look at. State stays as
// it is; on_unreachable and credentials that are not known yet make it a warning.
func (r *tcpipTuningResource) unread(host string, err error, original tuning.Values) diag.Diagnostic {
	var unknown *unknownSettingsError
	switch {
	case errors.As(err, &unknown):
		return diag.NewWarningDiagnostic(host+": "+notChecked,
			sentence(err)+" State is kept as it is. The apply that makes it known goes on; run plan once more after it.")
	case r.hosts != nil && r.hosts.config.OnUnreachable == winhost.UnreachableWarn && transport.Unreachable(err):
		return diag.NewWarningDiagnostic(host+": "+notChecked,
			sentence(err)+" State is kept as it is (on_unreachable = \"warn\"): what the host has now is not known, and a plan that shows no change says nothing of it.")
	default:
		return unable("Read", host, err, append([]string{"State is untouched."}, wayOut(err, original)...)...)
	}
}

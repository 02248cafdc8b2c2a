package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

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
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, ")") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// advice says what to do, where the error itself does not.
func advice(err error) string {
	var fault *wsman.Fault
	switch {
	case isDenied(err):
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

// isDenied tells whether the host refused an account that it knows.
func isDenied(err error) bool {
	var fault *wsman.Fault
	return errors.Is(err, winhost.ErrAccessDenied) || errors.As(err, &fault) && fault.AccessDenied()
}

// warnings hands tuning's warnings to Terraform. The host stands in the summary,
// since Terraform merges warnings of one summary and drops the other details.
func warnings(host string, list []tuning.Warning) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, w := range list {
		diags.Append(diag.NewAttributeWarningDiagnostic(path.Root(w.Attribute), host+": "+w.Summary, w.Detail))
	}
	return diags
}

// wayOut tells what a host that could not be read means for a resource that is in
// state: what is safe to do now, and how to let go of a host that is gone for good,
// since a destroy refreshes first and stops at it too. A host that answered is not
// gone. Nothing is said where nothing is managed yet.
func wayOut(err error, original tuning.Values) []string {
	if len(original) == 0 {
		return nil
	}
	text := fmt.Sprintf("State is untouched. What was there before this provider: %s.", listOriginals(original))
	var refused *transport.UnauthorizedError
	if errors.As(err, &refused) || isDenied(err) {
		return []string{text}
	}
	return []string{text, "If the host comes back, run this again; meanwhile the other hosts can be planned and applied with -target, or with -refresh=false. " +
		"Only if it is gone for good, take it out of state by `state rm` or a `removed` block (with OpenTofu: and -refresh=false); nothing is restored then."}
}

func listOriginals(original tuning.Values) string {
	var list []string
	for _, p := range managed(original) {
		list = append(list, fmt.Sprintf("%s %s", p.ValueName, original[p.Attribute]))
	}
	if len(list) == 0 {
		return "nothing is managed"
	}
	return strings.Join(list, ", ")
}

// explain says what a failed create left behind: what matters most comes first.
func (u undone) explain() []string {
	var text []string
	for _, step := range u.foreign {
		text = append(text, fmt.Sprintf("The host is NOT as it was: %s is %s now, which this provider did not write; it was %s before.",
			step.Parameter.ValueName, step.From, step.To))
	}
	if len(u.truth.Original) > 0 {
		text = append(text, fmt.Sprintf("The host may still hold what was written, or get it late. State keeps what was there before (%s): "+
			"the resource is tainted, and the next apply or destroy restores these.", listOriginals(u.truth.Original)))
	} else {
		text = append(text, "What was written has been taken back: the host is as it was, and nothing was put into state.")
	}
	if u.err != nil {
		text = append(text, "While taking it back: "+sentence(u.err))
	}
	return text
}

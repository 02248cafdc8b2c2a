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
)

// thing is what the resource is called in summaries.
const thing = "TCP/IP Tuning"

// notChecked is the fixed part of a summary by which scripts know that a host
// was not looked at.
const notChecked = "drift NOT checked"

// unable makes the one form that errors of the provider have. more is appended
// to the detail, a paragraph each.
func unable(verb, host string, err error, more ...string) diag.Diagnostic {
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
	case errors.Is(err, winhost.ErrAccessDenied), errors.As(err, &fault) && fault.AccessDenied():
		return "The host knows the account but does not let it do this. The account must be a member of the host's Administrators. " +
			"A local account other than the built-in Administrator is filtered by remote UAC: it needs LocalAccountTokenFilterPolicy = 1 " +
			`(DWORD) under HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System.`
	case errors.As(err, &fault) && fault.Busy():
		return "The host has reached a quota of WinRM operations for this account. Try again later, or with a lower -parallelism."
	case errors.Is(err, context.DeadlineExceeded):
		return "The provider's timeout bounds one operation and its connect_timeout the way to the host; the resource's timeouts bound the whole call."
	}
	return ""
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

// wayOut tells how to let go of a host that is gone for good, since a destroy
// refreshes first and stops at it too, and prints what was there before.
func wayOut(original tuning.Values) string {
	return fmt.Sprintf("If the host is gone for good, take it out of state: `terraform state rm ADDRESS`, or a `removed` block "+
		"(with OpenTofu and `-refresh=false`). Nothing is restored then. What was there before this provider: %s.", listOriginals(original))
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

package audit

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says how much a finding matters.
type Severity string

// The severities, the worst first.
const (
	// Error is something that is set and does not do what it says, or a pool that
	// cannot serve.
	Error Severity = "error"
	// Warn is a hazard, or something that looks applied and may not be.
	Warn Severity = "warning"
	// Info is worth knowing.
	Info Severity = "info"
)

var severities = []Severity{Error, Warn, Info}

// Finding is what is to be said of one thing of a host. All texts are one line of
// printable characters, also where they quote the host.
type Finding struct {
	Severity Severity
	Code     Code
	// Subject is what it is about: a registry value's name, an attribute
	// (dynamic_port_range.tcp), a port (tcp/1433), a part that could not be read.
	Subject string
	Message string
}

// maxFindings bounds the findings of one code. A host with ten thousand listeners does
// not get as many lines into a state.
const maxFindings = 100

// Inspect judges a host: its findings by severity, then code, then subject; listeners
// by port, WinRM's own first. What is not known gives no finding but not_read.
func Inspect(f Facts) []Finding {
	i := &inspection{Facts: f}
	for _, look := range []func(*inspection){
		(*inspection).names, (*inspection).values, (*inspection).maxUserPort, (*inspection).undocumented, (*inspection).reserved,
		(*inspection).families, (*inspection).sizes, (*inspection).starts, (*inspection).sources, (*inspection).exclusions, (*inspection).autoReuse,
		(*inspection).delay, (*inspection).listeners, (*inspection).services,
		(*inspection).policies, (*inspection).journal, (*inspection).missing,
	} {
		look(i)
	}
	slices.SortStableFunc(i.found, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity)),
			cmp.Compare(a.Code, b.Code),
			bySubject(a, b),
		)
	})
	return bounded(i.found)
}

// bySubject leaves listeners in the order in which they were found: WinRM's own first,
// then by the number of the port.
func bySubject(a, b Finding) int {
	if a.Code == ListenerInRange || a.Code == ListenerFromRange {
		return 0
	}
	return cmp.Compare(a.Subject, b.Subject)
}

// inspection collects findings.
type inspection struct {
	Facts

	found []Finding
}

func (i *inspection) add(code Code, subject, format string, args ...any) {
	i.found = append(i.found, Finding{Severity: code.rule().Severity, Code: code, Subject: subject, Message: fmt.Sprintf(format, args...)})
}

// bounded cuts off what a code has too much of, and says how much that was.
func bounded(sorted []Finding) []Finding {
	kept := make([]Finding, 0, min(len(sorted), len(Codes)*(maxFindings+1)))
	for start := 0; start < len(sorted); {
		end := start
		for end < len(sorted) && sorted[end].Code == sorted[start].Code {
			end++
		}
		kept = append(kept, sorted[start:min(end, start+maxFindings)]...)
		if more := end - start - maxFindings; more > 0 {
			kept = append(kept, Finding{
				Severity: sorted[start].Severity, Code: sorted[start].Code, Subject: "more",
				Message: fmt.Sprintf("And %d more of the same.", more),
			})
		}
		start = end
	}
	return kept
}

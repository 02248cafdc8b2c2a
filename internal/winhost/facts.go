package winhost

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// ReadFacts reads parts of a host for a judgement, each as well as it can be had: what
// could not be read is in Missing. The error is of a host that did not answer, or that
// does not say which Windows it is.
func (h *Host) ReadFacts(ctx context.Context, parts audit.Parts) (audit.Facts, error) {
	system, err := h.ReadSystem(ctx)
	if err != nil {
		return audit.Facts{}, err
	}
	r := &factsRead{host: h, parts: parts, facts: audit.Facts{
		System: audit.System{
			Caption: Presentable(system.Caption), Version: Presentable(system.Version), Build: system.Build, Computer: system.Computer,
			ProductType: uint32(system.ProductType), Installed: system.Installed, Started: system.LastBoot,
		},
		Boot: h.bootOf(system), Machine: machineOf(system),
	}}
	for _, step := range []struct {
		of   audit.Parts // any of these
		read func(context.Context) error
	}{
		{audit.PartValues, r.values},
		{audit.PartRole, r.role},
		{audit.PartJournal, r.journal},
		{audit.PartRanges | audit.PartExcluded | audit.PartListeners, r.shell}, // names what it misses by itself
		{audit.PartTemplates, r.templates},                                     // after the ranges
		{audit.PartListeners, r.listeners},
		{audit.PartProcesses, r.processes}, // after the listeners
		{audit.PartPolicies, r.policies},
	} {
		if parts&step.of == 0 {
			continue
		}
		if err := step.read(ctx); err != nil {
			if isOver(ctx, err) {
				return audit.Facts{}, err
			}
			r.missing(step.of, step.of.String(), err)
		}
	}
	return r.facts, nil
}

// factsRead is one reading under way.
type factsRead struct {
	host    *Host
	parts   audit.Parts
	facts   audit.Facts
	printed map[string]ran // what the shell's command printed, by section
}

func (r *factsRead) missing(of audit.Parts, part string, err error) {
	r.facts.Missing = append(r.facts.Missing, audit.Missing{Part: part, Why: Presentable(reason(err)), Of: of})
}

// reason is an error without the query or the command that it came of.
func reason(err error) string {
	var fault *wsman.Fault
	switch {
	case errors.Is(err, ErrNoShell):
		return ErrNoShell.Error()
	case errors.As(err, &fault):
		return fault.Error()
	default:
		return err.Error()
	}
}

// maxPresentable bounds a text of the host's that is shown, in bytes.
const maxPresentable = 1024

// Presentable is a text of the host's without what a terminal or a log would obey, and
// not longer than fits a message.
func Presentable(text string) string {
	if len(text) > maxPresentable {
		text = strings.ToValidUTF8(text[:maxPresentable], "") + "…"
	}
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, c := range text {
		if unprintable(c) {
			quoted := strconv.QuoteRuneToASCII(c)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

func unprintable(c rune) bool { return !unicode.IsPrint(c) }

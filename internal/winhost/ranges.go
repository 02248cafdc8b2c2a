package winhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// readRanges reads dynamic port ranges by netsh, since WMI does not say of which
// family its range is: one command in one shell for all of them, five round trips or
// six, and one more for each Receive that the host ends without a word. The error is a [*tuning.UnavailableError] where the host has none, or no shell.
func (h *Host) readRanges(ctx context.Context, ranges []tcpip.Parameter, into tuning.Values) error {
	if len(ranges) == 0 {
		return nil
	}
	if err := h.hasRanges(ctx); err != nil {
		return err
	}
	sections := make([]section, 0, len(ranges))
	for _, p := range ranges {
		sections = append(sections, showRange(p.Pool))
	}
	all, err := h.runAll(ctx, sections)
	if err != nil {
		return needsShell(err)
	}
	for i, p := range ranges {
		found, err := shownRange(sections[i], all)
		if err != nil {
			return err
		}
		into[p.Attribute] = tuning.Ports(found)
	}
	return nil
}

// needsShell says of a missing shell what it was for.
func needsShell(err error) error {
	if !errors.Is(err, ErrNoShell) {
		return err
	}
	return &tuning.UnavailableError{Err: fmt.Errorf("dynamic port ranges are read and set by netsh, since WMI does not tell IPv4 from IPv6, and netsh needs a WinRM shell: %w", ErrNoShell)}
}

// hasRanges tells whether this Windows has dynamic port ranges. It asks the host for
// its version only where no operation before has.
func (h *Host) hasRanges(ctx context.Context) error {
	build, err := h.knownBuild(ctx)
	if err != nil {
		return err
	}
	if build.HasDynamicPortRange() {
		return nil
	}
	return &tuning.UnavailableError{None: true, Err: NoRangesError{build}}
}

// NoRangesError is a Windows without dynamic port ranges.
type NoRangesError struct{ Build tcpip.Build }

func (e NoRangesError) Error() string {
	return fmt.Sprintf("this Windows (build %d) has no dynamic port range; Vista and Server 2008 were the first: "+
		"set max_user_port for this host instead of %s, as its ephemeral ports are 1025 to MaxUserPort", e.Build, tcpip.RangeAttribute)
}

// shownRange finds a range in what netsh printed.
func shownRange(s section, all map[string]ran) (tcpip.PortRange, error) {
	shown := all[s.name]
	if !shown.ok {
		return tcpip.PortRange{}, fmt.Errorf("%q failed on the host: %s", s.line, said(shown.output))
	}
	found, err := parseDynamicPort(shown.output)
	if err != nil {
		return tcpip.PortRange{}, fmt.Errorf("reading the output of %q: %w", s.line, err)
	}
	return found, nil
}

// said is a program's own words, for an error.
func said(output []byte) string {
	words := bytes.Join(bytes.Fields(output), []byte(" "))
	if len(words) == 0 {
		return "it printed nothing"
	}
	return printable([]byte(clip(words)))
}

// setRange sets a dynamic port range, for new sockets at once and for good [KB929851;
// that it needs no restart is reported], and has netsh show it in the same command.
// Done is what netsh says is done and shows; what it says and does not show may still
// come, at a restart for example.
func (h *Host) setRange(ctx context.Context, step tuning.Step) error {
	to, ok := step.To.PortRange()
	if err := tcpip.CheckPortRange(int64(to.Start), int64(to.Number)); !ok || err != nil {
		return fmt.Errorf("%s cannot be set to %s: %w", step.Parameter.ValueName, step.To, err)
	}
	if err := h.hasRanges(ctx); err != nil {
		return err
	}
	pool := step.Parameter.Pool
	set := section{"set", fmt.Sprintf("netsh int %s set dynamicport %s start=%d num=%d store=persistent", pool.Family, pool.Transport, to.Start, to.Number)}
	show := showRange(pool)
	all, err := h.runAll(ctx, []section{set, show})
	if err != nil {
		return needsShell(err)
	}
	return judgeSet(set.line, to, show, all)
}

// judgeSet tells by what the two programs printed whether a range was set.
func judgeSet(line string, to tcpip.PortRange, show section, all map[string]ran) error {
	found, err := shownRange(show, all)
	switch done := all["set"]; {
	case err != nil:
		return &wsman.UnfinishedError{Err: fmt.Errorf("after %q: %w; netsh said: %s", line, err, said(done.output))}
	case done.ok && found == to:
		return nil
	case done.ok:
		return &wsman.UnfinishedError{Err: fmt.Errorf("%q did not do what it says: the host has %s; netsh said: %s", line, tuning.Ports(found), said(done.output))}
	case found == to: // somebody else set it, or only what is in use now is so
		return fmt.Errorf("%q failed on the host, though it shows that range: %s", line, said(done.output))
	default:
		return fmt.Errorf("%q failed on the host, which still has %s: %s", line, tuning.Ports(found), said(done.output))
	}
}

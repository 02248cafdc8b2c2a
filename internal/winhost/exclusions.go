package winhost

import (
	"context"
	"errors"
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// showExcluded shows the ranges that Windows never hands out.
func showExcluded(pool tcpip.Pool) section {
	return section{"excluded" + string(pool.Transport) + string(pool.Family),
		fmt.Sprintf("netsh int %s show excludedportrange protocol=%s", pool.Family, pool.Transport)}
}

// shell runs the one command that gives what WMI has no answer for, and takes the
// ranges and the exclusions from what it printed. What it misses it names by itself.
func (r *factsRead) shell(ctx context.Context) error {
	sections, wanted := r.sections()
	if len(sections) == 0 {
		return nil
	}
	var err error
	if r.printed, err = r.host.runAll(ctx, sections); err != nil {
		if isOver(ctx, err) {
			return err
		}
		r.facts.NoShell = errors.Is(err, ErrNoShell)
		for _, part := range wanted {
			r.missing(part, part.String(), fmt.Errorf("only netsh and netstat in a WinRM shell give them here, and that failed: %s", reason(err)))
		}
		return nil
	}
	if r.wants(audit.PartRanges) {
		r.ranges()
	}
	if r.wants(audit.PartExcluded) {
		if r.facts.Excluded, err = r.exclusions(); err != nil {
			r.missing(audit.PartExcluded, audit.PartExcluded.String(), err)
		}
	}
	return nil
}

// wants tells whether a part is asked for that netsh has on this Windows.
func (r *factsRead) wants(part audit.Parts) bool {
	return r.parts.Has(part) && r.facts.System.Build.HasDynamicPortRange()
}

// sections lists what the shell is to run, and for which parts.
func (r *factsRead) sections() (sections []section, wanted []audit.Parts) {
	if r.wants(audit.PartRanges) {
		wanted = append(wanted, audit.PartRanges)
		for _, p := range tcpip.PortRanges {
			sections = append(sections, showRange(p.Pool))
		}
	}
	if r.wants(audit.PartExcluded) {
		wanted = append(wanted, audit.PartExcluded)
		for _, p := range tcpip.PortRanges {
			sections = append(sections, showExcluded(p.Pool))
		}
	}
	if r.parts.Has(audit.PartListeners) && !r.facts.System.Build.HasStandardCimv2() {
		wanted = append(wanted, audit.PartListeners)
		sections = append(sections, netstatTCP, netstatTCPv6)
	}
	return sections, wanted
}

// ranges takes the dynamic port ranges. One that cannot be read leaves the others.
func (r *factsRead) ranges() {
	for _, p := range tcpip.PortRanges {
		found, err := shownRange(showRange(p.Pool), r.printed)
		if err != nil {
			r.missing(audit.PartRanges, p.ValueName, err)
			continue
		}
		if r.facts.Ranges == nil {
			r.facts.Ranges = map[tcpip.Pool]tcpip.PortRange{}
		}
		r.facts.Ranges[p.Pool] = found
	}
}

// exclusions takes the excluded ranges: all of them or none, since a port that is in
// none of them counts as one that Windows hands out.
func (r *factsRead) exclusions() ([]audit.Exclusion, error) {
	all := []audit.Exclusion{}
	for _, p := range tcpip.PortRanges {
		s := showExcluded(p.Pool)
		shown := r.printed[s.name]
		if !shown.ok {
			return nil, fmt.Errorf("%q failed on the host: %s", s.line, said(shown.output))
		}
		rows, err := parseExcluded(shown.output)
		if err != nil {
			return nil, fmt.Errorf("reading the output of %q: %w", s.line, err)
		}
		for _, row := range rows {
			all = append(all, audit.Exclusion{Pool: p.Pool, Ports: row.ports, Administered: row.administered})
		}
	}
	return all, nil
}

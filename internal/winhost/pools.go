package winhost

import (
	"context"
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// pools finds the ports that Windows hands out, and those it never does.
func (r *socketRead) pools(ctx context.Context) error {
	switch {
	case r.build.HasStandardCimv2():
		if err := r.poolsByWMI(ctx); err != nil {
			return err
		}
	case r.build.HasDynamicPortRange():
		if err := r.poolsByNetsh(); err != nil {
			return err
		}
	default:
		if err := r.poolByMaxUserPort(ctx); err != nil {
			return err
		}
	}
	return r.excluded()
}

func (r *socketRead) poolsByWMI(ctx context.Context) error {
	udp, err := r.host.settingRange(ctx, "MSFT_NetUDPSetting", "")
	if err != nil {
		if err := r.missing(ctx, "the dynamic port range of UDP is not known", err); err != nil {
			return err
		}
	}
	r.stats.UDPPool = udp.found
	reuse := ""
	if r.build >= tcpip.Server2016 {
		reuse = reuseNumberColumn
	}
	tcp, err := r.host.settingRange(ctx, "MSFT_NetTCPSetting", reuse)
	switch {
	case err != nil:
		return r.missing(ctx, "the pool is not known", err)
	case tcp.found == nil:
		r.note("no template of MSFT_NetTCPSetting reports a dynamic port range: the pool is not known")
		return nil
	case tcp.reuse:
		r.note("an auto-reuse port range is set on this host: connections that do not ask for a port draw from it, and the pool here is not theirs")
	}
	r.pool.Range, r.stats.PoolSource = *tcp.found, PoolFromWMI
	return nil
}

// setting is what a settings class says of dynamic ports.
type setting struct {
	found *tcpip.PortRange
	reuse bool // an auto-reuse range is set
}

// settingRange reads the dynamic port range of a settings class, and whether the
// column reuse, where one is named, is set. The class's templates report the same
// range or none (null or 0); templates that contradict one another are an error,
// since any choice would be a guess.
func (h *Host) settingRange(ctx context.Context, class, reuse string) (setting, error) {
	var s setting
	query := "SELECT " + startColumn + ", " + numberColumn
	if reuse != "" {
		query += ", " + reuse
	}
	err := h.wsman.Enumerate(ctx, namespaceStandard, query+" FROM "+class, func(item wsman.Item) error {
		if number, ok := item.Text(reuse); reuse != "" && ok && number != "" && number != "0" {
			s.reuse = true
		}
		row, err := rangeIn(item, startColumn, numberColumn)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", class, err)
		case row == nil:
			return nil
		case s.found != nil && *s.found != *row:
			return fmt.Errorf("%s reports two dynamic port ranges, %s and %s: which one rules is not known", class, s.found, row)
		}
		s.found = row
		return nil
	})
	if err != nil {
		return setting{}, err
	}
	return s, nil
}

// Columns of the settings classes.
const (
	startColumn, numberColumn           = "DynamicPortRangeStartPort", "DynamicPortRangeNumberOfPorts"
	reuseStartColumn, reuseNumberColumn = "AutoReusePortRangeStartPort", "AutoReusePortRangeNumberOfPorts"
)

// rangeIn is the port range in two columns of a template; nil where it reports none:
// null or 0, or no such columns.
func rangeIn(item wsman.Item, startColumn, numberColumn string) (*tcpip.PortRange, error) {
	start, hasStart := item.Text(startColumn)
	number, hasNumber := item.Text(numberColumn)
	if !hasStart || !hasNumber || number == "0" || number == "" {
		return nil, nil
	}
	found, err := portRange(start, number)
	if err != nil {
		return nil, err
	}
	return &found, nil
}

func (r *socketRead) poolsByNetsh() error {
	ranges := map[string]tcpip.PortRange{}
	for _, section := range []section{dynamicTCP, dynamicTCPv6, dynamicUDP} {
		output, ok := r.printed[section.name]
		if !ok {
			r.note("%q failed on the host", section.line)
			continue
		}
		found, err := parseDynamicPort(output)
		if err != nil {
			return fmt.Errorf("reading the output of %q: %w", section.line, err)
		}
		ranges[section.name] = found
	}
	if udp, ok := ranges[dynamicUDP.name]; ok {
		r.stats.UDPPool = &udp
	}
	tcp, ok := ranges[dynamicTCP.name]
	if !ok {
		r.note("the pool is not known")
		return nil
	}
	if other, ok := ranges[dynamicTCPv6.name]; ok && other != tcp {
		r.note("the dynamic port range of IPv6 is another one, %s: the pool here is that of IPv4", other)
	}
	r.pool.Range, r.stats.PoolSource = tcp, PoolFromNetsh
	return nil
}

// The pool of Windows Server 2003 and before: 1025 to MaxUserPort, 5000 while
// that is absent (KB196271).
const (
	firstPort2003   = 1025
	defaultLast2003 = 5000
)

func (r *socketRead) poolByMaxUserPort(ctx context.Context) error {
	parameter, _ := tcpip.ByAttribute("max_user_port")
	var value tuning.Value
	if r.query.MaxUserPort != nil {
		value, r.stats.PoolSource = *r.query.MaxUserPort, PoolFromJournal
	} else {
		values, err := r.host.ReadTuning(ctx, []tcpip.Parameter{parameter})
		if err != nil {
			return err
		}
		value, r.stats.PoolSource = values[parameter.Attribute], PoolFromMaxUserPort
	}
	last := uint32(defaultLast2003)
	switch {
	case value == tuning.Absent:
	case value.IsWrongType():
		r.note("MaxUserPort is %s; Windows ignores it and uses %d", value, last)
	default:
		number, _ := value.DWORD()
		if number < parameter.Min || number > parameter.Max {
			r.note("MaxUserPort is %d, outside %d to %d: what Windows makes of it is not documented, so the pool is not known", number, parameter.Min, parameter.Max)
			r.stats.PoolSource = ""
			return nil
		}
		last = number
	}
	r.pool.Range = tcpip.PortRange{Start: firstPort2003, Number: last - firstPort2003 + 1}
	return nil
}

// excluded finds the ranges that Windows never hands out, of both families, since
// which of them a socket draws from cannot be told. Where they are not known the
// utilisation is a lower bound, and that is said.
func (r *socketRead) excluded() error {
	switch {
	case !r.build.HasDynamicPortRange():
		r.note("excluded ports are not read on this version (the value ReservedPorts holds them): the utilisation is a lower bound")
		return nil
	case r.noShell != nil:
		r.note("excluded ports are not known, so the utilisation is a lower bound: only netsh gives them, in a shell, and that failed: %v", r.noShell)
		return nil //nolint:nilerr // said in the notes; the rest goes on
	}
	all := []tcpip.PortRange{}
	for _, section := range []section{excludedIPv4, excludedIPv6} {
		output, ok := r.printed[section.name]
		ranges, err := parseExcluded(output)
		if !ok || err != nil {
			r.note("excluded ports are not known, so the utilisation is a lower bound: %q failed on the host (%v)", section.line, err)
			return nil
		}
		for _, row := range ranges {
			all = append(all, row.ports)
		}
	}
	r.pool.Excluded = all
	return nil
}

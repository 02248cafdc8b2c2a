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
	tcp, err := r.host.settingRange(ctx, "MSFT_NetTCPSetting")
	if err != nil {
		return err
	}
	udp, err := r.host.settingRange(ctx, "MSFT_NetUDPSetting")
	if err != nil {
		return err
	}
	r.stats.UDPPool = udp
	if tcp == nil {
		r.note("no template of MSFT_NetTCPSetting reports a dynamic port range: the pool is not known")
		return nil
	}
	r.pool.Range, r.stats.PoolSource = *tcp, PoolFromWMI
	return nil
}

// settingRange reads the dynamic port range of a settings class. Its templates
// report the same range or none (null or 0); templates that contradict one
// another are an error, since any choice would be a guess.
func (h *Host) settingRange(ctx context.Context, class string) (*tcpip.PortRange, error) {
	var found *tcpip.PortRange
	query := "SELECT DynamicPortRangeStartPort, DynamicPortRangeNumberOfPorts FROM " + class
	err := h.wsman.Enumerate(ctx, namespaceStandard, query, func(item wsman.Item) error {
		start, hasStart := item.Text("DynamicPortRangeStartPort")
		number, hasNumber := item.Text("DynamicPortRangeNumberOfPorts")
		if !hasStart || !hasNumber || number == "0" || number == "" {
			return nil
		}
		row, err := portRange(start, number)
		if err != nil {
			return fmt.Errorf("%s: %w", class, err)
		}
		if found != nil && *found != row {
			return fmt.Errorf("%s reports two dynamic port ranges, %s and %s: which one rules is not known", class, found, row)
		}
		found = &row
		return nil
	})
	return found, err
}

func (r *socketRead) poolsByNetsh() error {
	if r.noShell != nil {
		r.note("the dynamic port range is not known: before Windows Server 2012 netsh gives it, and %v", r.noShell)
		return nil //nolint:nilerr // said in the notes; the rest goes on
	}
	tcp, err := parseDynamicPort(r.printed[dynamicTCP.name])
	if err != nil {
		return fmt.Errorf("reading the dynamic port range of TCP: %w", err)
	}
	udp, err := parseDynamicPort(r.printed[dynamicUDP.name])
	if err != nil {
		return fmt.Errorf("reading the dynamic port range of UDP: %w", err)
	}
	r.pool.Range, r.stats.UDPPool, r.stats.PoolSource = tcp, &udp, PoolFromNetsh
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
	values, err := r.host.ReadTuning(ctx, []tcpip.Parameter{parameter})
	if err != nil {
		return err
	}
	last := uint32(defaultLast2003)
	switch value := values[parameter.Attribute]; {
	case value == tuning.Absent:
	case value.IsWrongType():
		r.note("MaxUserPort is %s; Windows ignores it and uses %d", value, last)
	default:
		number, _ := value.DWORD()
		if number < parameter.Min || number > parameter.Max {
			r.note("MaxUserPort is %d, outside %d to %d: what Windows makes of it is not documented, so the pool is not known", number, parameter.Min, parameter.Max)
			return nil
		}
		last = number
	}
	r.pool.Range = tcpip.PortRange{Start: firstPort2003, Number: last - firstPort2003 + 1}
	r.stats.PoolSource = PoolFromMaxUserPort
	return nil
}

// excluded finds the ranges that Windows never hands out, of both families, since
// which of them a socket draws from cannot be told.
func (r *socketRead) excluded() error {
	if !r.build.HasDynamicPortRange() {
		r.note("excluded ports are not read on this version (the value ReservedPorts holds them)")
		return nil
	}
	if r.noShell != nil {
		r.note("excluded ports are not known: only netsh gives them, and %v", r.noShell)
		return nil //nolint:nilerr // said in the notes; the rest goes on
	}
	r.pool.Excluded = []tcpip.PortRange{}
	for _, section := range []section{excludedIPv4, excludedIPv6} {
		ranges, err := parseExcluded(r.printed[section.name])
		if err != nil {
			return fmt.Errorf("reading the excluded port ranges: %w", err)
		}
		r.pool.Excluded = append(r.pool.Excluded, ranges...)
	}
	return nil
}

package audit

import (
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// ranged is a 2022 with other ranges.
func ranged(ranges map[tcpip.Pool]tcpip.PortRange) Facts {
	f := modern(tcpip.Server2022, nil)
	for pool, r := range ranges {
		f.Ranges[pool] = r
	}
	return f
}

// templated is one whose ranges netsh did not show.
func templated(templates ...tcpip.PortRange) Facts {
	f := modern(tcpip.Server2022, nil)
	f.Ranges, f.Templates = nil, templates
	return f
}

func reporting(f Facts, templates ...tcpip.PortRange) Facts {
	f.Templates = templates
	return f
}

func excluding(f Facts, list ...Exclusion) Facts {
	f.Excluded = append(f.Excluded, list...)
	return f
}

func TestRangeFindings(t *testing.T) {
	type ranges = map[tcpip.Pool]tcpip.PortRange
	usual, shifted := tcpip.DefaultPortRange, ports(10000, 16384)
	const tcp = "dynamic_port_range.tcp"
	reuse := modern(tcpip.Server2022, nil)
	reuse.AutoReuse = &tcpip.PortRange{Start: 20000, Number: 5000}
	off := modern(tcpip.Server2022, nil)
	off.AutoReuse = &tcpip.PortRange{}
	half := func(number uint32) Facts {
		return excluding(ranged(nil), Exclusion{Pool: tcp4, Ports: ports(49152, number)})
	}
	tests := []finds{
		{"16383 ports", ranged(ranges{tcp4: ports(49152, 16383), tcp6: ports(49152, 16383)}), PoolBelowDefault, tcp, []string{"49152-65534 has 16383 ports", "16384"}, nil},
		{"16384 elsewhere", ranged(ranges{tcp4: shifted, tcp6: shifted}), PoolBelowDefault, "", nil, nil},
		{"UDP over IPv6 alone", ranged(ranges{udp6: ports(1025, 255)}), PoolBelowDefault, "dynamic_port_range.udp.ipv6", []string{"1025-1279 has 255 ports"}, nil},
		{"by the templates, where netsh is silent", templated(ports(1024, 13977)), PoolBelowDefault, tcp, []string{"1024-15000 has 13977 ports"}, nil},
		{"by templates that differ", templated(ports(1024, 13977), usual), PoolBelowDefault, "", nil, nil},
		{"2003's default", old(nil), PoolBelowDefault, "", nil, nil},
		{"2003 at the bound", old(tuning.Values{portName: tuning.DWORD(5000)}), PoolBelowDefault, "", nil, nil},
		{"2003 below it", old(tuning.Values{portName: tuning.DWORD(4999)}), PoolBelowDefault, "MaxUserPort", []string{"4999", "if Windows goes by it, which is not known", "3976"}, nil},
		{"MaxUserPort below its range on a modern one", modern(tcpip.Server2022, tuning.Values{portName: tuning.DWORD(4999)}), PoolBelowDefault, "", nil, nil},
		{"2003, a type that is ignored", old(tuning.Values{portName: tuning.QWORD(4999)}), PoolBelowDefault, "", nil, nil},
		{"a range that no machine has", ranged(ranges{tcp4: ports(65000, 5000), tcp6: ports(65000, 5000)}), PoolBelowDefault, "", nil, nil},
		{"a number that wraps", ranged(ranges{tcp4: ports(1024, 0xffffffff), tcp6: ports(1024, 0xffffffff)}), StartBelowMinimum, "", nil, nil},

		{"equal families", ranged(nil), FamiliesDiffer, "", nil, nil},
		{"IPv6 left behind", ranged(ranges{tcp4: shifted}), FamiliesDiffer, tcp, []string{"TCP is 10000-26383 for IPv4 and 49152-65535 for IPv6"}, nil},
		{"one port more", ranged(ranges{udp6: ports(49152, 16383)}), FamiliesDiffer, "dynamic_port_range.udp", []string{"UDP"}, nil},
		{"TCP and UDP may differ", ranged(ranges{tcp4: shifted, tcp6: shifted}), FamiliesDiffer, "", nil, nil},

		{"1024", ranged(ranges{tcp4: ports(1024, 64511), tcp6: ports(1024, 64511)}), StartBelowMinimum, tcp, []string{"1024-65534", "the nearest is 1025-65534"}, nil},
		{"1025", ranged(ranges{tcp4: ports(1025, 64510), tcp6: ports(1025, 64510)}), StartBelowMinimum, "", nil, nil},
		{"2003 starts at 1025", old(nil), StartBelowMinimum, "", nil, nil},

		{"WMI agrees", ranged(nil), RangeSourcesDiffer, "", nil, nil},
		{"two templates", reporting(ranged(nil), usual, shifted), RangeSourcesDiffer, "MSFT_NetTCPSetting", []string{"2 dynamic port ranges: 49152-65535, 10000-26383"}, nil},
		{"netsh shows another one", reporting(ranged(nil), shifted), RangeSourcesDiffer, "MSFT_NetTCPSetting", []string{"reports the TCP range 10000-26383; netsh shows 49152-65535 for IPv4"}, nil},
		{"it is that of IPv6", reporting(ranged(ranges{tcp6: shifted}), shifted), RangeSourcesDiffer, "", nil, nil},
		{"no template has one", reporting(ranged(nil)), RangeSourcesDiffer, "", nil, nil},
		{"netsh is silent", templated(shifted), RangeSourcesDiffer, "", nil, nil},

		{"half of it", half(8192), ExcludedCoversHalf, "", nil, nil},
		{"one port more than half", half(8193), ExcludedCoversHalf, tcp + ".ipv4", []string{"8193 of the 16384 ports", "49152-65535 (IPv4)"}, nil},
		{"all but one", half(16383), ExcludedCoversHalf, tcp + ".ipv4", []string{"16383 of"}, nil},
		{"all but one is not all", half(16383), ExcludedCoversRange, "", nil, nil},
		{"all", half(16384), ExcludedCoversRange, tcp + ".ipv4", []string{"Every port of the TCP range 49152-65535 (IPv4) is excluded"}, nil},
		{"all is not half as well", half(16384), ExcludedCoversHalf, "", nil, nil},
		{"wider than the range", excluding(ranged(nil), Exclusion{Pool: udp6, Ports: ports(1, 65535)}), ExcludedCoversRange, "dynamic_port_range.udp.ipv6", []string{"UDP", "IPv6"}, nil},
		{"overlapping ones count once", excluding(half(8000), Exclusion{Pool: tcp4, Ports: ports(49152, 8000)}, Exclusion{Pool: tcp4, Ports: ports(49200, 100)}), ExcludedCoversHalf, "", nil, nil},
		{"twice the same", excluding(half(8193), Exclusion{Pool: tcp4, Ports: ports(49152, 8193)}), ExcludedCoversHalf, tcp + ".ipv4", []string{"8193 of"}, nil},
		{"in pieces", excluding(half(8000), Exclusion{Pool: tcp4, Ports: ports(60000, 193)}), ExcludedCoversHalf, tcp + ".ipv4", []string{"8193 of"}, nil},
		{"another pool's", excluding(half(8000), Exclusion{Pool: tcp6, Ports: ports(60000, 193)}), ExcludedCoversHalf, "", nil, nil},
		{"one that no machine has", excluding(ranged(nil), Exclusion{Pool: tcp4, Ports: ports(49152, 0xffffffff)}), ExcludedCoversRange, "", nil, nil},

		{"auto-reuse", reuse, AutoReuseRange, "auto_reuse_range", []string{"20000-24999 (5000 ports)"}, nil},
		{"auto-reuse of nothing", off, AutoReuseRange, "", nil, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

func TestHalfATuning(t *testing.T) {
	delayed := func(value tuning.Value) Facts { return modern(tcpip.Server2022, tuning.Values{delayName: value}) }
	large := ports(10000, 16385)
	noValues := wide(modern(tcpip.Server2022, nil), large)
	noValues.Values = nil
	const name = "TcpTimedWaitDelay"
	tests := []finds{
		{"30 s and the default pool", delayed(tuning.DWORD(30)), DelayWithoutPool, name, []string{"is 30", "16384 ports, no more than the default", "546 new connections per second"}, nil},
		{"30 s and a smaller pool", wide(delayed(tuning.DWORD(30)), ports(50000, 300)), DelayWithoutPool, name, []string{"300 ports", "10 new connections"}, nil},
		{"30 s and one port more", wide(delayed(tuning.DWORD(30)), large), DelayWithoutPool, "", nil, nil},
		{"0 s does not divide", delayed(tuning.DWORD(0)), DelayWithoutPool, name, []string{"is 0"}, []string{"sustains"}},
		{"119 s is below all that is reported", delayed(tuning.DWORD(119)), DelayWithoutPool, name, []string{"is 119"}, nil},
		{"120 s may be what Windows has anyway", delayed(tuning.DWORD(120)), DelayWithoutPool, "", nil, nil},
		{"240 s", delayed(tuning.DWORD(240)), DelayWithoutPool, "", nil, nil},
		{"2003", old(tuning.Values{delayName: tuning.DWORD(30)}), DelayWithoutPool, name, []string{"1025-5000 has 3976 ports"}, nil},
		{"2003 with the pool", old(tuning.Values{delayName: tuning.DWORD(30), portName: tuning.DWORD(5001)}), DelayWithoutPool, "", nil, nil},
		{"pool not known", func() Facts { f := delayed(tuning.DWORD(30)); f.Ranges, f.Templates = nil, nil; return f }(), DelayWithoutPool, "", nil, nil},

		{"one port more and no delay", wide(delayed(tuning.Absent), large), PoolWithoutDelay, name, []string{"10000-26384 has 16385 ports"}, nil},
		{"the default and no delay", delayed(tuning.Absent), PoolWithoutDelay, "", nil, nil},
		{"a delay that is ignored", wide(delayed(tuning.String("30")), large), PoolWithoutDelay, name, []string{"is not set"}, nil},
		{"a long delay is set, by intention", wide(delayed(tuning.DWORD(240)), large), PoolWithoutDelay, "", nil, nil},
		{"values not read", noValues, PoolWithoutDelay, "", nil, nil},
		{"2003", old(tuning.Values{portName: tuning.DWORD(65534)}), PoolWithoutDelay, name, []string{"1025-65534 has 64510 ports"}, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

func TestEphemeralPorts(t *testing.T) {
	tests := []struct {
		name  string
		facts Facts
		want  tcpip.PortRange
		ok    bool
	}{
		{"default", old(nil), ports(1025, 3976), true},
		{"the largest", old(tuning.Values{portName: tuning.DWORD(65534)}), ports(1025, 64510), true},
		{"ignored", old(tuning.Values{portName: tuning.String("65534")}), ports(1025, 3976), true},
		{"out of range", old(tuning.Values{portName: tuning.DWORD(65535)}), tcpip.PortRange{}, false},
		{"not read", Facts{System: System{Build: tcpip.Server2003}}, tcpip.PortRange{}, false},
		{"modern", modern(tcpip.Server2008, tuning.Values{portName: tuning.DWORD(65534)}), tcpip.PortRange{}, false},
		{"a version that is not known", Facts{Values: values(nil)}, tcpip.PortRange{}, false},
		{"Windows NT 4", Facts{System: System{Build: 1381}, Values: values(nil)}, tcpip.PortRange{}, false},
	}
	for _, tt := range tests {
		if got, ok := tt.facts.EphemeralPorts(); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %v, %v", tt.name, got, ok)
		}
	}
}

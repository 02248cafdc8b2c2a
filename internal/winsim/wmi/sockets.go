package wmi

import (
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// Classes of the TCP/IP provider. Names and types are documented (NetTCPIPProv); their order is that of the recorded
// classes, the alphabet's; properties that nobody asks for are left out.
var netTCPConnection = &Class{
	Name: "MSFT_NetTCPConnection", unrecorded: true,
	Properties: properties("AppliedSetting# CreationTime@ LocalAddress LocalPort# OffloadState# OwningProcess# RemoteAddress RemotePort# State#"),
	rows: func(m *Machine) table {
		sockets := m.Stack().Sockets()
		return table{len(sockets), func(i int, row Row) {
			s := &sockets[i]
			state := any(int64(s.State))
			if s.State == 0 {
				state = absent{}
			}
			copy(row, Row{nil, s.Created, s.Local.Addr().String(), int64(s.Local.Port()), int64(0), int64(s.PID), s.Remote.Addr().String(), int64(s.Remote.Port()), state})
		}}
	},
}

var netUDPEndpoint = &Class{
	Name: "MSFT_NetUDPEndpoint", unrecorded: true,
	Properties: properties("CreationTime@ LocalAddress LocalPort# OwningProcess#"),
	rows: func(m *Machine) table {
		endpoints := m.Stack().UDP()
		return table{len(endpoints), func(i int, row Row) {
			e := &endpoints[i]
			copy(row, Row{e.Created, e.Local.Addr().String(), int64(e.Local.Port()), int64(e.PID)})
		}}
	},
}

// netTCPSetting has six templates (documented). Those that report the range report the same; Automatic reports none
// (reported; whether that is null or 0 is assumed).
var netTCPSetting = &Class{
	Name: "MSFT_NetTCPSetting", unrecorded: true,
	Properties: properties(`AutomaticUseCustom# AutoReusePortRangeNumberOfPorts# AutoReusePortRangeStartPort# CongestionProvider#
		DynamicPortRangeNumberOfPorts# DynamicPortRangeStartPort# InitialRto# MinRto# SettingName`),
	since: map[string]int{"AutoReusePortRangeNumberOfPorts": 14393, "AutoReusePortRangeStartPort": 14393}, // documented
	rows: func(m *Machine) table {
		names := []string{"Automatic", "InternetCustom", "DatacenterCustom", "Compat", "Datacenter", "Internet"}
		config, reuse := m.Stack().Config(), m.Facts().AutoReuse
		r := config.Of("tcp", m.Shape.SettingFamily)
		return table{len(names), func(i int, row Row) {
			copy(row, Row{nil, int64(reuse.Number), int64(reuse.Start), int64(3), int64(r.Number), int64(r.Start), int64(3000), int64(300), names[i]})
			if i == 0 {
				none := any(nil)
				if m.Shape.AutomaticZero {
					none = int64(0)
				}
				copy(row, Row{int64(0), none, none, nil, none, none, nil, nil})
			}
		}}
	},
}

var netUDPSetting = &Class{
	Name: "MSFT_NetUDPSetting", unrecorded: true,
	Properties: properties("DynamicPortRangeNumberOfPorts# DynamicPortRangeStartPort#"),
	rows: func(m *Machine) table {
		config := m.Stack().Config()
		r := config.Of("udp", m.Shape.SettingFamily)
		return tableOf(Row{int64(r.Number), int64(r.Start)})
	},
}

// Raw counters since the boot, uint32 (documented). The documents of 2003 name two objects, TCPv4 and TCPv6, in one place
// and one, TCP, in another: whether it has these classes is assumed. The instance has no name.
var (
	perfTCPv4 = perf("TCPv4", func(v4, _ tcpstack.Counters) tcpstack.Counters { return v4 })
	perfTCPv6 = perf("TCPv6", func(_, v6 tcpstack.Counters) tcpstack.Counters { return v6 })
)

func perf(object string, choose func(v4, v6 tcpstack.Counters) tcpstack.Counters) *Class {
	return &Class{
		Name: "Win32_PerfRawData_Tcpip_" + object, on: func(m *Machine) bool { return !m.Profile.Quirk2003 || m.Shape.Perf2003 },
		Properties: properties(`Caption ConnectionFailures# ConnectionsActive# ConnectionsEstablished# ConnectionsPassive# ConnectionsReset#
			Description Name SegmentsPersec# SegmentsReceivedPersec# SegmentsRetransmittedPersec# SegmentsSentPersec#`),
		rows: func(m *Machine) table {
			c := choose(m.Stack().Counters())
			number := func(n uint64) int64 { return int64(uint32(n)) }
			return tableOf(Row{nil, number(c.Failures), number(c.Active), number(c.Established), number(c.Passive), number(c.Reset),
				nil, nil, number(c.Received + c.Sent), number(c.Received), number(c.Retransmitted), number(c.Sent)})
		},
	}
}

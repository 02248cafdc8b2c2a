package audit

import (
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// finds is one code looked for in one host: want is parts of its only message; none
// means that it must not be there.
type finds struct {
	name    string
	facts   Facts
	code    Code
	subject string
	want    []string
	not     []string
}

func (tt finds) check(t *testing.T) {
	t.Helper()
	list := found(tt.facts, tt.code)
	if len(tt.want) == 0 {
		if len(list) != 0 {
			t.Errorf("%s: %+v", tt.name, list)
		}
		return
	}
	if len(list) != 1 {
		t.Errorf("%s: %d findings of %s: %+v", tt.name, len(list), tt.code, list)
		return
	}
	if list[0].Subject != tt.subject {
		t.Errorf("%s: subject %q, want %q", tt.name, list[0].Subject, tt.subject)
	}
	for _, part := range tt.want {
		if !strings.Contains(list[0].Message, part) {
			t.Errorf("%s: %q lacks %q", tt.name, list[0].Message, part)
		}
	}
	for _, part := range tt.not {
		if strings.Contains(list[0].Message, part) {
			t.Errorf("%s: %q has %q", tt.name, list[0].Message, part)
		}
	}
}

func namedValue(name string, found tuning.Values) Facts {
	f := modern(tcpip.Server2022, found)
	f.Names[name] = tuning.TypeDWORD
	return f
}

func TestValueFindings(t *testing.T) {
	set := func(build tcpip.Build, attribute string, value tuning.Value) Facts {
		if build == tcpip.Server2003 {
			return old(tuning.Values{attribute: value})
		}
		return modern(build, tuning.Values{attribute: value})
	}
	const server2022 = tcpip.Server2022
	reserved2003 := old(nil)
	reserved2003.Names["ReservedPorts"] = tuning.TypeMulti
	tests := []finds{
		{"misspelt", namedValue("MaxUserPorts", nil), NameMisspelled, "MaxUserPorts", []string{"MaxUserPorts (REG_DWORD)", "MaxUserPort was probably meant", "uses its default"}, []string{"as well"}},
		{"misspelt beside the right one", namedValue("TcpTimeWaitDelay", tuning.Values{delayName: tuning.DWORD(30)}), NameMisspelled, "TcpTimeWaitDelay", []string{"TcpTimedWaitDelay was probably meant, which is there as well"}, nil},
		{"a real neighbour", namedValue("TcpMaxConnectRetransmissions", nil), NameMisspelled, "", nil, nil},
		{"the right name in other letters", namedValue("tcptimedwaitdelay", nil), NameMisspelled, "", nil, nil},

		{"text", set(server2022, delayName, tuning.String("30")), WrongType, "TcpTimedWaitDelay", []string{`REG_SZ "30"`, "reported to ignore it"}, nil},
		{"QWORD", set(server2022, portName, tuning.QWORD(65534)), WrongType, "MaxUserPort", []string{"REG_QWORD 65534"}, nil},
		{"binary on 2003", set(tcpip.Server2003, delayName, tuning.Opaque(tuning.TypeBinary)), WrongType, "TcpTimedWaitDelay", []string{"REG_BINARY"}, nil},
		{"DWORD", set(server2022, delayName, tuning.DWORD(30)), WrongType, "", nil, nil},
		{"absent", modern(server2022, nil), WrongType, "", nil, nil},
		{"text is not out of range as well", set(server2022, delayName, tuning.String("5")), OutOfRange, "", nil, nil},

		{"29 s on a modern one", set(server2022, delayName, tuning.DWORD(29)), OutOfRange, "TcpTimedWaitDelay", []string{"29 is 0x1d, outside its range 30 to 300 (seconds)", "SQLCheck takes 0 to 300"}, nil},
		{"30 s", set(server2022, delayName, tuning.DWORD(30)), OutOfRange, "", nil, nil},
		{"300 s", set(server2022, delayName, tuning.DWORD(300)), OutOfRange, "", nil, nil},
		{"301 s", set(server2022, delayName, tuning.DWORD(301)), OutOfRange, "TcpTimedWaitDelay", []string{"301 is 0x12d", "not documented"}, []string{"SQLCheck"}},
		{"0 s on 2003, documented there", set(tcpip.Server2003, delayName, tuning.DWORD(0)), OutOfRange, "", nil, nil},
		{"29 s on 2003", set(tcpip.Server2003, delayName, tuning.DWORD(29)), OutOfRange, "", nil, nil},
		{"301 s on 2003", set(tcpip.Server2003, delayName, tuning.DWORD(301)), OutOfRange, "TcpTimedWaitDelay", []string{"301 is 0x12d"}, nil},
		{"29 s on 2000", set(tcpip.Windows2000, delayName, tuning.DWORD(29)), OutOfRange, "TcpTimedWaitDelay", []string{"29 is 0x1d"}, []string{"SQLCheck"}},
		{"port 4999 on 2003", set(tcpip.Server2003, portName, tuning.DWORD(4999)), OutOfRange, "MaxUserPort", []string{"4999"}, nil},
		{"port 5000", set(tcpip.Server2003, portName, tuning.DWORD(5000)), OutOfRange, "", nil, nil},
		{"port 65535", set(server2022, portName, tuning.DWORD(65535)), OutOfRange, "MaxUserPort", []string{"65535 is 0xffff"}, nil},
		{"hexadecimal copied as decimal", set(server2022, portName, tuning.DWORD(415028)), OutOfRange, "MaxUserPort", []string{"did you mean 65534?"}, nil},
		{"0 ms", set(server2022, "keep_alive_time", tuning.DWORD(0)), OutOfRange, "KeepAliveTime", []string{"0 is 0x0"}, nil},
		{"the largest", set(server2022, "keep_alive_time", tuning.DWORD(0xffffffff)), OutOfRange, "", nil, nil},
		{"a switch at 2", set(server2022, "strict_time_wait_seq_check", tuning.DWORD(2)), OutOfRange, "StrictTimeWaitSeqCheck", []string{"0 to 1"}, nil},

		{"not described by anybody, 2022", set(server2022, "strict_time_wait_seq_check", tuning.DWORD(1)), Undocumented, "StrictTimeWaitSeqCheck", []string{"no page of Microsoft's"}, []string{"no effect"}},
		{"not described by anybody, 2003", set(tcpip.Server2003, "strict_time_wait_seq_check", tuning.DWORD(1)), Undocumented, "StrictTimeWaitSeqCheck", []string{"no page of Microsoft's"}, nil},
		{"TcpNumConnections on 2008", set(tcpip.Server2008, "tcp_num_connections", tuning.DWORD(100000)), Undocumented, "TcpNumConnections", []string{"REG_DWORD 100000", "KB314053", "SetTcpNumConnections"}, nil},
		{"TcpNumConnections on 2003", set(tcpip.Server2003, "tcp_num_connections", tuning.DWORD(100000)), Undocumented, "", nil, nil},
		{"retransmissions on 2012", set(tcpip.Server2012, "tcp_max_data_retransmissions", tuning.DWORD(3)), Undocumented, "TcpMaxDataRetransmissions", []string{"KB170359"}, nil},
		{"retransmissions on 2008 R2", set(7601, "tcp_max_data_retransmissions", tuning.DWORD(3)), Undocumented, "", nil, nil},
		{"keep-alives are described", set(server2022, "keep_alive_time", tuning.DWORD(300000)), Undocumented, "", nil, nil},
		{"the delay is described", set(server2022, delayName, tuning.DWORD(30)), Undocumented, "", nil, nil},
		{"a version that is not known", Facts{Values: tuning.Values{"strict_time_wait_seq_check": tuning.DWORD(1)}}, Undocumented, "", nil, nil},
		{"ReservedPorts on 2003", reserved2003, Undocumented, "", nil, nil},
		{"ReservedPorts on 2022", namedValue("reservedports", nil), Undocumented, "ReservedPorts", []string{"KB812873", "excludedportrange"}, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

func TestMaxUserPortOnModernWindows(t *testing.T) {
	with := func(value tuning.Value) Facts { return modern(tcpip.Server2022, tuning.Values{portName: value}) }
	mixed := with(tuning.DWORD(60000))
	mixed.Ranges[tcp6] = ports(1024, 58977)
	blind := with(tuning.DWORD(65534))
	blind.Ranges, blind.Templates = nil, nil
	const code, name = MaxUserPortOnModern, "MaxUserPort"
	tests := []finds{
		{"the largest", with(tuning.DWORD(65534)), code, name, []string{"1024-65534 (64511 ports)", "at a restart", "49152-65535 now: it does not look applied"}, []string{"fewer"}},
		{"applied", wide(with(tuning.DWORD(65534)), ports(1024, 64511)), code, name, []string{"1024-65534 now: it looks applied"}, []string{"not look"}},
		{"applied to one family", mixed, code, name, []string{"1024-60000 (58977 ports)", "it looks applied"}, nil},
		{"a port more than that", wide(with(tuning.DWORD(65534)), ports(1024, 64512)), code, name, []string{"does not look applied"}, nil},
		{"smaller than the default", with(tuning.DWORD(17406)), code, name, []string{"1024-17406 (16383 ports, fewer than the default's 16384)"}, nil},
		{"as large as the default", with(tuning.DWORD(17407)), code, name, []string{"1024-17407 (16384 ports)"}, []string{"fewer"}},
		{"the smallest", with(tuning.DWORD(5000)), code, name, []string{"(3977 ports, fewer"}, nil},
		{"out of range: no numbers", with(tuning.DWORD(4999)), code, name, []string{"outside 5000 to 65534", "not known"}, []string{"1024"}},
		{"ranges not read", blind, code, name, []string{"(64511 ports)"}, []string{"applied"}},
		{"another type is ignored", with(tuning.String("65534")), code, "", nil, nil},
		{"absent", with(tuning.Absent), code, "", nil, nil},
		{"2003, where it is the control", old(tuning.Values{portName: tuning.DWORD(65534)}), code, "", nil, nil},
		{"2008", modern(tcpip.Server2008, tuning.Values{portName: tuning.DWORD(65534)}), code, name, []string{"64511"}, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

func TestReservedPorts(t *testing.T) {
	with := func(entries ...string) Facts {
		f := old(nil)
		f.Names["ReservedPorts"], f.ReservedPorts = tuning.TypeMulti, entries
		return f
	}
	onModern := modern(tcpip.Server2022, nil)
	onModern.ReservedPorts = []string{"1433-1433", "x"}
	tests := []finds{
		{"two", with("1433-1433", "3268-3269"), ReservedPorts, "ReservedPorts", []string{"1433-1433, 3268-3269"}, nil},
		{"the ends", with("1-65535"), ReservedPorts, "ReservedPorts", []string{"1-65535"}, nil},
		{"none", with(), ReservedPorts, "", nil, nil},
		{"a modern one", onModern, ReservedPorts, "", nil, nil},
		{"good ones", with("1433-1433", "3268-3269"), ReservedPortsMalformed, "", nil, nil},
		{"bad ones", with("1433", "3000-2000", "0-5", "1-65536", " 7-7", "a-b", "", "4000-4001"), ReservedPortsMalformed, "ReservedPorts", []string{`1433, 3000-2000, 0-5, 1-65536, " 7-7", a-b`}, []string{"4000"}},
		{"only bad ones protect nothing", with("1433"), ReservedPorts, "", nil, nil},
		{"in a row", with("1433-1433", "1434-1434"), ReservedPortsMalformed, "ReservedPorts", []string{"1434-1434", "one entry"}, []string{"1433-1433"}},
		{"a gap between", with("1433-1433", "1435-1435"), ReservedPortsMalformed, "", nil, nil},
		{"hostile", with("\x1b[2J##vso[x]\n"), ReservedPortsMalformed, "ReservedPorts", []string{`"\x1b[2J\x23\x23vso[x]\n"`}, []string{"\n", "\x1b", "##"}},
		{"the last port goes nowhere", with("65535-65535", "1-1"), ReservedPortsMalformed, "", nil, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

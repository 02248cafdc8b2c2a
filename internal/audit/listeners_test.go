package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

func TestListenerFindings(t *testing.T) {
	middle := func(list ...Listener) Facts {
		return listening(wide(modern(tcpip.Server2022, nil), ports(10000, 20000)), list...) // 10000-29999
	}
	usual := func(list ...Listener) Facts { return listening(modern(tcpip.Server2022, nil), list...) }
	reserved := func(f Facts, pools ...tcpip.Pool) Facts {
		for _, pool := range pools {
			f = excluding(f, Exclusion{Pool: pool, Ports: ports(12345, 1)})
		}
		return f
	}
	blind := middle(listener("0.0.0.0:12345", 10, "app.exe"))
	blind.Excluded = nil
	byTemplate := middle(listener("0.0.0.0:12345", 10, "app.exe"))
	byTemplate.Ranges = nil
	split := middle(listener("0.0.0.0:12345", 10, "app.exe"))
	split.Ranges[tcp4] = tcpip.DefaultPortRange
	old2003 := func(entries []string, list ...Listener) Facts {
		f := listening(old(nil), list...)
		if entries != nil {
			f.Names["ReservedPorts"], f.ReservedPorts = tuning.TypeMulti, entries
		}
		return f
	}
	unread2003 := old2003([]string{}, listener("0.0.0.0:1433", 10, "sqlservr.exe"))
	unread2003.ReservedPorts = nil
	half := middle(listener("0.0.0.0:12345", 10, "app.exe"))
	delete(half.Ranges, tcp4)
	const (
		app  = "tcp/12345"
		line = "netsh int ipv4 add excludedportrange protocol=tcp startport=12345 numberofports=1 store=persistent"
	)
	line6 := strings.Replace(line, "ipv4", "ipv6", 1)
	tests := []finds{
		{"the port before", middle(listener("0.0.0.0:9999", 10, "app.exe")), ListenerInRange, "", nil, nil},
		{"the first", middle(listener("0.0.0.0:10000", 10, "app.exe")), ListenerInRange, "tcp/10000", []string{"app.exe (process 10) listens on TCP port 10000, inside the range 10000-29999"}, nil},
		{"the last", middle(listener("0.0.0.0:29999", 10, "app.exe")), ListenerInRange, "tcp/29999", []string{"29999"}, nil},
		{"the port after", middle(listener("0.0.0.0:30000", 10, "app.exe")), ListenerInRange, "", nil, nil},
		{"IPv4", middle(listener("10.0.0.5:12345", 10, "app.exe")), ListenerInRange, app, []string{line}, []string{"ipv6", "could not be read", "shared"}},
		{"IPv6", middle(listener("[::]:12345", 10, "app.exe")), ListenerInRange, app, []string{line6}, []string{"ipv4"}},
		{"IPv6 with a zone", middle(listener("[fe80::1%4]:12345", 10, "app.exe")), ListenerInRange, app, []string{line6}, nil},
		{"mapped", middle(listener("[::ffff:10.0.0.5]:12345", 10, "app.exe")), ListenerInRange, app, []string{line}, []string{"ipv6"}},
		{"both", middle(listener("[::]:12345", 10, "app.exe"), listener("0.0.0.0:12345", 10, "app.exe"), listener("127.0.0.1:12345", 10, "app.exe")), ListenerInRange, app, []string{line + " and " + line6 + ". Exclusions are reported to be shared by IPv4 and IPv6"}, []string{line + " and " + line + " "}},
		{"no process is known", middle(listener("0.0.0.0:12345", 10, "")), ListenerInRange, app, []string{"Process 10, whose name is not known,"}, nil},
		{"a well-known service", middle(listener("0.0.0.0:22233", 10, "DistributedCacheService.exe")), ListenerInRange, "tcp/22233", []string{"AppFabric"}, []string{"each start"}},
		{"a hostile name", middle(listener("0.0.0.0:12345", 10, "a\r\n::error::b")), ListenerInRange, app, []string{`"a\r\n::error::b"`}, []string{"\n", "\r"}},

		{"reserved", reserved(middle(listener("0.0.0.0:12345", 10, "app.exe")), tcp4), ListenerInRange, "", nil, nil},
		{"reserved for IPv6 only", reserved(middle(listener("0.0.0.0:12345", 10, "app.exe")), tcp6), ListenerInRange, app, []string{line}, nil},
		{"reserved for UDP only", reserved(middle(listener("0.0.0.0:12345", 10, "app.exe")), udp4, udp6), ListenerInRange, app, []string{line}, nil},
		{"half reserved", reserved(middle(listener("0.0.0.0:12345", 10, "app.exe"), listener("[::]:12345", 10, "app.exe")), tcp4), ListenerInRange, app, []string{line6}, []string{"ipv4"}},
		{"the neighbour is reserved", excluding(middle(listener("0.0.0.0:12345", 10, "app.exe")), Exclusion{Pool: tcp4, Ports: ports(12346, 100)}, Exclusion{Pool: tcp4, Ports: ports(12000, 345)}), ListenerInRange, app, []string{line}, nil},
		{"it is not known what is reserved", blind, ListenerInRange, app, []string{"What is reserved could not be read."}, nil},
		{"only the templates are known", byTemplate, ListenerInRange, app, []string{"10000-29999"}, nil},
		{"netsh showed one family, and the templates do not say of which theirs is", half, ListenerInRange, "", nil, nil},
		{"the other family's range", split, ListenerInRange, "", nil, nil},

		{"an RPC service of Windows", usual(listener("0.0.0.0:49664", 700, "LSASS.exe")), ListenerFromRange, "tcp/49664", []string{"LSASS.exe (process 700)", "seems to have it from there"}, nil},
		{"an RPC service of Windows is no warning", usual(listener("0.0.0.0:49664", 700, "lsass.exe")), ListenerInRange, "", nil, nil},
		{"not known, in the default range", usual(listener("0.0.0.0:50000", 700, "")), ListenerFromRange, "tcp/50000", []string{"Process 700"}, nil},
		{"any program, while the default range is that of now", usual(listener("0.0.0.0:50000", 700, "db2syscs.exe")), ListenerFromRange, "tcp/50000", []string{"db2syscs.exe"}, nil},
		{"it is no warning", usual(listener("0.0.0.0:50000", 700, "db2syscs.exe")), ListenerInRange, "", nil, nil},
		{"a program there, while another range is that of now", listening(wide(modern(tcpip.Server2022, nil), ports(49000, 16536)), listener("0.0.0.0:50000", 700, "db2syscs.exe")), ListenerInRange, "tcp/50000",
			[]string{"no reservation was found. If it has another port after each start, there is nothing to do. Else reserve the port, while the program is stopped: netsh"}, nil},
		{"2003's default range is where services have their ports", old2003([]string{}, listener("0.0.0.0:3306", 10, "mysqld.exe")), ListenerInRange, "tcp/3306", []string{"another port after each start"}, nil},
		{"svchost.exe on a well-known port", listening(wide(modern(tcpip.Server2022, nil), ports(1025, 64511)), listener("0.0.0.0:3389", 900, "svchost.exe")), ListenerInRange, "tcp/3389", []string{"Remote Desktop"}, nil},

		{"2003", old2003(nil, listener("0.0.0.0:1433", 10, "sqlservr.exe")), ListenerInRange, "tcp/1433", []string{"1025-5000", "1433-1433 to the REG_MULTI_SZ ReservedPorts"}, []string{"netsh", "could not be read"}},
		{"2003, ReservedPorts is there and was not read", unread2003, ListenerInRange, "tcp/1433", []string{"What is reserved could not be read."}, nil},
		{"2003 reserved", old2003([]string{"1400-1500"}, listener("0.0.0.0:1433", 10, "sqlservr.exe")), ListenerInRange, "", nil, nil},
		{"2003's last port", old2003([]string{}, listener("0.0.0.0:5000", 10, "app.exe")), ListenerInRange, "tcp/5000", []string{"5000"}, nil},
		{"2003, outside", old2003([]string{}, listener("0.0.0.0:5001", 10, "app.exe")), ListenerInRange, "", nil, nil},
		{"2003, RPC", old2003(nil, listener("0.0.0.0:1026", 10, "lsass.exe")), ListenerFromRange, "tcp/1026", []string{"lsass.exe"}, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

func TestWinRMComesFirst(t *testing.T) {
	f := wide(modern(tcpip.Server2022, nil), ports(1024, 64511))
	f = listening(f, listener("0.0.0.0:1433", 20, "sqlservr.exe"), listener("0.0.0.0:47001", 4, "System"), listener("0.0.0.0:10080", 4, "b.exe"),
		listener("0.0.0.0:5985", 4, "System"), listener("0.0.0.0:9000", 9, "a.exe"), listener("0.0.0.0:9000", 8, "z.exe"), listener("0.0.0.0:5986", 4, "System"))
	var got []string
	for _, finding := range found(f, ListenerInRange) {
		got = append(got, finding.Subject)
	}
	if want := []string{"tcp/5985", "tcp/5986", "tcp/1433", "tcp/9000", "tcp/9000", "tcp/10080", "tcp/47001"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if list := found(f, ListenerInRange); !strings.Contains(list[3].Message, "z.exe") {
		t.Errorf("of two on one port the later process is first: %+v", list)
	}
	var inside []string
	for _, l := range f.ListenersInRange() {
		inside = append(inside, fmt.Sprint(l.Address.Port()))
	}
	if want := "5985 5986 1433 9000 9000 10080 47001"; strings.Join(inside, " ") != want {
		t.Errorf("inside: %v, want %s", inside, want)
	}
	f.Ranges[tcp4] = ports(1434, 100)
	if inside := f.ListenersInRange(); len(inside) != 0 {
		t.Errorf("inside 1434-1533: %v", inside)
	}
}

func TestServicePortFindings(t *testing.T) {
	at := func(start uint16, number uint32) Facts {
		return wide(modern(tcpip.Server2022, nil), ports(start, number))
	}
	held := listening(at(1433, 255), listener("0.0.0.0:1433", 10, "sqlservr.exe"))
	oneFamily := at(1433, 1)
	oneFamily = excluding(oneFamily, Exclusion{Pool: tcp4, Ports: ports(1433, 1)})
	udpOnly := modern(tcpip.Server2022, nil)
	udpOnly.Ranges[udp4], udpOnly.Ranges[udp6] = ports(4500, 1), ports(4500, 1)
	blind := at(1433, 1)
	blind.Excluded = nil
	tests := []finds{
		{"the first port", at(1433, 1), ServicePortInRange, "tcp", []string{"1 port of well-known services", "1433 (SQL Server)"}, []string{"could not be read"}},
		{"after it", at(1435, 200), ServicePortInRange, "", nil, nil},
		{"two", at(3268, 2), ServicePortInRange, "tcp", []string{"2 ports", "3268 (Global Catalog), 3269 (Global Catalog over TLS)"}, nil},
		{"in the order of numbers", at(9389, 900), ServicePortInRange, "tcp", []string{"9389 (Active Directory Web Services), 10123 (Configuration Manager"}, nil},
		{"many", at(1025, 64511), ServicePortInRange, "tcp", []string{"1270", "more"}, []string{"47001"}},
		{"one that is listened on has its own finding", held, ServicePortInRange, "tcp", []string{"1434"}, []string{"1433 (SQL"}},
		{"reserved for both", excluding(oneFamily, Exclusion{Pool: tcp6, Ports: ports(1433, 1)}), ServicePortInRange, "", nil, nil},
		{"reserved for one", oneFamily, ServicePortInRange, "tcp", []string{"1433"}, nil},
		{"UDP", udpOnly, ServicePortInRange, "udp", []string{"The UDP range 4500-4500", "IPsec NAT traversal"}, nil},
		{"it is not known what is reserved", blind, ServicePortInRange, "tcp", []string{"What is reserved could not be read."}, nil},
		{"2008 has", wide(modern(tcpip.Server2008, nil), ports(2179, 1)), ServicePortInRange, "tcp", []string{"Hyper-V"}, nil},
		{"2003's default range", func() Facts { f := old(nil); f.ReservedPorts = []string{"1025-5000"}; return f }(), ServicePortInRange, "", nil, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

// Windows Server 2003 cannot have what came with later ones.
func TestServicesOf2003(t *testing.T) {
	ports := func(f Facts) map[string]string {
		texts := map[string]string{}
		for _, finding := range found(f, ServicePortInRange) {
			texts[finding.Subject] = finding.Message
		}
		return texts
	}
	// Two stretches, since a message names no more than 20 ports.
	low, high := old(nil), old(tuning.Values{portName: tuning.DWORD(65534)})
	high.ReservedPorts = []string{"1025-5000"}
	for _, tt := range []struct{ text, has, not string }{
		{ports(low)["tcp"], "2107 (Message Queuing (management)), 2382", "2179"},
		{ports(low)["udp"], "3343 (Cluster service), 3527", "3389"},
		{ports(low)["tcp"], "3389 (Remote Desktop)", "Hyper-V"},
		{ports(high)["tcp"], "5985 (WinRM over HTTP), 5986", "6600"},
		{ports(high)["tcp"], "5022", "SMB Direct"},
		{ports(high)["tcp"], "5022", "DFS Replication"},
		{ports(high)["tcp"], "8530", "8172"},
		{ports(high)["tcp"], "9389 (Active Directory Web Services), 42424", "10123"},
		{ports(high)["tcp"], "42424", "AppFabric"},
		{ports(high)["tcp"], "42424", "SharePoint"},
	} {
		if !strings.Contains(tt.text, tt.has) || strings.Contains(tt.text, tt.not) {
			t.Errorf("%s is to have %s and not %s", tt.text, tt.has, tt.not)
		}
	}
}

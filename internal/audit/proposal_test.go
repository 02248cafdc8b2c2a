package audit

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

const (
	tcpRange = "dynamic_port_range.tcp"
	udpRange = "dynamic_port_range.udp"
)

// setting is a proposal that sets all that it names.
func setting(desired tuning.Desired) Proposal {
	return Proposal{Desired: desired, Changed: slices.Sorted(maps.Keys(desired))}
}

func setRange(argument string, start uint16, number uint32) Proposal {
	return setting(tuning.Desired{argument: tuning.Ports(ports(start, number))})
}

func setNumber(attribute string, number uint32) Proposal {
	return setting(tuning.Desired{attribute: tuning.DWORD(number)})
}

// foresees is one warning looked for by a part of its summary: want is parts of its
// summary and detail; none means that no summary has it.
type foresees struct {
	name     string
	warnings []tuning.Warning
	summary  string
	argument string
	want     []string
	not      []string
}

func (tt foresees) check(t *testing.T) {
	t.Helper()
	var list []tuning.Warning
	for _, w := range tt.warnings {
		if strings.Contains(w.Summary, tt.summary) {
			list = append(list, w)
		}
	}
	if len(tt.want) == 0 {
		if len(list) != 0 {
			t.Errorf("%s: %+v", tt.name, list)
		}
		return
	}
	if len(list) != 1 || list[0].Attribute != tt.argument {
		t.Errorf("%s: not one warning %q of %s: %+v", tt.name, tt.summary, tt.argument, tt.warnings)
		return
	}
	text := list[0].Summary + "\n" + list[0].Detail
	for _, part := range tt.want {
		if !strings.Contains(text, part) {
			t.Errorf("%s: %q lacks %q", tt.name, text, part)
		}
	}
	for _, part := range tt.not {
		if strings.Contains(text, part) {
			t.Errorf("%s: %q has %q", tt.name, text, part)
		}
	}
	if strings.ContainsAny(list[0].Summary, "\n\r\x1b") || strings.Contains(text, "##") {
		t.Errorf("%s: unsafe: %q", tt.name, text)
	}
}

func TestForeseeListeners(t *testing.T) {
	host := func(list ...Listener) Facts { return listening(modern(tcpip.Server2022, nil), list...) }
	web := listener("0.0.0.0:10000", 10, "web.exe")
	all := host(listener("0.0.0.0:49664", 700, "lsass.exe"), listener("0.0.0.0:50000", 20, "db2.exe"), web, listener("[::]:5985", 4, "System"), listener("0.0.0.0:5985", 4, "System"),
		listener("[::1]:9389", 30, "adws.exe"), listener("0.0.0.0:445", 4, "System"))
	wide1025 := setRange(tcpRange, 1025, 64511)
	many := host()
	for port := range uint16(30) {
		many = listening(many, listener("0.0.0.0:1", 99, "agent.exe"))
		many.Listeners[port].Address = netipPort(20000 + port)
	}
	moved := wide(host(listener("0.0.0.0:49664", 700, "lsass.exe"), listener("0.0.0.0:49700", 44, ""), listener("0.0.0.0:50000", 20, "db2.exe")), ports(10000, 5000))
	blind := host(web, listener("0.0.0.0:50000", 20, "db2.exe"))
	blind.Ranges, blind.Templates, blind.Excluded = nil, nil, nil
	fromState := wide1025
	fromState.Prior = tuning.Desired{tcpRange: tuning.Ports(ports(9000, 2000))}
	old2003 := listening(old(nil), listener("0.0.0.0:1433", 20, "sqlservr.exe"), listener("0.0.0.0:9999", 21, "a.exe"), listener("0.0.0.0:8888", 22, "b.exe"))
	old2003.Names["ReservedPorts"], old2003.ReservedPorts = tuning.TypeMulti, []string{"8888-8888"}
	drawn := []Listener{listener("0.0.0.0:20001", 700, "services.exe"), listener("[::]:20001", 700, "services.exe"), listener("0.0.0.0:20002", 20, "db2.exe"), listener("[::]:20002", 20, "db2.exe")}
	rpc, drifted := host(drawn...), wide(host(drawn...), ports(20000, 45536))
	drifted.Ranges[tcp6] = tcpip.DefaultPortRange
	mended := setRange(tcpRange, 20000, 45536)
	mended.Prior = tuning.Desired{tcpRange: tuning.Ports(ports(20000, 45536))}
	r2, first := listening(modern(7601, nil), web), listening(modern(6003, nil), web)
	const listens = "on which something listens"
	tests := []foresees{
		{"what is new, WinRM first", Foresee(all, wide1025), listens, tcpRange, []string{
			"the TCP range 1025-65535 would take in 3 ports on which something listens: 5985 (WinRM), 9389 (adws.exe), 10000 (web.exe)",
			"\n  netsh int ipv4 add excludedportrange protocol=tcp startport=5985 numberofports=1 store=persistent\n" +
				"  netsh int ipv6 add excludedportrange protocol=tcp startport=5985 numberofports=1 store=persistent\n" +
				"  netsh int ipv6 add excludedportrange protocol=tcp startport=9389 numberofports=1 store=persistent\n" +
				"  netsh int ipv4 add excludedportrange protocol=tcp startport=10000 numberofports=1 store=persistent\n",
		}, []string{"49664", "50000", "445", "more", "hotfix", "is not documented", "could not be read"}},
		{"just before it", Foresee(host(web), setRange(tcpRange, 10001, 1000)), listens, "", nil, nil},
		{"its first port", Foresee(host(web), setRange(tcpRange, 10000, 255)), listens, tcpRange, []string{"1 port on which"}, nil},
		{"its last port", Foresee(host(web), setRange(tcpRange, 9746, 255)), listens, tcpRange, []string{"10000 (web.exe)"}, nil},
		{"just after it", Foresee(host(web), setRange(tcpRange, 9745, 255)), listens, "", nil, nil},
		{"inside the range of now as well", Foresee(wide(host(web), ports(9000, 2000)), wide1025), listens, "", nil, nil},
		{"reserved", Foresee(excluding(host(web), Exclusion{Pool: tcp4, Ports: ports(10000, 1)}), wide1025), listens, "", nil, nil},
		{"reserved for the other family", Foresee(excluding(host(web), Exclusion{Pool: tcp6, Ports: ports(10000, 1)}), wide1025), listens, tcpRange, []string{"int ipv4"}, []string{"int ipv6"}},
		{"RPC left from the default range is not news", Foresee(moved, wide1025), listens, tcpRange, []string{"1 port on which something listens: 50000 (db2.exe)"}, nil},
		{"the range of now is not known: the default counts", Foresee(blind, wide1025), listens, tcpRange, []string{"10000 (web.exe)", "What is reserved could not be read."}, []string{"50000"}},
		{"the range of now is state's", Foresee(blind, fromState), listens, tcpRange, []string{"50000 (db2.exe)"}, []string{"web.exe"}},
		{"RPC from the range of the other family is not news", Foresee(drifted, setRange(tcpRange, 20000, 45536)), listens, tcpRange, []string{"1 port on which something listens: 20002 (db2.exe; newly, for IPv6)"}, nil},
		{"nor from the range of state, which drifted", Foresee(rpc, mended), listens, tcpRange, []string{"1 port on which something listens: 20002 (db2.exe)"}, nil},
		{"RPC on a port that Windows never handed out", Foresee(rpc, setRange(tcpRange, 20000, 45536)), listens, tcpRange, []string{"2 ports on which something listens: 20001 (services.exe), 20002 (db2.exe)"}, nil},
		{"a UDP range takes in no TCP listener", Foresee(all, setRange(udpRange, 1025, 64511)), listens, "", nil, nil},
		{"thirty", Foresee(many, wide1025), listens, tcpRange, []string{"30 ports", "20004 (agent.exe) and 25 more", "startport=20019 ", "… and 10 more"}, []string{"startport=20020 ", "20005 (agent.exe)"}},
		{"two programs on one port", Foresee(host(web, listener("10.0.0.1:10000", 11, "web.exe")), wide1025), listens, tcpRange, []string{"1 port on which something listens: 10000 (web.exe)"}, nil},
		{"a hostile name", Foresee(host(listener("0.0.0.0:10000", 1, "a\n##vso[")), wide1025), listens, tcpRange, []string{`"a\n\x23\x23vso["`}, nil},
		{"2008 R2 may not know the command", Foresee(r2, wide1025), listens, tcpRange, []string{"KB2665809"}, nil},
		{"2008 is not documented to", Foresee(first, wide1025), listens, tcpRange, []string{"is not documented"}, []string{"KB2665809"}},
		{"not read", Foresee(modern(tcpip.Server2022, nil), wide1025), listens, "", nil, nil},

		{"max_user_port", Foresee(all, setNumber(portName, 10000)), listens, portName, []string{"the TCP range 1024-10000 that max_user_port is reported to make would take in 3 ports", "startport=9389"}, nil},
		{"max_user_port that ends before", Foresee(all, setNumber(portName, 9999)), listens, portName, []string{"2 ports"}, []string{"web.exe"}},
		{"2003", Foresee(old2003, setNumber(portName, 9999)), listens, portName, []string{"the range 1025-9999 would take in 1 port", "9999 (a.exe)", "\n  9999-9999\n", "ReservedPorts"}, []string{"netsh", "1433", "8888", "reported to make"}},
		{"2003 that ends before", Foresee(old2003, setNumber(portName, 9998)), listens, "", nil, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

// What WinRM comes by is first, and told from where it listens for the host itself.
func TestForeseeWinRM(t *testing.T) {
	host := func(list ...Listener) Facts { return listening(modern(tcpip.Server2022, nil), list...) }
	local := listener("0.0.0.0:47001", 4, "System")
	web, sql := listener("0.0.0.0:30000", 10, "web.exe"), listener("0.0.0.0:1433", 11, "sqlservr.exe")
	own, custom := listener("0.0.0.0:5985", 4, "System"), listener("0.0.0.0:8443", 4, "System")
	by := func(port uint16) Proposal {
		p := setRange(tcpRange, 1025, 64511)
		p.Port = port
		return p
	}
	const listens, console = "on which something listens", "WinRM's service at the host's console"
	for _, tt := range []foresees{
		{"47001 alone", Foresee(host(local), by(5985)), listens, "", nil, nil},
		{"47001 beside another", Foresee(host(local, web), by(5985)), listens, tcpRange, []string{"2 ports on which something listens: 30000 (web.exe), 47001 (WinRM, local requests)", "start_port = 30001, number_of_ports = 35535"},
			[]string{"the way back", console}},
		{"WinRM's own", Foresee(host(sql, own), by(0)), listens, tcpRange, []string{"listens: 5985 (WinRM), 1433 (sqlservr.exe)", "the way back", console}, nil},
		{"by which the provider comes", Foresee(host(sql, own, custom), by(8443)), listens, tcpRange, []string{"listens: 8443 (WinRM, by which this provider comes), 5985 (WinRM), 1433"}, nil},
		{"by that alone", Foresee(host(custom), by(8443)), listens, tcpRange, []string{"the way back", console}, nil},
		{"another's port", Foresee(host(custom), by(0)), listens, tcpRange, []string{"8443 (System)"}, []string{"the way back", console, "comes"}},
	} {
		tt.check(t)
	}
}

// The simple cure comes first, where a range that starts above the ports stays large.
func TestForeseeAbove(t *testing.T) {
	at := func(port uint16) Facts {
		f := modern(tcpip.Server2022, nil)
		f.Listeners = []Listener{{Address: netipPort(port), PID: 10, Process: "web.exe"}}
		return f
	}
	const listens, simplest = "on which something listens", "Simplest is a range that starts above: start_port = "
	old2003 := listening(old(nil), listener("0.0.0.0:9999", 21, "a.exe"))
	for _, tt := range []foresees{
		{"the next port", Foresee(at(5985), setRange(tcpRange, 1025, 64511)), listens, tcpRange, []string{simplest + "5986, number_of_ports = 59550. Else reserve on the host what"}, []string{"before the apply"}},
		{"half as many", Foresee(at(33280), setRange(tcpRange, 1025, 64511)), listens, tcpRange, []string{simplest + "33281, number_of_ports = 32255."}, nil},
		{"fewer than half", Foresee(at(33281), setRange(tcpRange, 1025, 64511)), listens, tcpRange, []string{"Reserve on the host what"}, []string{simplest}},
		{"as many as the default", Foresee(at(10000), setRange(tcpRange, 9000, 17385)), listens, tcpRange, []string{simplest + "10001, number_of_ports = 16384."}, nil},
		{"fewer than the default", Foresee(at(10000), setRange(tcpRange, 9000, 17384)), listens, tcpRange, []string{"Reserve on the host what"}, []string{simplest}},
		{"max_user_port moves no start", Foresee(at(5985), setNumber(portName, 65534)), listens, portName, []string{"Reserve on the host what"}, []string{simplest}},
		{"nor on 2003", Foresee(old2003, setNumber(portName, 65534)), listens, portName, []string{"before the restart"}, []string{simplest}},
	} {
		tt.check(t)
	}
}

func TestForeseeFamilies(t *testing.T) {
	f := listening(modern(tcpip.Server2022, nil), listener("0.0.0.0:1433", 20, "sqlservr.exe"), listener("[::]:1433", 20, "sqlservr.exe"), listener("[::]:900", 20, "low.exe"))
	unequal := listening(modern(tcpip.Server2022, nil), f.Listeners...)
	unequal.Ranges[tcp4], unequal.Ranges[udp6] = ports(1025, 64511), ports(1025, 2000)
	const listens, services, shared = "on which something listens", "of well-known services", "Exclusions are reported to be shared by IPv4 and IPv6: if the second line is refused, netsh int ipv4 show excludedportrange protocol="
	wide1025 := tuning.Desired{tcpRange: tuning.Ports(ports(1025, 64511)), udpRange: tuning.Ports(ports(1025, 64511))}
	for _, tt := range []foresees{
		{"both", Foresee(f, setting(wide1025)), listens, tcpRange, []string{"1433 (sqlservr.exe)", shared + "tcp lists"}, []string{"newly"}},
		{"one", Foresee(unequal, setting(wide1025)), listens, tcpRange, []string{"1433 (sqlservr.exe; newly, for IPv6)", "int ipv6 add"}, []string{"int ipv4", shared}},
		{"UDP, one", Foresee(unequal, setting(wide1025)), services, udpRange, []string{"1434 (SQL Server Browser; newly, for IPv4)", "3389 (Remote Desktop)"}, nil},
	} {
		tt.check(t)
	}
}

// Nobody tells who has UDP sockets: the well-known services are named instead.
func TestForeseeUDPServices(t *testing.T) {
	host := func() Facts { return modern(tcpip.Server2022, nil) }
	inside := host()
	inside.Ranges[udp4], inside.Ranges[udp6] = ports(1025, 3000), ports(1025, 3000)
	kept := excluding(host(), Exclusion{Pool: udp4, Ports: ports(4500, 1)}, Exclusion{Pool: udp6, Ports: ports(4500, 1)})
	half := excluding(host(), Exclusion{Pool: udp4, Ports: ports(4500, 1)})
	blind := host()
	blind.Excluded = nil
	const services = "of well-known services"
	for _, tt := range []foresees{
		{"wide", Foresee(host(), setRange(udpRange, 1025, 64511)), services, udpRange, []string{
			"the UDP range 1025-65535 would take in 18 ports of well-known services: 1434 (SQL Server Browser)", "4500 (IPsec NAT traversal)", "3389 (Remote Desktop)",
			"UDP listeners were not looked at", "start_port = 5006", "the same with ipv6. Exclusions are reported to be shared", "show excludedportrange protocol=udp",
			"\n  netsh int ipv4 add excludedportrange protocol=udp startport=4500 numberofports=1 store=persistent\n",
		}, []string{"int ipv6", "could not be read", "1433", "protocol=tcp"}},
		{"one", Foresee(host(), setRange(udpRange, 4500, 500)), services, udpRange, []string{"1 port of well-known services: 4500 (IPsec NAT traversal)"}, []string{"Simplest"}},
		{"after it", Foresee(host(), setRange(udpRange, 5006, 60530)), services, "", nil, nil},
		{"outside the range of now", Foresee(inside, setRange(udpRange, 1025, 64511)), services, udpRange, []string{"3 ports", "4500"}, []string{"1434"}},
		{"excluded", Foresee(kept, setRange(udpRange, 4500, 500)), services, "", nil, nil},
		{"excluded for one", Foresee(half, setRange(udpRange, 4500, 500)), services, udpRange, []string{"int ipv6 add excludedportrange protocol=udp startport=4500"}, []string{"int ipv4", "shared"}},
		{"not known what is", Foresee(blind, setRange(udpRange, 4500, 500)), services, udpRange, []string{"What is reserved could not be read."}, nil},
		{"TCP", Foresee(host(), setRange(tcpRange, 1025, 64511)), services, "", nil, nil},
	} {
		tt.check(t)
	}
}

// MaxUserPort beside a range: found, or put back by the same plan.
func TestForeseeBeside(t *testing.T) {
	found := func(v tuning.Value) Facts { return modern(tcpip.Server2022, tuning.Values{portName: v}) }
	leaves := func(becomes tuning.Value) Proposal {
		p := setRange(tcpRange, 10000, 50000)
		p.Prior, p.Becomes = tuning.Desired{portName: tuning.DWORD(65534)}, tuning.Values{portName: becomes}
		return p
	}
	stays := setRange(tcpRange, 10000, 50000)
	other := setRange(tcpRange, 10000, 50000)
	other.Becomes = tuning.Values{delayName: tuning.Absent}
	const beside, line = "beside dynamic_port_range.tcp", "\n  reg delete \"HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\" /v MaxUserPort /f\n"
	for _, tt := range []foresees{
		{"found", Foresee(found(tuning.DWORD(15000)), stays), beside, tcpRange, []string{"MaxUserPort is REG_DWORD 15000 on this host, beside", "reported to make TCP's range 1024-15000 at the next restart", "is not known", line}, []string{"after the apply"}},
		{"another value leaves", Foresee(found(tuning.DWORD(15000)), other), beside, tcpRange, []string{"is REG_DWORD 15000 on this host"}, nil},
		{"absent", Foresee(found(tuning.Absent), stays), beside, "", nil, nil},
		{"another type is ignored", Foresee(found(tuning.String("15000")), stays), beside, "", nil, nil},
		{"a number that is none", Foresee(found(tuning.DWORD(4999)), stays), beside, tcpRange, []string{"reported to set TCP's range at the next restart"}, []string{"1024-"}},
		{"let go and deleted", Foresee(found(tuning.DWORD(65534)), leaves(tuning.Absent)), beside, "", nil, nil},
		{"let go and put back", Foresee(found(tuning.DWORD(65534)), leaves(tuning.DWORD(60000))), beside, tcpRange, []string{"MaxUserPort is put back to REG_DWORD 60000 and stays beside", "1024-60000", "delete it on the host, after the apply", line}, []string{"65534"}},
		{"UDP", Foresee(found(tuning.DWORD(15000)), setRange(udpRange, 10000, 50000)), beside, "", nil, nil},
		{"2003", Foresee(old(tuning.Values{portName: tuning.DWORD(15000)}), stays), beside, "", nil, nil},
	} {
		tt.check(t)
	}
}

func TestForeseeRanges(t *testing.T) {
	host := modern(tcpip.Server2022, nil)
	running := func(f Facts, names ...string) Facts {
		f.Running = map[string]bool{}
		for _, name := range names {
			f.Running[name] = true
		}
		return f
	}
	differing := modern(tcpip.Server2022, nil)
	differing.Ranges[tcp6] = ports(50000, 300)
	blind := Facts{System: System{Build: tcpip.Server2022}}
	fromState := setRange(tcpRange, 50000, 300)
	fromState.Prior = tuning.Desired{tcpRange: tuning.Ports(ports(50000, 301))}
	dc := modern(tcpip.Server2022, nil)
	dc.System.ProductType = 2
	byRole := modern(tcpip.Server2022, nil)
	backup := uint32(4)
	byRole.System.DomainRole = &backup
	member := modern(tcpip.Server2022, nil)
	server := uint32(3)
	member.System.DomainRole = &server
	taken := excluding(modern(tcpip.Server2022, nil), Exclusion{Pool: tcp6, Ports: ports(20000, 501)})
	both := Proposal{
		Desired: tuning.Desired{tcpRange: tuning.Ports(ports(1025, 64511)), udpRange: tuning.Ports(ports(1025, 64511))},
		Changed: []string{udpRange, tcpRange},
	}
	const smaller, below, dcText, dnsText, gone = "pool smaller", "below 10000 on a host with Hyper-V or WSL", "on a domain controller", "on a DNS server", "are excluded"
	tests := []foresees{
		{"one port fewer", Foresee(host, setRange(tcpRange, 49152, 16383)), smaller, tcpRange, []string{"the TCP range 49152-65534 would make the pool smaller: 16383 ports, 16384 now", "49152-65535 now"}, nil},
		{"as many", Foresee(host, setRange(tcpRange, 20000, 16384)), smaller, "", nil, nil},
		{"UDP", Foresee(host, setRange(udpRange, 50000, 300)), smaller, udpRange, []string{"the UDP range 50000-50299 would make the pool smaller: 300 ports, 16384 now"}, nil},
		{"than one family's", Foresee(differing, setRange(tcpRange, 40000, 16383)), smaller, tcpRange, []string{"16384 now"}, nil},
		{"not read", Foresee(blind, setRange(tcpRange, 50000, 300)), smaller, "", nil, nil},
		{"by state", Foresee(blind, fromState), smaller, tcpRange, []string{"300 ports, 301 now"}, nil},
		{"max_user_port 17406", Foresee(host, setNumber(portName, 17406)), smaller, portName, []string{"that max_user_port is reported to make would make the pool smaller: 16383 ports, 16384 now"}, nil},
		{"max_user_port 17407", Foresee(host, setNumber(portName, 17407)), smaller, "", nil, nil},
		{"2003", Foresee(old(tuning.Values{portName: tuning.DWORD(65534)}), setNumber(portName, 65533)), smaller, portName, []string{"the range 1025-65533 would make the pool smaller: 64509 ports, 64510 now"}, nil},
		{"2003, more", Foresee(old(nil), setNumber(portName, 5001)), smaller, "", nil, nil},

		{"Hyper-V", Foresee(running(host, "vmms.exe"), setRange(tcpRange, 9999, 20000)), below, tcpRange, []string{"the TCP range 9999-29998 would begin below 10000", "(vmms.exe runs)"}, nil},
		{"WSL, for UDP", Foresee(running(host, "wslservice.exe"), setRange(udpRange, 1025, 20000)), below, udpRange, []string{"wslservice.exe"}, nil},
		{"high enough", Foresee(running(host, "vmms.exe"), setRange(tcpRange, 10000, 20000)), below, "", nil, nil},
		{"max_user_port", Foresee(running(host, "vmcompute.exe"), setNumber(portName, 65534)), below, portName, []string{"reported to make would begin below 10000"}, nil},
		{"no virtual networks", Foresee(running(host, "vmtoolsd.exe"), setRange(tcpRange, 1025, 20000)), below, "", nil, nil},

		{"a domain controller", Foresee(dc, both), dcText, tcpRange, []string{"dynamic_port_range.tcp changes on a domain controller", "firewalls"}, nil},
		{"by its role", Foresee(byRole, setNumber(portName, 65534)), dcText, portName, []string{"max_user_port changes"}, nil},
		{"a member", Foresee(member, both), dcText, "", nil, nil},
		{"no range changes", Foresee(dc, setNumber(delayName, 30)), dcText, "", nil, nil},
		{"a DNS server", Foresee(running(host, "dns.exe"), both), dnsText, udpRange, []string{"dynamic_port_range.udp changes on a DNS server", "2500 random UDP ports"}, nil},
		{"a DNS server's TCP range", Foresee(running(host, "dns.exe"), setRange(tcpRange, 1025, 64511)), dnsText, "", nil, nil},
		{"a DNS server's max_user_port", Foresee(running(host, "dns.exe"), setNumber(portName, 65534)), dnsText, "", nil, nil},
		{"a DNS server of one pool", Foresee(running(old(nil), "dns.exe"), setNumber(portName, 65534)), dnsText, portName, []string{"max_user_port changes"}, nil},
		{"no DNS server", Foresee(host, both), dnsText, "", nil, nil},

		{"more than half excluded", Foresee(taken, setRange(tcpRange, 20000, 1000)), gone, tcpRange, []string{"501 of the 1000 ports of the TCP range 20000-20999 are excluded for IPv6", "netsh int ipv6 show excludedportrange protocol=tcp"}, nil},
		{"half excluded", Foresee(taken, setRange(tcpRange, 20000, 1002)), gone, "", nil, nil},
		{"another transport's", Foresee(taken, setRange(udpRange, 20000, 1000)), gone, "", nil, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

func TestForeseeValues(t *testing.T) {
	host := modern(tcpip.Server2022, nil)
	owned := modern(tcpip.Server2022, nil)
	owned.Policies = []Policy{{"keepalivetime", "MSS Baseline"}, {"TcpTimedWaitDelay", "x\n##"}}
	unknown := troubled(0)
	unknown.Running["vmms.exe"], unknown.System.ProductType = true, 2
	oldDC := troubled(tcpip.Server2003)
	oldDC.Running["vmms.exe"], oldDC.System.ProductType = true, 2
	missing := func(list ...Missing) Facts { f := modern(tcpip.Server2022, nil); f.Missing = list; return f }
	shellless := missing(Missing{"ranges", "no shell", PartRanges})
	shellless.NoShell = true
	const reported, policy, undocumented, note = "is reported to make the TCP range", "Group Policy sets", "is not documented", "not everything could be looked at"
	tests := []foresees{
		{"65534", Foresee(host, setNumber(portName, 65534)), reported, portName, []string{
			"max_user_port 65534 on Windows Server 2008 and later is reported to make the TCP range 1024-65534 (64511 ports) at a restart",
			"dynamic_port_range = { tcp = { start_port = 1025, number_of_ports = 64510 } }",
		}, []string{"fewer"}},
		{"17406", Foresee(host, setNumber(portName, 17406)), reported, portName, []string{"(16383 ports)", "fewer than the default's 16384"}, nil},
		{"2003", Foresee(old(nil), setNumber(portName, 65534)), reported, "", nil, nil},
		{"a version that is not known", Foresee(unknown, setNumber(portName, 65534)), "", "", nil, nil},
		{"2003 has no such range", Foresee(oldDC, setRange(tcpRange, 1025, 255)), "", "", nil, nil},

		{"a policy", Foresee(owned, setNumber("keep_alive_time", 300000)), policy, "keep_alive_time", []string{"Group Policy sets KeepAliveTime (MSS Baseline)"}, nil},
		{"a hostile policy", Foresee(owned, setNumber(delayName, 30)), policy, delayName, []string{`"x\n\x23\x23"`}, nil},
		{"a policy of another value", Foresee(owned, setNumber("keep_alive_interval", 1000)), policy, "", nil, nil},

		{"the switch", Foresee(host, setNumber("strict_time_wait_seq_check", 1)), undocumented, "strict_time_wait_seq_check", []string{"what strict_time_wait_seq_check 1 does on this version of Windows is not documented", "reported both ways"}, []string{"no effect"}},
		{"TcpNumConnections", Foresee(host, setNumber("tcp_num_connections", 100000)), undocumented, "tcp_num_connections", []string{"KB314053"}, nil},
		{"TcpNumConnections on 2003", Foresee(old(nil), setNumber("tcp_num_connections", 100000)), undocumented, "", nil, nil},
		{"no wolf: the delay", Foresee(host, setNumber(delayName, 30)), "", "", nil, nil},
		{"no wolf: keep-alives", Foresee(host, setting(tuning.Desired{"keep_alive_time": tuning.DWORD(300000), "keep_alive_interval": tuning.DWORD(1000)})), "", "", nil, nil},
		{"no wolf: the baseline's retransmissions", Foresee(host, setNumber("tcp_max_data_retransmissions", 3)), "", "", nil, nil},
		{"what needs no host is said elsewhere", Foresee(host, setting(tuning.Desired{"keep_alive_time": tuning.DWORD(300), "keep_alive_interval": tuning.DWORD(1)})), "", "", nil, nil},

		{"one note", Foresee(missing(Missing{"excluded ranges", "no shell", PartExcluded}, Missing{"listeners", "denied\n##", PartListeners}), setNumber(delayName, 30)), note, "", []string{": excluded ranges, listeners", "\n  excluded ranges: no shell\n  listeners: denied # #\n"}, nil},
		{"policies alone are not worth it", Foresee(missing(Missing{"policies", "denied", PartPolicies}), setNumber(delayName, 30)), note, "", nil, nil},
		{"policies beside others are", Foresee(missing(Missing{"policies", "denied", PartPolicies}, Missing{"x", "y", 0}), setNumber(delayName, 30)), note, "", []string{"policies, x"}, nil},
		{"no shell, and a range changes: the change fails", Foresee(shellless, setRange(udpRange, 1025, 64511)), note, "", nil, nil},
		{"no shell, and none does", Foresee(shellless, setNumber(portName, 65534)), note, "", []string{"ranges: no shell"}, nil},
		{"a shell that refused", Foresee(missing(Missing{"ranges", "denied", PartRanges}), setRange(udpRange, 1025, 64511)), note, "", []string{"ranges: denied"}, nil},
		{"nothing is missing", Foresee(host, setNumber(delayName, 30)), note, "", nil, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

// What the plan leaves alone is no matter of the plan, nor what leaves the
// configuration.
func TestOnlyWhatChangesIsJudged(t *testing.T) {
	f := troubled(tcpip.Server2022)
	f.System.ProductType = 2
	p := Proposal{Desired: tuning.Desired{
		tcpRange: tuning.Ports(ports(1025, 255)), udpRange: tuning.Ports(ports(1025, 255)), portName: tuning.DWORD(5000),
		"keep_alive_time": tuning.DWORD(1), "keep_alive_interval": tuning.DWORD(1), "tcp_num_connections": tuning.DWORD(0), "strict_time_wait_seq_check": tuning.DWORD(1),
	}}
	for _, changed := range [][]string{nil, {delayName}} {
		p.Changed = changed
		if got := append(Foresee(f, p), Static(p)...); len(got) != 0 {
			t.Errorf("changed %v: %+v", changed, got)
		}
		if got := Needs(p); got != 0 {
			t.Errorf("changed %v: needs %s", changed, got)
		}
	}
	gone := Proposal{Prior: p.Desired, Changed: slices.Collect(maps.Keys(p.Desired))}
	if got := append(Foresee(f, gone), Static(gone)...); len(got) != 0 || Needs(gone) != 0 {
		t.Errorf("released: %+v, needs %s", got, Needs(gone))
	}
}

// Terraform merges warnings of one summary, and then shows the details of one only.
func TestSummariesDiffer(t *testing.T) {
	f := listening(wide(modern(tcpip.Server2022, nil), ports(60000, 5000)), listener("0.0.0.0:1433", 20, "sqlservr.exe"))
	f.Ranges[udp4], f.System.ProductType = ports(1025, 64511), 2
	f.Running = map[string]bool{"vmms.exe": true, "dns.exe": true}
	f.Policies = []Policy{{"KeepAliveTime", "A"}, {"TcpNumConnections", "A"}, {"StrictTimeWaitSeqCheck", "A"}}
	p := setting(tuning.Desired{
		tcpRange: tuning.Ports(ports(1025, 4000)), udpRange: tuning.Ports(ports(1025, 4000)), "keep_alive_time": tuning.DWORD(1),
		"keep_alive_interval": tuning.DWORD(1), "tcp_num_connections": tuning.DWORD(1), "strict_time_wait_seq_check": tuning.DWORD(1),
	})
	seen := map[string]bool{}
	for _, w := range append(Foresee(f, p), Static(p)...) {
		if seen[w.Summary] {
			t.Errorf("twice: %s", w.Summary)
		}
		seen[w.Summary] = true
	}
	if len(seen) < 12 {
		t.Errorf("only %d warnings: %v", len(seen), seen)
	}
}

func TestStatic(t *testing.T) {
	tests := []foresees{
		{"300 ms", Static(setNumber("keep_alive_time", 300)), "keep_alive_time", "keep_alive_time", []string{"keep_alive_time 300 is 0.3 s", "300 is 0.3 s, 300000 is five minutes"}, nil},
		{"59999 ms", Static(setNumber("keep_alive_time", 59999)), "keep_alive_time", "keep_alive_time", []string{"is 59.999 s"}, nil},
		{"a minute", Static(setNumber("keep_alive_time", 60000)), "", "", nil, nil},
		{"999 ms between two", Static(setNumber("keep_alive_interval", 999)), "keep_alive_interval", "keep_alive_interval", []string{"keep_alive_interval 999 is 0.999 s", "for 9.99 s"}, nil},
		{"Linux' 75", Static(setNumber("keep_alive_interval", 75)), "keep_alive_interval", "keep_alive_interval", []string{"is 0.075 s", "for 0.75 s"}, nil},
		{"a second between two", Static(setNumber("keep_alive_interval", 1000)), "", "", nil, nil},
		{"no connections", Static(setNumber("tcp_num_connections", 0)), "tcp_num_connections", "tcp_num_connections", []string{"tcp_num_connections 0 may cut off WinRM"}, nil},
		{"999 connections", Static(setNumber("tcp_num_connections", 999)), "tcp_num_connections", "tcp_num_connections", []string{"999"}, nil},
		{"a thousand connections", Static(setNumber("tcp_num_connections", 1000)), "", "", nil, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

func TestNeeds(t *testing.T) {
	const shared = PartRanges | PartExcluded | PartProcesses
	tests := []struct {
		name     string
		proposal Proposal
		want     Parts
	}{
		{"nothing", Proposal{}, 0},
		{"a registry value", setNumber(delayName, 30), PartPolicies},
		{"the UDP range", setRange(udpRange, 1025, 255), shared},
		{"the TCP range", setRange(tcpRange, 1025, 255), shared | PartListeners | PartValues},
		{"MaxUserPort", setNumber(portName, 65534), shared | PartListeners | PartValues | PartPolicies},
		{"a range that no machine has", setRange(tcpRange, 65000, 5000), 0},
	}
	for _, tt := range tests {
		if got := Needs(tt.proposal); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if len(partNames) != 9 || AllParts.String() != strings.Join(partNames[:], "+") || Parts(0).String() != "none" {
		t.Errorf("the parts are called %s", AllParts)
	}
	if !AllParts.Has(PartRole|PartValues) || PartRole.Has(PartRole|PartValues) {
		t.Error("Has")
	}
}

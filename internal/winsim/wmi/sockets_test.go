package wmi

import (
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// manySockets is a table like an exhausted server's.
func manySockets(n int) []tcpstack.Socket {
	sockets := make([]tcpstack.Socket, n)
	at := time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)
	for i := range sockets {
		sockets[i] = tcpstack.Socket{
			Local:  netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 25}), uint16(49152+i%16384)),
			Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 16), byte(i >> 8)}), uint16(i)),
			State:  tcpstack.TimeWait, Created: at,
		}
	}
	return sockets
}

func BenchmarkSocketRows(b *testing.B) {
	m := machine(profile.Server2022, 1)
	m.Stack().Replace(manySockets(100_000))
	for b.Loop() {
		c, fault := m.Select(Target{Namespace: "root/StandardCimv2"}, "select LocalAddress, LocalPort, RemoteAddress, RemotePort, State, OwningProcess from MSFT_NetTCPConnection")
		if fault != nil {
			b.Fatal(fault)
		}
		page := make([]byte, 0, 1<<20)
		for !c.Done() {
			if page = c.Append(page); len(page) > 1<<19 {
				page = page[:0]
			}
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// values lists the texts of one property in items, "nil" where it is null and "none" where it is missing.
func values(items []string, name string) (list []string) {
	pattern := regexp.MustCompile(`<(?:\w+:)?` + name + `(?:>([^<]*)<| xsi:nil="true"/>)`)
	for _, item := range items {
		found := pattern.FindStringSubmatch(item)
		switch {
		case found == nil:
			list = append(list, "none")
		case strings.Contains(found[0], "nil"):
			list = append(list, "nil")
		default:
			list = append(list, found[1])
		}
	}
	return list
}

func TestConnections(t *testing.T) {
	at := time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)
	for seed := int64(1); seed <= 3; seed++ {
		m := machine(profile.Server2012R2, seed)
		m.Stack().Replace([]tcpstack.Socket{
			{Local: netip.MustParseAddrPort("[fe80::1%4]:65535"), Remote: netip.MustParseAddrPort("[fe80::2%a&b]:1"), State: 5, PID: 1<<32 - 1, Created: at},
			{Local: netip.MustParseAddrPort("192.0.2.1:50000"), Remote: netip.MustParseAddrPort("0.0.0.0:0"), State: tcpstack.Bound, PID: 7, Created: at},
			{Local: netip.MustParseAddrPort("192.0.2.1:50001"), Remote: netip.MustParseAddrPort("198.51.100.1:25"), State: tcpstack.TimeWait, Created: at},
			{Local: netip.MustParseAddrPort("192.0.2.1:50002"), Remote: netip.MustParseAddrPort("198.51.100.1:25"), State: 250, Created: at},
			{Local: netip.MustParseAddrPort("192.0.2.1:50003"), Remote: netip.MustParseAddrPort("198.51.100.1:25"), State: 0, Created: at},
		})
		for _, query := range []string{"select * from MSFT_NetTCPConnection", "select LocalPort,LocalAddress,RemotePort,RemoteAddress,State,OwningProcess from msft_nettcpconnection"} {
			items, fault := collect(m, "Root/StandardCimV2", query)
			if fault != nil {
				t.Fatal(fault)
			}
			for name, want := range map[string]string{
				"LocalAddress": "fe80::1%4 192.0.2.1 192.0.2.1 192.0.2.1 192.0.2.1", "LocalPort": "65535 50000 50001 50002 50003",
				"RemoteAddress": "fe80::2%a&amp;b 0.0.0.0 198.51.100.1 198.51.100.1 198.51.100.1", "RemotePort": "1 0 25 25 25",
				"State": "5 100 11 250 none", "OwningProcess": "4294967295 7 0 0 0",
			} {
				if got := strings.Join(values(items, name), " "); got != want {
					t.Errorf("seed %d, %s: %s is %s, want %s", seed, query, name, got, want)
				}
			}
			if whole := strings.Contains(items[0], "<OffloadState>0</") || strings.Contains(items[0], ":OffloadState>0</"); whole != strings.Contains(query, "*") {
				t.Errorf("seed %d, %s: %s", seed, query, items[0])
			}
		}
		items, _ := collect(m, "root/StandardCimv2", "select LocalPort from MSFT_NetTCPConnection where State = 11 or State > 100")
		if got := strings.Join(values(items, "LocalPort"), " "); got != "50001 50002" {
			t.Errorf("seed %d: ports %s", seed, got)
		}
	}
}

func TestPortSettings(t *testing.T) {
	seen := map[string]bool{}
	for seed := int64(1); seed <= 4; seed++ {
		m := machine(profile.Server2022, seed)
		items, fault := collect(m, "root/StandardCimv2", "select SettingName, DynamicPortRangeStartPort, DynamicPortRangeNumberOfPorts, AutoReusePortRangeNumberOfPorts from MSFT_NetTCPSetting")
		if fault != nil {
			t.Fatal(fault)
		}
		starts, numbers := values(items, "DynamicPortRangeStartPort"), values(items, "DynamicPortRangeNumberOfPorts")
		for i, name := range values(items, "SettingName") {
			if name == "Automatic" {
				seen[starts[i]+" "+numbers[i]] = true
			} else if starts[i] != "49152" || numbers[i] != "16384" {
				t.Errorf("%s: %s %s", name, starts[i], numbers[i])
			}
		}
		if got := strings.Join(values(items, "SettingName"), " "); got != "Automatic InternetCustom DatacenterCustom Compat Datacenter Internet" {
			t.Errorf("templates %s", got)
		}
		items, _ = collect(m, "root/StandardCimv2", "select * from MSFT_NetUDPSetting")
		if len(items) != 1 || values(items, "DynamicPortRangeStartPort")[0] != "49152" || values(items, "DynamicPortRangeNumberOfPorts")[0] != "16384" {
			t.Errorf("UDP: %s", items)
		}
		items, _ = collect(m, "root/StandardCimv2", "select LocalAddress, LocalPort, OwningProcess from MSFT_NetUDPEndpoint")
		if len(items) != len(m.Stack().UDP()) || values(items, "LocalAddress")[6] != "fe80::1%4" || values(items, "LocalPort")[6] != "546" || values(items, "OwningProcess")[6] != "924" {
			t.Errorf("UDP endpoints: %s", items)
		}
	}
	if len(seen) != 2 || !seen["nil nil"] || !seen["0 0"] {
		t.Errorf("Automatic reports %v", seen)
	}
}

// Which Windows has which classes and columns, and what it answers where it has not.
func TestSocketClassesByVersion(t *testing.T) {
	const missingNamespace, missingClass, badQuery = 2150858752, 2150858778, 2150859010
	for _, p := range profile.All() {
		modern, auto, byFamily := uint32(missingNamespace), uint32(missingNamespace), uint32(0)
		if p.Build >= 9200 {
			modern, auto = 0, badQuery
		}
		if p.Build >= 14393 {
			auto = 0
		}
		seed := int64(1)
		for p.Quirk2003 && profile.ShapeOf(seed).Perf2003 {
			seed++
		}
		if p.Quirk2003 {
			byFamily = missingClass
		}
		for query, want := range map[string]uint32{
			"root/StandardCimv2:select State from MSFT_NetTCPConnection":                       modern,
			"root/StandardCimv2:select LocalPort from MSFT_NetUDPEndpoint":                     modern,
			"root/StandardCimv2:select DynamicPortRangeStartPort from MSFT_NetTCPSetting":      modern,
			"root/StandardCimv2:select AutoReusePortRangeStartPort from MSFT_NetTCPSetting":    auto,
			"root/cimv2:select ConnectionsActive from Win32_PerfRawData_Tcpip_TCPv4":           byFamily,
			"root/cimv2:select SegmentsRetransmittedPersec from Win32_PerfRawData_Tcpip_TCPv6": byFamily,
			"root/cimv2:select LocalPort from MSFT_NetTCPConnection":                           missingClass,
		} {
			namespace, wql, _ := strings.Cut(query, ":")
			items, fault := collect(machine(p, seed), namespace, wql)
			code := uint32(0)
			if fault != nil {
				code = fault.Code
			}
			if code != want || code == 0 && len(items) == 0 {
				t.Errorf("%s, seed %d, %s: code %d and %d items, want %d", p.Key, seed, query, code, len(items), want)
			}
		}
	}
}

func TestCounters(t *testing.T) {
	for seed := int64(1); seed <= 2; seed++ {
		for _, p := range []profile.Profile{profile.Server2003, profile.Server2008R2, profile.Server2022} {
			m := machine(p, seed)
			m.Stack().Load(tcpstack.Load{PerSecond: 10, Destinations: []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:25"), netip.MustParseAddrPort("198.51.100.2:25"), netip.MustParseAddrPort("[2001:db8::9]:25")}})
			now := m.Facts().Now
			m.Stack().Step(now)
			var rows [][]string
			for _, object := range []string{"TCPv4", "TCPv6"} {
				items, _ := collect(m, "root/cimv2", "select * from Win32_PerfRawData_Tcpip_"+object)
				for _, item := range items {
					row := []string{object}
					for _, name := range []string{"ConnectionsActive", "ConnectionsPassive", "ConnectionFailures", "ConnectionsReset", "ConnectionsEstablished", "SegmentsSentPersec", "SegmentsReceivedPersec", "SegmentsRetransmittedPersec", "SegmentsPersec"} {
						row = append(row, values([]string{item}, name)[0])
					}
					rows = append(rows, row)
				}
			}
			v4, v6 := m.Stack().Counters()
			want := [][]string{counters("TCPv4", v4), counters("TCPv6", v6)}
			if p.Quirk2003 && !m.Shape.Perf2003 {
				want = nil
			}
			if !reflect.DeepEqual(rows, want) {
				t.Errorf("%s, seed %d:\ngot  %v\nwant %v", p.Key, seed, rows, want)
			}
		}
	}
}

// counters writes down by hand what the class says.
func counters(object string, c tcpstack.Counters) (row []string) {
	row = []string{object}
	for _, n := range []uint64{c.Active, c.Passive, c.Failures, c.Reset, c.Established, c.Sent, c.Received, c.Retransmitted, c.Sent + c.Received} {
		row = append(row, strconv.FormatUint(n, 10))
	}
	return row
}

// No recording shows these classes' items, so their form is the seed's choice even where other classes' is recorded.
func TestFormsOfUnrecordedItems(t *testing.T) {
	seen := map[bool]bool{}
	for seed := int64(1); seed <= 3; seed++ {
		items, _ := collect(machine(profile.Server2012R2, seed), "root/StandardCimv2", "select LocalPort from MSFT_NetUDPEndpoint")
		seen[strings.HasPrefix(items[0], "<w:XmlFragment ")] = true
	}
	if len(seen) != 2 {
		t.Errorf("fragments: %v", seen)
	}
}

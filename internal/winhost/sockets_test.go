package winhost

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

func ask(method SocketMethod) SocketQuery {
	return SocketQuery{Method: method, MaxRows: DefaultMaxRows, Top: DefaultTop}
}

// truth tallies what the simulated host really has, as far as the method can
// show it: netstat without -q shows no Bound.
func truth(sim *winsim.Host, pool sockets.Pool, method SocketMethod) sockets.Summary {
	tally := sockets.NewTally(pool)
	for _, s := range sim.Sockets() {
		if method == Netstat && sockets.State(s.State) == sockets.Bound {
			continue
		}
		tally.Add(sockets.Row{State: sockets.State(s.State), Local: s.Local.Addr(), LocalPort: s.Local.Port(), Remote: s.Remote, PID: s.PID})
	}
	return tally.Summary(DefaultTop)
}

// mailServer is a table with every state, both families, zones and Bound rows.
func mailServer() []tcpstack.Socket {
	local4, local6 := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("fe80::1%4")
	var table []tcpstack.Socket
	for i, state := range sockets.States() {
		for n := range 3 + i {
			socket := tcpstack.Socket{
				Local:  netip.AddrPortFrom(local4, uint16(49200+20*i+n)),
				Remote: netip.AddrPortFrom(netip.MustParseAddr("203.0.113.7"), uint16(25+n%2)), State: uint8(state), PID: 1200,
			}
			if n%3 == 2 {
				socket.Local, socket.Remote = netip.AddrPortFrom(local6, socket.Local.Port()), netip.MustParseAddrPort("[2001:db8::7]:25")
			}
			switch state {
			case sockets.TimeWait:
				socket.PID = 0
			case sockets.Listen, sockets.Bound:
				socket.Local, socket.Remote = netip.AddrPortFrom(netip.IPv4Unspecified(), socket.Local.Port()), netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
			}
			table = append(table, socket)
		}
	}
	return table
}

func TestReadSocketsAgreesWithTheHost(t *testing.T) {
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		sim.SetSockets(mailServer())
		system, err := host.ReadSystem(within(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range []SocketMethod{Auto, WMI, Netstat} {
			got, err := host.ReadSockets(within(t), ask(method))
			switch {
			case method == WMI && !system.Build.HasStandardCimv2():
				if err == nil || !strings.Contains(err.Error(), `method = "netstat"`) {
					t.Errorf("wmi on build %d: %v", system.Build, err)
				}
				continue
			case errors.Is(err, ErrNoShell) && system.Build == tcpip.Server2003:
				continue // WinRM 1.1
			case err != nil:
				t.Fatalf("%s: %v", method, err)
			}
			if got.Pool == nil {
				t.Fatalf("%s: no pool: %v", method, got.Notes)
			}
			want := truth(sim, got.Pool.Pool, got.Method)
			want.UnknownWords = got.UnknownWords
			if !reflect.DeepEqual(got.Summary, want) {
				t.Errorf("%s:\ngot  %+v\nwant %+v", method, got.Summary, want)
			}
			if got.UDPEndpoints == nil || *got.UDPEndpoints != len(sim.Stack().UDP()) {
				t.Errorf("%s: UDP endpoints %v, want %d", method, got.UDPEndpoints, len(sim.Stack().UDP()))
			}
		}
		if open := sim.Counters(); open.OpenShells+open.OpenEnumerations != 0 {
			t.Errorf("left open: %+v", open)
		}
	})
}

func TestPoolByVersion(t *testing.T) {
	tests := map[string]struct {
		profile winsim.Profile
		pool    string
		source  string
	}{
		"2003":    {winsim.Server2003(), "1025-5000", PoolFromMaxUserPort},
		"2008 R2": {winsim.Server2008R2(), "49152-65535", PoolFromNetsh},
		"2012 R2": {winsim.Server2012R2(), "49152-65535", PoolFromWMI},
		"2022":    {winsim.Server2022(), "49152-65535", PoolFromWMI},
	}
	for name, tt := range tests {
		sim := winsim.Start(t, tt.profile)
		got, err := reach(t, sim).ReadSockets(within(t), ask(Auto))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Pool.Range.String() != tt.pool || got.PoolSource != tt.source {
			t.Errorf("%s: pool %s from %q", name, got.Pool.Range, got.PoolSource)
		}
		if (got.Counters != nil) != (tcpip.Build(tt.profile.Build).HasDynamicPortRange()) {
			t.Errorf("%s: counters %v", name, got.Counters)
		}
	}
}

func TestPoolOfMaxUserPort(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(*winsim.Host)
		pool string
		note string
	}{
		"configured":   {func(sim *winsim.Host) { sim.SetDWORD("MaxUserPort", 65534) }, "1025-65534", ""},
		"wrong type":   {func(sim *winsim.Host) { sim.SetString("MaxUserPort", "65534") }, "1025-5000", "Windows ignores it"},
		"out of range": {func(sim *winsim.Host) { sim.SetDWORD("MaxUserPort", 70000) }, "", "not documented"},
	} {
		sim := winsim.Start(t, winsim.Server2003())
		tt.set(sim)
		got, err := reach(t, sim).ReadSockets(within(t), ask(Auto))
		if err != nil {
			t.Fatal(err)
		}
		pool := ""
		if got.Pool != nil {
			pool = got.Pool.Range.String()
		}
		if pool != tt.pool || !strings.Contains(fmt.Sprint(got.Notes), tt.note) {
			t.Errorf("%s: pool %q, notes %q", name, pool, got.Notes)
		}
	}
}

func TestExcludedRanges(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.SetPorts(tcpstack.Range{Start: 50000, Number: 1000}, tcpstack.Range{Start: 50100, Number: 100}, tcpstack.Range{Start: 5357, Number: 1})
	got, err := reach(t, sim).ReadSockets(within(t), ask(Auto))
	if err != nil {
		t.Fatal(err)
	}
	if got.Pool.Range.String() != "50000-50999" || got.Pool.ExcludedPorts != 100 {
		t.Errorf("%+v", got.Pool)
	}
}

// A host without a shell gives what WMI has, and says what is missing.
func TestWithoutShell(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022(), winsim.WithoutShell())
	host := reach(t, sim)
	got, err := host.ReadSockets(within(t), ask(Auto))
	if err != nil {
		t.Fatal(err)
	}
	if got.Pool == nil || got.Pool.Excluded != nil || !strings.Contains(fmt.Sprint(got.Notes), "excluded ports are not known") {
		t.Errorf("pool %+v, notes %q", got.Pool, got.Notes)
	}
	if _, err := host.ReadSockets(within(t), ask(Netstat)); !errors.Is(err, ErrNoShell) {
		t.Errorf("netstat: %v", err)
	}
	old := winsim.Start(t, winsim.Server2003R2())
	if _, err := reach(t, old).ReadSockets(within(t), ask(Auto)); !errors.Is(err, ErrNoShell) || !strings.Contains(err.Error(), "netstat needs a WinRM shell") {
		t.Errorf("WinRM 1.1: %v", err)
	}
}

func TestCeilingIsAnError(t *testing.T) {
	for _, method := range []SocketMethod{WMI, Netstat} {
		sim := winsim.Start(t, winsim.Server2022())
		sim.SetSockets(mailServer())
		host := reach(t, sim)
		query := ask(method)
		query.MaxRows = len(mailServer()) - 20
		var tooMany *TooManyRowsError
		if got, err := host.ReadSockets(within(t), query); !errors.As(err, &tooMany) {
			t.Errorf("%s: %d rows, %v", method, got.Total, err)
		}
		if open := sim.Counters(); open.OpenShells+open.OpenEnumerations != 0 {
			t.Errorf("%s left open: %+v", method, open)
		}
	}
}

// large is a table that takes several Pulls.
func large(rows int) []tcpstack.Socket {
	table := make([]tcpstack.Socket, rows)
	local, remote := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("203.0.113.7")
	for i := range table {
		table[i] = tcpstack.Socket{Local: netip.AddrPortFrom(local, uint16(49152+i%16384)), Remote: netip.AddrPortFrom(remote, uint16(1+i/16384)), State: 11}
	}
	return table
}

// A context that expires makes the read start again, once, with an empty tally.
func TestExpiredEnumeration(t *testing.T) {
	for name, times := range map[string]int{"once": 1, "twice": 2} {
		sim := winsim.Start(t, winsim.Server2022())
		sim.SetSockets(large(10_000))
		left, pulls, inTable := times, 0, false
		sim.Intercept(func(call winsim.Call) winsim.Action {
			if call.Method == "Enumerate" {
				inTable, pulls = strings.Contains(call.WQL, "MSFT_NetTCPConnection"), 0
			}
			if pulls++; call.Method == "Pull" && inTable && pulls == 5 && left > 0 { // some thousand rows have come by then
				left--
				return winsim.BeforeDo(sim.ExpireEnumerations)
			}
			return winsim.Proceed
		})
		got, err := reach(t, sim).ReadSockets(within(t), ask(WMI))
		switch {
		case times == 1 && (err != nil || got.Total != 10_000):
			t.Errorf("%s: %d rows, %v", name, got.Total, err)
		case left != 0:
			t.Errorf("%s: the table was read without meeting the expiry", name)
		case times == 2 && (err == nil || !strings.Contains(err.Error(), "reading it again failed")):
			t.Errorf("%s: %d rows, %v", name, got.Total, err)
		}
		if open := sim.Counters(); open.OpenShells+open.OpenEnumerations != 0 {
			t.Errorf("%s left open: %+v", name, open)
		}
	}
}

// Rows that are no sockets, and states that are none.
func TestOddRows(t *testing.T) {
	for name, tt := range map[string]struct {
		column, value string // what the column becomes; empty: it is left out
		want          string // part of the error; empty: counted as unknown
	}{
		"no state":              {"State", "", ""},
		"a state of 250":        {"State", "250", ""},
		"a state beyond 8 bits": {"State", "256", ""},
		"a port of 70000":       {"RemotePort", "70000", `RemotePort "70000"`},
		"no address":            {"RemoteAddress", "", `RemoteAddress ""`},
		"a negative process":    {"OwningProcess", "-1", `OwningProcess "-1"`},
	} {
		element := regexp.MustCompile(`<(\w+:)?` + tt.column + `(>[^<]*</(\w+:)?` + tt.column + `>)`)
		becomes := ""
		if tt.value != "" {
			becomes = fmt.Sprintf("<${1}%s>%s</${1}%s>", tt.column, tt.value, tt.column)
		}
		sim := winsim.Start(t, winsim.Server2012R2())
		sim.SetSockets([]tcpstack.Socket{{Local: netip.MustParseAddrPort("192.0.2.10:50000"), Remote: netip.MustParseAddrPort("203.0.113.7:25"), State: 5, PID: 7}})
		sim.RewriteItems(func(item string) string { return element.ReplaceAllString(item, becomes) })
		got, err := reach(t, sim).ReadSockets(within(t), ask(WMI))
		switch {
		case tt.want != "":
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || got.Total != 1 || got.Unknown != 1 || got.Active != 0:
			t.Errorf("%s: %v, %+v", name, err, got.Summary)
		}
	}
}

// A listener without a remote endpoint at all counts as one with 0.0.0.0:0.
func TestListenerWithoutRemote(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2012R2())
	sim.SetSockets([]tcpstack.Socket{{Local: netip.MustParseAddrPort("0.0.0.0:25"), Remote: netip.MustParseAddrPort("0.0.0.0:0"), State: 2, PID: 7}})
	remote := regexp.MustCompile(`<(\w+:)?Remote(Address|Port)>[^<]*</(\w+:)?Remote(Address|Port)>`)
	sim.RewriteItems(func(item string) string { return remote.ReplaceAllString(item, "") })
	got, err := reach(t, sim).ReadSockets(within(t), ask(WMI))
	if err != nil || got.Total != 1 || got.Listening != 1 {
		t.Errorf("%v, %+v", err, got.Summary)
	}
}

// Netstat in the languages of the facts, in their OEM code pages.
func TestNetstatInOtherLanguages(t *testing.T) {
	for _, language := range []string{"en", "de", "fr", "ja"} {
		for seed := int64(1); seed <= 4; seed++ {
			sim := winsim.Start(t, winsim.Server2008R2(), winsim.Language(language), winsim.Seed(seed))
			sim.SetSockets(mailServer())
			got, err := reach(t, sim).ReadSockets(within(t), ask(Netstat))
			if err != nil {
				t.Errorf("%s, seed %d: %v", language, seed, err)
				continue
			}
			want := truth(sim, got.Pool.Pool, Netstat)
			if got.Total != want.Total || got.Stale != want.Stale || got.Active != want.Active || got.Listening != want.Listening {
				t.Errorf("%s, seed %d: %+v, want %+v", language, seed, got.Summary, want)
			}
			// German words that no source has are counted as unknown; every other
			// language found prints the English ones.
			want.UnknownWords = got.UnknownWords
			if language != "de" && !reflect.DeepEqual(got.Summary, want) {
				t.Errorf("%s, seed %d: %+v, want %+v", language, seed, got.Summary, want)
			}
		}
	}
}

// What cannot be had beside the table is null and said; the table is there.
func TestPartsThatFail(t *testing.T) {
	refuse := func(what string) func(winsim.Call) winsim.Action {
		return func(call winsim.Call) winsim.Action {
			if call.Method == what || strings.Contains(call.WQL, what) {
				return winsim.AccessDeniedFault
			}
			return winsim.Proceed
		}
	}
	for what, check := range map[string]func(SocketStats) bool{
		"Create":              func(s SocketStats) bool { return s.Pool != nil && s.Pool.Excluded == nil },
		"MSFT_NetUDPEndpoint": func(s SocketStats) bool { return s.UDPEndpoints == nil && s.Pool.Excluded != nil },
		"MSFT_NetUDPSetting":  func(s SocketStats) bool { return s.UDPPool == nil && s.UDPEndpoints != nil },
		"MSFT_NetTCPSetting":  func(s SocketStats) bool { return s.Pool == nil && s.UDPPool != nil },
		"Tcpip_TCPv4":         func(s SocketStats) bool { _, ok := s.Counters[sockets.IPv6]; return ok && len(s.Counters) == 1 },
	} {
		sim := winsim.Start(t, winsim.Server2022())
		sim.SetSockets(mailServer())
		sim.Intercept(refuse(what))
		got, err := reach(t, sim).ReadSockets(within(t), ask(WMI))
		if err != nil || got.Total != len(mailServer()) || len(got.Notes) == 0 || !check(got) {
			t.Errorf("without %s: %v, notes %q, %+v", what, err, got.Notes, got)
		}
	}
	sim := winsim.Start(t, winsim.Server2022())
	sim.Intercept(refuse("MSFT_NetTCPConnection"))
	if got, err := reach(t, sim).ReadSockets(within(t), ask(WMI)); err == nil {
		t.Errorf("without the table: %+v", got)
	}
}

// A program of the chain that fails is not an empty answer.
func TestSectionsThatFail(t *testing.T) {
	row := []byte("  TCP  10.0.0.1:49152  10.0.0.2:25  ESTABLISHED  7\n")
	read := func(p printed) *socketRead {
		return &socketRead{query: ask(Netstat), stats: SocketStats{Method: Netstat}, build: tcpip.Server2008R2, printed: p}
	}
	for _, lost := range []section{netstatTCP, netstatTCPv6} {
		p := printed{netstatTCP.name: row, netstatTCPv6.name: row}
		delete(p, lost.name)
		if tally, err := read(p).table(within(t)); err == nil || !strings.Contains(err.Error(), lost.line) {
			t.Errorf("without %q: %v rows, %v", lost.line, tally, err)
		}
	}
	if _, err := read(printed{netstatTCP.name: nil, netstatTCPv6.name: nil}).table(within(t)); err == nil {
		t.Error("a table without a row was accepted")
	}
	r := read(printed{netstatUDP.name: nil})
	if err := r.udp(within(t)); err != nil || r.stats.UDPEndpoints != nil || len(r.stats.Notes) != 1 {
		t.Errorf("UDP: %v, %+v", err, r.stats)
	}
	for name, p := range map[string]printed{
		"failed": {excludedIPv4.name: []byte("---- ----\n5 6\n")}, "no table": {excludedIPv4.name: []byte("---- ----\n5 6\n"), excludedIPv6.name: []byte("no such command\n")},
	} {
		r := read(p)
		if err := r.excluded(); err != nil || r.pool.Excluded != nil || !strings.Contains(fmt.Sprint(r.stats.Notes), "lower bound") {
			t.Errorf("%s: %v, %+v, %q", name, err, r.pool, r.stats.Notes)
		}
	}
	r = read(printed{dynamicTCP.name: []byte("a : 49152\nb : 16384\n"), dynamicTCPv6.name: []byte("a : 1025\nb : 1000\n")})
	if err := r.poolsByNetsh(); err != nil || r.pool.Range.Start != 49152 || !strings.Contains(fmt.Sprint(r.stats.Notes), "1025-2024") {
		t.Errorf("families that differ: %v, %+v, %q", err, r.pool, r.stats.Notes)
	}
}

func TestSplit(t *testing.T) {
	all := []section{netstatTCP, netstatUDP}
	good := "==windows-baseline==tcp4\r\nA\r\n==windows-baseline==ok\r\n==windows-baseline==udp4\r\nfailed\r\n==windows-baseline==end\r\n"
	got, err := split([]byte(good), all)
	if err != nil || strings.TrimSpace(string(got[netstatTCP.name].output)) != "A" {
		t.Errorf("%v, %v", got, err)
	}
	if failed := got[netstatUDP.name]; failed.ok || strings.TrimSpace(string(failed.output)) != "failed" {
		t.Errorf("a program that failed: %+v", failed)
	}
	for _, cut := range []int{0, 20, 40, len(good) - 8} {
		if got, err := split([]byte(good[:cut]), all); err == nil {
			t.Errorf("cut at %d: %v", cut, got)
		}
	}
}

// Each counter is what the host counted, in its own place.
func TestCounters(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.Load(50, "203.0.113.1:25", "[2001:db8::1]:25")
	sim.Advance(time.Minute)
	got, err := reach(t, sim).ReadSockets(within(t), ask(WMI))
	if err != nil {
		t.Fatal(err)
	}
	v4, v6 := sim.Stack().Counters()
	for family, want := range map[sockets.Family]tcpstack.Counters{sockets.IPv4: v4, sockets.IPv6: v6} {
		c := got.Counters[family]
		if c != (TCPCounters{
			Established: want.Established, Active: want.Active, Passive: want.Passive,
			Failures: want.Failures, Reset: want.Reset, Retransmitted: want.Retransmitted,
		}) {
			t.Errorf("%s: %+v, want %+v", family, c, want)
		}
	}
}

// One connection, one shell, few round trips.
func TestReadSocketsRoundTrips(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022(), winsim.Seed(1))
	host := reach(t, sim)
	if _, err := host.ReadSystem(within(t)); err != nil {
		t.Fatal(err)
	}
	before := host.Stats()
	if _, err := host.ReadSockets(within(t), ask(Auto)); err != nil {
		t.Fatal(err)
	}
	after := host.Stats()
	methods := sim.Counters().Methods
	if after.Connections != before.Connections || methods["Create"] != 1 || methods["Command"] != 1 || methods["Delete"] != 1 {
		t.Errorf("%d connections more, %v", after.Connections-before.Connections, methods)
	}
	if trips := after.RoundTrips - before.RoundTrips; trips > 20 {
		t.Errorf("%d round trips for a small table: %v", trips, methods)
	}
}

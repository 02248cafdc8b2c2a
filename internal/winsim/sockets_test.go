package winsim

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

const standardCimv2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/StandardCimv2/*"

// states counts the host's sockets by state.
func states(h *Host) map[uint8]int {
	n := map[uint8]int{}
	for _, s := range h.Sockets() {
		n[s.State]++
	}
	return n
}

// The story that the tuning is about: untuned the server runs out of ports, tuned and restarted it hums.
func TestAnUntunedServerRunsOutAndATunedOneHums(t *testing.T) {
	for seed := int64(1); seed <= 3; seed++ {
		h := Start(t, Server2003(), Seed(seed))
		h.Load(100, "198.51.100.1:25", "198.51.100.2:25", "198.51.100.3:25")
		h.Advance(10 * time.Minute)
		v4, _ := h.Stack().Counters()
		if n := states(h); n[tcpstack.TimeWait] < 3900 || v4.Failures < 10_000 || len(h.Events()) == 0 || h.Events()[0].ID != tcpstack.EventPoolInUse {
			t.Errorf("seed %d, untuned: states %v, %+v, events %v", seed, n, v4, h.Events())
		}
		h.SetDWORD("MaxUserPort", 65534)
		h.SetDWORD("TcpTimedWaitDelay", 30)
		if got := h.Stack().Config().TCP4; got != (tcpstack.Range{Start: 1025, Number: 3976}) {
			t.Errorf("the range is %v before the restart", got)
		}
		before := len(h.Events())
		h.Reboot()
		h.Advance(10 * time.Minute)
		v4, _ = h.Stack().Counters()
		if n := states(h); n[tcpstack.TimeWait] != 3000 || v4.Failures != 0 || v4.Active != 60_001 || len(h.Events()) != before {
			t.Errorf("seed %d, tuned: states %v, %+v, events %v", seed, n, v4, h.Events())
		}
	}
}

func TestWhatABootMakesOfTheRegistry(t *testing.T) {
	type set map[string]any
	for _, c := range []struct {
		profile Profile
		clamp   bool
		values  set
		ports   int // last one
		seconds int // of TIME_WAIT; 0: 120 or 240
	}{
		{Server2003R2(), true, set{}, 5000, 120},
		{Server2003(), false, set{"maxuserport": uint32(5001), "TCPTIMEDWAITDELAY": uint32(300)}, 5001, 300},
		{Server2003(), true, set{"MaxUserPort": uint32(65534), "TcpTimedWaitDelay": uint32(30)}, 65534, 30},
		{Server2003(), true, set{"MaxUserPort": uint32(4999), "TcpTimedWaitDelay": uint32(29)}, 5000, 30},
		{Server2003(), true, set{"MaxUserPort": uint32(65535), "TcpTimedWaitDelay": uint32(0xffffffff)}, 65534, 300},
		{Server2003(), false, set{"MaxUserPort": uint32(65535), "TcpTimedWaitDelay": uint32(301)}, 5000, 120},
		{Server2003(), false, set{"MaxUserPort": "20000", "TcpTimedWaitDelay": "30"}, 5000, 120},
		{Server2022(), true, set{"MaxUserPorts": uint32(20000), "TcpTimedWaitDelay": uint32(60)}, 65535, 60},
		{Server2008R2(), true, set{}, 65535, 0},
	} {
		h := Start(t, c.profile, Seed(seedWhere(t, func(s profile.Shape) bool { return s.ClampDelay == c.clamp })))
		for name, value := range c.values {
			switch v := value.(type) {
			case uint32:
				h.SetDWORD(name, v)
			case string:
				h.SetString(name, v)
			}
		}
		h.Reboot()
		if all := h.Stack().Config().Ranges; all != (tcpstack.Ranges{}).Or(all.TCP4) {
			t.Errorf("%s with %v: %v", c.profile.Key, c.values, all)
		}
		seconds := int(h.Stack().Config().TimeWait.Seconds())
		if last := h.Stack().Config().TCP4.End() - 1; last != c.ports || seconds != c.seconds && (c.seconds != 0 || seconds != 120 && seconds != 240) {
			t.Errorf("%s with %v: ports up to %d and %d s", c.profile.Key, c.values, last, seconds)
		}
	}
	seen := map[string]bool{}
	for seed := int64(1); seed <= 4; seed++ {
		h := Start(t, Server2008R2(), Seed(seed))
		h.Load(400, "198.51.100.1:25", "198.51.100.2:25", "198.51.100.3:25")
		h.Advance(5 * time.Minute)
		seen[fmt.Sprint(h.Stack().Config().TimeWait.Seconds(), " s")] = true
		if v4, _ := h.Stack().Counters(); v4.Failures > 0 {
			seen[fmt.Sprint("event ", h.Events()[0].ID)] = true
		}
	}
	if !seen["120 s"] || !seen["240 s"] || !seen["event 4231"] || !seen["event 4227"] {
		t.Errorf("four seeds show %v", seen)
	}
}

func TestPortsSetByAnAdministrator(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	if got := h.Stack().Config().Excluded; len(got) != 1 || got[0] != (tcpstack.Range{Start: 50000, Number: 60}) {
		t.Errorf("excluded %v", got)
	}
	h.SetPorts(tcpstack.Range{Start: 10000, Number: 1000}, tcpstack.Range{Start: 10000, Number: 990})
	check := func(when string, failures uint64) {
		t.Helper()
		h.Load(50, "198.51.100.1:25")
		h.Advance(10 * time.Second)
		_, reply := newClient(t, h).enumerateIn(standardCimv2, "select DynamicPortRangeStartPort, SettingName from MSFT_NetTCPSetting where SettingName = 'Internet'")
		if got := elements(t, reply, "DynamicPortRangeStartPort"); h.machine.Shape.FirstItems == profile.OneItem && (len(got) != 1 || got[0] != "10000") {
			t.Errorf("%s: %s", when, reply)
		}
		if v4, _ := h.Stack().Counters(); v4.Active != 10 || v4.Failures != failures {
			t.Errorf("%s: %+v", when, v4)
		}
	}
	check("at once", 491)
	h.Reboot()
	check("after the restart", 492) // one more at the very moment of the boot
}

// manySockets is a table with every kind of row.
func manySockets(n int) []tcpstack.Socket {
	list := make([]tcpstack.Socket, n)
	for i := range list {
		local, remote := netip.AddrFrom4([4]byte{192, 0, 2, 25}), netip.AddrFrom4([4]byte{198, 51, byte(i >> 16), byte(i >> 8)})
		if i%5 == 4 {
			local, remote = netip.MustParseAddr("fe80::1%4"), netip.MustParseAddr("fe80::2%4")
		}
		list[i] = tcpstack.Socket{Local: netip.AddrPortFrom(local, uint16(i)), Remote: netip.AddrPortFrom(remote, uint16(i)), State: []uint8{5, 11, 100}[i%3], PID: uint32(i % 7)}
	}
	return list
}

func TestALongTableComesWhole(t *testing.T) {
	const rows = 200_000
	h := Start(t, Server2022(), Seed(1))
	table := manySockets(rows)
	h.SetSockets(table)
	c := newClient(t, h)
	began, n, longest := time.Now(), 0, 0
	status, reply := c.enumerateIn(standardCimv2, "select LocalAddress, LocalPort, RemoteAddress, RemotePort, State, OwningProcess from MSFT_NetTCPConnection")
	for {
		if status != 200 {
			t.Fatal(reply)
		}
		longest = max(longest, len(reply))
		for piece := range strings.SplitSeq(reply, "LocalAddress>") {
			if strings.HasPrefix(piece, "fe80::1%4<") || strings.HasPrefix(piece, "192.0.2.25<") {
				n++
			}
		}
		if strings.Contains(reply, "EndOfSequence") {
			break
		}
		_, after, _ := strings.Cut(reply, "<n:EnumerationContext>")
		context, _, _ := strings.Cut(after, "<")
		status, reply = c.pull(context, 32000)
	}
	if n != rows || 2*longest > 153600 {
		t.Errorf("%d rows, the longest reply has %d bytes", n, longest)
	}
	t.Logf("%.0f rows/s over TLS in one process", rows/time.Since(began).Seconds())
	// The rows themselves, of a smaller table.
	h.SetSockets(table[:300])
	replies := strings.Join(c.allIn(standardCimv2, "select LocalPort, State, OwningProcess from MSFT_NetTCPConnection"), "")
	for i, column := range []string{"LocalPort", "State", "OwningProcess"} {
		got := elements(t, "<x>"+replies+"</x>", column)
		for n, text := range got {
			if want := []any{table[n].Local.Port(), table[n].State, table[n].PID}[i]; text != fmt.Sprint(want) {
				t.Fatalf("row %d: %s is %s, want %v", n, column, text, want)
			}
		}
		if len(got) != 300 {
			t.Errorf("%d of %s", len(got), column)
		}
	}
}

// An enumeration shows the table as it was when it began.
func TestAnEnumerationIsASnapshot(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	h.SetSockets(manySockets(2000))
	_, reply := c.enumerateIn(standardCimv2, "select LocalPort from MSFT_NetTCPConnection")
	h.SetSockets(nil)
	n := len(elements(t, reply, "LocalPort"))
	for len(elements(t, reply, "EndOfSequence")) == 0 {
		_, reply = c.pull(elements(t, reply, "EnumerationContext")[0], 32000)
		n += len(elements(t, reply, "LocalPort"))
	}
	if n != 2000 {
		t.Errorf("%d rows", n)
	}
}

func TestExpiredEnumerations(t *testing.T) {
	h := Start(t, Server2022(), Seed(seedWhere(t, func(s profile.Shape) bool { return s.ProviderFault == profile.FaultNested })))
	c := newClient(t, h)
	h.SetSockets(manySockets(2000))
	_, reply := c.enumerateIn(standardCimv2, "select LocalPort from MSFT_NetTCPConnection")
	if h.Counters().OpenEnumerations != 1 {
		t.Fatalf("counters %+v", h.Counters())
	}
	h.ExpireEnumerations()
	status, reply := c.pull(elements(t, reply, "EnumerationContext")[0], 10)
	if found := faultCode.FindStringSubmatch(reply); status != 500 || found == nil || found[1] != "2150858779" || h.Counters().OpenEnumerations != 0 {
		t.Errorf("%d %s", status, reply)
	}
}

func TestRewrittenItems(t *testing.T) {
	h := Start(t, Server2012R2(), Seed(seedWhere(t, func(s profile.Shape) bool { return s.FirstItems == profile.OneItem })))
	c := newClient(t, h)
	h.SetSockets(manySockets(3))
	h.RewriteItems(func(item string) string {
		return strings.Replace(strings.Replace(item, "LocalPort>1<", "LocalPort>70000<", 1), ">100<", ">250<", 1)
	})
	all := strings.Join(c.allIn(standardCimv2, "select LocalPort, State from MSFT_NetTCPConnection"), "")
	if got := fmt.Sprint(elements(t, "<x>"+all+"</x>", "LocalPort"), elements(t, "<x>"+all+"</x>", "State")); got != "[0 70000 2] [5 11 250]" {
		t.Error(got)
	}
	h.RewriteItems(nil)
	if all = strings.Join(c.allIn(standardCimv2, "select LocalPort from MSFT_NetTCPConnection"), ""); strings.Contains(all, "70000") {
		t.Error(all)
	}
}

// Messages are counted in UTF-16, but on 2003.
func TestSizeOfAMessage(t *testing.T) {
	for _, text := range []string{"", "plain", "Bücher", "北風 and 𝔘𝔫", "\U0010ffff", "�"} {
		if got, want := Start(t, Server2022()).size([]byte(text)), 2*len(utf16.Encode([]rune(text))); got != want {
			t.Errorf("%q has %d bytes, want %d", text, got, want)
		}
		if got := Start(t, Server2003()).size([]byte(text)); got != len(text) {
			t.Errorf("%q has %d bytes on 2003", text, got)
		}
	}
}

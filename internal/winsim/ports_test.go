package winsim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// ranges shows all four ranges of a host, active and persistent.
func ranges(h *Host) string {
	var b strings.Builder
	for _, transport := range []string{"tcp", "udp"} {
		for _, family := range []string{"ipv4", "ipv6"} {
			active, persistent := h.PortRange(transport, family)
			fmt.Fprintf(&b, " %d+%d", active.Start, active.Number)
			if persistent != active {
				fmt.Fprintf(&b, "(%d+%d)", persistent.Start, persistent.Number)
			}
		}
	}
	return b.String()[1:]
}

const own = "49152+16384"

func wantRanges(t *testing.T, h *Host, when, want string) {
	t.Helper()
	if got := ranges(h); got != want {
		t.Errorf("%s: %s, want %s", when, got, want)
	}
}

func TestEachTransportAndFamilyHasARangeOfItsOwn(t *testing.T) {
	h := Start(t, Server2022())
	wantRanges(t, h, "fresh", own+" "+own+" "+own+" "+own)
	h.SetPortRange("tcp", "ipv4", tcpstack.Range{Start: 10000, Number: 1000})
	h.SetPortRange("udp", "ipv6", tcpstack.Range{Start: 1024, Number: 255})
	wantRanges(t, h, "set", "10000+1000 "+own+" "+own+" 1024+255")
	h.SetPorts(tcpstack.Range{Start: 20000, Number: 500})
	h.Reboot()
	wantRanges(t, h, "rebooted", "20000+500 20000+500 "+own+" 1024+255")
	h.Load(50, "198.51.100.1:25")
	h.Advance(1e9)
	inside := 0
	for _, s := range h.Sockets() {
		if s.Remote.String() == "198.51.100.1:25" && s.Local.Port() >= 20000 && s.Local.Port() < 20500 {
			inside++
		}
	}
	if inside != 51 { // one at the very moment of the start
		t.Errorf("%d connections have a port of the range", inside)
	}
	wantRanges(t, Start(t, Server2003()), "2003", "1025+3976 1025+3976 1025+3976 1025+3976")
}

func TestNetshOverAShell(t *testing.T) {
	const set = "netsh int ipv4 set dynamicport tcp start=10000 num=1000 store=persistent && netsh int ipv6 set dynamicport udp start=20000 num=2000 store=active"
	for seed := int64(1); seed <= 3; seed++ {
		h := Start(t, Server2019(), Seed(seed))
		c := newClient(t, h)
		id := c.openShell()
		h.SetElevated(false)
		if out := c.run(id, set); out.exitCode != "1" || !strings.Contains(out.stdout, "The requested operation requires elevation (Run as administrator).\r\n") {
			t.Errorf("seed %d, not elevated: %+q", seed, out)
		}
		h.SetElevated(true)
		h.NetshSetsNothing(true)
		if out := c.run(id, set); out.exitCode != "0" || strings.Count(out.stdout, "Ok.") != 2 {
			t.Errorf("seed %d, in vain: %+q", seed, out)
		}
		wantRanges(t, h, "nothing was set", own+" "+own+" "+own+" "+own)
		h.NetshSetsNothing(false)
		if out := c.run(id, set); out.exitCode != "0" || out.stdout != "Ok.\r\n\r\nOk.\r\n\r\n" {
			t.Errorf("seed %d: %+q", seed, out)
		}
		wantRanges(t, h, "set", "10000+1000 "+own+" "+own+" 20000+2000("+own+")")
		if out := c.run(id, "netsh int ipv6 show dynamicport udp && netsh int ipv6 show dynamicport tcp"); !strings.Contains(out.stdout, ": 20000\r\nNumber of Ports : 2000\r\n") || !strings.Contains(out.stdout, ": 49152\r\n") {
			t.Errorf("seed %d: %+q", seed, out)
		}
		h.Counters() // beside a shell that sets a range
		h.Reboot()
		wantRanges(t, h, "rebooted", "10000+1000 "+own+" "+own+" "+own)
		wantRanges(t, Start(t, Server2019(), ClonedFrom(h)), "cloned", "10000+1000 "+own+" "+own+" "+own)
		h.Reinstall()
		wantRanges(t, h, "reinstalled", own+" "+own+" "+own+" "+own)
	}
}

func TestMaxUserPortSince2008(t *testing.T) {
	type shape struct{ rules, wins, clamp bool }
	const low, set, two = "1024+13977(" + own + ")", "20000+500", own + " " + own
	for _, test := range []struct {
		shape
		profile Profile
		value   any
		netsh   bool   // IPv4's range was set to stay
		want    string // TCP's
	}{
		{shape{rules: true}, Server2022(), uint32(15000), false, low + " " + low},
		{shape{rules: true}, Server2008R2(), uint32(15000), false, low + " " + low},
		{shape{rules: false, wins: true}, Server2022(), uint32(15000), false, two},
		{shape{rules: true, wins: false}, Server2022(), uint32(15000), true, set + " " + low},
		{shape{rules: true, wins: true}, Server2022(), uint32(15000), true, "1024+13977(" + set + ") " + low},
		{shape{rules: false, wins: true}, Server2022(), uint32(15000), true, set + " " + own},
		{shape{rules: true}, Server2022(), uint32(65534), false, "1024+64511(" + own + ") 1024+64511(" + own + ")"},
		{shape{rules: true}, Server2022(), uint32(5000), false, "1024+3977(" + own + ") 1024+3977(" + own + ")"},
		{shape{rules: true}, Server2022(), "15000", false, two},
		{shape{rules: true, clamp: true}, Server2022(), uint32(4999), false, "1024+3977(" + own + ") 1024+3977(" + own + ")"},
		{shape{rules: true, clamp: true}, Server2022(), uint32(65535), false, "1024+64511(" + own + ") 1024+64511(" + own + ")"},
		{shape{rules: true}, Server2022(), uint32(4999), false, two},
		{shape{rules: true}, Server2022(), uint32(65535), false, two},
	} {
		h := Start(t, test.profile, Seed(seedWhere(t, func(s profile.Shape) bool { return s.ClampDelay == test.clamp })), MaxUserPortRules(test.rules), MaxUserPortWins(test.wins))
		switch v := test.value.(type) {
		case uint32:
			h.SetDWORD("MaxUserPort", v)
		case string:
			h.SetString("MaxUserPort", v)
		}
		before := own
		if test.netsh {
			h.SetPortRange("tcp", "ipv4", tcpstack.Range{Start: 20000, Number: 500})
			before = set
		}
		name := fmt.Sprintf("%s, %+v, %v, netsh %v", test.profile.Key, test.shape, test.value, test.netsh)
		wantRanges(t, h, name+", before the restart", before+" "+own+" "+own+" "+own)
		h.Reboot()
		wantRanges(t, h, name, test.want+" "+own+" "+own)
		h.DeleteValue("MaxUserPort")
		h.Reboot()
		wantRanges(t, h, name+", deleted", before+" "+own+" "+own+" "+own)
	}
}

// What the seeds leave open about port ranges must show.
func TestSeedsShowEveryAssumedShapeOfPortRanges(t *testing.T) {
	seen := map[string]bool{}
	for seed := int64(1); seed <= 8; seed++ {
		h := Start(t, Server2022(), Seed(seed))
		h.SetDWORD("MaxUserPort", 15000)
		h.SetPortRange("tcp", "ipv4", tcpstack.Range{Start: 20000, Number: 500})
		h.SetPortRange("udp", "ipv6", tcpstack.Range{Start: 30000, Number: 600})
		c := newClient(t, h)
		for class, column := range map[string]string{"MSFT_NetTCPSetting where SettingName = 'Internet'": "TCP", "MSFT_NetUDPSetting": "UDP"} {
			start := elements(t, c.allIn(standardCimv2, "select DynamicPortRangeStartPort from "+class)[0], "DynamicPortRangeStartPort")
			seen[column+" "+start[0]] = true
		}
		out := c.run(c.openShell(), "netsh int ipv4 set dynamicport tcp start=1 num=1")
		seen[word(strings.Contains(out.stdout, "Usage"), "usage", "one sentence")] = true
		h.Reboot()
		seen[strings.Join(strings.Fields(ranges(h))[:2], " ")] = true
	}
	for _, want := range []string{"TCP 20000", "TCP 49152", "UDP 30000", "UDP 49152", "usage", "one sentence",
		"20000+500 " + own, "20000+500 1024+13977(" + own + ")", "1024+13977(20000+500) 1024+13977(" + own + ")"} {
		if !seen[want] {
			t.Errorf("no seed shows %q, only %v", want, seen)
		}
	}
}

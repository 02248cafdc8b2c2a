package winsim

import (
	"fmt"
	"strings"
	"testing"

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

func wantRanges(t *testing.T, h *Host, when, want string) {
	t.Helper()
	if got := ranges(h); got != want {
		t.Errorf("%s: %s, want %s", when, got, want)
	}
}

func TestEachTransportAndFamilyHasARangeOfItsOwn(t *testing.T) {
	const own = "49152+16384"
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

package winhost

import (
	"errors"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

var (
	usualRange = tuning.Ports(tcpip.DefaultPortRange)
	wideRange  = tuning.Ports(tcpip.PortRange{Start: 10000, Number: 55536})
)

func tcp4(t *testing.T) tcpip.Parameter {
	t.Helper()
	p, ok := tcpip.ByAttribute("dynamic_port_range.tcp.ipv4")
	if !ok {
		t.Fatal("there is no such parameter")
	}
	return p
}

// onSet does something when the host is about to run netsh's set.
func onSet(sim *winsim.Host, do func() winsim.Action) {
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if strings.Contains(call.Command, " set dynamicport ") {
			return do()
		}
		return winsim.Proceed
	})
}

// A range is set when netsh says so AND shows it; of the rest some is certain and some
// is not.
func TestWriteRange(t *testing.T) {
	set := func(sim *winsim.Host) { sim.SetPortRange("tcp", "ipv4", tcpstack.Range{Start: 10000, Number: 55536}) }
	for name, tt := range map[string]struct {
		before    func(*winsim.Host)
		during    func(*winsim.Host) winsim.Action
		want      string // of the error; empty: done
		uncertain bool
	}{
		"done":    {},
		"refused": {before: func(sim *winsim.Host) { sim.SetElevated(false) }, want: `start=10000 num=55536 store=persistent" failed on the host, which still has 49152+16384`},
		"refused, though the host has it": {before: func(sim *winsim.Host) { sim.SetElevated(false) },
			during: func(sim *winsim.Host) winsim.Action { set(sim); return winsim.Proceed }, want: "failed on the host, though it shows that range"},
		"said to be done, and not":                     {before: func(sim *winsim.Host) { sim.NetshSetsNothing(true) }, want: "did not do what it says: the host has 49152+16384", uncertain: true},
		"the command's reply is lost, and it was done": {during: func(sim *winsim.Host) winsim.Action { set(sim); return winsim.DropBefore }},
		"the command's reply is lost, and it was not":  {during: func(*winsim.Host) winsim.Action { return winsim.DropBefore }, want: "may have happened", uncertain: true},
		"the command is refused":                       {during: func(*winsim.Host) winsim.Action { return winsim.AccessDeniedFault }, want: "denied"},
	} {
		for seed := int64(1); seed <= 3; seed++ {
			sim := winsim.Start(t, winsim.Server2022(), winsim.Seed(seed))
			host := reach(t, sim)
			if tt.before != nil {
				tt.before(sim)
			}
			if tt.during != nil {
				onSet(sim, func() winsim.Action { return tt.during(sim) })
			}
			err := host.WriteTuning(within(t), one(tcp4(t), usualRange, wideRange))
			var failed *tuning.WriteError
			if tt.want == "" {
				active, persistent := sim.PortRange("tcp", "ipv4")
				if err != nil || active.Start != 10000 || persistent.Number != 55536 {
					t.Errorf("%s: %v; the host has %v", name, err, active)
				}
			} else if !errors.As(err, &failed) || failed.Uncertain != tt.uncertain || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tt.want)) {
				t.Errorf("%s: %+v, want %q, uncertain %t", name, err, tt.want, tt.uncertain)
			}
			if n := sim.Counters().OpenShells; n != 0 && tt.during == nil {
				t.Errorf("%s: %d shells are left", name, n)
			}
		}
	}
}

// What comes before the command changes nothing: that its reply is lost leaves nothing
// open.
func TestWriteRangeWhoseShellIsLost(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := reach(t, sim)
	if _, err := host.ReadSystem(within(t)); err != nil {
		t.Fatal(err)
	}
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "Create" {
			return winsim.DropBefore
		}
		return winsim.Proceed
	})
	err := host.WriteTuning(within(t), one(tcp4(t), usualRange, wideRange))
	var failed *tuning.WriteError
	if !errors.As(err, &failed) || failed.Uncertain {
		t.Errorf("%+v: nothing was run", err)
	}
}

// netsh that sets and then cannot show it: what the host has is not known.
func TestWriteRangeThatIsNotShown(t *testing.T) {
	for name, printed := range map[string]string{
		"failed":        "==windows-baseline==set\r\nOk.\r\n==windows-baseline==ok\r\n==windows-baseline==dynamictcpipv4\r\nno\r\n==windows-baseline==end\r\n",
		"three numbers": "==windows-baseline==set\r\nOk.\r\n==windows-baseline==ok\r\n==windows-baseline==dynamictcpipv4\r\na 1\r\nb 2\r\nc 3\r\n==windows-baseline==ok\r\n==windows-baseline==end\r\n",
	} {
		all, err := split([]byte(printed), []section{{"set", ""}, showRange(tcp4(t).Pool)})
		if err != nil {
			t.Fatal(err)
		}
		if err := judgeSet("netsh …", tcpip.PortRange{Start: 10000, Number: 300}, showRange(tcp4(t).Pool), all); !mayHaveRun(err) {
			t.Errorf("%s: %v counts as certain", name, err)
		}
	}
}

// What cannot be set is not tried.
func TestWriteRangeThatNetshDoesNotSet(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := reach(t, sim)
	for _, r := range []tcpip.PortRange{{Start: 1024, Number: 64511}, {Start: 50000, Number: 100}, {Start: 65000, Number: 1000}, {}} {
		err := host.WriteTuning(within(t), one(tcp4(t), usualRange, tuning.Ports(r)))
		var failed *tuning.WriteError
		if !errors.As(err, &failed) || failed.Uncertain {
			t.Errorf("%v: %v", r, err)
		}
	}
	if n := sim.Counters().Methods["Command"]; n != 0 {
		t.Errorf("%d commands", n)
	}
}

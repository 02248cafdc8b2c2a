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

// Whatever netsh prints that is not one range is an error that shows it, and never a
// range in state.
func TestShownRange(t *testing.T) {
	pool := tcp4(t).Pool
	section := showRange(pool)
	for name, tt := range map[string]struct {
		ok     bool
		output string
		want   string // of the error; empty: 49152+16384
	}{
		"English":              {true, "\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n", ""},
		"a code page of DOS":   {true, "Port de d\x82marrage : 49152\r\nNombre de ports\xff: 16384\r\n", ""},
		"no labels known":      {true, "x 49152\ny 16384\n", ""},
		"empty":                {true, "", "printed 0 numbers"},
		"one number":           {true, "Start Port : 49152\r\n", "printed 1 numbers"},
		"three numbers":        {true, "a : 49152\r\nb : 16384\r\nc : 1\r\n", "printed 3 numbers"},
		"past the last port":   {true, "a : 49152\r\nb : 16385\r\n", "which no machine has"},
		"a start past it":      {true, "a : 65536\r\nb : 300\r\n", "start port 65536"},
		"a number that wraps":  {true, "a : 49152\r\nb : 4294967295\r\n", "which no machine has"},
		"failed":               {false, "The following command was not found: \x1b[2J\r\n", `"netsh int ipv4 show dynamicport tcp" failed on the host: The following command was not found: \x1b[2J`},
		"failed with a range":  {false, "a : 49152\r\nb : 16384\r\n", "failed on the host"},
		"failed without words": {false, "", "it printed nothing"},
	} {
		got, err := shownRange(section, map[string]ran{section.name: {tt.ok, []byte(tt.output)}})
		if tt.want == "" && (err != nil || got != tcpip.DefaultPortRange) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || got != (tcpip.PortRange{})) {
			t.Errorf("%s: %v, %v, want %q", name, got, err, tt.want)
		}
	}
	if _, err := shownRange(section, map[string]ran{}); err == nil {
		t.Error("a section that is missing was taken")
	}
}

package winhost

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// why is what is said of a missing part; empty where it is not missing.
func why(f audit.Facts, part string) string {
	for _, m := range f.Missing {
		if m.Part == part {
			return m.Why
		}
	}
	return ""
}

// refuse answers "access denied" to what has a word in its method or query.
func refuse(word string) func(winsim.Call) winsim.Action {
	return func(call winsim.Call) winsim.Action {
		if call.Method == word || strings.Contains(call.WQL, word) {
			return winsim.AccessDeniedFault
		}
		return winsim.Proceed
	}
}

func readFacts(t *testing.T, sim *winsim.Host, parts audit.Parts) audit.Facts {
	t.Helper()
	f, err := reach(t, sim).ReadFacts(within(t), parts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What is read is what the host has, on every Windows and in every shape of its answers.
func TestReadFactsAgreesWithTheHost(t *testing.T) {
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		sim.SetDWORD("tcptimedwaitdelay", 30)
		sim.SetString("MaxUserPort", "65534")
		sim.SetDWORD("MaxUserPorts", 65534)
		sim.SetPortRange("tcp", "ipv6", tcpstack.Range{Start: 1025, Number: 60000})
		sim.SetPortRange("udp", "ipv4", tcpstack.Range{Start: 40000, Number: 255})
		sim.AddProcess(4242, "sqlservr.exe")
		sim.AddListener("0.0.0.0:1433", 4242)
		sim.AddListener("[fe80::1%4]:1434", 7)
		f, err := host.ReadFacts(within(t), audit.AllParts)
		if err != nil {
			t.Fatal(err)
		}
		system, err := host.ReadSystem(within(t))
		if err != nil {
			t.Fatal(err)
		}
		role := uint32(3)
		want := audit.System{Caption: system.Caption, Version: system.Version, Build: system.Build, Computer: "MAIL01", ProductType: 3,
			DomainRole: &role, Installed: system.Installed, Started: system.LastBoot}
		if !reflect.DeepEqual(f.System, want) || f.Boot.Last != system.LastBoot.UTC() || f.Machine.Computer != "MAIL01" || f.Machine.UUID != "" {
			t.Errorf("%+v, %+v, %+v", f.System, f.Boot, f.Machine)
		}
		if f.Names["tcptimedwaitdelay"] != tuning.TypeDWORD || f.Names["MaxUserPorts"] != tuning.TypeDWORD || f.Names["MaxUserPort"] != tuning.TypeString {
			t.Errorf("names %v", f.Names)
		}
		if len(f.Values) != len(tcpip.Catalogue) || f.Values["tcp_timed_wait_delay"] != tuning.DWORD(30) || f.Values["max_user_port"] != tuning.String("65534") || f.Values["keep_alive_time"].Present {
			t.Errorf("values %v", f.Values)
		}
		if f.Journal == nil || *f.Journal != (tuning.Found{}) {
			t.Errorf("journal %v", f.Journal)
		}
		checkRanges(t, sim, f)
		checkListeners(t, sim, f)
	})
}

func checkRanges(t *testing.T, sim *winsim.Host, f audit.Facts) {
	t.Helper()
	if !f.System.Build.HasDynamicPortRange() {
		if f.Ranges != nil || f.Excluded != nil || f.Templates != nil || why(f, "dynamic port ranges")+why(f, "excluded ranges")+why(f, "TCP templates") != "" {
			t.Errorf("what this Windows does not have: %v, %v, %v, %v", f.Ranges, f.Excluded, f.Templates, f.Missing)
		}
		return
	}
	for _, p := range tcpip.PortRanges {
		active, _ := sim.PortRange(string(p.Pool.Transport), string(p.Pool.Family))
		if got := f.Ranges[p.Pool]; int(got.Start) != active.Start || int(got.Number) != active.Number {
			t.Errorf("%s: %v, want %v", p.Pool, got, active)
		}
	}
	if said := why(f, "excluded ranges"); f.Excluded == nil && (f.System.Build != 7601 || !strings.Contains(said, "excludedportrange")) {
		t.Errorf("no excluded ranges: %q", said) // the hotfix of 2008 R2 may be missing
	}
	for _, family := range tcpip.Families {
		pool := tcpip.Pool{Transport: tcpip.TCP, Family: family}
		if one := (audit.Exclusion{Pool: pool, Ports: tcpip.PortRange{Start: 50000, Number: 60}, Administered: true}); f.Excluded != nil && !slices.Contains(f.Excluded, one) {
			t.Errorf("excluded %v, without %v", f.Excluded, one)
		}
	}
	if f.System.Build.HasStandardCimv2() != (f.Templates != nil) || len(f.Templates) != 0 || f.AutoReuse != nil {
		t.Errorf("templates %v, auto-reuse %v", f.Templates, f.AutoReuse) // they agree with one of the families
	}
}

func checkListeners(t *testing.T, sim *winsim.Host, f audit.Facts) {
	t.Helper()
	if f.Listeners == nil && f.System.Build == tcpip.Server2003 && strings.Contains(why(f, "listeners"), "no remote shell") {
		return // WinRM 1.1
	}
	var want []string
	for _, s := range sim.Sockets() {
		if s.State == tcpstack.Listen {
			want = append(want, fmt.Sprintf("%s %d", s.Local, s.PID))
		}
	}
	var got []string
	for _, l := range f.Listeners {
		got = append(got, fmt.Sprintf("%s %d", l.Address, l.PID))
		if name := map[uint32]string{4242: "sqlservr.exe", 7: "", 2184: "mailserver.exe"}; l.Process != name[l.PID] && slices.Contains([]uint32{4242, 7, 2184}, l.PID) {
			t.Errorf("%s is of %q", l.Address, l.Process)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || !slices.Contains(got, "0.0.0.0:1433 4242") || !slices.IsSortedFunc(f.Listeners, func(a, b audit.Listener) int { return int(a.Address.Port()) - int(b.Address.Port()) }) {
		t.Errorf("listeners\n%v, want\n%v", f.Listeners, want)
	}
	if !f.Running["sqlservr.exe"] || !f.Running["system idle process"] || f.Running["System"] {
		t.Errorf("running %v", f.Running)
	}
}

// sees are the methods and the words of queries by which a part can be told.
var sees = map[audit.Parts][]string{
	audit.PartValues: {"EnumValues"}, audit.PartRole: {"Win32_ComputerSystem"}, audit.PartJournal: {"GetStringValue"},
	audit.PartRanges: {"Command"}, audit.PartExcluded: {"Command"}, audit.PartListeners: {"MSFT_NetTCPConnection"},
	audit.PartProcesses: {"Win32_Process"}, audit.PartTemplates: {"MSFT_NetTCPSetting"}, audit.PartPolicies: {"RSOP_RegistryPolicySetting"},
}

// A part that is not asked for costs nothing, and is nil.
func TestReadFactsReadsWhatIsAskedFor(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	for part, words := range sees {
		seen := map[string]bool{}
		sim.Intercept(func(call winsim.Call) winsim.Action {
			_, class, _ := strings.Cut(call.WQL, " FROM ")
			class, _, _ = strings.Cut(class, " ")
			seen[call.Method], seen[class] = true, true
			return winsim.Proceed
		})
		f := readFacts(t, sim, part)
		want := append([]string{"Enumerate", "Win32_OperatingSystem"}, words...)
		for _, extra := range []string{"", "Pull", "Create", "Receive", "Signal", "Delete"} {
			delete(seen, extra)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(seen)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: %v", part, slices.Sorted(maps.Keys(seen)))
		}
		read := map[audit.Parts]bool{
			audit.PartValues: f.Names != nil && f.Values != nil, audit.PartRole: f.System.DomainRole != nil, audit.PartJournal: f.Journal != nil,
			audit.PartRanges: f.Ranges != nil, audit.PartExcluded: f.Excluded != nil, audit.PartListeners: f.Listeners != nil,
			audit.PartProcesses: f.Running != nil, audit.PartTemplates: f.Templates != nil, audit.PartPolicies: f.Policies != nil || len(f.Missing) == 1,
		}
		for other, is := range read {
			if is != (other == part) {
				t.Errorf("asked for %s: %s is read: %v", part, other, is)
			}
		}
	}
}

// A part that is refused is missing and said; the others are there.
func TestReadFactsWithPartsMissing(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("read"))
	sim.SetDWORD("KeepAliveTime", 300000)
	for word, c := range map[string]struct {
		parts []string // that are missing
		is    func(audit.Facts) bool
	}{
		"EnumValues":                 {[]string{"registry values"}, func(f audit.Facts) bool { return f.Names == nil && f.Values == nil }},
		"GetDWORDValue":              {[]string{"registry values"}, func(f audit.Facts) bool { return f.Names != nil && f.Values == nil }},
		"Win32_ComputerSystem":       {[]string{"domain role"}, func(f audit.Facts) bool { return f.System.DomainRole == nil }},
		"Command":                    {[]string{"dynamic port ranges", "excluded ranges"}, func(f audit.Facts) bool { return f.Ranges == nil && f.Excluded == nil && len(f.Templates) == 1 }},
		"MSFT_NetTCPSetting":         {[]string{"TCP templates"}, func(f audit.Facts) bool { return f.Templates == nil }},
		"MSFT_NetTCPConnection":      {[]string{"listeners"}, func(f audit.Facts) bool { return f.Listeners == nil && f.Running != nil }},
		"Win32_Process":              {[]string{"processes"}, func(f audit.Facts) bool { return f.Running == nil && f.Listeners[0].Process == "" }},
		"RSOP_RegistryPolicySetting": {[]string{"policies"}, func(f audit.Facts) bool { return f.Policies == nil }},
	} {
		sim.Intercept(refuse(word))
		f := readFacts(t, sim, audit.AllParts)
		var missing []string
		for _, m := range f.Missing {
			missing = append(missing, m.Part)
			if m.Why == "" || m.Of == 0 {
				t.Errorf("without %s: %+v", word, m)
			}
		}
		if !slices.Equal(missing, c.parts) || !c.is(f) || f.System.Computer == "" {
			t.Errorf("without %s: missing %+v\n%+v", word, f.Missing, f)
		}
	}
	sim.Intercept(refuse("Win32_OperatingSystem"))
	if f, err := reach(t, sim).ReadFacts(within(t), audit.AllParts); !IsDenied(err) || f.Missing != nil {
		t.Errorf("without the operating system: %+v, %v", f, err)
	}
}

// A host that is gone half-way is an error, and not a host of which everything is
// missing; so is an end of the time.
func TestReadFactsOfAHostThatGoes(t *testing.T) {
	for _, word := range []string{"EnumValues", "Win32_ComputerSystem", "GetStringValue", "Command", "MSFT_NetTCPSetting", "MSFT_NetTCPConnection", "Win32_Process", "RSOP_RegistryPolicySetting"} {
		for name, goes := range map[string]func(*winsim.Host, context.CancelFunc){
			"gone":      func(sim *winsim.Host, _ context.CancelFunc) { go sim.Close() },
			"cancelled": func(_ *winsim.Host, cancel context.CancelFunc) { cancel() },
		} {
			sim := winsim.Start(t, winsim.Server2022())
			host := reach(t, sim)
			ctx, cancel := context.WithCancel(within(t))
			sim.Intercept(func(call winsim.Call) winsim.Action {
				if call.Method == word || strings.Contains(call.WQL, word) {
					goes(sim, cancel)
					return winsim.Hang
				}
				return winsim.Proceed
			})
			f, err := host.ReadFacts(ctx, audit.AllParts)
			var unreachable *transport.UnreachableError
			if !errors.As(err, &unreachable) && !errors.Is(err, context.Canceled) || f.Missing != nil {
				t.Errorf("%s at %s: %v, %+v", name, word, err, f.Missing)
			}
			cancel()
		}
	}
}

// What ends a reading and what only one part of it: an account that is not let in any
// more must not be tried again for each part that is left.
func TestIsOver(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want bool
	}{
		"the time":               {ended, &wsman.Fault{}, true},
		"the host":               {context.Background(), fmt.Errorf("x: %w", &transport.UnreachableError{}), true},
		"the account":            {context.Background(), fmt.Errorf("x: %w", &transport.UnauthorizedError{Refused: true}), true},
		"the account, elsewhere": {context.Background(), &transport.NotTriedError{Refused: &transport.UnauthorizedError{Refused: true}}, true},
		"the way to the host":    {context.Background(), &transport.TimeoutError{Phase: transport.PhaseDial}, true},
		"one reply":              {context.Background(), &transport.TimeoutError{Phase: transport.PhaseReply}, false},
		"one fault":              {context.Background(), &wsman.Fault{Code: 5}, false},
		"a shell":                {context.Background(), ErrNoShell, false},
	} {
		if got := isOver(c.ctx, c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A value that goes between the listing and the reading is looked at once more.
func TestReadFactsOfAValueThatGoes(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.SetDWORD("KeepAliveTime", 300000)
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "GetDWORDValue" && call.N == 1 {
			return winsim.BeforeDo(func() { sim.DeleteValue("KeepAliveTime") })
		}
		return winsim.Proceed
	})
	f := readFacts(t, sim, audit.PartValues)
	if _, listed := f.Names["KeepAliveTime"]; listed || f.Values["keep_alive_time"] != tuning.Absent || f.Missing != nil {
		t.Errorf("%+v", f)
	}
	sim.SetDWORD("KeepAliveTime", 300000)
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "GetDWORDValue" {
			return winsim.ReturnValue(returnNoValue)
		}
		return winsim.Proceed
	})
	if f := readFacts(t, sim, audit.PartValues); f.Values != nil || !strings.Contains(why(f, "registry values"), "changed while it was read") {
		t.Errorf("for ever: %+v", f)
	}
}

// A list of texts is bounded, and an empty one may come as null or as nothing.
func TestTextsIn(t *testing.T) {
	line := wsman.Field{Name: "sValue", Text: "1433-1433"}
	for name, c := range map[string]struct {
		fields wsman.Fields
		want   int // -1: an error
	}{
		"nothing": {nil, 0}, "null": {wsman.Fields{{Name: "sValue", Null: true}}, 0}, "two": {wsman.Fields{line, {Name: "ReturnValue", Text: "0"}, line}, 2},
		"an empty line": {wsman.Fields{line, {Name: "sValue"}}, 2}, "as many as may be": {slices.Repeat(wsman.Fields{line}, maxReserved), maxReserved},
		"too many": {slices.Repeat(wsman.Fields{line}, maxReserved+1), -1},
	} {
		got, err := textsIn(c.fields, "ReservedPorts")
		if (err != nil) != (c.want < 0) || err == nil && (got == nil || len(got) != c.want) {
			t.Errorf("%s: %d lines, %v", name, len(got), err)
		}
	}
}

// A journal is read with the UUID that tells a copy; one that cannot be used says why.
func TestReadFactsJournal(t *testing.T) {
	journal := tuning.Journal{Owner: "OWNER", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Machine: tuning.Machine{Computer: "MAIL01", Installed: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)},
		Original: tuning.Values{"max_user_port": tuning.Absent}, Written: tuning.Values{"max_user_port": tuning.DWORD(65534)}}
	sim := winsim.Start(t, winsim.Server2022())
	sim.SetUUID("4c4c4544-0042-3510-8054-b7c04f564433")
	for name, c := range map[string]struct {
		set  func()
		want string // part of the error; empty: the journal
	}{
		"usable":       {func() { sim.SetKeyString(tuning.JournalKey, tuning.JournalValue, journal.Text()) }, ""},
		"unusable":     {func() { sim.SetKeyString(tuning.JournalKey, tuning.JournalValue, "{}") }, "cannot be understood"},
		"another type": {func() { sim.SetKeyDWORD(tuning.JournalKey, tuning.JournalValue, 1) }, "is REG_DWORD and not REG_SZ"},
		"denied": {func() {
			sim.SetKeyString(tuning.JournalKey, tuning.JournalValue, journal.Text())
			sim.Intercept(func(call winsim.Call) winsim.Action {
				if call.Method == "GetStringValue" {
					return winsim.ReturnValue(returnAccessDenied)
				}
				return winsim.Proceed
			})
		}, "cannot be read"},
	} {
		sim.Intercept(nil)
		c.set()
		f := readFacts(t, sim, audit.PartJournal)
		switch {
		case f.Missing != nil || f.Journal == nil:
			t.Errorf("%s: %+v", name, f)
		case c.want == "" && (f.Journal.Journal == nil || f.Journal.Journal.Owner != "OWNER" || f.Machine.UUID != "4C4C4544-0042-3510-8054-B7C04F564433"):
			t.Errorf("%s: %+v, %+v", name, f.Journal, f.Machine)
		case c.want != "" && (f.Journal.Err == nil || !strings.Contains(f.Journal.Err.Error(), c.want) || f.Machine.UUID != ""):
			t.Errorf("%s: %+v, %+v", name, f.Journal, f.Machine)
		}
	}
	// Without the UUID the journal may be another machine's.
	sim.Intercept(refuse("Win32_ComputerSystemProduct"))
	sim.SetKeyString(tuning.JournalKey, tuning.JournalValue, journal.Text())
	if f := readFacts(t, sim, audit.PartJournal); f.Journal != nil || why(f, "journal") == "" {
		t.Errorf("without the UUID: %+v", f)
	}
}

// Texts of the host's are shown without what a terminal would obey.
func TestPresentable(t *testing.T) {
	for text, want := range map[string]string{
		"sqlservr.exe": "sqlservr.exe", "Grüße 北風": "Grüße 北風", "": "", "a\nb": `a\nb`, "a\x1b[31m": `a\x1b[31m`, "\u202eexe": `\u202eexe`, "\x9b": "\ufffd",
		strings.Repeat("é", maxPresentable): strings.Repeat("é", maxPresentable/2) + "…",
	} {
		if got := Presentable(text); got != want {
			t.Errorf("%q: %q, want %q", clip([]byte(text)), clip([]byte(got)), want)
		}
	}
}

func FuzzPresentable(f *testing.F) {
	f.Add("sqlservr.exe\n\x1b[31m\u202eé")
	f.Fuzz(func(t *testing.T, text string) {
		got := Presentable(text)
		if strings.ContainsFunc(got, unprintable) || !utf8.ValidString(got) || len(got) > 12*(maxPresentable+1) {
			t.Fatalf("%q", got)
		}
	})
}

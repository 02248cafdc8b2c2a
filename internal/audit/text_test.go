package audit

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

func netipPort(port uint16) netip.AddrPort { return netip.AddrPortFrom(netip.IPv4Unspecified(), port) }

// safe tells whether a text is one line that commands nothing.
func safe(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) && !strings.Contains(text, "##")
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"sqlservr.exe":          "sqlservr.exe",
		"Microsoft.Exchange(1)": "Microsoft.Exchange(1)",
		"Größe":                 "Größe",
		"":                      `""`,
		"a\nb":                  `"a\nb"`,
		"##vso[a]":              `"\x23\x23vso[a]"`,
		"::error::x":            `"::error::x"`,
		"a\u202eb":              `"a\u202eb"`,
		"a\xffb":                `"a\xffb"`,
		"a`b":                   "\"a`b\"",
		strings.Repeat("x", 64): strings.Repeat("x", 64),
		strings.Repeat("x", 65): `"` + strings.Repeat("x", 64) + `…"`,
		strings.Repeat("é", 64): strings.Repeat("é", 64),
	}
	tests[strings.Repeat(" ", 2)+"x"] = `"  x"` // what begins with a blank is quoted
	for name, want := range tests {
		if got := clean(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	tests := map[string]string{
		"no shell":                 "no shell",
		"a\r\n\tb  c ":             "a b c",
		"\x1b[2J#####x":            "[2J# # # # #x",
		"\xff":                     "\ufffd",
		strings.Repeat("é", 2000):  strings.Repeat("é", maxText) + "…",
		strings.Repeat("\n", 2000): "…",
	}
	for text, want := range tests {
		if got := line(text); got != want {
			t.Errorf("%.20q: %q, want %q", text, got, want)
		}
	}
}

// The guide of the documentation lists the codes with what they mean and what to do, as
// they stand in the code.
func TestTheGuideListsEveryCode(t *testing.T) {
	seen := map[Code]bool{}
	var table strings.Builder
	for _, severity := range severities {
		fmt.Fprintf(&table, "\n## %s\n\n| code | what was found | what to do |\n| --- | --- | --- |\n", tuning.Upper(string(severity)))
		for _, rule := range Codes {
			if rule.Severity == severity {
				fmt.Fprintf(&table, "| `%s` | %s | %s |\n", rule.Code, rule.Means, rule.Remedy)
			}
		}
	}
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, rule := range Codes {
		if seen[rule.Code] || !snake.MatchString(string(rule.Code)) || rule.Means == "" || rule.Remedy == "" || !safe(rule.Means+rule.Remedy) || strings.Contains(rule.Means+rule.Remedy, "|") {
			t.Errorf("%+v", rule)
		}
		seen[rule.Code] = true
	}
	guide, err := os.ReadFile("../../templates/guides/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), table.String()) {
		t.Errorf("templates/guides/findings.md does not have the codes as they are. It must contain:\n%s", table.String())
	}
}

// Whatever a host says, nothing panics, every finding has a rule, and every text is one
// that can be printed.
func TestHostileFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		list := Inspect(f)
		for _, finding := range list {
			if rule := finding.Code.rule(); rule.Means == "" || rule.Severity != finding.Severity {
				t.Fatalf("no rule for %+v", finding)
			}
			if finding.Subject == "" || !safe(finding.Subject) || !safe(finding.Message) || len(finding.Message) > 8000 || strings.Contains(finding.Message, "%!(") {
				t.Fatalf("%+v", finding)
			}
		}
		p := drawProposal(t)
		Needs(p)
		for _, w := range append(Foresee(f, p), Static(p)...) {
			if w.Summary == "" || !safe(w.Summary) || len(w.Summary) > 2000 || !safe(strings.ReplaceAll(w.Detail, "\n", "")) || strings.Contains(w.Summary+w.Detail, "%!(") {
				t.Fatalf("%+v", w)
			}
		}
	})
}

// drawText draws what a host may say: names that are close to real ones, and rubbish.
func drawText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "MaxUserPorts", "TcpTimeWaitDelay", "ReservedPorts", "keepalivetime", "lsass.exe", "sqlservr.exe", "##vso[x]", "a\n::error::", "\x1b[2J", "\xff\xfe", "%s%d%!", "1433-1433", "1434-9", strings.Repeat("x", 5000)}),
		rapid.String(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 40), func(b []byte) string { return string(b) }),
	)
}

func drawRange() *rapid.Generator[tcpip.PortRange] {
	return rapid.Custom(func(t *rapid.T) tcpip.PortRange {
		return tcpip.PortRange{
			Start:  rapid.OneOf(rapid.SampledFrom([]uint16{0, 1, 1024, 1025, 49152, 65535}), rapid.Uint16()).Draw(t, "start"),
			Number: rapid.OneOf(rapid.SampledFrom([]uint32{0, 1, 255, 16384, 64511, 65535, 65536, 65537, 0xffffffff}), rapid.Uint32()).Draw(t, "number"),
		}
	})
}

func drawValue() *rapid.Generator[tuning.Value] {
	return rapid.OneOf(
		rapid.Just(tuning.Absent),
		rapid.Map(rapid.OneOf(rapid.Uint32(), rapid.SampledFrom([]uint32{0, 1, 29, 30, 4999, 5000, 17406, 65534, 65535, 0x7fffffff, 0x80000000, 0xffffffff})), tuning.DWORD),
		rapid.Map(rapid.Uint64(), tuning.QWORD),
		rapid.Map(drawText(), tuning.String),
		rapid.Map(rapid.Uint32(), func(n uint32) tuning.Value { return tuning.Opaque(tuning.Type(n)) }),
		rapid.Map(drawRange(), tuning.Ports),
	)
}

func drawPool() *rapid.Generator[tcpip.Pool] {
	return rapid.SampledFrom([]tcpip.Pool{tcp4, tcp6, udp4, udp6, {}})
}

// drawMap draws a map, or none.
func drawMap[K comparable, V any](t *rapid.T, name string, key *rapid.Generator[K], value *rapid.Generator[V]) map[K]V {
	if rapid.Bool().Draw(t, name+" missing") {
		return nil
	}
	return rapid.MapOfN(key, value, 0, 6).Draw(t, name)
}

// drawList draws a list, or none.
func drawList[V any](t *rapid.T, name string, value *rapid.Generator[V]) []V {
	if rapid.Bool().Draw(t, name+" missing") {
		return nil
	}
	return rapid.SliceOfN(value, 0, 6).Draw(t, name)
}

func drawAttribute() *rapid.Generator[string] {
	var names []string
	for _, p := range tcpip.Settings {
		names = append(names, p.Attribute, p.Argument())
	}
	return rapid.SampledFrom(append(names, "nothing"))
}

func drawAddress() *rapid.Generator[netip.AddrPort] {
	return rapid.Custom(func(t *rapid.T) netip.AddrPort {
		address := rapid.SampledFrom([]netip.Addr{{}, netip.IPv4Unspecified(), netip.IPv6Unspecified(), netip.MustParseAddr("fe80::1%4"), netip.MustParseAddr("::ffff:1.2.3.4")}).Draw(t, "address")
		return netip.AddrPortFrom(address, rapid.OneOf(rapid.Uint16(), rapid.SampledFrom([]uint16{0, 1433, 5985, 65535})).Draw(t, "port"))
	})
}

func drawBoot(t *rapid.T) tuning.Boot {
	return tuning.Boot{
		Last:   booted.Add(rapid.SampledFrom([]tuning.Boot{{}, {Uptime: 1e12}}).Draw(t, "boot").Uptime),
		Uptime: rapid.SampledFrom([]tuning.Boot{{}, {Uptime: 1e12}, {Uptime: -1}}).Draw(t, "uptime").Uptime,
	}
}

func drawFacts(t *rapid.T) Facts {
	f := Facts{
		System: System{
			Build:       tcpip.Build(rapid.SampledFrom([]uint32{0, 1381, 2195, 3790, 6001, 7601, 9600, 20348, 26100, 0xffffffff}).Draw(t, "build")),
			ProductType: rapid.Uint32Max(4).Draw(t, "product type"),
		},
		Names:         drawMap(t, "names", drawText(), rapid.Map(rapid.Uint32(), func(n uint32) tuning.Type { return tuning.Type(n) })),
		Values:        drawMap(t, "values", drawAttribute(), drawValue()),
		ReservedPorts: drawList(t, "reserved", drawText()),
		Ranges:        drawMap(t, "ranges", drawPool(), drawRange()),
		Templates:     drawList(t, "templates", drawRange()),
		Running:       drawMap(t, "running", rapid.SampledFrom([]string{"dns.exe", "vmms.exe", "x"}), rapid.Bool()),
		Boot:          drawBoot(t),
		Machine:       tuning.Machine{UUID: rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "uuid"), Computer: drawText().Draw(t, "computer")},
		Excluded: drawList(t, "excluded", rapid.Custom(func(t *rapid.T) Exclusion {
			return Exclusion{Pool: drawPool().Draw(t, "pool"), Ports: drawRange().Draw(t, "ports")}
		})),
		Listeners: drawList(t, "listeners", rapid.Custom(func(t *rapid.T) Listener {
			return Listener{Address: drawAddress().Draw(t, "address"), PID: rapid.Uint32().Draw(t, "pid"), Process: drawText().Draw(t, "process")}
		})),
		Policies: drawList(t, "policies", rapid.Custom(func(t *rapid.T) Policy {
			return Policy{ValueName: drawText().Draw(t, "name"), GPO: drawText().Draw(t, "gpo")}
		})),
		Missing: drawList(t, "missing", rapid.Custom(func(t *rapid.T) Missing {
			return Missing{Part: drawText().Draw(t, "part"), Why: drawText().Draw(t, "why"), Of: Parts(rapid.Uint().Draw(t, "of"))}
		})),
	}
	f.NoShell = rapid.Bool().Draw(t, "no shell")
	if rapid.Bool().Draw(t, "reuse") {
		r := drawRange().Draw(t, "auto-reuse")
		f.AutoReuse = &r
	}
	switch rapid.IntRange(0, 3).Draw(t, "journal") {
	case 1:
		f.Journal = &tuning.Found{Err: fmt.Errorf("%s", drawText().Draw(t, "error"))}
	case 2:
		f.Journal = &tuning.Found{}
	case 3:
		f.Journal = &tuning.Found{Journal: &tuning.Journal{
			Machine:  tuning.Machine{UUID: rapid.SampledFrom([]string{"", "A"}).Draw(t, "its uuid"), Computer: drawText().Draw(t, "its computer")},
			Original: drawMap(t, "original", drawAttribute(), drawValue()), Written: drawMap(t, "written", drawAttribute(), drawValue()),
		}}
		if rapid.Bool().Draw(t, "seen") {
			f.Journal.Journal.Seen = &tuning.Seen{Boot: drawBoot(t), Values: drawMap(t, "seen values", drawAttribute(), drawText())}
		}
	}
	return f
}

func drawProposal(t *rapid.T) Proposal {
	p := Proposal{Desired: drawMap(t, "desired", drawAttribute(), drawValue()), Prior: drawMap(t, "prior", drawAttribute(), drawValue())}
	p.Becomes, p.Port = drawMap(t, "becomes", drawAttribute(), drawValue()), rapid.Uint16().Draw(t, "by port")
	for _, attribute := range slices.Sorted(maps.Keys(p.Desired)) {
		if rapid.Bool().Draw(t, "changed") {
			p.Changed = append(p.Changed, attribute)
		}
	}
	return p
}

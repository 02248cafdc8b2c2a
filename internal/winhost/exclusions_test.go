package winhost

import (
	"fmt"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// printedBut is what every section printed that an audit of a modern host runs, with one
// section's output replaced.
func printedBut(replaced section, output string, ok bool) map[string]ran {
	all := map[string]ran{}
	for _, p := range tcpip.PortRanges {
		all[showRange(p.Pool).name] = ran{true, []byte("Start Port : 49152\r\nNumber of Ports : 16384\r\n")}
		all[showExcluded(p.Pool).name] = ran{true, []byte("---- ----\r\n 50000 50059 *\r\n")}
	}
	all[replaced.name] = ran{ok, []byte(output)}
	return all
}

// What netsh prints that is no range is said, with the words it printed, and leaves the
// other ranges.
func TestRangesThatAreNone(t *testing.T) {
	pool := tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv6}
	for name, c := range map[string]struct {
		output string
		ok     bool
		want   string // part of what is said; empty: a range
	}{
		"empty":                   {"", true, "0 numbers"},
		"one number":              {"Start Port : 49152\r\n", true, "1 numbers"},
		"three numbers":           {"Start Port : 49152\r\nNumber of Ports : 16384\r\nmore : 1\r\n", true, "3 numbers"},
		"no numbers":              {"Start Port : many\r\nNumber of Ports : more\r\n", true, "0 numbers"},
		"past 65535":              {"Start Port : 65000\r\nNumber of Ports : 1000\r\n", true, "no machine has"},
		"past 32 bits, wrapped":   {"Start Port : 49152\r\nNumber of Ports : 4294967295\r\n", true, "no machine has"},
		"past 32 bits":            {"Start Port : 49152\r\nNumber of Ports : 4294967296\r\n", true, "1 numbers"},
		"a start past 65535":      {"Start Port : 70000\r\nNumber of Ports : 1000\r\n", true, "start port 70000"},
		"no port at all":          {"Start Port : 1025\r\nNumber of Ports : 0\r\n", true, "no machine has"},
		"failed":                  {"The following command was not found: \x1b[2J\r\n", false, `failed on the host: The following command was not found: \x1b[2J`},
		"an unknown language":     {"ausa cuid : 49152\r\nuimhir : 16384\r\n", true, ""},
		"a code page, not UTF-8":  {"Anfangs\x81 port : 49152\r\nAnzahl f\x81r Ports \xff : 16384\r\n", true, ""},
		"letters in UTF-16":       {"S\x00t\x00a\x00r\x00t\x00:\x00 \x004\x009\x00", true, "0 numbers"},
		"text of another program": {"'netsh' is not recognized\r\n", false, "is not recognized"},
	} {
		r := &factsRead{parts: audit.AllParts, facts: audit.Facts{System: audit.System{Build: tcpip.Server2022}}, printed: printedBut(showRange(pool), c.output, c.ok)}
		r.ranges()
		_, read := r.facts.Ranges[pool]
		said := why(r.facts, "TCP's dynamic port range (IPv6)")
		if read != (c.want == "") || !strings.Contains(said, c.want) || (said == "") != (c.want == "") || strings.ContainsFunc(said, unprintable) {
			t.Errorf("%s: %v, %q", name, r.facts.Ranges, said)
		}
		if len(r.facts.Ranges) < 3 || r.facts.Ranges[tcpip.Pool{Transport: tcpip.UDP, Family: tcpip.IPv6}] != tcpip.DefaultPortRange {
			t.Errorf("%s: the others are lost: %v", name, r.facts.Ranges)
		}
	}
}

// Excluded ranges are all there or none, since a port in none of them counts as one
// that is handed out.
func TestExclusionsAreWholeOrMissing(t *testing.T) {
	for _, p := range tcpip.PortRanges {
		for name, c := range map[string]struct {
			output string
			ok     bool
			want   string // part of the error
		}{
			"failed":        {"---- ----\r\n", false, showExcluded(p.Pool).line},
			"empty":         {"", true, "no table"},
			"past 65535":    {"---- ----\r\n 65000 70000\r\n", true, "65000 70000"},
			"upside down":   {"---- ----\r\n 50059 50000\r\n", true, "50059 50000"},
			"three numbers": {"---- ----\r\n 50000 50059 7\r\n", true, ""},
			"none":          {"---- ----\r\n\r\n * - Verwaltete Portausschl\x81sse.\r\n", true, ""},
		} {
			r := &factsRead{printed: printedBut(showExcluded(p.Pool), c.output, c.ok)}
			got, err := r.exclusions()
			if c.want == "" {
				if err != nil || len(got) != 3 {
					t.Errorf("%s, %s: %v, %v", p.Pool, name, got, err)
				}
			} else if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v, %v", p.Pool, name, got, err)
			}
		}
	}
}

// An excluded range as wide as the pool is what it is; the judgement is another's.
func TestExclusionAsWideAsThePool(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022(), winsim.DomainLogonNeedsPort(false))
	sim.SetPorts(tcpstack.Range{Start: 50000, Number: 255}, tcpstack.Range{Start: 50000, Number: 255})
	f := readFacts(t, sim, audit.PartRanges|audit.PartExcluded)
	pool := tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv4}
	if len(f.Excluded) == 0 || f.Excluded[0].Pool != pool || f.Excluded[0].Ports != f.Ranges[pool] || f.Excluded[0].Ports.Number != 255 {
		t.Errorf("%v, %v", f.Ranges, f.Excluded)
	}
}

// Netsh in other languages and code pages.
func TestRangesInOtherLanguages(t *testing.T) {
	for _, language := range []string{"en", "de", "fr", "ja"} {
		for seed := int64(1); seed <= 4; seed++ {
			for _, profile := range []winsim.Profile{winsim.Server2008R2(), winsim.Server2022()} {
				sim := winsim.Start(t, profile, winsim.Language(language), winsim.Seed(seed))
				f := readFacts(t, sim, audit.PartRanges|audit.PartExcluded|audit.PartListeners)
				if len(f.Ranges) != 4 || f.Listeners == nil || f.Excluded == nil && profile.Build != 7601 {
					t.Errorf("%s, seed %d, %s: %s", language, seed, profile.Key, fmt.Sprint(f.Missing))
				}
			}
		}
	}
}

// A host without a shell says so for each part that needs one.
func TestReadFactsWithoutShell(t *testing.T) {
	modern := readFacts(t, winsim.Start(t, winsim.Server2022(), winsim.WithoutShell()), audit.AllParts)
	old := readFacts(t, winsim.Start(t, winsim.Server2008R2(), winsim.WithoutShell()), audit.AllParts)
	for _, part := range []string{"dynamic port ranges", "excluded ranges"} {
		for _, f := range []audit.Facts{modern, old} {
			if !strings.Contains(why(f, part), "no remote shell") {
				t.Errorf("build %d, %s: %+v", f.System.Build, part, f.Missing)
			}
		}
	}
	if !strings.Contains(why(old, "listeners"), "no remote shell") || old.Listeners != nil || modern.Listeners == nil || why(modern, "listeners") != "" {
		t.Errorf("listeners: %+v, %+v", modern.Missing, old.Missing)
	}
	// Without netsh the templates are all there is.
	if len(modern.Templates) != 1 || modern.Templates[0] != tcpip.DefaultPortRange {
		t.Errorf("templates %v", modern.Templates)
	}
}

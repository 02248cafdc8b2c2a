package winhost

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// atTemplates does something right before the templates are read.
func atTemplates(sim *winsim.Host, f func()) {
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if strings.Contains(call.WQL, "MSFT_NetTCPSetting") {
			return winsim.BeforeDo(f)
		}
		return winsim.Proceed
	})
}

// Templates that say something else than netsh are told, whatever the family that they
// speak of; those that agree with it are not asked for.
func TestTemplatesAgainstNetsh(t *testing.T) {
	const parts = audit.PartRanges | audit.PartTemplates
	for _, profile := range []winsim.Profile{winsim.Server2012R2(), winsim.Server2022()} {
		for seed := int64(1); seed <= 8; seed++ {
			sim := winsim.Start(t, profile, winsim.Seed(seed))
			sim.SetPortRange("tcp", "ipv4", tcpstack.Range{Start: 1025, Number: 64511})
			if f := readFacts(t, sim, parts); f.Templates == nil || len(f.Templates) != 0 || f.Missing != nil {
				t.Errorf("%s, seed %d: they agree with a family: %v, %+v", profile.Key, seed, f.Templates, f.Missing)
			}
			other := tcpip.PortRange{Start: 20000, Number: 40000}
			atTemplates(sim, func() { sim.SetPorts(tcpstack.Range{Start: 20000, Number: 40000}) })
			if f := readFacts(t, sim, parts); len(f.Templates) != 1 || f.Templates[0] != other || f.Missing != nil {
				t.Errorf("%s, seed %d: they contradict netsh: %v, %+v", profile.Key, seed, f.Templates, f.Missing)
			}
			if f := readFacts(t, sim, audit.PartTemplates); len(f.Templates) != 1 || f.Templates[0] != other {
				t.Errorf("%s, seed %d: without netsh: %v, %+v", profile.Key, seed, f.Templates, f.Missing)
			}
		}
	}
}

// The range for sockets that share their ports, since 2016.
func TestAutoReuse(t *testing.T) {
	for _, profile := range []winsim.Profile{winsim.Server2012R2(), winsim.Server2016(), winsim.Server2025()} {
		for seed := int64(1); seed <= 4; seed++ {
			sim := winsim.Start(t, profile, winsim.Seed(seed))
			sim.SetAutoReuse(tcpstack.Range{Start: 50000, Number: 10000})
			f := readFacts(t, sim, audit.PartRanges|audit.PartTemplates)
			if has := f.AutoReuse != nil && *f.AutoReuse == (tcpip.PortRange{Start: 50000, Number: 10000}); has != (profile.Build >= 14393) || f.Missing != nil {
				t.Errorf("%s, seed %d: %v, %+v", profile.Key, seed, f.AutoReuse, f.Missing)
			}
		}
	}
}

// Templates that contradict one another are all told; two auto-reuse ranges, and what
// is no range, are not believed at all.
func TestTemplatesThatContradict(t *testing.T) {
	column := func(name string) *regexp.Regexp { return regexp.MustCompile(`(<(?:\w+:)?` + name + `>)[0-9]+`) }
	for name, c := range map[string]struct {
		rewrite func(row int, item string) string
		want    string // the templates in the order of their ports, or part of what is said
	}{
		"one another": {func(row int, item string) string {
			return column(startColumn).ReplaceAllString(item, fmt.Sprintf("${1}%d", 30000+row%2))
		}, "30000-39999 30001-40000"},
		"past 65535":     {func(_ int, item string) string { return column(startColumn).ReplaceAllString(item, "${1}60000") }, "which no machine has"},
		"wrapped":        {func(_ int, item string) string { return column(numberColumn).ReplaceAllString(item, "${1}4294967295") }, "which no machine has"},
		"no number":      {func(_ int, item string) string { return column(numberColumn).ReplaceAllString(item, "${1}many") }, "which no machine has"},
		"a start of 16m": {func(_ int, item string) string { return column(startColumn).ReplaceAllString(item, "${1}16777216") }, "which no machine has"},
		"auto-reuse": {func(row int, item string) string {
			return column(reuseStartColumn).ReplaceAllString(item, fmt.Sprintf("${1}%d", 50000+row))
		}, "two auto-reuse port ranges"},
		"auto-reuse past 65535": {func(_ int, item string) string { return column(reuseStartColumn).ReplaceAllString(item, "${1}65000") }, "auto-reuse: it reports"},
	} {
		sim := winsim.Start(t, winsim.Server2022(), winsim.Seed(1))
		sim.SetAutoReuse(tcpstack.Range{Start: 50000, Number: 10000})
		row := 0
		atTemplates(sim, func() {
			sim.SetPorts(tcpstack.Range{Start: 20000, Number: 10000})
			sim.RewriteItems(func(item string) string { row++; return c.rewrite(row, item) })
		})
		f := readFacts(t, sim, audit.PartRanges|audit.PartTemplates)
		if strings.HasPrefix(c.want, "30000") {
			slices.SortFunc(f.Templates, func(a, b tcpip.PortRange) int { return int(a.Start) - int(b.Start) })
			if strings.Trim(fmt.Sprint(f.Templates), "[]") != c.want || f.Missing != nil {
				t.Errorf("%s: %v, %+v", name, f.Templates, f.Missing)
			}
		} else if f.Templates != nil || f.AutoReuse != nil || !strings.Contains(why(f, "TCP templates"), c.want) {
			t.Errorf("%s: %v, %v, %+v", name, f.Templates, f.AutoReuse, f.Missing)
		}
		if f.Ranges[tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv4}] != tcpip.DefaultPortRange {
			t.Errorf("%s: netsh's is lost: %v", name, f.Ranges)
		}
	}
}

package monitoring

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// guide is where users read which metrics there are.
const guide = "../../templates/guides/windows-socket-stats.md"

// The guide's table is what the program says; what is printed here can be pasted there.
func TestGuideNamesEveryMetric(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, m := range append(Metrics, States) {
		name, series := "`"+m.Name+"`", "-"
		if m.Series != "" {
			series = "`" + strings.Join(append([]string{m.Series}, labels(m)...), "") + "`"
		}
		if m.Name == States.Name {
			name = "`state_…` (nagios), `states` (json)"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", name, series, m.Unit, m.Help)
	}
	if !strings.Contains(string(text), "| --- | --- | --- | --- |\n"+table.String()+"\n") {
		t.Errorf("%s does not have this table:\n%s", guide, table.String())
	}
	for _, format := range []string{"table", "json", "cacti", "prometheus", "nagios"} {
		if !strings.Contains(string(text), "`"+format+"`") {
			t.Errorf("%s does not name the format %s", guide, format)
		}
	}
}

// What a reading costs is what the guide says, under the shapes of one seed: by others
// an enumeration or a shell takes a message more.
func TestRoundTripsOfAReading(t *testing.T) {
	var counts []any
	for _, profile := range []winsim.Profile{winsim.Server2003(), winsim.Server2008R2(), winsim.Server2022()} {
		sim := winsim.Start(t, profile, winsim.Seed(1))
		if r := fleet(t, Options{}, sim).Read(t.Context())[0]; r.Err != nil {
			t.Fatal(r.Err)
		}
		counters := sim.Counters()
		if counters.Connections != 1 || counters.OpenShells+counters.OpenEnumerations != 0 {
			t.Errorf("%s: %+v", profile.Key, counters)
		}
		counts = append(counts, counters.Requests)
	}
	want := fmt.Sprintf("One reading takes %d round trips on Server 2003, %d on 2008 R2 and %d on 2022", counts...)
	if text, err := os.ReadFile(guide); err != nil || !strings.Contains(string(text), want) {
		t.Errorf("the guide does not say %q: %v", want, err)
	}
}

// labels are those of a series besides winrm_host, as the guide writes them.
func labels(m Metric) []string {
	if len(m.labels) == 0 {
		return nil
	}
	return []string{"{" + strings.Join(m.labels, ",") + "}"}
}

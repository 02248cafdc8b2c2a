package monitoring

import (
	"fmt"
	"os"
	"strings"
	"testing"
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

// labels are those of a series besides winrm_host, as the guide writes them.
func labels(m Metric) []string {
	if len(m.labels) == 0 {
		return nil
	}
	return []string{"{" + strings.Join(m.labels, ",") + "}"}
}

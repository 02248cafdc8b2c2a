// Package definitions holds the tests of the monitoring systems' definitions beside it that need none of these systems:
// names, numbers and texts against the program and the guides. scripts/test-monitoring runs the definitions themselves.
package definitions

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/windows-baseline/terraform-provider-windows/internal/monitoring"
)

const guides = "../templates/guides/"

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rule is an alert or a recorded series.
type rule struct {
	Alert, Record, Expr string
	For                 string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) (list []rule) {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []rule }
	}
	if err := yaml.Unmarshal([]byte(read(t, "prometheus/rules.yml")), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		list = append(list, group.Rules...)
	}
	if len(list) < 10 {
		t.Fatalf("there are %d rules", len(list))
	}
	return list
}

// series are the names that the program can print.
func series() map[string]bool {
	names := map[string]bool{monitoring.States.Series: true}
	for _, m := range monitoring.Metrics {
		if m.Series != "" {
			names[m.Series] = true
		}
	}
	return names
}

var (
	texts    = regexp.MustCompile(`"[^"]*"`)
	spans    = regexp.MustCompile(`\[[0-9smhd]+\]|\b[0-9]+[smhd]\b`)
	words    = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	queried  = regexp.MustCompile(`printf "([^{"]+)\{`)
	language = strings.Fields(`and or unless on ignoring group_left offset sum max without absent time rate resets predict_linear
		min_over_time max_over_time present_over_time af destination file`)
)

// A misspelt series is no error to Prometheus: the alert never fires.
func TestRulesAskForSeriesThatExist(t *testing.T) {
	known := series()
	known["node_textfile_mtime_seconds"] = true // node_exporter's textfile collector
	for _, r := range rules(t) {
		if r.Record != "" {
			known[r.Record] = true
		}
	}
	for _, r := range rules(t) {
		asked := words.FindAllString(spans.ReplaceAllString(texts.ReplaceAllString(r.Expr, ""), ""), -1)
		for _, text := range r.Annotations {
			for _, match := range queried.FindAllStringSubmatch(text, -1) {
				asked = append(asked, match[1])
			}
		}
		for _, name := range asked {
			if !known[name] && !slices.Contains(language, name) {
				t.Errorf("%s%s asks for %s, which nobody tells", r.Alert, r.Record, name)
			}
		}
	}
}

// An alert is read at night, by somebody who did not write it.
func TestAlertsTellTheHostAndWhatToDo(t *testing.T) {
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		if !slices.Contains([]string{"info", "warning", "critical"}, r.Labels["severity"]) || r.For == "" {
			t.Errorf("%s: severity %q, for %q", r.Alert, r.Labels["severity"], r.For)
		}
		of := "$labels.winrm_host"
		switch r.Alert {
		case "WindowsProbeStale": // of a file with many hosts
			of = "$labels.instance"
		case "WindowsProbeMissing": // of none
			of = ""
		}
		for _, name := range []string{"summary", "description"} {
			if text := r.Annotations[name]; text == "" || !strings.Contains(text, of) {
				t.Errorf("%s: its %s does not name %s: %q", r.Alert, name, of, text)
			}
		}
	}
}

// rows gives the cells of a guide's table rows whose first cell is a name in backticks that begins as prefix says.
func rows(text, prefix string) map[string][]string {
	found := map[string][]string{}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		name := strings.Trim(strings.TrimSpace(cells[0]), "`")
		if strings.HasPrefix(line, "| `"+prefix) {
			found[name] = cells
		}
	}
	return found
}

func sameNames(t *testing.T, what string, want, got []string) {
	t.Helper()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("%s: want\n%s\ngot\n%s", what, strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
}

func TestGuideToPrometheus(t *testing.T) {
	guide := read(t, guides+"prometheus.md")
	var names []string
	for name := range rows(guide, "windows_") {
		name, _, _ = strings.Cut(name, "{")
		names = append(names, name)
	}
	sameNames(t, "series in the guide", slices.Collect(maps.Keys(series())), names)

	alerts := rows(guide, "Windows")
	var want []string
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		want = append(want, r.Alert)
		cells := alerts[r.Alert]
		if len(cells) != 4 || cells[2] != r.Labels["severity"] {
			t.Errorf("%s has the severity %q; the guide says %q", r.Alert, r.Labels["severity"], cells)
		}
	}
	sameNames(t, "alerts in the guide", want, slices.Collect(maps.Keys(alerts)))
}

// The guide's tables of custom variables and their defaults are those of the definitions.
func TestGuideToNagios(t *testing.T) {
	guide := read(t, guides+"nagios.md")
	defined := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^ +(_[A-Z_]+)[ \t]*(.*)$`).FindAllStringSubmatch(read(t, "nagios/windows-sockets.cfg"), -1) {
		defined[match[1]] = strings.TrimSpace(match[2])
	}
	table := rows(guide, "_")
	sameNames(t, "variables in the guide", slices.Collect(maps.Keys(defined)), slices.Collect(maps.Keys(table)))
	for name, value := range defined {
		want := "none"
		if value != "" {
			want = "`" + value + "`"
		}
		if cells := table[name]; len(cells) == 4 && cells[2] != want {
			t.Errorf("%s is %s; the guide says %s", name, want, cells[2])
		}
	}
	for _, match := range regexp.MustCompile(`\$((?:winrm|windows_sockets)_[a-z_]+)\$`).FindAllStringSubmatch(read(t, "icinga/windows-sockets.conf"), -1) {
		if match[1] != "winrm_host" && !strings.Contains(guide, "`"+match[1]+"`") {
			t.Errorf("the guide does not name Icinga's %s", match[1])
		}
	}
}

// Every range that the guide or a definition shows is one that the program takes.
func TestRangesThatAreShown(t *testing.T) {
	shown := 0
	for _, path := range []string{guides + "nagios.md", "nagios/windows-sockets.cfg", "icinga/windows-sockets.conf", "icinga/windows-hosts.conf"} {
		for _, match := range regexp.MustCompile("[`'\"]([a-z_]+=[@~0-9.:]+)[`'\"]").FindAllStringSubmatch(read(t, path), -1) {
			shown++
			if _, err := monitoring.ParseThreshold(match[1]); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if shown < 10 {
		t.Errorf("%d ranges were found", shown)
	}
}

// What asks hosts again and again must keep in mind who refused its account: without that, a wrong password locks it.
func TestNothingTriesARefusedAccountAgain(t *testing.T) {
	calls := 0
	for _, path := range []string{
		"prometheus/windows-socket-stats.service", "nagios/windows-sockets.cfg", "icinga/windows-sockets.conf", guides + "prometheus.md",
	} {
		text := strings.ReplaceAll(read(t, path), "\\\n", " ")
		for _, call := range regexp.MustCompile(`(?s)object CheckCommand "windows-sockets" .*?\n}|[^\n]*windows-socket-stats [^\n]*--format=(?:prometheus|nagios)[^\n]*`).FindAllString(text, -1) {
			calls++
			for _, flag := range []string{"--password-file", "--refused-file"} {
				if !strings.Contains(call, flag) {
					t.Errorf("%s: no %s in %s", path, flag, call)
				}
			}
		}
	}
	for _, path := range []string{"cacti/README.md", guides + "cacti.md"} { // what the script is told
		if settings := read(t, path); !strings.Contains(settings, "\nrefused-file  = /") {
			t.Errorf("%s: no refused-file in the settings", path)
		}
	}
	if calls != 4 { // the unit's, a line for cron, Nagios' command, Icinga's
		t.Errorf("%d calls were found", calls)
	}
}

// made finds the folders that a guide has made, and how: all words of the command but the folder.
var made = regexp.MustCompile(`(?m)^ *install -d (.*) (/\S+)$`)

// One machine may be all of them. A folder that one guide gives to its user must not be taken by another guide.
func TestGuidesShareNoFolder(t *testing.T) {
	how, by := map[string]string{}, map[string]string{}
	for _, name := range []string{"prometheus.md", "nagios.md", "cacti.md"} {
		for _, match := range made.FindAllStringSubmatch(read(t, guides+name), -1) {
			options, folder := match[1], match[2]
			if other, twice := how[folder]; twice && other != options {
				t.Errorf("%s makes %s with %s, %s with %s", name, folder, options, by[folder], other)
			}
			how[folder], by[folder] = options, name
		}
	}
	// What is kept between calls is nobody else's: who writes there decides which account is not tried.
	for _, path := range []string{"prometheus/windows-socket-stats.service", "nagios/windows-sockets.cfg", "icinga/windows-sockets.conf"} {
		files := regexp.MustCompile(`(?:--refused-file=|_REFUSED_FILE +|refused_file = ")(/[a-z0-9/-]+)`).FindAllStringSubmatch(read(t, path), -1)
		if len(files) == 0 {
			t.Errorf("%s names no refused file", path)
		}
		for _, file := range files {
			folder := file[1][:strings.LastIndex(file[1], "/")]
			if !strings.Contains(how[folder], "-m 0700 -o ") {
				t.Errorf("%s: no guide makes %s for its user alone (%q)", path, folder, how[folder])
			}
		}
	}
}

// The files that the unit names are those that the guide makes.
func TestGuideToTheUnit(t *testing.T) {
	guide := read(t, guides+"prometheus.md")
	names := 0
	for line := range strings.Lines(read(t, "prometheus/windows-socket-stats.service")) {
		for _, file := range regexp.MustCompile(`/(?:etc|var|usr/local)/[A-Za-z0-9_./-]+`).FindAllString(line, -1) {
			names++
			if !strings.Contains(guide, strings.TrimSuffix(file, "/windows-socket-stats")) {
				t.Errorf("the guide does not name %s", file)
			}
		}
	}
	if names < 7 {
		t.Errorf("%d files", names)
	}
}

// Who begins has no program yet; who has copied it wants to know which one runs.
func TestGuidesTellWhereTheProgramComesFrom(t *testing.T) {
	for _, name := range []string{"prometheus.md", "nagios.md", "cacti.md"} {
		guide := read(t, guides+name)
		build, install := strings.Index(guide, "make build "), strings.Index(guide, "install -m 0755 windows-socket-stats /usr/local/bin/")
		if build < 0 || install < build || !strings.Contains(guide, "GOOS=linux GOARCH=amd64 CGO_ENABLED=0 go build -o bin/linux-amd64/ ./cmd/windows-socket-stats") ||
			!strings.Contains(guide, "windows-socket-stats --version") {
			t.Errorf("%s does not tell how to build and to copy the program before it is installed", name)
		}
	}
}

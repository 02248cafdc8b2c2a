package provider

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// coreReport is what a run says of a host, for us to learn from: no name, address,
// account or password is in it, nor what listens there.
type coreReport struct {
	lines  []string
	hidden []string // what must not be in it
	failed bool
}

func (r *coreReport) say(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

// setting says a setting of the provider, or hides it where it tells who or where.
func (r *coreReport) setting(pair string) {
	name, value, _ := strings.Cut(pair, "=")
	switch name {
	case "WINDOWS_USERNAME":
		domain, user, _ := strings.Cut(value, `\`)
		r.hide(value, domain, user)
	case "WINDOWS_PASSWORD", "WINDOWS_CA_CERTIFICATE", "WINDOWS_TLS_SERVER_NAME":
		r.hide(value)
	default:
		r.say("setting: %s", pair)
	}
}

// hide adds a text that the report may not have; of mail01:5986 also the name alone.
func (r *coreReport) hide(texts ...string) {
	for _, text := range texts {
		r.hidden = append(r.hidden, text)
		if bare := regexp.MustCompile(`:\d+$`).ReplaceAllString(text, ""); bare != text {
			r.hidden = append(r.hidden, bare)
		}
	}
}

func (r *coreReport) step(name string, took time.Duration, err error) {
	if err == nil {
		r.say("step %s: ok, %.1f s", name, took.Seconds())
		return
	}
	r.failed = true
	r.say("step %s: FAILED, %.1f s: %s", name, took.Seconds(), err)
}

func (r *coreReport) before(a coreAudit) {
	r.hide(a.System.Name)
	r.say("windows: %s, %s, build %d, %s, %s", a.System.Caption, a.System.Version, a.System.Build, a.System.Product, a.System.Role)
	for _, attribute := range slices.Sorted(maps.Keys(a.state())) {
		r.say("before: %s = %s", attribute, a.state()[attribute])
	}
	count := map[string]int{}
	for _, f := range a.Findings {
		count[f.Code]++
	}
	for _, code := range slices.Sorted(maps.Keys(count)) {
		r.say("finding: %s, %d", code, count[code])
	}
	for _, note := range a.Notes {
		r.say("not read: %s", note)
	}
}

func (r *coreReport) stats(s coreStats) {
	r.say("sockets: by %s: total %d, active %d, stale %d, listening %d", s.Method, s.Total, s.Active, s.Stale, s.Listening)
	if s.Pool != nil {
		r.say("pool: %d ports, %d in use", s.Pool.Number, s.Pool.InUse)
	}
	for _, note := range s.Notes {
		r.say("not counted: %s", note)
	}
}

// warn keeps a warning once.
func (r *coreReport) warn(text string) {
	if line := "warning: " + text; !slices.Contains(r.lines, line) {
		r.lines = append(r.lines, line)
	}
}

// text is the report without what is hidden, longer texts first; each item on one line.
func (r *coreReport) text() string {
	var text strings.Builder
	for _, line := range r.lines {
		text.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
	}
	hidden := slices.DeleteFunc(slices.Clone(r.hidden), func(s string) bool { return len(s) < 2 })
	slices.SortFunc(hidden, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	clean := text.String()
	for _, secret := range hidden {
		clean = regexp.MustCompile("(?i)"+regexp.QuoteMeta(secret)).ReplaceAllLiteralString(clean, "(hidden)")
	}
	return clean
}

func (r *coreReport) write(path string) error {
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(r.text()), 0o600)
}

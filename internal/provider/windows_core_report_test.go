package provider

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// coreReport is what a run says of a host, for us to learn from. A line is made of fields
// that can hold no name, address, account or password, or of words (coreWords) that are
// known to be none.
type coreReport struct {
	lines   []coreLine
	secrets []string        // hidden wherever they stand in a text
	names   map[string]bool // hidden where they are a word, in lower case
}

// coreLine is a line of a report: fields that are safe, and a text that may not be.
type coreLine struct {
	safe, text string
}

func (r *coreReport) say(format string, args ...any) {
	r.lines = append(r.lines, coreLine{safe: fmt.Sprintf(format, args...)})
}

func (r *coreReport) quote(text, format string, args ...any) {
	r.lines = append(r.lines, coreLine{fmt.Sprintf(format, args...), text})
}

const (
	coreSwitch   = `true|false|1|0`
	coreDuration = `(?:\d{1,6}(?:ms|s|m|h)){1,3}`
)

// coreSaid are the settings whose value a report may have, and what such a value looks
// like; of the others it says that they are set.
var coreSaid = map[string]*regexp.Regexp{
	"HTTPS": only(coreSwitch), "INSECURE": only(coreSwitch), "ALLOW_UNENCRYPTED_BASIC": only(coreSwitch),
	"AUTH":    only("negotiate|ntlm|kerberos|basic|certificate"),
	"TIMEOUT": only(coreDuration), "CONNECT_TIMEOUT": only(coreDuration), "MAX_RETRIES": only(`\d{1,3}`),
	"USERNAME": nil, "PASSWORD": nil, "CA_CERTIFICATE": nil, "TLS_SERVER_NAME": nil,
}

func only(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// setting says a setting of the provider, as NAME=value, or only that it is set.
func (r *coreReport) setting(pair string) {
	name, value, _ := strings.Cut(pair, "=")
	switch name {
	case "WINDOWS_PASSWORD":
		if len(value) > 2 {
			r.secrets = append(r.secrets, value)
		}
		r.hide(value)
	case "WINDOWS_USERNAME", "WINDOWS_TLS_SERVER_NAME":
		r.hide(value)
	}
	pattern, known := coreSaid[strings.TrimPrefix(name, "WINDOWS_")]
	switch {
	case !known: // no variable of the provider, or one that this report does not know yet
	case pattern != nil && pattern.MatchString(value):
		r.say("setting: %s", pair)
	default:
		r.say("setting: %s is set", name)
	}
}

// hide adds names and all parts of them: mail01.contoso.com:5986, svc-tf@contoso.com,
// CONTOSO\svc-tf.
func (r *coreReport) hide(names ...string) {
	if r.names == nil {
		r.names = map[string]bool{}
	}
	for _, name := range names {
		name = strings.ToLower(name)
		r.names[name] = true
		for _, part := range strings.FieldsFunc(name, func(c rune) bool { return strings.ContainsRune(`\@/[] `, c) }) {
			bare := regexp.MustCompile(`:\d+$`).ReplaceAllString(part, "") // without a port
			labels := []string{part, bare}
			if _, err := netip.ParseAddr(bare); err != nil {
				labels = append(labels, strings.Split(bare, ".")...)
			}
			for _, label := range labels {
				r.names[label] = true
			}
		}
	}
	delete(r.names, "")
}

func (r *coreReport) step(name string, took time.Duration, err error) {
	if err == nil {
		r.say("step %s: ok, %.1f s", name, took.Seconds())
		return
	}
	r.quote(err.Error(), "step %s: FAILED, %.1f s: ", name, took.Seconds())
}

// The forms of what Windows says of itself and of a value.
var (
	coreCaption = only(`Microsoft[\p{L}\p{N} (),.®™-]{1,80}`)
	coreVersion = only(`\d+(?:\.\d+)*`)
	coreRole    = only(`[a-z ]{1,40}`)
	coreFound   = only(`absent|\d+\+\d+|REG_[A-Z_]+(?: \d+| "\d*")?`)
)

// fits is a text of that form; of any other its first word, if that is a registry type.
func fits(form *regexp.Regexp, text string) string {
	if text == "" || form.MatchString(text) {
		return text
	}
	first, _, _ := strings.Cut(text, " ")
	if first != text && only(`REG_[A-Z_]+`).MatchString(first) {
		return first + " (hidden)"
	}
	return "(hidden)"
}

func (r *coreReport) before(a coreAudit) {
	r.hide(a.System.Name)
	r.say("windows: %s, %s, build %d, %s, %s", fits(coreCaption, a.System.Caption), fits(coreVersion, a.System.Version), a.System.Build,
		fits(coreRole, a.System.Product), fits(coreRole, a.System.Role))
	state := a.state()
	for _, attribute := range slices.Sorted(maps.Keys(state)) {
		r.say("before: %s = %s", attribute, fits(coreFound, state[attribute]))
	}
	count := map[string]int{}
	for _, f := range a.Findings {
		count[f.Code]++
	}
	for _, code := range slices.Sorted(maps.Keys(count)) {
		r.say("finding: %s, %d", code, count[code])
	}
	for _, note := range a.Notes {
		r.quote(note, "not read: ")
	}
}

func (r *coreReport) stats(s coreStats) {
	r.say("sockets: by %s: total %d, active %d, stale %d, listening %d", fits(coreRole, s.Method), s.Total, s.Active, s.Stale, s.Listening)
	if s.Pool != nil {
		r.say("pool: %d ports, %d in use", s.Pool.Number, s.Pool.InUse)
	}
	for _, note := range s.Notes {
		r.quote(note, "not counted: ")
	}
}

// warn keeps a warning once.
func (r *coreReport) warn(text string) {
	if line := (coreLine{"warning: ", text}); !slices.Contains(r.lines, line) {
		r.lines = append(r.lines, line)
	}
}

// text is the report; each item is on one line.
func (r *coreReport) text() string {
	secrets := slices.SortedFunc(slices.Values(r.secrets), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var text strings.Builder
	for _, line := range r.lines {
		text.WriteString(strings.TrimSpace(line.safe+coreWords(line.text, secrets, r.names)) + "\n")
	}
	return text.String()
}

func (r *coreReport) write(path string) error {
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(r.text()), 0o600)
}

package monitoring

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Status is the exit code of a Nagios plugin.
type Status int

// The states (Monitoring Plugins development guidelines, "Plugin Return Codes").
const (
	OK       Status = 0
	Warning  Status = 1
	Critical Status = 2
	Unknown  Status = 3
)

func (s Status) String() string {
	return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[s]
}

// worse orders states as the Monitoring Plugins do where several are put together:
// what is known to be wrong comes before what is not known.
func worse(a, b Status) Status {
	order := []Status{OK, Unknown, Warning, Critical}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// service is what the plugin calls itself in its first line.
const service = "SOCKETS"

// WriteNagios writes the result of a plugin: a line with the worst state and, of
// several hosts, a line for each, with performance data of them all.
func WriteNagios(w io.Writer, readings []Reading, limits Thresholds) (Status, error) {
	status := OK
	var lines, data, bad []string
	for i := range readings {
		verdict, text := judge(&readings[i], limits)
		status = worse(status, verdict)
		if verdict != OK {
			bad = append(bad, readings[i].Host)
		}
		prefix := ""
		if len(readings) > 1 {
			prefix = readings[i].Host + "/"
			text = verdict.String() + " - " + text
		}
		lines = append(lines, text)
		data = append(data, performance(&readings[i], limits, prefix)...)
	}
	first := strings.Join(lines, "")
	if len(readings) > 1 {
		first = fmt.Sprintf("%d hosts", len(readings))
		if len(bad) > 0 {
			first += " (" + strings.Join(bad, ", ") + ")"
		}
	}
	text := fmt.Sprintf("%s %s - %s | %s\n", service, status, first, strings.Join(data, " "))
	if len(readings) > 1 {
		text += strings.Join(lines, "\n") + "\n"
	}
	_, err := io.WriteString(w, text)
	return status, err
}

// WrongUse is the one line that a plugin prints where it cannot begin.
func WrongUse(w io.Writer, reason string) error {
	_, err := fmt.Fprintf(w, "%s %s - %s\n", service, Unknown, plain(reason))
	return err
}

// judge gives a host's state and a text for it.
func judge(r *Reading, limits Thresholds) (Status, string) {
	if r.Err != nil {
		status := Unknown
		if r.silent() {
			status = Critical
		}
		return status, plain(r.Host + ": " + r.Failure())
	}
	status := OK
	var reasons []string
	for _, level := range []struct {
		status Status
		list   []Threshold
	}{{Critical, limits.Critical}, {Warning, limits.Warning}} {
		for _, t := range level.list {
			number, known := t.Metric.Of(r)
			switch {
			case !known:
				status = worse(status, Unknown)
				reasons = append(reasons, fmt.Sprintf("%s is not known%s", t.Metric.Name, because(r)))
			case t.Range.Alerts(number):
				status = worse(status, level.status)
				reasons = append(reasons, fmt.Sprintf("%s is %s (%s: %s)", t.Metric.Name, decimal(number), strings.ToLower(level.status.String()), t.Range))
			}
		}
	}
	text := fmt.Sprintf("%s: %d active, %d stale", r.Host, r.Sockets.Active, r.Sockets.Stale)
	if p := r.Sockets.Pool; p != nil {
		text += fmt.Sprintf(", %d of %d ports in use (%.1f %%)", p.InUse, p.InUse+p.Free, 100*p.Utilisation)
	}
	if len(r.Pending) > 0 {
		text += ", awaiting a restart: " + strings.Join(r.Pending, ", ")
	}
	if len(reasons) > 0 {
		text += " - " + strings.Join(slices.Compact(reasons), " - ")
	}
	return status, plain(text)
}

// because gives the notes of what is missing, in brackets.
func because(r *Reading) string {
	if notes := r.notes(); len(notes) > 0 {
		return " (" + strings.Join(notes, ", ") + ")"
	}
	return ""
}

// performance gives the performance data: 'label'=value[unit];warning;critical;min;max.
// Only the first range of each level fits; graphs draw it.
func performance(r *Reading, limits Thresholds, prefix string) (data []string) {
	metrics := Metrics
	for _, t := range slices.Concat(limits.Warning, limits.Critical) {
		if !slices.ContainsFunc(metrics, func(m Metric) bool { return m.Name == t.Metric.Name }) {
			metrics = append(slices.Clip(metrics), t.Metric) // a state
		}
	}
	for _, m := range metrics {
		number, known := m.Of(r)
		if !known {
			continue
		}
		least, most := "0", ""
		if m.Unit == Ratio || m.Unit == YesNo {
			most = "1"
		}
		data = append(data, fmt.Sprintf("'%s%s'=%s%s;%s;%s;%s;%s", prefix, m.Name, decimal(number), m.uom(),
			first(on(limits.Warning, m.Name)), first(on(limits.Critical, m.Name)), least, most))
	}
	return data
}

// uom is the unit of measurement as performance data has it.
func (m Metric) uom() string {
	switch {
	case m.Kind == Counter:
		return "c"
	case m.Unit == Seconds:
		return "s"
	default:
		return ""
	}
}

func first(ranges []Range) string {
	if len(ranges) == 0 {
		return ""
	}
	return ranges[0].String()
}

// plain is a text without what a plugin's output gives a meaning to: the bar that
// begins performance data, line ends, and the semicolon, of which Nagios makes a colon
// (nagioscore issue 652).
func plain(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("|", "/", ";", ",").Replace(text)), " ")
}

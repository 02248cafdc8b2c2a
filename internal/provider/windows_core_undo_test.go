package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// How long the steps may take, putting back after them, and a command that was asked to
// end. The sum is below the -timeout of scripts/test-windows, which would put back nothing.
const (
	coreTime     = 15 * time.Minute
	coreBackTime = 5 * time.Minute
	coreEndTime  = time.Minute
)

var errInterrupted = errors.New("interrupted")

// coreRecord is what puts the host back after this run, whatever becomes of it. It is
// written to a file before the host is, and goes when the host is as it was: a later run
// that finds it puts the host back first.
type coreRecord struct {
	Host    string              `json:"host"`
	Started time.Time           `json:"started"`         // by this machine's clock, as the journal's since
	Owner   string              `json:"owner,omitempty"` // of the journal, from the end of create on
	Values  []coreFoundValue    `json:"values"`
	Ranges  map[string]coreSpan `json:"ranges,omitempty"` // of TCP, by family, where they are set
}

// coreFoundValue is a value of the registry as it was before.
type coreFoundValue struct {
	Attribute string `json:"attribute"`
	Name      string `json:"name"`
	Found     string `json:"found"`
	Number    *int64 `json:"number,omitempty"` // of a REG_DWORD; null where the value was absent
}

// recorded is what there is to put back of what the core chose.
func (k *core) recorded() *coreRecord {
	r := &coreRecord{Host: k.host, Started: time.Now().UTC()}
	for _, choice := range k.chosen {
		r.Values = append(r.Values, coreFoundValue{choice.Attribute, choice.ValueName, choice.found, k.before.Values[choice.Attribute].Number})
	}
	if _, ok := k.pool(); ok {
		r.Ranges = k.before.Ranges["tcp"]
	}
	return r
}

// lines put back by hand what differs from the record; all of it where the host could not
// be read (nil).
func (r *coreRecord) lines(now *coreAudit) (lines []string) {
	key := `"HKLM\` + tcpip.KeyPath + `"`
	for _, value := range r.Values {
		switch {
		case now != nil && now.Values[value.Attribute].Found == value.Found:
		case value.Number != nil:
			lines = append(lines, fmt.Sprintf("reg add %s /v %s /t REG_DWORD /d %d /f", key, value.Name, *value.Number))
		default:
			lines = append(lines, fmt.Sprintf("reg delete %s /v %s /f", key, value.Name))
		}
	}
	for _, family := range []string{"ipv4", "ipv6"} {
		if span, ok := r.Ranges[family]; ok && (now == nil || now.Ranges["tcp"][family] != span) {
			lines = append(lines, fmt.Sprintf("netsh int %s set dynamicport tcp start=%d num=%d store=persistent", family, span.Start, span.Number))
		}
	}
	if now == nil || now.unowned() != nil {
		lines = append(lines, `reg delete "HKLM\SOFTWARE\terraform-provider-windows" /f`)
	}
	return lines
}

// ours tells whether the journal on the host is that of the run that the record is about.
// A run that died while it created does not know its owner: then the journal has to be
// of that run's time, and remember what the record does.
func (r *coreRecord) ours(now coreAudit) bool {
	if now.Managed == nil {
		return false
	}
	if r.Owner != "" {
		return now.Managed.Owner == r.Owner
	}
	since, err := time.Parse(time.RFC3339, now.Managed.Since)
	begin := r.Started.Truncate(time.Second)
	if err != nil || since.Before(begin) || since.After(begin.Add(coreTime)) || len(now.Managed.Original) == 0 {
		return false
	}
	found := map[string]string{}
	for _, value := range r.Values {
		found[value.Attribute] = value.Found
	}
	for family, span := range r.Ranges {
		found["dynamic_port_range.tcp."+family] = span.String()
	}
	for attribute, original := range now.Managed.Original {
		if found[attribute] != original {
			return false
		}
	}
	return true
}

// promises says how the host is put back, and keeps it in a file, before it is written.
func (k *core) promises() error {
	k.record = k.recorded()
	k.t.Logf("Should this run be cut off, by a power cut or kill -9: run it again, it puts the host back first. Or by hand, in a command prompt with full rights on the host:\n  %s",
		strings.Join(k.record.lines(nil), "\n  "))
	return k.keeps()
}

// keeps writes the record to its file.
func (k *core) keeps() error {
	if k.notes == "" {
		return nil
	}
	text, err := json.MarshalIndent(k.record, "", "  ")
	if err == nil {
		err = os.WriteFile(k.notes, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("what puts the host back cannot be kept: %w", err)
	}
	return nil
}

// forgets removes the record: the host is as it was.
func (k *core) forgets() error {
	k.managed = false
	if k.notes == "" {
		return nil
	}
	if err := os.Remove(k.notes); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// finishes puts back what a run before this one left, which only its record can tell.
func (k *core) finishes() error {
	text, err := os.ReadFile(k.notes)
	if k.notes == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var earlier coreRecord
	if err == nil {
		err = json.Unmarshal(text, &earlier)
	}
	if err == nil && (len(earlier.Values) == 0 || !strings.EqualFold(earlier.Host, k.host)) {
		err = errors.New("it is not about this host")
	}
	if err != nil {
		return fmt.Errorf("refused: what an earlier run left cannot be read from %s (%w): nothing was written. Where the host is as it should be, remove that file", k.notes, err)
	}
	if k.before.Managed != nil && !earlier.ours(k.before) {
		return nil // the owner that manages it now took over; looks refuses
	}
	if earlier.ours(k.before) {
		begin := time.Now()
		err = k.rescues()
		k.report.step("put back after an earlier run", time.Since(begin), err)
		audit, unread := k.audit()
		if err = errors.Join(err, unread); err != nil {
			return fmt.Errorf("the run of %s was cut off, and cannot be put back: %w\nBy hand, in a command prompt with full rights on the host:\n  %s", earlier.Started.Format(time.RFC3339), err, strings.Join(earlier.lines(nil), "\n  "))
		}
		k.before = audit
	}
	lines := earlier.lines(&k.before)
	if managed := k.before.unowned(); managed != nil {
		return fmt.Errorf("refused: after the run of %s, which was cut off, %w: nothing was written", earlier.Started.Format(time.RFC3339), managed)
	}
	if len(lines) > 0 {
		return fmt.Errorf("refused: the run of %s was cut off, and the host is not as it was before: nothing was written. Put it back by hand, in a command prompt with full rights on the host:\n  %s\nor, if it is as it should be, remove %s", earlier.Started.Format(time.RFC3339), strings.Join(lines, "\n  "), k.notes)
	}
	k.t.Logf("The host is as it was before the run of %s, which was cut off.", earlier.Started.Format(time.RFC3339))
	return k.forgets()
}

// rescues restores by the journal alone, which needs no state: an import adopts it, a
// destroy restores what it remembers.
func (k *core) rescues() error {
	p, _ := tcpip.ByAttribute(coreParameters[0].attribute)
	if err := k.folder("rescue", fmt.Sprintf("resource \"windows_tcpip_tuning\" \"core\" {\n  host = var.host\n  %s = %d\n}\n", p.Attribute, coreParameters[0].numbers[0])); err != nil {
		return err
	}
	if _, err := k.exits(0, "rescue", "import", "-input=false", "windows_tcpip_tuning.core", k.host); err != nil {
		return err
	}
	_, err := k.exits(0, "rescue", "destroy", "-auto-approve", "-input=false", "-json")
	return err
}

// putBack is called when the steps did not come to their end. It destroys what is left,
// by state or else by the journal, in a time of its own, and gives the lines that put back
// by hand what differs all the same; none if the host is as it was.
func (k *core) putBack() (lines []string) {
	if !k.managed {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), coreBackTime)
	defer cancel()
	k.ctx = ctx
	k.report.step("destroy after a failure", 0, k.destroys())
	now, err := k.audit()
	if err == nil && k.record.ours(now) {
		k.report.step("destroy by the journal", 0, k.rescues())
		now, err = k.audit()
	}
	if err != nil {
		return k.record.lines(nil)
	}
	if lines = k.record.lines(&now); len(lines) == 0 {
		if err := k.forgets(); err != nil {
			k.t.Log(err)
		}
	}
	return lines
}

// coreSignals end a run: Ctrl-C, a service that is stopped, a terminal that is closed, and
// one that nobody reads any more.
var coreSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE}

// attempt runs the steps until one fails, a signal comes or the time is over. Whatever
// ends them, a test that gives up or a panic too, the host is put back, or it is said what
// is left to do, and the report is written.
func (k *core) attempt(report string) {
	// It is never stopped: neither a second signal nor words that nobody reads may end the
	// process before the host is put back and the process's folders are removed.
	signalled, _ := signal.NotifyContext(context.Background(), coreSignals...)
	ctx, cancel := context.WithTimeout(signalled, coreTime)
	defer cancel()
	k.ctx = ctx
	defer func() {
		if err := k.report.write(report); err != nil {
			k.t.Error(err)
		}
		k.t.Logf("The report:\n%s", k.report.text())
	}()
	defer k.leaves()
	err := k.steps()
	switch {
	case signalled.Err() != nil:
		k.t.Errorf("Interrupted (%v). What was written is put back now; wait for it.", err)
	case err != nil:
		k.t.Error(err)
	}
}

// leaves puts the host back where the steps did not, and says how it is then.
func (k *core) leaves() {
	k.t.Helper()
	managed := k.managed
	lines, known := []string(nil), false
	defer func() {
		if managed && !known {
			lines = k.record.lines(nil)
		}
		switch {
		case len(lines) > 0:
			k.t.Errorf("The host is NOT as it was before. Run this again, it puts the host back first; or put it back by hand, in a command prompt with full rights on the host:\n  %s", strings.Join(lines, "\n  "))
		case managed:
			k.t.Log("The host is as it was before.")
		case k.t.Failed():
			k.t.Log("Nothing is left to put back.")
		}
	}()
	lines = k.putBack()
	known = true
}

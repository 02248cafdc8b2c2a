package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// The steps of the suite's core, for a real Windows machine as well as for a simulated
// one: nothing here knows which it is. Each step is a run of the real command line.

// coreParameters are what the core may write: each takes effect after a restart only.
// The numbers are Windows' default or near it, so that even a restart in the middle
// changes nothing that anybody would notice. MaxUserPort and TcpNumConnections are not
// among them: the one is reported to move the port range at a restart, the other can
// cut WinRM off.
var coreParameters = []coreParameter{
	{"keep_alive_time", []int64{7200000, 7100000, 7000000, 6900000}},
	{"keep_alive_interval", []int64{1000, 1100, 1200, 1300}},
	{"tcp_max_data_retransmissions", []int64{5, 6, 7, 8}},
	{"tcp_timed_wait_delay", []int64{240, 230, 220, 210}},
}

type coreParameter struct {
	attribute string
	numbers   []int64
}

// core is one run of the steps against one host.
type core struct {
	*cli
	host   string
	ranges bool // the dynamic port range of TCP too, which takes effect at once
	report *coreReport
	notes  string          // the file of the record; none if empty
	ctx    context.Context // of the steps, then of putting back

	before  coreAudit
	chosen  []coreChoice // the first is there all the time, the second in the first apply only, the third from the second on
	managed bool         // from the first apply on there may be something to put back
	record  *coreRecord  // of what that is
}

// coreChoice is a parameter with three numbers that are not what was found.
type coreChoice struct {
	tcpip.Parameter
	found   string
	numbers []int64
}

// coreSpan is a port range of the audit.
type coreSpan struct {
	Start  int64 `json:"start_port"`
	Number int64 `json:"number_of_ports"`
}

// coreAudit is what windows_tcpip_settings says, as far as the core looks at it.
type coreAudit struct {
	System struct {
		Caption string `json:"caption"`
		Version string `json:"version"`
		Build   int64  `json:"build"`
		Product string `json:"product_type"`
		Role    string `json:"domain_role"`
		Name    string `json:"computer_name"`
	} `json:"operating_system"`
	Values map[string]struct {
		Name   string  `json:"value_name"`
		Found  string  `json:"found"`
		Type   *string `json:"type"`
		Number *int64  `json:"number"`
	} `json:"values"`
	Ranges  map[string]map[string]coreSpan `json:"port_ranges"`
	Managed *struct {
		Owner    string            `json:"owner"`
		Since    string            `json:"since"`
		Original map[string]string `json:"original"`
	} `json:"managed_by"`
	Findings []struct{ Code, Subject string } `json:"findings"`
	Notes    []string                         `json:"notes"`
}

// state is what was found, by attribute: the values and the ranges.
func (a coreAudit) state() map[string]string {
	found := map[string]string{}
	for attribute, value := range a.Values {
		found[attribute] = value.Found
	}
	for transport, families := range a.Ranges {
		for family, span := range families {
			found["dynamic_port_range."+transport+"."+family] = span.String()
		}
	}
	return found
}

func (s coreSpan) String() string { return fmt.Sprintf("%d+%d", s.Start, s.Number) }

// coreStats is what windows_socket_stats says, as far as the core looks at it.
type coreStats struct {
	Method    string           `json:"collection_method"`
	Total     int64            `json:"total"`
	Active    int64            `json:"active"`
	Stale     int64            `json:"stale"`
	Listening int64            `json:"listening"`
	ByState   map[string]int64 `json:"by_state"`
	Pool      *struct {
		Number      int64   `json:"number_of_ports"`
		InUse       int64   `json:"in_use"`
		Utilisation float64 `json:"utilisation"`
	} `json:"pool"`
	Notes []string `json:"notes"`
}

// folder is a configuration of its own, with its own state. The host's name is a
// variable, so that no file has it.
func (k *core) folder(name, config string) error {
	if err := os.MkdirAll(filepath.Join(k.dir, name), 0o700); err != nil {
		return err
	}
	text := "terraform {\n  required_providers {\n    windows = { source = \"windows-baseline/windows\" }\n  }\n}\n\nvariable \"host\" { type = string }\n\n" + config
	return os.WriteFile(filepath.Join(k.dir, name, "main.tf"), []byte(text), 0o600)
}

// command runs the CLI. Once the context of the run is over it is asked to end, which it
// does when the host has answered, and nothing is started any more.
func (k *core) command(args ...string) (exit int, output string, err error) {
	if k.ctx.Err() != nil {
		return -1, "", errInterrupted
	}
	var out bytes.Buffer
	command := exec.CommandContext(k.ctx, k.path, args...)
	command.Dir, command.Env, command.Stdout, command.Stderr, command.WaitDelay = k.dir, k.env, &out, &out, coreEndTime
	apart(command)
	err = command.Run()
	var status *exec.ExitError
	switch {
	case k.ctx.Err() != nil:
		err = errInterrupted
	case errors.As(err, &status):
		err = nil
	}
	if command.ProcessState == nil {
		return -1, out.String(), err
	}
	return command.ProcessState.ExitCode(), out.String(), err
}

// exits runs a command in a folder, keeps its warnings for the report, and is an error
// unless the command exits as wanted.
func (k *core) exits(want int, folder string, args ...string) (output string, err error) {
	exit, output, err := k.command(append([]string{"-chdir=" + folder}, args...)...)
	for _, warning := range diagnostics(k.t, output, "warning") {
		k.report.warn(warning.Summary + ": " + warning.Detail)
	}
	if err == nil && exit == want {
		return output, nil
	}
	said := ""
	for _, problem := range diagnostics(k.t, output, "error") {
		said += "\n" + problem.Summary + ": " + problem.Detail
	}
	if said == "" {
		said = "\n" + output
	}
	if err != nil {
		return output, fmt.Errorf("%s in %s: %w:%s", strings.Join(args, " "), folder, err, said)
	}
	return output, fmt.Errorf("%s in %s exited with %d, want %d:%s", strings.Join(args, " "), folder, exit, want, said)
}

// output applies a folder and reads its output named value.
func (k *core) output(folder string, value any) error {
	said, err := k.exits(0, folder, "apply", "-auto-approve", "-input=false", "-json")
	if err != nil {
		return err
	}
	var last struct {
		Type    string `json:"type"`
		Outputs struct {
			Value struct {
				Value json.RawMessage `json:"value"`
			} `json:"value"`
		} `json:"outputs"`
	}
	for line := range strings.Lines(said) {
		if err := json.Unmarshal([]byte(line), &last); err == nil && last.Type == "outputs" && len(last.Outputs.Value.Value) > 0 {
			if err := json.Unmarshal(last.Outputs.Value.Value, value); err != nil {
				return fmt.Errorf("the output of %s: %w", folder, err)
			}
			return nil
		}
	}
	return fmt.Errorf("%s has no output: %s", folder, said)
}

func (k *core) audit() (audit coreAudit, err error) {
	if err := k.folder("audit", "data \"windows_tcpip_settings\" \"core\" {\n  host = var.host\n}\n\noutput \"value\" {\n  value = data.windows_tcpip_settings.core\n}\n"); err != nil {
		return audit, err
	}
	return audit, k.output("audit", &audit)
}

// steps are the core, in this order. A step that fails ends it.
func (k *core) steps() error {
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"audit", k.looks}, {"statistics", k.counts}, {"create", k.creates}, {"refresh", k.unchanged},
		{"update", k.updates}, {"drift", k.drifts}, {"destroy", k.destroys}, {"as before", k.restored},
	} {
		begin := time.Now()
		err := step.do()
		k.report.step(step.name, time.Since(begin), err)
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// looks audits the host and refuses one that somebody manages or that was not read
// well enough to know what is there.
func (k *core) looks() (err error) {
	if k.before, err = k.audit(); err != nil {
		return err
	}
	err = k.finishes()
	k.report.before(k.before)
	if err != nil {
		return err
	}
	if err := k.before.unowned(); err != nil {
		return fmt.Errorf("refused: %w: nothing was written", err)
	}
	for _, f := range k.before.Findings {
		if f.Code == "set_by_policy" && isCore(f.Subject) {
			return fmt.Errorf("refused: Group Policy sets %s, and would write it while the steps run: nothing was written", f.Subject)
		}
	}
	for _, candidate := range coreParameters {
		p, _ := tcpip.ByAttribute(candidate.attribute)
		value, ok := k.before.Values[p.Attribute]
		if !ok || value.Type != nil && *value.Type != "REG_DWORD" {
			continue // not read, or of a type that is not ours to touch here
		}
		others := slices.DeleteFunc(slices.Clone(candidate.numbers), func(n int64) bool { return value.Number != nil && *value.Number == n })
		k.chosen = append(k.chosen, coreChoice{p, value.Found, others})
	}
	if len(k.chosen) < 3 {
		return errors.New("refused: fewer than three of the values were read and are absent or a REG_DWORD: nothing was written")
	}
	k.chosen = k.chosen[:3]
	return nil
}

// unowned is an error unless it is known that nobody manages the host.
func (a coreAudit) unowned() error {
	if a.Managed != nil {
		return fmt.Errorf("since %s the owner %s manages this host (there is a journal)", a.Managed.Since, a.Managed.Owner)
	}
	for _, f := range a.Findings {
		if f.Code == "journal_unusable" || f.Code == "journal_copied" || f.Code == "not_read" && f.Subject == "journal" {
			return fmt.Errorf("whether somebody manages this host is not known (%s)", f.Code)
		}
	}
	return nil
}

// isCore tells whether a value's name is one that the core may write.
func isCore(name string) bool {
	p, ok := tcpip.ByValueName(name)
	return ok && slices.ContainsFunc(coreParameters, func(c coreParameter) bool { return c.attribute == p.Attribute })
}

// counts reads the socket table: the parts of it add up, and WinRM itself listens.
func (k *core) counts() error {
	if err := k.folder("stats", "data \"windows_socket_stats\" \"core\" {\n  host = var.host\n}\n\noutput \"value\" {\n  value = data.windows_socket_stats.core\n}\n"); err != nil {
		return err
	}
	var stats coreStats
	if err := k.output("stats", &stats); err != nil {
		return err
	}
	k.report.stats(stats)
	sum := int64(0)
	for _, number := range stats.ByState {
		sum += number
	}
	switch {
	case stats.Listening < 1:
		return errors.New("no socket listens, not even WinRM's")
	case sum > stats.Total || stats.Active+stats.Stale+stats.Listening > stats.Total:
		return fmt.Errorf("%d sockets in all, %d by state", stats.Total, sum)
	case stats.Pool != nil && (stats.Pool.InUse > stats.Pool.Number || stats.Pool.Utilisation < 0 || stats.Pool.Utilisation > 1):
		return fmt.Errorf("the pool has %d ports, and %d of them in use (%g)", stats.Pool.Number, stats.Pool.InUse, stats.Pool.Utilisation)
	}
	return nil
}

// pool is the range of TCP that the core sets: one port fewer than there was. ok is
// false where ranges are not asked for, or the host's could not be put back.
func (k *core) pool() (span coreSpan, ok bool) {
	found := k.before.Ranges["tcp"]
	if !k.ranges || len(found) != 2 || found["ipv4"] != found["ipv6"] || found["ipv4"].Start < tcpip.MinStartPort || found["ipv4"].Number <= 2*tcpip.MinNumberOfPorts {
		return coreSpan{}, false
	}
	return coreSpan{found["ipv4"].Start + 1, found["ipv4"].Number - 1}, true
}

// manage writes the configuration of the resource.
func (k *core) manage(numbers map[string]int64) error {
	lines := ""
	for _, choice := range k.chosen {
		if number, ok := numbers[choice.Attribute]; ok {
			lines += fmt.Sprintf("  %s = %d\n", choice.Attribute, number)
		}
	}
	if span, ok := k.pool(); ok {
		lines += fmt.Sprintf("  dynamic_port_range = { tcp = { start_port = %d, number_of_ports = %d } }\n", span.Start, span.Number)
	}
	return k.folder("manage", "resource \"windows_tcpip_tuning\" \"core\" {\n  host = var.host\n"+lines+"}\n")
}

// applies applies the resource with these numbers, and demands them of the host, and
// what was there before of every other value.
func (k *core) applies(numbers map[string]int64) error {
	if err := k.manage(numbers); err != nil {
		return err
	}
	k.managed = true
	if _, err := k.exits(0, "manage", "apply", "-auto-approve", "-input=false", "-json"); err != nil {
		return err
	}
	return k.holds(numbers)
}

// holds audits the host: it has these numbers, all else is as it was before, and the
// journal names who manages it.
func (k *core) holds(numbers map[string]int64) error {
	now, err := k.audit()
	if err != nil {
		return err
	}
	want := k.before.state()
	for attribute, number := range numbers {
		want[attribute] = fmt.Sprintf("REG_DWORD %d", number)
	}
	if span, ok := k.pool(); ok && len(numbers) > 0 {
		for _, family := range []string{"ipv4", "ipv6"} {
			want["dynamic_port_range.tcp."+family] = span.String()
		}
	}
	if err := differs(now.state(), want); err != nil {
		return err
	}
	if managed := now.Managed != nil; managed != (len(numbers) > 0) {
		return fmt.Errorf("the host has a journal that counts: %t", managed)
	}
	return nil
}

// differs compares what an audit found with what should be there.
func differs(got, want map[string]string) error {
	var errs []error
	for attribute, text := range want {
		if got[attribute] != text {
			errs = append(errs, fmt.Errorf("%s is %s, want %s", attribute, got[attribute], text))
		}
	}
	if len(got) != len(want) {
		errs = append(errs, fmt.Errorf("%d values and ranges were read, before %d", len(got), len(want)))
	}
	return errors.Join(errs...)
}

func (k *core) creates() error {
	first, second := k.chosen[0], k.chosen[1]
	numbers := map[string]int64{first.Attribute: first.numbers[0], second.Attribute: second.numbers[0]}
	if err := errors.Join(k.manage(numbers), k.promises()); err != nil {
		return err
	}
	if _, err := k.exits(2, "manage", "plan", "-detailed-exitcode", "-input=false", "-json"); err != nil {
		return err
	}
	if err := k.applies(numbers); err != nil {
		return err
	}
	return k.remembersBefore(first, second)
}

// remembersBefore demands of state what was there before, by attribute, and that the
// values await a restart.
func (k *core) remembersBefore(choices ...coreChoice) error {
	text, err := k.exits(0, "manage", "show", "-json")
	if err != nil {
		return err
	}
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Values struct {
						Owner    string            `json:"owner"`
						Original map[string]string `json:"original"`
						Pending  []string          `json:"pending_restart"`
					} `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal([]byte(text), &state); err != nil || len(state.Values.Root.Resources) != 1 {
		return fmt.Errorf("state cannot be read (%w): %s", err, text)
	}
	held := state.Values.Root.Resources[0].Values
	k.record.Owner = held.Owner
	errs := []error{k.keeps()}
	for _, choice := range choices {
		if held.Original[choice.Attribute] != choice.found {
			errs = append(errs, fmt.Errorf("original.%s is %q, found was %q", choice.Attribute, held.Original[choice.Attribute], choice.found))
		}
		if !slices.Contains(held.Pending, choice.Attribute) {
			errs = append(errs, fmt.Errorf("pending_restart is %v and lacks %s", held.Pending, choice.Attribute))
		}
	}
	return errors.Join(errs...)
}

func (k *core) unchanged() error {
	_, err := k.exits(0, "manage", "plan", "-detailed-exitcode", "-input=false", "-json")
	return err
}

// updates changes the first value, releases the second, and takes over the third.
func (k *core) updates() error {
	return errors.Join(k.applies(k.updated()), k.unchanged())
}

func (k *core) updated() map[string]int64 {
	return map[string]int64{k.chosen[0].Attribute: k.chosen[0].numbers[1], k.chosen[2].Attribute: k.chosen[2].numbers[0]}
}

// drifts has a second configuration, which keeps no journal, write another number; the
// plan sees it and the apply mends it. The second state is forgotten: it is not to be
// destroyed, since its notion of before is the first one's number.
func (k *core) drifts() error {
	first := k.chosen[0]
	if err := k.folder("other", fmt.Sprintf("provider \"windows\" {\n  journal = false\n}\n\nresource \"windows_tcpip_tuning\" \"other\" {\n  host = var.host\n  %s = %d\n  on_destroy = \"keep\"\n}\n", first.Attribute, first.numbers[2])); err != nil {
		return err
	}
	if _, err := k.exits(0, "other", "apply", "-auto-approve", "-input=false", "-json"); err != nil {
		return err
	}
	plan, err := k.exits(2, "manage", "plan", "-detailed-exitcode", "-input=false", "-no-color")
	if err != nil {
		return err
	}
	if line := fmt.Sprintf("%d -> %d", first.numbers[2], first.numbers[1]); !strings.Contains(plan, line) {
		return fmt.Errorf("the plan does not show %s: %s", line, plan)
	}
	if _, err := k.exits(0, "manage", "apply", "-auto-approve", "-input=false", "-json"); err != nil {
		return err
	}
	return errors.Join(k.holds(k.updated()), k.unchanged())
}

func (k *core) destroys() error {
	_, err := k.exits(0, "manage", "destroy", "-auto-approve", "-input=false", "-json")
	return err
}

func (k *core) restored() error {
	if err := k.holds(nil); err != nil {
		return err
	}
	return k.forgets()
}

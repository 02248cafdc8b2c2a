package provider

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// The variables by which scripts/test-windows names a real host. Without them the very
// same steps run against simulated ones.
const (
	coreHost   = "WINDOWS_CORE_HOST"   // as the attribute host
	coreRanges = "WINDOWS_CORE_RANGES" // 1: the dynamic port range of TCP too, by one port, at once
	coreOutput = "WINDOWS_CORE_REPORT" // the file to write the report to
	coreCommit = "WINDOWS_CORE_COMMIT" // of the tree, for the report
	coreUndo   = "WINDOWS_CORE_UNDO"   // the file that puts the host back, should the run be cut off
)

// newCore is a run against a host with these settings of the provider, as NAME=value.
func newCore(t *testing.T, host string, ranges bool, settings ...string) *core {
	t.Helper()
	k := &core{cli: newCLI(t, ""), host: host, ranges: ranges, report: &coreReport{}, ctx: context.Background()}
	k.env = append(append(k.env, settings...), "TF_VAR_host="+host)
	k.report.hide(host)
	for _, setting := range settings {
		k.report.setting(setting)
	}
	_, version := k.run("version")
	version, _, _ = strings.Cut(version, "\n")
	k.report.say("with: %s, %s, on %s/%s; commit %s", fits(only(`(?:Terraform|OpenTofu) v\d[\w.-]{0,30}`), version), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		fits(only(`[0-9a-f]{7,40}|unknown`), os.Getenv(coreCommit)))
	return k
}

// coreSettings are the provider's variables that the user has set, but for those that
// would change what the steps mean.
func coreSettings(environment []string) (settings []string) {
	for _, pair := range environment {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "WINDOWS_") && !strings.HasPrefix(name, "WINDOWS_CORE_") && name != "WINDOWS_JOURNAL" && name != "WINDOWS_ON_UNREACHABLE" {
			settings = append(settings, pair)
		}
	}
	return settings
}

// TestAccWindowsCore drives the real command line through audit, statistics, create,
// refresh, update, drift and destroy, and demands that the host is as it was before.
func TestAccWindowsCore(t *testing.T) {
	t.Parallel()
	if host := os.Getenv(coreHost); host != "" {
		k := newCore(t, host, os.Getenv(coreRanges) == "1", coreSettings(os.Environ())...)
		k.notes = os.Getenv(coreUndo)
		k.attempt(os.Getenv(coreOutput))
		return
	}
	t.Run("2022 with ranges", func(t *testing.T) {
		t.Parallel()
		host := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("read"))
		host.SetDWORD("KeepAliveTime", 7200000)
		host.SetString("KeepAliveInterval", "1000") // of a type that the core leaves alone
		k := simulatedCore(t, host, true)
		if err := k.steps(); err != nil {
			t.Fatal(err)
		}
		untouched(t, host, map[string]string{"KeepAliveTime": "REG_DWORD 7200000", "KeepAliveInterval": `REG_SZ "1000"`, "TcpMaxDataRetransmissions": "absent", "TcpTimedWaitDelay": "absent"})
		rangesAre(t, host, usual, usual, usual, usual)
		if programs := host.Counters().Programs["netsh"]; programs == 0 {
			t.Error("no range was set or read")
		}
		guideShows(t, k.report.text())
		reported(t, k, host, "step as before: ok", "before: keep_alive_interval = REG_SZ \"1000\"", "build 20348", "sockets: by wmi", "pool: 16384 ports", "finding: wrong_type, 1")
	})
	t.Run("2003", func(t *testing.T) { // by the script that a user runs
		t.Parallel()
		host := winsim.Start(t, winsim.Server2003(), winsim.Named("RELAY"))
		report := filepath.Join(t.TempDir(), "report.txt")
		exit, said := testWindows(t, host, "--yes", "--report", report, host.HTTPAddr())
		if exit != 0 {
			t.Fatalf("scripts/test-windows exited with %d:\n%s", exit, said)
		}
		untouched(t, host, map[string]string{"KeepAliveTime": "absent", "KeepAliveInterval": "absent", "TcpMaxDataRetransmissions": "absent", "MaxUserPort": "absent"})
		content, err := os.ReadFile(report)
		if err != nil {
			t.Fatal(err)
		}
		clean(t, string(content), host, "step as before: ok", "build 3790", "sockets: by netstat")
		if strings.Contains(said, host.Password()) {
			t.Errorf("the password was printed:\n%s", said)
		}
	})
}

// testWindows runs scripts/test-windows with the account of a host, without a terminal.
// The test program that it runs is this one.
func testWindows(t *testing.T, host *winsim.Host, args ...string) (exit int, said string) {
	t.Helper()
	command := scriptOf(t, host, t.TempDir(), args...)
	out, err := command.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(out)
}

// scriptOf is testWindows before it is started. What it leaves is below folder: state
// has what puts a host back, tmp must be empty afterwards.
func scriptOf(t *testing.T, host *winsim.Host, folder string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(folder, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	terraform := newCLI(t, "").path
	command := exec.CommandContext(t.Context(), "sh", append([]string{filepath.Join("..", "..", "scripts", "test-windows")}, args...)...) // #nosec G204 -- the script under test
	command.Env = append(cleanEnvironment(), "TF_CLI="+terraform, "WINDOWS_CORE_TEST="+program, "WINDOWS_TIMEOUT=30s", "TMPDIR="+tmp,
		"XDG_STATE_HOME="+filepath.Join(folder, "state"), "WINDOWS_USERNAME="+host.Username(), "WINDOWS_PASSWORD="+host.Password())
	return command
}

// Without a yes, or with a mistake, the script does nothing.
func TestAccWindowsCoreScriptRefuses(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	address, report := host.HTTPAddr(), filepath.Join(t.TempDir(), "report.txt")
	for want, args := range map[string][]string{
		"Nobody said yes":           {"--report", report, address},
		"Which host?":               {"--yes", "--report", report},
		"--force is no flag":        {"--yes", "--force", address},
		"One host, not":             {"--yes", address, address},
		"--report wants a file":     {"--yes", address, "--report"},
		"/nowhere/report cannot be": {"--yes", "--report", "/nowhere/report", address},
	} {
		if exit, said := testWindows(t, host, args...); exit != 2 || !strings.Contains(said, want) {
			t.Errorf("%v: exited with %d, want 2 and %q:\n%s", args, exit, want, said)
		}
	}
	if counters := host.Counters(); counters.Writes != 0 || len(counters.Methods) != 0 {
		t.Errorf("the host was asked: %+v", counters)
	}
}

// Where the test does not run, or not to its end, that is no success, and no report of an
// earlier run is taken for this one's.
func TestAccWindowsCoreScriptWithoutATest(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	for program, want := range map[string]string{
		"#!/bin/sh\n": "did not run at all",
		"#!/bin/sh\necho 'step audit: ok, 1.0 s' >\"$WINDOWS_CORE_REPORT\"\n":                       "did not run all its steps",
		"#!/bin/sh\necho 'step as before: ok, 1.0 s' >\"$WINDOWS_CORE_REPORT\"; exit 1\n":           "Read it before you send it",
		"#!/bin/sh\necho 'step as before: ok' >\"$WINDOWS_CORE_REPORT\"; : >\"$WINDOWS_CORE_UNDO\"": "perhaps NOT as it was before",
	} {
		folder := t.TempDir()
		report, path := filepath.Join(folder, "report.txt"), filepath.Join(folder, "program")
		for file, content := range map[string]string{report: "step as before: ok, 1.0 s\n", path: program} {
			if err := os.WriteFile(file, []byte(content), 0o700); err != nil { // #nosec G306 -- one is a program
				t.Fatal(err)
			}
		}
		command := scriptOf(t, host, folder, "--yes", "--report", report, host.HTTPAddr())
		command.Env = append(command.Env, "WINDOWS_CORE_TEST="+path)
		out, err := command.CombinedOutput()
		if err == nil || command.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), want) {
			t.Errorf("%q: %v, want 1 and %q:\n%s", program, err, want, out)
		}
		if content, err := os.ReadFile(report); err != nil || program == "#!/bin/sh\n" && len(content) > 0 {
			t.Errorf("%q: the report is of another run: %s", program, content)
		}
	}
}

// guideShows demands that the beginning of a report in the guide is one.
func guideShows(t *testing.T, report string) {
	t.Helper()
	_, shown, _ := strings.Cut(guide(t, "test-on-your-windows.md"), "```text\n")
	shown, _, found := strings.Cut(shown, "```")
	if !found {
		t.Fatal("the guide shows no report")
	}
	for line := range strings.Lines(shown) {
		if _, versions := strings.CutPrefix(line, "with: "); !versions && !strings.Contains(report, line) {
			t.Errorf("the guide shows %q, the report is\n%s", line, report)
		}
	}
}

func simulatedCore(t *testing.T, host *winsim.Host, ranges bool) *core {
	t.Helper()
	return newCore(t, host.HTTPAddr(), ranges, coreSettings([]string{"WINDOWS_USERNAME=" + host.Username(), "WINDOWS_PASSWORD=" + host.Password(),
		"WINDOWS_TIMEOUT=30s", "WINDOWS_JOURNAL=false", "WINDOWS_CORE_HOST=elsewhere", "TERM=xterm"})...)
}

// reported demands lines of the report and that it has no secret.
func reported(t *testing.T, k *core, host *winsim.Host, want ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.txt")
	if err := k.report.write(path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clean(t, string(content), host, want...)
}

// clean demands lines of a report and that it has no secret.
func clean(t *testing.T, text string, host *winsim.Host, want ...string) {
	t.Helper()
	for _, line := range append(want, "setting: WINDOWS_TIMEOUT=30s") {
		if !strings.Contains(text, line) {
			t.Errorf("the report lacks %q:\n%s", line, text)
		}
	}
	for _, secret := range []string{host.Password(), host.Username(), "svc-terraform", host.HTTPAddr(), "127.0.0.1", host.Name(), "WINDOWS_JOURNAL", "elsewhere", "TERM"} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			t.Errorf("the report has %q:\n%s", secret, text)
		}
	}
}

// Who cannot be known to have the host to himself writes nothing.
func TestAccWindowsCoreRefuses(t *testing.T) {
	t.Parallel()
	const uuid = "8D1C7C2A-51FB-4D0A-9A2B-1B6E8C9D0F11"
	journal := tuning.Journal{Owner: "SOMEBODY", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Machine: tuning.Machine{UUID: uuid, Computer: "MAIL01", Installed: time.Date(2025, 10, 6, 8, 30, 12, 0, time.UTC)},
		Original: tuning.Values{"max_user_port": tuning.DWORD(5000)}}
	for name, tt := range map[string]struct {
		set    func(*winsim.Host)
		want   string
		record string // of an earlier run
	}{
		"another owner": {func(h *winsim.Host) { h.SetKeyString(tuning.JournalKey, tuning.JournalValue, journal.Text()) }, "refused: since 2026-01-02T03:04:05Z the owner SOMEBODY manages this host", ""},
		"another owner since": {func(h *winsim.Host) { h.SetKeyString(tuning.JournalKey, tuning.JournalValue, journal.Text()) }, "refused: since 2026-01-02T03:04:05Z the owner SOMEBODY manages this host",
			`{"host": "HOST", "started": "2026-01-02T03:04:05Z", "owner": "OURS", "values": [{"attribute": "max_user_port", "name": "MaxUserPort", "found": "REG_DWORD 5000", "number": 5000}]}`},
		"what was left, without a journal": {func(h *winsim.Host) { h.SetDWORD("KeepAliveTime", 7200000) }, "Parameters\" /v KeepAliveTime /t REG_DWORD /d 300000 /f\nor, if it is as it should be, remove ",
			`{"host": "HOST", "started": "2026-01-02T03:04:05Z", "values": [{"attribute": "keep_alive_time", "name": "KeepAliveTime", "found": "REG_DWORD 300000", "number": 300000}]}`},
		"a record that is none":         {func(*winsim.Host) {}, "refused: what an earlier run left cannot be read from", "{"},
		"a record of another":           {func(*winsim.Host) {}, "it is not about this host", `{"host": "mail02", "values": [{"attribute": "keep_alive_time"}]}`},
		"a journal that cannot be used": {func(h *winsim.Host) { h.SetKeyString(tuning.JournalKey, tuning.JournalValue, "{") }, "refused: whether somebody manages this host is not known (journal_unusable)", ""},
		"no access to the journal": {func(h *winsim.Host) {
			h.Intercept(func(call winsim.Call) winsim.Action {
				if isJournal(call) {
					return winsim.AccessDenied
				}
				return winsim.Proceed
			})
		}, "refused: whether somebody manages this host is not known", ""},
		"a policy":         {func(h *winsim.Host) { h.SetPolicy(winsim.TCPIPParameters, "KeepAliveTime", 300000, "Baseline") }, "refused: Group Policy sets KeepAliveTime", ""},
		"too little known": {func(h *winsim.Host) { h.SetString("KeepAliveTime", "1"); h.SetQWORD("TcpTimedWaitDelay", 30) }, "refused: fewer than three", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := winsim.Start(t, winsim.Server2022(), winsim.UUID(uuid), winsim.PolicyResults("read"))
			tt.set(host)
			k := simulatedCore(t, host, true)
			if tt.record != "" {
				k.notes = filepath.Join(t.TempDir(), "record.json")
				if err := os.WriteFile(k.notes, []byte(strings.ReplaceAll(tt.record, "HOST", host.HTTPAddr())), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := k.steps(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the steps ended with %v, want %q", err, tt.want)
			}
			if lines := k.putBack(); len(lines) > 0 || host.Counters().Writes > 0 {
				t.Errorf("written: %d; to put back: %q", host.Counters().Writes, lines)
			}
		})
	}
}

// After a failure the host is put back, or what to do is said line by line.
func TestAccWindowsCoreAfterAFailure(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T, broken func(winsim.Call) bool) (*winsim.Host, *core) {
		host := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("read"))
		host.SetDWORD("KeepAliveTime", 300000)
		k := simulatedCore(t, host, true)
		host.Intercept(func(call winsim.Call) winsim.Action {
			if broken(call) {
				return winsim.AccessDenied
			}
			return winsim.Proceed
		})
		return host, k
	}
	t.Run("the update fails", func(t *testing.T) {
		t.Parallel()
		host, k := start(t, func(call winsim.Call) bool {
			return call.Method == "SetDWORDValue" && strings.EqualFold(call.ValueName, "TcpMaxDataRetransmissions")
		})
		if err := k.steps(); err == nil || !strings.HasPrefix(err.Error(), "update: ") {
			t.Errorf("the steps ended with %v", err)
		}
		if lines := k.putBack(); len(lines) > 0 {
			t.Errorf("to put back: %q", lines)
		}
		untouched(t, host, map[string]string{"KeepAliveTime": "REG_DWORD 300000", "KeepAliveInterval": "absent", "TcpMaxDataRetransmissions": "absent"})
		rangesAre(t, host, usual, usual, usual, usual)
		reported(t, k, host, "step update: FAILED", "step destroy after a failure: ok")
	})
	t.Run("nothing can be put back", func(t *testing.T) {
		t.Parallel()
		updated := false
		host, k := start(t, func(call winsim.Call) bool {
			updated = updated || call.Method == "SetDWORDValue" && strings.EqualFold(call.ValueName, "TcpMaxDataRetransmissions")
			return updated && call.Method != "Enumerate" && call.Method != "Pull" && call.Method != "Release"
		})
		k.notes = filepath.Join(t.TempDir(), "record.json")
		if err := k.steps(); err == nil {
			t.Error("the steps did not fail")
		}
		lines := strings.Join(k.putBack(), "\n")
		host.Intercept(nil)
		for _, want := range []string{
			`reg add "HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters" /v KeepAliveTime /t REG_DWORD /d 300000 /f`,
			`reg delete "HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters" /v KeepAliveInterval /f`,
			"netsh int ipv4 set dynamicport tcp start=49152 num=16384 store=persistent", "netsh int ipv6 set dynamicport tcp start=49152 num=16384 store=persistent",
			`reg delete "HKLM\SOFTWARE\terraform-provider-windows" /f`,
		} {
			if !strings.Contains(lines, want) {
				t.Errorf("the lines lack %q:\n%s", want, lines)
			}
		}
		if _, ok := host.Key(journalKey); !ok {
			t.Error("the host was put back all the same: this test tests nothing")
		}
		next := simulatedCore(t, host, false)
		next.notes = k.notes
		putBackFirst(t, next)
		untouched(t, host, map[string]string{"KeepAliveTime": "REG_DWORD 300000", "KeepAliveInterval": "absent", "TcpMaxDataRetransmissions": "absent"})
		rangesAre(t, host, usual, usual, usual, usual)
	})
}

// putBackFirst demands of a run that it puts back what an earlier one left, before its
// own steps, and forgets it.
func putBackFirst(t *testing.T, next *core) {
	t.Helper()
	if _, err := os.Stat(next.notes); err != nil {
		t.Errorf("the run that was cut off left no record: %v", err)
	}
	if err := next.looks(); err != nil {
		t.Errorf("the next run: %v", err)
	}
	if text := next.report.text(); !strings.Contains(text, "step put back after an earlier run: ok") {
		t.Errorf("the next run put nothing back:\n%s", text)
	}
	if _, err := os.Stat(next.notes); err == nil {
		t.Error("the record is still there")
	}
}

// The core writes what its guide and its script say, and nothing that takes effect at once.
func TestWindowsCoreParameters(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("..", "..", "scripts", "test-windows"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"the guide": guide(t, "test-on-your-windows.md"), "the script": string(script)}
	for _, candidate := range coreParameters {
		found := false
		for _, p := range catalogue {
			if p.Attribute != candidate.attribute {
				continue
			}
			found = true
			for name, text := range texts {
				if !strings.Contains(text, p.ValueName) {
					t.Errorf("%s does not name %s", name, p.ValueName)
				}
			}
			if !p.Restart {
				t.Errorf("%s takes effect at once", p.Attribute)
			}
			for _, number := range candidate.numbers {
				if err := p.Check(number); err != nil {
					t.Error(err)
				}
			}
		}
		if !found || len(candidate.numbers) < 4 || candidate.attribute == "max_user_port" || candidate.attribute == "tcp_num_connections" {
			t.Errorf("%s is not for the core: %s", candidate.attribute, fmt.Sprint(candidate.numbers))
		}
	}
}

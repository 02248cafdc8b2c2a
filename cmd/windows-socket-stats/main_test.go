package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call is one run of the program.
type call struct {
	code           int
	stdout, stderr string
}

// stats runs a command line with the account of a simulated host in its environment.
func stats(t *testing.T, sim *winsim.Host, args ...string) call {
	t.Helper()
	return statsIn(t, map[string]string{"WINDOWS_USERNAME": sim.Username(), "WINDOWS_PASSWORD": sim.Password()}, args...)
}

func statsIn(t *testing.T, env map[string]string, args ...string) call {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, console{stdout: &stdout, stderr: &stderr, lookup: func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}})
	return call{code, stdout.String(), stderr.String()}
}

func (c call) is(t *testing.T, code int, stdout, stderr string) {
	t.Helper()
	if c.code != code || !strings.Contains(c.stdout, stdout) || !strings.Contains(c.stderr, stderr) || stderr == "" && c.stderr != "" || stdout == "" && c.stdout != "" {
		t.Errorf("exit code %d, want %d; standard output %q, want %q; standard error %q, want %q", c.code, code, c.stdout, stdout, c.stderr, stderr)
	}
}

func TestFormats(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := sim.HTTPAddr()
	stats(t, sim, "-f", "table", host).is(t, 0, "HOST", "")
	stats(t, sim, "--format=cacti", host).is(t, 0, "active:", "")
	stats(t, sim, "--format=prometheus", host).is(t, 0, fmt.Sprintf("windows_socket_stats_probe_success{winrm_host=%q} 1\n", host), "")
	stats(t, sim, "--format=nagios", host).is(t, 0, "SOCKETS OK - "+host, "")
	got := stats(t, sim, host) // not a terminal
	var documents []map[string]any
	if err := json.Unmarshal([]byte(got.stdout), &documents); err != nil || got.code != 0 || len(documents) != 1 || documents[0]["method"] != "wmi" {
		t.Errorf("%d %v: %s", got.code, err, got.stdout)
	}
	stats(t, sim, "-f", "json", "--method=netstat", host).is(t, 0, `"method": "netstat"`, "")
	username := map[string]string{"WINDOWS_PASSWORD": sim.Password(), "WINDOWS_USERNAME": "not-an-account"}
	statsIn(t, username, "-f", "cacti", "--username", sim.Username(), host).is(t, 0, "active:", "")
	var terminal bytes.Buffer
	if code := run(t.Context(), []string{host}, console{stdout: &terminal, stderr: &terminal, terminal: true, lookup: account(sim)}); code != 0 || !strings.HasPrefix(terminal.String(), "HOST ") {
		t.Errorf("on a terminal: %d, %s", code, terminal.String())
	}
	statsIn(t, nil, "--version").is(t, 0, "windows-socket-stats ", "")
	stats(t, sim, "--max-rows=3", "-f", "table", host).is(t, 1, "has more than 3 sockets (--max-rows)", "")
	stats(t, sim, "--help").is(t, 0, "never from the command line", "")
	if left := sim.Counters(); left.OpenShells+left.OpenEnumerations != 0 {
		t.Errorf("left open: %+v", left)
	}
}

func TestOneOfSeveralFails(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	dead := closedPort(t)
	for format, want := range map[string]string{"json": `"active":`, "prometheus": fmt.Sprintf("probe_success{winrm_host=%q} 0\n", dead)} {
		stats(t, sim, "-f", format, sim.HTTPAddr(), dead).is(t, 1, want, "windows-socket-stats: "+dead+": the connection was refused")
	}
	stats(t, sim, "-f", "table", sim.HTTPAddr(), dead).is(t, 1, dead+": the connection was refused", "")
	stats(t, sim, "-f", "nagios", sim.HTTPAddr(), dead).is(t, 2, "SOCKETS CRITICAL - 2 hosts ("+dead+")", "")
	got := stats(t, sim, "-f", "cacti", dead)
	got.is(t, 1, "active:U stale:U ", dead+": the connection was refused")
	if !strings.Contains(got.stdout, " probe_success:0 ") || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("%q", got.stdout)
	}
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

func TestThresholds(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := sim.HTTPAddr()
	stats(t, sim, "-f", "nagios", "-w", "active=0", "-c", "active=~:100000", host).is(t, 1, "(warning: 0) | ", "")
	stats(t, sim, "-f", "nagios", "-w", "active=0", "-c", "listening=@1:1000", host).is(t, 2, "(critical: @1:1000) - active is ", "")
	stats(t, sim, "-f", "nagios", "-w", "total=0,5", host).is(t, 3, `SOCKETS UNKNOWN - --warning: total: range "0,5"`, "")
}

// What is wrong with a command line is said where the caller looks for it, and no host
// is asked.
func TestWrongUse(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := sim.HTTPAddr()
	for line, want := range map[string]string{
		"":                                    "no host is named",
		"-f yaml HOST":                        "--format=yaml is unknown: use one of table, json, cacti, prometheus, nagios",
		"-f cacti HOST other":                 "--format=cacti prints one host and was given 2",
		"-f nagios -w utilization=1 HOST":     `"utilization" is no metric`,
		"-f nagios -c active=ten HOST":        `--critical: active: range "ten"`,
		"-f nagios -w utilisation=80 HOST":    "for 80 % write 0.8",
		"-f json -w active=1 HOST":            "--warning and --critical are for --format=nagios",
		"-f json --output x HOST":             "--output is for --format=prometheus",
		"-f json --watch 5s HOST":             "--watch is for --format=table",
		"--watch 10ms HOST":                   "--watch must be a second or more",
		"--watch=-5s HOST":                    "--watch must be a second or more",
		"--deadline=-5s HOST":                 "--deadline must be above 0",
		"--deadline soon HOST":                "--deadline",
		"--max-rows 0 HOST":                   "--max-rows must be 1 to 1000000",
		"--parallel 0 HOST":                   "--parallel must be 1 to 1000",
		"--method guess HOST":                 "--method must be one of",
		"--auth kerberos HOST":                "--auth=kerberos is not there yet. This version speaks NTLM and Basic. Use --auth=negotiate",
		"--auth basic HOST":                   "Set --https, or --auth=negotiate, which seals every message. If the network is trusted all the same, --allow-unencrypted-basic permits it",
		"--timeout 60 HOST":                   "--timeout is no usable duration",
		"--max-retries 11 HOST":               "--max-retries is out of range",
		"--tls-server-name x HOST":            "--tls-server-name is set, but --https is not. It has a meaning for HTTPS only. Set --https, or remove it.",
		"--password x HOST":                   "a password is not taken from the command line",
		"--password=x -f nagios HOST":         "a password is not taken from the command line",
		"--password-fd 1 HOST":                "--password-fd 1 is none to read from",
		"--password-fd 12345 HOST":            "--password-fd 12345 cannot be read",
		"--password-fd 0 --password-file x H": "are both given",
		"--ca-certificate-file nix HOST":      "--ca-certificate-file",
		"https://HOST":                        "is a URL",
		"HOST HOST":                           "is named twice",
		"--frmat json HOST":                   "--frmat",
	} {
		args := strings.Fields(strings.ReplaceAll(line, "HOST", host))
		got := stats(t, sim, args...)
		stdout, stderr := "", want
		if strings.Contains(line, "cacti") {
			stdout = "active:U stale:U "
		}
		if strings.Contains(line, "nagios") {
			stdout, stderr = want, ""
			if !strings.HasPrefix(got.stdout, "SOCKETS UNKNOWN - ") {
				t.Errorf("%s: %q", line, got.stdout)
			}
		}
		t.Run(line, func(t *testing.T) { got.is(t, exitWrongUse, stdout, stderr) })
	}
	for _, args := range [][]string{{"--format", "nagios"}, {"--format=nagios"}, {"-fnagios"}, {"-f=nagios"}, {"-f", "nagios"}} {
		stats(t, sim, args...).is(t, 3, "SOCKETS UNKNOWN - ", "")
	}
	if n := sim.Counters().Connections; n != 0 {
		t.Errorf("%d connections", n)
	}
	statsIn(t, nil, "-f", "json", host).is(t, 3, "", "username is missing. Set it by --username or by WINDOWS_USERNAME. password is missing. Set it by --password-file, --password-fd or by WINDOWS_PASSWORD.")
}

func TestPassword(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	user := map[string]string{"WINDOWS_USERNAME": sim.Username(), "WINDOWS_PASSWORD": "not-a-real-password-and-wrong"}
	for name, text := range map[string]string{"plain": sim.Password(), "marked": "\ufeff" + sim.Password() + "\r\n", "a line": sim.Password() + "\n", "of Windows": sim.Password() + "\r\nmore\n"} {
		statsIn(t, user, "-f", "cacti", "--password-file", file(name, text), sim.HTTPAddr()).is(t, 0, "active:", "")
	}
	for name, text := range map[string]string{"": "its first line is empty", "\nsecond line": "its first line is empty", strings.Repeat("x", 1025): "more than 1024 bytes"} {
		statsIn(t, user, "-f", "json", "--password-file", file("bad", name), sim.HTTPAddr()).is(t, 3, "", text)
	}
	statsIn(t, user, "-f", "nagios", "--password-file", filepath.Join(folder, "nowhere"), sim.HTTPAddr()).is(t, 3, "SOCKETS UNKNOWN - --password-file cannot be read: ", "")
	statsIn(t, user, "-f", "nagios", "--password-file", folder, sim.HTTPAddr()).is(t, 3, "cannot be read", "")
	wrong := statsIn(t, user, "-f", "nagios", sim.HTTPAddr())
	if wrong.is(t, 3, "refused the credentials", ""); strings.Contains(wrong.stdout, "and-wrong") {
		t.Errorf("the password is printed: %s", wrong.stdout)
	}
}

func TestHTTPS(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte(sim.CACertificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	stats(t, sim, "-f", "cacti", "--https", "--ca-certificate-file", ca, sim.HTTPSAddr()).is(t, 0, "active:", "")
	stats(t, sim, "-f", "cacti", "--https", sim.HTTPSAddr()).is(t, 1, "active:U", "give a file with its certificate by --ca-certificate-file")
	stats(t, sim, "-f", "cacti", "--https", "--ca-certificate-file", ca, "--tls-server-name=other", sim.HTTPSAddr()).is(t, 1, "active:U", "by --tls-server-name")
	stats(t, sim, "-f", "cacti", "--https", "--insecure", sim.HTTPSAddr()).is(t, 0, "active:", "by --ca-certificate-file instead.")
	stats(t, sim, "-f", "json", "--https", "--ca-certificate-file", os.DevNull, sim.HTTPSAddr()).is(t, 3, "", "is empty; it must hold PEM text")
	env := map[string]string{"WINDOWS_USERNAME": sim.Username(), "WINDOWS_PASSWORD": sim.Password(), "WINDOWS_HTTPS": "true", "WINDOWS_CA_CERTIFICATE": sim.CACertificate(),
		"WINDOWS_ON_UNREACHABLE": "of the provider alone", "WINDOWS_JOURNAL": "likewise"}
	statsIn(t, env, "-f", "cacti", sim.HTTPSAddr()).is(t, 0, "active:", "")
	statsIn(t, env, "-f", "cacti", "--no-https", sim.HTTPAddr()).is(t, 0, "active:", "")
	env["WINDOWS_CA_CERTIFICATE"] = ca
	statsIn(t, env, "-f", "json", sim.HTTPSAddr()).is(t, 3, "", "--ca-certificate-file holds no certificate. The file must hold PEM text")
}

func TestOutput(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	path := filepath.Join(t.TempDir(), "sockets.prom")
	stats(t, sim, "-f", "prometheus", "--output", path, sim.HTTPAddr()).is(t, 0, "", "")
	first := mustRead(t, path)
	if !strings.Contains(first, "probe_success{") || !strings.HasSuffix(first, "\n") {
		t.Errorf("%q", first)
	}
	// A host that fails is news, and in the file.
	stats(t, sim, "-f", "prometheus", "--output", path, closedPort(t)).is(t, 1, "", "refused")
	if second := mustRead(t, path); !strings.Contains(second, "} 0\n") || second == first {
		t.Errorf("%q", second)
	}
	stats(t, sim, "-f", "prometheus", "--output", filepath.Join(path, "x"), sim.HTTPAddr()).is(t, 2, "", "was not written, and what was there before is as it was")
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A host that is too slow for Cacti is unknown in good time.
func TestSlowHost(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if strings.Contains(call.WQL, "MSFT_NetTCPConnection") {
			return winsim.Hang
		}
		return winsim.Proceed
	})
	got := stats(t, sim, "-f", "cacti", "--deadline=1s", sim.HTTPAddr())
	got.is(t, 1, "active:U ", "not done within 1s (--deadline)")
	stats(t, sim, "-f", "nagios", "--deadline=1s", sim.HTTPAddr()).is(t, 2, "SOCKETS CRITICAL - ", "")
	// With what comes after it, the default ends before Cacti's own time-out.
	begin := time.Now()
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "Receive" || call.Method == "Delete" {
			return winsim.Hang
		}
		return winsim.Proceed
	})
	stats(t, sim, "-f", "cacti", "--deadline=1s", sim.HTTPAddr()).is(t, 1, "active:U ", "(--deadline)")
	if left := time.Since(begin) - time.Second; left > 23*time.Second-deadlines[formatCacti] {
		t.Errorf("tidying up took %s", left)
	}
	for format, want := range map[string]time.Duration{"cacti": 15 * time.Second, "nagios": 50 * time.Second, "json": 5 * time.Minute} {
		o := options{Format: format, Hosts: []string{"x"}, MaxRows: 1, Parallel: 1, connection: connection{RefusedFor: time.Hour}}
		if err := o.check(false); err != nil || o.Deadline != want {
			t.Errorf("%s: %v, %s", format, err, o.Deadline)
		}
	}
}

func TestWatch(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	ctx, cancel := context.WithCancel(t.Context())
	out := &until{text: "every 1h0m0s", times: 2, then: cancel}
	var stderr bytes.Buffer
	code := run(ctx, []string{"--watch=1h", sim.HTTPAddr()}, console{stdout: out, stderr: &stderr, terminal: true, lookup: account(sim), after: func(pause time.Duration) <-chan time.Time {
		if pause != time.Hour {
			t.Errorf("a pause of %s", pause)
		}
		over := make(chan time.Time)
		close(over)
		return over
	}})
	if code != 0 || strings.Count(out.String(), clearScreen) < 2 || !regexp.MustCompile(`(?m)^HOST .*\n127\.`).MatchString(out.String()) || stderr.Len() > 0 {
		t.Errorf("%d: %s %s", code, out.String(), stderr.String())
	}
	if n := sim.Counters().Connections; n != 1 {
		t.Errorf("%d connections for two readings", n)
	}
}

func account(sim *winsim.Host) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := map[string]string{"WINDOWS_USERNAME": sim.Username(), "WINDOWS_PASSWORD": sim.Password()}[name]
		return value, ok
	}
}

// until tells when a text was written a number of times.
type until struct {
	bytes.Buffer
	text  string
	times int
	then  func()
}

func (u *until) Write(p []byte) (int, error) {
	n, err := u.Buffer.Write(p)
	if strings.Count(u.String(), u.text) >= u.times {
		u.then()
	}
	return n, err
}

package main

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"WINSIM_SEED", "WINSIM_CONTROL"} {
		_ = os.Unsetenv(name)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}

// startWithAPI starts a host and its control API.
func startWithAPI(t *testing.T, p winsim.Profile, options ...winsim.Option) (host *winsim.Host, address string) {
	t.Helper()
	host = winsim.Start(t, p, append(options, winsim.Seed(1))...)
	c, err := listenControl(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return host, c.addr()
}

// winsimIs runs one command line and compares its exit code and output.
func winsimIs(t *testing.T, args string, code int, want string) {
	t.Helper()
	var out, errors bytes.Buffer
	got := run(t.Context(), strings.Fields(args), &out, &errors)
	if got != code || !strings.Contains(out.String()+errors.String(), want) {
		t.Errorf("winsim %s: exit code %d, want %d with %q\n%s%s", args, got, code, want, out.String(), errors.String())
	}
}

func TestRegAndReboot(t *testing.T) {
	host, address := startWithAPI(t, winsim.Server2022())
	t.Setenv("WINSIM_CONTROL", address)
	const key = "\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\n"
	winsimIs(t, "reg add -v TcpTimedWaitDelay -t REG_DWORD -d 30", 0, "The operation completed successfully.")
	if text, _ := host.Value("TcpTimedWaitDelay"); text != "REG_DWORD 30" {
		t.Errorf("the value is %s", text)
	}
	winsimIs(t, "reg query", 0, "    DataBasePath    REG_EXPAND_SZ    %SystemRoot%\\System32\\drivers\\etc\n")
	winsimIs(t, "reg query -v TCPTIMEDWAITDELAY", 0, key+"    TcpTimedWaitDelay    REG_DWORD    0x1e\n\n")
	winsimIs(t, "reg add -v TcpTimedWaitDelay -t REG_DWORD -d thirty", 1, `"thirty" is no data of type REG_DWORD`)
	winsimIs(t, "reg delete -v TcpTimedWaitDelay", 0, "The operation completed successfully.")
	winsimIs(t, "reg delete -v TcpTimedWaitDelay", 1, "ERROR: The system was unable to find the specified registry key or value.")
	winsimIs(t, "reg query -v TcpTimedWaitDelay", 1, "ERROR: The system was unable to find the specified registry key or value.")
	const ours = `-k SOFTWARE\terraform-provider-windows`
	winsimIs(t, "reg query "+ours, 1, "ERROR: The system was unable to find")
	winsimIs(t, "reg add "+ours+" -v Journal -d garbage", 0, "The operation completed successfully.")
	winsimIs(t, "reg query "+ours, 0, "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\terraform-provider-windows\n    Journal    REG_SZ    garbage\n\n")
	winsimIs(t, "reg delete "+ours, 2, "missing flags")
	winsimIs(t, "reg delete "+ours+" --all", 0, "The operation completed successfully.")
	winsimIs(t, "reg delete "+ours+" --all", 1, "ERROR: The system was unable to find")
	winsimIs(t, "reboot", 0, "The operation completed successfully.")
	winsimIs(t, "counters --reset", 0, `"open_enumerations": 0`)
}

func TestLoadStepAndSockets(t *testing.T) {
	host, address := startWithAPI(t, winsim.Server2003())
	t.Setenv("WINSIM_CONTROL", address)
	winsimIs(t, "sockets", 0, "ephemeral ports 1025-5000: 3976, 0 of them excluded; TIME_WAIT lasts 120 s\nconnections opened: 0, failed: 0\n")
	winsimIs(t, "load 100/s --destinations 3", 0, "The operation completed successfully.")
	winsimIs(t, "step 5m", 0, "The operation completed successfully.")
	winsimIs(t, "sockets", 0, "TIME_WAIT  3972")
	winsimIs(t, "sockets", 0, "event 4231: 5\n")
	winsimIs(t, "load 0/s", 0, "The operation completed successfully.")
	winsimIs(t, "step 3m", 0, "The operation completed successfully.")
	winsimIs(t, "sockets", 0, "  total  39")
	winsimIs(t, "table 200000 --endpoints 150000", 0, "The operation completed successfully.")
	winsimIs(t, "sockets", 0, "TIME_WAIT  150000")
	remotes := map[netip.AddrPort]bool{}
	for _, s := range host.Sockets() {
		remotes[s.Remote] = true
	}
	if len(remotes) != 150000 {
		t.Errorf("%d remote endpoints", len(remotes))
	}
	winsimIs(t, "table 1000001", 1, "rows and endpoints must be 0 to 1000000")
	winsimIs(t, "step 25h", 1, "by must be 0s to 24h0m0s")
	winsimIs(t, "load 100001/s", 2, "no rate of 0/s to 100000/s")
	winsimIs(t, "load 1/s --destinations 255", 1, "there can be 1 to 254")
	winsimIs(t, "serve --load NaN", 2, "no rate")
	winsimIs(t, "serve --destinations 0", 1, "there can be 1 to 254")
}

func TestMistakesOfTheCommandLine(t *testing.T) {
	winsimIs(t, "reg query", 2, "missing flags: --control=ADDR")
	winsimIs(t, "reg query --control=127.0.0.1:1", 1, "is `winsim serve` running?")
	winsimIs(t, "serve --profile server-1999", 1, "use one of server-2003-r2, server-2003, server-2008-r2, server-2012-r2, server-2016, server-2019, server-2022, server-2025")
	winsimIs(t, "serve --listen 192.0.2.1", 1, "loopback")
	winsimIs(t, "serve --ready-file /no/such/folder/file", 1, "/no/such/folder/file")
	winsimIs(t, "--help", 0, "simulated Windows host")
}

// watch stands for standard output: it tells when the host has said that it stopped, and when it is up.
type watch struct {
	bytes.Buffer
	up func(text string)
}

func (w *watch) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if text := w.String(); w.up != nil && strings.Contains(text, "WINSIM_CA_FILE=") {
		w.up(text)
		w.up = nil
	}
	return n, err
}

func TestServe(t *testing.T) {
	folder := t.TempDir()
	ready, control := filepath.Join(folder, "ready"), filepath.Join(folder, "control")
	ctx, cancel := context.WithCancel(t.Context())
	out := &watch{up: func(string) { cancel() }} // the files come after, and are written all the same
	var errors bytes.Buffer
	code := run(ctx, []string{"serve", "--profile", "server-2003-r2", "--seed", "2", "--name", "old1", "--username", `CONTOSO\o'neill`, "--load", "50/s", "--destinations", "2", "--language", "de", "--without-shell",
		"--ready-file", ready, "--control-file", control}, out, &errors)
	if code != 0 || errors.Len() > 0 || !strings.HasSuffix(out.String(), "stopped\n") || !strings.Contains(out.String(), "OLD1, a simulated Microsoft(R) Windows(R) Server 2003") {
		t.Errorf("exit code %d: %s%s", code, out, errors.String())
	}
	facts := map[string]string{}
	text, err := os.ReadFile(ready)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		facts[name] = value
	}
	if facts["WINSIM_USERNAME"] != `'CONTOSO\o'\''neill'` || facts["WINSIM_PASSWORD"] != "'not-a-real-password-1'" {
		t.Errorf("facts %v", facts)
	}
	for _, name := range []string{"WINSIM_HTTP", "WINSIM_HTTPS", "WINSIM_CONTROL"} {
		if !strings.HasPrefix(facts[name], "'127.0.0.1:") {
			t.Errorf("%s is %s", name, facts[name])
		}
	}
	if address, err := os.ReadFile(control); err != nil || "'"+strings.TrimSpace(string(address))+"'" != facts["WINSIM_CONTROL"] {
		t.Errorf("control file %q, %v", address, err)
	}
	if _, err := os.Stat(strings.Trim(facts["WINSIM_CA_FILE"], "'")); !os.IsNotExist(err) {
		t.Errorf("the CA file stays behind: %v", err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A stepped host's time is that of its steps: at 100,000 connections a second each
// microsecond beside them would count.
func TestServeStepped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var errors bytes.Buffer
	out := &watch{up: func(text string) {
		_, address, _ := strings.Cut(text, "WINSIM_CONTROL='")
		address, _, _ = strings.Cut(address, "'")
		t.Setenv("WINSIM_CONTROL", address)
		winsimIs(t, "sockets", 0, "connections opened: 1, failed: 0\n")
		winsimIs(t, "step 20ms", 0, "The operation completed successfully.")
		for range 2 {
			winsimIs(t, "sockets", 0, "connections opened: 2001, failed: 0\n")
		}
		cancel()
	}}
	if code := run(ctx, []string{"serve", "--stepped", "--load", "100000/s", "--destinations", "100"}, out, &errors); code != 0 || errors.Len() > 0 {
		t.Errorf("exit code %d: %s%s", code, out, errors.String())
	}
}

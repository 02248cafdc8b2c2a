package winhost

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// The simulated host runs in a process of its own here, so that allocations are
// the client's alone.

// A refresh by a process that just started, as terraform plan is one.
func BenchmarkRefreshOnNewConnection(b *testing.B) {
	eachWay(b, func(b *testing.B, open func() *Host) {
		var total transport.Stats
		b.ReportAllocs()
		for b.Loop() {
			host := open()
			refresh(b, host)
			total = sum(total, host.Stats(), 1)
			host.Close()
		}
		report(b, total)
	})
}

// A refresh on the kept connection.
func BenchmarkRefreshOnKeptConnection(b *testing.B) {
	eachWay(b, func(b *testing.B, open func() *Host) {
		host := open()
		defer host.Close()
		refresh(b, host)
		before := host.Stats()
		b.ReportAllocs()
		for b.Loop() {
			refresh(b, host)
		}
		report(b, sum(host.Stats(), before, -1))
	})
}

// One operation on the kept connection: GetDWORDValue.
func BenchmarkOperation(b *testing.B) {
	eachWay(b, func(b *testing.B, open func() *Host) {
		host := open()
		defer host.Close()
		refresh(b, host)
		before := host.Stats()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := host.dword(context.Background(), "MaxUserPort"); err != nil {
				b.Fatal(err)
			}
		}
		report(b, sum(host.Stats(), before, -1))
	})
}

// refresh reads the two values of the story, as a refresh does.
func refresh(b *testing.B, host *Host) {
	b.Helper()
	values, err := host.ReadTuning(context.Background(), parameters("tcp_timed_wait_delay", "max_user_port"))
	if err != nil {
		b.Fatal(err)
	}
	if values["max_user_port"] != tuning.DWORD(65534) {
		b.Fatalf("%v", values)
	}
}

// sum adds what was counted sign times.
func sum(a, b transport.Stats, sign int64) transport.Stats {
	return transport.Stats{
		RoundTrips:    a.RoundTrips + sign*b.RoundTrips,
		Connections:   a.Connections + sign*b.Connections,
		BytesSent:     a.BytesSent + sign*b.BytesSent,
		BytesReceived: a.BytesReceived + sign*b.BytesReceived,
	}
}

func report(b *testing.B, stats transport.Stats) {
	n := float64(b.N)
	b.ReportMetric(float64(stats.RoundTrips)/n, "roundtrips/op")
	b.ReportMetric(float64(stats.Connections)/n, "connections/op")
	b.ReportMetric(float64(stats.BytesSent)/n, "sent-B/op")
	b.ReportMetric(float64(stats.BytesReceived)/n, "received-B/op")
}

// eachWay runs a benchmark for each way to authenticate.
func eachWay(b *testing.B, run func(b *testing.B, open func() *Host)) {
	sim := startApart(b)
	yes, basic := true, "basic"
	username, password, authority := sim["WINSIM_USERNAME"], sim["WINSIM_PASSWORD"], sim["WINSIM_CA_CERTIFICATE"]
	for _, way := range []struct {
		name, address string
		settings      Settings
	}{
		{"NTLM-sealed-HTTP", sim["WINSIM_HTTP"], Settings{}},
		{"NTLM-HTTPS", sim["WINSIM_HTTPS"], Settings{HTTPS: &yes, CACertificate: &authority}},
		{"Basic-HTTPS", sim["WINSIM_HTTPS"], Settings{HTTPS: &yes, CACertificate: &authority, Auth: &basic}},
	} {
		way.settings.Username, way.settings.Password = &username, &password
		config, problems := way.settings.Resolve(func(string) (string, bool) { return "", false })
		if len(problems) != 0 {
			b.Fatal(problems)
		}
		open := func() *Host {
			address, err := ParseAddress(way.address)
			if err != nil {
				b.Fatal(err)
			}
			host, err := config.Open(address)
			if err != nil {
				b.Fatal(err)
			}
			return host
		}
		host := open()
		writeStory(b, host)
		host.Close()
		b.Run(way.name, func(b *testing.B) { run(b, open) })
	}
}

// writeStory writes the two values of the story.
func writeStory(b *testing.B, host *Host) {
	b.Helper()
	for attribute, number := range map[string]uint32{"tcp_timed_wait_delay": 30, "max_user_port": 65534} {
		if err := host.WriteTuning(context.Background(), one(parameters(attribute)[0], tuning.Absent, tuning.DWORD(number))); err != nil {
			b.Fatal(err)
		}
	}
}

// startApart builds winsim and runs it until the benchmark ends. It returns what
// the ready file says, and the certificate's text.
func startApart(b *testing.B) map[string]string {
	b.Helper()
	dir := b.TempDir()
	program, ready := filepath.Join(dir, "winsim"), filepath.Join(dir, "ready")
	if output, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "../../cmd/winsim").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, output)
	}
	command := exec.Command(program, //nolint:noctx // it ends by a signal, so that it can clean up
		"serve", "--profile", "server-2022", "--seed", "1", "--ready-file", ready) // #nosec G204 -- built just above
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	})
	settings := map[string]string{}
	for range 200 {
		if content, err := os.ReadFile(ready); err == nil { // #nosec G304 -- in the test's own folder
			lines := bufio.NewScanner(strings.NewReader(string(content)))
			for lines.Scan() {
				key, value, _ := strings.Cut(lines.Text(), "=")
				settings[key] = strings.Trim(value, "'")
			}
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	authority, err := os.ReadFile(settings["WINSIM_CA_FILE"])
	if err != nil {
		b.Fatal(err)
	}
	settings["WINSIM_CA_CERTIFICATE"] = string(authority)
	return settings
}

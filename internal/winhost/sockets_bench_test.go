package winhost

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"strconv"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// socketTables are what is read. With 3 remote endpoints the memory must be flat
// in the rows; as many endpoints as rows is the worst case.
var socketTables = []struct {
	method          SocketMethod
	rows, endpoints int
}{
	{WMI, 1_000, 3}, {WMI, 100_000, 3}, {WMI, 200_000, 3}, {WMI, 100_000, 100_000}, {WMI, 200_000, 200_000},
	{Netstat, 1_000, 3}, {Netstat, 100_000, 3}, {Netstat, 200_000, 3}, {Netstat, 200_000, 200_000},
}

// One reading of a host's sockets over sealed NTLM, as a process that just started
// does it: handshake, version, excluded ports, pools, table, UDP, counters.
func BenchmarkSockets(b *testing.B) {
	sim := startApart(b)
	for _, table := range socketTables {
		b.Run(fmt.Sprintf("%s/rows=%d/endpoints=%d", table.method, table.rows, table.endpoints), func(b *testing.B) {
			setTable(b, sim, table.rows, table.endpoints)
			var total transport.Stats
			heap := watchHeap()
			for b.Loop() {
				host := openSealed(b, sim, sim["WINSIM_HTTP"])
				stats := readSockets(b, host, table.method, table.rows)
				if stats.DistinctDestinations != table.endpoints {
					b.Fatalf("%d remote endpoints", stats.DistinctDestinations)
				}
				total = sum(total, host.Stats(), 1)
				host.Close()
			}
			heap.report(b, table.rows)
			report(b, total)
		})
	}
}

// The same with 50 ms on top of every round trip.
func BenchmarkSocketsWith50msPerRoundTrip(b *testing.B) {
	sim := startApart(b)
	for _, rows := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			setTable(b, sim, rows, 3)
			far := startProxy(b, sim["WINSIM_HTTP"], 50*time.Millisecond)
			for b.Loop() {
				host := openSealed(b, sim, far.address)
				readSockets(b, host, WMI, rows)
				host.Close()
			}
			far.report(b)
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
		})
	}
}

// How much of the client's CPU time goes into the parsing of replies, without the
// tally and without the collection of what it leaves behind.
func BenchmarkSocketsParserShare(b *testing.B) {
	sim := startApart(b)
	const rows = 200_000
	setTable(b, sim, rows, 3)
	file := filepath.Join(b.TempDir(), "cpu.pprof")
	profile, err := os.Create(file) // #nosec G304 -- in the test's own folder
	if err != nil {
		b.Fatal(err)
	}
	if err := pprof.StartCPUProfile(profile); err != nil {
		b.Fatalf("leave -cpuprofile out: %v", err)
	}
	for b.Loop() {
		host := openSealed(b, sim, sim["WINSIM_HTTP"])
		readSockets(b, host, WMI, rows)
		host.Close()
	}
	pprof.StopCPUProfile()
	if err := profile.Close(); err != nil {
		b.Fatal(err)
	}
	for _, part := range []struct{ unit, focus, ignore string }{
		{"parser-share-%", `wsman\.parseEnvelope`, `winhost\.addConnection`},
		{"tally-share-%", `winhost\.addConnection`, `^$`},
		{"unseal-share-%", `transport\.\(\*conn\)\.open`, `^$`},
		{"gc-share-%", `runtime\.gcBgMarkWorker|runtime\.gcAssistAlloc|runtime\.bgsweep`, `^$`},
	} {
		percent := share(b, file, part.focus, part.ignore)
		if percent == 0 {
			b.Errorf("%s: nothing in the profile is named %s; was it renamed?", part.unit, part.focus)
		}
		b.ReportMetric(percent, part.unit)
	}
}

// shareLine is `Showing nodes accounting for 310ms, 62.00% of 500ms total`.
var shareLine = regexp.MustCompile(`Showing nodes accounting for .*, ([0-9.]+)% of .* total`)

// share is how much of a CPU profile was spent in functions of that name and below,
// without what is below those to ignore, in per cent.
func share(b *testing.B, file, focus, ignore string) float64 {
	b.Helper()
	output, err := exec.CommandContext(b.Context(), "go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", "-edgefraction=0",
		"-focus="+focus, "-ignore="+ignore, file).CombinedOutput() // #nosec G204 -- fixed words
	if err != nil {
		b.Fatalf("%v: %s", err, output)
	}
	found := shareLine.FindSubmatch(output)
	if found == nil {
		b.Fatalf("pprof does not say what share %s has: %s", focus, output)
	}
	percent, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return percent
}

// readSockets reads a table and checks that it is whole.
func readSockets(b *testing.B, host *Host, method SocketMethod, rows int) SocketStats {
	b.Helper()
	stats, err := host.ReadSockets(context.Background(), SocketQuery{Method: method, MaxRows: DefaultMaxRows, Top: DefaultTop})
	if err != nil {
		b.Fatal(err)
	}
	if stats.Total != rows || stats.Active+stats.Stale != rows || stats.States[sockets.TimeWait] != rows-rows/4 || stats.Method != method {
		b.Fatalf("%d sockets by %s: %v", stats.Total, stats.Method, stats.States)
	}
	return stats
}

// openSealed opens the simulated host at an address, by NTLM with sealed messages.
func openSealed(b *testing.B, sim map[string]string, at string) *Host {
	b.Helper()
	username, password := sim["WINSIM_USERNAME"], sim["WINSIM_PASSWORD"]
	config, problems := Settings{Username: &username, Password: &password}.Resolve(func(string) (string, bool) { return "", false })
	if len(problems) != 0 {
		b.Fatal(problems)
	}
	address, err := ParseAddress(at)
	if err != nil {
		b.Fatal(err)
	}
	host, err := config.Open(address)
	if err != nil {
		b.Fatal(err)
	}
	return host
}

// setTable gives the simulated host that many sockets.
func setTable(b *testing.B, sim map[string]string, rows, endpoints int) {
	b.Helper()
	url := fmt.Sprintf("http://%s/table?rows=%d&endpoints=%d", sim["WINSIM_CONTROL"], rows, endpoints)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	request.Close = true
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(reply.Body); err != nil || reply.Body.Close() != nil || reply.StatusCode != http.StatusOK {
		b.Fatalf("HTTP %d: %s, %v", reply.StatusCode, &text, err)
	}
}

// heap samples this process' heap while a benchmark runs.
type heap struct {
	stop    chan struct{}
	peak    chan uint64
	mallocs uint64
}

// heapInUse are the spans that hold objects, with the room that is left in them:
// MemStats.HeapInuse, but without stopping the world.
var heapInUse = []string{"/memory/classes/heap/objects:bytes", "/memory/classes/heap/unused:bytes"}

const heapMallocs = "/gc/heap/allocs:objects"

// watchHeap begins with an empty heap, whatever ran before.
func watchHeap() *heap {
	runtime.GC()
	runtime.GC() // what finalisers and pools still held
	h := &heap{stop: make(chan struct{}), peak: make(chan uint64), mallocs: readMetrics(heapMallocs)}
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		var peak uint64
		for {
			peak = max(peak, readMetrics(heapInUse...))
			select {
			case <-tick.C:
			case <-h.stop:
				h.peak <- peak
				return
			}
		}
	}()
	return h
}

// report prints the peak, and the speed and the allocations by row.
func (h *heap) report(b *testing.B, rows int) {
	b.Helper()
	mallocs := readMetrics(heapMallocs) - h.mallocs
	close(h.stop)
	all := float64(rows) * float64(b.N)
	b.ReportMetric(float64(<-h.peak)/(1<<20), "peak-heap-MiB")
	b.ReportMetric(all/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(mallocs)/all, "allocs/row")
}

// readMetrics gives the sum of the runtime's metrics of these names.
func readMetrics(names ...string) uint64 {
	samples := make([]metrics.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	metrics.Read(samples)
	var total uint64
	for _, sample := range samples {
		total += sample.Value.Uint64()
	}
	return total
}

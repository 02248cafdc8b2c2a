//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/fleetbench/relay"
)

func TestNumbers(t *testing.T) {
	if got, err := numbers("hosts", "10,100,500"); err != nil || len(got) != 3 || got[2] != 500 {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "0", "-1", "1001", "10, 20", "ten", "10,"} {
		if _, err := numbers("hosts", text); err == nil || !strings.Contains(err.Error(), "-hosts is ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestBadArguments(t *testing.T) {
	for _, bad := range []struct {
		cli, hosts, parallelism string
		changed, runs           int
	}{{"", "10", "10", 0, 1}, {"cli", "x", "10", 0, 1}, {"cli", "10", "x", 0, 1}, {"cli", "10", "10", 0, 0}, {"cli", "10", "10", -1, 1}, {"cli", "10", "10", 1001, 1}} {
		if err := run(t.Context(), bad.cli, bad.hosts, bad.parallelism, bad.changed, bad.runs, 0); err == nil || !strings.Contains(err.Error(), "-") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// 95 hosts are 10 turns of at most 10, each of six delays, the connection's included: 1.2 s.
func TestTable(t *testing.T) {
	second := time.Second
	r := row{
		hosts: 95, parallelism: 10, over: relay.Counts{Connections: 95, RoundTrips: 475},
		ours: []sample{
			{wall: 9 * second, provider: 4 * second, terraform: 3 * second, peak: 60 << 20, processes: 3},
			{wall: 5 * second, provider: 3 * second, terraform: 5 * second, peak: 50 << 20, processes: 3},
			{wall: 6 * second, provider: 2 * second, terraform: 4 * second, peak: 55 << 20, processes: 3},
		},
		idle: []sample{
			{wall: 2 * second, provider: second, peak: 40 << 20}, {wall: 4 * second, provider: second, peak: 40 << 20}, {wall: 1 * second, provider: second, peak: 40 << 20},
		},
	}
	want := "| 95 | 10 | 6.00 s | 5.00 to 9.00 s | 2.00 s | 4.00 s | 1.20 s | 5.0 | 3.00 s | 2.00 s | 55 MiB | 15 MiB | 4.00 s |\n"
	got := table([]row{r}, 3, 20*time.Millisecond)
	if !strings.Contains(got, want) || !strings.Contains(got, "Medians of 3 plans") || !strings.Contains(got, "20ms added") || !strings.Contains(got, "3 processes") {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for _, line := range strings.Split(got, "\n")[:3] {
		if strings.Count(line, "|") != len(columns)+1 {
			t.Errorf("%d bars for %d columns: %s", strings.Count(line, "|"), len(columns), line)
		}
	}
}

func TestChangeTable(t *testing.T) {
	second := time.Second
	c := change{
		what: "a value", hosts: 200, parallelism: 10, over: relay.Counts{RoundTrips: 2600}, blindOver: relay.Counts{RoundTrips: 1600},
		ours: []sample{{wall: 9 * second}, {wall: 7 * second}, {wall: 8 * second}}, blind: []sample{{wall: 5 * second}, {wall: 6 * second}, {wall: second}},
	}
	want := "| a value | 200 | 10 | 8.00 s | 5.00 s | 3.00 s | 13.0 | 8.0 | 5.0 |\n"
	got := changeTable([]change{c}, 3, 20*time.Millisecond)
	if !strings.Contains(got, want) || !strings.Contains(got, "Medians of 3 plans") {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for _, line := range strings.Split(got, "\n")[:3] {
		if strings.Count(line, "|") != len(changeColumns)+1 {
			t.Errorf("%d bars for %d columns: %s", strings.Count(line, "|"), len(changeColumns), line)
		}
	}
}

func TestReadUsage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "usage")
	if _, err := readUsage(path); err == nil {
		t.Error("a plan without a measured provider was taken")
	}
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("{\"cpu\":1000000000,\"peak\":30000000}\n{\"cpu\":500000000,\"peak\":20000000}\n")
	if s, err := readUsage(path); err != nil || s.provider != 1500*time.Millisecond || s.peak != 30000000 || s.processes != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	write("{\"cpu\":10000")
	if _, err := readUsage(path); err == nil {
		t.Error("half a line was taken")
	}
}

func TestAFleetThatDoesNotStart(t *testing.T) {
	if _, err := startFleet(filepath.Join(t.TempDir(), "hosts"), 1, 0); err == nil {
		t.Error("a program that is not there was started")
	}
	if _, err := startFleet("/bin/false", 1, 0); err == nil || !strings.Contains(err.Error(), "ended") || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("a program that says nothing and fails: %v", err)
	}
}

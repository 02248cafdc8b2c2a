//go:build linux

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/fleetbench/relay"
)

// row is all plans of one number of hosts and one -parallelism.
type row struct {
	hosts, parallelism int
	ours, idle         []sample
	over               relay.Counts // over the network, one plan
}

// median is the middle of what of gives, the lower one of two.
func median[T cmp.Ordered](samples []sample, of func(sample) T) T {
	var list []T
	for _, s := range samples {
		list = append(list, of(s))
	}
	slices.Sort(list)
	return list[(len(list)-1)/2]
}

// waiting is what the delays alone take: each host's round trips follow one
// another, the TCP handshake first, and as many hosts wait at once as -parallelism lets.
func (r row) waiting(delay time.Duration) time.Duration {
	turns := (r.hosts + r.parallelism - 1) / r.parallelism
	each := float64(r.over.RoundTrips+r.over.Connections) / float64(r.hosts)
	return time.Duration(float64(turns) * each * float64(delay))
}

var columns = []string{
	"hosts", "`-parallelism`", "plan", "shortest to longest", "of it Terraform's", "of it ours", "ours at least, for the delays",
	"round trips a host", "our provider's CPU time", "of it ours", "its peak memory", "of it ours", "Terraform's CPU time",
}

// line is the row of the table.
func (r row) line(delay time.Duration) string {
	wall := func(s sample) time.Duration { return s.wall }
	cpu := func(s sample) time.Duration { return s.provider }
	peak := func(s sample) int64 { return s.peak }
	byWall := func(a, b sample) int { return cmp.Compare(a.wall, b.wall) }
	ours, idle := median(r.ours, wall), median(r.idle, wall)
	return fmt.Sprintf("| %d | %d | %s s | %s to %s s | %s s | %s s | %s s | %.1f | %s s | %s s | %d MiB | %d MiB | %s s |\n",
		r.hosts, r.parallelism, seconds(ours),
		seconds(slices.MinFunc(r.ours, byWall).wall), seconds(slices.MaxFunc(r.ours, byWall).wall),
		seconds(idle), seconds(ours-idle), seconds(r.waiting(delay)), float64(r.over.RoundTrips)/float64(r.hosts),
		seconds(median(r.ours, cpu)), seconds(median(r.ours, cpu)-median(r.idle, cpu)),
		mebibytes(median(r.ours, peak)), mebibytes(median(r.ours, peak)-median(r.idle, peak)),
		seconds(median(r.ours, func(s sample) time.Duration { return s.terraform })))
}

func table(rows []row, runs int, delay time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" ---: |", len(columns)))
	for _, r := range rows {
		b.WriteString(r.line(delay))
	}
	fmt.Fprintf(&b, "\nMedians of %d plans by turns with the provider and with one that does nothing, %s added to each round trip; %d processes of the provider a plan.\n",
		runs, delay, rows[0].ours[0].processes)
	return b.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func mebibytes(n int64) int64 { return (n + 1<<19) >> 20 }

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/fleetbench/relay"
)

// A change is a plan that changes one value on every host, with the provider and with
// a build of it that does not look at a host before a change (tag noplanreads).
type change struct {
	what               string
	hosts, parallelism int
	ours, blind        []sample
	over, blindOver    relay.Counts // over the network, one plan
}

// What is changed: one value that few things stand in the way of, and one that the
// range of ports depends on.
var changes = []struct{ what, variable string }{
	{"`tcp_timed_wait_delay` 30 to 60", "delay=60"},
	{"`max_user_port` 65534 to 60000", "port=60000"},
}

// benchChanges measures what the look at a host before a change adds to a plan.
func benchChanges(ctx context.Context, cli, work string, count, parallelism, runs int, delay time.Duration) (list []change, err error) {
	fleet, err := startFleet(filepath.Join(work, "hosts"), count, delay)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fleet.stop()) }()
	within := filepath.Join(work, "change") // beside a fleet of as many hosts
	bench, err := newPlans(cli, work, within, fleet.Fleet)
	if err != nil {
		return nil, err
	}
	if err := bench.apply(ctx); err != nil {
		return nil, err
	}
	if _, err := fleet.take(); err != nil {
		return nil, err
	}
	for _, one := range changes {
		c := change{what: one.what, hosts: count, parallelism: parallelism}
		for range runs {
			ours, oursOver, err := changeOver(ctx, bench, fleet, "ours", parallelism, one.variable)
			if err != nil {
				return nil, err
			}
			blind, blindOver, err := changeOver(ctx, bench, fleet, "blind", parallelism, one.variable)
			if err != nil {
				return nil, err
			}
			if oursOver.Connections != blindOver.Connections || oursOver.RoundTrips <= blindOver.RoundTrips {
				return nil, fmt.Errorf("with the look at each host a plan took %+v, without it %+v: that is no comparison", oursOver, blindOver)
			}
			c.ours, c.blind, c.over, c.blindOver = append(c.ours, ours), append(c.blind, blind), oursOver, blindOver
		}
		list = append(list, c)
		fmt.Fprint(os.Stderr, c.line())
	}
	return list, nil
}

// changeOver measures one plan that changes something.
func changeOver(ctx context.Context, bench *plans, fleet *fleet, provider string, parallelism int, variable string) (sample, relay.Counts, error) {
	measured, err := bench.change(ctx, provider, parallelism, variable)
	if err != nil {
		return sample{}, relay.Counts{}, err
	}
	over, err := fleet.take()
	return measured, over, err
}

var changeColumns = []string{
	"the plan changes", "hosts", "`-parallelism`", "plan", "without the look", "it adds", "round trips a host", "without the look", "it adds",
}

func (c change) line() string {
	wall := func(s sample) time.Duration { return s.wall }
	ours, blind := median(c.ours, wall), median(c.blind, wall)
	each := func(counts relay.Counts) float64 { return float64(counts.RoundTrips) / float64(c.hosts) }
	return fmt.Sprintf("| %s | %d | %d | %s s | %s s | %s s | %.1f | %.1f | %.1f |\n", c.what, c.hosts, c.parallelism,
		seconds(ours), seconds(blind), seconds(ours-blind), each(c.over), each(c.blindOver), each(c.over)-each(c.blindOver))
}

func changeTable(list []change, runs int, delay time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n| --- |%s\n", strings.Join(changeColumns, " | "), strings.Repeat(" ---: |", len(changeColumns)-1))
	for _, c := range list {
		b.WriteString(c.line())
	}
	fmt.Fprintf(&b, "\nMedians of %d plans by turns with the provider and with one built without its plan-time reads (-tags noplanreads), %s added to each round trip.\n", runs, delay)
	return b.String()
}

//go:build linux

// Command fleetbench measures what a plan of a fleet costs, and how much of it is
// ours: simulated hosts with a delay on every round trip, the real command line,
// and for comparison the same configuration and state with a provider that does
// nothing. scripts/bench-fleet runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/fleetbench/relay"
)

func main() {
	cli := flag.String("cli", "", "path of Terraform or OpenTofu")
	hosts := flag.String("hosts", "10,100,500", "numbers of hosts")
	parallelism := flag.String("parallelism", "10,50,200", "values of -parallelism")
	changed := flag.Int("change-hosts", 200, "number of hosts on which plans change a value; 0: none")
	runs := flag.Int("runs", 3, "plans of each kind; the table has the median")
	delay := flag.Duration("delay", 20*time.Millisecond, "what each round trip takes longer")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *cli, *hosts, *parallelism, *changed, *runs, *delay)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "fleetbench: %v\n", err)
		os.Exit(1)
	}
}

// numbers reads "10,100,500".
func numbers(name, text string) ([]int, error) {
	var list []int
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n > 1000 {
			return nil, fmt.Errorf("-%s is %q; write numbers from 1 to 1000 with commas between them", name, text)
		}
		list = append(list, n)
	}
	return list, nil
}

func run(ctx context.Context, cli, hostsText, parallelismText string, changed, runs int, delay time.Duration) (err error) {
	counts, err := numbers("hosts", hostsText)
	if err != nil {
		return err
	}
	parallelisms, err := numbers("parallelism", parallelismText)
	if err != nil {
		return err
	}
	if runs < 1 || cli == "" || changed < 0 || changed > 1000 {
		return errors.New("-cli must name Terraform or OpenTofu, -runs must be at least 1, and -change-hosts from 0 to 1000")
	}
	work, err := os.MkdirTemp("", "fleetbench-")
	if err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := build(ctx, work); err != nil {
		return err
	}
	var rows []row
	for _, count := range counts {
		more, err := benchFleet(ctx, cli, work, count, parallelisms, runs, delay)
		if err != nil {
			return fmt.Errorf("%d hosts: %w", count, err)
		}
		rows = append(rows, more...)
	}
	fmt.Print(table(rows, runs, delay))
	if changed == 0 {
		return nil
	}
	list, err := benchChanges(ctx, cli, work, changed, parallelisms[0], runs, delay)
	if err != nil {
		return fmt.Errorf("changes on %d hosts: %w", changed, err)
	}
	fmt.Print("\n" + changeTable(list, runs, delay))
	return nil
}

// build builds the two providers, the hosts and the program that measures, which
// goes by the provider's name so that the command line starts it.
func build(ctx context.Context, work string) error {
	const bench = "./internal/fleetbench"
	for program, from := range map[string][]string{
		"ours": {"."}, "blind": {"-tags=noplanreads", "."}, "idle": {bench + "/idle"}, "hosts": {bench + "/hosts"}, "bin/terraform-provider-windows": {bench + "/measured"},
	} {
		command := exec.CommandContext(ctx, "go", append([]string{"build", "-o", filepath.Join(work, program)}, from...)...) // #nosec G204 -- constants
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", program, err, output)
		}
	}
	return nil
}

// benchFleet measures the plans of one number of hosts.
func benchFleet(ctx context.Context, cli, work string, count int, parallelisms []int, runs int, delay time.Duration) (rows []row, err error) {
	fleet, err := startFleet(filepath.Join(work, "hosts"), count, delay)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fleet.stop()) }()
	bench, err := newPlans(cli, work, filepath.Join(work, strconv.Itoa(count)), fleet.Fleet)
	if err != nil {
		return nil, err
	}
	if err := bench.apply(ctx); err != nil {
		return nil, err
	}
	if _, err := fleet.take(); err != nil {
		return nil, err
	}
	for _, parallelism := range parallelisms {
		r := row{hosts: count, parallelism: parallelism}
		for range runs { // by turns, so that what else goes on strikes both
			ours, oursOver, err := planOver(ctx, bench, fleet, "ours", parallelism)
			if err != nil {
				return nil, err
			}
			idle, idleOver, err := planOver(ctx, bench, fleet, "idle", parallelism)
			if err != nil {
				return nil, err
			}
			if oursOver.Connections < int64(count) || idleOver != (relay.Counts{}) {
				return nil, fmt.Errorf("a plan opened %d connections with the provider and %d with the one that does nothing; want one a host, and none",
					oursOver.Connections, idleOver.Connections)
			}
			r.ours, r.idle, r.over = append(r.ours, ours), append(r.idle, idle), oursOver
		}
		rows = append(rows, r)
		fmt.Fprint(os.Stderr, r.line(delay)) // so that a run that is cut short is not lost
	}
	return rows, nil
}

// planOver measures one plan, and what went over the network for it.
func planOver(ctx context.Context, bench *plans, fleet *fleet, provider string, parallelism int) (sample, relay.Counts, error) {
	measured, err := bench.plan(ctx, provider, parallelism)
	if err != nil {
		return sample{}, relay.Counts{}, err
	}
	over, err := fleet.take()
	return measured, over, err
}

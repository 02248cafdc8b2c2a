// Command hosts is a fleet of simulated Windows hosts in one process, each behind
// an address of its own on which every round trip takes longer. It is the other
// side of the bench beside it, and stands in a process of its own so that what is
// measured is not its work.
//
// It prints one line of JSON when all are up, and for each line on its standard
// input one with what went over the network since the last. It ends with its
// standard input, so that it never outlives the bench.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/fleetbench/relay"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func main() {
	count := flag.Int("hosts", 10, "how many hosts, 1 to 1000")
	delay := flag.Duration("delay", 0, "what each round trip takes longer")
	flag.Parse()
	if err := run(*count, *delay, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "hosts: %v\n", err)
		os.Exit(1)
	}
}

func run(count int, delay time.Duration, in io.Reader, out io.Writer) error {
	if count < 1 || count > 1000 {
		return fmt.Errorf("there can be 1 to 1000 hosts, not %d", count)
	}
	facts := relay.Fleet{Username: winsim.DefaultUsername, Password: winsim.DefaultPassword}
	var relays []*relay.Relay
	address := netip.MustParseAddr("127.77.0.0")
	for i := range count {
		address = address.Next()
		host, err := winsim.New(winsim.Server2022(), winsim.Seed(1), winsim.Named(fmt.Sprintf("MAIL%04d", i+1)), winsim.Clock(time.Now))
		if err != nil {
			return err
		}
		defer host.Close()
		near, err := relay.Start(address.String(), host.HTTPAddr(), delay, time.Sleep)
		if err != nil {
			return err
		}
		defer near.Close()
		relays = append(relays, near)
		facts.Hosts = append(facts.Hosts, near.Addr())
	}
	say := json.NewEncoder(out)
	if err := say.Encode(facts); err != nil { //nolint:gosec // G117: the password is no real one
		return fmt.Errorf("say that the hosts are up: %w", err)
	}
	for questions := bufio.NewScanner(in); questions.Scan(); {
		var sum relay.Counts
		for _, r := range relays {
			sum = sum.Add(r.Take())
		}
		if err := say.Encode(sum); err != nil {
			return fmt.Errorf("say what was counted: %w", err)
		}
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// rate is a number of connections per second, as 100/s or 100.
type rate float64

// UnmarshalText reads it.
func (r *rate) UnmarshalText(text []byte) error {
	number, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "/s"), 64)
	if err != nil || !(number >= 0 && number <= tcpstack.MaxPerSecond) {
		return fmt.Errorf("%q is no rate of 0/s to %d/s", text, tcpstack.MaxPerSecond)
	}
	*r = rate(number)
	return nil
}

// maxDestinations bounds a load's, which have one address of 198.51.100.0/24 each.
const maxDestinations = 254

// destinations invents that many SMTP servers.
func destinations(n int) ([]netip.AddrPort, error) {
	if n < 1 || n > maxDestinations {
		return nil, fmt.Errorf("%d destinations: there can be 1 to %d", n, maxDestinations)
	}
	var list []netip.AddrPort
	for i := range n {
		list = append(list, netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i + 1)}), 25)) // #nosec G115 -- at most 254
	}
	return list, nil
}

type loadCommand struct {
	remote
	Rate         rate `arg:"" help:"New connections per second, over all destinations together, e.g. 100/s."`
	Destinations int  `help:"To how many servers." default:"1"`
}

func (c *loadCommand) Run(ctx context.Context, out io.Writer) error {
	list, err := destinations(c.Destinations)
	if err != nil {
		return err
	}
	return c.act(ctx, out, http.MethodPost, "/load", tcpstack.Load{PerSecond: float64(c.Rate), Destinations: list})
}

type stepCommand struct {
	remote
	By time.Duration `arg:"" help:"How long, e.g. 60s; at most 24h."`
}

func (c *stepCommand) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, http.MethodPost, "/step?by="+c.By.String(), nil)
}

type tableCommand struct {
	remote
	Rows      int `arg:"" help:"How many rows."`
	Endpoints int `help:"How many remote endpoints." default:"3"`
}

func (c *tableCommand) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, http.MethodPost, fmt.Sprintf("/table?rows=%d&endpoints=%d", c.Rows, c.Endpoints), nil)
}

type socketsCommand struct{ remote }

// stateNames are netstat's.
var stateNames = map[uint8]string{
	1: "CLOSED", 2: "LISTENING", 3: "SYN_SENT", 4: "SYN_RECEIVED", 5: "ESTABLISHED", 6: "FIN_WAIT_1", 7: "FIN_WAIT_2", 8: "CLOSE_WAIT",
	9: "CLOSING", 10: "LAST_ACK", 11: "TIME_WAIT", 12: "DELETE_TCB", 100: "BOUND",
}

func (c *socketsCommand) Run(ctx context.Context, out io.Writer) error {
	var s apiSockets
	if err := c.ask(ctx, http.MethodGet, "/sockets", nil, &s); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	total := 0
	for _, state := range slices.Sorted(maps.Keys(s.States)) {
		name, ok := stateNames[state]
		if !ok {
			name = fmt.Sprint(state)
		}
		fmt.Fprintf(table, "%s\t%d\t\n", name, s.States[state])
		total += s.States[state]
	}
	fmt.Fprintf(table, "total\t%d\t\n", total)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "ephemeral ports %d-%d: %d, %d of them excluded; TIME_WAIT lasts %d s\nconnections opened: %d, failed: %d\n",
		s.Start, s.Start+s.Number-1, s.Number, s.Excluded, s.TimeWait, s.Active, s.Failures)
	for _, id := range slices.Sorted(maps.Keys(s.Events)) {
		fmt.Fprintf(out, "event %d: %d\n", id, s.Events[id])
	}
	return nil
}

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/windows-baseline/terraform-provider-windows/internal/fleetbench/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAFleetCountsAndEnds(t *testing.T) {
	in, ask := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(3, 0, in, out) }()
	lines := bufio.NewScanner(answers)
	next := func(into any) {
		t.Helper()
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), into); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
	}
	var fleet relay.Fleet
	next(&fleet)
	machines := map[string]bool{}
	for _, address := range fleet.Hosts {
		client, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(client, "POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if reply, err := io.ReadAll(client); err != nil || !strings.HasPrefix(string(reply), "HTTP/1.1 401 ") {
			t.Errorf("%s answers %.40q, %v", address, reply, err)
		}
		_ = client.Close()
		ip, _, _ := net.SplitHostPort(address)
		machines[ip] = true
	}
	if len(machines) != 3 {
		t.Errorf("3 hosts at %d addresses: %v", len(machines), fleet.Hosts)
	}
	var counts relay.Counts
	_, _ = io.WriteString(ask, "\n")
	next(&counts)
	if counts.Connections != 3 || counts.RoundTrips != 3 {
		t.Errorf("%+v", counts)
	}
	_ = ask.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestNoFleet(t *testing.T) {
	for _, count := range []int{0, -1, 1001} {
		if err := run(count, 0, strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "1 to 1000") {
			t.Errorf("%d hosts: %v", count, err)
		}
	}
}

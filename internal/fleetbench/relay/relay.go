// Package relay puts a network between a client and a simulated host: it counts
// what goes over TCP and makes each round trip take longer.
package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Relay is a running relay. A round trip begins where a client sends after it was
// silent, or after the host answered; the delay comes once for each, and once for
// each new connection, whose TCP handshake is a round trip too. The windows of TCP,
// which make long replies take several round trips on a real network, are not
// simulated.
type Relay struct {
	target   string
	delay    time.Duration
	wait     func(time.Duration)
	listener net.Listener
	running  sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]struct{} // nil once closed

	connections, roundTrips, sent, received atomic.Int64
}

// Counts is what went over a relay.
type Counts struct {
	Connections int64 `json:"connections"`
	RoundTrips  int64 `json:"round_trips"` // without those of TCP's handshakes
	Sent        int64 `json:"sent"`        // bytes, from the client
	Received    int64 `json:"received"`    // bytes, by the client
}

// Fleet is what a process with hosts behind relays says of itself.
type Fleet struct {
	Username string   `json:"username"`
	Password string   `json:"password"`
	Hosts    []string `json:"hosts"` // host:port, each with another address
}

// Add is the sum of two counts.
func (c Counts) Add(d Counts) Counts {
	return Counts{c.Connections + d.Connections, c.RoundTrips + d.RoundTrips, c.Sent + d.Sent, c.Received + d.Received}
}

// Start listens on a free port of a loopback address and relays to target,
// host:port. wait waits for the delay; it is time.Sleep but for tests.
func Start(ip, target string, delay time.Duration, wait func(time.Duration)) (*Relay, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", ip, err)
	}
	r := &Relay{target: target, delay: delay, wait: wait, listener: listener, open: map[net.Conn]struct{}{}}
	r.running.Go(r.accept)
	return r, nil
}

// Addr is the address to dial, host:port.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// Take reads the counters and sets them to zero.
func (r *Relay) Take() Counts {
	return Counts{r.connections.Swap(0), r.roundTrips.Swap(0), r.sent.Swap(0), r.received.Swap(0)}
}

// Close cuts every connection and waits until nothing of the relay runs.
func (r *Relay) Close() {
	_ = r.listener.Close() // nothing is left to do about a socket that fails to close
	r.mu.Lock()
	for c := range r.open {
		_ = c.Close()
	}
	r.open = nil
	r.mu.Unlock()
	r.running.Wait()
}

func (r *Relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		r.connections.Add(1)
		r.running.Go(func() {
			if err := r.serve(client); err != nil {
				_ = client.Close() // the client sees it
			}
		})
	}
}

var errClosed = errors.New("the relay was closed")

// keep remembers a connection, so that Close ends it.
func (r *Relay) keep(c net.Conn) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return errClosed
	}
	r.open[c] = struct{}{}
	return nil
}

func (r *Relay) end(c net.Conn) {
	_ = c.Close() // it may be closed already
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
}

// serve carries one connection until either side ends it.
func (r *Relay) serve(client net.Conn) error {
	if err := r.keep(client); err != nil {
		return err
	}
	defer r.end(client)
	r.wait(r.delay)
	host, err := new(net.Dialer).DialContext(context.Background(), "tcp", r.target)
	if err != nil {
		return fmt.Errorf("dial the simulated host: %w", err)
	}
	if err := r.keep(host); err != nil {
		_ = host.Close()
		return err
	}
	defer r.end(host)

	var silent atomic.Bool
	silent.Store(true)
	var down sync.WaitGroup
	down.Go(func() {
		defer client.Close() //nolint:errcheck // ends the other direction
		carry(client, host, func(n int) {
			silent.Store(true)
			r.received.Add(int64(n))
		})
	})
	carry(host, client, func(n int) {
		r.sent.Add(int64(n))
		if silent.Swap(false) {
			r.roundTrips.Add(1)
			r.wait(r.delay)
		}
	})
	_ = host.Close() // ends the other direction
	down.Wait()
	return nil
}

// carry copies until either side ends and tells of each piece before it is handed on.
func carry(to, from net.Conn, tell func(n int)) {
	piece := make([]byte, 16<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			tell(n)
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

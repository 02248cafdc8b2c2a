package winhost

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy stands between a client and a host: it counts what goes over TCP, for
// clients that do not count by themselves, and makes each round trip take longer.
// A round trip begins where a client sends after it was silent. The delay comes
// once for each and once for each new connection, whose TCP handshake is one too.
// The windows of TCP, which make long replies take several round trips on a real
// network, are not simulated.
type proxy struct {
	address string
	counted counted

	target   string
	delay    time.Duration
	listener net.Listener
	running  sync.WaitGroup
}

type counted struct{ connections, roundTrips, sent, received atomic.Int64 }

// startProxy runs a proxy until the benchmark ends.
func startProxy(b *testing.B, target string, delay time.Duration) *proxy {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	p := &proxy{address: listener.Addr().String(), target: target, delay: delay, listener: listener}
	p.running.Go(p.accept)
	b.Cleanup(func() {
		if err := listener.Close(); err != nil {
			b.Error(err)
		}
		p.running.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.counted.connections.Add(1)
		p.running.Go(func() { p.serve(client) })
	}
}

// serve carries one connection until either side ends it.
func (p *proxy) serve(client net.Conn) {
	defer client.Close() //nolint:errcheck // there is nothing to do about it
	time.Sleep(p.delay)
	host, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		return // the client sees it
	}
	defer host.Close() //nolint:errcheck // there is nothing to do about it
	var silent atomic.Bool
	silent.Store(true)
	down := make(chan struct{})
	go func() {
		defer close(down)
		defer client.Close() //nolint:errcheck // ends the other direction
		_ = carry(client, host, func(n int) {
			silent.Store(true)
			p.counted.received.Add(int64(n))
		})
	}()
	_ = carry(host, client, func(n int) {
		p.counted.sent.Add(int64(n))
		if silent.Swap(false) {
			p.counted.roundTrips.Add(1)
			time.Sleep(p.delay)
		}
	})
	_ = host.Close() // ends the other direction
	<-down
}

// carry copies until the end and tells of each piece before it is handed on.
func carry(to io.Writer, from io.Reader, tell func(n int)) error {
	piece := make([]byte, 64<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			tell(n)
			if _, err := to.Write(piece[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// report prints what was counted per run of the benchmark.
func (p *proxy) report(b *testing.B) {
	n := float64(b.N)
	b.ReportMetric(float64(p.counted.roundTrips.Load())/n, "roundtrips/op")
	b.ReportMetric(float64(p.counted.connections.Load())/n, "connections/op")
	b.ReportMetric(float64(p.counted.sent.Load())/n, "sent-B/op")
	b.ReportMetric(float64(p.counted.received.Load())/n, "received-B/op")
}

package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// stuck is a place where a server leaves the client waiting.
type stuck struct {
	phase  Phase
	lost   bool // a Write may have been done
	client func(t *testing.T, reached func()) *Client
	body   []byte
}

func stuckPlaces(t *testing.T) map[string]stuck {
	pair, pool := certificate(t, nil, "127.0.0.1")
	secure := func(c *Config) { c.HTTPS, c.TLS = true, &tls.Config{RootCAs: pool} }
	return map[string]stuck{
		"dial": {phase: PhaseDial, client: func(t *testing.T, reached func()) *Client {
			client := clearClient(t, "127.0.0.1:5985")
			client.dialTCP = func(ctx context.Context, _, _ string) (net.Conn, error) {
				reached()
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return client
		}},
		"TLS": {phase: PhaseTLS, client: func(t *testing.T, reached func()) *Client {
			return clearClient(t, serve(t, func(p *peer) {
				p.in.ReadByte() //nolint:errcheck // the ClientHello is coming
				reached()
				p.wait()
			}), secure)
		}},
		"first leg": {phase: PhaseAuth, client: func(t *testing.T, reached func()) *Client {
			return newClient(t, serve(t, func(p *peer) {
				p.request()
				reached()
				p.wait()
			}))
		}},
		"second leg": {phase: PhaseAuth, client: func(t *testing.T, reached func()) *Client {
			return newClient(t, serve(t, func(p *peer) {
				p.request()
				p.say("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate " + challengeText() + "\r\nContent-Length: 0\r\n\r\n")
				p.request()
				reached()
				p.wait()
			}))
		}},
		"send": {phase: PhaseSend, body: tooMuch(), client: func(t *testing.T, reached func()) *Client {
			until := make(chan struct{})
			address := serve(t, func(p *peer) {
				p.readLittle()
				p.in.ReadByte() //nolint:errcheck // the request is coming, and is not read
				reached()
				<-until
			})
			t.Cleanup(func() { close(until) }) // before serve's own
			return clearClient(t, address)
		}},
		"send inside TLS": {phase: PhaseSend, body: tooMuch(), client: func(t *testing.T, reached func()) *Client {
			until := make(chan struct{})
			address := serve(t, func(p *peer) {
				p.readLittle()
				secure := tls.Server(p.Conn, &tls.Config{Certificates: []tls.Certificate{pair}})
				if secure.HandshakeContext(t.Context()) == nil {
					secure.Read(make([]byte, 1)) //nolint:errcheck // the request is coming, and no more of it is read
				}
				reached()
				<-until
			})
			t.Cleanup(func() { close(until) }) // before serve's own
			return clearClient(t, address, secure)
		}},
		"reply": {phase: PhaseReply, lost: true, client: func(t *testing.T, reached func()) *Client {
			return clearClient(t, serve(t, func(p *peer) {
				p.request()
				reached()
				p.wait()
			}))
		}},
		"header": {phase: PhaseReply, lost: true, client: func(t *testing.T, reached func()) *Client {
			return clearClient(t, serve(t, func(p *peer) {
				p.request()
				p.say("HTTP/1.1 200 OK\r\nContent-")
				reached()
				p.wait()
			}))
		}},
		"body": {phase: PhaseReply, lost: true, client: func(t *testing.T, reached func()) *Client {
			return clearClient(t, serve(t, func(p *peer) {
				p.request()
				p.say(head200 + "Content-Length: 100\r\n\r\n<ok/>")
				reached()
				p.wait()
			}))
		}},
		"body by drops": {phase: PhaseReply, lost: true, client: func(t *testing.T, reached func()) *Client {
			return clearClient(t, serve(t, func(p *peer) {
				p.request()
				p.say(head200 + "Content-Length: 1000000000\r\n\r\n")
				reached()
				for {
					if _, err := p.Write([]byte("x")); err != nil {
						return
					}
				}
			}), func(c *Config) { c.MaxReplyBytes = 1 << 40 })
		}},
	}
}

// tooMuch is more than the system's buffers take from a client whose server does not read.
func tooMuch() []byte { return make([]byte, 8<<20) }

func (p *peer) readLittle() {
	if c, ok := p.Conn.(*net.TCPConn); ok {
		c.SetReadBuffer(4 << 10) //nolint:errcheck // then the buffers take more, and are full all the same
	}
}

func TestACancelledContextInterruptsEveryPhase(t *testing.T) {
	for name, place := range stuckPlaces(t) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			client := place.client(t, cancel)
			checkInterrupted(t, client, place, ctx, context.Canceled)
		})
	}
}

func TestADeadlineInterruptsEveryPhase(t *testing.T) {
	for name, place := range stuckPlaces(t) {
		t.Run(name, func(t *testing.T) {
			// Long enough to get there; the phase is not checked, since a slow machine may not.
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			place.phase = ""
			checkInterrupted(t, place.client(t, func() {}), place, ctx, context.DeadlineExceeded)
		})
	}
}

func checkInterrupted(t *testing.T, client *Client, place stuck, ctx context.Context, want error) { //nolint:revive // the place says more than the context
	t.Helper()
	body := place.body
	if body == nil {
		body = []byte("<ask/>")
	}
	_, err := client.Post(ctx, body, Write)
	var timeout *TimeoutError
	if !errors.Is(err, want) || !errors.As(err, &timeout) || !strings.HasPrefix(err.Error(), client.Address()) {
		t.Fatalf("%T %v", err, err)
	}
	if place.phase != "" && (timeout.Phase != place.phase || MayHaveHappened(err) != place.lost) {
		t.Errorf("phase %q, may have happened: %t; %v", timeout.Phase, MayHaveHappened(err), err)
	}
	if client.kept != nil {
		t.Error("the connection was kept")
	}
}

func TestConnectTimeoutNamesThePhase(t *testing.T) {
	for name, place := range stuckPlaces(t) {
		if !place.phase.Connecting() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := place.client(t, func() {})
			client.conf.ConnectTimeout = 500 * time.Millisecond // a slow machine must get to the phase
			_, err := post(t, client, Write)
			var timeout *TimeoutError
			if !errors.As(err, &timeout) || timeout.Phase != place.phase || timeout.Limit != client.conf.ConnectTimeout {
				t.Fatalf("%v", err)
			}
			var unreachable *UnreachableError
			if errors.As(err, &unreachable) != (place.phase == PhaseDial) {
				t.Errorf("%v", err)
			}
			want := string(place.phase)
			if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "500ms") {
				t.Errorf("%v does not name %q", err, want)
			}
		})
	}
}

func TestConnectTimeoutDoesNotBoundTheReply(t *testing.T) {
	release := make(chan struct{})
	client := clearClient(t, serve(t, func(p *peer) {
		p.request()
		<-release
		p.say(soapOK)
	}), func(c *Config) { c.ConnectTimeout = 500 * time.Millisecond })
	timer := time.AfterFunc(600*time.Millisecond, func() { close(release) })
	defer timer.Stop()
	mustPost(t, client, Write)
}

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	var served atomic.Int64
	client := clearClient(t, serve(t, answering(&served)))
	mustPost(t, client, Read)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := client.Post(ctx, []byte("<ask/>"), Read)
	if !errors.Is(err, context.Canceled) || served.Load() != 1 {
		t.Errorf("%v after %d requests", err, served.Load())
	}
	mustPost(t, client, Read)
	wantStats(t, client, 2, 1) // the kept connection did not suffer
}

func TestMessagesTakeTurnsAndWaitingObeysTheContext(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	client := clearClient(t, serve(t, func(p *peer) {
		for p.request() != nil {
			asked <- struct{}{}
			<-release
			p.say(soapOK)
		}
	}))
	first := make(chan error, 1)
	go func() {
		_, err := client.Post(context.Background(), []byte("<ask/>"), Read)
		first <- err
	}()
	<-asked
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := client.Post(ctx, []byte("<ask/>"), Read)
	var timeout *TimeoutError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &timeout) || timeout.Phase != PhaseQueue {
		t.Errorf("%v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	wantStats(t, client, 1, 1)
}

func TestCloseInterruptsAndIsFinal(t *testing.T) {
	reached := make(chan struct{})
	client := clearClient(t, serve(t, func(p *peer) {
		p.request()
		close(reached)
		p.wait()
	}))
	result := make(chan error, 1)
	go func() {
		_, err := client.Post(context.Background(), []byte("<ask/>"), Write)
		result <- err
	}()
	<-reached
	client.Close()
	if err := <-result; !errors.Is(err, ErrClosed) || !MayHaveHappened(err) {
		t.Errorf("%v", err)
	}
	if _, err := post(t, client, Read); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	client.Close() // once more does no harm
}

package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a stepped clock.
type clock struct{ now atomic.Int64 }

func (c *clock) Now() time.Time             { return time.Unix(0, c.now.Load()) }
func (c *clock) advance(by time.Duration)   { c.now.Add(int64(by)) }
func (c *clock) use() func(*Config)         { return func(conf *Config) { conf.Now = c.Now } }
func answering(served *atomic.Int64) script { return answeringN(served, 1<<30) }

type script = func(*peer)

// answeringN answers n requests of each connection and then closes it.
func answeringN(served *atomic.Int64, n int) script {
	return func(p *peer) {
		for range n {
			if p.request() == nil {
				return
			}
			served.Add(1)
			p.say(soapOK)
		}
	}
}

func TestAConnectionIsKept(t *testing.T) {
	var served atomic.Int64
	var c clock
	client := clearClient(t, serve(t, answering(&served)), c.use())
	for range 4 {
		mustPost(t, client, Write)
		c.advance(maxIdleBeforeWrite) // 60 s are not more than 60 s
	}
	wantStats(t, client, 4, 1)
}

func TestBeforeAWriteAnIdleConnectionIsReplaced(t *testing.T) {
	for kind, connections := range map[Kind]int64{Write: 2, ReadOnce: 2, Read: 1} {
		var served atomic.Int64
		var c clock
		client := clearClient(t, serve(t, answering(&served)), c.use())
		mustPost(t, client, Write)
		c.advance(maxIdleBeforeWrite + time.Nanosecond)
		mustPost(t, client, kind)
		wantStats(t, client, 2, connections)
	}
}

func TestIdleTimeCountsFromTheLastReply(t *testing.T) {
	var served atomic.Int64
	var c clock
	client := clearClient(t, serve(t, answering(&served)), c.use())
	mustPost(t, client, Read)
	c.advance(50 * time.Second)
	mustPost(t, client, Read)
	c.advance(50 * time.Second)
	mustPost(t, client, Write)
	wantStats(t, client, 3, 1)
}

// closesAfterOne answers one request of a connection, reads one more without an
// answer, and closes: the request went out in full, and its fate is unknown.
func closesAfterOne(asked *atomic.Int64) script {
	return func(p *peer) {
		if p.request() == nil {
			return
		}
		asked.Add(1)
		p.say(soapOK)
		if p.request() != nil {
			asked.Add(1)
		}
	}
}

func TestARequestLostOnAKeptConnection(t *testing.T) {
	for kind, repeated := range map[Kind]bool{Read: true, Write: false, ReadOnce: false} {
		var asked atomic.Int64
		client := clearClient(t, serve(t, closesAfterOne(&asked)))
		mustPost(t, client, kind)
		_, err := post(t, client, kind)
		if (err == nil) != repeated {
			t.Errorf("kind %d: %v", kind, err)
		}
		want := int64(2)
		if repeated {
			want = 3
		}
		if asked.Load() != want {
			t.Errorf("kind %d: the host was asked %d times, want %d", kind, asked.Load(), want)
		}
		if !repeated {
			var lost *ReplyLostError
			if !errors.As(err, &lost) || lost.Kind != kind || MayHaveHappened(err) != (kind == Write) {
				t.Errorf("kind %d: %v", kind, err)
			}
			mustPost(t, client, kind) // on a new connection
		}
	}
}

func TestARequestIsRepeatedOnceOnly(t *testing.T) {
	var asked atomic.Int64
	client := clearClient(t, serve(t, func(p *peer) {
		for n := 0; p.request() != nil; n++ {
			asked.Add(1)
			if p.number > 0 || n > 0 {
				return // every connection but the first closes at once
			}
			p.say(soapOK)
		}
	}))
	mustPost(t, client, Read)
	_, err := post(t, client, Read)
	var lost *ReplyLostError
	if !errors.As(err, &lost) || asked.Load() != 3 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}

func TestAFreshConnectionThatClosesIsNotTriedAgain(t *testing.T) {
	var asked atomic.Int64
	client := clearClient(t, serve(t, func(p *peer) {
		if p.request() != nil {
			asked.Add(1)
		}
	}))
	if _, err := post(t, client, Read); err == nil || asked.Load() != 1 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}

func TestAWriteThatWasNotSentInFullIsSentOnANewConnection(t *testing.T) {
	var served atomic.Int64
	client := clearClient(t, serve(t, answering(&served)))
	mustPost(t, client, Write)
	client.kept.raw.Close() //nolint:errcheck // so that the next write of ours fails
	mustPost(t, client, Write)
	if served.Load() != 2 {
		t.Errorf("the host was asked %d times", served.Load())
	}
	if s := client.Stats(); s.Connections != 2 {
		t.Errorf("%+v", s)
	}
}

func TestDataThatNobodyAskedForSpoilsAConnection(t *testing.T) {
	more := make(chan struct{})
	client := clearClient(t, serve(t, func(p *peer) {
		for p.request() != nil {
			p.say(soapOK)
			if p.number == 0 {
				<-more
				p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		}
	}))
	mustPost(t, client, Write)
	close(more)
	client.kept.in.Peek(1) //nolint:errcheck // until the stray bytes are there
	mustPost(t, client, Write)
	wantStats(t, client, 2, 2)
}

func TestAnInterruptedConnectionIsSpentEvenIfTheReplyCame(t *testing.T) {
	client := clearClient(t, serve(t, func(p *peer) {
		for p.request() != nil {
			p.say(soapOK)
		}
	}))
	mustPost(t, client, Write)
	ctx, cancel := context.WithCancel(t.Context())
	if err := client.kept.interruptibly(ctx, func() error { cancel(); return nil }); err != nil || !client.kept.spent {
		t.Errorf("%v; spent: %t", err, client.kept.spent)
	}
}

// polite is a connection whose Close is not what hanging up means.
type polite struct {
	net.Conn

	t *testing.T
}

func (p polite) Close() error {
	p.t.Error("TLS said good-bye, which may take 5 s")
	return nil
}

func TestHangingUpDoesNotWaitForTLS(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close() //nolint:errcheck // a test's
	newConn(&Client{}, ours, polite{ours, t}).hangUp()
	if _, err := theirs.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

func TestBasicOnAKeptConnectionIsFinalToo(t *testing.T) {
	var asked atomic.Int64
	client := clearClient(t, serve(t, func(p *peer) {
		for p.request() != nil {
			if asked.Add(1) == 1 {
				p.say(soapOK)
			} else {
				p.say("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
			}
		}
	}))
	mustPost(t, client, Read)
	for range 2 {
		var refused *UnauthorizedError
		if _, err := post(t, client, Read); !errors.As(err, &refused) || !refused.Refused || refused.Accepted {
			t.Errorf("%v", err)
		}
	}
	if asked.Load() != 2 {
		t.Errorf("the password was tried %d times after it was refused", asked.Load()-1)
	}
}

func TestReauthenticationOnANewConnection(t *testing.T) {
	host := simulated(t)
	client := newClient(t, host.Addr())
	mustPost(t, client, Read)
	host.CloseConnections()
	mustPost(t, client, Read)
	if got := host.Counters(); got.Handshakes != 2 || got.Connections != 2 {
		t.Errorf("%+v", got)
	}
}

// legs are the server's side of a handshake that ends well, as text.
func legs(t *testing.T) []string {
	t.Helper()
	return []string{
		"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate " + challengeText() + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	}
}

const forgotten = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n"

// Inside TLS, where bodies are not sealed and a script can answer them.
func TestAConnectionThatTheHostHasForgotten(t *testing.T) {
	pair, pool := certificate(t, nil, "127.0.0.1")
	for name, test := range map[string]struct {
		answers [][]string // by connection
		good    int        // messages that succeed
	}{
		"once":                 {[][]string{{soapOK, forgotten}, {soapOK, soapOK}}, 3},
		"again and again":      {[][]string{{soapOK, forgotten}, {forgotten}}, 1},
		"a fresh one at once":  {[][]string{{forgotten}}, 0},
		"idle, then forgotten": {[][]string{{soapOK, soapOK, forgotten}, {forgotten}}, 2},
	} {
		address := serve(t, func(p *peer) {
			if p.number >= len(test.answers) {
				t.Errorf("%s: connection %d", name, p.number)
				return
			}
			secure := tls.Server(p.Conn, &tls.Config{Certificates: []tls.Certificate{pair}})
			p.Conn, p.in = secure, bufio.NewReader(secure)
			for _, answer := range append(legs(t), test.answers[p.number]...) {
				if p.request() == nil {
					return
				}
				p.say(answer)
			}
			p.wait()
		})
		client := newClient(t, address, func(c *Config) { c.HTTPS, c.TLS = true, &tls.Config{RootCAs: pool} })
		for range test.good {
			mustPost(t, client, Write)
		}
		if name == "once" {
			continue
		}
		_, err := post(t, client, Write)
		var refused *UnauthorizedError
		if !errors.As(err, &refused) || !refused.Accepted || MayHaveHappened(err) || !strings.Contains(err.Error(), "Remote Management Users") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

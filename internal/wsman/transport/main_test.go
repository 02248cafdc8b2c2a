package transport

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testUser     = `CONTOSO\svc-terraform`
	testPassword = "not-a-real-password-1"
)

// peer is one connection as a scripted server has it.
type peer struct {
	net.Conn

	t      *testing.T
	in     *bufio.Reader
	number int // of the connection, from 0
}

// serve runs script on each connection to a listener of its own, and closes the
// connection when it returns.
func serve(t *testing.T, script func(*peer)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	all.Go(func() {
		for number := 0; ; number++ {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			all.Go(func() {
				defer c.Close() //nolint:errcheck // a test's
				script(&peer{Conn: c, t: t, in: bufio.NewReader(c), number: number})
			})
		}
	})
	t.Cleanup(func() {
		listener.Close() //nolint:errcheck // a test's
		mu.Lock()
		for _, c := range open {
			c.Close() //nolint:errcheck // a test's
		}
		mu.Unlock()
		all.Wait()
	})
	return listener.Addr().String()
}

// request reads one request; nil when the client is gone.
func (p *peer) request() *http.Request {
	r, err := http.ReadRequest(p.in)
	if err != nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return r
}

// say writes raw bytes.
func (p *peer) say(text string) {
	io.WriteString(p, text) //nolint:errcheck // the client may be gone
}

// wait lasts until the client goes away.
func (p *peer) wait() {
	io.Copy(io.Discard, p.in) //nolint:errcheck // what counts is that it ends
}

const soapReply = "<ok/>"

// soapOK is a good answer to a message that was not sealed.
const soapOK = "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml;charset=UTF-8\r\nContent-Length: 5\r\n\r\n" + soapReply

// clear is a client of Basic over plain HTTP: the shortest way to the HTTP code.
func clearClient(t *testing.T, address string, change ...func(*Config)) *Client {
	t.Helper()
	return newClient(t, address, append([]func(*Config){func(c *Config) {
		c.Auth, c.AllowUnencryptedBasic = AuthBasic, true
	}}, change...)...)
}

func newClient(t *testing.T, address string, change ...func(*Config)) *Client {
	t.Helper()
	conf := Config{Address: address, Auth: AuthNegotiate, Username: testUser, Password: testPassword}
	for _, f := range change {
		f(&conf)
	}
	c, err := New(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// post sends a message that a test does not care about.
func post(t *testing.T, c *Client, kind Kind) (Reply, error) {
	t.Helper()
	return c.Post(context.Background(), []byte("<ask/>"), kind)
}

func mustPost(t *testing.T, c *Client, kind Kind) {
	t.Helper()
	reply, err := post(t, c, kind)
	if err != nil {
		t.Fatal(err)
	}
	if string(reply.Body) != soapReply || reply.Status != 200 {
		t.Fatalf("reply %d %q", reply.Status, reply.Body)
	}
}

func wantStats(t *testing.T, c *Client, roundTrips, connections int64) {
	t.Helper()
	if s := c.Stats(); s.RoundTrips != roundTrips || s.Connections != connections {
		t.Errorf("%d round trips on %d connections, want %d on %d", s.RoundTrips, s.Connections, roundTrips, connections)
	}
}

package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

const (
	endpointPath = "/wsman"
	// soapType is what WinRM wants to see, spelt as MS-WSMV spells it.
	soapType  = "application/soap+xml;charset=UTF-8"
	userAgent = "terraform-provider-windows"
)

// longAgo as a deadline interrupts reads and writes that are under way.
var longAgo = time.Unix(1, 0)

// conn is one connection and all that is bound to it.
type conn struct {
	client   *Client
	raw      net.Conn      // TCP
	net      net.Conn      // what HTTP goes over: TCP or TLS
	in       *bufio.Reader // over budget
	budget   *budget
	lastUsed time.Time

	authorization string   // of every request: Basic
	session       *session // seals every message; nil: bodies go as they are
	answered      bool     // a reply was read in full
	accepted      bool     // the last status that came was another than 401
	spent         bool     // no further request on this connection
}

// session seals and opens the messages of one connection. Sequence numbers run
// through it, so an exchange that fails spoils it for good.
type session struct {
	protocol string // media type that the frames bear
	seal     func(plain []byte) (signature, sealed []byte, err error)
	open     func(signature, sealed []byte) (plain []byte, err error)
}

// closedError says that the peer closed the connection before it sent any byte
// of a reply. sent: the request went out in full, as far as we know.
type closedError struct {
	sent bool
	err  error
}

func (e *closedError) Error() string {
	if errors.Is(e.err, io.EOF) {
		return "the host closed the connection without an answer"
	}
	return e.err.Error()
}

func (e *closedError) Unwrap() error { return e.err }

func newConn(c *Client, raw, over net.Conn) *conn {
	b := &budget{from: over}
	return &conn{client: c, raw: raw, net: over, in: bufio.NewReaderSize(b, 8<<10), budget: b}
}

// hangUp closes the connection at once. TLS's own Close would first say good-bye,
// and wait up to 5 s for a peer that does not read.
func (c *conn) hangUp() {
	c.raw.Close() //nolint:errcheck // it is given up; there is nothing to do about it
}

// interruptibly runs do, and makes its reads and writes fail at once when ctx
// ends. A connection that was interrupted, even if too late, is spent: its
// deadline lies in the past.
func (c *conn) interruptibly(ctx context.Context, do func() error) error {
	stop := context.AfterFunc(ctx, func() {
		c.net.SetDeadline(longAgo) //nolint:errcheck // fails on a closed connection only
	})
	err := do()
	if !stop() {
		c.spent = true
	}
	return err
}

// post carries one SOAP message and gives its reply, opened. sent says whether
// the request went out in full.
func (c *conn) post(body []byte) (reply Reply, sent bool, err error) {
	contentType := soapType
	if c.session != nil {
		if body, err = c.session.wrap(body); err != nil {
			return Reply{}, false, err
		}
		contentType = frameType(c.session.protocol)
	}
	answer, sent, err := c.roundTrip(c.authorization, contentType, body)
	if err != nil {
		return Reply{}, sent, err
	}
	reply, err = c.interpret(answer)
	return reply, sent, err
}

// roundTrip sends one request and reads its reply in full.
func (c *conn) roundTrip(authorization, contentType string, body []byte) (answer, bool, error) {
	request, err := c.render(authorization, contentType, body)
	if err != nil {
		return answer{}, false, err
	}
	if c.in.Buffered() > 0 {
		// Bytes that nobody asked for: they would be taken for the next reply.
		return answer{}, false, &closedError{err: errors.New("the host sent data before it was asked")}
	}
	c.client.roundTrips.Add(1)
	if _, err := c.net.Write(request); err != nil {
		return answer{}, false, &closedError{err: err}
	}
	got, err := c.read()
	c.answered = c.answered || err == nil
	return got, true, err
}

// render gives the request in one piece, so that a failed write is a request
// that did not go out in full.
func (c *conn) render(authorization, contentType string, body []byte) ([]byte, error) {
	header := http.Header{"Content-Type": {contentType}, "User-Agent": {userAgent}}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	request := &http.Request{
		Method: http.MethodPost,
		// The scheme does not go over the wire.
		URL:           &url.URL{Scheme: "http", Host: c.client.conf.Address, Path: endpointPath},
		Host:          c.client.conf.Address,
		Header:        header,
		ContentLength: int64(len(body)),
	}
	if len(body) > 0 {
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	out := bytes.NewBuffer(make([]byte, 0, len(body)+512))
	if err := request.Write(out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// countingConn counts what goes over TCP.
type countingConn struct {
	net.Conn

	sent, received *atomic.Int64
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received.Add(int64(n))
	return n, err
}

func (c *countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// Kind says whether a message may be sent a second time.
type Kind int

const (
	// Write changes the host: it is never sent twice. It is the zero value, so that
	// a caller who forgets the kind gets the careful treatment.
	Write Kind = iota
	// Read is safe to repeat.
	Read
	// ReadOnce changes nothing on the host, and must not be sent twice all the
	// same: a Pull moves the host's cursor, so a second one would skip items.
	ReadOnce
)

// maxIdleBeforeWrite is how long a kept connection may have been idle to be good
// for a message that can't be repeated. Windows closes after about 120 s without a request [reported by
// other clients, not measured here]; a Write that meets the closing is lost, and
// whether it was done is unknown.
const maxIdleBeforeWrite = 60 * time.Second

// Reply is what the host answered: any HTTP status whose body is SOAP.
type Reply struct {
	Status      int
	Body        []byte // opened, if it came sealed
	ContentType string // of the body, as it was before sealing
}

// Stats counts what went over the wire since New.
type Stats struct {
	RoundTrips    int64 // HTTP requests that were sent, those of the handshake included
	Connections   int64 // TCP connections that were opened
	BytesSent     int64 // as TCP carried them: with HTTP headers, and TLS's records
	BytesReceived int64
}

// Client speaks to one host over at most one connection, one message at a time.
// It is safe for use by several goroutines, which wait for one another.
type Client struct {
	conf    Config
	dialTCP func(ctx context.Context, network, address string) (net.Conn, error) // a seam for tests

	turn  chan struct{} // holds one token while a message is under way: a lock that obeys a context
	done  context.Context
	close context.CancelFunc

	// What follows belongs to the holder of the turn.
	kept    *conn
	refused *UnauthorizedError // the credentials were refused: final

	roundTrips, connections atomic.Int64
	sent, received          atomic.Int64
}

// New checks the configuration and returns a client. It does not dial.
func New(conf Config) (*Client, error) {
	if err := conf.validate(); err != nil {
		return nil, fmt.Errorf("unable to set up a connection to %s: %w", conf.Address, err)
	}
	done, cancel := context.WithCancel(context.Background())
	return &Client{
		conf: conf.withDefaults(), dialTCP: new(net.Dialer).DialContext,
		turn: make(chan struct{}, 1), done: done, close: cancel,
	}, nil
}

// String names the host and the user. It keeps the password out of a log that
// shows a Client as %v: fmt would print Config's fields without asking it.
func (c *Client) String() string { return c.conf.String() }

// GoString does the same for %#v.
func (c *Client) GoString() string { return c.conf.String() }

// Address is the configured host:port.
func (c *Client) Address() string { return c.conf.Address }

// MaxReplyBytes is the bound of one reply's body.
func (c *Client) MaxReplyBytes() int64 { return c.conf.MaxReplyBytes }

// URL is the endpoint, as the header a:To names it.
func (c *Client) URL() string {
	scheme := "http"
	if c.conf.HTTPS {
		scheme = "https"
	}
	return scheme + "://" + c.conf.Address + endpointPath
}

// Stats may be called at any time.
func (c *Client) Stats() Stats {
	return Stats{
		RoundTrips:    c.roundTrips.Load(),
		Connections:   c.connections.Load(),
		BytesSent:     c.sent.Load(),
		BytesReceived: c.received.Load(),
	}
}

// Close drops the connection. A Post that is under way is interrupted and, like
// every later one, returns ErrClosed.
func (c *Client) Close() {
	c.close()
	c.turn <- struct{}{} // short: the close above interrupts the holder
	c.drop()
	<-c.turn
}

// Post sends one SOAP message and returns the host's answer, whatever its HTTP
// status, as long as it is SOAP. Where there is no connection one is opened and
// authenticated first. It obeys ctx in every phase; the errors of this package
// say in which it ended.
//
// A kept connection that turns out closed is replaced once, if the message is a
// Read or was not sent in full; so is one that the host no longer takes for
// authenticated. A Write whose reply is lost gives ReplyLostError.
func (c *Client) Post(ctx context.Context, body []byte, kind Kind) (Reply, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.done, func() { cancel(ErrClosed) })() //nolint:contextcheck // Close ends every message

	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return Reply{}, c.outOfTime(ctx, PhaseQueue)
	}
	if c.done.Err() != nil {
		return Reply{}, ErrClosed
	}
	if ctx.Err() != nil {
		return Reply{}, c.outOfTime(ctx, PhaseQueue)
	}
	if c.refused != nil {
		return Reply{}, c.refused
	}
	return c.post(ctx, body, kind)
}

func (c *Client) post(ctx context.Context, body []byte, kind Kind) (Reply, error) {
	if c.keptIsGoodFor(kind) {
		reply, err := c.send(ctx, body, kind)
		if err == nil || !c.outlived(err, kind) {
			return reply, err
		}
	}
	if err := c.connect(ctx); err != nil {
		return Reply{}, err
	}
	return c.send(ctx, body, kind)
}

// outlived reports whether err only says that a kept connection had come to its
// end, and nothing was done.
func (c *Client) outlived(err error, kind Kind) bool {
	var closed *closedError
	if errors.As(err, &closed) {
		return !closed.sent || kind == Read
	}
	// A 401 to a message that bears no credentials judges none: the host has
	// forgotten the connection, as http.sys may keep it while WinRM restarts
	// [assumed]. The handshake that follows is a new logon with a password that was
	// right before, and its verdict is final.
	var unauthorized *UnauthorizedError
	return errors.As(err, &unauthorized) && c.conf.Auth != AuthBasic
}

func (c *Client) keptIsGoodFor(kind Kind) bool {
	if c.kept == nil {
		return false
	}
	if kind != Read && c.conf.Now().Sub(c.kept.lastUsed) > maxIdleBeforeWrite {
		c.drop()
		return false
	}
	return true
}

// send does one exchange on c.kept, and keeps the connection only when nothing
// at all is wrong with it.
func (c *Client) send(ctx context.Context, body []byte, kind Kind) (Reply, error) {
	conn := c.kept
	var reply Reply
	sent := false
	err := conn.interruptibly(ctx, func() (err error) {
		reply, sent, err = conn.post(body)
		return err
	})
	if err != nil || conn.spent {
		c.drop()
	} else {
		conn.lastUsed = c.conf.Now()
	}
	if err == nil {
		return reply, nil
	}
	err = c.explain(ctx, err, sent, kind)
	noteProof(err, c.conf.Auth == AuthBasic && !conn.accepted) // each request of Basic bears the password
	return Reply{}, err
}

// explain turns what went wrong in an exchange into an error of this package.
func (c *Client) explain(ctx context.Context, err error, sent bool, kind Kind) error {
	if ctx.Err() != nil {
		phase := PhaseSend
		if sent {
			phase = PhaseReply
		}
		err = c.outOfTime(ctx, phase)
	}
	var unauthorized *UnauthorizedError
	if errors.As(err, &unauthorized) && unauthorized.Refused && c.conf.Auth == AuthBasic {
		c.refused = unauthorized
	}
	var closed *closedError
	switch {
	case sent && outcomeUnknown(err):
		return &ReplyLostError{Address: c.conf.Address, Kind: kind, Err: err}
	case errors.As(err, &closed):
		return &UnreachableError{Address: c.conf.Address, Reason: Dropped, HTTPS: c.conf.HTTPS, Err: err}
	default:
		return c.located(err)
	}
}

// outcomeUnknown reports whether the host may have done what was asked, although
// err came of it. Only answers that say 'not done' leave no doubt.
func outcomeUnknown(err error) bool {
	var (
		unauthorized *UnauthorizedError
		unencrypted  *UnencryptedRefusedError
		notWinRM     *NotWinRMError
		noTLS        *TLSError
	)
	switch {
	case errors.As(err, &unauthorized), errors.As(err, &unencrypted), errors.As(err, &noTLS):
		return false
	case errors.As(err, &notWinRM):
		return notWinRM.Status < 300 // an HTTP error of somebody who is not WinRM: nothing was done
	default:
		return true
	}
}

func (c *Client) outOfTime(ctx context.Context, phase Phase) error {
	if errors.Is(context.Cause(ctx), ErrClosed) {
		return ErrClosed
	}
	return &TimeoutError{Address: c.conf.Address, Phase: phase, Err: ctx.Err()}
}

func (c *Client) drop() {
	if c.kept != nil {
		c.kept.hangUp()
		c.kept = nil
	}
}

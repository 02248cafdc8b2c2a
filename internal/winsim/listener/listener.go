// Package listener imitates the HTTP side of the Windows Remote Management service on a loopback address: HTTP.sys,
// authentication, and the sealing of messages. What a request means is the business of Config.Handle.
//
// Every behaviour is tagged: *recorded* (seen in real bytes), *documented* (Microsoft's or public readers' word) or
// *assumed* (then it varies by Config.Seed).
package listener

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// MaxRequestBytes bounds the body of one request. Windows answers 413 above MaxEnvelopeSizekb (500 by default), which
// it counts in UTF-16 (*documented*); twice that number of bytes is beyond every version's default.
const MaxRequestBytes = 1 << 20

// idleTimeout is how long Windows keeps a connection without a request: about 120 s (*documented*).
const idleTimeout = 120 * time.Second

// Request is one authenticated request. Body is opened if it came sealed, and ContentType is then that of the
// original content. User is the account as Config.Accounts spells it. Secure tells that it came over TLS.
type Request struct {
	User        string
	Secure      bool
	Path        string
	ContentType string
	Body        []byte
}

// Response is what the service answers. The zero Status is 200 and the zero ContentType is SOAP's.
type Response struct {
	Status      int
	ContentType string
	Body        []byte
	Drop        bool                  // close the connection without an answer
	Raw         bool                  // send Body as it is, unsealed, even on a sealed connection
	Stream      func(io.Writer) error // instead of Body: written raw and chunked until it returns
}

// Config says where to listen and whom to let in.
type Config struct {
	IP       string            // loopback address without a port; empty is 127.0.0.1
	TLS      *tls.Config       // nil: plain HTTP
	NoDomain func() bool       // whether accounts of a domain cannot be judged now; nil: they always can
	Accounts map[string]string // user (any letter case, as DOMAIN\user, user@realm or user) to password

	Domain       string // NetBIOS name of the domain that the host is a member of; empty: ComputerName (a workgroup)
	ComputerName string // NetBIOS name of the host

	Basic            bool // offer Basic: over TLS always, over plain HTTP only with AllowUnencrypted
	Negotiate        bool // offer Negotiate (NTLM)
	AllowUnencrypted bool // take unsealed messages over plain HTTP

	BindingPolicy string // channel bindings over TLS: "none", "relaxed" (the default: checked if sent) or "strict"
	OmitTimestamp bool   // leave MsvAvTimestamp out of the CHALLENGE, as Windows Server 2003 does (*documented*)

	Seed int64            // chooses among the assumed shapes
	Now  func() time.Time // nil is time.Now

	// Handle answers an authenticated request. Its context ends when the client's connection goes away or the
	// listener closes, so that it may wait for that.
	Handle func(ctx context.Context, r Request) Response
}

// Counters counts what came in since the start or the last ResetCounters.
type Counters struct {
	Requests     int `json:"requests"`      // HTTP requests, each leg of a handshake included: the round trips
	Connections  int `json:"connections"`   // TCP connections accepted
	Handshakes   int `json:"handshakes"`    // Negotiate handshakes that ended well
	FailedLogons int `json:"failed_logons"` // credentials refused, by either scheme
}

// Listener is a running service.
type Listener struct {
	config  Config
	shape   shape
	binding []byte // tls-server-end-point hash of our certificate, nil over plain HTTP
	address string

	mu          sync.Mutex
	server      *http.Server // nil while it is stopped
	socket      net.Listener
	closed      bool
	served      sync.WaitGroup
	counters    Counters
	connections map[net.Conn]struct{}
	gone        *sync.Cond // on mu: a connection has ended, and its Handle with it
}

// Listen starts serving on a free port of Config.IP. It fails on a Config without Handle, with an unknown
// BindingPolicy, with TLS but no certificate, and on an address that cannot be listened on.
func Listen(c Config) (*Listener, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	l := &Listener{config: c, shape: newShape(c.Seed), address: net.JoinHostPort(c.IP, "0"), connections: map[net.Conn]struct{}{}}
	l.gone = sync.NewCond(&l.mu)
	if c.TLS != nil {
		if l.binding, err = endPointBinding(c.TLS); err != nil {
			return nil, err
		}
	}
	return l, l.Start()
}

// Start listens again after Stop, at the address that it had, unless it does already or was closed. It fails where somebody
// else has the address by now.
func (l *Listener) Start() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil || l.closed {
		return nil
	}
	socket, err := new(net.ListenConfig).Listen(context.Background(), "tcp", l.address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", l.address, err)
	}
	if strings.HasSuffix(l.address, ":0") { // the first time
		l.address = socket.Addr().String()
	}
	server := &http.Server{
		Handler:           http.HandlerFunc(l.serve),
		ReadHeaderTimeout: idleTimeout,
		IdleTimeout:       idleTimeout,
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // WinRM has no HTTP/2
		ErrorLog:          log.New(quiet{}, "winsim: ", 0),
		ConnState:         l.track,
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, &connection{})
		},
	}
	if l.config.TLS != nil {
		socket = tls.NewListener(socket, l.config.TLS)
	}
	l.server, l.socket = server, socket
	l.served.Go(func() { _ = server.Serve(socket) }) // always http.ErrServerClosed after Stop
	return nil
}

// Addr is the address to dial, host:port.
func (l *Listener) Addr() string { return l.address }

// Stop stops listening and cuts every connection, which ends the context of every running Handle. It waits for nothing.
func (l *Listener) Stop() {
	l.mu.Lock()
	server, socket := l.server, l.socket
	l.server = nil
	l.mu.Unlock() // the server waits for track
	if server != nil {
		_ = socket.Close() // of which the server may not know yet
		_ = server.Close() // nothing is left to do about what fails to close
	}
}

// Close stops it for good and waits until every Handle has returned.
func (l *Listener) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.Stop()
	l.served.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.connections) > 0 {
		l.gone.Wait()
	}
}

// CloseConnections cuts every open connection from the server's side, with or without a request in flight.
func (l *Listener) CloseConnections() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.connections {
		_ = c.Close()
	}
}

// Counters returns a copy of the counters.
func (l *Listener) Counters() Counters {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counters
}

// ResetCounters sets all counters to zero.
func (l *Listener) ResetCounters() { l.count(func(c *Counters) { *c = Counters{} }) }

func (l *Listener) count(change func(*Counters)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.counters)
}

func (l *Listener) track(c net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch state {
	case http.StateNew:
		l.counters.Connections++
		l.connections[c] = struct{}{}
		if l.server == nil { // it was accepted just before
			_ = c.Close()
		}
	case http.StateClosed:
		delete(l.connections, c)
		l.gone.Broadcast()
	}
}

func (c Config) withDefaults() (Config, error) {
	if c.Handle == nil {
		return c, errors.New("listener: Config.Handle is missing")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.IP, c.ComputerName, c.BindingPolicy = cmp.Or(c.IP, "127.0.0.1"), cmp.Or(c.ComputerName, "WINSIM"), cmp.Or(c.BindingPolicy, "relaxed")
	if !slices.Contains([]string{"none", "relaxed", "strict"}, c.BindingPolicy) {
		return c, fmt.Errorf("listener: BindingPolicy %q is none of none, relaxed, strict", c.BindingPolicy)
	}
	if c.TLS != nil {
		if len(c.TLS.Certificates) == 0 {
			return c, errors.New("listener: Config.TLS has no certificate in Certificates")
		}
		c.TLS = c.TLS.Clone()
		c.TLS.NextProtos = nil
	}
	return c, nil
}

// quiet passes on what net/http logs (the panic of a Handle above all) but for failed TLS handshakes, which tests
// provoke on purpose.
type quiet struct{}

func (quiet) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "TLS handshake error") {
		return len(line), nil
	}
	return os.Stderr.Write(line)
}

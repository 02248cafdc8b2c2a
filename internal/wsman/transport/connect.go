package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// triedBasic is how errors name the scheme.
const triedBasic = "Basic"

// connect dials, does the TLS handshake and authenticates, within ConnectTimeout.
// The wait for another host's logon (Config.Logons) does not count. On success
// c.kept is the new connection.
func (c *Client) connect(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, c.conf.ConnectTimeout)
	defer cancel()
	fresh, err := c.dial(ctx, limited)
	if err != nil {
		return err
	}
	deadline, _ := limited.Deadline()
	left := time.Until(deadline)
	leave, waited, err := c.logons().enter(ctx, c.conf.Address)
	if err != nil {
		fresh.hangUp()
		if ctx.Err() != nil {
			return c.outOfTime(ctx, PhaseQueue)
		}
		return err
	}
	limited, cancel = context.WithTimeout(ctx, left)
	defer cancel()
	fresh, err = c.logOn(ctx, limited, fresh, waited)
	leave(err)
	if err != nil {
		return err
	}
	fresh.lastUsed = c.conf.Now()
	c.kept = fresh
	return nil
}

// logOn authenticates a connection, and hangs up where that fails. One that waited
// for its turn may have been closed meanwhile: if so it is replaced once. Nothing
// but our first token went over it then, which bears no credentials.
func (c *Client) logOn(ctx, limited context.Context, fresh *conn, waited bool) (*conn, error) {
	err := c.authenticate(limited, fresh)
	var closed *closedError
	if waited && errors.As(err, &closed) && !fresh.answered {
		fresh.hangUp()
		if fresh, err = c.dial(ctx, limited); err != nil {
			return nil, err
		}
		err = c.authenticate(limited, fresh)
	}
	if err != nil {
		fresh.hangUp()
		err = c.explainConnect(ctx, limited, PhaseAuth, err)
		noteProof(err, fresh.answered) // the answer was a challenge, and the proof is what follows it
		return nil, err
	}
	return fresh, nil
}

// noteProof marks an error without a verdict of the host.
func noteProof(err error, sent bool) {
	var lost *ReplyLostError
	var unreachable *UnreachableError
	var late *TimeoutError
	switch {
	case errors.As(err, &lost):
		lost.proofSent = sent
	case errors.As(err, &unreachable):
		unreachable.proofSent = sent
	case errors.As(err, &late):
		late.proofSent = sent
	}
}

// logons is the watch over the account; Basic has none, since WinRM takes only
// local accounts by it.
func (c *Client) logons() *Logons {
	if c.conf.Auth == AuthBasic {
		return nil
	}
	return c.conf.Logons
}

// dial opens a connection within limited, with TLS where it is asked for.
func (c *Client) dial(ctx, limited context.Context) (*conn, error) {
	raw, err := c.dialTCP(limited, "tcp", c.conf.Address)
	if err != nil {
		return nil, c.explainConnect(ctx, limited, PhaseDial, err)
	}
	c.connections.Add(1)
	counted := &countingConn{Conn: raw, sent: &c.sent, received: &c.received}
	if !c.conf.HTTPS {
		return newConn(c, raw, counted), nil
	}
	secure := tls.Client(counted, c.conf.TLS)
	if err := secure.HandshakeContext(limited); err != nil {
		raw.Close() //nolint:errcheck // given up
		return nil, c.explainConnect(ctx, limited, PhaseTLS, err)
	}
	return newConn(c, raw, secure), nil
}

func (c *Client) authenticate(ctx context.Context, fresh *conn) error {
	if c.conf.Auth == AuthBasic {
		// UTF-8, as RFC 7617 has it when the server names no charset; what WinRM
		// makes of letters beyond ASCII was not measured.
		fresh.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.conf.Username+":"+c.conf.Password))
		return nil
	}
	return fresh.interruptibly(ctx, func() error { return c.negotiate(fresh) })
}

// explainConnect turns what went wrong while connecting into an error of this package.
func (c *Client) explainConnect(ctx, limited context.Context, phase Phase, err error) error {
	var unauthorized *UnauthorizedError
	if errors.As(err, &unauthorized) {
		if unauthorized.Refused {
			c.refused = unauthorized
		}
		return err
	}
	if ctx.Err() != nil {
		return c.outOfTime(ctx, phase)
	}
	if limited.Err() != nil {
		slow := &TimeoutError{Address: c.conf.Address, Phase: phase, Limit: c.conf.ConnectTimeout, Err: limited.Err()}
		if phase == PhaseDial {
			return &UnreachableError{Address: c.conf.Address, Reason: DialTimeout, HTTPS: c.conf.HTTPS, Limit: c.conf.ConnectTimeout, Err: slow}
		}
		return slow
	}
	switch phase {
	case PhaseDial:
		return &UnreachableError{Address: c.conf.Address, Reason: dialReason(err), HTTPS: c.conf.HTTPS, Err: err}
	case PhaseTLS:
		return c.explainTLS(err)
	default:
		if isNetwork(err) {
			return &UnreachableError{Address: c.conf.Address, Reason: Dropped, HTTPS: c.conf.HTTPS, Err: err}
		}
		return c.located(err)
	}
}

// located puts the address before an error that does not begin with it yet.
func (c *Client) located(err error) error {
	if strings.HasPrefix(err.Error(), c.conf.Address) {
		return err
	}
	return fmt.Errorf("%s: %w", c.conf.Address, err)
}

func dialReason(err error) UnreachableReason {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return UnknownName
	case errors.As(err, &dns):
		return NameService
	case hasErrno(err, syscall.ECONNREFUSED, 10061):
		return Refused
	case hasErrno(err, syscall.EHOSTUNREACH, 10065), hasErrno(err, syscall.ENETUNREACH, 10051):
		return NoRoute
	case hasErrno(err, syscall.ETIMEDOUT, 10060), errors.As(err, &timeout) && timeout.Timeout():
		return DialTimeout
	default:
		return OtherReason
	}
}

// hasErrno looks for an error number. On Windows the system gives Winsock's own
// numbers, which differ from those that package syscall made up for its names.
func hasErrno(err error, posix, winsock syscall.Errno) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	return errno == posix || (runtime.GOOS == "windows" && errno == winsock)
}

func (c *Client) explainTLS(err error) error {
	failed := &TLSError{Address: c.conf.Address, Reason: OtherTLS, Name: c.conf.TLS.ServerName, Err: err}
	var (
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &record):
		if string(record.RecordHeader[:]) == "HTTP/" {
			failed.Reason = PlainHTTP
		}
	case errors.As(err, &authority):
		failed.Reason = UnknownAuthority
	case errors.As(err, &name) && !hasNames(name.Certificate):
		failed.Reason = CommonNameOnly
	case errors.As(err, &name):
		failed.Reason = NameMismatch
	case isAlert(err, alertProtocolVersion), strings.Contains(err.Error(), "server selected unsupported protocol version"):
		failed.Reason = OldTLS // the latter is crypto/tls's own text: it has no type
	case isAlert(err, alertCertificateRequired):
		failed.Reason = ClientCertificate
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		failed.Reason = Expired
	case isNetwork(err):
		return &UnreachableError{Address: c.conf.Address, Reason: Dropped, HTTPS: true, Err: err, inTLS: true}
	}
	return failed
}

// hasNames reports whether a certificate says for whom it is where that is looked for.
func hasNames(c *x509.Certificate) bool {
	return len(c.DNSNames)+len(c.IPAddresses)+len(c.EmailAddresses)+len(c.URIs) > 0
}

// Alerts of TLS (RFC 8446 6).
const (
	alertProtocolVersion     = 70
	alertCertificateRequired = 116
)

// isAlert reports whether the peer sent that alert. crypto/tls keeps the type of
// those that came over TCP to itself; their texts are those of its AlertError.
func isAlert(err error, number uint8) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" && op.Err.Error() == tls.AlertError(number).Error()
}

// isNetwork reports whether the connection failed, as against what came over it.
func isNetwork(err error) bool {
	var op *net.OpError
	var closed *closedError
	if errors.As(err, &op) {
		return op.Op == "read" || op.Op == "write" || op.Op == "dial"
	}
	return errors.As(err, &closed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrClosed is what Post returns after Close.
var ErrClosed = errors.New("the client is closed")

// UnreachableReason tells apart why no connection came about.
type UnreachableReason string

// The reasons of an UnreachableError.
const (
	Refused     UnreachableReason = "refused"          // something answered: no listener on that port
	UnknownName UnreachableReason = "unknown name"     // DNS says the name does not exist
	NameService UnreachableReason = "name service"     // DNS could not be asked, the name may exist
	NoRoute     UnreachableReason = "no route"         // host or network unreachable
	DialTimeout UnreachableReason = "no answer"        // silence: filtered port, host down, not booted yet
	Dropped     UnreachableReason = "dropped"          // closed during TLS handshake or authentication
	OtherReason UnreachableReason = "connection error" // anything else
)

// UnreachableError says that no connection came about, so nothing was done on the host.
type UnreachableError struct {
	Address string
	Reason  UnreachableReason
	HTTPS   bool
	Limit   time.Duration // of DialTimeout: how long was waited; zero when the system gave up
	Err     error
}

func (e *UnreachableError) Error() string {
	return e.Address + ": " + e.text()
}

func (e *UnreachableError) text() string {
	switch e.Reason {
	case Refused:
		return "the connection was refused: is WinRM enabled (`winrm quickconfig`) and does it listen on this port? " +
			"The usual ports are 5985 for HTTP and 5986 for HTTPS, and HTTPS needs a listener of its own"
	case UnknownName:
		return "this host name does not exist in DNS: check the spelling and the search domain"
	case NameService:
		return fmt.Sprintf("the host name could not be looked up, so nothing is known about the host: %v", e.Err)
	case NoRoute:
		return fmt.Sprintf("there is no route to the host: is it on, and is the network up? (%v)", e.Err)
	case DialTimeout:
		within := ""
		if e.Limit > 0 {
			within = fmt.Sprintf(" within %s", e.Limit)
		}
		return "no TCP connection" + within + ": the host is down or a firewall drops the packets " +
			"(Windows Firewall's rule group is \"Windows Remote Management\")"
	case Dropped:
		return fmt.Sprintf("the host closed the connection while it was being set up: %v%s", e.Err, e.schemeHint())
	default:
		return fmt.Sprintf("no connection: %v", e.Err)
	}
}

func (e *UnreachableError) schemeHint() string {
	if e.HTTPS {
		return " (does this port speak HTTPS? 5986 does by default, 5985 does not)"
	}
	return " (does this port speak plain HTTP? 5985 does by default, 5986 does not)"
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// TLSReason tells apart why a TLS handshake failed.
type TLSReason string

// The reasons of a TLSError.
const (
	UnknownAuthority TLSReason = "unknown authority"
	NameMismatch     TLSReason = "name mismatch"
	Expired          TLSReason = "expired"
	PlainHTTP        TLSReason = "plain HTTP" // the server answered without TLS
	OtherTLS         TLSReason = "handshake"
)

// TLSError says that the server was reached and TLS failed. Nothing was sent.
type TLSError struct {
	Address string
	Reason  TLSReason
	Name    string // the name that the certificate was checked against
	Err     error
}

func (e *TLSError) Error() string {
	return e.Address + ": " + e.text()
}

func (e *TLSError) text() string {
	switch e.Reason {
	case UnknownAuthority:
		return fmt.Sprintf("the server's certificate is signed by an authority that is not known here: "+
			"give its certificate in ca_certificate (%v)", e.Err)
	case NameMismatch:
		return fmt.Sprintf("the server's certificate is not for %q: "+
			"give the name that it bears in tls_server_name (%v)", e.Name, e.Err)
	case Expired:
		return fmt.Sprintf("the server's certificate is outside its time of validity: renew it, or set this machine's clock (%v)", e.Err)
	case PlainHTTP:
		return "TLS was started, but the server speaks plain HTTP on this port: use the HTTPS port (5986 by default), or https = false"
	default:
		return fmt.Sprintf("the TLS handshake failed: %v", e.Err)
	}
}

func (e *TLSError) Unwrap() error { return e.Err }

// UnauthorizedError says that the server refused the credentials, or offers no
// scheme that we were told to use. It is final: the same password is not tried
// again, because every try counts towards an account lock-out.
type UnauthorizedError struct {
	Address string
	User    string   // as configured
	Tried   string   // "Basic", "Negotiate with NTLM"
	Offered []string // schemes of WWW-Authenticate, in the server's order
	Refused bool     // the credentials were judged; false: the scheme is not offered
	HTTPS   bool
}

func (e *UnauthorizedError) Error() string {
	offers := "the server offers nothing"
	if len(e.Offered) > 0 {
		offers = "the server offers " + strings.Join(e.Offered, ", ")
	}
	if !e.Refused {
		return fmt.Sprintf("%s does not take %s; %s: %s", e.Address, e.Tried, offers, e.whatElse())
	}
	return fmt.Sprintf("%s refused the credentials of %s (tried %s; %s): %s", e.Address, e.User, e.Tried, offers, e.advice())
}

func (e *UnauthorizedError) offers(scheme string) bool {
	for _, o := range e.Offered {
		if strings.EqualFold(o, scheme) {
			return true
		}
	}
	return false
}

func (e *UnauthorizedError) whatElse() string {
	switch {
	case e.offers("Negotiate"):
		return `use auth = "negotiate"`
	case e.offers("Basic"):
		return `use auth = "basic" with https = true, or enable Negotiate on the host (winrm set winrm/config/service/auth @{Negotiate="true"})`
	case e.offers("Kerberos"):
		return `the host takes Kerberos only, which this version can't speak: enable Negotiate on the host (winrm set winrm/config/service/auth @{Negotiate="true"})`
	default:
		return "check winrm/config/service/auth on the host"
	}
}

func (e *UnauthorizedError) advice() string {
	text := "check user name and password, and that the account is not locked, expired or barred from network logon"
	if e.Tried == triedBasic {
		return text + "; Basic takes local accounts only, and only where it is enabled (winrm get winrm/config/service/auth)"
	}
	if !strings.ContainsAny(e.User, `\@`) {
		text += `; a domain account needs its domain (DOMAIN\user or user@realm)`
	}
	if e.HTTPS {
		text += "; a host with CbtHardeningLevel=Strict also refuses when a proxy or load balancer ends TLS before it"
	}
	return text + "; a domain that forbids NTLM answers the same"
}

// ReplyLostError says that a request was sent in full and no usable reply came:
// the operation may have happened. For a Write the caller must find out by
// reading; the client never sends it again.
type ReplyLostError struct {
	Address string
	Kind    Kind
	Err     error
}

func (e *ReplyLostError) Error() string {
	doubt := ""
	if e.Kind == Write {
		doubt = ", so the change may have been made"
	}
	cause := strings.TrimPrefix(e.Err.Error(), e.Address+": ") // once is enough
	return fmt.Sprintf("%s: the request was sent and no usable reply came%s: %s", e.Address, doubt, cause)
}

func (e *ReplyLostError) Unwrap() error { return e.Err }

// MayHaveHappened reports whether the Write that ended in err may have been done
// by the host: its request was sent in full and its outcome is not known.
func MayHaveHappened(err error) bool {
	var lost *ReplyLostError
	return errors.As(err, &lost) && lost.Kind == Write
}

// ReplyTooLargeError says that a reply passed its bound; the rest was not read.
type ReplyTooLargeError struct {
	Address string
	What    string // "body", "header"
	Limit   int64  // bytes
}

func (e *ReplyTooLargeError) Error() string {
	return fmt.Sprintf("%s: the reply's %s is larger than %d bytes: this is not an answer of WinRM", e.Address, e.What, e.Limit)
}

// NotWinRMError says that something answered, but not as a WinRM service does.
type NotWinRMError struct {
	Address string
	Status  int    // HTTP status; zero when the answer is not HTTP
	What    string // what came instead, and what to do
}

func (e *NotWinRMError) Error() string {
	return fmt.Sprintf("%s: the server does not answer as WinRM does: %s", e.Address, e.What)
}

// UnencryptedRefusedError says that the host wants sealed messages.
type UnencryptedRefusedError struct {
	Address string
}

func (e *UnencryptedRefusedError) Error() string {
	return e.Address + ": the host refuses unencrypted messages (HTTP 500 without a body: AllowUnencrypted=false): " +
		`use https = true, or auth = "negotiate", which seals every message`
}

// UnsealedError says that on a connection with sealed messages a reply came in
// clear. It could be anybody's, so nothing in it is believed.
type UnsealedError struct {
	Address string
	Status  int
	What    string
}

func (e *UnsealedError) Error() string {
	return fmt.Sprintf("%s: an answer (HTTP %d, %s) came outside the sealed channel: %s; it was not used",
		e.Address, e.Status, http.StatusText(e.Status), e.What)
}

// Phase is a stretch of one Post.
type Phase string

// The phases in their order.
const (
	PhaseQueue Phase = "waiting for the host's connection" // another message is under way
	PhaseDial  Phase = "TCP connection"
	PhaseTLS   Phase = "TLS handshake"
	PhaseAuth  Phase = "authentication"
	PhaseSend  Phase = "sending the request"
	PhaseReply Phase = "waiting for the reply"
)

// Connecting reports whether the phase comes before any request of ours.
func (p Phase) Connecting() bool {
	return p == PhaseDial || p == PhaseTLS || p == PhaseAuth
}

// TimeoutError says in which phase time ran out or the caller gave up.
// errors.Is finds context.DeadlineExceeded or context.Canceled in it when the
// caller's context ended, and context.DeadlineExceeded for ConnectTimeout.
type TimeoutError struct {
	Address string
	Phase   Phase
	Limit   time.Duration // ConnectTimeout, when that is what ran out
	Err     error
}

func (e *TimeoutError) Error() string {
	if e.Limit > 0 {
		return fmt.Sprintf("%s: connecting took longer than %s (connect_timeout); it stopped at: %s", e.Address, e.Limit, e.Phase)
	}
	if errors.Is(e.Err, context.Canceled) {
		return fmt.Sprintf("%s: cancelled while %s", e.Address, e.doing())
	}
	return fmt.Sprintf("%s: no answer in time while %s", e.Address, e.doing())
}

func (e *TimeoutError) doing() string {
	switch e.Phase {
	case PhaseDial:
		return "opening the TCP connection"
	case PhaseTLS:
		return "in the TLS handshake"
	case PhaseAuth:
		return "authenticating"
	default:
		return string(e.Phase)
	}
}

// Timeout makes a TimeoutError known to code that asks for net.Error's method.
func (e *TimeoutError) Timeout() bool { return true }

func (e *TimeoutError) Unwrap() error { return e.Err }

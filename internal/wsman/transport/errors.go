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

// UnauthorizedError says that the server refused the credentials, or offers no
// scheme that we were told to use. It is final: the same password is not tried
// again, because every try counts towards an account lock-out.
type UnauthorizedError struct {
	Address string
	User    string   // as configured
	Tried   string   // "Basic", "Negotiate with NTLM"
	Offered []string // schemes of WWW-Authenticate, in the server's order
	Refused bool     // the credentials were judged; false: the scheme is not offered
	// Accepted: the handshake ended well, and the first message after it was refused.
	Accepted bool
	HTTPS    bool
}

func (e *UnauthorizedError) Error() string {
	offers := "the server offers nothing"
	if len(e.Offered) > 0 {
		offers = "the server offers " + strings.Join(e.Offered, ", ")
	}
	if e.Accepted {
		return fmt.Sprintf("%s accepted the credentials of %s and then refused the message (HTTP 401): may this account use WinRM? "+
			"It must be an administrator of the host or in its group Remote Management Users", e.Address, e.User)
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
	case e.offers("Negotiate") && e.Tried == triedNTLM:
		return "it breaks the negotiation off when it sees NTLM, so NTLM seems to be forbidden there " +
			"(the policy \"Network security: Restrict NTLM\"), and Kerberos is not supported yet"
	case e.offers("Negotiate"):
		return `use auth = "negotiate"`
	case e.offers("Basic"):
		return `use auth = "basic" with https = true, or enable Negotiate on the host (winrm set winrm/config/service/auth @{Negotiate="true"}) if it was not switched off on purpose`
	case e.offers("Kerberos"):
		return "the host takes Kerberos only, which is not supported yet; enabling Negotiate there (winrm set winrm/config/service/auth @{Negotiate=\"true\"}) " +
			"would let NTLM in, and undoes a hardening that somebody chose"
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
	if strings.ContainsAny(e.User, `\@`) && !strings.HasPrefix(e.User, `.\`) {
		text += "; a host that has no port left for its domain controller refuses every account of the domain (try one of the host's own)"
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

	proofSent bool // of Basic, on a connection that was not accepted: a proof of the password may have been judged
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

	proofSent bool // in PhaseAuth: a proof of the password may have been judged
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

func (e *TimeoutError) Unwrap() error { return e.Err }

package transport

import (
	"context"
	"errors"
	"net/http"
)

// The predicates of this file are what callers decide by: what may be asked again
// (Lost), whether to wait for a host that is not there yet (NotYet), and whether
// the host is to blame for silence (Unreachable).

// brokenOffError says that the connection ended within a reply.
type brokenOffError struct {
	where string // "in its header", "after 5 bytes"
	err   error
}

func (e *brokenOffError) Error() string {
	return "the reply broke off " + e.where + ": " + e.err.Error()
}

func (e *brokenOffError) Unwrap() error { return e.err }

// Lost reports whether err says that a connection which had come about broke before
// a reply was read in full, so that another one may do better. It is false where
// time ran out, where anything at all was answered, and where a proof of the
// password had gone over a connection that was not accepted yet: its lost verdict
// may have been a bad logon, and these lock accounts. With Basic that is each
// request until a status other than 401 came.
//
// It does not say that nothing was done: see MayHaveHappened.
func Lost(err error) bool {
	var lost *ReplyLostError
	return broke(err) && !(errors.As(err, &lost) && lost.proofSent)
}

// broke is Lost without a look at a lost reply's proof of the password.
func broke(err error) bool {
	var (
		late        *TimeoutError
		unreachable *UnreachableError
		closed      *closedError
		cut         *brokenOffError
	)
	switch {
	case errors.As(err, &late), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &unreachable):
		return unreachable.Reason == Dropped && !unreachable.inTLS && !unreachable.proofSent
	default:
		return errors.As(err, &closed) || errors.As(err, &cut)
	}
}

// NotYet reports whether err says that nobody served WinRM at the address when a
// connection was tried, as while a machine boots: refused, no route, silent, or
// hung up on; or HTTP 503, which http.sys answers while the WinRM service starts
// [assumed]. Nothing was done on the host.
//
// It is false for what waiting does not mend (an unknown name, a name service that
// fails, TLS, HTTP 401, another service), and where a proof of the password had
// been sent and got no verdict: to wait and try on might be one bad logon after
// another.
func NotYet(err error) bool {
	var (
		late        *TimeoutError
		unreachable *UnreachableError
		notWinRM    *NotWinRMError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &unreachable):
		switch unreachable.Reason {
		case Refused, NoRoute, DialTimeout:
			return true
		case Dropped:
			return !unreachable.proofSent
		default:
			return false
		}
	case errors.As(err, &late):
		return late.Phase.Connecting() && !late.proofSent
	default:
		return errors.As(err, &notWinRM) && notWinRM.Status == http.StatusServiceUnavailable
	}
}

// Unreachable reports whether err says that the host could not be talked to, or
// stopped answering: no connection for whatever reason, a connection that broke, no
// answer in time, or HTTP 503, which says that WinRM does not run. It is false
// where the host, or somebody in its place, did answer: HTTP 401, a certificate or
// another failure of TLS, something that is not WinRM, an unsealed reply; where
// the host was not asked, because another had refused the account (NotTriedError);
// and where the caller cancelled, which tells nothing of the host.
//
// Every error of which NotYet is true is Unreachable, and so is every Lost one.
func Unreachable(err error) bool {
	var (
		late        *TimeoutError
		unreachable *UnreachableError
	)
	if errors.Is(err, context.Canceled) {
		return false
	}
	return errors.As(err, &unreachable) || errors.As(err, &late) || NotYet(err) || broke(err)
}

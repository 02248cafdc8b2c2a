package transport

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Logons watches over one account that many hosts share, as a domain account is
// shared: a wrong password must not be tried on each of them, since a few bad
// logons lock the account. Until a host accepted the account one logon is under
// way at a time; once a host refused it, no other is tried. It is safe for
// concurrent use.
type Logons struct {
	turn chan struct{} // holds a token while no logon is under way

	mu       sync.Mutex
	accepted bool
	refused  *UnauthorizedError
}

// NewLogons makes a watch that has seen nothing yet.
func NewLogons() *Logons {
	l := &Logons{turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// NotTriedError says that no logon was tried, because another host had refused
// the same account before.
type NotTriedError struct {
	Address string
	Refused *UnauthorizedError // what the other host said
}

func (e *NotTriedError) Error() string {
	return fmt.Sprintf("%s was not asked, since bad logons lock accounts: %s", e.Address, e.Refused.Error())
}

func (e *NotTriedError) Unwrap() error { return e.Refused }

// AskAnother takes one refusal back, so that one more host is asked: a host that has
// no port left for its domain controller refuses accounts that are in order. The host
// that refused is not asked again.
func (l *Logons) AskAnother() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = nil
}

// enter waits until a logon to address may be tried, and says if it had to wait.
// leave must be called with how it ended. A nil watch lets everything through.
func (l *Logons) enter(ctx context.Context, address string) (leave func(error), waited bool, err error) {
	free := func(error) {}
	if l == nil {
		return free, false, nil
	}
	if done, err := l.verdict(address); done {
		return free, false, err
	}
	select {
	case <-l.turn:
	default:
		waited = true
		select {
		case <-l.turn:
		case <-ctx.Done():
			return nil, true, ctx.Err()
		}
	}
	if done, err := l.verdict(address); done {
		l.turn <- struct{}{}
		return free, waited, err
	}
	return func(outcome error) {
		l.judge(outcome)
		l.turn <- struct{}{}
	}, waited, nil
}

// verdict reports whether it is known already how logons of this account end.
func (l *Logons) verdict(address string) (done bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused != nil {
		return true, &NotTriedError{Address: address, Refused: l.refused}
	}
	return l.accepted, nil
}

// judge keeps what a logon tells of the account. A host that could not be asked
// tells nothing.
func (l *Logons) judge(outcome error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var unauthorized *UnauthorizedError
	switch {
	case outcome == nil:
		l.accepted = true
	case errors.As(outcome, &unauthorized) && unauthorized.Refused:
		l.refused = unauthorized
	}
}

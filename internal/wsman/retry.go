package wsman

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// The waits between tries: half a second, and twice as long each time, up to 10 s;
// each is shortened or lengthened at random by up to a half, so that the resources
// of one plan do not come back all at once. Three retries take 3.5 s on average.
const (
	firstWait  = 500 * time.Millisecond
	waitGrowth = 2
	waitJitter = 0.5
	longestOne = 10 * time.Second
)

// worthAnotherTry reports whether a message that ended in err may be sent again, and
// whether there is a point in it: a quota's fault says that nothing was begun, so
// even a Write may; a connection that broke leaves open what was done, so just a
// Read may.
func worthAnotherTry(err error, kind transport.Kind) bool {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault.Busy()
	}
	return kind == transport.Read && transport.Lost(err)
}

// retries counts the tries of one message and waits between them.
type retries struct {
	left  int
	tries int
	waits *backoff.ExponentialBackOff
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

func (c *Client) newRetries(r request) retries {
	left := c.options.MaxRetries
	if r.once {
		left = 0
	}
	return retries{
		left: left, now: c.options.Now, sleep: c.options.Sleep,
		waits: &backoff.ExponentialBackOff{
			InitialInterval: firstWait, Multiplier: waitGrowth, RandomizationFactor: waitJitter, MaxInterval: longestOne,
		},
	}
}

// next waits for the next try of what ended in err. Where there is none it gives the
// error to end with. No wait is begun that would pass ctx's deadline.
func (r *retries) next(ctx context.Context, err error) error {
	r.tries++
	if r.left == 0 {
		return r.after(err)
	}
	r.left--
	wait := r.waits.NextBackOff()
	if deadline, ok := ctx.Deadline(); ok && deadline.Sub(r.now()) <= wait {
		return &retriedError{tries: r.tries, why: "no time is left for another", err: err}
	}
	if stopped := r.sleep(ctx, wait); stopped != nil {
		return &retriedError{tries: r.tries, why: "the wait for another was broken off", err: err, stopped: stopped}
	}
	return nil
}

// after says how often a message was tried, where that was more than once.
func (r *retries) after(err error) error {
	if r.tries < 2 {
		return err
	}
	return &retriedError{tries: r.tries, err: err}
}

// retriedError says how often something was tried in vain. It holds the error of
// the last try, and the context's where that ended the waiting.
type retriedError struct {
	tries        int
	why          string // there was no other try; empty: there were enough
	err, stopped error
}

func (e *retriedError) Error() string {
	times := fmt.Sprintf("tried %d times", e.tries)
	if e.tries == 1 {
		times = "tried once"
	}
	if e.why != "" {
		times += "; " + e.why
	}
	return e.err.Error() + " (" + times + ")"
}

func (e *retriedError) Unwrap() []error {
	if e.stopped != nil {
		return []error{e.err, e.stopped}
	}
	return []error{e.err}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package wsman

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

const (
	// DefaultOperationTimeout bounds one message.
	DefaultOperationTimeout = 60 * time.Second
	// DefaultMaxEnvelopeSize is what a reply may have in bytes. It is the default of
	// MaxEnvelopeSizekb since WinRM 3; older hosts cut it down to theirs (150 kB).
	DefaultMaxEnvelopeSize = 500 << 10
	// streamEnvelopeSize is what replies that bring a table or a command's output are
	// asked to hold at most, in bytes: a host cuts it down to its own bound, so where an
	// administrator has raised MaxEnvelopeSizekb, fewer round trips do [not measured on
	// Windows]. A reply and its copies in HTTP, sealing and parser take several times
	// this in memory.
	streamEnvelopeSize = 4 << 20
	// minEnvelopeSize is WS-Management's own (DSP0226 R13.1-2): below it the host faults.
	minEnvelopeSize = 8 << 10
)

// Options of a Client; the zero value is good.
type Options struct {
	To               string        // the endpoint's URL in a:To, which hosts do not check; empty: the transport's
	OperationTimeout time.Duration // of one message, with its reply, its retries and the waits between them; zero: DefaultOperationTimeout
	// MaxRetries is how often a message is sent again, after a wait: any after a fault
	// that says "later" (Fault.Busy: nothing was begun), and a Read after a connection
	// that broke (transport.Lost). Nothing else is ever repeated. Zero: never, but for
	// a kept connection that turns out closed, which the transport replaces once.
	MaxRetries int
	// Now and Sleep are the clock of the retries; nil: the machine's. Sleep gives the
	// context's error where that ends first.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error
	// MaxEnvelopeSize is what a reply may have in bytes. Zero: DefaultMaxEnvelopeSize,
	// and up to 4 MiB, as much as the host gives, for enumerations and output.
	MaxEnvelopeSize int
}

// Client speaks WS-Management to one host. It is safe for concurrent use.
type Client struct {
	transport *transport.Client
	options   Options
	stream    int // MaxEnvelopeSize of enumerations and output
}

// New makes a client that rides on t. It does not dial, and does not own t.
func New(t *transport.Client, options Options) *Client {
	if options.To == "" {
		options.To = t.URL()
	}
	if options.OperationTimeout <= 0 {
		options.OperationTimeout = DefaultOperationTimeout
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Sleep == nil {
		options.Sleep = sleep
	}
	options.MaxRetries = max(options.MaxRetries, 0)
	stream := options.MaxEnvelopeSize
	if options.MaxEnvelopeSize == 0 {
		options.MaxEnvelopeSize = DefaultMaxEnvelopeSize
		// A host may count UTF-16: text of three bytes in UTF-8 is half as long again
		// on the wire, and a sealed frame has its own lines.
		stream = max(DefaultMaxEnvelopeSize, int(min(streamEnvelopeSize, t.MaxReplyBytes()/2)))
	}
	options.MaxEnvelopeSize = max(options.MaxEnvelopeSize, minEnvelopeSize)
	return &Client{transport: t, options: options, stream: max(stream, minEnvelopeSize)}
}

// Invocation is a call of a static method of a WMI class.
type Invocation struct {
	Namespace string // such as root/default
	Class     string // such as StdRegProv
	Method    string
	Params    []Param        // in the order of the method's signature
	Kind      transport.Kind // Write (the zero value) is never sent twice
}

// Invoke calls a method in one round trip. What the method itself reports is in
// the output's ReturnValue; a *Fault in the error is what WS-Management or the
// provider refused. transport.MayHaveHappened tells of a Write whose outcome is
// not known.
func (c *Client) Invoke(ctx context.Context, call Invocation) (Output, error) {
	operation := call.Class + "." + call.Method
	resource, err := resourceURI(call.Namespace, call.Class)
	if err != nil {
		return Output{}, c.failed(operation, err)
	}
	if err := checkName("method", call.Method); err != nil {
		return Output{}, c.failed(operation, err)
	}
	body, err := invokeBody(resource, call.Method, call.Params)
	if err != nil {
		return Output{}, c.failed(operation, err)
	}
	reply, err := c.exchange(ctx, newRequest(resource, resource+"/"+call.Method, body), call.Kind, nil)
	if err != nil {
		return Output{}, c.failed(operation, err)
	}
	if reply.body.name == "" {
		return Output{}, c.failed(operation, c.unusable(call.Kind, errors.New("the reply has no output of the method")))
	}
	return Output{Fields: newFields(reply.body), kind: call.Kind, address: c.transport.Address()}, nil
}

// exchange sends one message and reads its reply, and tries again as
// Options.MaxRetries says. All of it has one deadline. Every try is a message of its
// own, with an id of its own.
func (c *Client) exchange(ctx context.Context, r request, kind transport.Kind, each func(Item) error) (envelope, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.OperationTimeout)
	defer cancel()
	retries := c.newRetries(r)
	for {
		reply, err := c.try(ctx, r, kind, each)
		if err == nil {
			return reply, nil
		}
		// What was handed on can't be taken back. An error of the callback is the
		// caller's, whatever it looks like.
		if reply.items > 0 || !worthAnotherTry(err, kind) {
			retries.tries++
			return reply, retries.after(err)
		}
		if err := retries.next(ctx, err); err != nil {
			return reply, err
		}
		r.id = newID()
	}
}

// try sends one message and reads its reply. A fault is an error whatever the HTTP
// status; an HTTP status that is an error is one even without a fault.
func (c *Client) try(ctx context.Context, r request, kind transport.Kind, each func(Item) error) (envelope, error) {
	message, err := r.envelope(c.options.To, serverTimeout(c.options.OperationTimeout), c.envelopeSize(r))
	if err != nil {
		return envelope{}, err
	}
	reply, err := c.transport.Post(ctx, message, kind)
	if err != nil {
		return envelope{}, err
	}
	related := func(e envelope) error {
		if !strings.EqualFold(e.relatesTo, r.id) {
			return c.unusable(kind, errors.New("the reply belongs to another message (RelatesTo)"))
		}
		return nil
	}
	parsed, err := parseEnvelope(reply.Body, related, each)
	var malformed *malformedError
	switch {
	case errors.As(err, &malformed):
		return envelope{}, c.unusable(kind, err)
	case err != nil: // of a callback
		return parsed, err
	case parsed.fault != nil:
		return envelope{}, c.faulted(parsed, reply.Status, r.id, kind)
	case reply.Status != 200:
		return envelope{}, c.unusable(kind, fmt.Errorf("it answered HTTP %d with SOAP that is not a fault", reply.Status))
	}
	return parsed, related(parsed)
}

func (c *Client) envelopeSize(r request) int {
	if r.stream {
		return c.stream
	}
	return c.options.MaxEnvelopeSize
}

func (c *Client) faulted(reply envelope, status int, id string, kind transport.Kind) error {
	// A fault about a request that could not be read names no message [recorded: OMI].
	if reply.relatesTo != "" && !strings.EqualFold(reply.relatesTo, id) {
		return c.unusable(kind, errors.New("the reply is a fault about another message (RelatesTo)"))
	}
	reply.fault.HTTPStatus = status
	return reply.fault
}

// serverTimeout is what the host is told: less than what we wait, so that its own
// fault arrives and the connection lives on.
func serverTimeout(ours time.Duration) time.Duration {
	theirs := ours - min(ours/10, 5*time.Second)
	return max(theirs.Truncate(time.Millisecond), time.Millisecond)
}

// unusable says that a reply came and is no answer: for a Write, that it may have
// been done.
func (c *Client) unusable(kind transport.Kind, err error) error {
	return &transport.ReplyLostError{Address: c.transport.Address(), Kind: kind, Err: err}
}

// failed says what was being done and where. The transport's errors begin with
// the address by themselves. Where no connection came about the operation had no
// part in it, and is left out.
func (c *Client) failed(operation string, err error) error {
	if neverConnected(err) {
		return err
	}
	if strings.HasPrefix(err.Error(), c.transport.Address()) {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return fmt.Errorf("%s on %s: %w", operation, c.transport.Address(), err)
}

// neverConnected reports whether err is about the way to the host, whatever it was
// asked for.
func neverConnected(err error) bool {
	var (
		unreachable  *transport.UnreachableError
		noTLS        *transport.TLSError
		unauthorized *transport.UnauthorizedError
		notTried     *transport.NotTriedError
		late         *transport.TimeoutError
	)
	return errors.As(err, &unreachable) || errors.As(err, &noTLS) || errors.As(err, &unauthorized) ||
		errors.As(err, &notTried) || errors.As(err, &late) && late.Phase.Connecting()
}

package winsim

import (
	"context"
	"io"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/shell"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
)

// Call is one operation that a client asks for.
type Call struct {
	Method    string // of StdRegProv ("SetDWORDValue"), or Enumerate, Pull, Release, or of a shell: Create, Command, Receive, Signal, Delete
	Class     string // "StdRegProv", or "*" beside a WQL filter
	WQL       string // of an Enumerate
	Command   string // the command line of a shell's Command
	Key       string // StdRegProv's sSubKeyName, as the client spelt it
	ValueName string // StdRegProv's sValueName
	Params    map[string]string
	N         int // this is the N-th call of this Method since the last ResetCounters, from 1
}

// Action is what becomes of a Call.
type Action struct {
	answer func(ctx context.Context, o occasion) listener.Response // nil: the call is carried out
}

// occasion is a call that an Action is about.
type occasion struct {
	*Host
	*operation
	request soap.Request
}

// Actions without arguments.
var (
	// Proceed carries the call out.
	Proceed = Action{}
	// AccessDenied answers ReturnValue 5 of WMI and does nothing; an enumeration gets the fault.
	AccessDenied = ReturnValue(5)
	// AccessDeniedFault answers the SOAP fault "access denied" and does nothing.
	AccessDeniedFault = Action{func(_ context.Context, o occasion) listener.Response { return o.fault(o.request, o.accessDenied()) }}
	// Busy answers the quota fault, which means "later", and does nothing.
	Busy = Action{func(_ context.Context, o occasion) listener.Response { return o.fault(o.request, o.quota()) }}
	// LoseReply carries the call out and closes the connection without a reply.
	LoseReply = Action{func(_ context.Context, o occasion) listener.Response {
		o.carryOut()
		return listener.Response{Drop: true}
	}}
	// DropBefore closes the connection and does nothing.
	DropBefore = reply(listener.Response{Drop: true})
	// Ignore answers a write with ReturnValue 0 but changes nothing.
	Ignore = Action{func(_ context.Context, o occasion) listener.Response {
		if !o.operation.writes { // Host counts writes too
			return o.carryOut()
		}
		return o.returned(0)
	}}
	// Hang does nothing and never answers: it lasts until the client gives up or the host closes.
	Hang = Action{func(ctx context.Context, _ occasion) listener.Response {
		<-ctx.Done()
		return listener.Response{Drop: true}
	}}
	// Endless answers a body without end.
	Endless = reply(listener.Response{Stream: writeForever})
)

// ReturnValue answers that ReturnValue of StdRegProv and does nothing; where there is none, the fault "access denied".
func ReturnValue(code uint32) Action {
	return Action{func(ctx context.Context, o occasion) listener.Response {
		if o.refuse == nil {
			return AccessDeniedFault.answer(ctx, o)
		}
		return o.returned(code)
	}}
}

// Raw answers these very bytes, unsealed even where sealing was agreed upon.
func Raw(status int, contentType, body string) Action {
	return reply(listener.Response{Status: status, ContentType: contentType, Body: []byte(body), Raw: true})
}

// Answer answers this body instead of the right one, sealed where sealing was agreed upon.
func Answer(status int, body string) Action {
	return reply(listener.Response{Status: status, Body: []byte(body)})
}

func reply(r listener.Response) Action {
	return Action{func(context.Context, occasion) listener.Response { return r }}
}

// BeforeDo runs f, which may use the host's verbs, and then carries the call out.
func BeforeDo(f func()) Action {
	return Action{func(_ context.Context, o occasion) listener.Response {
		f()
		return o.carryOut()
	}}
}

// Intercept has decide choose what becomes of every later call; nil ends it. It runs on the connections' goroutines, so
// it must be safe for concurrent use; it may use the host's verbs.
func (h *Host) Intercept(decide func(Call) Action) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.intercept = decide
}

// decide counts the call and asks the interceptor about it.
func (h *Host) decide(op *operation) Action {
	h.mu.Lock()
	h.methods[op.call.Method]++
	for _, name := range shell.Programs(op.call.Command) {
		h.programs[name]++
	}
	if op.writes {
		h.writes++
	}
	op.call.N = h.methods[op.call.Method]
	intercept := h.intercept
	h.mu.Unlock()
	if intercept == nil {
		return Proceed
	}
	return intercept(op.call)
}

// carryOut does what the client asked for.
func (o occasion) carryOut() listener.Response {
	content, fault := o.do()
	if fault != nil {
		return o.fault(o.request, fault)
	}
	return listener.Response{Body: o.writer.Reply(o.replyAction, o.request, content)}
}

// returned answers a ReturnValue with nothing done.
func (o occasion) returned(code uint32) listener.Response {
	return listener.Response{Body: o.writer.Reply(o.replyAction, o.request, o.refuse(code))}
}

// writeForever ends when the connection does.
func writeForever(w io.Writer) error {
	_, err := io.WriteString(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>`)
	for err == nil {
		_, err = io.WriteString(w, strings.Repeat(`<filler>0123456789abcdef</filler>`, 100))
	}
	return err
}

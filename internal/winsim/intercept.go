package winsim

import (
	"context"
	"io"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
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
	kind        actionKind
	code        uint32
	status      int
	contentType string
	body        string
	before      func()
}

type actionKind int

const (
	proceed actionKind = iota
	returnValue
	accessDeniedFault
	busy
	loseReply
	dropBefore
	ignore
	hang
	raw
	answer
	endless
)

// Actions without arguments.
var (
	// Proceed carries the call out.
	Proceed = Action{}
	// AccessDenied answers ReturnValue 5 of WMI and does nothing; an enumeration gets the fault.
	AccessDenied = Action{kind: returnValue, code: 5}
	// AccessDeniedFault answers the SOAP fault "access denied" and does nothing.
	AccessDeniedFault = Action{kind: accessDeniedFault}
	// Busy answers the quota fault, which means "later", and does nothing.
	Busy = Action{kind: busy}
	// LoseReply carries the call out and closes the connection without a reply.
	LoseReply = Action{kind: loseReply}
	// DropBefore closes the connection and does nothing.
	DropBefore = Action{kind: dropBefore}
	// Ignore answers a write with ReturnValue 0 but changes nothing.
	Ignore = Action{kind: ignore}
	// Hang does nothing and never answers: it lasts until the client gives up or the host closes.
	Hang = Action{kind: hang}
	// Endless answers a body without end.
	Endless = Action{kind: endless}
)

// ReturnValue answers that ReturnValue of StdRegProv and does nothing.
func ReturnValue(code uint32) Action { return Action{kind: returnValue, code: code} }

// Raw answers these very bytes, unsealed even where sealing was agreed upon.
func Raw(status int, contentType, body string) Action {
	return Action{kind: raw, status: status, contentType: contentType, body: body}
}

// Answer answers this body instead of the right one, sealed where sealing was agreed upon.
func Answer(status int, body string) Action { return Action{kind: answer, status: status, body: body} }

// BeforeDo runs f, which may use the host's verbs, and then carries the call out.
func BeforeDo(f func()) Action { return Action{before: f} }

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

// perform makes the action come true.
func (h *Host) perform(ctx context.Context, r soap.Request, op *operation, a Action) listener.Response {
	switch {
	case a.kind == accessDeniedFault || a.kind == returnValue && op.refuse == nil:
		return h.fault(r, h.accessDenied())
	case a.kind == returnValue || a.kind == ignore && op.writes:
		return listener.Response{Body: h.writer.Reply(op.replyAction, r, op.refuse(a.code))}
	case a.kind == busy:
		return h.fault(r, h.quota())
	case a.kind == dropBefore:
		return listener.Response{Drop: true}
	case a.kind == hang:
		<-ctx.Done()
		return listener.Response{Drop: true}
	case a.kind == raw || a.kind == answer:
		return listener.Response{Status: a.status, ContentType: a.contentType, Body: []byte(a.body), Raw: a.kind == raw}
	case a.kind == endless:
		return listener.Response{Stream: writeForever}
	}
	if a.before != nil {
		a.before()
	}
	content, fault := op.do()
	switch {
	case a.kind == loseReply:
		return listener.Response{Drop: true}
	case fault != nil:
		return h.fault(r, fault)
	default:
		return listener.Response{Body: h.writer.Reply(op.replyAction, r, content)}
	}
}

// writeForever ends when the connection does.
func writeForever(w io.Writer) error {
	_, err := io.WriteString(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>`)
	for err == nil {
		_, err = io.WriteString(w, strings.Repeat(`<filler>0123456789abcdef</filler>`, 100))
	}
	return err
}

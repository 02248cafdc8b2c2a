package listener

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/ntlm"
)

// connectionKey finds the connection's state in a request's context.
type connectionKey struct{}

// connection is what one TCP connection knows. net/http serves the requests of a connection one after the other, so
// it needs no lock.
type connection struct {
	handshake *ntlm.Acceptor // once begun
	session   *ntlm.Session  // once authenticated
}

// serve answers one HTTP request.
func (l *Listener) serve(w http.ResponseWriter, r *http.Request) {
	l.count(func(c *Counters) { c.Requests++ })
	c, ok := r.Context().Value(connectionKey{}).(*connection)
	if !ok {
		panic("listener: a request without its connection") // ConnContext puts it there
	}
	if l.shape.server != "" {
		w.Header()["Server"] = []string{l.shape.server}
	}
	if l.shape.keepAlive {
		w.Header()["Connection"] = []string{"Keep-Alive"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequestBytes))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			empty(w, http.StatusRequestEntityTooLarge)
			return
		}
		panic(http.ErrAbortHandler) // the client went away in the middle of its body
	}
	if r.Method != http.MethodPost { // *documented* by public users of curl against 5985
		empty(w, http.StatusMethodNotAllowed)
		return
	}
	user, ok := l.authenticate(w, r, c)
	if !ok {
		return
	}
	if len(body) == 0 { // the empty message that only authenticates (*documented*; OMI's is *recorded*)
		empty(w, http.StatusOK)
		return
	}
	request := Request{
		User: user, Secure: r.TLS != nil, Path: r.URL.Path, ContentType: r.Header.Get("Content-Type"), Body: body,
	}
	sealed, known := isSealed(request.ContentType)
	switch {
	case sealed && (!known || c.session == nil || !l.open(c.session, &request)):
		empty(w, http.StatusBadRequest) // *assumed*
		return
	case !sealed && !request.Secure && !l.config.AllowUnencrypted: // *documented*: 500 and an empty body
		empty(w, http.StatusInternalServerError)
		return
	}
	reply := l.config.Handle(r.Context(), request)
	if !sealed {
		c = nil
	}
	l.answer(w, c, reply)
}

// open opens a sealed request in place. A sealed body in the request that carries the AUTHENTICATE is taken as well
// (*assumed*), and so is one inside TLS (*assumed*). False means that the body is no frame at all; a frame that does
// not open closes the connection, since the two sides can't agree on anything any more (*assumed*).
func (l *Listener) open(session *ntlm.Session, r *Request) bool {
	f, err := parseFrame(r.Body)
	if err != nil || !session.Seals {
		return false
	}
	plain, err := session.Unseal(f.sealed, f.signature)
	if err != nil || len(plain) != f.length {
		panic(http.ErrAbortHandler) // net/http's way to close without an answer
	}
	r.ContentType, r.Body = f.contentType, plain
	return true
}

// answer writes a reply: sealed, whatever its status, when the connection is given; plain inside TLS and to a request
// that was plain. A reply without a body is a status alone, unsealed (*documented* for 404 and 500).
func (l *Listener) answer(w http.ResponseWriter, c *connection, reply Response) {
	if reply.Drop {
		panic(http.ErrAbortHandler)
	}
	reply.Status, reply.ContentType = cmp.Or(reply.Status, http.StatusOK), cmp.Or(reply.ContentType, l.shape.soapType)
	if len(reply.Body) == 0 && reply.Stream == nil {
		empty(w, reply.Status)
		return
	}
	if c != nil && !reply.Raw && reply.Stream == nil {
		f := frame{contentType: reply.ContentType, length: len(reply.Body)}
		f.sealed, f.signature = c.session.Seal(reply.Body)
		reply.ContentType, reply.Body = sealedType, l.shape.buildFrame(f)
	}
	w.Header()["Content-Type"] = []string{reply.ContentType}
	if reply.Stream != nil {
		w.WriteHeader(reply.Status)
		if err := reply.Stream(w); err != nil {
			panic(http.ErrAbortHandler) // cut it short: no closing chunk
		}
		return
	}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(reply.Body))}
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body) // the client may be gone: nothing to do about it
}

// empty answers with a status alone, as HTTP.sys and WinRM do for what never reaches SOAP (*recorded*, *documented*).
func empty(w http.ResponseWriter, status int) {
	w.Header()["Content-Length"] = []string{"0"}
	w.WriteHeader(status)
}

package listener

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

// connectionKey finds the connection's state in a request's context.
type connectionKey struct{}

// connection is what one TCP connection knows. net/http serves the requests of a connection one after the other, so
// it needs no lock.
type connection struct{}

// serve answers one HTTP request.
func (l *Listener) serve(w http.ResponseWriter, r *http.Request) {
	l.count(func(c *Counters) { c.Requests++ })
	if l.shape.server != "" {
		w.Header()["Server"] = []string{l.shape.server}
	}
	if l.shape.keepAlive {
		w.Header()["Connection"] = []string{"Keep-Alive"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxRequestBytes))
	if err != nil {
		tooLarge := new(http.MaxBytesError)
		if errors.As(err, &tooLarge) {
			empty(w, http.StatusRequestEntityTooLarge)
			return
		}
		panic(http.ErrAbortHandler) // the client went away in the middle of its body
	}
	if r.Method != http.MethodPost { // *documented* by public users of curl against 5985
		empty(w, http.StatusMethodNotAllowed)
		return
	}
	user, ok := l.basic(r)
	if !ok {
		l.unauthorized(w)
		return
	}
	if len(body) == 0 { // the empty message that only authenticates (*documented*)
		empty(w, http.StatusOK)
		return
	}
	reply := l.config.Handle(r.Context(), Request{
		User: user, Secure: r.TLS != nil, Path: r.URL.Path, ContentType: r.Header.Get("Content-Type"), Body: body,
	})
	l.answer(w, reply)
}

// answer writes a reply unsealed.
func (l *Listener) answer(w http.ResponseWriter, reply Response) {
	if reply.Drop {
		panic(http.ErrAbortHandler) // net/http's way to close without an answer
	}
	if reply.ContentType == "" {
		reply.ContentType = l.shape.soapType
	}
	if reply.Status == 0 {
		reply.Status = http.StatusOK
	}
	w.Header()["Content-Type"] = []string{reply.ContentType}
	if reply.Stream != nil {
		w.WriteHeader(reply.Status)
		if err := reply.Stream(flushing{w, http.NewResponseController(w)}); err != nil {
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

// flushing sends each write to the client at once.
type flushing struct {
	io.Writer
	control *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	if err != nil {
		return n, err
	}
	return n, f.control.Flush()
}

package winreplay

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// The account that a Host takes by Basic; visibly no real one.
const (
	Username = "svc-replay"
	Password = "not-a-real-password-1"
)

// maxRequest bounds a request, in bytes.
const maxRequest = 1 << 20

// TB is what of testing.TB is needed here.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Host is a server on loopback, in clear and inside TLS.
type Host struct {
	folder       string
	clear, inTLS *httptest.Server

	mu       sync.Mutex
	next     map[string]string // EnumerationContext to the file that goes on
	requests []string          // file by file, as they were answered; "" for what was refused
}

// Start serves a folder until the test ends.
func Start(tb TB, folder string) *Host {
	tb.Helper()
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		tb.Fatalf("winreplay: no folder of recordings at %s", folder)
	}
	h := &Host{folder: folder, next: map[string]string{}}
	h.clear, h.inTLS = httptest.NewServer(h), httptest.NewTLSServer(h)
	tb.Cleanup(func() {
		h.clear.Close()
		h.inTLS.Close()
	})
	return h
}

// HTTPAddr is "127.0.0.1:port" for plain HTTP.
func (h *Host) HTTPAddr() string { return h.clear.Listener.Addr().String() }

// HTTPSAddr is "127.0.0.1:port" for HTTPS.
func (h *Host) HTTPSAddr() string { return h.inTLS.Listener.Addr().String() }

// CACertificate is the PEM of what the HTTPS certificate is signed by.
func (h *Host) CACertificate() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.inTLS.Certificate().Raw}))
}

// Answered lists the files that were sent, in order; "" stands for a fault.
func (h *Host) Answered() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.requests...)
}

var (
	messageID = element("MessageID")
	actionOf  = element("Action")
	contextOf = element("EnumerationContext")
	filter    = element("Filter")
	related   = regexp.MustCompile(`(<(?:\w+:)?RelatesTo\b[^>]*>)[^<]*(</)`)
	query     = regexp.MustCompile(`(?is)^\s*select\s+(.+?)\s+from\s+(\w+)\s*$`)
	numbered  = regexp.MustCompile(`^(.+_)(\d\d\d)(\.xml)$`)
)

func element(name string) *regexp.Regexp {
	return regexp.MustCompile(`<(?:\w+:)?` + name + `\b[^>]*>([^<]*)</`)
}

func textOf(e *regexp.Regexp, document []byte) string {
	found := e.FindSubmatch(document)
	if found == nil {
		return ""
	}
	return strings.TrimSpace(string(found[1]))
}

// ServeHTTP answers one request.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, ok := r.BasicAuth()
	if !ok || user != Username || password != Password {
		w.Header().Set("WWW-Authenticate", `Basic realm="WSMAN"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return
	}
	status, reply := h.answer(request)
	w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
	w.WriteHeader(status)
	w.Write(reply) //nolint:errcheck // the client may be gone
}

func (h *Host) answer(request []byte) (status int, reply []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := []byte(textOf(messageID, request))
	file := h.fileFor(request)
	recorded, err := os.ReadFile(filepath.Join(h.folder, file)) // #nosec G304 -- the name is made of \w by fileFor
	if file == "" || err != nil {
		h.requests = append(h.requests, "")
		return http.StatusInternalServerError, fmt.Appendf(nil, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code>`+
			`<s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>nothing was recorded for this</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`)
	}
	h.requests = append(h.requests, file)
	if going := textOf(contextOf, recorded); going != "" {
		h.next[going] = following(file)
	}
	return http.StatusOK, related.ReplaceAllFunc(recorded, func(old []byte) []byte {
		parts := related.FindSubmatch(old)
		return bytes.Join([][]byte{parts[1], parts[2]}, id)
	})
}

// fileFor finds the recorded reply; "" where there is none. A context is good for one Pull.
func (h *Host) fileFor(request []byte) string {
	switch action := textOf(actionOf, request); action[strings.LastIndexByte(action, '/')+1:] {
	case "Enumerate":
		asked := query.FindStringSubmatch(textOf(filter, request))
		if asked == nil {
			return ""
		}
		form := "all"
		if asked[1] == "*" {
			form = "star"
		}
		return asked[2] + "_" + form + "_000.xml"
	case "Pull":
		pulled := textOf(contextOf, request)
		file := h.next[pulled]
		delete(h.next, pulled)
		return file
	default:
		return ""
	}
}

// following is the name with the next number.
func following(file string) string {
	parts := numbered.FindStringSubmatch(file)
	number := 0
	if parts == nil {
		return ""
	}
	fmt.Sscanf(parts[2], "%d", &number) //nolint:errcheck // three digits
	return fmt.Sprintf("%s%03d%s", parts[1], number+1, parts[3])
}

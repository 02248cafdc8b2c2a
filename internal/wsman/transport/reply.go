package transport

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
)

const (
	// maxHeaderBytes bounds status line and headers of one reply, those of interim
	// (1xx) responses before it included. A CHALLENGE of a large domain is about 2 kB.
	maxHeaderBytes = 64 << 10
	// maxInterim bounds the 1xx responses before a reply. WinRM sends none.
	maxInterim = 5
	// chunkingFactor allows for chunked encoding of the body: net/http bounds the
	// overhead of tiny chunks by itself, this bounds what it may read for it.
	chunkingFactor = 4
)

var errOverBudget = errors.New("more data than a reply may have")

// budget is a reader with a bound that is set anew for each part of a reply. It
// remembers why reading ended, since net/http reports a header that breaks off as
// a malformed one.
type budget struct {
	from  net.Conn
	left  int64
	ended error
}

func (b *budget) Read(p []byte) (n int, err error) {
	if b.left <= 0 {
		b.ended = errOverBudget
		return 0, b.ended
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err = b.from.Read(p)
	b.left -= int64(n)
	if err != nil {
		b.ended = err
	}
	return n, err
}

// answer is a reply as HTTP carried it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// read reads one reply in full, within bounds.
func (c *conn) read() (answer, error) {
	c.budget.left = maxHeaderBytes
	first, err := c.in.Peek(1)
	if isAlert(err, alertCertificateRequired) { // TLS 1.3 tells it after the handshake
		return answer{}, &TLSError{Address: c.client.conf.Address, Reason: ClientCertificate, Err: err}
	}
	if err != nil {
		return answer{}, &closedError{sent: true, err: err}
	}
	if first[0] == 0x15 || first[0] == 0x16 { // TLS records: alert, handshake
		return answer{}, c.notWinRM(0, "it speaks TLS on this port, and plain HTTP was asked for: set https = true, or use the HTTP port (5985 by default)")
	}
	response, err := c.readHeader() //nolint:bodyclose // see below
	if err != nil {
		return answer{}, err
	}
	c.accepted = response.StatusCode != http.StatusUnauthorized
	// The body is not closed: Close would read what is left of it, which may be
	// endless. Either it is read in full here, or the connection goes.
	body, err := c.readBody(response)
	if err != nil {
		return answer{}, err
	}
	if response.Close {
		c.spent = true
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

func (c *conn) readHeader() (*http.Response, error) {
	for range maxInterim + 1 {
		response, err := http.ReadResponse(c.in, nil)
		switch {
		case err != nil && errors.Is(c.budget.ended, errOverBudget):
			return nil, &ReplyTooLargeError{Address: c.client.conf.Address, What: "header", Limit: maxHeaderBytes}
		case err != nil && c.budget.ended != nil:
			return nil, &brokenOffError{where: "in its header", err: c.budget.ended}
		case err != nil: // its text quotes the server: left out
			return nil, c.notWinRM(0, "what it sent is not HTTP: another service listens on this port; "+usualPorts)
		case response.StatusCode == http.StatusSwitchingProtocols:
			return nil, c.notWinRM(response.StatusCode, "it wants to switch protocols (HTTP 101): another service listens on this port; "+usualPorts)
		case response.StatusCode >= 200:
			return response, nil
		}
	}
	return nil, c.notWinRM(0, "it sends interim responses without end: another service, or a broken proxy; "+usualPorts)
}

func (c *conn) readBody(response *http.Response) ([]byte, error) {
	limit := c.client.conf.MaxReplyBytes
	tooLarge := &ReplyTooLargeError{Address: c.client.conf.Address, What: "body", Limit: limit}
	if response.ContentLength > limit {
		return nil, tooLarge
	}
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, c.notWinRM(response.StatusCode, "it compresses its answer, which was not asked for: a proxy in between? Reach the host without it")
	}
	c.budget.left = limit*chunkingFactor + maxHeaderBytes
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case int64(len(body)) > limit, err != nil && errors.Is(c.budget.ended, errOverBudget):
		return nil, tooLarge
	case err != nil && c.budget.ended != nil:
		return nil, &brokenOffError{where: fmt.Sprintf("after %d bytes", len(body)), err: c.budget.ended}
	case err != nil:
		return nil, c.notWinRM(response.StatusCode, "its answer breaks the rules of HTTP's chunked encoding: a broken proxy in between? Reach the host without it")
	}
	return body, nil
}

// interpret decides what an HTTP answer to a SOAP message is worth.
func (c *conn) interpret(a answer) (Reply, error) {
	if a.status == http.StatusUnauthorized {
		// Its body is never needed, and http.sys sends it unsealed.
		refusal := c.client.unauthorized(offeredSchemes(a.header), true)
		refusal.Accepted = c.client.conf.Auth != AuthBasic
		return Reply{}, refusal
	}
	contentType := a.header.Get("Content-Type")
	if c.session != nil {
		return c.open(a, contentType)
	}
	if len(a.body) == 0 {
		return Reply{}, c.emptyAnswer(a.status)
	}
	if !isSOAP(contentType) {
		return Reply{}, c.notWinRM(a.status, c.describe(a.status, contentType))
	}
	return Reply{Status: a.status, Body: a.body, ContentType: contentType}, nil
}

func (c *conn) emptyAnswer(status int) error {
	if status == http.StatusInternalServerError && !c.client.conf.HTTPS {
		return &UnencryptedRefusedError{Address: c.client.conf.Address}
	}
	return c.notWinRM(status, c.describe(status, ""))
}

// isSOAP accepts SOAP 1.2's media type and those that a host behind a careless
// gateway shows; the envelope's parser has the last word.
func isSOAP(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/soap+xml" || media == "text/xml" || media == "application/xml")
}

// usualPorts ends the sentences about a wrong port.
const usualPorts = "check address and port (5985 for HTTP and 5986 for HTTPS by default; `winrm enumerate winrm/config/listener` on the host)"

// describe says what an answer that is not WinRM's was, and what to do.
func (c *conn) describe(status int, contentType string) string {
	media, _, _ := mime.ParseMediaType(contentType) // broken: empty
	what := fmt.Sprintf("it answered HTTP %d (%s)", status, http.StatusText(status))
	switch {
	case status == http.StatusBadRequest && !c.client.conf.HTTPS:
		// What web servers, Go's among them, say to plain HTTP on a port for TLS.
		return what + ": does this port speak HTTPS? Then set https = true; " + usualPorts
	case status == http.StatusNotFound:
		return what + ": nothing listens at " + endpointPath + " for this address and port. Another web server may hold the port; " + usualPorts
	case status == http.StatusServiceUnavailable:
		return what + ": the WinRM service is starting, stopping or overloaded: try again, then look at it on the host (Get-Service WinRM)"
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout:
		return what + ": a proxy in between does not reach the host: reach the host without the proxy, or ask who runs it"
	case status == http.StatusProxyAuthRequired:
		return what + ": an HTTP proxy in between wants a logon of its own, which is not supported: reach the host without the proxy"
	case status == http.StatusRequestEntityTooLarge:
		return what + ": the request is larger than the host's MaxEnvelopeSizekb: raise it there (winrm set winrm/config @{MaxEnvelopeSizekb=\"500\"})"
	case status == http.StatusForbidden:
		return what + ": something before WinRM forbids the access, such as a filter of addresses (IPv4Filter, IPv6Filter in winrm/config/service)"
	case status >= 300 && status < 400:
		return what + ": a redirection, which WinRM never sends: another web server or a proxy's logon page answers here; " + usualPorts
	case media == "":
		return what + " without a SOAP body: another service, or a proxy in between; " + usualPorts
	default:
		return fmt.Sprintf("%s with %q: a web server or a proxy answers here, not WinRM; %s", what, media, usualPorts)
	}
}

func (c *conn) notWinRM(status int, what string) error {
	return &NotWinRMError{Address: c.client.conf.Address, Status: status, What: what}
}

package transport

import (
	"fmt"
	"net/http"
	"strings"
)

// wrap seals a message and frames it.
func (s *session) wrap(plain []byte) ([]byte, error) {
	signature, sealed, err := s.seal(plain)
	if err != nil {
		return nil, fmt.Errorf("sealing a message failed, so it was not sent: %w", err)
	}
	return buildFrame(s.protocol, soapType, len(plain), signature, sealed), nil
}

// unwrap takes a frame apart and opens it.
func (s *session) unwrap(body []byte) (plain []byte, contentType string, err error) {
	f, err := parseFrame(body)
	if err != nil {
		return nil, "", err
	}
	if !strings.EqualFold(f.protocol, s.protocol) {
		return nil, "", fmt.Errorf("the reply is sealed by another protocol than %s", s.protocol)
	}
	plain, err = s.open(f.signature, f.data)
	if err != nil {
		return nil, "", fmt.Errorf("the reply's seal is broken: %w", err)
	}
	if len(plain) != f.length {
		return nil, "", fmt.Errorf("the sealed reply says that it holds %d bytes, and holds %d", f.length, len(plain))
	}
	return plain, f.contentType, nil
}

// open gives the sealed content of an answer, whatever its HTTP status. An answer
// that is not sealed is not the host's as far as we can know: http.sys answers so
// when WinRM does not run, and so would anybody in between.
func (c *conn) open(a answer, contentType string) (Reply, error) {
	if !isFrame(contentType, c.session.protocol) {
		what := "sealed messages were asked for, and nothing less is accepted"
		if a.status == http.StatusServiceUnavailable {
			what = "the WinRM service does not run, or is overloaded"
		}
		return Reply{}, &UnsealedError{Address: c.client.conf.Address, Status: a.status, What: what}
	}
	plain, inner, err := c.session.unwrap(a.body)
	if err != nil {
		return Reply{}, fmt.Errorf("the connection was dropped: %w", err)
	}
	if len(plain) == 0 {
		return Reply{}, c.notWinRM(a.status, c.describe(a.status, ""))
	}
	if !isSOAP(inner) {
		return Reply{}, c.notWinRM(a.status, c.describe(a.status, inner))
	}
	return Reply{Status: a.status, Body: plain, ContentType: inner}, nil
}

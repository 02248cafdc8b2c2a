package transport

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A server of Go's for TLS answers plain HTTP with HTTP 400.
func TestPlainHTTPToATLSPort(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	for name, client := range map[string]*Client{
		"NTLM": newClient(t, server.Listener.Addr().String()), "Basic": clearClient(t, server.Listener.Addr().String()),
	} {
		_, err := post(t, client, Write)
		var notWinRM *NotWinRMError
		if !errors.As(err, &notWinRM) || !strings.Contains(err.Error(), "does this port speak HTTPS? Then set https = true") || MayHaveHappened(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TLS 1.3 tells that it wants a certificate only after the handshake.
func TestServerThatWantsAClientCertificate(t *testing.T) {
	pair, pool := certificate(t, nil, "127.0.0.1")
	for _, auth := range []Auth{AuthNegotiate, AuthBasic} {
		// The alert must be read before the server hangs up: a script that waits for it.
		address := serve(t, func(p *peer) {
			secure := tls.Server(p.Conn, &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13})
			if secure.HandshakeContext(t.Context()) == nil {
				t.Error("the handshake ended well")
			}
			p.wait()
		})
		client := newClient(t, address, func(c *Config) { c.HTTPS, c.TLS, c.Auth = true, &tls.Config{RootCAs: pool}, auth })
		_, err := post(t, client, Write)
		var failed *TLSError
		if !errors.As(err, &failed) || failed.Reason != ClientCertificate || !strings.Contains(err.Error(), "not supported yet") || MayHaveHappened(err) {
			t.Errorf("%s: %T %v", auth, err, err)
		}
		if !strings.HasPrefix(err.Error(), address+": ") || strings.Count(err.Error(), address) != 1 {
			t.Errorf("%v", err)
		}
	}
}

func TestNegotiateThatTakesNoNTLM(t *testing.T) {
	client := newClient(t, serve(t, func(p *peer) {
		for p.request() != nil {
			p.say("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Kerberos\r\nContent-Length: 0\r\n\r\n")
		}
	}))
	_, err := post(t, client, Write)
	var unauthorized *UnauthorizedError
	if !errors.As(err, &unauthorized) || unauthorized.Refused || strings.Contains(err.Error(), "use auth =") || !strings.Contains(err.Error(), "Kerberos is not supported yet") {
		t.Errorf("%v", err)
	}
}

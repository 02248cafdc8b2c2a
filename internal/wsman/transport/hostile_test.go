package transport

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// hostile is one answer to a Write and what must become of it.
type hostile struct {
	answer string
	want   any    // pointer to a pointer of the error's type
	text   string // in the error
	lost   bool   // the change may have been made
}

const (
	head200 = "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml;charset=UTF-8\r\n"
	chunked = head200 + "Transfer-Encoding: chunked\r\n\r\n"
)

func TestHostileAnswers(t *testing.T) {
	var (
		notWinRM    *NotWinRMError
		unencrypted *UnencryptedRefusedError
		tooLarge    *ReplyTooLargeError
		lost        *ReplyLostError
		refused     *UnauthorizedError
	)
	for name, test := range map[string]hostile{
		"nothing":             {"", &lost, "closed the connection without an answer", true},
		"garbage":             {"\x00\x01\x02garbage\r\n\r\n", &notWinRM, "another service listens on this port", true},
		"a banner":            {"SSH-2.0-OpenSSH_9.2\r\n", &notWinRM, "not HTTP", true},
		"TLS":                 {"\x15\x03\x01\x00\x02\x02\x46", &notWinRM, "https = true", true},
		"HTML":                {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", &notWinRM, "\"text/html\": a web server or a proxy answers here, not WinRM; check address and port", true},
		"no type":             {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", &notWinRM, "without a SOAP body", true},
		"empty 200":           {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &notWinRM, "HTTP 200", true},
		"204":                 {"HTTP/1.1 204 No Content\r\n\r\n", &notWinRM, "HTTP 204", true},
		"404":                 {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", &notWinRM, "/wsman", false},
		"302":                 {"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", &notWinRM, "logon page", false},
		"403":                 {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", &notWinRM, "forbids", false},
		"400":                 {"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nHTTPS", &notWinRM, "does this port speak HTTPS? Then set https = true", false},
		"407":                 {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", &notWinRM, "without the proxy", false},
		"502":                 {"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", &notWinRM, "a proxy in between does not reach the host", false},
		"413":                 {"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", &notWinRM, "MaxEnvelopeSizekb", false},
		"503":                 {"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\n<", &notWinRM, "try again", false},
		"500 empty":           {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", &unencrypted, "AllowUnencrypted", false},
		"401":                 {"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate, Basic realm=\"a, b\"\r\nWWW-Authenticate: <x>\r\nContent-Length: 0\r\n\r\n", &refused, "the server offers Negotiate, Basic)", false},
		"a header line":       {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<17), &tooLarge, "header", true},
		"many headers":        {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 1<<15), &tooLarge, "header", true},
		"a status line":       {"HTTP/1.1 200 " + strings.Repeat("x", 1<<17), &tooLarge, "header", true},
		"cut header":          {"HTTP/1.1 200 OK\r\nContent-", &lost, "EOF", true},
		"absurd length":       {head200 + "Content-Length: 9223372036854775807\r\n\r\n", &tooLarge, "body", true},
		"more than int64":     {head200 + "Content-Length: 92233720368547758070\r\n\r\n", &notWinRM, "not HTTP", true},
		"just too long":       {head200 + "Content-Length: 4097\r\n\r\n" + strings.Repeat("x", 4097), &tooLarge, "body", true},
		"negative length":     {head200 + "Content-Length: -1\r\n\r\n", &notWinRM, "not HTTP", true},
		"two lengths":         {head200 + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n<ok/>", &notWinRM, "not HTTP", true},
		"cut body":            {head200 + "Content-Length: 100\r\n\r\n<ok/>", &lost, "broke off after 5 bytes", true},
		"endless chunks":      {chunked + strings.Repeat("400\r\n"+strings.Repeat("x", 0x400)+"\r\n", 100), &tooLarge, "body", true},
		"tiny chunks":         {chunked + strings.Repeat("1\r\nx\r\n", 1<<16), &tooLarge, "body", true},
		"a huge chunk":        {chunked + "7fffffffffffffff\r\n" + strings.Repeat("x", 1<<16), &tooLarge, "body", true},
		"no chunk":            {chunked + "zz\r\n", &notWinRM, "chunked", true},
		"cut chunks":          {chunked + "5\r\n<ok/>\r\n", &lost, "broke off", true},
		"endless trailer":     {chunked + "0\r\n" + strings.Repeat("X: y\r\n", 1<<16), &lost, "", true},
		"endless, no length":  {head200 + "\r\n" + strings.Repeat("x", 1<<16), &tooLarge, "body", true},
		"unknown coding":      {head200 + "Transfer-Encoding: gzip\r\n\r\n", &notWinRM, "not HTTP", true},
		"gzip":                {head200 + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n<ok/>", &notWinRM, "compresses", true},
		"interim for ever":    {strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 1000), &notWinRM, "interim", true},
		"switching protocols": {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", &notWinRM, "101", true},
		"sealed, unasked":     {"HTTP/1.1 200 OK\r\nContent-Type: " + frameType(spnegoProtocol) + "\r\nContent-Length: 2\r\n\r\n--", &notWinRM, "multipart/encrypted", true},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(p *peer) {
				if p.request() == nil {
					return
				}
				p.say(test.answer)
				if test.want != any(&lost) {
					p.wait() // what was said must be enough
				}
			})
			client := clearClient(t, address, func(c *Config) { c.MaxReplyBytes = 4096 })
			_, err := post(t, client, Write)
			if err == nil || !errors.As(err, test.want) {
				t.Fatalf("error %T %v", err, err)
			}
			if !strings.HasPrefix(err.Error(), address) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v", err)
			}
			if strings.Count(err.Error(), address) != 1 {
				t.Errorf("the address more than once: %v", err)
			}
			if MayHaveHappened(err) != test.lost {
				t.Errorf("may have happened: %t; %v", !test.lost, err)
			}
			if client.kept != nil {
				t.Error("the connection was kept")
			}
			if s := client.Stats(); s.RoundTrips != 1 || s.BytesReceived > 64<<10+4*4096+64<<10 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestAnEmpty500InsideTLSIsNotAboutEncryption(t *testing.T) {
	c := &conn{client: &Client{conf: Config{HTTPS: true}}}
	var notWinRM *NotWinRMError
	if err := c.emptyAnswer(500); !errors.As(err, &notWinRM) {
		t.Errorf("%v", err)
	}
}

func TestUnusualButGoodAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		kept   bool
	}{
		"interim response":     {"HTTP/1.1 100 Continue\r\n\r\n" + soapOK, true},
		"chunked":              {chunked + "2;x=y\r\n<o\r\n3\r\nk/>\r\n0\r\nX: y\r\n\r\n", true},
		"just in bounds":       {head200 + "Content-Length: 5\r\nX: " + strings.Repeat("x", 60<<10) + "\r\n\r\n<ok/>", true},
		"identity":             {head200 + "Content-Encoding: identity\r\nContent-Length: 5\r\n\r\n<ok/>", true},
		"bytes after the body": {soapOK + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
		"Connection: close":    {head200 + "Connection: close\r\nContent-Length: 5\r\n\r\n<ok/>", false},
		"HTTP/1.0":             {strings.Replace(soapOK, "1.1", "1.0", 1), false},
		"no length":            {head200 + "\r\n<ok/>", false},
	} {
		address := serve(t, func(p *peer) {
			for p.request() != nil {
				p.say(test.answer)
				if name == "no length" {
					return
				}
			}
		})
		client := clearClient(t, address)
		mustPost(t, client, Write)
		mustPost(t, client, Write)
		if (client.Stats().Connections == 1) != test.kept {
			t.Errorf("%s: %+v", name, client.Stats())
		}
	}
}

// A hostile answer to a leg of the handshake.
func TestHostileHandshakes(t *testing.T) {
	var (
		notWinRM    *NotWinRMError
		refused     *UnauthorizedError
		unreachable *UnreachableError
		other       error
	)
	ask := func(lines ...string) string {
		return "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	good := challengeText()
	for name, test := range map[string]struct {
		legs []string
		want any
		text string
	}{
		"closed":            {[]string{""}, &unreachable, "closed the connection"},
		"closed later":      {[]string{ask("WWW-Authenticate: Negotiate " + good), ""}, &unreachable, "closed the connection"},
		"200 at once":       {[]string{soapOK}, &notWinRM, "HTTP 200"},
		"404":               {[]string{"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"}, &notWinRM, "HTTP 404"},
		"nothing offered":   {[]string{ask()}, &refused, "the server offers nothing"},
		"only Basic":        {[]string{ask(`WWW-Authenticate: Basic realm="WSMAN"`)}, &refused, `auth = "basic"`},
		"only Kerberos":     {[]string{ask("WWW-Authenticate: Kerberos")}, &refused, "Kerberos only"},
		"not base64":        {[]string{ask("WWW-Authenticate: Negotiate ???")}, &notWinRM, "base64"},
		"a long token":      {[]string{ask("WWW-Authenticate: Negotiate " + strings.Repeat("AAAA", 8<<10))}, &notWinRM, "too long"},
		"not a challenge":   {[]string{ask("WWW-Authenticate: Negotiate AAAA")}, &other, "not an NTLM challenge"},
		"closes":            {[]string{ask("Connection: close", "WWW-Authenticate: Negotiate "+good)}, &notWinRM, "proxy"},
		"closes in the end": {[]string{ask("WWW-Authenticate: Negotiate " + good), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}, &notWinRM, "proxy"},
		"500 in the end":    {[]string{ask("WWW-Authenticate: Negotiate " + good), "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"}, &notWinRM, "HTTP 500"},
		"401 in the end":    {[]string{ask("WWW-Authenticate: Negotiate " + good), ask("WWW-Authenticate: Negotiate")}, &refused, "refused the credentials of " + testUser},
		"another challenge": {[]string{ask("WWW-Authenticate: Negotiate " + good), ask("WWW-Authenticate: Negotiate " + good)}, &refused, "refused the credentials"},
		"an endless body":   {[]string{strings.Replace(ask(), "Content-Length: 0", "Content-Length: 99999999999", 1)}, &other, "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(p *peer) {
				for _, leg := range test.legs {
					r := p.request()
					if r == nil {
						return
					}
					if r.ContentLength != 0 || !strings.HasPrefix(r.Header.Get("Authorization"), "Negotiate TlRMTVNTUA") {
						t.Errorf("a leg with %d bytes and %q", r.ContentLength, r.Header)
					}
					p.say(leg)
					if leg == "" {
						return
					}
				}
				if r := p.request(); r != nil {
					t.Error("the client went on")
				}
			})
			client := newClient(t, address)
			_, err := post(t, client, Write)
			if err == nil || !errors.As(err, test.want) {
				t.Fatalf("error %T %v", err, err)
			}
			if !strings.HasPrefix(err.Error(), address) || !strings.Contains(err.Error(), test.text) || MayHaveHappened(err) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestErrorsNeverHoldThePassword(t *testing.T) {
	// Whatever the server echoes, be it our own header.
	address := serve(t, func(p *peer) {
		if r := p.request(); r != nil {
			p.say(fmt.Sprintf("HTTP/1.1 401 %s\r\nWWW-Authenticate: %[1]s\r\nContent-Length: 0\r\n\r\n", r.Header.Get("Authorization")))
		}
	})
	client := clearClient(t, address)
	_, err := post(t, client, Read)
	secret := client.conf.Username + ":" + testPassword
	if err == nil || strings.Contains(err.Error(), testPassword) || strings.Contains(err.Error(), "Q09OVE9TT1") {
		t.Errorf("%v (%s)", err, secret)
	}
	for _, text := range []string{fmt.Sprint(client.conf), fmt.Sprintf("%#v", client.conf), fmt.Sprintf("%+v", client.conf), fmt.Sprintf("%+v", client), fmt.Sprintf("%#v", client)} {
		if strings.Contains(text, testPassword) {
			t.Error(text)
		}
	}
}

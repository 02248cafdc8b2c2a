package listener

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// now is 2026-11-24 12:00 UTC, and nowTicks the same as Windows counts it.
var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const nowTicks = 134399952000000000

// peer is a client on one connection, with sealing.
type peer struct {
	*testing.T
	http      *http.Client
	url       string
	initiator *Initiator
}

func newPeer(t *testing.T, l *Listener) *peer {
	t.Helper()
	p := &peer{T: t, url: "http://" + l.Addr() + "/wsman"}
	p.initiator = &Initiator{Domain: "CONTOSO", User: "svc-terraform", Password: "not-a-real-password-1", Time: nowTicks}
	var c *tls.Config
	if l.config.TLS != nil {
		p.url = "https" + strings.TrimPrefix(p.url, "http")
		c = &tls.Config{InsecureSkipVerify: true}
	}
	p.http = newClient(t, c)
	return p
}

func (p *peer) post(body, authorization string) reply {
	p.Helper()
	return post(p.T, p.http, p.url, body, func(h http.Header) {
		if authorization != "" {
			h.Set("Authorization", authorization)
		}
	})
}

// authenticate runs the handshake with an empty AUTHENTICATE and returns the last answer.
func (p *peer) authenticate() reply {
	p.Helper()
	return p.post("", p.handshake())
}

// handshake runs all but the last leg and returns its Authorization.
func (p *peer) handshake() string {
	p.Helper()
	r := p.post("", "Negotiate "+base64.StdEncoding.EncodeToString(p.initiator.Negotiate()))
	token, ok := strings.CutPrefix(r.offered()[0], "Negotiate ")
	if r.status != 401 || r.body != "" || !ok {
		p.Fatalf("%d %q, %q instead of a CHALLENGE", r.status, r.body, r.offered())
	}
	challenge, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		p.Fatal(err)
	}
	message, err := p.initiator.Authenticate(challenge)
	if err != nil {
		p.Fatal(err)
	}
	return "Negotiate " + base64.StdEncoding.EncodeToString(message)
}

// seal makes the body of a sealed request.
func (p *peer) seal(text string) []byte {
	f := frame{contentType: "application/soap+xml;charset=UTF-8", length: len(text)}
	f.sealed, f.signature = p.initiator.Seal([]byte(text))
	return shape{tab: "\t"}.buildFrame(f)
}

func sealedHeader(h http.Header) { h.Set("Content-Type", sealedType) }

// ask sends a sealed request and opens the sealed reply.
func (p *peer) ask(text string) reply {
	p.Helper()
	return p.open(post(p.T, p.http, p.url, string(p.seal(text)), sealedHeader))
}

func (p *peer) open(r reply) reply {
	p.Helper()
	if kind := r.header.Get("Content-Type"); kind != sealedType {
		p.Fatalf("%d %q of type %q instead of a sealed reply", r.status, r.body, kind)
	}
	f, err := parseFrame([]byte(r.body))
	if err != nil {
		p.Fatal(err)
	}
	plain, err := p.initiator.Unseal(f.sealed, f.signature)
	if err != nil || len(plain) != f.length {
		p.Fatalf("%d bytes, %d announced: %v", len(plain), f.length, err)
	}
	return reply{r.status, string(plain), r.header}
}

// serve starts a host with the tests' clock.
func serve(t *testing.T, c Config) *Listener {
	t.Helper()
	c.Negotiate, c.Domain, c.ComputerName = true, "CONTOSO", "MAIL01"
	c.Now = func() time.Time { return now }
	return start(t, c)
}

const echoed = `CONTOSO\svc-terraform|application/soap+xml;charset=UTF-8|`

func TestSealedSession(t *testing.T) {
	for seed := range int64(20) {
		l := serve(t, Config{Seed: seed})
		p := newPeer(t, l)
		if r := p.authenticate(); r.status != 200 || r.body != "" {
			t.Fatalf("seed %d: %d %q", seed, r.status, r.body)
		}
		for _, text := range []string{"first", "second"} {
			if r := p.ask(text); r.status != 200 || r.body != echoed+text {
				t.Errorf("seed %d: %d %q", seed, r.status, r.body)
			}
		}
		want := Counters{Requests: 4, Connections: 1, Handshakes: 1}
		if got := l.Counters(); got != want {
			t.Errorf("seed %d: %+v, want %+v", seed, got, want)
		}
	}
}

// TestSealedOnAuthenticate sends the first message with the last leg: two round trips in all.
func TestSealedOnAuthenticate(t *testing.T) {
	l := serve(t, Config{})
	p := newPeer(t, l)
	authorization := p.handshake()
	r := p.open(post(t, p.http, p.url, string(p.seal("first")), func(h http.Header) {
		sealedHeader(h)
		h.Set("Authorization", authorization)
	}))
	if r.status != 200 || r.body != echoed+"first" || l.Counters().Requests != 2 {
		t.Errorf("%d %q after %d requests", r.status, r.body, l.Counters().Requests)
	}
}

func TestWithoutTimestamp(t *testing.T) {
	p := newPeer(t, serve(t, Config{OmitTimestamp: true}))
	if r := p.authenticate(); r.status != 200 {
		t.Fatalf("status %d", r.status)
	}
	if r := p.ask("hello"); r.body != echoed+"hello" {
		t.Errorf("%q", r.body)
	}
}

func TestUnencryptedRefused(t *testing.T) {
	p := newPeer(t, serve(t, Config{Handle: never(t)}))
	if r := p.post("in clear", p.handshake()); r.status != 500 || r.body != "" {
		t.Errorf("with the AUTHENTICATE: %d %q, want an empty 500", r.status, r.body)
	}
	if r := p.post("in clear", ""); r.status != 500 || r.body != "" {
		t.Errorf("afterwards: %d %q, want an empty 500", r.status, r.body)
	}
}

func TestUnencryptedAllowed(t *testing.T) {
	p := newPeer(t, serve(t, Config{AllowUnencrypted: true}))
	p.authenticate()
	if r := p.post("in clear", ""); r.status != 200 || r.body != echoed+"in clear" {
		t.Errorf("in clear: %d %q", r.status, r.body)
	}
	if r := p.ask("sealed"); r.body != echoed+"sealed" {
		t.Errorf("sealed: %q", r.body)
	}
}

func TestNegotiateRefused(t *testing.T) {
	for name, c := range map[string]func(p *peer) reply{
		"wrong password":    func(p *peer) reply { p.initiator.Password = "not-a-real-password-2"; return p.authenticate() },
		"unknown user":      func(p *peer) reply { p.initiator.User = "nobody"; return p.authenticate() },
		"another domain":    func(p *peer) reply { p.initiator.Domain = "FABRIKAM"; return p.authenticate() },
		"no handshake":      func(p *peer) reply { return p.post("in clear", "") },
		"no base64":         func(p *peer) reply { return p.post("", "Negotiate !!!") },
		"no token":          func(p *peer) reply { return p.post("", "Negotiate") },
		"SPNEGO":            func(p *peer) reply { return p.post("", "Negotiate YEgGBisGAQUFAqA+MDygDjAMBgorBgEEAYI3AgIK") },
		"another scheme":    func(p *peer) reply { return p.post("", "NTLM TlRMTVNTUAABAAAA") },
		"AUTHENTICATE only": func(p *peer) reply { return p.post("", "Negotiate TlRMTVNTUAADAAAA") },
		"NEGOTIATE cut":     func(p *peer) reply { return p.post("", "Negotiate TlRMTVNTUAABAAAA") },
		"AUTHENTICATE twice": func(p *peer) reply {
			p.initiator.Password = "not-a-real-password-2"
			authorization := p.handshake()
			p.post("", authorization)
			return p.post("", authorization)
		},
		"a new token ends a session": func(p *peer) reply {
			p.authenticate()
			p.post("", "Negotiate !!!")
			return p.post("in clear", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, serve(t, Config{Basic: true, AllowUnencrypted: true, Handle: never(t)}))
			r := c(p)
			if r.status != 401 || r.body != "" || r.offered()[0] != "Negotiate" || !slices.Contains(r.offered(), `Basic realm="WSMAN"`) {
				t.Errorf("%d %q, offered %q", r.status, r.body, r.offered())
			}
		})
	}
}

// TestSecondAttempt shows that a connection outlives a wrong password, and that it is counted.
func TestSecondAttempt(t *testing.T) {
	l := serve(t, Config{})
	p := newPeer(t, l)
	p.initiator.Password = "not-a-real-password-2"
	p.authenticate()
	p.initiator.Password = "not-a-real-password-1"
	if r := p.authenticate(); r.status != 200 {
		t.Errorf("status %d, want 200", r.status)
	}
	want := Counters{Requests: 4, Connections: 1, Handshakes: 1, FailedLogons: 1}
	if got := l.Counters(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestNewConnectionIsNotAuthenticated shows that a session belongs to its connection.
func TestNewConnectionIsNotAuthenticated(t *testing.T) {
	l := serve(t, Config{})
	p := newPeer(t, l)
	p.authenticate()
	l.CloseConnections()
	p.http = newClient(t, nil)
	r := post(t, p.http, p.url, string(p.seal("hello")), sealedHeader)
	if r.status != 401 || l.Counters().Connections != 2 {
		t.Errorf("status %d on connection %d, want 401 on 2", r.status, l.Counters().Connections)
	}
}

// TestSealedReplies covers each status and kind of reply on a sealed connection.
func TestSealedReplies(t *testing.T) {
	var next Response
	l := serve(t, Config{Handle: func(context.Context, Request) Response { return next }})
	p := newPeer(t, l)
	p.authenticate()
	for _, status := range []int{200, 400, 403, 500} {
		next = Response{Status: status, Body: []byte("fault")}
		if r := p.ask("hello"); r.status != status || r.body != "fault" {
			t.Errorf("%d %q, want a sealed %d", r.status, r.body, status)
		}
	}
	next = Response{Status: 404}
	if r := post(t, p.http, p.url, string(p.seal("hello")), sealedHeader); r.status != 404 || r.body != "" {
		t.Errorf("%d %q, want an empty 404", r.status, r.body)
	}
	next = Response{Raw: true, ContentType: "text/html", Body: []byte("<html>")}
	if r := post(t, p.http, p.url, string(p.seal("hello")), sealedHeader); r.body != "<html>" || r.header.Get("Content-Type") != "text/html" {
		t.Errorf("%q, want it raw", r.body)
	}
	next = Response{Body: []byte("still in step")}
	if r := p.ask("hello"); r.body != "still in step" {
		t.Errorf("%q", r.body)
	}
}

func TestBadSealClosesConnection(t *testing.T) {
	for name, spoil := range map[string]func(p *peer) []byte{
		"changed data":    func(p *peer) []byte { b := p.seal("hello"); b[len(b)-27]++; return b },
		"skipped message": func(p *peer) []byte { p.seal("lost"); return p.seal("hello") },
		"wrong length":    func(p *peer) []byte { return bytes.Replace(p.seal("hello"), []byte("Length=5"), []byte("Length=4"), 1) },
	} {
		p := newPeer(t, serve(t, Config{Handle: never(t)}))
		p.authenticate()
		if r, err := try(t, p.http, p.url, string(spoil(p)), sealedHeader); err == nil {
			t.Errorf("%s: %d %q, want a closed connection", name, r.status, r.body)
		}
	}
}

// TestNoFrame shows that a body that is no frame costs a 400, and not the session.
func TestNoFrame(t *testing.T) {
	p := newPeer(t, serve(t, Config{}))
	p.authenticate()
	if r := post(t, p.http, p.url, "<s:Envelope/>", sealedHeader); r.status != 400 || r.body != "" {
		t.Errorf("no frame: %d %q, want an empty 400", r.status, r.body)
	}
	r := post(t, p.http, p.url, string(p.seal("lost")), func(h http.Header) {
		h.Set("Content-Type", strings.Replace(sealedType, "SPNEGO", "CredSSP", 1))
	})
	if r.status != 400 {
		t.Errorf("another protocol: status %d, want 400", r.status)
	}
}

// certificate makes a server certificate, signed with the named algorithm.
func certificate(t *testing.T, algorithm x509.SignatureAlgorithm) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, SignatureAlgorithm: algorithm}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// binding writes gss_channel_bindings_struct out by hand.
func binding(hash crypto.Hash, certificate []byte) []byte {
	digest := hash.New()
	digest.Write(certificate)
	data := "tls-server-end-point:" + string(digest.Sum(nil))
	sum := md5.Sum([]byte(strings.Repeat("\x00", 16) + string([]byte{byte(len(data)), 0, 0, 0}) + data))
	return sum[:]
}

func TestChannelBindings(t *testing.T) {
	sha256 := certificate(t, x509.ECDSAWithSHA256)
	sha384 := certificate(t, x509.ECDSAWithSHA384)
	right := binding(crypto.SHA256, sha256.Certificate[0])
	for _, c := range []struct {
		policy string
		cert   tls.Certificate
		sent   []byte
		status int
	}{
		{"", sha256, right, 200},
		{"", sha256, nil, 200},
		{"", sha256, make([]byte, 16), 200}, // zeros are none
		{"", sha256, binding(crypto.SHA384, sha256.Certificate[0]), 401},
		{"", sha384, binding(crypto.SHA384, sha384.Certificate[0]), 200},
		{"", sha384, right, 401},
		{"strict", sha256, right, 200},
		{"strict", sha256, nil, 401},
		{"strict", sha256, make([]byte, 16), 401},
		{"none", sha256, bytes.Repeat([]byte{1}, 16), 200},
	} {
		l := serve(t, Config{TLS: &tls.Config{Certificates: []tls.Certificate{c.cert}}, BindingPolicy: c.policy})
		p := newPeer(t, l)
		p.initiator.Binding = c.sent
		r := p.authenticate()
		if r.status != c.status {
			t.Errorf("policy %q, sent %x: status %d, want %d", c.policy, c.sent, r.status, c.status)
		}
		if c.status != 200 {
			continue
		}
		if r := p.post("inside TLS", ""); r.status != 200 || r.body != echoed+"inside TLS" {
			t.Errorf("policy %q: %d %q", c.policy, r.status, r.body)
		}
	}
}

// TestStrictTellsItsNames shows that a strict host lets every client bind, under each seed: without the attributes of a
// CHALLENGE none could.
func TestStrictTellsItsNames(t *testing.T) {
	c := certificate(t, x509.ECDSAWithSHA256)
	for seed := range int64(10) {
		p := newPeer(t, serve(t, Config{TLS: &tls.Config{Certificates: []tls.Certificate{c}}, BindingPolicy: "strict", Seed: seed}))
		p.initiator.Flags = DefaultFlags &^ 4 // no target asked for
		token := strings.TrimPrefix(p.post("", "Negotiate "+base64.StdEncoding.EncodeToString(p.initiator.Negotiate())).offered()[0], "Negotiate ")
		if challenge, err := base64.StdEncoding.DecodeString(token); err != nil || challenge[40] == 0 {
			t.Errorf("seed %d: no attributes in %q", seed, token)
		}
	}
}

// TestBindingInClear shows that plain HTTP has nothing to bind to: what a client sends is left alone.
func TestBindingInClear(t *testing.T) {
	p := newPeer(t, serve(t, Config{BindingPolicy: "strict"}))
	p.initiator.Binding = bytes.Repeat([]byte{1}, 16)
	if r := p.authenticate(); r.status != 200 {
		t.Errorf("status %d, want 200", r.status)
	}
}

func TestBasicOverTLS(t *testing.T) {
	var seen Request
	l := serve(t, Config{
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate(t, x509.ECDSAWithSHA256)}}, Basic: true,
		Handle: func(_ context.Context, r Request) Response { seen = r; return Response{Body: []byte("ok")} },
	})
	p := newPeer(t, l)
	if r := p.post("hello", ""); r.status != 401 || r.offered()[0] != "Negotiate" || r.offered()[len(r.offered())-1] != `Basic realm="WSMAN"` {
		t.Errorf("%d, offered %q", r.status, r.offered())
	}
	if r := post(t, p.http, p.url, "hello", basic("local-admin", "not-a-real-password-2")); r.body != "ok" {
		t.Errorf("%d %q", r.status, r.body)
	}
	if !seen.Secure || seen.User != "local-admin" || seen.Path != "/wsman" || string(seen.Body) != "hello" {
		t.Errorf("Handle saw %+v", seen)
	}
}

// TestUserPrincipalName logs on as user@realm, which NTLM clients send as the name with no domain.
func TestUserPrincipalName(t *testing.T) {
	p := newPeer(t, serve(t, Config{}))
	p.initiator.Domain, p.initiator.User = "", "svc-terraform@contoso.com"
	if r := p.authenticate(); r.status != 200 {
		t.Errorf("status %d, want 200", r.status)
	}
	if r := p.ask("hello"); r.body != echoed+"hello" {
		t.Errorf("%q", r.body)
	}
}

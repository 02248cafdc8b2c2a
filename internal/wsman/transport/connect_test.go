package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
)

func TestWhyNoConnectionCameAbout(t *testing.T) {
	dns := func(notFound bool) error {
		return &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "mail01", IsNotFound: notFound}}
	}
	sys := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for _, test := range []struct {
		err    error
		reason UnreachableReason
		text   string
	}{
		{dns(true), UnknownName, "does not exist in DNS"},
		{dns(false), NameService, "could not be looked up"},
		{sys(syscall.ECONNREFUSED), Refused, "winrm quickconfig"},
		{sys(syscall.EHOSTUNREACH), NoRoute, "no route"},
		{sys(syscall.ENETUNREACH), NoRoute, "no route"},
		{sys(syscall.ETIMEDOUT), DialTimeout, "firewall"},
		{sys(syscall.EACCES), OtherReason, "permission denied"},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, DialTimeout, "firewall"},
	} {
		client := clearClient(t, "mail01:5985")
		client.dialTCP = func(context.Context, string, string) (net.Conn, error) { return nil, test.err }
		_, err := post(t, client, Write)
		var unreachable *UnreachableError
		if !errors.As(err, &unreachable) || unreachable.Reason != test.reason || !errors.Is(err, test.err) {
			t.Errorf("%v gives %v", test.err, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), "mail01:5985: ") || !strings.Contains(err.Error(), test.text) || MayHaveHappened(err) {
			t.Errorf("%v", err)
		}
	}
}

func TestARefusedConnectionIsNotFinal(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close() //nolint:errcheck // so that nobody listens there
	client := clearClient(t, address)
	var unreachable *UnreachableError
	for range 2 {
		if _, err := post(t, client, Write); !errors.As(err, &unreachable) || unreachable.Reason != Refused {
			t.Fatalf("%v", err)
		}
	}
}

func TestTLSFailures(t *testing.T) {
	named, pool := certificate(t, nil, "mail01.contoso.example")
	stranger, _ := certificate(t, nil, "127.0.0.1")
	expired, expiredPool := certificate(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "127.0.0.1")
	unnamed, unnamedPool := certificate(t, func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames, c.IPAddresses = "mail01.contoso.example", nil, nil
	}, "127.0.0.1")
	with := func(c tls.Certificate) script {
		return func(p *peer) {
			secure := tls.Server(p.Conn, &tls.Config{Certificates: []tls.Certificate{c}})
			if secure.HandshakeContext(t.Context()) == nil {
				t.Error("the handshake ended well")
			}
		}
	}
	for name, test := range map[string]struct {
		server script
		pool   *x509.CertPool
		want   TLSReason
		text   string
	}{
		"unknown authority": {with(stranger), pool, UnknownAuthority, "ca_certificate"},
		"another name":      {with(named), pool, NameMismatch, "tls_server_name"},
		"expired":           {with(expired), expiredPool, Expired, "time of validity"},
		"plain HTTP": {func(p *peer) {
			p.in.ReadByte() //nolint:errcheck // the ClientHello
			p.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
			p.wait()
		}, pool, PlainHTTP, "speaks plain HTTP"},
		"garbage": {func(p *peer) {
			p.in.ReadByte() //nolint:errcheck // the ClientHello
			p.say("garbage garbage garbage")
			p.wait()
		}, pool, OtherTLS, "TLS handshake failed"},
		"alert": {func(p *peer) {
			p.in.ReadByte()                       //nolint:errcheck // the ClientHello
			p.say("\x15\x03\x03\x00\x02\x02\x46") // fatal, protocol_version
			p.wait()
		}, pool, OldTLS, "enable TLS 1.2"},
		"another alert": {func(p *peer) {
			p.in.ReadByte()                       //nolint:errcheck // the ClientHello
			p.say("\x15\x03\x03\x00\x02\x02\x28") // fatal, handshake_failure
			p.wait()
		}, pool, OtherTLS, "handshake failure"},
		"TLS 1.0": {func(p *peer) {
			p.in.ReadByte() //nolint:errcheck // the ClientHello
			// A ServerHello of version 3.1 without session id, TLS_RSA_WITH_AES_128_CBC_SHA.
			p.say("\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" + strings.Repeat("r", 32) + "\x00\x00\x2f\x00")
			p.wait()
		}, pool, OldTLS, "enable TLS 1.2"},
		"common name only": {with(unnamed), unnamedPool, CommonNameOnly, "subject alternative name for \"127.0.0.1\""},
	} {
		client := clearClient(t, serve(t, test.server), func(c *Config) { c.HTTPS, c.TLS = true, &tls.Config{RootCAs: test.pool} })
		_, err := post(t, client, Write)
		var failed *TLSError
		if !errors.As(err, &failed) || failed.Reason != test.want || !strings.Contains(err.Error(), test.text) || MayHaveHappened(err) {
			t.Errorf("%s: %T %v", name, err, err)
		}
	}
}

func TestTLSHandshakeThatIsClosed(t *testing.T) {
	client := clearClient(t, serve(t, func(p *peer) { p.in.ReadByte() }), func(c *Config) { c.HTTPS = true }) //nolint:errcheck // the ClientHello
	_, err := post(t, client, Write)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || unreachable.Reason != Dropped || !strings.Contains(err.Error(), "does this port speak HTTPS?") {
		t.Errorf("%v", err)
	}
}

func TestTLSUsesTheCallersConfigurationAndTheAddressAsName(t *testing.T) {
	pair, pool := certificate(t, nil, "127.0.0.1")
	other, otherPool := certificate(t, nil, "mail01.contoso.example")
	for name, test := range map[string]struct {
		server tls.Certificate
		client *tls.Config
	}{
		"name from the address": {pair, &tls.Config{RootCAs: pool}},
		"tls_server_name":       {other, &tls.Config{RootCAs: otherPool, ServerName: "mail01.contoso.example"}},
		"insecure":              {other, &tls.Config{InsecureSkipVerify: true}},
	} {
		host := simulated(t, func(c *listener.Config) { c.TLS = &tls.Config{Certificates: []tls.Certificate{test.server}} })
		given := test.client.Clone()
		client := newClient(t, host.Addr(), func(c *Config) { c.HTTPS, c.TLS, c.Auth = true, given, AuthBasic })
		mustPost(t, client, Read)
		mustPost(t, client, Read)
		wantStats(t, client, 2, 1)
		if given.ServerName != test.client.ServerName || given.MinVersion != 0 {
			t.Errorf("%s: the caller's configuration was changed", name)
		}
	}
}

// It wants a machine with an IPv6 loopback, as every CI runner has, and says so.
func TestIPv6(t *testing.T) {
	probe, err := net.Listen("tcp", "[::1]:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatalf("this machine has no IPv6 loopback, so IPv6 can't be tested here (sysctl net.ipv6.conf.lo.disable_ipv6=0 brings it): %v", err)
	}
	probe.Close() //nolint:errcheck // it was a probe
	host := simulated(t, func(c *listener.Config) { c.IP = "::1" })
	if !strings.HasPrefix(host.Addr(), "[::1]:") {
		t.Fatal(host.Addr())
	}
	mustPost(t, newClient(t, host.Addr()), Read)
}

// What is dialled and said is the address as it was given, brackets included.
func TestIPv6OnTheWire(t *testing.T) {
	const address = "[2001:db8::1]:5985"
	client := clearClient(t, address)
	dialled := make(chan string, 1)
	client.dialTCP = func(_ context.Context, _, to string) (net.Conn, error) {
		dialled <- to
		near, far := net.Pipe()
		go func() {
			defer far.Close() //nolint:errcheck // a test's
			p := &peer{Conn: far, t: t, in: bufio.NewReader(far)}
			if r := p.request(); r == nil || r.Host != address {
				t.Errorf("%+v", r)
			}
			p.say(soapOK)
		}()
		return near, nil
	}
	mustPost(t, client, Read)
	if to := <-dialled; to != address || client.URL() != "http://"+address+"/wsman" {
		t.Errorf("dialled %s for %s", to, client.URL())
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	good := Config{Address: "mail01:5985", Auth: AuthNegotiate, Username: testUser, Password: testPassword}
	for _, address := range []string{"mail01:5985", "[2001:db8::1]:5986", "192.0.2.1:80", "mäil.example:5985", "[fe80::1%eth0]:5985"} {
		conf := good
		conf.Address = address
		if _, err := New(conf); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for name, spoil := range map[string]func(*Config){
		"no port":          func(c *Config) { c.Address = "mail01" },
		"no host":          func(c *Config) { c.Address = ":5985" },
		"bare IPv6":        func(c *Config) { c.Address = "2001:db8::1" },
		"port 0":           func(c *Config) { c.Address = "mail01:0" },
		"port 65536":       func(c *Config) { c.Address = "mail01:65536" },
		"named port":       func(c *Config) { c.Address = "mail01:http" },
		"line end":         func(c *Config) { c.Address = "mail01\r\nX: y:5985" },
		"path":             func(c *Config) { c.Address = "mail01/x:5985" },
		"no user":          func(c *Config) { c.Username = "" },
		"only a domain":    func(c *Config) { c.Username = `CONTOSO\` },
		"no domain":        func(c *Config) { c.Username = `\svc` },
		"control":          func(c *Config) { c.Username = "svc\r\n" },
		"user not UTF-8":   func(c *Config) { c.Username = "svc\xff" },
		"long user":        func(c *Config) { c.Username = strings.Repeat("x", 1025) },
		"no password":      func(c *Config) { c.Password = "" },
		"password UTF-8":   func(c *Config) { c.Password = "\xff" },
		"long password":    func(c *Config) { c.Password = strings.Repeat("x", 1025) },
		"no auth":          func(c *Config) { c.Auth = "" },
		"unknown auth":     func(c *Config) { c.Auth = "digest" },
		"basic in clear":   func(c *Config) { c.Auth = AuthBasic },
		"colon in basic":   func(c *Config) { c.Auth, c.HTTPS, c.Username = AuthBasic, true, "a:b" },
		"negative timeout": func(c *Config) { c.ConnectTimeout = -1 },
		"negative bound":   func(c *Config) { c.MaxReplyBytes = -1 },
	} {
		conf := good
		spoil(&conf)
		if _, err := New(conf); err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), testPassword) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	client := clearClient(t, "mail01:5985")
	if c := client.conf; c.ConnectTimeout != DefaultConnectTimeout || c.MaxReplyBytes != DefaultMaxReplyBytes || c.Now == nil || c.TLS != nil {
		t.Errorf("%+v", c)
	}
	if client.URL() != "http://mail01:5985/wsman" || client.Address() != "mail01:5985" {
		t.Error(client.URL(), client.Address())
	}
	secure := newClient(t, "mail01:5986", func(c *Config) { c.HTTPS = true })
	if secure.URL() != "https://mail01:5986/wsman" || secure.conf.TLS.ServerName != "mail01" || secure.conf.TLS.MinVersion != tls.VersionTLS12 {
		t.Error(secure.URL(), secure.conf.TLS.ServerName)
	}
}

func TestARequestOnTheWire(t *testing.T) {
	got := make(chan string, 1)
	client := clearClient(t, serve(t, func(p *peer) {
		head := make([]byte, 4096)
		n, err := p.in.Read(head)
		if err != nil {
			return
		}
		got <- string(head[:n])
		p.say(soapOK)
		io.Copy(io.Discard, p.in) //nolint:errcheck // until the client goes
	}))
	mustPost(t, client, Read)
	want := "POST /wsman HTTP/1.1\r\nHost: " + client.Address() + "\r\nUser-Agent: terraform-provider-windows\r\nContent-Length: 6\r\n" +
		"Authorization: Basic Q09OVE9TT1xzdmMtdGVycmFmb3JtOm5vdC1hLXJlYWwtcGFzc3dvcmQtMQ==\r\n" +
		"Content-Type: application/soap+xml;charset=UTF-8\r\n\r\n<ask/>"
	if text := <-got; text != want {
		t.Errorf("got %q\nwant %q", text, want)
	}
	if s := client.Stats(); s.BytesSent != int64(len(want)) || s.BytesReceived != int64(len(soapOK)) {
		t.Errorf("%+v", s)
	}
}

func TestWhatUnauthorizedAdvises(t *testing.T) {
	for _, test := range []struct {
		err  UnauthorizedError
		want string
	}{
		{UnauthorizedError{User: "svc", Tried: triedNTLM, Refused: true}, `DOMAIN\user`},
		{UnauthorizedError{User: testUser, Tried: triedNTLM, Refused: true, HTTPS: true}, "CbtHardeningLevel"},
		{UnauthorizedError{User: testUser, Tried: triedBasic, Refused: true}, "local accounts only"},
		{UnauthorizedError{Tried: triedBasic, Offered: []string{"Kerberos", "Negotiate"}}, `use auth = "negotiate"`},
		{UnauthorizedError{Tried: triedNTLM, Offered: []string{"Basic"}}, `auth = "basic" with https`},
		{UnauthorizedError{Tried: triedNTLM, Offered: []string{"Kerberos"}}, "undoes a hardening"},
		{UnauthorizedError{Tried: triedNTLM, Offered: []string{"Kerberos"}}, "not supported yet"},
		{UnauthorizedError{Tried: triedNTLM, Offered: []string{"Negotiate", "Kerberos"}}, "Restrict NTLM"},
		{UnauthorizedError{Tried: triedNTLM}, "offers nothing"},
	} {
		if !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%+v: %v", test.err, test.err.Error())
		}
	}
}

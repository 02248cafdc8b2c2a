package transport

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	sim "github.com/windows-baseline/terraform-provider-windows/internal/winsim/ntlm"
)

// sessions gives both ends of one NTLM handshake; the server's is the simulated host's.
func sessions(t *testing.T) (*session, *sim.Session) {
	t.Helper()
	acceptor := sim.NewAcceptor(sim.Config{
		Domain: "CONTOSO", Computer: "MAIL01",
		Lookup: func(domain, user string) (string, string, bool) {
			return user, testPassword, domain == "CONTOSO" && user == "svc-terraform"
		},
	})
	n, err := newNTLM(testUser, testPassword, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	token, err := n.negotiate()
	if err != nil {
		t.Fatal(err)
	}
	asked, err := acceptor.Challenge(token)
	if err != nil {
		t.Fatal(err)
	}
	if token, err = n.authenticate(asked); err != nil {
		t.Fatal(err)
	}
	server, err := acceptor.Authenticate(token)
	if err != nil {
		t.Fatal(err)
	}
	client, err := n.session()
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

// sealed is a message of the server's, framed.
func sealed(server *sim.Session, plain string, length int) []byte {
	data, signature := server.Seal([]byte(plain))
	return buildFrame(spnegoProtocol, soapType, length, signature, data)
}

func TestSealingBothWays(t *testing.T) {
	client, server := sessions(t)
	for _, text := range []string{"<ask/>", "", strings.Repeat("x", 1<<20)} {
		body, err := client.wrap([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		f, err := parseFrame(body)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := server.Unseal(f.data, f.signature); err != nil || string(plain) != text || f.length != len(text) {
			t.Errorf("the server opens %d bytes of %d: %v", len(plain), len(text), err)
		}
		if text != "" && bytes.Contains(body, []byte(text)) {
			t.Error("the plaintext stands in the frame")
		}
		plain, contentType, err := client.unwrap(sealed(server, text, len(text)))
		if err != nil || string(plain) != text || contentType != soapType {
			t.Errorf("the client opens %d bytes of %d: %v", len(plain), len(text), err)
		}
	}
}

func TestATamperedReplyIsRefused(t *testing.T) {
	for name, tamper := range map[string]func(server *sim.Session) []byte{
		"length": func(s *sim.Session) []byte { return sealed(s, "<ok/>", 4) },
		"version of the signature": func(s *sim.Session) []byte {
			return bytes.Replace(sealed(s, "<ok/>", 5), []byte("\x10\x00\x00\x00\x01"), []byte("\x10\x00\x00\x00\x02"), 1)
		},
		"first message left out": func(s *sim.Session) []byte {
			s.Seal([]byte("<lost/>"))
			return sealed(s, "<ok/>", 5)
		},
		"one bit of the data": func(s *sim.Session) []byte {
			b := sealed(s, "<ok/>", 5)
			b[len(b)-len("--Encrypted Boundary--\r\n")-1] ^= 1
			return b
		},
		"another protocol": func(s *sim.Session) []byte {
			return bytes.Replace(sealed(s, "<ok/>", 5), []byte("HTTP-SPNEGO"), []byte("HTTP-Kerberos"), 1)
		},
		"no frame": func(*sim.Session) []byte { return []byte("<ok/>") },
	} {
		client, server := sessions(t)
		if plain, _, err := client.unwrap(tamper(server)); err == nil {
			t.Errorf("%s: %q", name, plain)
		}
	}
	client, server := sessions(t)
	once := sealed(server, "<ok/>", 5)
	if _, _, err := client.unwrap(once); err != nil {
		t.Fatal(err)
	}
	if plain, _, err := client.unwrap(once); err == nil {
		t.Errorf("a replay: %q", plain)
	}
}

func TestNothingIsSentWhenSealingFails(t *testing.T) {
	host := simulated(t)
	client := newClient(t, host.Addr())
	mustPost(t, client, Write)
	broken := errors.New("broken")
	client.kept.session.seal = func([]byte) ([]byte, []byte, error) { return nil, nil, broken }
	_, err := post(t, client, Write)
	if !errors.Is(err, broken) || MayHaveHappened(err) || client.kept != nil || !strings.HasPrefix(err.Error(), host.Addr()) {
		t.Errorf("%v", err)
	}
	if host.Counters().Requests != 3 {
		t.Errorf("%+v", host.Counters())
	}
}

func TestOddSealedReplies(t *testing.T) {
	for name, test := range map[string]struct{ contentType, body string }{
		"HTML inside":    {"text/html", "<html>"},
		"nothing inside": {soapType, ""},
	} {
		client, server := sessions(t)
		c := &conn{client: &Client{}, session: client}
		data, signature := server.Seal([]byte(test.body))
		body := buildFrame(spnegoProtocol, test.contentType, len(test.body), signature, data)
		_, err := c.open(answer{status: 200, body: body}, frameType(spnegoProtocol))
		var notWinRM *NotWinRMError
		if !errors.As(err, &notWinRM) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

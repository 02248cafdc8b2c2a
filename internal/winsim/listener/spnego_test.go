package listener

import (
	"encoding/asn1"
	"encoding/base64"
	"strings"
	"testing"
)

var ntlmAndKerberos = []asn1.ObjectIdentifier{NTLM, Kerberos}

var kerberosAndNTLM = []asn1.ObjectIdentifier{Kerberos, NTLM}

// negotiate speaks SPNEGO until the server says yes or no.
func (p *peer) negotiate(s *SPNEGO) (last reply) {
	p.Helper()
	s.Initiator = p.initiator
	token, err := s.Init()
	for err == nil && token != nil {
		last = p.post("", "Negotiate "+base64.StdEncoding.EncodeToString(token))
		text := strings.TrimPrefix(last.header.Get("WWW-Authenticate"), "Negotiate")
		if text == "" {
			return last // a bare offer
		}
		var answer []byte
		if answer, err = base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err == nil {
			token, err = s.Next(answer)
		}
	}
	if err != nil {
		p.Fatal(err)
	}
	return last
}

func TestSPNEGO(t *testing.T) {
	for name, c := range map[string]struct {
		client   SPNEGO
		requests int // of the handshake
		binding  string
	}{
		"NTLM alone":             {SPNEGO{}, 2, ""},
		"NTLM before Kerberos":   {SPNEGO{Mechanisms: ntlmAndKerberos}, 2, ""},
		"Kerberos before NTLM":   {SPNEGO{Mechanisms: kerberosAndNTLM}, 3, ""},
		"no message at first":    {SPNEGO{NoToken: true}, 3, ""},
		"no MIC of the list":     {SPNEGO{NoListMIC: true}, 2, ""},
		"without key exchange":   {SPNEGO{}, 2, "flags"},
		"on a second connection": {SPNEGO{}, 2, "again"},
	} {
		t.Run(name, func(t *testing.T) {
			l := serve(t, Config{})
			p := newPeer(t, l)
			switch c.binding {
			case "flags":
				p.initiator.Flags = DefaultFlags &^ 0x40000000
			case "again":
				p.authenticate() // raw before SPNEGO on one connection
				l.ResetCounters()
			}
			if r := p.negotiate(&c.client); r.status != 200 || r.body != "" || !c.client.Done {
				t.Fatalf("%d %q, offered %q", r.status, r.body, r.offered())
			}
			if got := l.Counters(); got.Requests != c.requests || got.Handshakes != 1 || got.FailedLogons != 0 {
				t.Errorf("%+v, want %d requests", got, c.requests)
			}
			for _, text := range []string{"first", "second"} {
				if r := p.ask(text); r.body != echoed+text {
					t.Errorf("%d %q", r.status, r.body)
				}
			}
		})
	}
}

func TestSPNEGORefused(t *testing.T) {
	for name, c := range map[string]struct {
		client   SPNEGO
		password string
		failures int // logons that were counted as refused
	}{
		"wrong password":                      {SPNEGO{}, "not-a-real-password-2", 1},
		"a list that was changed":             {SPNEGO{Mechanisms: ntlmAndKerberos, Signed: kerberosAndNTLM}, "", 1},
		"Kerberos taken out of the list":      {SPNEGO{Signed: kerberosAndNTLM}, "", 1},
		"Kerberos alone":                      {SPNEGO{Mechanisms: kerberosAndNTLM[:1]}, "", 0},
		"another choice, no MIC of the list":  {SPNEGO{Mechanisms: kerberosAndNTLM, NoListMIC: true}, "", 1},
		"another choice, a list that changed": {SPNEGO{Mechanisms: kerberosAndNTLM, Signed: ntlmAndKerberos}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := serve(t, Config{Handle: never(t)})
			p := newPeer(t, l)
			if c.password != "" {
				p.initiator.Password = c.password
			}
			if r := p.negotiate(&c.client); r.status != 401 || r.body != "" || r.offered()[0] != "Negotiate" || c.client.Done {
				t.Errorf("%d %q, offered %q", r.status, r.body, r.offered())
			}
			if got := l.Counters(); got.FailedLogons != c.failures || got.Handshakes != 0 {
				t.Errorf("%+v, want %d failures", got, c.failures)
			}
			if r := p.post("in clear", ""); r.status != 401 {
				t.Errorf("status %d afterwards", r.status)
			}
		})
	}
}

// TestKindsAreNotMixed shows that an AUTHENTICATE must come as its NEGOTIATE did.
func TestKindsAreNotMixed(t *testing.T) {
	p := newPeer(t, serve(t, Config{Handle: never(t)}))
	s := SPNEGO{Initiator: p.initiator, NoListMIC: true} // so that the message ends the token
	token, err := s.Init()
	if err != nil {
		t.Fatal(err)
	}
	r := p.post("", "Negotiate "+base64.StdEncoding.EncodeToString(token))
	answer, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.offered()[0], "Negotiate "))
	if err != nil {
		t.Fatal(err)
	}
	token, err = s.Next(answer)
	if err != nil {
		t.Fatal(err)
	}
	message := token[strings.Index(string(token), "NTLMSSP"):]
	if r = p.post("", "Negotiate "+base64.StdEncoding.EncodeToString(message)); r.status != 401 {
		t.Errorf("raw after SPNEGO: status %d", r.status)
	}
	if r = p.post("", "Negotiate "+base64.StdEncoding.EncodeToString(token)); r.status != 401 {
		t.Errorf("SPNEGO after nothing: status %d", r.status)
	}
}

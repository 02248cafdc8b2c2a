package listener

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/ntlm"
)

const password = "not-a-real-password-1"

func host() ntlm.Config {
	return ntlm.Config{
		Domain: "CONTOSO", Computer: "MAIL01", DNSDomain: "contoso.com", DNSComputer: "mail01.contoso.com",
		Now: func() time.Time { return now },
		Lookup: func(_, user string) (string, string, bool) {
			return `CONTOSO\svc-terraform`, password, strings.EqualFold(user, "svc-terraform")
		},
	}
}

func client() *Initiator {
	return &Initiator{Domain: "CONTOSO", User: "svc-terraform", Password: password, Time: nowTicks}
}

// logOn runs one handshake.
func logOn(t *testing.T, c ntlm.Config, i *Initiator) (*ntlm.Session, error) {
	t.Helper()
	a := ntlm.NewAcceptor(c)
	challenge, err := a.Challenge(i.Negotiate())
	if err != nil {
		return nil, err
	}
	message, err := i.Authenticate(challenge)
	if err != nil {
		t.Fatal(err)
	}
	return a.Authenticate(message)
}

// TestSession runs handshakes of each kind and three sealed messages each way.
func TestSession(t *testing.T) {
	binding := bytes.Repeat([]byte{7}, 16)
	for name, c := range map[string]struct {
		host   func(*ntlm.Config)
		client func(*Initiator)
	}{
		"as Windows does it":        {},
		"without key exchange":      {client: func(i *Initiator) { i.Flags = DefaultFlags &^ 0x40000000 }},
		"without a timestamp":       {host: func(c *ntlm.Config) { c.OmitTimestamp = true }},
		"without a MIC":             {client: func(i *Initiator) { i.NoMIC = true }},
		"without a target":          {client: func(i *Initiator) { i.Flags = DefaultFlags &^ 4 }},
		"without target info":       {host: func(c *ntlm.Config) { c.InfoOnRequest = true }, client: func(i *Initiator) { i.Flags = DefaultFlags &^ 4 }},
		"with OEM names":            {client: func(i *Initiator) { i.Flags = DefaultFlags &^ 1 }},
		"with Unicode alone":        {client: func(i *Initiator) { i.Flags = DefaultFlags &^ 2 }},
		"as ntlm-auth does it":      {host: func(c *ntlm.Config) { c.InfoOnRequest = true }, client: func(i *Initiator) { i.Flags = 0xe2888032 }},
		"on a workgroup host":       {host: func(c *ntlm.Config) { c.Domain = "MAIL01" }},
		"with channel bindings":     {client: func(i *Initiator) { i.Binding = binding }},
		"user in another case":      {client: func(i *Initiator) { i.User = "SVC-Terraform" }},
		"with no domain in the key": {client: func(i *Initiator) { i.NoDomainInKey = true }},
		"with no domain":            {client: func(i *Initiator) { i.Domain = "" }},
		"with a domain in any case": {client: func(i *Initiator) { i.Domain = "contoso" }},
	} {
		t.Run(name, func(t *testing.T) {
			config, i := host(), client()
			if c.host != nil {
				c.host(&config)
			}
			if c.client != nil {
				c.client(i)
			}
			s, err := logOn(t, config, i)
			if err != nil {
				t.Fatal(err)
			}
			if s.Account != `CONTOSO\svc-terraform` || !bytes.Equal(s.ChannelBinding, i.Binding) {
				t.Errorf("account %q, binding %x", s.Account, s.ChannelBinding)
			}
			for _, text := range []string{"first", "", "third, a longer one: Grüße"} {
				data, err := s.Unseal(i.Seal([]byte(text)))
				if err != nil || string(data) != text {
					t.Errorf("request %q: %q, %v", text, data, err)
				}
				data, err = i.Unseal(s.Seal([]byte(text)))
				if err != nil || string(data) != text {
					t.Errorf("reply %q: %q, %v", text, data, err)
				}
			}
		})
	}
}

func TestZeroBindingIsNone(t *testing.T) {
	i := client()
	i.Binding = make([]byte, 16)
	s, err := logOn(t, host(), i)
	if err != nil {
		t.Fatal(err)
	}
	if s.ChannelBinding != nil {
		t.Errorf("binding %x, want none", s.ChannelBinding)
	}
}

func TestLogonRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*Initiator)
		failure bool // ErrLogonFailure and no other error
	}{
		"wrong password":   {func(i *Initiator) { i.Password = "not-a-real-password-2" }, true},
		"unknown user":     {func(i *Initiator) { i.User = "nobody" }, true},
		"anonymous":        {func(i *Initiator) { i.User = "" }, false},
		"old clock":        {func(i *Initiator) { i.Time -= 37 * 3600 * 1e7 }, false},
		"fast clock":       {func(i *Initiator) { i.Time += 37 * 3600 * 1e7 }, false},
		"no clock":         {func(i *Initiator) { i.Time = 0 }, false},
		"absurd clock":     {func(i *Initiator) { i.Time = 1<<64 - 1 }, false},
		"56 bit":           {func(i *Initiator) { i.Flags = DefaultFlags &^ 0x20000000 }, false},
		"no extended":      {func(i *Initiator) { i.Flags = DefaultFlags &^ 0x00080000 }, false},
		"no character set": {func(i *Initiator) { i.Flags = DefaultFlags &^ 3 }, false},
		"OEM, not ASCII":   {func(i *Initiator) { i.Flags, i.User = DefaultFlags&^1, "svc-terräform" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			config, i := host(), client()
			config.OmitTimestamp = true // so that the client's own clock counts
			c.change(i)
			s, err := logOn(t, config, i)
			if err == nil {
				t.Fatalf("logged on as %q", s.Account)
			}
			if errors.Is(err, ntlm.ErrLogonFailure) != c.failure {
				t.Errorf("error %v", err)
			}
			if strings.Contains(err.Error(), i.Password) {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

// TestChallenge reads what the host tells about itself, without the parser of the package.
func TestChallenge(t *testing.T) {
	const unicode, oem, typeDomain, typeServer, infoFlag = 1, 2, 0x10000, 0x20000, 0x800000
	for name, c := range map[string]struct {
		domain        string
		asked         uint32
		set, unset    uint32
		target        string
		infoOnRequest bool
	}{
		"member":       {"CONTOSO", DefaultFlags, unicode | typeDomain | infoFlag, oem | typeServer, "C\x00O\x00N\x00T\x00O\x00S\x00O\x00", false},
		"workgroup":    {"MAIL01", DefaultFlags, unicode | typeServer | infoFlag, oem | typeDomain, "M\x00A\x00I\x00L\x000\x001\x00", false},
		"OEM":          {"CONTOSO", DefaultFlags &^ unicode, oem | typeDomain | infoFlag, unicode | typeServer, "CONTOSO", false},
		"no target":    {"CONTOSO", DefaultFlags &^ 4, unicode | infoFlag, typeDomain | typeServer, "", false},
		"told by flag": {"CONTOSO", DefaultFlags&^4 | infoFlag, unicode | infoFlag, typeDomain | typeServer, "", true},
		"nothing told": {"CONTOSO", DefaultFlags &^ 4, unicode, typeDomain | typeServer | infoFlag, "", true},
	} {
		config := host()
		config.Domain, config.InfoOnRequest = c.domain, c.infoOnRequest
		message, err := ntlm.NewAcceptor(config).Challenge((&Initiator{Flags: c.asked}).Negotiate())
		if err != nil {
			t.Fatal(err)
		}
		flags := binary.LittleEndian.Uint32(message[20:])
		if flags&c.set != c.set || flags&c.unset != 0 {
			t.Errorf("%s: flags %08x, want %08x and not %08x", name, flags, c.set, c.unset)
		}
		if got := string(message[56 : 56+binary.LittleEndian.Uint16(message[12:])]); got != c.target {
			t.Errorf("%s: target %q, want %q", name, got, c.target)
		}
		info := binary.LittleEndian.Uint16(message[40:])
		if (info > 0) != (c.set&infoFlag != 0) || info > 0 && !bytes.Contains(message, []byte("c\x00o\x00n\x00t\x00o\x00s\x00o\x00.\x00c\x00o\x00m\x00")) {
			t.Errorf("%s: %d bytes of attributes\n%q", name, info, message)
		}
	}
}

func TestMessagesOutOfOrder(t *testing.T) {
	a := ntlm.NewAcceptor(host())
	if _, err := a.Authenticate([]byte("NTLMSSP\x00\x03\x00\x00\x00")); err == nil {
		t.Error("AUTHENTICATE passed before a CHALLENGE")
	}
	if _, err := a.Challenge([]byte("NTLMSSP\x00\x03\x00\x00\x00")); err == nil {
		t.Error("an AUTHENTICATE was taken for a NEGOTIATE")
	}
}

func TestUnsealRefuses(t *testing.T) {
	for name, spoil := range map[string]func(sealed, signature []byte) ([]byte, []byte){
		"changed data":      func(d, s []byte) ([]byte, []byte) { d[0] ^= 1; return d, s },
		"changed signature": func(d, s []byte) ([]byte, []byte) { s[5] ^= 1; return d, s },
		"changed version":   func(d, s []byte) ([]byte, []byte) { s[0] = 2; return d, s },
		"skipped message":   func(d, s []byte) ([]byte, []byte) { binary.LittleEndian.PutUint32(s[12:], 1); return d, s },
		"short signature":   func(d, s []byte) ([]byte, []byte) { return d, s[:15] },
		"no signature":      func(d, _ []byte) ([]byte, []byte) { return d, nil },
	} {
		i := client()
		s, err := logOn(t, host(), i)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := s.Unseal(spoil(i.Seal([]byte("hello")))); err == nil {
			t.Errorf("%s: opened as %q", name, data)
		}
	}
}

func TestUnsealRefusesReplay(t *testing.T) {
	i := client()
	s, err := logOn(t, host(), i)
	if err != nil {
		t.Fatal(err)
	}
	sealed, signature := i.Seal([]byte("hello"))
	if _, err := s.Unseal(sealed, signature); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Unseal(sealed, signature); err == nil {
		t.Errorf("replay opened as %q", data)
	}
}

func TestWithoutSealing(t *testing.T) {
	i := client()
	i.Flags = DefaultFlags &^ 0x20
	s, err := logOn(t, host(), i)
	if err != nil {
		t.Fatal(err)
	}
	if s.Seals {
		t.Error("claims to seal")
	}
	if _, err := s.Unseal(i.Seal([]byte("hello"))); err == nil {
		t.Error("opened a sealed message")
	}
}

// FuzzAuthenticate feeds AUTHENTICATE messages: never a panic, and never a logon by anything but the right message.
func FuzzAuthenticate(f *testing.F) {
	i := client()
	fixed := host()
	fixed.Rand = zeros{}
	a := ntlm.NewAcceptor(fixed)
	challenge, err := a.Challenge(i.Negotiate())
	if err != nil {
		f.Fatal(err)
	}
	valid, err := i.Authenticate(challenge)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid)
	f.Add(valid[:88])
	f.Add(append([]byte("NTLMSSP\x00\x03\x00\x00\x00"), make([]byte, 52)...)) // the shortest that is whole
	f.Add([]byte("NTLMSSP\x00\x03\x00\x00\x00"))
	outside := bytes.Clone(valid)
	binary.LittleEndian.PutUint32(outside[24:], 1<<31) // the NT response lies beyond the message
	f.Add(outside)
	f.Fuzz(func(t *testing.T, message []byte) {
		s, err := a.Authenticate(message)
		if (s == nil) == (err == nil) {
			t.Fatalf("session %v, error %v", s, err)
		}
		if err == nil && len(message) < len(valid) {
			t.Fatalf("a message of %d bytes logged on", len(message))
		}
	})
}

// FuzzNegotiate feeds NEGOTIATE messages.
func FuzzNegotiate(f *testing.F) {
	f.Add(client().Negotiate())
	f.Add([]byte("NTLMSSP\x00\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, message []byte) {
		challenge, err := ntlm.NewAcceptor(host()).Challenge(message)
		if err == nil && ntlm.MessageType(challenge) != 2 {
			t.Fatalf("challenge %x", challenge)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

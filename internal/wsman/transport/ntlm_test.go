package transport

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// challenge writes a CHALLENGE as Windows does, from MS-NLMP 2.2.1.2 and not with
// the library that reads it.
func challenge(flags uint32, attributes []byte) []byte {
	m := []byte("NTLMSSP\x00\x02\x00\x00\x00")
	m = append(m, 0, 0, 0, 0, 48, 0, 0, 0) // no target name
	m = binary.LittleEndian.AppendUint32(m, flags)
	m = append(m, "\x01\x23\x45\x67\x89\xab\xcd\xef\x00\x00\x00\x00\x00\x00\x00\x00"...)
	m = binary.LittleEndian.AppendUint16(m, uint16(len(attributes)))
	m = binary.LittleEndian.AppendUint16(m, uint16(len(attributes)))
	m = binary.LittleEndian.AppendUint32(m, 48)
	return append(m, attributes...)
}

func attribute(id uint16, value []byte) []byte {
	out := binary.LittleEndian.AppendUint16(nil, id)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(value)))
	return append(out, value...)
}

func goodAttributes() []byte {
	var name []byte
	for _, u := range utf16.Encode([]rune("CONTOSO")) {
		name = binary.LittleEndian.AppendUint16(name, u)
	}
	out := attribute(2, name)
	out = append(out, attribute(avTimestamp, []byte("\x01\x02\x03\x04\x05\x06\xd8\x01"))...)
	return append(out, attribute(avEnd, nil)...)
}

const goodFlags = ntlmUnicode | ntlmRequestTarget | ntlmSign | ntlmSeal | ntlmNTLM | ntlmExtendedSession | ntlmTargetInfo | ntlm128 | ntlmKeyExchange

func challengeText() string {
	return base64.StdEncoding.EncodeToString(challenge(goodFlags, goodAttributes()))
}

func authenticated(t *testing.T, message []byte, sealing bool) ([]byte, *ntlm, error) {
	t.Helper()
	n, err := newNTLM(testUser, testPassword, nil, sealing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.negotiate(); err != nil {
		t.Fatal(err)
	}
	token, err := n.authenticate(message)
	return token, n, err
}

func TestNegotiateMessageHasTheFlagsOfAWindowsClientAndNoNames(t *testing.T) {
	n, err := newNTLM(testUser, testPassword, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	token, err := n.negotiate()
	if err != nil {
		t.Fatal(err)
	}
	if flags := binary.LittleEndian.Uint32(token[12:]); flags&goodFlags != goodFlags {
		t.Errorf("flags %#x", flags)
	}
	if binary.LittleEndian.Uint32(token[16:]) != 0 || binary.LittleEndian.Uint32(token[24:]) != 0 {
		t.Errorf("domain or workstation in % x", token)
	}
}

// field reads a text of an AUTHENTICATE message by its descriptor's place.
func field(t *testing.T, message []byte, at int) string {
	t.Helper()
	length, offset := binary.LittleEndian.Uint16(message[at:]), binary.LittleEndian.Uint32(message[at+4:])
	raw := message[offset : int(offset)+int(length)]
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units))
}

func TestAuthenticateMessageNamesDomainUserAndWorkstation(t *testing.T) {
	for username, want := range map[string][2]string{
		`CONTOSO\svc-terraform`:         {"CONTOSO", "svc-terraform"},
		`svc-terraform@contoso.example`: {"", "svc-terraform@contoso.example"},
		`svc-terraform`:                 {"", "svc-terraform"},
		`.\Administrator`:               {".", "Administrator"},
		`CONTOSO\jörg☃`:                 {"CONTOSO", "jörg☃"},
	} {
		n, err := newNTLM(username, testPassword, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.negotiate(); err != nil {
			t.Fatal(err)
		}
		message, err := n.authenticate(challenge(goodFlags, goodAttributes()))
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{field(t, message, 28), field(t, message, 36)}; got != want {
			t.Errorf("%s: domain and user %q", username, got)
		}
		if got := field(t, message, 44); got != workstation() || len(got) > 15 || got != strings.ToUpper(got) {
			t.Errorf("workstation %q", got)
		}
	}
}

func TestChallengesThatWouldWeakenOrPanicAreRefused(t *testing.T) {
	if _, _, err := authenticated(t, challenge(goodFlags, goodAttributes()), true); err != nil {
		t.Fatal(err)
	}
	end := attribute(avEnd, nil)
	good := goodAttributes()
	lying := challenge(goodFlags, good)
	binary.LittleEndian.PutUint16(lying[40:], 0xffff)
	far := challenge(goodFlags, good)
	binary.LittleEndian.PutUint32(far[44:], 0xffffffff)
	inside := challenge(goodFlags, good)
	binary.LittleEndian.PutUint32(inside[44:], 0)
	for name, message := range map[string][]byte{
		"empty":                 {},
		"short":                 challenge(goodFlags, good)[:47],
		"garbage":               []byte(strings.Repeat("x", 100)),
		"NEGOTIATE":             append([]byte("NTLMSSP\x00\x01\x00\x00\x00"), make([]byte, 100)...),
		"anonymous":             challenge(goodFlags|ntlmAnonymous, good),
		"no SEAL":               challenge(goodFlags&^ntlmSeal, good),
		"no SIGN":               challenge(goodFlags&^ntlmSign, good),
		"no 128":                challenge(goodFlags&^ntlm128, good),
		"no key exchange":       challenge(goodFlags&^ntlmKeyExchange, good),
		"no extended session":   challenge(goodFlags&^ntlmExtendedSession, good),
		"no Unicode":            challenge(goodFlags&^ntlmUnicode, good),
		"no TargetInfo":         challenge(goodFlags&^ntlmTargetInfo, good),
		"empty TargetInfo":      challenge(goodFlags, nil),
		"only the end":          challenge(goodFlags, end),
		"no end":                challenge(goodFlags, good[:len(good)-4]),
		"cut attribute":         challenge(goodFlags, good[:len(good)-6]),
		"attribute too long":    challenge(goodFlags, append(binary.LittleEndian.AppendUint16([]byte{2, 0}, 0xffff), end...)),
		"short flags":           challenge(goodFlags, append(attribute(avFlags, []byte{2}), good...)),
		"short timestamp":       challenge(goodFlags, append(attribute(avTimestamp, []byte{2}), end...)),
		"length beyond the end": lying,
		"offset beyond the end": far,
		"offset in the header":  inside,
	} {
		if token, _, err := authenticated(t, message, true); err == nil || token != nil {
			t.Errorf("%s: %v, %x", name, err, token)
		}
	}
}

func TestInsideTLSSealingNeedNotBeOffered(t *testing.T) {
	flags := uint32(goodFlags &^ (ntlmSeal | ntlmSign | ntlm128 | ntlmKeyExchange))
	if _, _, err := authenticated(t, challenge(flags, goodAttributes()), false); err != nil {
		t.Error(err)
	}
	if _, _, err := authenticated(t, challenge(flags|ntlmAnonymous, goodAttributes()), false); err == nil {
		t.Error("an anonymous logon was accepted")
	}
}

func TestSignaturesOfAnotherFormAreRefusedWithoutAPanic(t *testing.T) {
	_, n, err := authenticated(t, challenge(goodFlags, goodAttributes()), true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := n.session()
	if err != nil {
		t.Fatal(err)
	}
	for _, signature := range []string{"", "\x01", "\x01\x00\x00\x00", strings.Repeat("\x00", 16), "\x02\x00\x00\x00" + strings.Repeat("\x00", 12), "\x01\x00\x00\x00" + strings.Repeat("\x00", 12), "\x01\x00\x00\x00" + strings.Repeat("\x00", 13)} {
		if plain, err := s.open([]byte(signature), []byte("sealed")); err == nil {
			t.Errorf("signature %x opened %q", signature, plain)
		}
	}
	signature, sealed, err := s.seal([]byte("plain"))
	if err != nil || len(signature) != 16 || string(sealed) == "plain" || len(sealed) != 5 {
		t.Errorf("%x %q %v", signature, sealed, err)
	}
}

func TestAPanicOfTheLibraryBecomesAnError(t *testing.T) {
	err := guarded(func() error {
		return indexOf(nil, 0)
	})
	if err == nil {
		t.Error("no error")
	}
}

func indexOf(list []error, i int) error { return list[i] }

func FuzzChallenge(f *testing.F) {
	f.Add(challenge(goodFlags, goodAttributes()))
	f.Add(challenge(goodFlags|1<<25, goodAttributes()))
	f.Add([]byte("NTLMSSP\x00\x02"))
	f.Fuzz(func(t *testing.T, message []byte) {
		token, n, err := authenticated(t, message, true)
		if err != nil {
			if strings.Contains(err.Error(), "library failed") {
				t.Fatalf("%x: %v", message, err) // the checks let something through that panics
			}
			return
		}
		if len(token) < 64 {
			t.Fatalf("token %x", token)
		}
		s, err := n.session()
		if err != nil {
			t.Fatal(err)
		}
		const plain = "a message that must not be seen"
		if _, sealed, err := s.seal([]byte(plain)); err != nil || string(sealed) == plain {
			t.Fatalf("%q, %v", sealed, err)
		}
	})
}

func TestChannelBindingHashIsThatOfTheSignature(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum := func(h crypto.Hash) func([]byte) []byte {
		return func(b []byte) []byte {
			switch h {
			case crypto.SHA256:
				s := sha256.Sum256(b)
				return s[:]
			case crypto.SHA384:
				s := sha512.Sum384(b)
				return s[:]
			default:
				s := sha512.Sum512(b)
				return s[:]
			}
		}
	}
	for name, test := range map[string]struct {
		key       crypto.Signer
		algorithm x509.SignatureAlgorithm
		want      func([]byte) []byte
	}{
		"ECDSA SHA-256":   {ec, x509.ECDSAWithSHA256, sum(crypto.SHA256)},
		"ECDSA SHA-384":   {ec, x509.ECDSAWithSHA384, sum(crypto.SHA384)},
		"RSA SHA-512":     {rsaKey, x509.SHA512WithRSA, sum(crypto.SHA512)},
		"RSA PSS SHA-384": {rsaKey, x509.SHA384WithRSAPSS, sum(crypto.SHA384)},
		"Ed25519":         {ed, x509.PureEd25519, func([]byte) []byte { return nil }},
	} {
		pair, _ := signedCertificate(t, test.key, func(c *x509.Certificate) { c.SignatureAlgorithm = test.algorithm }, "mail01")
		if got := endPointHash(pair.Leaf); string(got) != string(test.want(pair.Leaf.Raw)) {
			t.Errorf("%s: %x", name, got)
		}
	}
	// RFC 5929 4.1: MD5 and SHA-1 give way to SHA-256.
	pair, _ := signedCertificate(t, ec, nil, "mail01")
	old := *pair.Leaf
	old.SignatureAlgorithm = x509.SHA1WithRSA
	if got := endPointHash(&old); string(got) != string(sum(crypto.SHA256)(old.Raw)) {
		t.Errorf("SHA-1: %x", got)
	}
}

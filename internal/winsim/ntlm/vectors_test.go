package ntlm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"
)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The messages of MS-NLMP 4.2.4.3.
const (
	specChallenge = "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef0000000000000000240024004400000006007017" +
		"0000000f53006500720076006500720002000c0044006f006d00610069006e0001000c0053006500720076006500720000000000"
	specAuthenticate = "4e544c4d5353500003000000180018006c00000054005400840000000c000c00480000000800080054000000100010005c000000" +
		"10001000d8000000358288e20501280a0000000f44006f006d00610069006e00550073006500720043004f004d00500055005400" +
		"4500520086c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa68cd0ab851e51c96aabc927bebef6a1c0101000000000000" +
		"0000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001000c00530065007200760065007200" +
		"0000000000000000c5dad2544fc9799094ce1ce90bc9d03e"
)

// specAcceptor stands where the specification's server stands after its CHALLENGE.
func specAcceptor(t *testing.T, password string) *Acceptor {
	t.Helper()
	a := NewAcceptor(Config{
		Now: func() time.Time { return epoch }, // the specification's time is zero
		Lookup: func(domain, user string) (string, string, bool) {
			return domain + `\` + user, password, domain == "Domain" && user == "User"
		},
	})
	a.challenge = unhex(t, specChallenge)
	a.flags = 0xe28a8233
	copy(a.nonce[:], unhex(t, "0123456789abcdef"))
	return a
}

func TestSpecificationKeys(t *testing.T) {
	key := responseKey("Password", "User", "Domain")
	if want := unhex(t, "0c868a403bfd7a93a3001ef22ef02e3f"); !bytes.Equal(key, want) {
		t.Errorf("NTOWFv2 %x, want %x", key, want)
	}
	m, err := parseAuthenticate(unhex(t, specAuthenticate))
	if err != nil {
		t.Fatal(err)
	}
	r, err := parseResponse(m.ntResponse)
	if err != nil {
		t.Fatal(err)
	}
	base := hmacMD5(key, r.proof)
	if want := unhex(t, "8de40ccadbc14a82f15cb0ad0de95ca3"); !bytes.Equal(base, want) {
		t.Errorf("session base key %x, want %x", base, want)
	}
	exported, err := exportedKey(m.flags, base, m.sessionKey)
	if want := bytes.Repeat([]byte{0x55}, 16); err != nil || !bytes.Equal(exported, want) {
		t.Errorf("exported session key %x, %v, want %x", exported, err, want)
	}
	if got, want := derive(exported, clientSign), unhex(t, "4788dc861b4782f35d43fd98fe1a2d39"); !bytes.Equal(got, want) {
		t.Errorf("client signing key %x, want %x", got, want)
	}
	if got, want := derive(exported, clientSeal), unhex(t, "59f600973cc4960a25480a7c196e4c58"); !bytes.Equal(got, want) {
		t.Errorf("client sealing key %x, want %x", got, want)
	}
}

func TestSpecificationChallenge(t *testing.T) {
	var nonce [8]byte
	copy(nonce[:], unhex(t, "0123456789abcdef"))
	var info []byte
	info = appendPair(info, avDomain, encodeText("Domain"))
	info = appendPair(info, avComputer, encodeText("Server"))
	info = appendPair(info, avEnd, nil)
	got := buildChallenge(0xe28a8233, nonce, encodeText("Server"), info)
	want := unhex(t, specChallenge)
	copy(want[48:56], version) // the specification's server is 6.0.6000
	if !bytes.Equal(got, want) {
		t.Errorf("CHALLENGE\n%x, want\n%x", got, want)
	}
}

// TestSpecificationSession logs on with the specification's AUTHENTICATE and opens its GSS_WrapEx example (4.2.4.4).
// The server's direction is checked against values that python-ntlm3's tests publish.
func TestSpecificationSession(t *testing.T) {
	s, err := specAcceptor(t, "Password").Authenticate(unhex(t, specAuthenticate))
	if err != nil {
		t.Fatal(err)
	}
	if s.Account != `Domain\User` || !s.Seals || s.ChannelBinding != nil {
		t.Errorf("session %q, seals %v, binding %x", s.Account, s.Seals, s.ChannelBinding)
	}
	data, err := s.Unseal(unhex(t, "54e50165bf1936dc996020c1811b0f06fb5f"), unhex(t, "010000007fb38ec5c55d497600000000"))
	if err != nil || !bytes.Equal(data, encodeText("Plaintext")) {
		t.Errorf("unsealed %q, %v", data, err)
	}
	sealed, signature := s.Seal(encodeText("Plaintext"))
	if want := unhex(t, "160871b730ba74e946c453d7465b54278dd0"); !bytes.Equal(sealed, want) {
		t.Errorf("sealed %x, want %x", sealed, want)
	}
	if want := unhex(t, "01000000b298b847ce7c580700000000"); !bytes.Equal(signature, want) {
		t.Errorf("signature %x, want %x", signature, want)
	}
}

// TestSealingNotNegotiated shows that a client gets no more than the CHALLENGE agreed to.
func TestSealingNotNegotiated(t *testing.T) {
	a := specAcceptor(t, "Password")
	a.flags &^= flagSeal
	s, err := a.Authenticate(unhex(t, specAuthenticate))
	if err != nil {
		t.Fatal(err)
	}
	if s.Seals {
		t.Error("seals though the CHALLENGE did not offer it")
	}
}

func TestSpecificationWrongPassword(t *testing.T) {
	_, err := specAcceptor(t, "password").Authenticate(unhex(t, specAuthenticate))
	if !errors.Is(err, ErrLogonFailure) {
		t.Errorf("error %v, want %v", err, ErrLogonFailure)
	}
}

// TestResponsesRefused covers what an old client would send: the specification's NTLMv1 and LMv2 answers.
func TestResponsesRefused(t *testing.T) {
	for name, nt := range map[string]string{
		"NTLMv1":    "67c43011f30298a2ad35ece64f16331c44bdbed927841f94",
		"LMv2 only": "",
		"version 2": "68cd0ab851e51c96aabc927bebef6a1c0201000000000000000000000000000000aaaaaaaaaaaaaaaa000000000000000000000000",
		"no end":    "68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f00",
	} {
		if r, err := parseResponse(unhex(t, nt)); err == nil {
			t.Errorf("%s: taken as %+v", name, r)
		}
	}
}

func TestFileTime(t *testing.T) {
	for _, c := range []struct {
		time  time.Time
		ticks uint64
	}{
		{epoch, 0},
		{time.Unix(0, 0), 116444736000000000},
		{time.Date(2026, 11, 24, 12, 0, 0, 123456700, time.UTC), 134399952001234567},
	} {
		if got := fileTime(c.time); got != c.ticks {
			t.Errorf("fileTime(%s) = %d, want %d", c.time, got, c.ticks)
		}
		if got := timeOf(c.ticks); !got.Equal(c.time) {
			t.Errorf("timeOf(%d) = %s, want %s", c.ticks, got, c.time)
		}
	}
}

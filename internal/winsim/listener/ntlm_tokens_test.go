package listener

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/ntlm"
)

// handshake is a host whose challenge is always the same.
func handshake() *ntlm.Acceptor {
	c := host()
	c.Rand = bytes.NewReader(bytes.Repeat([]byte{3}, 64))
	return ntlm.NewAcceptor(c)
}

// spnegoTokens are the client's two tokens that handshake accepts.
func spnegoTokens(t testing.TB) (first, second []byte) {
	t.Helper()
	s := SPNEGO{Initiator: client(), Mechanisms: []asn1.ObjectIdentifier{NTLM, Kerberos}}
	first, err := s.Init()
	if err != nil {
		t.Fatal(err)
	}
	h := handshake()
	answer, _, err := h.Accept(first)
	if err != nil {
		t.Fatal(err)
	}
	if second, err = s.Next(answer); err != nil {
		t.Fatal(err)
	}
	return first, second
}

// TestHostileTokens cuts each token everywhere and makes each of its lengths wrong: nothing passes and nothing panics.
func TestHostileTokens(t *testing.T) {
	first, second := spnegoTokens(t)
	logOn := func(first, second []byte) bool {
		h := handshake()
		if _, session, err := h.Accept(first); err != nil || session != nil {
			return false
		}
		_, session, err := h.Accept(second)
		return err == nil && session != nil
	}
	if !logOn(first, second) {
		t.Fatal("the tokens as they are were refused")
	}
	for i := range first {
		if _, _, err := handshake().Accept(first[:i]); err == nil {
			t.Errorf("the first %d bytes of a NegTokenInit passed", i)
		}
	}
	for i := range second {
		if logOn(first, second[:i]) {
			t.Errorf("the first %d bytes of a NegTokenResp passed", i)
		}
		changed := bytes.Clone(second)
		changed[i] ^= 0x10
		state := bytes.Index(second, []byte("\x0a\x01\x01")) // what a client says there means nothing
		if logOn(first, changed) && (i < state || i > state+2) {
			t.Errorf("byte %d of a NegTokenResp was changed and passed", i)
		}
	}
	if _, _, err := handshake().Accept(unhex(t, "601c06062b0601050502a0123010a00e300c060a2b06010401823702020a")); err != nil {
		t.Errorf("the least NegTokenInit that there is: %v", err)
	}
	for name, token := range map[string][]byte{
		"a tail":                append(bytes.Clone(first), 0),
		"no mechanisms":         unhex(t, "600c06062b0601050502a0023000"),
		"an empty list":         unhex(t, "601006062b0601050502a0063004a0023000"),
		"not SPNEGO":            unhex(t, "601c06062b0601050503a0123010a00e300c060a2b06010401823702020a"),
		"a length of 4 GB":      unhex(t, "6084ffffffff06062b0601050502"),
		"an indefinite length":  append([]byte{0x60, 0x80}, first[2:]...),
		"a list of no OIDs":     unhex(t, "601306062b0601050502a0093007a0053003020101"),
		"nothing but its tag":   {0x60},
		"a NegTokenResp":        unhex(t, "a1073005a0030a0101"),
		"a NegTokenInit inside": unhex(t, "a10730053003020101"),
	} {
		if _, _, err := handshake().Accept(token); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzHandshake(f *testing.F) {
	first, second := spnegoTokens(f)
	f.Add(first, second)
	i := client()
	f.Add(i.Negotiate(), second)
	f.Add([]byte("\x60\x80"), []byte("\xa1\x80"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		h := handshake()
		for _, token := range [][]byte{a, b} {
			answer, session, err := h.Accept(token)
			if err != nil && (answer != nil || session != nil) {
				t.Errorf("%x beside the error %v", answer, err)
			}
			if err == nil && session == nil && len(answer) == 0 {
				t.Error("no error, no session and nothing to say")
			}
		}
	})
}

package ntlm

import (
	"encoding/asn1"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of mechanisms (RFC 4178, MS-SPNG 1.9).
var (
	oidSPNEGO = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	oidNTLM   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
)

// States of a NegTokenResp (RFC 4178 4.2.2).
const (
	acceptCompleted  = 0
	acceptIncomplete = 1
	requestMIC       = 3
)

var (
	errToken = errors.New("ntlm: neither an NTLM message nor a SPNEGO token with NTLM among its mechanisms")
	errOrder = errors.New("ntlm: the token is not the next of its handshake")
)

// Accept takes the client's next token, a raw NTLM message or one of SPNEGO (RFC 4178), and answers in kind; a first one
// may come at any time and begins anew. The session is there with the last one. The answer is empty where the handshake
// ends without one, as it does for raw NTLM.
func (a *Acceptor) Accept(token []byte) (answer []byte, session *Session, err error) {
	if kind := MessageType(token); kind != 0 {
		if kind == typeNegotiate {
			*a = Acceptor{config: a.config}
		}
		if a.mechanisms != nil {
			return nil, nil, errOrder
		}
		return a.message(token)
	}
	t, ok := parseToken(token)
	switch {
	case !ok:
		return nil, nil, errToken
	case t.mechanisms == nil && a.mechanisms == nil:
		return nil, nil, errOrder
	case t.mechanisms != nil:
		*a = Acceptor{config: a.config, mechanisms: t.mechanisms, needMIC: !t.preferred}
		if !t.preferred { // the token is another mechanism's
			return a.respond(requestMIC, nil, nil), nil, nil
		}
		if t.inner == nil {
			return a.respond(acceptIncomplete, nil, nil), nil, nil
		}
	}
	answer, session, err = a.message(t.inner)
	switch {
	case err != nil:
		return nil, nil, err
	case session == nil:
		return a.respond(acceptIncomplete, answer, nil), nil, nil
	case t.mic == nil && a.needMIC:
		return nil, nil, errors.New("ntlm: the mechanism list has no MIC")
	case t.mic == nil: // it may be left out for the client's first choice (RFC 4178 5); whether Windows lets it is *assumed*
		return a.respond(acceptCompleted, nil, nil), session, nil
	}
	mic, err := session.signList(a.mechanisms, t.mic)
	if err != nil {
		return nil, nil, err
	}
	return a.respond(acceptCompleted, nil, mic), session, nil
}

// Challenged tells whether the client's next message should be its AUTHENTICATE.
func (a *Acceptor) Challenged() bool { return a.challenge != nil }

// message takes an NTLM message.
func (a *Acceptor) message(m []byte) (answer []byte, session *Session, err error) {
	if a.Challenged() {
		session, err = a.Authenticate(m)
	} else {
		answer, err = a.Challenge(m)
	}
	return answer, session, err
}

// spnego is what counts of a NegTokenInit or NegTokenResp.
type spnego struct {
	mechanisms []byte // the list's DER; nil in a NegTokenResp
	preferred  bool   // NTLM comes first in it
	inner, mic []byte // nil where they are missing
}

// parseToken reads a client's token. That a NegTokenInit names NTLM at all is part of its being well-formed here.
func parseToken(token []byte) (t spnego, ok bool) {
	in, tag, initial := cryptobyte.String(token), context(1), false
	if in.PeekASN1Tag(0x60) { // [APPLICATION 0]
		var mechanism asn1.ObjectIdentifier
		var outer cryptobyte.String
		if !in.ReadASN1(&outer, 0x60) || !in.Empty() || !outer.ReadASN1ObjectIdentifier(&mechanism) || !mechanism.Equal(oidSPNEGO) {
			return t, false
		}
		in, tag, initial = outer, context(0), true
	}
	var choice, sequence, list cryptobyte.String
	if !in.ReadASN1(&choice, tag) || !in.Empty() || !choice.ReadASN1(&sequence, der.SEQUENCE) || !choice.Empty() {
		return t, false
	}
	var fields [4]cryptobyte.String // mechTypes; reqFlags, not looked at; the mechanism's token; the MIC
	for i := range fields {
		if !sequence.ReadOptionalASN1(&fields[i], nil, context(i)) {
			return t, false
		}
	}
	if initial {
		if !fields[0].ReadASN1Element(&list, der.SEQUENCE) || !fields[0].Empty() {
			return t, false
		}
		t.mechanisms = list
		if t.preferred, ok = findNTLM(list); !ok {
			return t, false
		}
	}
	return t, sequence.Empty() && octets(fields[2], &t.inner) && octets(fields[3], &t.mic)
}

func context(n int) der.Tag { return der.Tag(n).ContextSpecific().Constructed() } //nolint:gosec // 0 to 3

// findNTLM tells whether NTLM is in a mechanism list, and whether it is the first.
func findNTLM(list cryptobyte.String) (first, ok bool) {
	var names cryptobyte.String
	list.ReadASN1(&names, der.SEQUENCE) // it was read as an element before
	for i := 0; !names.Empty(); i++ {
		var mechanism asn1.ObjectIdentifier
		if !names.ReadASN1ObjectIdentifier(&mechanism) {
			return false, false
		}
		if mechanism.Equal(oidNTLM) && !ok {
			first, ok = i == 0, true
		}
	}
	return first, ok
}

// octets reads an OCTET STRING that may be missing.
func octets(field cryptobyte.String, out *[]byte) bool {
	return field == nil || field.ReadASN1Bytes(out, der.OCTET_STRING) && field.Empty()
}

// respond writes a NegTokenResp.
func (a *Acceptor) respond(state int64, token, mic []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(context(1), func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(context(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(state) })
			if !a.named {
				b.AddASN1(context(1), func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidNTLM) })
			}
			if token != nil {
				b.AddASN1(context(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(token) })
			}
			if mic != nil {
				b.AddASN1(context(3), func(b *cryptobyte.Builder) { b.AddASN1OctetString(mic) })
			}
		})
	})
	a.named = true
	return b.BytesOrPanic() // fails only for lengths beyond 4 GB and malformed identifiers
}

package listener

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
)

// Mechanisms for SPNEGO's list.
var (
	NTLM     = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
	Kerberos = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}
)

// SPNEGO wraps an Initiator's messages (RFC 4178).
type SPNEGO struct {
	*Initiator
	Mechanisms []asn1.ObjectIdentifier // nil: NTLM alone
	Signed     []asn1.ObjectIdentifier // nil: Mechanisms; what else the MIC is over, as if the list had been changed on its way
	NoToken    bool                    // the first token holds no message
	NoListMIC  bool
	Done       bool // the server has accepted, and its MIC is right

	list []byte
}

type initToken struct {
	Mechanism asn1.ObjectIdentifier
	Init      struct {
		Mechanisms []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
		Token      []byte                  `asn1:"explicit,tag:2,optional"`
	} `asn1:"explicit,tag:0"`
}

type response struct {
	State     asn1.Enumerated       `asn1:"explicit,tag:0"`
	Mechanism asn1.ObjectIdentifier `asn1:"explicit,tag:1,optional"`
	Token     []byte                `asn1:"explicit,tag:2,optional"`
	MIC       []byte                `asn1:"explicit,tag:3,optional"`
}

// Init returns the first token.
func (s *SPNEGO) Init() ([]byte, error) {
	if s.Mechanisms == nil {
		s.Mechanisms = []asn1.ObjectIdentifier{NTLM}
	}
	if s.Signed == nil {
		s.Signed = s.Mechanisms
	}
	token := initToken{Mechanism: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}}
	token.Init.Mechanisms = s.Mechanisms
	switch {
	case s.NoToken:
	case s.Mechanisms[0].Equal(NTLM):
		token.Init.Token = s.Negotiate()
	default:
		token.Init.Token = []byte("another mechanism's")
	}
	var err error
	if s.list, err = asn1.Marshal(s.Signed); err != nil {
		return nil, err
	}
	return asn1.MarshalWithParams(token, "application,tag:0")
}

// Next answers a token of the server; nil when there is nothing left to say.
func (s *SPNEGO) Next(token []byte) ([]byte, error) {
	var got, next response
	if rest, err := asn1.UnmarshalWithParams(token, &got, "explicit,tag:1"); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("the server's token %x: %w", token, err)
	}
	next.State = 1
	switch {
	case got.State == 0:
		var want []byte
		if !s.NoListMIC {
			want = s.signature(s.inStream, s.inSign, 0, s.list)
			s.inStream, s.inSeq = cipher(s.inSeal), 1
		}
		if !bytes.Equal(got.MIC, want) {
			return nil, errors.New("the server's MIC of the mechanism list is wrong")
		}
		s.Done = true
		return nil, nil
	case got.Token == nil:
		next.Token = s.Negotiate()
	default:
		var err error
		if next.Token, err = s.Authenticate(got.Token); err != nil {
			return nil, err
		}
		if !s.NoListMIC {
			next.MIC = s.signature(s.outStream, s.outSign, 0, s.list)
			s.outStream, s.outSeq = cipher(s.outSeal), 1
		}
	}
	return asn1.MarshalWithParams(next, "explicit,tag:1")
}

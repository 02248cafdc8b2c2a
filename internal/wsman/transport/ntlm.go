package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/bodgit/ntlmssp"
)

// spnegoProtocol is the media type of frames under the scheme Negotiate, NTLM or Kerberos.
const spnegoProtocol = "application/HTTP-SPNEGO-session-encrypted"

// ntlmSignatureLength is fixed by MS-NLMP 2.2.2.9.
const ntlmSignatureLength = 16

// ntlm is one NTLM handshake, for one connection. bodgit/ntlmssp does the
// arithmetic; what it takes on trust from the server is checked here first.
type ntlm struct {
	client       *ntlmssp.Client
	domain, user string
	password     string
	bindings     *ntlmssp.ChannelBindings
	sealing      bool
}

func newNTLM(username, password string, bindings *ntlmssp.ChannelBindings, sealing bool) (*ntlm, error) {
	n := &ntlm{password: password, bindings: bindings, sealing: sealing}
	n.domain, n.user = splitUser(username)
	err := guarded(func() (err error) {
		n.client, err = ntlmssp.NewClient(ntlmssp.SetUserInfo(n.user, n.password))
		return err
	})
	return n, err
}

// negotiate gives the NEGOTIATE message. It bears neither domain nor workstation:
// they are optional there, and would go as OEM text, which bodgit writes as UTF-8.
//
// bodgit leaves out two flags that a client sets by MS-NLMP 3.1.5.1.1: NEGOTIATE_NTLM,
// and REQUEST_TARGET, without which some servers send no TargetInfo. They are set in
// place: bodgit keeps this very slice for the MIC, which would be wrong otherwise (the
// simulated host verifies it).
func (n *ntlm) negotiate() (token []byte, err error) {
	err = guarded(func() (err error) {
		token, err = n.client.Authenticate(nil, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(token) < negotiateHeader {
		return nil, errors.New("no NEGOTIATE message came about")
	}
	flags := binary.LittleEndian.Uint32(token[12:])
	binary.LittleEndian.PutUint32(token[12:], flags|ntlmNTLM|ntlmRequestTarget)
	return token, nil
}

// authenticate answers the server's CHALLENGE with the AUTHENTICATE message.
func (n *ntlm) authenticate(challenge []byte) (token []byte, err error) {
	if err := checkChallenge(challenge, n.sealing); err != nil {
		return nil, err
	}
	err = guarded(func() (err error) {
		if err := n.client.SetOption(ntlmssp.SetDomain(n.domain), ntlmssp.SetWorkstation(workstation())); err != nil {
			return err
		}
		token, err = n.client.Authenticate(challenge, n.bindings)
		return err
	})
	if err == nil && (len(token) == 0 || !n.client.Complete()) {
		return nil, errors.New("no AUTHENTICATE message came about")
	}
	return token, err
}

// workstation is what the host's security log, and an account lock-out's event
// 4740, will name as the caller: the NetBIOS form of this machine's name.
func workstation() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	name, _, _ = strings.Cut(name, ".")
	if len(name) > 15 {
		name = name[:15]
	}
	return strings.ToUpper(strings.ToValidUTF8(name, ""))
}

// session gives the sealing that was agreed on. checkChallenge has made sure that
// it seals: without the flags bodgit's Wrap would hand the plaintext back.
func (n *ntlm) session() (*session, error) {
	security := n.client.SecuritySession()
	if security == nil {
		return nil, errors.New("NTLM agreed on no session security")
	}
	seal := func(plain []byte) (signature, sealed []byte, err error) {
		err = guarded(func() (err error) {
			sealed, signature, err = security.Wrap(plain)
			return err
		})
		if err == nil && (len(signature) != ntlmSignatureLength || len(sealed) != len(plain)) {
			err = errors.New("the message was not sealed")
		}
		return signature, sealed, err
	}
	open := func(signature, sealed []byte) (plain []byte, err error) {
		// bodgit slices the signature without a look at its length, and does not
		// compare the version number in its first four bytes.
		if len(signature) != ntlmSignatureLength || binary.LittleEndian.Uint32(signature) != 1 {
			return nil, errors.New("the signature has not the form of NTLM's")
		}
		err = guarded(func() (err error) {
			plain, err = security.Unwrap(sealed, signature)
			return err
		})
		return plain, err
	}
	return &session{protocol: spnegoProtocol, seal: seal, open: open}, nil
}

// guarded keeps a panic of bodgit/ntlmssp from taking the whole process down. It
// is a last belt: all lengths that it is known to take on trust are checked before.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the NTLM library failed: %v", r)
		}
	}()
	return do()
}

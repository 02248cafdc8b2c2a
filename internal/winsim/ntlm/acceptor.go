// Package ntlm is the accepting side of NTLM (MS-NLMP) for the simulated host: raw NTLMSSP messages, NTLMv2 only, the
// proof verified from the password, and the session that signs and seals what follows. It shares no code with the
// client.
//
// Every behaviour is tagged *recorded*, *documented* or *assumed*; without a tag it is MS-NLMP's text.
package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/md4" //nolint:staticcheck // MS-NLMP's algorithm
)

// maxLifetime is how far a client's time may be from ours: 36 hours since Windows XP (*documented*: MS-NLMP's notes, and
// Microsoft's KB 957009 shows the logon failure that it makes).
const maxLifetime = 36 * time.Hour

// ErrLogonFailure says that there is no such account or that the proof does not fit its password.
var ErrLogonFailure = errors.New("ntlm: logon failure: unknown user or wrong password")

// Config is what a host tells about itself, and its accounts.
type Config struct {
	Domain      string // NetBIOS name of the domain; on a workgroup host the computer's (*documented*)
	Computer    string // NetBIOS name
	DNSDomain   string
	DNSComputer string

	// OmitTimestamp leaves MsvAvTimestamp out, as Windows Server 2003 does; later versions send it (*documented*).
	OmitTimestamp bool
	// InfoOnRequest sends the target's attributes only to a client that set REQUEST_TARGET, as Samba does, or
	// NEGOTIATE_TARGET_INFO, as ntlm-auth does; whether Windows sends them always is *assumed*.
	InfoOnRequest bool

	// Lookup finds the account that a client named, in the client's spelling.
	Lookup func(domain, user string) (account, password string, ok bool)

	Now  func() time.Time // nil is time.Now
	Rand io.Reader        // nil is crypto/rand
}

// Acceptor carries one handshake: of raw messages Challenge, then Authenticate, each once; or Accept for tokens of any kind.
type Acceptor struct {
	config    Config
	negotiate []byte
	challenge []byte
	flags     uint32 // of the CHALLENGE
	nonce     [8]byte

	mechanisms []byte // the DER of the client's SPNEGO list as it was sent; nil outside of SPNEGO
	needMIC    bool   // the client would have preferred another mechanism
	named      bool   // our mechanism was told to the client, which happens once
}

// NewAcceptor begins a handshake.
func NewAcceptor(c Config) *Acceptor {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return &Acceptor{config: c}
}

// Challenge answers a NEGOTIATE message. A client without a character set or extended session security is refused.
// The flag NEGOTIATE_NTLM is not insisted on: ntlm-auth, which works with Windows, leaves it out.
func (a *Acceptor) Challenge(negotiate []byte) ([]byte, error) {
	if MessageType(negotiate) != typeNegotiate || len(negotiate) < negotiateHeader || len(negotiate) > maxMessage {
		return nil, errors.New("ntlm: not a NEGOTIATE message")
	}
	asked := binary.LittleEndian.Uint32(negotiate[12:])
	if asked&(flagUnicode|flagOEM) == 0 || asked&flagExtended == 0 {
		return nil, fmt.Errorf("ntlm: flags 0x%08x lack a character set or extended session security", asked)
	}
	if _, err := io.ReadFull(a.config.Rand, a.nonce[:]); err != nil {
		return nil, fmt.Errorf("ntlm: no random challenge: %w", err)
	}
	a.flags = asked&echoed | flagNTLM
	if asked&flagUnicode != 0 {
		a.flags &^= flagOEM // Unicode is preferred
	}
	var target, info []byte
	if asked&flagRequestTarget != 0 {
		target = encodeName(a.flags, a.config.Domain)
		if strings.EqualFold(a.config.Domain, a.config.Computer) {
			a.flags |= flagTypeServer
		} else {
			a.flags |= flagTypeDomain
		}
	}
	if asked&(flagRequestTarget|flagTargetInfo) != 0 || !a.config.InfoOnRequest {
		a.flags |= flagTargetInfo
		info = a.targetInfo()
	}
	a.negotiate = append([]byte{}, negotiate...)
	a.challenge = buildChallenge(a.flags, a.nonce, target, info)
	return append([]byte{}, a.challenge...), nil
}

// targetInfo lists the host's attributes in Windows' order (*documented* by public captures).
func (a *Acceptor) targetInfo() []byte {
	var list []byte
	list = appendPair(list, avDomain, encodeText(a.config.Domain))
	list = appendPair(list, avComputer, encodeText(a.config.Computer))
	list = appendPair(list, avDNSDomain, encodeText(a.config.DNSDomain))
	list = appendPair(list, avDNSComputer, encodeText(a.config.DNSComputer))
	if !a.config.OmitTimestamp {
		list = appendPair(list, avTimestamp, binary.LittleEndian.AppendUint64(nil, fileTime(a.config.Now())))
	}
	return appendPair(list, avEnd, nil)
}

// Authenticate verifies an AUTHENTICATE message: the proof, the client's time, and the MIC where there is one. It
// returns ErrLogonFailure for a wrong password or an unknown user.
func (a *Acceptor) Authenticate(message []byte) (*Session, error) {
	if a.challenge == nil {
		return nil, errors.New("ntlm: AUTHENTICATE before CHALLENGE")
	}
	m, err := parseAuthenticate(message)
	if err != nil {
		return nil, err
	}
	if m.user == "" || m.flags&flagAnonymous != 0 {
		return nil, errors.New("ntlm: anonymous logon is refused")
	}
	r, err := parseResponse(m.ntResponse)
	if err != nil {
		return nil, err
	}
	account, password, known := a.config.Lookup(m.domain, m.user)
	key, ok := verifyProof(password, m.user, m.domain, a.nonce, r)
	if !known || !ok {
		return nil, ErrLogonFailure
	}
	if age := a.config.Now().Sub(timeOf(r.time)); age > maxLifetime || age < -maxLifetime {
		return nil, fmt.Errorf("ntlm: the client's time is %s away from the host's", age)
	}
	flags := m.flags & a.flags
	exported, err := exportedKey(flags, hmacMD5(key, r.proof), m.sessionKey)
	if err != nil {
		return nil, err
	}
	if err := a.verifyMIC(exported, message, m, r); err != nil {
		return nil, err
	}
	return newSession(account, flags, exported, r.pairs[avChannelBindings])
}

// verifyProof computes the NTLMv2 proof and returns the response key that fits. Some clients leave the domain out of
// the key though they send one; servers should let them.
func verifyProof(password, user, domain string, nonce [8]byte, r response) (key []byte, ok bool) {
	for _, realm := range []string{domain, ""} {
		key = responseKey(password, user, realm)
		if hmac.Equal(hmacMD5(key, nonce[:], r.temp), r.proof) {
			return key, true
		}
	}
	return nil, false
}

// responseKey is NTOWFv2: the user in upper case, the domain as it was sent.
func responseKey(password, user, domain string) []byte {
	hash := md4.New()
	hash.Write(encodeText(password))
	return hmacMD5(hash.Sum(nil), encodeText(strings.ToUpper(user)+domain))
}

// exportedKey is the key that sign and seal keys are made of: with key exchange the client's random key, opened with
// the session base key, which is NTLMv2's key exchange key.
func exportedKey(flags uint32, base, encrypted []byte) ([]byte, error) {
	if flags&flagKeyExchange == 0 || flags&(flagSign|flagSeal) == 0 {
		return base, nil
	}
	if len(encrypted) != 16 {
		return nil, fmt.Errorf("ntlm: encrypted session key has %d bytes, want 16", len(encrypted))
	}
	exported := make([]byte, 16)
	newRC4(base).XORKeyStream(exported, encrypted)
	return exported, nil
}

// verifyMIC checks the MIC over the three messages where the client's attributes announce one.
func (a *Acceptor) verifyMIC(exported, message []byte, m authenticate, r response) error {
	flags := r.pairs[avFlags]
	if len(flags) != 4 || binary.LittleEndian.Uint32(flags)&avFlagMIC == 0 {
		return nil
	}
	if m.mic == nil {
		return errors.New("ntlm: a MIC is announced and missing")
	}
	zeroed := append([]byte{}, message...)
	clear(zeroed[micOffset:micEnd])
	if !hmac.Equal(hmacMD5(exported, a.negotiate, a.challenge, zeroed), m.mic) {
		return errors.New("ntlm: the MIC is wrong: a message was changed on its way")
	}
	return nil
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(md5.New, key)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// newRC4 takes keys of 16 bytes only, so it cannot fail.
func newRC4(key []byte) *rc4.Cipher {
	cipher, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return cipher
}

// epoch is the zero of Windows' file time.
var epoch = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)

// fileTime counts 100 ns since 1601. The span exceeds a time.Duration, so seconds are counted apart.
func fileTime(t time.Time) uint64 {
	return uint64(t.Unix()-epoch.Unix())*1e7 + uint64(t.Nanosecond()/100) //nolint:gosec // positive after 1601
}

// timeOf is fileTime's inverse; any number gives a time.
func timeOf(ticks uint64) time.Time {
	return time.Unix(int64(ticks/1e7)+epoch.Unix(), int64(ticks%1e7)*100).UTC() //nolint:gosec // at most 1.9e12
}

package listener

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck // MS-NLMP's algorithm
)

// DefaultFlags are what a Windows client asks for: KEY_EXCH, 128, 56, VERSION, extended session security, ALWAYS_SIGN,
// NTLM, SEAL, SIGN, REQUEST_TARGET, OEM, UNICODE.
const DefaultFlags = 0xe2088237

// Initiator is an NTLM client: set the fields, then Negotiate, Authenticate, Seal and Unseal. It is a second reading of
// MS-NLMP: it shares nothing with package ntlm, so that a mistake must be made twice to pass. The tests of that package's
// handshakes are here for its sake; those with published vectors and recordings are there.
type Initiator struct {
	Domain, User, Password string
	Flags                  uint32 // 0: DefaultFlags
	Time                   uint64 // client's time, 100 ns since 1601, used when the challenge has none
	Binding                []byte // 16 bytes of MsvAvChannelBindings
	NoMIC                  bool
	NoDomainInKey          bool // as some clients do it: the domain is sent but left out of the key

	negotiate           []byte
	outStream, inStream *rc4.Cipher
	outSign, inSign     []byte
	outSeal, inSeal     []byte
	outSeq, inSeq       uint32
	exchange            bool
}

// Negotiate returns the NEGOTIATE message.
func (i *Initiator) Negotiate() []byte {
	if i.Flags == 0 {
		i.Flags = DefaultFlags
	}
	m := le32([]byte("NTLMSSP\x00"), 1, i.Flags, 0, 0, 0, 0)
	m = append(m, 6, 1, 0xb1, 0x1d, 0, 0, 0, 15)
	i.negotiate = m
	return bytes.Clone(i.negotiate)
}

// Authenticate answers a CHALLENGE. The random session key and the client's challenge are fixed: this is for tests.
func (i *Initiator) Authenticate(challenge []byte) ([]byte, error) {
	if len(challenge) < 48 {
		return nil, errors.New("short challenge")
	}
	flags := i.Flags & binary.LittleEndian.Uint32(challenge[20:])
	length, offset := int(binary.LittleEndian.Uint16(challenge[40:])), int(binary.LittleEndian.Uint32(challenge[44:]))
	if offset+length > len(challenge) {
		return nil, errors.New("target info outside of the challenge")
	}
	info, when, stamped := []byte{}, i.Time, false
	for rest := challenge[offset : offset+length]; len(rest) >= 4 && rest[0] != 0; {
		size := 4 + int(binary.LittleEndian.Uint16(rest[2:]))
		info = append(info, rest[:size]...)
		if rest[0] == 7 {
			when, stamped = binary.LittleEndian.Uint64(rest[4:]), true
		}
		rest = rest[size:]
	}
	useMIC := stamped && !i.NoMIC
	if useMIC {
		info = append(info, 6, 0, 4, 0, 2, 0, 0, 0)
	}
	if i.Binding != nil {
		info = append(append(info, 10, 0, 16, 0), i.Binding...)
	}
	temp := binary.LittleEndian.AppendUint64([]byte{1, 1, 0, 0, 0, 0, 0, 0}, when)
	temp = append(temp, "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\x00\x00\x00\x00"...)
	temp = append(append(temp, info...), 0, 0, 0, 0, 0, 0, 0, 0)

	hash := md4.New()
	hash.Write(text(i.Password))
	realm := i.Domain
	if i.NoDomainInKey {
		realm = ""
	}
	key := mac(hash.Sum(nil), text(strings.ToUpper(i.User)+realm))
	proof := mac(key, challenge[24:32], temp)
	exported, sent := mac(key, proof), []byte{}
	if i.exchange = flags&0x40000000 != 0; i.exchange {
		random := bytes.Repeat([]byte{0x55}, 16)
		sent = make([]byte, 16)
		cipher(exported).XORKeyStream(sent, random)
		exported = random
	}
	m := le32([]byte("NTLMSSP\x00"), 3)
	at := 88
	name := text
	if flags&1 == 0 { // OEM
		name = func(s string) []byte { return []byte(s) }
	}
	parts := [][]byte{make([]byte, 24), append(proof, temp...), name(i.Domain), name(i.User), name("CLIENT"), sent}
	for _, part := range parts {
		m = binary.LittleEndian.AppendUint16(m, uint16(len(part)))
		m = binary.LittleEndian.AppendUint16(m, uint16(len(part)))
		m = binary.LittleEndian.AppendUint32(m, uint32(at))
		at += len(part)
	}
	m = append(le32(m, flags), 6, 1, 0xb1, 0x1d, 0, 0, 0, 15)
	m = append(m, make([]byte, 16)...)
	m = append(m, bytes.Join(parts, nil)...)
	if useMIC {
		copy(m[72:], mac(exported, i.negotiate, challenge, m))
	}
	sub := func(purpose string) []byte {
		sum := md5.Sum([]byte(string(exported) + "session key to " + purpose + " key magic constant\x00"))
		return sum[:]
	}
	i.outSign, i.inSign = sub("client-to-server signing"), sub("server-to-client signing")
	i.outSeal, i.inSeal = sub("client-to-server sealing"), sub("server-to-client sealing")
	i.outStream, i.inStream = cipher(i.outSeal), cipher(i.inSeal)
	i.outSeq, i.inSeq = 0, 0
	return m, nil
}

// Seal seals a message to the server.
func (i *Initiator) Seal(data []byte) (sealed, signature []byte) {
	sealed = make([]byte, len(data))
	i.outStream.XORKeyStream(sealed, data)
	signature = i.signature(i.outStream, i.outSign, i.outSeq, data)
	i.outSeq++
	return sealed, signature
}

// Unseal opens a message of the server.
func (i *Initiator) Unseal(sealed, signature []byte) ([]byte, error) {
	data := make([]byte, len(sealed))
	i.inStream.XORKeyStream(data, sealed)
	if !bytes.Equal(signature, i.signature(i.inStream, i.inSign, i.inSeq, data)) {
		return nil, errors.New("signature of the server is wrong")
	}
	i.inSeq++
	return data, nil
}

func (i *Initiator) signature(stream *rc4.Cipher, key []byte, sequence uint32, data []byte) []byte {
	sum := mac(key, le32(nil, sequence), data)[:8]
	if i.exchange {
		stream.XORKeyStream(sum, sum)
	}
	return le32(append([]byte{1, 0, 0, 0}, sum...), sequence)
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	h.Write(bytes.Join(parts, nil))
	return h.Sum(nil)
}

func cipher(key []byte) *rc4.Cipher {
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return c
}

func text(s string) []byte {
	out := []byte{}
	for _, unit := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

func le32(to []byte, numbers ...uint32) []byte {
	for _, n := range numbers {
		to = binary.LittleEndian.AppendUint32(to, n)
	}
	return to
}

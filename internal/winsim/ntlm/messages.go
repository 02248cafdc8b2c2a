package ntlm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"
)

// Flags of MS-NLMP 2.2.2.5 that the acceptor knows.
const (
	flagUnicode       = 0x00000001
	flagOEM           = 0x00000002
	flagRequestTarget = 0x00000004
	flagSign          = 0x00000010
	flagSeal          = 0x00000020
	flagNTLM          = 0x00000200
	flagAnonymous     = 0x00000800
	flagAlwaysSign    = 0x00008000
	flagTypeDomain    = 0x00010000
	flagTypeServer    = 0x00020000
	flagExtended      = 0x00080000
	flagTargetInfo    = 0x00800000
	flagVersion       = 0x02000000
	flag128           = 0x20000000
	flagKeyExchange   = 0x40000000
	flag56            = 0x80000000

	// echoed are the flags that a CHALLENGE repeats when the NEGOTIATE has them.
	echoed = flagUnicode | flagOEM | flagRequestTarget | flagSign | flagSeal | flagAlwaysSign | flagExtended |
		flagVersion | flag128 | flagKeyExchange | flag56
)

// Attribute ids of MS-NLMP 2.2.2.1.
const (
	avEnd             = 0
	avComputer        = 1
	avDomain          = 2
	avDNSComputer     = 3
	avDNSDomain       = 4
	avFlags           = 6
	avTimestamp       = 7
	avChannelBindings = 10

	avFlagMIC = 0x2 // in avFlags: the AUTHENTICATE carries a MIC
)

const (
	typeNegotiate    = 1
	typeChallenge    = 2
	typeAuthenticate = 3

	negotiateHeader    = 16 // signature, type, flags: all that is needed of a NEGOTIATE
	challengeHeader    = 56
	authenticateHeader = 64 // up to the flags; the version (8) and the MIC (16) may follow
	micOffset          = 72
	micEnd             = 88

	// maxMessage bounds a message: three names of 32 KiB in UTF-16 would fit, no client sends more than 2 KiB.
	maxMessage = 256 << 10
)

var (
	signature    = []byte("NTLMSSP\x00")
	version      = []byte{6, 3, 0x80, 0x25, 0, 0, 0, 15} // 6.3.9600, NTLM revision 15
	errTruncated = errors.New("ntlm: message is truncated")
)

// MessageType returns 1, 2 or 3 for a raw NTLM message and 0 for anything else, SPNEGO tokens included.
func MessageType(message []byte) int {
	if len(message) < 12 || !bytes.HasPrefix(message, signature) {
		return 0
	}
	if kind := binary.LittleEndian.Uint32(message[8:]); kind >= typeNegotiate && kind <= typeAuthenticate {
		return int(kind)
	}
	return 0
}

// authenticate is an AUTHENTICATE message taken apart; its slices point into the message.
type authenticate struct {
	flags      uint32
	domain     string
	user       string
	ntResponse []byte
	sessionKey []byte
	mic        []byte // nil where the message has no room for one
}

func parseAuthenticate(message []byte) (authenticate, error) {
	var a authenticate
	if MessageType(message) != typeAuthenticate {
		return a, errors.New("ntlm: not an AUTHENTICATE message")
	}
	if len(message) < authenticateHeader || len(message) > maxMessage {
		return a, errTruncated
	}
	a.flags = binary.LittleEndian.Uint32(message[60:])
	var fields [6][]byte // LM response, NT response, domain, user, workstation, session key
	payload := len(message)
	for i := range fields {
		content, offset, err := field(message, 12+8*i)
		if err != nil {
			return a, err
		}
		fields[i] = content
		if len(content) > 0 {
			payload = min(payload, offset)
		}
	}
	a.ntResponse, a.sessionKey = fields[1], fields[5]
	if payload >= micEnd {
		a.mic = message[micOffset:micEnd]
	}
	var err error
	if a.domain, err = decodeName(a.flags, fields[2]); err != nil {
		return a, err
	}
	a.user, err = decodeName(a.flags, fields[3])
	return a, err
}

// field reads the length and offset at a position of the header and returns what they point to.
func field(message []byte, at int) (content []byte, offset int, err error) {
	length := uint64(binary.LittleEndian.Uint16(message[at:]))
	start := uint64(binary.LittleEndian.Uint32(message[at+4:]))
	if length == 0 {
		return nil, 0, nil
	}
	if start+length > uint64(len(message)) {
		return nil, 0, errTruncated
	}
	return message[start : start+length], int(start), nil //nolint:gosec // below len(message), an int
}

// response is an NTLMv2 response (MS-NLMP 2.2.2.8) taken apart.
type response struct {
	proof []byte // NTProofStr
	temp  []byte // what the proof is made over, the server's challenge apart
	time  uint64 // 100 ns since 1601
	pairs map[uint16][]byte
}

func parseResponse(content []byte) (response, error) {
	const proofLength, pairsOffset = 16, 28
	if len(content) < proofLength+pairsOffset { // NTLMv1 has 24 bytes, LMv2 alone none: LmCompatibilityLevel 5 (*documented*)
		return response{}, errors.New("ntlm: no NTLMv2 response; NTLMv1 and LMv2 are refused")
	}
	r := response{proof: content[:proofLength], temp: content[proofLength:]}
	if r.temp[0] != 1 || r.temp[1] != 1 {
		return response{}, fmt.Errorf("ntlm: response of version %d.%d", r.temp[0], r.temp[1])
	}
	r.time = binary.LittleEndian.Uint64(r.temp[8:])
	var err error
	r.pairs, err = parsePairs(r.temp[pairsOffset:])
	return r, err
}

// parsePairs reads attribute pairs up to the end mark; the first of an id counts.
func parsePairs(list []byte) (map[uint16][]byte, error) {
	pairs := map[uint16][]byte{}
	for len(list) >= 4 {
		id := binary.LittleEndian.Uint16(list)
		length := int(binary.LittleEndian.Uint16(list[2:]))
		list = list[4:]
		if id == avEnd {
			return pairs, nil
		}
		if length > len(list) {
			break
		}
		if _, seen := pairs[id]; !seen {
			pairs[id] = list[:length]
		}
		list = list[length:]
	}
	return nil, errors.New("ntlm: attribute pairs have no end")
}

func appendPair(list []byte, id uint16, value []byte) []byte {
	list = binary.LittleEndian.AppendUint16(list, id)
	list = binary.LittleEndian.AppendUint16(list, uint16(len(value))) //nolint:gosec // names of a profile, short
	return append(list, value...)
}

// buildChallenge lays out a CHALLENGE message (MS-NLMP 2.2.1.2).
func buildChallenge(flags uint32, challenge [8]byte, target, info []byte) []byte {
	message := append([]byte{}, signature...)
	message = binary.LittleEndian.AppendUint32(message, typeChallenge)
	message = appendField(message, len(target), challengeHeader)
	message = binary.LittleEndian.AppendUint32(message, flags)
	message = append(message, challenge[:]...)
	message = append(message, make([]byte, 8)...)
	message = appendField(message, len(info), challengeHeader+len(target))
	own := make([]byte, len(version))
	if flags&flagVersion != 0 {
		own = version
	}
	return slices.Concat(message, own, target, info)
}

func appendField(message []byte, length, offset int) []byte {
	message = binary.LittleEndian.AppendUint16(message, uint16(length)) //nolint:gosec // names of a profile, short
	message = binary.LittleEndian.AppendUint16(message, uint16(length)) //nolint:gosec // as above
	return binary.LittleEndian.AppendUint32(message, uint32(offset))    //nolint:gosec // as above
}

// encodeName writes a name in the character set that was negotiated. Ours are ASCII, as NetBIOS names should be.
func encodeName(flags uint32, name string) []byte {
	if flags&flagUnicode == 0 {
		return []byte(name)
	}
	return encodeText(name)
}

// decodeName reads a name; of the OEM character sets, which depend on the machine, only the ASCII part.
func decodeName(flags uint32, encoded []byte) (string, error) {
	if flags&flagUnicode != 0 {
		return decodeText(encoded)
	}
	if bytes.ContainsFunc(encoded, func(r rune) bool { return r >= 0x80 }) {
		return "", errors.New("ntlm: an OEM name is not ASCII")
	}
	return string(encoded), nil
}

func encodeText(text string) []byte {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = binary.LittleEndian.AppendUint16(encoded, unit)
	}
	return encoded
}

func decodeText(encoded []byte) (string, error) {
	if len(encoded)%2 != 0 {
		return "", errors.New("ntlm: a name has half a UTF-16 unit")
	}
	units := make([]uint16, len(encoded)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(encoded[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

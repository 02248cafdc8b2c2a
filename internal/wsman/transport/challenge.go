package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Flags of NTLM's messages (MS-NLMP 2.2.2.5) that matter here.
const (
	ntlmUnicode         = 1 << 0
	ntlmRequestTarget   = 1 << 2
	ntlmSign            = 1 << 4
	ntlmSeal            = 1 << 5
	ntlmNTLM            = 1 << 9
	ntlmAnonymous       = 1 << 11
	ntlmExtendedSession = 1 << 19
	ntlmTargetInfo      = 1 << 23
	ntlm128             = 1 << 29
	ntlmKeyExchange     = 1 << 30
)

// Attributes of a CHALLENGE's TargetInfo (MS-NLMP 2.2.2.1).
const (
	avEnd       = 0
	avFlags     = 6
	avTimestamp = 7
)

// Lengths of the messages' fixed parts without the version.
const (
	negotiateHeader = 32
	challengeHeader = 48
)

// checkChallenge refuses a CHALLENGE that bodgit/ntlmssp would misread or that
// would make the session weaker than what was asked for. bodgit takes the server's
// flags as they are: without SEAL its Wrap returns plaintext, with ANONYMOUS it
// derives the keys from nothing, without TargetInfo or with a short attribute it
// panics.
func checkChallenge(message []byte, sealing bool) error {
	if len(message) < challengeHeader || !bytes.HasPrefix(message, []byte("NTLMSSP\x00\x02\x00\x00\x00")) {
		return errors.New("the server's token is not an NTLM challenge")
	}
	flags := binary.LittleEndian.Uint32(message[20:])
	need := uint32(ntlmUnicode | ntlmExtendedSession | ntlmTargetInfo)
	if sealing {
		need |= ntlmSign | ntlmSeal | ntlm128 | ntlmKeyExchange
	}
	if missing := need &^ flags; missing != 0 {
		return fmt.Errorf("the server does not offer NTLMv2 with 128-bit sealing (its challenge lacks the flags %#x); nothing weaker is used", missing)
	}
	if flags&ntlmAnonymous != 0 {
		return errors.New("the server wants an anonymous logon")
	}
	info, err := targetInfo(message)
	if err != nil {
		return err
	}
	return checkAttributes(info)
}

func targetInfo(message []byte) ([]byte, error) {
	length := uint64(binary.LittleEndian.Uint16(message[40:]))
	offset := uint64(binary.LittleEndian.Uint32(message[44:]))
	if offset+length > uint64(len(message)) {
		return nil, errors.New("the NTLM challenge is cut short")
	}
	return message[offset : offset+length], nil
}

func checkAttributes(info []byte) error {
	for count := 0; len(info) >= 4; count++ {
		id, length := binary.LittleEndian.Uint16(info), int(binary.LittleEndian.Uint16(info[2:]))
		if id == avEnd {
			if count == 0 {
				return errors.New("the NTLM challenge says nothing about the server")
			}
			return nil
		}
		info = info[4:]
		if length > len(info) || (id == avFlags && length != 4) || (id == avTimestamp && length != 8) {
			break
		}
		info = info[length:]
	}
	return errors.New("the NTLM challenge has malformed attributes")
}

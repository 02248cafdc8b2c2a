package ntlm

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
)

// Magic constants of MS-NLMP 3.4.5.2 and 3.4.5.3, the zero included.
const (
	clientSign = "session key to client-to-server signing key magic constant\x00"
	serverSign = "session key to server-to-client signing key magic constant\x00"
	clientSeal = "session key to client-to-server sealing key magic constant\x00"
	serverSeal = "session key to server-to-client sealing key magic constant\x00"
)

const signatureLength = 16

// Session signs and seals what follows a handshake on its connection. It is for one goroutine at a time.
type Session struct {
	Account string // as Config.Lookup named it
	Seals   bool   // sealing was negotiated
	// ChannelBinding is the hash that the client sent in MsvAvChannelBindings: 16 bytes, or nil where it sent none or
	// zeros, which mean the same.
	ChannelBinding []byte

	from direction // client to server
	to   direction // server to client
}

// direction is the state of one way: the sequence number counts the messages.
type direction struct {
	signKey     []byte
	sealKey     []byte
	stream      *rc4.Cipher
	sequence    uint32
	keyExchange bool
}

// newSession derives the keys of both directions. A session without 128 bit is refused when it shall seal, which is
// the default policy of every Windows since 7 (*documented*).
func newSession(account string, flags uint32, exported, binding []byte) (*Session, error) {
	s := &Session{Account: account, Seals: flags&flagSeal != 0}
	if len(bytes.Trim(binding, "\x00")) > 0 {
		s.ChannelBinding = bytes.Clone(binding)
	}
	if s.Seals && flags&flag128 == 0 {
		return nil, errors.New("ntlm: sealing with less than 128 bit is refused")
	}
	exchange := flags&flagKeyExchange != 0
	s.from = newDirection(exported, clientSign, clientSeal, exchange)
	s.to = newDirection(exported, serverSign, serverSeal, exchange)
	return s, nil
}

func newDirection(exported []byte, sign, seal string, exchange bool) direction {
	key := derive(exported, seal)
	return direction{signKey: derive(exported, sign), sealKey: key, stream: newRC4(key), keyExchange: exchange}
}

func derive(exported []byte, magic string) []byte {
	key := md5.Sum(append(append([]byte{}, exported...), magic...))
	return key[:]
}

// Seal encrypts and signs a message to the client.
func (s *Session) Seal(data []byte) (sealed, signature []byte) {
	sealed = make([]byte, len(data))
	s.to.stream.XORKeyStream(sealed, data)
	return sealed, s.to.sign(data)
}

// Unseal opens a message of the client. After an error the session is of no use any more: the streams of both sides
// have parted.
func (s *Session) Unseal(sealed, signature []byte) ([]byte, error) {
	if !s.Seals {
		return nil, errors.New("ntlm: sealing was not negotiated")
	}
	if len(signature) != signatureLength {
		return nil, fmt.Errorf("ntlm: signature has %d bytes, want %d", len(signature), signatureLength)
	}
	data := make([]byte, len(sealed))
	s.from.stream.XORKeyStream(data, sealed)
	if !hmac.Equal(s.from.sign(data), signature) { // the sequence number is part of it
		return nil, errors.New("ntlm: the signature is wrong")
	}
	return data, nil
}

// signList verifies the client's MIC of SPNEGO's mechanism list and makes ours. Each takes the first sequence number; the
// RC4 streams begin anew afterwards (MS-SPNG 3.3.5.1; *recorded*).
func (s *Session) signList(list, clients []byte) (ours []byte, err error) {
	if !hmac.Equal(s.from.sign(list), clients) {
		return nil, errors.New("ntlm: the mechanism list's MIC is wrong: the list was changed on its way")
	}
	ours = s.to.sign(list)
	s.from.stream, s.to.stream = newRC4(s.from.sealKey), newRC4(s.to.sealKey)
	return ours, nil
}

// sign makes the signature of extended session security (MS-NLMP 3.4.4.2) and moves the direction on.
func (d *direction) sign(data []byte) []byte {
	number := binary.LittleEndian.AppendUint32(nil, d.sequence)
	checksum := hmacMD5(d.signKey, number, data)[:8]
	if d.keyExchange {
		d.stream.XORKeyStream(checksum, checksum)
	}
	d.sequence++
	result := append([]byte{1, 0, 0, 0}, checksum...)
	return append(result, number...)
}

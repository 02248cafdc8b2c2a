package ntlm

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// recordings finds the folder ntlm-sealed of the recordings, and skips where there are none.
func recordings(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("RECORDINGS")
	if folder == "" {
		folder = filepath.Join(repositoryRoot(t), "..", "shared", "recordings")
	}
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		t.Skip("no recordings here; set RECORDINGS to their folder")
	}
	return filepath.Join(folder, "ntlm-sealed")
}

func repositoryRoot(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("no go.mod above the test")
		}
		folder = parent
	}
}

// recording is one TCP connection between Microsoft's own WS-Man client and server.
type recording struct {
	negotiate, challenge, authenticate []byte
	clientMIC, serverMIC               []byte // of SPNEGO's mechanism list
	request, reply                     []byte // sealed: LE32 | signature | data
}

func record(t *testing.T, name string) recording {
	t.Helper()
	read := func(side string) []byte {
		b, err := os.ReadFile(filepath.Join(recordings(t), name+"-"+side+".bin"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	client, server := read("client"), read("server")
	sent, answered := tokens(t, client, "Authorization: Negotiate "), tokens(t, server, "WWW-Authenticate: Negotiate ")
	if len(sent) != 2 || len(answered) != 2 {
		t.Fatalf("%d and %d tokens, want 2 and 2", len(sent), len(answered))
	}
	return recording{
		negotiate: raw(t, sent[0]), challenge: raw(t, answered[0]), authenticate: raw(t, sent[1]),
		clientMIC: sent[1][len(sent[1])-signatureLength:], serverMIC: answered[1][len(answered[1])-signatureLength:],
		request: sealedPart(t, client), reply: sealedPart(t, server),
	}
}

// tokens decodes the base64 after each occurrence of a header.
func tokens(t *testing.T, stream []byte, header string) [][]byte {
	t.Helper()
	var found [][]byte
	for {
		_, rest, ok := bytes.Cut(stream, []byte(header))
		if !ok {
			return found
		}
		line, _, _ := bytes.Cut(rest, []byte("\r\n"))
		token, err := base64.StdEncoding.DecodeString(string(line))
		if err != nil {
			t.Fatal(err)
		}
		found, stream = append(found, token), rest
	}
}

// raw takes the NTLM message out of its SPNEGO token: an OCTET STRING with a length of one or three bytes before it.
func raw(t *testing.T, token []byte) []byte {
	t.Helper()
	at := bytes.Index(token, signature)
	if at < 4 {
		t.Fatal("no NTLM message in the token")
	}
	length := int(token[at-1])
	if token[at-4] == 4 && token[at-3] == 0x82 {
		length = int(binary.BigEndian.Uint16(token[at-2:]))
	}
	return token[at : at+length]
}

// sealedPart cuts the sealed body out by position.
func sealedPart(t *testing.T, stream []byte) []byte {
	t.Helper()
	_, part, ok := bytes.Cut(stream, []byte("application/octet-stream\r\n"))
	if !ok {
		t.Fatal("no sealed part")
	}
	part = bytes.TrimSuffix(part, []byte("\r\n\r\n"))
	part = bytes.TrimSuffix(part, []byte("\r\n"))
	return bytes.TrimSuffix(part, []byte("--Encrypted Boundary--"))
}

// replay stands where omiserver stood after its CHALLENGE.
func (r recording) replay(password string) *Acceptor {
	a := NewAcceptor(Config{
		Lookup: func(_, user string) (string, string, bool) { return user, password, user == "omitest" },
		Now:    func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) },
	})
	a.negotiate, a.challenge = r.negotiate, r.challenge
	a.flags = binary.LittleEndian.Uint32(r.challenge[20:])
	copy(a.nonce[:], r.challenge[24:])
	return a
}

// TestRecordedSession verifies everything that the recordings hold: proof, MIC, both mechListMICs, and both bodies.
func TestRecordedSession(t *testing.T) {
	for name, want := range map[string][2]string{
		"invoke":    {"<p:", "ReturnValue"},
		"enumerate": {"Enumerate", "EnumerateResponse"},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(t, name)
			s, err := r.replay("OmiTest-Pass1").Authenticate(r.authenticate)
			if err != nil {
				t.Fatal(err)
			}
			first, second := *s, *s
			mechanisms := []byte("\x30\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")
			if got := first.from.sign(mechanisms); !bytes.Equal(got, r.clientMIC) {
				t.Errorf("client's mechListMIC %x, want %x", got, r.clientMIC)
			}
			if got := first.to.sign(mechanisms); !bytes.Equal(got, r.serverMIC) {
				t.Errorf("server's mechListMIC %x, want %x", got, r.serverMIC)
			}
			// SPNEGO resets the streams after the mechListMIC and keeps the sequence numbers.
			fresh, err := r.replay("OmiTest-Pass1").Authenticate(r.authenticate)
			if err != nil {
				t.Fatal(err)
			}
			second.from.stream, second.to.stream = fresh.from.stream, fresh.to.stream
			second.from.sequence, second.to.sequence = 1, 1
			request, err := second.Unseal(r.request[20:], r.request[4:20])
			if err != nil || !bytes.Contains(request, []byte(want[0])) || !bytes.Contains(request, []byte("Envelope>")) {
				t.Errorf("request: %v\n%s", err, request)
			}
			// The reply's direction is the server's: open it by the stream, then sign what came out.
			reply := make([]byte, len(r.reply)-20)
			second.to.stream.XORKeyStream(reply, r.reply[20:])
			if got := second.to.sign(reply); !bytes.Equal(got, r.reply[4:20]) {
				t.Errorf("reply's signature %x, want %x", got, r.reply[4:20])
			}
			if !bytes.Contains(reply, []byte(want[1])) || !bytes.Contains(reply, []byte("Envelope>")) {
				t.Errorf("reply:\n%.300s", reply)
			}
		})
	}
}

// TestRecordedTampering changes one byte of each recorded message: nothing of it may pass.
func TestRecordedTampering(t *testing.T) {
	r := record(t, "invoke")
	if _, err := r.replay("OmiTest-Pass2").Authenticate(r.authenticate); err == nil {
		t.Error("a wrong password passed")
	}
	for name, change := range map[string]func(*recording){
		"proof":            func(r *recording) { r.authenticate[0x58]++ },
		"target info":      func(r *recording) { r.authenticate[0x58+50]++ },
		"MIC":              func(r *recording) { r.authenticate[micOffset]++ },
		"workstation":      func(r *recording) { r.authenticate[0xfe] ^= 1 },
		"NEGOTIATE flags":  func(r *recording) { r.negotiate[12] ^= flagSeal },
		"CHALLENGE target": func(r *recording) { r.challenge[len(r.challenge)-30]++ },
	} {
		changed := recording{
			negotiate: bytes.Clone(r.negotiate), challenge: bytes.Clone(r.challenge), authenticate: bytes.Clone(r.authenticate),
		}
		change(&changed)
		if _, err := changed.replay("OmiTest-Pass1").Authenticate(changed.authenticate); err == nil {
			t.Errorf("%s was changed and passed", name)
		}
	}
}

package ntlm

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
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
	sent, answered [2][]byte // SPNEGO tokens
	request, reply []byte    // sealed: LE32 | signature | data
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
	return recording{[2][]byte(sent), [2][]byte(answered), sealedPart(t, client), sealedPart(t, server)}
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

// replay takes the recorded tokens as the listener does, with the recorded CHALLENGE, which nobody could draw again, in
// place of our own.
func (r recording) replay(password string) (answer []byte, s *Session, err error) {
	h := NewAcceptor(Config{
		Domain: "WORKSTATION", Computer: "VM", DNSComputer: "vm",
		Lookup: func(_, user string) (string, string, bool) { return user, password, user == "omitest" },
		Now:    func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) },
	})
	if _, _, err := h.Accept(r.sent[0]); err != nil {
		return nil, nil, err
	}
	challenge, ok := parseToken(r.answered[0])
	if !ok {
		return nil, nil, errors.New("the recorded answer is no SPNEGO token")
	}
	h.challenge = challenge.inner
	h.flags = binary.LittleEndian.Uint32(challenge.inner[20:])
	copy(h.nonce[:], challenge.inner[24:])
	return h.Accept(r.sent[1])
}

// TestRecordedSession verifies all that the recordings hold: proof, MIC, both mechListMICs, and both bodies. What we answer
// is what Microsoft's server answered, byte for byte.
func TestRecordedSession(t *testing.T) {
	for name, want := range map[string][2]string{
		"invoke":    {"<p:", "ReturnValue"},
		"enumerate": {"Enumerate", "EnumerateResponse"},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(t, name)
			challenge, _ := parseToken(r.answered[0])
			if got := new(Acceptor).respond(acceptIncomplete, challenge.inner, nil); !bytes.Equal(got, r.answered[0]) {
				t.Errorf("the CHALLENGE in our words is %x, recorded %x", got, r.answered[0])
			}
			answer, s, err := r.replay("OmiTest-Pass1")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(answer, r.answered[1]) {
				t.Errorf("the last answer is %x, recorded %x", answer, r.answered[1])
			}
			request, err := s.Unseal(r.request[20:], r.request[4:20])
			if err != nil || !bytes.Contains(request, []byte(want[0])) || !bytes.Contains(request, []byte("Envelope>")) {
				t.Errorf("request: %v\n%s", err, request)
			}
			_, again, err := r.replay("OmiTest-Pass1") // the server's direction opens by a second stream
			if err != nil {
				t.Fatal(err)
			}
			reply := make([]byte, len(r.reply)-20)
			again.to.stream.XORKeyStream(reply, r.reply[20:])
			if !bytes.Contains(reply, []byte(want[1])) || !bytes.Contains(reply, []byte("Envelope>")) {
				t.Errorf("reply:\n%.300s", reply)
			}
			if sealed, signed := s.Seal(reply); !bytes.Equal(sealed, r.reply[20:]) || !bytes.Equal(signed, r.reply[4:20]) {
				t.Errorf("the reply sealed by us has the signature %x, recorded %x", signed, r.reply[4:20])
			}
		})
	}
}

// TestRecordedTampering changes one bit of each recorded message: nothing of it may pass.
func TestRecordedTampering(t *testing.T) {
	original := record(t, "invoke")
	if _, _, err := original.replay("OmiTest-Pass2"); !errors.Is(err, ErrLogonFailure) {
		t.Errorf("another password: %v", err)
	}
	message := bytes.Index(original.sent[1], signature)
	for name, flip := range map[string]func(*recording){
		"proof":                  func(r *recording) { r.sent[1][message+0x58] ^= 1 },
		"target info":            func(r *recording) { r.sent[1][message+0x58+50] ^= 1 },
		"MIC":                    func(r *recording) { r.sent[1][message+micOffset] ^= 1 },
		"workstation":            func(r *recording) { r.sent[1][message+0xfe] ^= 1 },
		"NEGOTIATE flags":        func(r *recording) { r.sent[0][bytes.Index(r.sent[0], signature)+12] ^= flagSeal },
		"CHALLENGE target":       func(r *recording) { r.answered[0][len(r.answered[0])-30] ^= 1 },
		"mechListMIC":            func(r *recording) { r.sent[1][len(r.sent[1])-12] ^= 1 },
		"mechListMIC's sequence": func(r *recording) { r.sent[1][len(r.sent[1])-1] ^= 1 },
		"mechanism":              func(r *recording) { r.sent[0][bytes.Index(r.sent[0], []byte("\x82\x37\x02"))] ^= 1 },
	} {
		r := recording{sent: [2][]byte{bytes.Clone(original.sent[0]), bytes.Clone(original.sent[1])}, answered: [2][]byte{bytes.Clone(original.answered[0])}}
		flip(&r)
		if _, _, err := r.replay("OmiTest-Pass1"); err == nil {
			t.Errorf("%s was changed and passed", name)
		}
	}
	for name, at := range map[string]int{"signature": 8, "sequence number": 16, "body": 20, "body's end": len(original.request) - 1} {
		_, s, err := original.replay("OmiTest-Pass1")
		if err != nil {
			t.Fatal(err)
		}
		request := bytes.Clone(original.request)
		request[at] ^= 1
		if _, err := s.Unseal(request[20:], request[4:20]); err == nil {
			t.Errorf("the request's %s was changed and passed", name)
		}
	}
}

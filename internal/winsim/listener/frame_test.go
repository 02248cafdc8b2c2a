package listener

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nasty is ciphertext that looks like what ends a frame.
var nasty = []byte("\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n--Encrypted Boundary--\r\n\x00\xff-- Encrypted Boundary--\r\n")

func TestFrameInEveryShape(t *testing.T) {
	for _, s := range []shape{{}, {tab: "\t"}, {blank: " "}, {tab: "\t", blank: " "}} {
		f := frame{contentType: "application/soap+xml;charset=UTF-8", length: 77, signature: []byte("0123456789abcdef"), sealed: nasty}
		got, err := parseFrame(s.buildFrame(f))
		if err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		if got.contentType != f.contentType || got.length != f.length || !bytes.Equal(got.signature, f.signature) || !bytes.Equal(got.sealed, f.sealed) {
			t.Errorf("%+v: %+v, want %+v", s, got, f)
		}
	}
}

// TestFrameIsWindows pins the frame that MS-WSMV's example and pywinrm show, byte for byte.
func TestFrameIsWindows(t *testing.T) {
	got := shape{tab: "\t"}.buildFrame(frame{contentType: "application/soap+xml;charset=UTF-8", length: 2, signature: []byte("0123456789abcdef"), sealed: []byte("xy")})
	want := "--Encrypted Boundary\r\n" +
		"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n" +
		"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=2\r\n" +
		"--Encrypted Boundary\r\n" +
		"\tContent-Type: application/octet-stream\r\n" +
		"\x10\x00\x00\x000123456789abcdefxy--Encrypted Boundary--\r\n"
	if string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRecordedFrames parses what Microsoft's client and server sent.
func TestRecordedFrames(t *testing.T) {
	for _, c := range []struct {
		file   string
		length int // of the original: the frame is 255 bytes longer for four digits
	}{
		{"invoke-client.bin", 1424},
		{"invoke-server.bin", 1268},
		{"enumerate-client.bin", 1360},
		{"enumerate-server.bin", 102257},
	} {
		stream, err := os.ReadFile(filepath.Join(recordings(t), c.file))
		if err != nil {
			t.Fatal(err)
		}
		_, body, found := bytes.Cut(stream, []byte("\r\n\r\n--"))
		if !found {
			t.Fatalf("%s: no frame", c.file)
		}
		body = append([]byte("--"), body...)
		body, _ = bytes.CutSuffix(body, []byte("\r\n\r\n"))
		body, _ = bytes.CutSuffix(body, []byte("\r\n"))
		body = append(body, "\r\n"...)
		f, err := parseFrame(body)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if f.length != c.length || len(f.sealed) != c.length || len(f.signature) != 16 || f.contentType != "application/soap+xml;charset=UTF-8" {
			t.Errorf("%s: length %d, %d sealed, %d of signature, type %q", c.file, f.length, len(f.sealed), len(f.signature), f.contentType)
		}
		if sequence := binary.LittleEndian.Uint32(f.signature[12:]); sequence != 1 {
			t.Errorf("%s: sequence number %d, want 1", c.file, sequence)
		}
	}
}

func recordings(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("RECORDINGS")
	for root := "."; folder == ""; root = filepath.Join(root, "..") {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			folder = filepath.Join(root, "..", "shared", "recordings")
		}
	}
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		t.Skip("no recordings here; set RECORDINGS to their folder")
	}
	return filepath.Join(folder, "ntlm-sealed")
}

func TestFrameRefused(t *testing.T) {
	good := string(shape{tab: "\t"}.buildFrame(frame{contentType: "a/b", length: 2, signature: make([]byte, 16), sealed: []byte("xy")}))
	head, _, _ := strings.Cut(good, "\x10\x00")
	for name, body := range map[string]string{
		"empty":             "",
		"SOAP":              "<s:Envelope/>",
		"cut short":         good[:len(good)-1],
		"bytes after it":    good + "\r\n",
		"another protocol":  strings.Replace(good, "SPNEGO", "CredSSP", 1),
		"no length":         strings.Replace(good, ";Length=2", "", 1),
		"negative length":   strings.Replace(good, "Length=2", "Length=-2", 1),
		"absurd length":     strings.Replace(good, "Length=2", "Length=99999999999999999999", 1),
		"no original":       strings.Replace(good, "OriginalContent", "Original", 1),
		"no second type":    strings.Replace(good, "octet-stream", "xml", 1),
		"long signature":    strings.Replace(good, "\x10\x00\x00\x00", "\xff\xff\xff\xff", 1),
		"no data at all":    head + "--Encrypted Boundary--\r\n",
		"headers and on":    "--Encrypted Boundary\r\n" + strings.Repeat("A: b\r\n", 1000),
		"a header, no name": "--Encrypted Boundary\r\nnothing\r\n",
	} {
		if f, err := parseFrame([]byte(body)); err == nil {
			t.Errorf("%s: taken as %+v", name, f)
		}
	}
}

func TestIsSealed(t *testing.T) {
	for kind, want := range map[string][2]bool{
		sealedType: {true, true},
		`multipart/encrypted; protocol="application/http-spnego-session-encrypted"; boundary="Encrypted Boundary"`:   {true, true},
		`multipart/encrypted;protocol="application/HTTP-CredSSP-session-encrypted";boundary="Encrypted Boundary"`:    {true, false},
		`multipart/x-multi-encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Other Boundary"`: {true, false},
		"application/soap+xml;charset=UTF-8": {false, false},
		"":                                   {false, false},
	} {
		if sealed, known := isSealed(kind); sealed != want[0] || known != want[1] {
			t.Errorf("%q: %v, %v", kind, sealed, known)
		}
	}
}

// FuzzFrame feeds bodies: never a panic, and what is taken stays inside of the body.
func FuzzFrame(f *testing.F) {
	f.Add(shape{tab: "\t"}.buildFrame(frame{contentType: "a/b", length: 2, signature: make([]byte, 16), sealed: []byte("xy")}))
	f.Add(shape{blank: " "}.buildFrame(frame{contentType: "a/b", signature: nil, sealed: nasty}))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseFrame(body)
		if err == nil && len(got.signature)+len(got.sealed)+len(got.contentType) > len(body) {
			t.Errorf("%d bytes became %+v", len(body), got)
		}
	})
}

package transport

import (
	"bytes"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/internal/recordings"
)

// recordedFrame cuts the sealed message out of one direction of a recorded connection.
func recordedFrame(t testing.TB, name string) (head string, body []byte) {
	t.Helper()
	stream := recordings.Read(t, "ntlm-sealed", name)
	start := bytes.Index(stream, []byte("--Encrypted Boundary"))
	if start < 0 {
		t.Fatalf("%s holds no sealed message", name)
	}
	return string(stream[:start]), stream[start:]
}

func TestFramesOfMicrosoftsClientAndServerAreTakenApart(t *testing.T) {
	for _, test := range []struct {
		file   string
		length int // as the file's OriginalContent line says, read by eye
	}{
		{"invoke-server.bin", 1268}, {"invoke-client.bin", 1424},
		{"enumerate-server.bin", 102257}, {"enumerate-client.bin", 1360},
	} {
		head, body := recordedFrame(t, test.file)
		contentType := head[strings.LastIndex(head, "multipart/encrypted"):]
		contentType, _, _ = strings.Cut(contentType, "\r\n")
		if !isFrame(contentType, spnegoProtocol) {
			t.Errorf("%s: %q is not taken for a sealed message's type", test.file, contentType)
		}
		f, err := parseFrame(body)
		if err != nil {
			t.Errorf("%s: %v", test.file, err)
			continue
		}
		if f.length != test.length || len(f.data) != f.length {
			t.Errorf("%s: %d bytes of data for %d of plaintext, want %d", test.file, len(f.data), f.length, test.length)
		}
		// NTLM: version 1, then the checksum, then sequence number 1 (the handshake's
		// mechListMIC took 0).
		if len(f.signature) != 16 || !bytes.HasPrefix(f.signature, []byte{1, 0, 0, 0}) || !bytes.HasSuffix(f.signature, []byte{1, 0, 0, 0}) {
			t.Errorf("%s: signature % x", test.file, f.signature)
		}
		if f.protocol != spnegoProtocol || f.contentType != "application/soap+xml;charset=UTF-8" {
			t.Errorf("%s: %q holds %q", test.file, f.protocol, f.contentType)
		}
	}
}

func TestFrameIsWhatMSWSMVShows(t *testing.T) {
	got := string(buildFrame(spnegoProtocol, soapType, 5, []byte("0123456789abcdef"), []byte("\r\n--E")))
	want := "--Encrypted Boundary\r\n" +
		"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n" +
		"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=5\r\n" +
		"--Encrypted Boundary\r\n" +
		"\tContent-Type: application/octet-stream\r\n" +
		"\x10\x00\x00\x000123456789abcdef\r\n--E--Encrypted Boundary--\r\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestFrameVariantsAreAccepted(t *testing.T) {
	const data = "\r\n--Encrypted Boundary--\r\n--Encrypted Boundary" // ciphertext may look like anything
	plain := string(buildFrame(spnegoProtocol, soapType, len(data), []byte("0123456789abcdef"), []byte(data)))
	open, rest, _ := strings.Cut(plain, "\x10\x00\x00\x00")
	body := "\x10\x00\x00\x00" + rest[:16] + data
	for name, text := range map[string]string{
		"as Windows writes it":   plain,
		"no TAB":                 strings.ReplaceAll(open, "\t", "") + body + "--Encrypted Boundary--\r\n",
		"no blank after colon":   strings.ReplaceAll(open, ": ", ":") + body + "--Encrypted Boundary--\r\n",
		"blank in the boundary":  strings.ReplaceAll(open, "--Enc", "-- Enc") + body + "-- Encrypted Boundary--\r\n",
		"blank after semicolons": strings.ReplaceAll(open, ";", "; ") + body + "--Encrypted Boundary--\r\n",
		"no line end at the end": open + body + "--Encrypted Boundary--",
		"names in lower case":    strings.NewReplacer("Content-Type", "content-type", "OriginalContent", "originalcontent").Replace(open) + body + "--Encrypted Boundary--\r\n",
	} {
		f, err := parseFrame([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(f.data) != data || string(f.signature) != "0123456789abcdef" || f.length != len(data) || f.protocol != spnegoProtocol {
			t.Errorf("%s: %+v", name, f)
		}
		if !isSOAP(f.contentType) {
			t.Errorf("%s: content type %q", name, f.contentType)
		}
	}
}

func TestBrokenFramesAreErrors(t *testing.T) {
	good := string(buildFrame(spnegoProtocol, soapType, 5, []byte("0123456789abcdef"), []byte("hello")))
	if _, err := parseFrame([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":               "",
		"no boundary":         good[4:],
		"cut after boundary":  "--Encrypted Boundary\r\n",
		"no closing":          strings.TrimSuffix(good, "--Encrypted Boundary--\r\n"),
		"other second part":   strings.Replace(good, "octet-stream", "zip", 1),
		"no original content": strings.Replace(good, "OriginalContent", "Other", 1),
		"no protocol":         strings.Replace(good, "\tContent-Type: application/HTTP", "\tOther: application/HTTP", 1),
		"no length":           strings.Replace(good, ";Length=5", "", 1),
		"negative length":     strings.Replace(good, "Length=5", "Length=-5", 1),
		"length of 2^31":      strings.Replace(good, "Length=5", "Length=2147483648", 1),
		"length not last":     strings.Replace(good, "Length=5", "Length=5;x=y", 1),
		"no type":             strings.Replace(good, "type=", "kind=", 1),
		"signature too long":  strings.Replace(good, "\x10\x00\x00\x00", "\x01\x10\x00\x00"+strings.Repeat("x", maxSignature), 1),
		"signature of 4 GB":   strings.Replace(good, "\x10\x00\x00\x00", "\xff\xff\xff\xff", 1),
		"signature cut":       strings.Replace(good, "\x10\x00\x00\x00", "\x16\x00\x00\x00", 1),
		"no signature length": strings.Split(good, "\x10\x00\x00\x00")[0] + "\x10--Encrypted Boundary--\r\n",
		"many header lines":   strings.Replace(good, "\tOriginal", strings.Repeat("\tX: y\r\n", 9)+"\tOriginal", 1),
		"long header line":    strings.Replace(good, "\tOriginal", "\tX: "+strings.Repeat("y", 2000)+"\r\n\tOriginal", 1),
		"header, no colon":    strings.Replace(good, "\tOriginal", "\tX\r\n\tOriginal", 1),
	} {
		if f, err := parseFrame([]byte(text)); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestOnlyOurProtocolsFrameTypeIsASealedMessage(t *testing.T) {
	for contentType, want := range map[string]bool{
		frameType(spnegoProtocol): true,
		`multipart/encrypted; protocol="application/http-spnego-session-encrypted"; boundary="Encrypted Boundary"`: true,
		frameType("application/HTTP-Kerberos-session-encrypted"):                                                   false,
		soapType: false, "": false, "multipart/mixed": false, ";;;": false,
	} {
		if got := isFrame(contentType, spnegoProtocol); got != want {
			t.Errorf("%q: %t", contentType, got)
		}
	}
}

func FuzzParseFrame(f *testing.F) {
	good := buildFrame(spnegoProtocol, soapType, 5, []byte("0123456789abcdef"), []byte("hello"))
	f.Add(good)
	f.Add(bytes.ReplaceAll(good, []byte("\t"), nil))
	f.Add([]byte("-- Encrypted Boundary\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseFrame(body)
		if err != nil {
			return
		}
		if len(got.signature)+len(got.data) > len(body) {
			t.Fatalf("more came out than went in: %+v", got)
		}
		again, err := parseFrame(buildFrame(got.protocol, got.contentType, got.length, got.signature, got.data))
		if err != nil || !bytes.Equal(again.data, got.data) || !bytes.Equal(again.signature, got.signature) || again.length != got.length {
			t.Fatalf("%+v came back as %+v, %v", got, again, err)
		}
	})
}

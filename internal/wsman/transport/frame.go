package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"
)

// A sealed message travels as multipart/encrypted (MS-WSMV 2.2.9.1). The lines
// below are as Windows writes them, with the TAB that mime/multipart refuses.
const (
	boundary    = "Encrypted Boundary"
	octetStream = "application/octet-stream"
	frameMedia  = "multipart/encrypted"

	maxFrameLine = 1 << 10 // bytes of one header line of a part
	maxFrameHead = 8       // header lines of the first part
	maxSignature = 4 << 10 // Kerberos' are up to 72 bytes, NTLM's 16
)

// frame is a sealed message, taken apart.
type frame struct {
	protocol    string // of the first part
	contentType string // of the plaintext
	length      int    // of the plaintext, as it says
	signature   []byte
	data        []byte
}

func frameType(protocol string) string {
	return frameMedia + `;protocol="` + protocol + `";boundary="` + boundary + `"`
}

// buildFrame is the inverse of parseFrame. length is the plaintext's.
func buildFrame(protocol, contentType string, length int, signature, data []byte) []byte {
	out := make([]byte, 0, len(data)+len(signature)+384)
	out = append(out, "--"+boundary+"\r\n"...)
	out = append(out, "\tContent-Type: "+protocol+"\r\n"...)
	out = append(out, "\tOriginalContent: type="+contentType+";Length="+strconv.Itoa(length)+"\r\n"...)
	out = append(out, "--"+boundary+"\r\n"...)
	out = append(out, "\tContent-Type: "+octetStream+"\r\n"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(signature))) //nolint:gosec // a signature of ours: 16 to 72 bytes
	out = append(out, signature...)
	out = append(out, data...)
	return append(out, "--"+boundary+"--\r\n"...)
}

// parseFrame takes a sealed message apart. The data is cut by position, since
// ciphertext may hold line ends and even the boundary. TAB and blanks at a line's
// start, blanks after `:` and `;`, and `-- Encrypted Boundary` are taken as well:
// other implementations write them.
func parseFrame(body []byte) (frame, error) {
	var f frame
	rest, ok := cutBoundary(body)
	if !ok {
		return f, errors.New("the sealed message does not begin with its boundary")
	}
	rest, err := f.parseHead(rest)
	if err != nil {
		return f, err
	}
	name, value, rest, ok := cutHeaderLine(rest)
	if !ok || !strings.EqualFold(name, "Content-Type") || !strings.EqualFold(value, octetStream) {
		return f, errors.New("the sealed message has no " + octetStream + " part")
	}
	rest, ok = cutClosing(rest)
	if !ok {
		return f, errors.New("the sealed message has no end")
	}
	if len(rest) < 4 {
		return f, errors.New("the sealed message has no signature")
	}
	length := binary.LittleEndian.Uint32(rest)
	rest = rest[4:]
	if length > maxSignature || int(length) > len(rest) {
		return f, fmt.Errorf("the sealed message claims a signature of %d bytes", length)
	}
	f.signature, f.data = rest[:length], rest[length:]
	return f, nil
}

// parseHead reads the first part's header lines up to the second boundary.
func (f *frame) parseHead(rest []byte) ([]byte, error) {
	described := false
	for range maxFrameHead {
		if after, ok := cutBoundary(rest); ok {
			if f.protocol == "" || !described {
				return nil, errors.New("the sealed message does not say what it holds")
			}
			return after, nil
		}
		name, value, after, ok := cutHeaderLine(rest)
		if !ok {
			return nil, errors.New("the sealed message has a malformed header")
		}
		switch {
		case strings.EqualFold(name, "Content-Type"):
			f.protocol = value
		case strings.EqualFold(name, "OriginalContent"):
			if described = f.parseOriginal(value); !described {
				return nil, errors.New("the sealed message has a malformed OriginalContent line")
			}
		}
		rest = after
	}
	return nil, errors.New("the sealed message has too many header lines")
}

// parseOriginal reads `type=application/soap+xml;charset=UTF-8;Length=1268`.
func (f *frame) parseOriginal(value string) bool {
	parts := strings.Split(value, ";")
	last := strings.TrimSpace(parts[len(parts)-1])
	key, number, _ := strings.Cut(last, "=")
	length, err := strconv.ParseUint(number, 10, 31)
	if err != nil || !strings.EqualFold(key, "Length") {
		return false
	}
	key, media, _ := strings.Cut(strings.TrimSpace(strings.Join(parts[:len(parts)-1], ";")), "=")
	if !strings.EqualFold(key, "type") {
		return false
	}
	f.contentType, f.length = media, int(length)
	return true
}

// cutBoundary takes an opening boundary line off.
func cutBoundary(b []byte) ([]byte, bool) {
	for _, line := range []string{"--" + boundary + "\r\n", "-- " + boundary + "\r\n"} {
		if rest, ok := bytes.CutPrefix(b, []byte(line)); ok {
			return rest, true
		}
	}
	return b, false
}

// cutClosing takes the closing boundary off the end, and nothing but it. After it
// comes one line end, from OMI two [recorded], or none.
func cutClosing(b []byte) ([]byte, bool) {
	for range 2 {
		b = bytes.TrimSuffix(b, []byte("\r\n"))
	}
	for _, line := range []string{"--" + boundary + "--", "-- " + boundary + "--"} {
		if rest, ok := bytes.CutSuffix(b, []byte(line)); ok {
			return rest, true
		}
	}
	return b, false
}

// cutHeaderLine takes one `Name: value` line off.
func cutHeaderLine(b []byte) (name, value string, rest []byte, ok bool) {
	end := bytes.Index(b[:min(len(b), maxFrameLine)], []byte("\r\n"))
	if end < 0 {
		return "", "", nil, false
	}
	name, value, ok = strings.Cut(string(b[:end]), ":")
	return strings.TrimSpace(name), strings.TrimSpace(value), b[end+2:], ok
}

// isFrame reports whether a Content-Type is that of a sealed message of protocol.
func isFrame(contentType, protocol string) bool {
	media, parameters, err := mime.ParseMediaType(contentType)
	return err == nil && media == frameMedia && strings.EqualFold(parameters["protocol"], protocol)
}

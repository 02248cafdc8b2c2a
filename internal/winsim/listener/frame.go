package listener

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"
)

// sealedProtocol is the protocol of messages sealed under Negotiate (MS-WSMV 2.2.9.1).
const sealedProtocol = "application/HTTP-SPNEGO-session-encrypted"

// sealedType is the Content-Type of a sealed message (*recorded* of OMI, *documented* for Windows).
const sealedType = `multipart/encrypted;protocol="` + sealedProtocol + `";boundary="Encrypted Boundary"`

// isSealed tells from its Content-Type that a body is sealed, and whether in the one form that is taken here.
func isSealed(contentType string) (sealed, known bool) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return false, false
	}
	known = kind == "multipart/encrypted" && strings.EqualFold(parameters["protocol"], sealedProtocol) &&
		parameters["boundary"] == "Encrypted Boundary"
	return true, known
}

// frame is a sealed message taken apart: what the original is, and the sealed bytes.
type frame struct {
	contentType string
	length      int // of the original content, in bytes
	signature   []byte
	sealed      []byte
}

// errFrame says that a body is no sealed message.
var errFrame = errors.New("listener: malformed multipart/encrypted body")

// parseFrame takes a body apart by position, since ciphertext may hold line ends and the boundary itself. A TAB before
// a part's header, a blank after its colon and one after a delimiter's dashes may be there or not (*recorded* of OMI
// without, *documented* of Windows with TABs). One message in one frame, as NTLM's are.
func parseFrame(body []byte) (frame, error) {
	var f frame
	rest, ok := cutDelimiter(body)
	if !ok {
		return f, errFrame
	}
	headers := map[string]string{}
	for {
		if after, next := cutDelimiter(rest); next {
			rest = after
			break
		}
		line, after, found := bytes.Cut(rest, []byte("\r\n"))
		name, value, isHeader := strings.Cut(string(line), ":")
		if !found || !isHeader {
			return f, errFrame
		}
		headers[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		rest = after
	}
	if !strings.EqualFold(headers["content-type"], sealedProtocol) {
		return f, fmt.Errorf("%w: first part is %q", errFrame, headers["content-type"])
	}
	var err error
	if f.contentType, f.length, err = parseOriginal(headers["originalcontent"]); err != nil {
		return f, err
	}
	line, rest, ok := bytes.Cut(rest, []byte("\r\n"))
	name, value, _ := strings.Cut(string(line), ":")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "Content-Type") ||
		!strings.EqualFold(strings.TrimSpace(value), "application/octet-stream") {
		return f, fmt.Errorf("%w: second part is %.80q", errFrame, line)
	}
	data, ok := cutClosing(rest)
	if !ok || len(data) < 4 {
		return f, fmt.Errorf("%w: no closing delimiter", errFrame)
	}
	size := uint64(binary.LittleEndian.Uint32(data))
	if data = data[4:]; size > uint64(len(data)) {
		return f, fmt.Errorf("%w: a signature of %d bytes", errFrame, size)
	}
	f.signature, f.sealed = data[:size], data[size:]
	return f, nil
}

// parseOriginal reads `type=application/soap+xml;charset=UTF-8;Length=1424`.
func parseOriginal(value string) (contentType string, length int, err error) {
	value, ok := strings.CutPrefix(value, "type=")
	at := strings.LastIndex(value, ";Length=")
	if !ok || at < 0 {
		return "", 0, fmt.Errorf("%w: OriginalContent is %.80q", errFrame, value)
	}
	length, err = strconv.Atoi(value[at+len(";Length="):])
	if err != nil || length < 0 || length > MaxRequestBytes {
		return "", 0, fmt.Errorf("%w: OriginalContent is %.80q", errFrame, value)
	}
	return value[:at], length, nil
}

func cutDelimiter(body []byte) (rest []byte, ok bool) {
	for _, delimiter := range []string{"--Encrypted Boundary\r\n", "-- Encrypted Boundary\r\n"} {
		if rest, ok := bytes.CutPrefix(body, []byte(delimiter)); ok {
			return rest, true
		}
	}
	return body, false
}

func cutClosing(body []byte) (data []byte, ok bool) {
	for _, closing := range []string{"--Encrypted Boundary--\r\n", "-- Encrypted Boundary--\r\n"} {
		if data, ok := bytes.CutSuffix(body, []byte(closing)); ok {
			return data, true
		}
	}
	return nil, false
}

// buildFrame writes a sealed message in the shape that the seed chose.
func (s shape) buildFrame(f frame) []byte {
	delimiter := "--" + s.blank + "Encrypted Boundary"
	head := fmt.Appendf(nil, "%s\r\n%sContent-Type: %s\r\n%sOriginalContent: type=%s;Length=%d\r\n%s\r\n%sContent-Type: application/octet-stream\r\n",
		delimiter, s.tab, sealedProtocol, s.tab, f.contentType, f.length, delimiter, s.tab)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(f.signature))) //nolint:gosec // always 16
	return slices.Concat(head, f.signature, f.sealed, []byte(delimiter+"--\r\n"))
}

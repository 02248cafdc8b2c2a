package wsman

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// appendText appends text as XML character data. A carriage return goes as a
// character reference, since a parser would turn it into a line feed. Characters
// that XML 1.0 can't carry at all are an error, not a replacement character.
func appendText(out *strings.Builder, what, text string) error {
	for i, r := range text {
		if !isXMLChar(r) || (r == utf8.RuneError && !validAt(text, i)) {
			return fmt.Errorf("%s holds a character that XML can't carry (%q at byte %d)", what, r, i)
		}
	}
	return xml.EscapeText(out, []byte(text))
}

// validAt tells a U+FFFD in the text from the one that stands for broken UTF-8.
func validAt(text string, i int) bool {
	_, size := utf8.DecodeRuneInString(text[i:])
	return size > 1
}

// isXMLChar is production 2 of XML 1.0.
func isXMLChar(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return true
	case r < ' ':
		return false
	case r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000 && r <= 0x10FFFF:
		return true
	default:
		return false
	}
}

// checkName accepts an NCName (Namespaces in XML 1.0): what can be an element's
// name without a prefix.
func checkName(what, name string) error {
	for i, r := range name {
		if !isNameStart(r) && (i == 0 || !isNameRest(r)) {
			return fmt.Errorf("the %s %q is not a valid name", what, name)
		}
	}
	if name == "" || !utf8.ValidString(name) {
		return fmt.Errorf("the %s %q is not a valid name", what, name)
	}
	return nil
}

// isNameStart is production 4 of XML 1.0 (fifth edition) without the colon.
func isNameStart(r rune) bool {
	switch {
	case r == '_', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z',
		r >= 0xC0 && r <= 0xD6, r >= 0xD8 && r <= 0xF6, r >= 0xF8 && r <= 0x2FF,
		r >= 0x370 && r <= 0x37D, r >= 0x37F && r <= 0x1FFF, r >= 0x200C && r <= 0x200D,
		r >= 0x2070 && r <= 0x218F, r >= 0x2C00 && r <= 0x2FEF, r >= 0x3001 && r <= 0xD7FF,
		r >= 0xF900 && r <= 0xFDCF, r >= 0xFDF0 && r <= 0xFFFD, r >= 0x10000 && r <= 0xEFFFF:
		return true
	default:
		return false
	}
}

// isNameRest is what production 4a adds.
func isNameRest(r rune) bool {
	return r == '-' || r == '.' || r >= '0' && r <= '9' || r == 0xB7 ||
		r >= 0x300 && r <= 0x36F || r >= 0x203F && r <= 0x2040
}

// wmiResource is the prefix of WMI classes' resource URIs (MS-WSMV 2.2.4.25).
const wmiResource = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"

// resourceURI names a class of a namespace, such as root/default and StdRegProv;
// class `*` goes with a WQL filter.
func resourceURI(namespace, class string) (string, error) {
	namespace = strings.ReplaceAll(namespace, `\`, "/")
	for _, part := range strings.Split(namespace, "/") {
		if err := checkName("WMI namespace", part); err != nil {
			return "", fmt.Errorf("the WMI namespace %q must look like root/cimv2", namespace)
		}
	}
	if class != "*" {
		if err := checkName("WMI class", class); err != nil {
			return "", err
		}
	}
	return wmiResource + namespace + "/" + class, nil
}

package wsman

import (
	"bytes"
	"fmt"
)

// maxAttributes bounds the attributes of one element. The recordings' envelopes
// bear up to a dozen, nearly all of them namespaces.
const maxAttributes = 64

// checkTags refuses a document with an element of more than maxAttributes. The
// decoder takes a start tag whole: one of 16 MB would have become a million
// attributes, and 430 MB, before anybody could look at it. So it is looked at
// before, in one pass that knows of XML just where tags begin and end. Where a
// document breaks the rules that this rests on, the decoder stops at that very
// place with an error of its own.
func checkTags(document []byte) error {
	rest := document
	for {
		start := bytes.IndexByte(rest, '<')
		if start < 0 {
			return nil
		}
		rest = rest[start+1:]
		switch {
		case bytes.HasPrefix(rest, []byte("!--")):
			rest = behind(rest[3:], "-->")
		case bytes.HasPrefix(rest, []byte("![CDATA[")):
			rest = behind(rest[8:], "]]>")
		case bytes.HasPrefix(rest, []byte("!")):
			return nil // a document type declaration: the scanner refuses it
		case bytes.HasPrefix(rest, []byte("?")):
			rest = behind(rest[1:], "?>")
		case bytes.HasPrefix(rest, []byte("/")):
			rest = behind(rest, ">")
		default:
			end, attributes := tag(rest)
			if attributes > maxAttributes {
				return fmt.Errorf("one of its elements has more than %d attributes", maxAttributes)
			}
			rest = rest[end:]
		}
	}
}

// behind gives what follows the first end; nothing when there is none.
func behind(text []byte, end string) []byte {
	at := bytes.Index(text, []byte(end))
	if at < 0 {
		return nil
	}
	return text[at+len(end):]
}

// tag gives the length of a start tag and counts its attributes, each of which has
// one = before its value. It stops counting where it is sure that they are too many.
func tag(text []byte) (end, attributes int) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '>':
			return i + 1, attributes
		case '=':
			if attributes++; attributes > maxAttributes {
				return i, attributes
			}
		case '"', '\'':
			length := bytes.IndexByte(text[i+1:], text[i])
			if length < 0 {
				return len(text), attributes
			}
			i += length + 1
		}
	}
	return len(text), attributes
}

package wsman

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of one reply, beside the bound of its size in package transport. The
// recordings stay below a depth of 12 and 6,000 elements.
const (
	maxDepth    = 64
	maxElements = 1_000_000 // attributes counted with them; maxAttributes bounds those of one
	maxText     = 4 << 20   // bytes of one element's text; a registry value may hold 1 MB
	maxName     = 1 << 10   // bytes of an element's name
)

// scanner reads XML in one pass within bounds. Names are local names: prefixes
// and namespaces are not looked at.
//
// It takes raw tokens, and matches start and end tags itself: resolving namespaces
// that nobody looks at took a third of the time.
type scanner struct {
	decoder  *xml.Decoder
	elements int        // and attributes
	open     []xml.Name // that have not ended yet, with their prefixes
}

// node is an element in memory.
type node struct {
	name     string
	attrs    []xml.Attr
	text     string // its own character data, child elements' not included
	children []node
}

func newScanner(document []byte) *scanner {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	// What a reply of WinRM could only hold by mistake or malice: other encodings
	// (we ask in UTF-8) and entities of a DTD.
	decoder.Entity = map[string]string{}
	return &scanner{decoder: decoder}
}

// next gives a start or end element or text.
func (s *scanner) next() (xml.Token, error) {
	for {
		token, err := s.decoder.RawToken()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("its XML breaks off: %w", io.ErrUnexpectedEOF)
			}
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			s.elements += 1 + len(t.Attr)
			s.open = append(s.open, t.Name)
			if s.elements > maxElements || len(s.open) > maxDepth || len(t.Name.Local) > maxName {
				return nil, errors.New("it has more elements and attributes, or deeper ones, than any reply of WinRM")
			}
			return token, nil
		case xml.EndElement:
			last := len(s.open) - 1
			if last < 0 || s.open[last] != t.Name {
				return nil, errors.New("its XML has an end tag without its start tag")
			}
			s.open = s.open[:last]
			return token, nil
		case xml.CharData:
			return token, nil
		case xml.Directive:
			return nil, errors.New("it holds a document type declaration, which SOAP forbids")
		}
	}
}

// child gives the next child element of the current one, or false at its end.
// Text between children is passed over.
func (s *scanner) child() (xml.StartElement, bool, error) {
	for {
		token, err := s.next()
		if err != nil {
			return xml.StartElement{}, false, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return t, true, nil
		case xml.EndElement:
			return xml.StartElement{}, false, nil
		}
	}
}

// element reads the rest of an element whose start was read.
func (s *scanner) element(start xml.StartElement) (node, error) {
	n := node{name: start.Name.Local, attrs: start.Attr}
	var text strings.Builder // only where it comes in pieces
	for {
		token, err := s.next()
		if err != nil {
			return node{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := s.element(t)
			if err != nil {
				return node{}, err
			}
			n.children = append(n.children, child)
		case xml.CharData:
			if len(n.text)+text.Len()+len(t) > maxText {
				return node{}, fmt.Errorf("the text of its element %q is longer than %d bytes", clip(n.name), maxText)
			}
			switch {
			case n.text == "" && text.Len() == 0:
				n.text = string(t)
			case text.Len() == 0:
				text.WriteString(n.text)
				n.text = ""
				fallthrough
			default:
				text.Write(t)
			}
		case xml.EndElement:
			if text.Len() > 0 {
				n.text = text.String()
			}
			return n, nil
		}
	}
}

// skip passes over the rest of an element whose start was read.
func (s *scanner) skip() error {
	for inner := 1; inner > 0; {
		token, err := s.next()
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			inner++
		case xml.EndElement:
			inner--
		}
	}
	return nil
}

// attr gives an attribute by its local name; empty when there is none.
func (n node) attr(name string) string {
	for _, a := range n.attrs {
		if strings.EqualFold(a.Name.Local, name) {
			return a.Value
		}
	}
	return ""
}

// isNull reports xsi:nil.
func (n node) isNull() bool {
	value := n.attr("nil")
	return value == "true" || value == "1"
}

// find gives the first child of that local name, letter case aside.
func (n node) find(name string) (node, bool) {
	for _, c := range n.children {
		if strings.EqualFold(c.name, name) {
			return c, true
		}
	}
	return node{}, false
}

// seek gives the first element of that local name at any depth, in document order.
func (n node) seek(name string) (node, bool) {
	for _, c := range n.children {
		if strings.EqualFold(c.name, name) {
			return c, true
		}
		if deeper, ok := c.seek(name); ok {
			return deeper, true
		}
	}
	return node{}, false
}

// allText joins the text of an element and of what is inside, in one line.
func (n node) allText() string {
	var parts []string
	var walk func(node)
	walk = func(n node) {
		if t := strings.Join(strings.Fields(n.text), " "); t != "" {
			parts = append(parts, t)
		}
		for _, c := range n.children {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(parts, " ")
}

// clip shortens what a server said to what fits into an error.
func clip(text string) string {
	const limit = 600
	text = strings.ToValidUTF8(text, "")
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

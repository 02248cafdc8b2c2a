package wsman

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// envelope is a reply, taken apart. Items have gone to the callback by then.
type envelope struct {
	action    string
	relatesTo string
	fault     *Fault
	body      node // the body's first element, unless fault or enumeration

	enumeration bool   // it is an EnumerateResponse or a PullResponse
	context     string // to go on with
	ended       bool   // EndOfSequence, which counts even beside a context
	items       int    // that were handed on
}

// parser takes one reply apart.
type parser struct {
	*scanner

	out     envelope
	header  func(envelope) error // called before the first item is handed on
	each    func(Item) error
	stopped error // of a callback: nothing more is handed on, the rest is read all the same
}

// malformedError says that a reply is not what it should be.
type malformedError struct{ err error }

func (e *malformedError) Error() string {
	return "the reply can't be read: " + clip(e.err.Error())
}

// parseEnvelope reads one reply. header, if given, checks the message's header
// before any item goes to each. An error of either callback is returned as it is,
// beside what the rest of the reply says: where to go on, or what to release.
// Any other error is a *malformedError.
func parseEnvelope(document []byte, header func(envelope) error, each func(Item) error) (envelope, error) {
	if err := checkTags(document); err != nil {
		return envelope{}, &malformedError{err}
	}
	p := &parser{scanner: newScanner(document), header: header, each: each}
	err := p.document()
	switch {
	case p.stopped != nil:
		return p.out, p.stopped
	case err != nil:
		return p.out, &malformedError{err}
	}
	return p.out, nil
}

func (p *parser) document() error {
	root, found, err := p.child()
	if err != nil {
		return err
	}
	if !found || root.Name.Local != "Envelope" {
		return errors.New("it is not a SOAP envelope")
	}
	body := false
	for {
		part, more, err := p.child()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		switch {
		case part.Name.Local == "Header" && !body:
			err = p.readHeader(part)
		case part.Name.Local == "Body" && !body:
			body = true
			err = p.readBody()
		default:
			err = p.skip()
		}
		if err != nil {
			return err
		}
	}
	if !body {
		return errors.New("it has no SOAP body")
	}
	return p.trailer()
}

// trailer wants nothing but white space after the envelope.
func (p *parser) trailer() error {
	for {
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			if strings.TrimSpace(string(t)) == "" {
				continue
			}
		case xml.Comment:
			continue
		}
		return errors.New("something follows the envelope")
	}
}

func (p *parser) readHeader(start xml.StartElement) error {
	header, err := p.element(start)
	if err != nil {
		return err
	}
	if n, ok := header.find("Action"); ok {
		p.out.action = strings.TrimSpace(n.text)
	}
	if n, ok := header.find("RelatesTo"); ok {
		p.out.relatesTo = strings.TrimSpace(n.text)
	}
	return nil
}

func (p *parser) readBody() error {
	first, found, err := p.child()
	if err != nil || !found {
		return err // an empty body: the callers know what to make of it
	}
	switch first.Name.Local {
	case "Fault":
		n, err := p.element(first)
		if err != nil {
			return err
		}
		p.out.fault = readFault(n)
	case "EnumerateResponse", "PullResponse":
		p.out.enumeration = true
		if p.header != nil {
			p.stopped = p.header(p.out)
		}
		if err := p.readEnumeration(); err != nil {
			return err
		}
	default:
		if p.out.body, err = p.element(first); err != nil {
			return err
		}
	}
	return p.rest()
}

// rest passes over what follows in the current element.
func (p *parser) rest() error {
	for {
		_, more, err := p.child()
		if err != nil || !more {
			return err
		}
		if err := p.skip(); err != nil {
			return err
		}
	}
}

func (p *parser) readEnumeration() error {
	for {
		part, more, err := p.child()
		if err != nil || !more {
			return err
		}
		switch part.Name.Local {
		case "EnumerationContext":
			n, err := p.element(part)
			if err != nil {
				return err
			}
			p.out.context = strings.TrimSpace(n.text)
		case "EndOfSequence":
			p.out.ended = true
			err = p.skip()
			if err != nil {
				return err
			}
		case "Items":
			if err := p.readItems(); err != nil {
				return err
			}
		default:
			if err := p.skip(); err != nil {
				return err
			}
		}
	}
}

func (p *parser) readItems() error {
	for {
		start, more, err := p.child()
		if err != nil || !more {
			return err
		}
		n, err := p.element(start)
		if err != nil {
			return err
		}
		if p.each == nil || p.stopped != nil {
			continue
		}
		p.out.items++
		p.stopped = p.each(newItem(n))
	}
}

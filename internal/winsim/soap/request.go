package soap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Bounds of one request (assumed: Windows bounds the envelope's bytes and has
// limits on selectors and nesting that are not public; these are generous).
const (
	maxDepth    = 32
	maxElements = 4096
)

// MinEnvelope is the smallest MaxEnvelopeSize that a client may ask for, in
// bytes (documented: DSP0226 R6.2-3, MS-WSMV 2.2.4.19).
const MinEnvelope = 8192

// Element is an XML element, its text without that of its children.
type Element struct {
	Space, Name string
	Attrs       []xml.Attr
	Text        string
	Children    []*Element
}

// Child is the first child of that name, or nil.
func (e *Element) Child(space, name string) *Element {
	if e == nil {
		return nil
	}
	for _, c := range e.Children {
		if c.Space == space && c.Name == name {
			return c
		}
	}
	return nil
}

// Attr is the value of an attribute by its local name.
func (e *Element) Attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// Request is an envelope whose headers were checked.
type Request struct {
	Action      string
	To          string
	ResourceURI string
	MessageID   string
	MaxEnvelope int               // bytes; 0 when the client did not say
	Selectors   map[string]string // names in lower case
	Body        *Element          // the first element in s:Body; nil when there is none
}

// Parse reads a request. The Request is as far as it was read even beside a
// fault, so that the fault can relate to its message.
func Parse(body []byte) (Request, *Fault) {
	var r Request
	root, err := parseTree(body)
	if err != nil {
		// Code and subcode documented (wsmerror.h, DSP0226 annex D); that this
		// fault answers malformed XML is assumed.
		return r, &Fault{Code: CodeInvalidXML, Sender: true, Subcode: "w:SchemaValidationError", Text: err.Error()}
	}
	header, envelopeBody := root.Child(nsEnvelope, "Header"), root.Child(nsEnvelope, "Body")
	if root.Space != nsEnvelope || root.Name != "Envelope" || header == nil || envelopeBody == nil {
		return r, &Fault{Code: CodeInvalidXML, Sender: true, Subcode: "w:SchemaValidationError", Text: "The request is no SOAP 1.2 envelope with a header and a body."}
	}
	if len(envelopeBody.Children) > 0 {
		r.Body = envelopeBody.Children[0]
	}
	return r, r.readHeader(header)
}

// headers that the service understands; any other that is marked
// mustUnderstand is refused (documented: SOAP 1.2 part 1, 2.4).
var understood = map[string]bool{
	nsAddressing + " To": true, nsAddressing + " ReplyTo": true, nsAddressing + " Action": true,
	nsAddressing + " MessageID": true, nsAddressing + " From": true, nsAddressing + " FaultTo": true,
	nsWSMan + " ResourceURI": true, nsWSMan + " SelectorSet": true, nsWSMan + " MaxEnvelopeSize": true,
	nsWSMan + " OperationTimeout": true, nsWSMan + " OptionSet": true, nsWSMan + " Locale": true,
	nsMicrosoft + " DataLocale": true, nsMicrosoft + " SessionId": true,
	nsMicrosoft + " OperationID": true, nsMicrosoft + " SequenceId": true,
}

func (r *Request) readHeader(header *Element) *Fault {
	r.MessageID = text(header.Child(nsAddressing, "MessageID"))
	for _, h := range header.Children {
		must := h.Attr("mustUnderstand")
		if (must == "true" || must == "1") && !understood[h.Space+" "+h.Name] {
			return &Fault{Code: CodeMustUnderstand, Sender: true, SOAPCode: "s:MustUnderstand",
				Text: fmt.Sprintf("The service does not understand the header %s.", h.Name)}
		}
	}
	r.Action = text(header.Child(nsAddressing, "Action"))
	r.ResourceURI = text(header.Child(nsWSMan, "ResourceURI"))
	replyTo := header.Child(nsAddressing, "ReplyTo")
	r.To = text(header.Child(nsAddressing, "To"))
	for _, required := range [][2]string{
		{"To", r.To}, {"Action", r.Action}, {"MessageID", r.MessageID},
		{"ReplyTo", text(replyTo.Child(nsAddressing, "Address"))},
	} {
		if required[1] == "" {
			return &Fault{Code: CodeHeaderRequired, Sender: true, Subcode: "a:MessageInformationHeaderRequired",
				Text: fmt.Sprintf("The request lacks the header %s.", required[0])}
		}
	}
	if address := text(replyTo.Child(nsAddressing, "Address")); address != anonymous {
		return &Fault{Code: CodeInvalidHeader, Sender: true, Subcode: "a:InvalidMessageInformationHeader",
			Text: "ReplyTo is not the anonymous role."}
	}
	r.Selectors = map[string]string{}
	if set := header.Child(nsWSMan, "SelectorSet"); set != nil {
		for _, s := range set.Children {
			r.Selectors[strings.ToLower(s.Attr("Name"))] = strings.TrimSpace(s.Text)
		}
	}
	return r.readMaxEnvelope(header.Child(nsWSMan, "MaxEnvelopeSize"))
}

func (r *Request) readMaxEnvelope(e *Element) *Fault {
	if e == nil {
		return nil
	}
	size, err := strconv.ParseUint(strings.TrimSpace(e.Text), 10, 31)
	if err != nil {
		return &Fault{Code: CodeInvalidXML, Sender: true, Subcode: "w:SchemaValidationError", Text: "MaxEnvelopeSize is no number."}
	}
	if size < MinEnvelope {
		return &Fault{Code: CodeMinEnvelope, Sender: true, Subcode: "w:EncodingLimit", FaultDetail: "MinimumEnvelopeLimit",
			Text: "The envelope size in the request is too small."}
	}
	r.MaxEnvelope = int(size)
	return nil
}

func text(e *Element) string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}

// parseTree reads one bounded XML document. Document type declarations and
// processing instructions are refused (documented: SOAP 1.2 part 1, 5).
func parseTree(body []byte) (*Element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	var root *Element
	var open []*Element
	for count := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && root != nil && len(open) == 0 {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("malformed XML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > maxElements || len(open) >= maxDepth {
				return nil, errors.New("the request has too many elements or nests them too deeply")
			}
			e := &Element{Space: t.Name.Space, Name: t.Name.Local, Attrs: t.Attr}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.Children = append(parent.Children, e)
			case root != nil:
				return nil, errors.New("malformed XML: a second root element")
			default:
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].Text += string(t)
			}
		case xml.Directive:
			return nil, errors.New("a document type declaration is not allowed")
		case xml.ProcInst:
			if t.Target != "xml" {
				return nil, errors.New("a processing instruction is not allowed")
			}
		}
	}
}

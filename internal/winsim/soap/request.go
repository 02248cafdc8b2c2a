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

// Bounds of one request beside its length, which the caller bounds (assumed: Windows' own are not public).
const (
	maxDepth    = 32
	maxElements = 4096
)

// minEnvelope is the smallest MaxEnvelopeSize that a client may ask for, in bytes (documented: DSP0226 R6.2, MS-WSMV).
const minEnvelope = 8192

// Element is an XML element, its text without that of its children.
type Element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []*Element `xml:",any"`
}

// Is tells whether the element is there and has that name.
func (e *Element) Is(space, name string) bool {
	return e != nil && e.XMLName == xml.Name{Space: space, Local: name}
}

// Child is the first child of that name, or nil.
func (e *Element) Child(space, name string) *Element {
	if e == nil {
		return nil
	}
	for _, c := range e.Children {
		if c.Is(space, name) {
			return c
		}
	}
	return nil
}

// Attr is the value of an attribute by its local name; "" where there is no element.
func (e *Element) Attr(name string) string {
	if e == nil {
		return ""
	}
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// Trimmed is the element's text without blanks around it; "" where there is no element.
func (e *Element) Trimmed() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text)
}

// Request is an envelope whose headers were checked.
type Request struct {
	Action      string
	To          string
	ResourceURI string
	MessageID   string
	MaxEnvelope int               // bytes; 0 when the client did not say
	Selectors   map[string]string // names in lower case
	Options     map[string]string // likewise
	Body        *Element          // the first element in s:Body; nil when there is none
}

// Room is how large a reply may be that both sides allow, in bytes, if the host allows that much.
func (r Request) Room(host int) int {
	if r.MaxEnvelope > 0 {
		return min(host, r.MaxEnvelope)
	}
	return host
}

// Parse reads a request. Beside a fault the Request has what was read, so that the fault can relate to its message.
// That malformed XML is answered with this code is assumed; codes and subcodes are documented (wsmerror.h, DSP0226).
func Parse(message []byte) (Request, *Fault) {
	var r Request
	root, err := parseTree(message)
	header, body := root.Child(nsEnvelope, "Header"), root.Child(nsEnvelope, "Body")
	if err == nil && (!root.Is(nsEnvelope, "Envelope") || header == nil || body == nil) {
		err = errors.New("the request is no SOAP 1.2 envelope with a header and a body")
	}
	if err != nil {
		return r, &Fault{Code: CodeInvalidXML, Sender: true, Subcode: "w:SchemaValidationError", Text: err.Error()}
	}
	if len(body.Children) > 0 {
		r.Body = body.Children[0]
	}
	return r, r.readHeader(header)
}

// Headers that the service understands; another that is marked mustUnderstand is refused (documented: SOAP 1.2, 2.4).
const understood = " To ReplyTo Action MessageID From FaultTo ResourceURI SelectorSet MaxEnvelopeSize OperationTimeout OptionSet Locale DataLocale SessionId OperationID SequenceId "

func (r *Request) readHeader(header *Element) *Fault {
	r.MessageID = header.Child(nsAddressing, "MessageID").Trimmed()
	for _, h := range header.Children {
		known := strings.Contains(understood, " "+h.XMLName.Local+" ") && (h.XMLName.Space == nsAddressing || h.XMLName.Space == NSWSMan || h.XMLName.Space == nsMicrosoft)
		if must := h.Attr("mustUnderstand"); !known && (must == "true" || must == "1") {
			return &Fault{Code: CodeMustUnderstand, Text: "The service does not understand the header " + h.XMLName.Local + "."}
		}
	}
	r.Action = header.Child(nsAddressing, "Action").Trimmed()
	r.To = header.Child(nsAddressing, "To").Trimmed()
	replyTo := header.Child(nsAddressing, "ReplyTo").Child(nsAddressing, "Address").Trimmed()
	switch {
	case r.Action == "" || r.To == "" || r.MessageID == "" || replyTo == "":
		return &Fault{Code: CodeHeaderRequired, Sender: true, Subcode: "a:MessageInformationHeaderRequired", Text: "The request does not have all the expected SOAP headers."}
	case replyTo != anonymous:
		return &Fault{Code: CodeInvalidHeader, Sender: true, Subcode: "a:InvalidMessageInformationHeader", Text: "ReplyTo is not the anonymous role."}
	}
	r.ResourceURI = header.Child(NSWSMan, "ResourceURI").Trimmed()
	r.Selectors, r.Options = named(header, "SelectorSet"), named(header, "OptionSet")
	wanted := header.Child(NSWSMan, "MaxEnvelopeSize")
	if wanted == nil {
		return nil
	}
	size, err := strconv.ParseUint(wanted.Trimmed(), 10, 31)
	if err != nil || size < minEnvelope {
		return &Fault{Code: CodeMinEnvelope, Sender: true, Subcode: "w:EncodingLimit", FaultDetail: "MinimumEnvelopeLimit",
			Text: "The WS-Management service cannot process the request because the envelope size in the request is too small."}
	}
	r.MaxEnvelope = int(size)
	return nil
}

// named reads a header's set of named values.
func named(header *Element, set string) map[string]string {
	values := map[string]string{}
	if e := header.Child(NSWSMan, set); e != nil {
		for _, v := range e.Children {
			values[strings.ToLower(v.Attr("Name"))] = v.Trimmed()
		}
	}
	return values
}

// parseTree reads one XML document within the bounds. A document type declaration is refused (documented: SOAP 1.2, 5).
func parseTree(message []byte) (*Element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimSpace(bytes.TrimPrefix(message, []byte("\xef\xbb\xbf")))))
	root := &Element{}
	if err := decoder.Decode(root); err != nil {
		return nil, fmt.Errorf("malformed XML: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("malformed XML: something follows the envelope")
	}
	left := maxElements
	if bytes.Contains(message, []byte("<!DOCTYPE")) || !root.within(maxDepth, &left) {
		return nil, errors.New("the request has a document type declaration, too many elements, or nests them too deeply")
	}
	return root, nil
}

func (e *Element) within(depth int, left *int) bool {
	*left--
	for _, c := range e.Children {
		if depth == 1 || *left < 0 || !c.within(depth-1, left) {
			return false
		}
	}
	return *left >= 0
}

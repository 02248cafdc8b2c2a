package wsman

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	nsEnvelope    = "http://www.w3.org/2003/05/soap-envelope"
	nsAddressing  = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	nsEnumeration = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
	nsWSMan       = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
	nsWSMV        = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"

	anonymous  = nsAddressing + "/role/anonymous"
	wqlDialect = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
)

// request is one message before it is written.
type request struct {
	resource string
	action   string
	id       string // of the message: "uuid:…"
	header   string // further header elements
	stream   bool   // the reply may be as large as the host makes it
	once     bool   // it is not sent again, whatever Options.MaxRetries says
	body     string // content of s:Body
}

func newRequest(resource, action, body string) request {
	return request{resource: resource, action: action, body: body, id: newID()}
}

func newID() string { return "uuid:" + strings.ToUpper(uuid.NewString()) }

// envelope writes the message. Resource, action and id are made of checked names;
// the address is checked by package transport and escaped nevertheless.
func (r request) envelope(to string, timeout time.Duration, maxEnvelope int) ([]byte, error) {
	var out strings.Builder
	out.Grow(1400 + len(r.body))
	out.WriteString(`<s:Envelope xmlns:s="` + nsEnvelope + `" xmlns:a="` + nsAddressing + `" xmlns:n="` + nsEnumeration +
		`" xmlns:w="` + nsWSMan + `" xmlns:p="` + nsWSMV + `"><s:Header><a:To>`)
	if err := appendText(&out, "the address", to); err != nil {
		return nil, err
	}
	out.WriteString(`</a:To><w:ResourceURI s:mustUnderstand="true">` + r.resource + `</w:ResourceURI>` +
		`<a:ReplyTo><a:Address s:mustUnderstand="true">` + anonymous + `</a:Address></a:ReplyTo>` +
		`<a:Action s:mustUnderstand="true">` + r.action + `</a:Action>` +
		`<w:MaxEnvelopeSize s:mustUnderstand="true">` + strconv.Itoa(maxEnvelope) + `</w:MaxEnvelopeSize>` +
		`<a:MessageID>` + r.id + `</a:MessageID>` +
		// English texts where the machine has them; nothing here depends on it.
		`<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>` +
		`<w:OperationTimeout>` + duration(timeout) + `</w:OperationTimeout>` + r.header +
		`</s:Header><s:Body>` + r.body + `</s:Body></s:Envelope>`)
	return []byte(out.String()), nil
}

// duration writes an xs:duration in seconds, to the millisecond.
func duration(d time.Duration) string {
	if d%time.Second == 0 {
		return fmt.Sprintf("PT%dS", d/time.Second)
	}
	return fmt.Sprintf("PT%.3fS", d.Seconds())
}

// Param is one in-parameter of a method. Parameters go in the order of the
// method's signature; an array repeats its name.
type Param struct{ Name, Value string }

// invokeBody writes a method's input.
func invokeBody(resource, method string, params []Param) (string, error) {
	var out strings.Builder
	out.WriteString(`<p:` + method + `_INPUT xmlns:p="` + resource + `">`)
	for _, p := range params {
		if err := checkName("parameter", p.Name); err != nil {
			return "", err
		}
		out.WriteString(`<p:` + p.Name + `>`)
		if err := appendText(&out, "the parameter "+p.Name, p.Value); err != nil {
			return "", err
		}
		out.WriteString(`</p:` + p.Name + `>`)
	}
	out.WriteString(`</p:` + method + `_INPUT>`)
	return out.String(), nil
}

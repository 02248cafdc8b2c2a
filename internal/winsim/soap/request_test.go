package soap

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

const (
	goodHeader = `<a:To>http://h/wsman</a:To><w:ResourceURI>urn:r</w:ResourceURI><a:ReplyTo><a:Address>` + anonymous + `</a:Address></a:ReplyTo>` +
		`<a:Action>urn:act</a:Action><a:MessageID>uuid:1</a:MessageID>`
	openEnvelope = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">`
)

func message(header, body string) string {
	return openEnvelope + `<s:Header>` + header + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

func TestParseReadsWhatTheHeaderSays(t *testing.T) {
	r, fault := Parse([]byte("\xef\xbb\xbf<?xml version=\"1.0\"?>\n" + message(goodHeader+
		`<w:MaxEnvelopeSize s:mustUnderstand="true"> 8192 </w:MaxEnvelopeSize><w:Locale xml:lang="en-US" s:mustUnderstand="false"/><x:Odd xmlns:x="urn:x"/>`+
		`<w:SelectorSet><w:Selector Name="__CimNamespace"> root/cimv2 </w:Selector></w:SelectorSet>`, `<q:In xmlns:q="urn:r"><q:v>a &lt;b<!-- c -->d</q:v></q:In>`) + "\n"))
	if fault != nil {
		t.Fatalf("fault %+v", fault)
	}
	if r.Action != "urn:act" || r.To != "http://h/wsman" || r.ResourceURI != "urn:r" || r.MessageID != "uuid:1" || r.MaxEnvelope != 8192 || r.Selectors["__cimnamespace"] != "root/cimv2" {
		t.Errorf("request %+v", r)
	}
	if !r.Body.Is("urn:r", "In") || r.Body.Child("urn:r", "v").Text != "a <bd" {
		t.Errorf("body %+v", r.Body)
	}
}

func TestParseFaults(t *testing.T) {
	without := func(name string) string {
		start := strings.Index(goodHeader, "<"+name)
		end := strings.Index(goodHeader, "</"+name+">") + len("</"+name+">")
		return goodHeader[:start] + goodHeader[end:]
	}
	for name, c := range map[string]struct {
		message string
		code    uint32
		relates bool
	}{
		"empty":             {"", CodeInvalidXML, false},
		"no XML":            {"hello", CodeInvalidXML, false},
		"cut off":           {message(goodHeader, "")[:200], CodeInvalidXML, false},
		"two roots":         {message(goodHeader, "") + "<x/>", CodeInvalidXML, false},
		"other root":        {"<x/>", CodeInvalidXML, false},
		"SOAP 1.1":          {strings.ReplaceAll(message(goodHeader, ""), "2003/05/soap-envelope", "2001/soap"), CodeInvalidXML, false},
		"no body":           {openEnvelope + "<s:Header>" + goodHeader + "</s:Header></s:Envelope>", CodeInvalidXML, false},
		"doctype":           {"<!DOCTYPE x>" + message(goodHeader, ""), CodeInvalidXML, false},
		"too deep":          {message(goodHeader, strings.Repeat("<x>", maxDepth)+strings.Repeat("</x>", maxDepth)), CodeInvalidXML, false},
		"too many":          {message(goodHeader, strings.Repeat("<x/>", maxElements)), CodeInvalidXML, false},
		"not understood":    {message(goodHeader+`<x:Zed xmlns:x="urn:x" s:mustUnderstand="1"/>`, ""), CodeMustUnderstand, true},
		"known name only":   {message(goodHeader+`<x:To xmlns:x="urn:x" s:mustUnderstand="true"/>`, ""), CodeMustUnderstand, true},
		"no action":         {message(without("a:Action"), ""), CodeHeaderRequired, true},
		"no message id":     {message(without("a:MessageID"), ""), CodeHeaderRequired, false},
		"no to":             {message(without("a:To"), ""), CodeHeaderRequired, true},
		"no reply-to":       {message(without("a:ReplyTo"), ""), CodeHeaderRequired, true},
		"reply elsewhere":   {message(strings.Replace(goodHeader, anonymous, "http://elsewhere", 1), ""), CodeInvalidHeader, true},
		"envelope small":    {message(goodHeader+"<w:MaxEnvelopeSize>8191</w:MaxEnvelopeSize>", ""), CodeMinEnvelope, true},
		"envelope no size":  {message(goodHeader+"<w:MaxEnvelopeSize>big</w:MaxEnvelopeSize>", ""), CodeMinEnvelope, true},
		"envelope negative": {message(goodHeader+"<w:MaxEnvelopeSize>-1</w:MaxEnvelopeSize>", ""), CodeMinEnvelope, true},
	} {
		t.Run(name, func(t *testing.T) {
			r, fault := Parse([]byte(c.message))
			if fault == nil || fault.Code != c.code || (r.MessageID != "") != c.relates {
				t.Errorf("fault %+v, message id %q; want code %#x, related %v", fault, r.MessageID, c.code, c.relates)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(message(goodHeader, "<x/>"))
	f.Add(message(goodHeader+`<w:SelectorSet><w:Selector Name="a">b</w:Selector></w:SelectorSet>`, ""))
	f.Add("<a><b></a>")
	f.Fuzz(func(t *testing.T, text string) {
		r, fault := Parse([]byte(text))
		if fault == nil && (r.Action == "" || r.MessageID == "") {
			t.Errorf("a request without headers is taken: %+v", r)
		}
		if fault == nil {
			fault = &Fault{Code: 1, Text: text, WMI: &WMIError{ParameterInfo: text, Namespace: text}}
		}
		for seed := int64(1); seed <= 4; seed++ { // whatever came in, the answer is XML
			w := Writer{Shape: profile.ShapeOf(seed), Machine: "h"}
			if err := xml.Unmarshal(w.Fault(r, fault), &Element{}); err != nil {
				t.Errorf("the fault is no XML: %v", err)
			}
		}
	})
}

package wsman

import (
	"errors"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

func TestHostileReplies(t *testing.T) {
	output := `<p:X_OUTPUT><p:ReturnValue>0</p:ReturnValue></p:X_OUTPUT>`
	for name, reply := range map[string]string{
		"garbage":            "garbage",
		"HTML":               "<html><body>it works</body></html>",
		"cut":                soap(output)[:200],
		"only white space":   " \r\n ",
		"two roots":          soap(output) + soap(output),
		"text behind":        soap(output) + "x",
		"wrong nesting":      strings.Replace(soap(output), "</s:Body>", "</s:Header>", 1),
		"no body":            strings.Replace(soap(output), "s:Body", "s:Other", 2),
		"empty body":         soap(""),
		"enumeration":        soap(page("EnumerateResponse", "", true)),
		"document type":      `<!DOCTYPE s [<!ENTITY a "b">]>` + soap(output),
		"entity":             soap(`<p:X_OUTPUT>&a;</p:X_OUTPUT>`),
		"HTML's entity":      soap(`<p:X_OUTPUT>&nbsp;</p:X_OUTPUT>`),
		"NUL":                soap("<p:X_OUTPUT>\x00</p:X_OUTPUT>"),
		"NUL as a reference": soap("<p:X_OUTPUT>&#0;</p:X_OUTPUT>"),
		"not UTF-8":          soap("<p:X_OUTPUT>\xff</p:X_OUTPUT>"),
		"another encoding":   `<?xml version="1.0" encoding="UTF-16"?>` + soap(output),
		"deep":               soap(strings.Repeat("<a>", 100_000)),
		"deep and closed":    soap(strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)),
		"long text":          soap("<p:X_OUTPUT><a>" + strings.Repeat("x", maxText+1) + "</a></p:X_OUTPUT>"),
		"long text in bits":  soap("<p:X_OUTPUT><a>" + strings.Repeat(strings.Repeat("x", 1<<20)+"<!-- -->", 5) + "</a></p:X_OUTPUT>"),
		"long name":          soap("<" + strings.Repeat("x", 2000) + "/>"),
	} {
		if len(reply) > 1<<20 { // the way over the wire would only take time
			var malformed *malformedError
			if _, err := parseEnvelope([]byte(reply), nil, nil); !errors.As(err, &malformed) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		client := host(t, func(string) (int, string) { return 200, reply })
		_, err := client.Invoke(t.Context(), setValue())
		if err == nil || !transport.MayHaveHappened(err) || len(err.Error()) > 1500 {
			t.Errorf("%s: %v", name, err)
		}
		var fault *Fault
		if errors.As(err, &fault) {
			t.Errorf("%s is taken for a fault: %v", name, err)
		}
	}
}

func TestTagsThatDoNotMatch(t *testing.T) {
	const good = `<s:Envelope><s:Body><p:X_OUTPUT><p:v>1</p:v></p:X_OUTPUT></s:Body></s:Envelope>`
	if _, err := parseEnvelope([]byte(good), nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"</p:v>", "</p:w>"}, {"</p:v>", "</q:v>"}, {"</p:v>", "</v>"}, {"</p:v>", ""}, {"</p:v>", "</p:v></p:v>"},
		{"</p:X_OUTPUT></s:Body>", "</s:Body></p:X_OUTPUT>"}, {"</s:Envelope>", ""}, {"</s:Envelope>", "</s:Envelope></s:Envelope>"},
		{"<s:Envelope>", "</s:Envelope>"}, {"</s:Envelope>", "</s:Envelope><s:Envelope>"},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		var malformed *malformedError
		if _, err := parseEnvelope([]byte(text), nil, nil); !errors.As(err, &malformed) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Text in pieces is put together, whatever is between them.
func TestTextInPieces(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", "a<!-- x -->b": "ab", "<![CDATA[a]]>b<![CDATA[<]]>": "ab<", "a<c>no</c>b<c/>d": "abd", "<c/>a": "a", "<c/>": "",
	} {
		e, err := parseEnvelope([]byte("<Envelope><Body><X>"+text+"</X></Body></Envelope>"), nil, nil)
		if err != nil || e.body.text != want {
			t.Errorf("%s is %q, %v; want %q", text, e.body.text, err, want)
		}
	}
}

func TestElementsAndAttributesAreCounted(t *testing.T) {
	for left, good := range map[int]bool{12: true, 11: false} {
		// Envelope with two attributes, Header, RelatesTo, Body, X_OUTPUT, and three
		// elements within that have two attributes.
		p := &parser{scanner: newScanner([]byte(soap(`<p:X_OUTPUT><a/><a x="" y=""/><a/></p:X_OUTPUT>`)))}
		p.elements = maxElements - left
		if err := p.document(); (err == nil) != good {
			t.Errorf("%d elements and attributes left: %v", left, err)
		}
	}
}

func TestUnusualButGoodReplies(t *testing.T) {
	output := `<p:X_OUTPUT><p:uValue>7</p:uValue><p:ReturnValue>0</p:ReturnValue></p:X_OUTPUT>`
	for name, reply := range map[string]string{
		"byte order mark":  "\xef\xbb\xbf" + soap(output),
		"declaration":      `<?xml version="1.0" encoding="UTF-8"?>` + "\r\n" + soap(output) + "\r\n<!-- x -->",
		"other prefixes":   strings.NewReplacer("<s:", "<SOAP-ENV:", "</s:", "</SOAP-ENV:", "<p:", "<", "</p:", "</").Replace(soap(output)),
		"white space":      strings.ReplaceAll(soap(output), "><", ">\n  <"),
		"more in the body": soap(output + "<x><y/></x>"),
		"two RelatesTo":    strings.Replace(soap(output), "MESSAGE", "MESSAGE</a:RelatesTo><a:RelatesTo>x", 1),
		"CDATA":            strings.Replace(soap(output), "7", "<![CDATA[7]]>", 1),
		"spaces":           strings.Replace(soap(output), "7", " 7 ", 1),
	} {
		client := host(t, func(string) (int, string) { return 200, reply })
		out, err := client.Invoke(t.Context(), setValue())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n, err := out.Uint32("uvalue"); n != 7 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

func TestRelatesToComparesWithoutLetterCase(t *testing.T) {
	client := host(t, func(request string) (int, string) {
		return 200, strings.ReplaceAll(soap(`<p:X_OUTPUT/>`), "MESSAGE", strings.ToLower(messageID(request)))
	})
	if _, err := client.Invoke(t.Context(), setValue()); err != nil {
		t.Error(err)
	}
}

func TestAFaultAboutAnotherMessageIsNoAnswer(t *testing.T) {
	for relatesTo, want := range map[string]bool{"uuid:other": false, "": true, "MESSAGE": true} {
		client := host(t, func(string) (int, string) {
			return 500, strings.Replace(soap(`<s:Fault><s:Detail><f:WSManFault Code="5"/></s:Detail></s:Fault>`), "MESSAGE", relatesTo, 1)
		})
		_, err := client.Invoke(t.Context(), setValue())
		var fault *Fault
		if errors.As(err, &fault) != want || transport.MayHaveHappened(err) == want {
			t.Errorf("%q: %v", relatesTo, err)
		}
	}
}

func TestAnErrorStatusWithoutAFaultIsNoSuccess(t *testing.T) {
	client := host(t, func(string) (int, string) {
		return 500, soap(`<p:X_OUTPUT><p:ReturnValue>0</p:ReturnValue></p:X_OUTPUT>`)
	})
	if _, err := client.Invoke(t.Context(), setValue()); !transport.MayHaveHappened(err) {
		t.Errorf("%v", err)
	}
}

func TestOutputs(t *testing.T) {
	for body, want := range map[string]struct {
		value uint32
		ok    bool
	}{
		`<p:ReturnValue>0</p:ReturnValue>`:           {0, true},
		`<p:ReturnValue>2147749893</p:ReturnValue>`:  {0x80041005, true},
		`<p:ReturnValue>-2147217403</p:ReturnValue>`: {0x80041005, true},
		`<p:returnvalue> 5 </p:returnvalue>`:         {5, true},
		`<p:ReturnValue>4294967295</p:ReturnValue>`:  {4294967295, true},
		`<p:ReturnValue>4294967296</p:ReturnValue>`:  {0, false},
		`<p:ReturnValue>-2147483649</p:ReturnValue>`: {0, false},
		`<p:ReturnValue>0x5</p:ReturnValue>`:         {0, false},
		`<p:ReturnValue xsi:nil="true"/>`:            {0, false},
		`<p:ReturnValue/>`:                           {0, false},
		``:                                           {0, false},
	} {
		client := host(t, func(string) (int, string) { return 200, soap(`<p:X_OUTPUT>` + body + `</p:X_OUTPUT>`) })
		out, err := client.Invoke(t.Context(), setValue())
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if n, err := out.ReturnValue(); n != want.value || (err == nil) != want.ok {
			t.Errorf("%s: %d, %v", body, n, err)
		}
	}
}

// EnumValues' arrays run side by side, and the default value has the name "".
func TestEmptyElementsKeepTheirPlaceInArrays(t *testing.T) {
	client := host(t, func(string) (int, string) {
		return 200, soap(`<p:EnumValues_OUTPUT><p:sNames/><p:Types>1</p:Types><p:sNames>A&#xD;B</p:sNames><p:Types>4</p:Types><p:sNames></p:sNames></p:EnumValues_OUTPUT>`)
	})
	out, err := client.Invoke(t.Context(), setValue())
	if err != nil {
		t.Fatal(err)
	}
	names := out.All("sNames")
	if len(names) != 3 || names[0].Text != "" || names[1].Text != "A\rB" || names[2].Text != "" || len(out.All("types")) != 2 {
		t.Errorf("%v", names)
	}
	if _, err := out.ReturnValue(); !errors.Is(err, ErrNoField) {
		t.Errorf("%v", err)
	}
}

func FuzzParseEnvelope(f *testing.F) {
	f.Add([]byte(soap(`<p:X_OUTPUT><p:ReturnValue>0</p:ReturnValue></p:X_OUTPUT>`)))
	f.Add([]byte(soap(page("PullResponse", "uuid:1", true, "a", "b"))))
	f.Add([]byte(soap(`<n:PullResponse><n:Items><w:Item><a:EndpointReference/><p:X xsi:nil="1"><p:D><cim:Datetime>2013-04-15T16:28:38Z</cim:Datetime></p:D></p:X></w:Item></n:Items></n:PullResponse>`)))
	f.Add([]byte(soap(`<s:Fault><s:Code><s:Subcode><s:Value>w:X</s:Value></s:Subcode></s:Code><s:Reason><s:Text>m</s:Text></s:Reason><s:Detail><f:WSManFault Code="5" Machine="m">` +
		`<f:Message><f:ProviderFault provider="p"><f:WSManFault Code="6"/><p:__ExtendedStatus><p:StatusCode>-1</p:StatusCode></p:__ExtendedStatus></f:ProviderFault></f:Message></f:WSManFault>` +
		`<p:MSFT_WmiError><p:MessageID>HRESULT 0x803381a6</p:MessageID><p:error_Code>1</p:error_Code></p:MSFT_WmiError></s:Detail></s:Fault>`)))
	f.Add([]byte(soap(`<p:X_OUTPUT a="1"` + strings.Repeat(` b='"'`, maxAttributes) + `/>`)))
	f.Add([]byte(soap(`<p:X a=">" b='<'/><!--x="--><![CDATA[<y="]]><?z ="?>`)))
	f.Fuzz(func(t *testing.T, document []byte) {
		checkNoMoreAttributesThanAllowed(t, document)
		items := 0
		reply, err := parseEnvelope(document, nil, func(i Item) error {
			items++
			for _, field := range i.Fields {
				i.Uint32(field.Name) //nolint:errcheck // must not panic
				i.Time(field.Name)   //nolint:errcheck // must not panic
			}
			return nil
		})
		if err != nil {
			return
		}
		if items != reply.items || items > len(document) {
			t.Fatalf("%d items, %d counted", items, reply.items)
		}
		if reply.fault != nil && reply.fault.Error() == "" {
			t.Fatal("a fault without a text")
		}
		(Output{Fields: newFields(reply.body)}).ReturnValue() //nolint:errcheck // must not panic
	})
}

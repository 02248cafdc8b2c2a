package wsman

import (
	"encoding/xml"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func attributes(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, ` a%d=""`, i)
	}
	return out.String()
}

func TestAttributesOfOneElementAreBounded(t *testing.T) {
	enough, more := attributes(maxAttributes), attributes(maxAttributes+1)
	output := func(inner string) string { return soap(`<p:X_OUTPUT>` + inner + `</p:X_OUTPUT>`) }
	for text, good := range map[string]bool{
		output(`<a` + enough + `/>`):                                   true,
		output(`<a` + more + `/>`):                                     false,
		output(`<a` + more + `></a>`):                                  false,
		output(`<a` + enough + `/><a` + enough + `/>`):                 true,
		output(`<a x='` + strings.Repeat(`"=">`, 99) + `'/>`):          true, // one attribute
		output(`<a x='>'` + attributes(maxAttributes) + `/>`):          false,
		output(`<!-- <a` + more + `/> "-->`):                           true,
		output(`<![CDATA[<a` + more + `/> ']]>`):                       true,
		output(`<?pi <a` + more + `/> "?>`):                            true,
		output(`<!-- x='--><a` + more + `/>`):                          false,
		output(`<![CDATA[x="]]><a` + more + `/>`):                      false,
		output(`<?pi x="?><a` + more + `/>`):                           false,
		output(`x="y` + strings.Repeat("=", 100) + `<b/>`):             true, // text
		output(`x="<a` + more + `/>`):                                  false,
		`<!-- "` + more + ` -->` + output(``):                          true,
		strings.Replace(output(``), "<s:Body>", "<s:Body"+more+">", 1): false,
	} {
		var malformed *malformedError
		_, err := parseEnvelope([]byte(text), nil, nil)
		if good != (err == nil) || !good && (!errors.As(err, &malformed) || !strings.Contains(err.Error(), "more than 64 attributes")) {
			t.Errorf("%.300s: %v", text, err)
		}
	}
}

// One tag of 16 MB used to become 430 MB.
func TestAReplyOfAttributesCostsNoMemory(t *testing.T) {
	document := []byte(soap(`<p:X_OUTPUT` + strings.Repeat(` a=""`, 3<<20) + `/>`))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := parseEnvelope(document, nil, nil)
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; err == nil || cost > 1<<20 {
		t.Errorf("%d bytes for %d, %v", cost, len(document), err)
	}
	// Spread over many elements they are bounded as these are.
	document = []byte(soap(`<p:X_OUTPUT>` + strings.Repeat(`<b`+strings.Repeat(` a=""`, maxAttributes)+`/>`, 50_000) + `</p:X_OUTPUT>`))
	runtime.ReadMemStats(&before)
	_, err = parseEnvelope(document, nil, nil)
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; err == nil || !strings.Contains(err.Error(), "more elements and attributes") || cost > 200<<20 {
		t.Errorf("%d bytes for %d, %v", cost, len(document), err)
	}
}

// checkNoMoreAttributesThanAllowed asks the decoder itself whether checkTags let
// more of them through in any tag that it reads before it stops.
func checkNoMoreAttributesThanAllowed(t *testing.T, document []byte) {
	t.Helper()
	if checkTags(document) != nil {
		return
	}
	s := newScanner(document)
	for {
		token, err := s.next()
		if err != nil {
			return
		}
		if start, ok := token.(xml.StartElement); ok && len(start.Attr) > maxAttributes {
			t.Fatalf("an element of %d attributes: %.300q", len(start.Attr), document)
		}
	}
}

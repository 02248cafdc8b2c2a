package wsman

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/internal/recordings"
)

// omi gives the body of a recorded answer of OMI and its HTTP status; ok is false
// where no HTTP answer was recorded.
func omi(t *testing.T, file string) (status int, body []byte, ok bool) {
	t.Helper()
	content := recordings.Read(t, "omi", file)
	if !bytes.HasPrefix(content, []byte("HTTP/1.1 ")) {
		return 0, nil, false
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(content)), nil)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	defer response.Body.Close() //nolint:errcheck // it is in memory
	body, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return response.StatusCode, body, true
}

var (
	subcodes    = regexp.MustCompile(`Subcode><SOAP-ENV:Value>\w+:(\w+)<`)
	cimStatuses = regexp.MustCompile(`<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">(\d+)<`)
	reasons     = regexp.MustCompile(`(?s)<SOAP-ENV:Text xml:lang="en-US">(.*?)</SOAP-ENV:Text>`)
	related     = regexp.MustCompile(`<wsa:RelatesTo>(.*?)<`)
)

func first(r *regexp.Regexp, text string) string {
	if m := r.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// Every answer of Microsoft's OMI, against regular expressions.
func TestEveryAnswerOfOMI(t *testing.T) {
	read := map[string]int{}
	for _, file := range recordings.Files(t, "omi", "*.response.txt") {
		status, body, ok := omi(t, file)
		if !ok || len(body) == 0 {
			read["none"]++
			continue
		}
		text := string(body)
		items := 0
		reply, err := parseEnvelope(body, nil, func(Item) error { items++; return nil })
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if reply.relatesTo != first(related, text) {
			t.Errorf("%s: relates to %q", file, reply.relatesTo)
		}
		switch f := reply.fault; {
		case status == 200 && f == nil && reply.enumeration:
			read["enumeration"]++
			// All classes of these recordings end so; v_embedded… have no closing tag of theirs.
			want := strings.Count(text, "</p:X_SmallNumber>") + strings.Count(text, "</p:OMI_Identify>") + strings.Count(text, "</p:TestClass_AllDMTFTypes>")
			if items != want || reply.ended != strings.Contains(text, "EndOfSequence/>") || reply.context == "" {
				t.Errorf("%s: %d items, want %d; ended %t; context %q", file, items, want, reply.ended, reply.context)
			}
		case status == 200 && f == nil:
			read["output"]++
			if reply.body.name == "" {
				t.Errorf("%s: nothing in the body", file)
			}
		case status == 500 && f != nil:
			read["fault"]++
			if f.Subcode != first(subcodes, text) || f.Code != 0 || f.WMICode != 0 ||
				f.CIMStatus != number(node{children: []node{{name: "n", text: first(cimStatuses, text)}}}, "n") {
				t.Errorf("%s: %+v", file, f)
			}
			if want := strings.Join(strings.Fields(first(reasons, text)), " "); f.Message != unescape.Replace(want) {
				t.Errorf("%s: message %q, want %q", file, f.Message, want)
			}
		default:
			t.Errorf("%s: HTTP %d with fault %v", file, status, f)
		}
	}
	// Counted in the folder: without SOAP are two 401, an empty 500 and a time-out.
	if read["fault"] != 19 || read["none"] != 4 || read["output"]+read["enumeration"] != 62-19-4 {
		t.Errorf("%v", read)
	}
}

var unescape = strings.NewReplacer("&quot;", `"`, "&lt;", "<", "&gt;", ">", "&apos;", "'", "&amp;", "&")

func TestOMIsFaultsAreUnderstood(t *testing.T) {
	for file, test := range map[string]struct {
		unknown, denied bool
		message         string
	}{
		"42-fault-unknown-class-wql.response.txt": {unknown: true, message: "The specified class does not exist."},
		"43-fault-unknown-namespace.response.txt": {unknown: true},
		"46-fault-pull-bad-context.response.txt":  {message: "Enumeration context not found"},
		"49-fault-malformed-xml.response.txt":     {message: "Failed to parse XML. An XML element was expected and not found."},
	} {
		_, body, _ := omi(t, file)
		reply, err := parseEnvelope(body, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := reply.fault
		if f.UnknownClass() != test.unknown || f.AccessDenied() != test.denied || f.Busy() || f.OperationTimeout() {
			t.Errorf("%s: %+v", file, f)
		}
		if test.message != "" && f.Message != test.message {
			t.Errorf("%s: %q", file, f.Message)
		}
	}
}

func TestOMIsOutputs(t *testing.T) {
	_, body, _ := omi(t, "32-invoke-X_SmallNumber-GetFactors.response.txt")
	reply, err := parseEnvelope(body, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := Output{Fields: newFields(reply.body)}
	if n, err := out.ReturnValue(); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	var spelled []string
	for _, f := range out.All("Spelled_Numbers") {
		spelled = append(spelled, f.Text)
	}
	if strings.Join(spelled, " ") != "two two three" {
		t.Errorf("%q", spelled)
	}
	_, body, _ = omi(t, "31-invoke-X_SmallNumber-SpellNumber.response.txt")
	if reply, err = parseEnvelope(body, nil, nil); err != nil {
		t.Fatal(err)
	}
	if n, err := (Output{Fields: newFields(reply.body)}).ReturnValue(); err == nil || errors.Is(err, ErrNoField) {
		t.Errorf("`five` is %d, %v", n, err)
	}
}

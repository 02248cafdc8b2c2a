package winsim

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Tests choose their seeds themselves; what the environment says must not change what they expect.
	_ = os.Unsetenv("WINSIM_SEED")
	goleak.VerifyTestMain(m)
}

const (
	parametersKey = `SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`
	stdRegProvURI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv"
	anonymousRole = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
	messageID     = "uuid:0A0B0C0D-0000-4000-8000-0123456789AB"
)

// client is a plain HTTPS client with Basic, written without the project's own.
type client struct {
	t    testing.TB
	host *Host
	http *http.Client
}

func newClient(t testing.TB, h *Host) *client {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(h.CACertificate())) {
		t.Fatal("the host's CA certificate is no PEM")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, host: h, http: &http.Client{Transport: transport}}
}

// try posts a body; err is the transport's.
func (c *client) try(body string) (int, string, error) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, "https://"+c.host.HTTPSAddr()+"/wsman", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.GetBody = nil // net/http must not send a lost request again
	request.SetBasicAuth(c.host.Username(), c.host.Password())
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	reply, err := c.http.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	return reply.StatusCode, string(text), err
}

func (c *client) post(body string) (int, string) {
	c.t.Helper()
	status, text, err := c.try(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return status, text
}

// header is what every request has; more is put before its end.
func header(action, uri, more string) string {
	return `<s:Header><a:To>https://mail01.contoso.com:5986/wsman</a:To><w:ResourceURI s:mustUnderstand="true">` + uri + `</w:ResourceURI>` +
		`<a:ReplyTo><a:Address s:mustUnderstand="true">` + anonymousRole + `</a:Address></a:ReplyTo>` +
		`<a:Action s:mustUnderstand="true">` + action + `</a:Action><a:MessageID>` + messageID + `</a:MessageID>` + more + `</s:Header>`
}

func envelope(header, body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">` +
		header + `<s:Body>` + body + `</s:Body></s:Envelope>`
}

// input writes a method's parameters, given as name=value.
func input(uri, method string, params ...string) string {
	var b strings.Builder
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		fmt.Fprintf(&b, `<p:%s>%s</p:%s>`, name, value, name)
	}
	return `<p:` + method + `_INPUT xmlns:p="` + uri + `">` + b.String() + `</p:` + method + `_INPUT>`
}

func (c *client) invoke(method string, params ...string) (int, string) {
	c.t.Helper()
	return c.post(envelope(header(stdRegProvURI+"/"+method, stdRegProvURI, ""), input(stdRegProvURI, method, params...)))
}

// call invokes a method on Tcpip\Parameters and gives its ReturnValue.
func (c *client) call(method string, params ...string) (code string, reply string) {
	c.t.Helper()
	params = append([]string{"hDefKey=2147483650", "sSubKeyName=" + parametersKey}, params...)
	status, reply := c.invoke(method, params...)
	if status != 200 {
		c.t.Fatalf("%s: status %d: %s", method, status, reply)
	}
	return strings.Join(elements(c.t, reply, "ReturnValue"), ","), reply
}

const nilText = "(nil)"

// elements lists the texts of all elements of a local name; a nil one is nilText.
func elements(t testing.TB, document, name string) []string {
	t.Helper()
	var found []string
	decoder := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("the reply is no XML: %v\n%s", err, document)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != name {
			continue
		}
		text, isNil := innerText(t, decoder), false
		for _, a := range start.Attr {
			isNil = isNil || a.Name.Local == "nil" && a.Value == "true"
		}
		if isNil {
			text = nilText
		}
		found = append(found, text)
	}
}

func innerText(t testing.TB, decoder *xml.Decoder) string {
	t.Helper()
	var b bytes.Buffer
	for depth := 1; depth > 0; {
		token, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			b.Write(token)
		}
	}
	return b.String()
}

var faultCode = regexp.MustCompile(`WSManFault [^>]*Code="(\d+)"`)

func TestDWORDOverBasicAndTLS(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	for _, number := range []string{"0", "30", "2147483647", "2147483648", "4294967295"} {
		if code, reply := c.call("SetDWORDValue", "sValueName=TcpTimedWaitDelay", "uValue="+number); code != "0" {
			t.Fatalf("set %s: %s: %s", number, code, reply)
		}
		if text, ok := h.Value("tcptimedwaitdelay"); !ok || text != "REG_DWORD "+number {
			t.Errorf("the registry has %q, %v after setting %s", text, ok, number)
		}
		code, reply := c.call("GetDWORDValue", "sValueName=TCPTIMEDWAITDELAY")
		if got := elements(t, reply, "uValue"); code != "0" || len(got) != 1 || got[0] != number {
			t.Errorf("get: %s %v, want %s", code, got, number)
		}
	}
	if relates := elements(t, func() string { _, r := c.call("DeleteValue", "sValueName=TcpTimedWaitDelay"); return r }(), "RelatesTo"); len(relates) != 1 || relates[0] != messageID {
		t.Errorf("RelatesTo %v", relates)
	}
	if text, ok := h.Value("TcpTimedWaitDelay"); ok {
		t.Errorf("deleted, but there is %q", text)
	}
	got := h.Counters()
	if got.Requests != 11 || got.Connections != 1 || got.Writes != 6 || got.Methods["GetDWORDValue"] != 5 {
		t.Errorf("counters %+v", got)
	}
}

package wsman

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// host answers each SOAP message with what reply makes of it, over TLS and Basic.
func host(t *testing.T, reply func(request string) (status int, body string)) *Client {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/wsman" || user != "svc-terraform" || password != "not-a-real-password-1" {
			t.Errorf("request to %s as %q: %v", r.URL.Path, user, err)
		}
		status, answer := reply(string(body))
		w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
		w.WriteHeader(status)
		io.WriteString(w, strings.ReplaceAll(answer, "MESSAGE", messageID(string(body)))) //nolint:errcheck // the client sees it
	}))
	t.Cleanup(server.Close)
	carrier, err := transport.New(transport.Config{
		Address: server.Listener.Addr().String(), HTTPS: true, Auth: transport.AuthBasic,
		Username: "svc-terraform", Password: "not-a-real-password-1",
		TLS: &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(carrier.Close)
	return New(carrier, Options{})
}

var messageIDs = regexp.MustCompile(`<a:MessageID>([^<]*)</a:MessageID>`)

func messageID(request string) string {
	if m := messageIDs.FindStringSubmatch(request); m != nil {
		return m[1]
	}
	return "none"
}

// soap is an envelope around body, as an answer to the message that is asked.
func soap(body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">` +
		`<s:Header><a:RelatesTo>MESSAGE</a:RelatesTo></s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
}

func TestInvokeSendsWhatWindowsExpectsAndReadsTheOutput(t *testing.T) {
	var sent string
	client := host(t, func(request string) (int, string) {
		sent = request
		return 200, soap(`<p:GetDWORDValue_OUTPUT xmlns:p="x"><p:uValue>4294967295</p:uValue><p:ReturnValue>0</p:ReturnValue></p:GetDWORDValue_OUTPUT>`)
	})
	out, err := client.Invoke(context.Background(), Invocation{
		Namespace: `root\default`, Class: "StdRegProv", Method: "GetDWORDValue", Kind: transport.Read,
		Params: []Param{{"hDefKey", "2147483650"}, {"sSubKeyName", `SYSTEM\A&B<C>`}, {"sValueName", "a\rb"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv</w:ResourceURI>`,
		`<a:Action s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv/GetDWORDValue</a:Action>`,
		`<p:GetDWORDValue_INPUT xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/default/StdRegProv"><p:hDefKey>2147483650</p:hDefKey>` +
			`<p:sSubKeyName>SYSTEM\A&amp;B&lt;C&gt;</p:sSubKeyName><p:sValueName>a&#xD;b</p:sValueName></p:GetDWORDValue_INPUT>`,
		`<w:OperationTimeout>PT55S</w:OperationTimeout>`,
	} {
		if !strings.Contains(sent, want) {
			t.Errorf("the request lacks %s\n%s", want, sent)
		}
	}
	if n, err := out.Uint32("UVALUE"); err != nil || n != 4294967295 {
		t.Errorf("uValue = %d, %v", n, err)
	}
	if n, err := out.ReturnValue(); err != nil || n != 0 {
		t.Errorf("ReturnValue = %d, %v", n, err)
	}
}

func TestInvokeRefusesBeforeSending(t *testing.T) {
	client := host(t, func(string) (int, string) {
		t.Error("a request was sent")
		return 200, ""
	})
	good := Invocation{Namespace: "root/default", Class: "StdRegProv", Method: "EnumKey"}
	for name, spoil := range map[string]func(*Invocation){
		"namespace":      func(i *Invocation) { i.Namespace = "root/../x" },
		"empty":          func(i *Invocation) { i.Namespace = "" },
		"class":          func(i *Invocation) { i.Class = "Std RegProv" },
		"class star":     func(i *Invocation) { i.Class = "" },
		"method":         func(i *Invocation) { i.Method = "a:b" },
		"parameter name": func(i *Invocation) { i.Params = []Param{{"1x", ""}} },
		"NUL":            func(i *Invocation) { i.Params = []Param{{"x", "a\x00b"}} },
		"U+0001":         func(i *Invocation) { i.Params = []Param{{"x", "\x01"}} },
		"U+001F":         func(i *Invocation) { i.Params = []Param{{"x", "a\x1f"}} },
		"U+000B":         func(i *Invocation) { i.Params = []Param{{"x", "a\vb"}} },
		"not UTF-8":      func(i *Invocation) { i.Params = []Param{{"x", "a\xffb"}} },
		"U+FFFE":         func(i *Invocation) { i.Params = []Param{{"x", "\ufffe"}} },
	} {
		call := good
		spoil(&call)
		if _, err := client.Invoke(context.Background(), call); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAReplyToAnotherMessageIsNoAnswer(t *testing.T) {
	client := host(t, func(string) (int, string) {
		return 200, strings.ReplaceAll(soap(`<p:X_OUTPUT xmlns:p="x"><p:ReturnValue>0</p:ReturnValue></p:X_OUTPUT>`), "MESSAGE", "uuid:other")
	})
	_, err := client.Invoke(context.Background(), Invocation{Namespace: "root/default", Class: "StdRegProv", Method: "SetDWORDValue"})
	var lost *transport.ReplyLostError
	if !errors.As(err, &lost) || !transport.MayHaveHappened(err) {
		t.Errorf("error = %v", err)
	}
}

func TestCharactersThatXMLCarriesArriveAsTheyAre(t *testing.T) {
	const text = " \t\r\n<&>\"' \u00fc\u2603\U0001F600\ufffd]]> "
	var sent string
	client := host(t, func(request string) (int, string) {
		sent = request
		return 200, soap(`<p:X_OUTPUT/>`)
	})
	call := setValue()
	call.Params = []Param{{"x", text}}
	if _, err := client.Invoke(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	reply, err := parseEnvelope([]byte(sent), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := newFields(reply.body).Text("x"); got != text {
		t.Errorf("got %q", got)
	}
}

package listener

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// echo answers with what the service would see.
func echo(_ context.Context, r Request) Response {
	return Response{Body: []byte(r.User + "|" + r.ContentType + "|" + string(r.Body))}
}

// start listens until the test ends.
func start(t *testing.T, c Config) *Listener {
	t.Helper()
	if c.Accounts == nil {
		c.Accounts = map[string]string{`CONTOSO\svc-terraform`: "not-a-real-password-1", "local-admin": "not-a-real-password-2"}
	}
	if c.Handle == nil {
		c.Handle = echo
	}
	l, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// post sends one request and returns the status, the body and the header.
func post(t *testing.T, client *http.Client, url, body string, prepare func(*http.Request)) (int, string, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	if prepare != nil {
		prepare(request)
	}
	reply, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text), reply.Header
}

func TestBasic(t *testing.T) {
	l := start(t, Config{Basic: true, AllowUnencrypted: true, Domain: "CONTOSO", ComputerName: "MAIL01"})
	url := "http://" + l.Addr() + "/wsman"
	for _, c := range []struct {
		user, password string
		status         int
		body           string
	}{
		{`CONTOSO\svc-terraform`, "not-a-real-password-1", 200, `CONTOSO\svc-terraform|application/soap+xml;charset=UTF-8|hello`},
		{`contoso\SVC-Terraform`, "not-a-real-password-1", 200, `CONTOSO\svc-terraform|application/soap+xml;charset=UTF-8|hello`},
		{`svc-terraform@contoso.com`, "not-a-real-password-1", 200, `CONTOSO\svc-terraform|application/soap+xml;charset=UTF-8|hello`},
		{`svc-terraform`, "not-a-real-password-1", 200, `CONTOSO\svc-terraform|application/soap+xml;charset=UTF-8|hello`},
		{`mail01\local-admin`, "not-a-real-password-2", 200, `local-admin|application/soap+xml;charset=UTF-8|hello`},
		{`.\local-admin`, "not-a-real-password-2", 200, `local-admin|application/soap+xml;charset=UTF-8|hello`},
		{`FABRIKAM\local-admin`, "not-a-real-password-2", 401, ""},
		{`FABRIKAM\svc-terraform`, "not-a-real-password-1", 401, ""},
		{`svc-terraform`, "not-a-real-password-2", 401, ""},
		{`nobody`, "", 401, ""},
	} {
		status, body, header := post(t, http.DefaultClient, url, "hello", func(r *http.Request) { r.SetBasicAuth(c.user, c.password) })
		if status != c.status || body != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.user, status, body, c.status, c.body)
		}
		if offered := header.Get("WWW-Authenticate"); status == 401 && offered != `Basic realm="WSMAN"` {
			t.Errorf("%s: offered %q", c.user, offered)
		}
	}
	want := Counters{Requests: 10, Connections: 1, FailedLogons: 4}
	if got := l.Counters(); got != want {
		t.Errorf("counters %+v, want %+v", got, want)
	}
}

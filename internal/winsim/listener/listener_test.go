package listener

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
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
	t.Cleanup(l.Close)
	return l
}

// reply is what a client sees.
type reply struct {
	status int
	body   string
	header http.Header
}

func (r reply) offered() []string { return r.header.Values("WWW-Authenticate") }

// try sends one request and gives what came of it.
func try(t *testing.T, client *http.Client, url, body string, prepare func(http.Header)) (reply, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	if prepare != nil {
		prepare(request.Header)
	}
	got, err := client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	return reply{got.StatusCode, string(text), got.Header}, err
}

func post(t *testing.T, client *http.Client, url, body string, prepare func(http.Header)) reply {
	t.Helper()
	r, err := try(t, client, url, body, prepare)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func basic(user, password string) func(http.Header) {
	return func(h http.Header) {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
}

// newClient keeps at most one connection.
func newClient(t *testing.T, c *tls.Config) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: c, MaxConnsPerHost: 1}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestBasicAccounts(t *testing.T) {
	l := start(t, Config{Basic: true, AllowUnencrypted: true, Domain: "CONTOSO", ComputerName: "MAIL01"})
	client := newClient(t, nil)
	for _, c := range []struct {
		user, password string
		account        string // "" is refused
	}{
		{`CONTOSO\svc-terraform`, "not-a-real-password-1", `CONTOSO\svc-terraform`},
		{`contoso\SVC-Terraform`, "not-a-real-password-1", `CONTOSO\svc-terraform`},
		{`svc-terraform@contoso.com`, "not-a-real-password-1", `CONTOSO\svc-terraform`},
		{`svc-terraform`, "not-a-real-password-1", `CONTOSO\svc-terraform`},
		{`mail01\local-admin`, "not-a-real-password-2", "local-admin"},
		{`.\local-admin`, "not-a-real-password-2", "local-admin"},
		{`CONTOSO\local-admin`, "not-a-real-password-2", ""},
		{`MAIL01\svc-terraform`, "not-a-real-password-1", ""},
		{`FABRIKAM\svc-terraform`, "not-a-real-password-1", ""},
		{`svc-terraform`, "not-a-real-password-2", ""},
		{`svc-terraform`, "", ""},
		{`nobody`, "", ""},
	} {
		want := reply{status: 200, body: c.account + "|application/soap+xml;charset=UTF-8|hello"}
		if c.account == "" {
			want = reply{status: 401}
		}
		got := post(t, client, "http://"+l.Addr()+"/wsman", "hello", basic(c.user, c.password))
		if got.status != want.status || got.body != want.body {
			t.Errorf("%s: %d %q, want %d %q", c.user, got.status, got.body, want.status, want.body)
		}
		if offered := got.offered(); got.status == 401 && !slices.Equal(offered, []string{`Basic realm="WSMAN"`}) {
			t.Errorf("%s: offered %q", c.user, offered)
		}
	}
	want := Counters{Requests: 12, Connections: 1, FailedLogons: 6}
	if got := l.Counters(); got != want {
		t.Errorf("counters %+v, want %+v", got, want)
	}
	if l.ResetCounters(); l.Counters() != (Counters{}) {
		t.Errorf("counters %+v after a reset", l.Counters())
	}
}

// TestBasicIsPerRequest shows that a connection is not authenticated by Basic.
func TestBasicIsPerRequest(t *testing.T) {
	l := start(t, Config{Basic: true, AllowUnencrypted: true})
	client := newClient(t, nil)
	url := "http://" + l.Addr() + "/wsman"
	post(t, client, url, "hello", basic("local-admin", "not-a-real-password-2"))
	if got := post(t, client, url, "hello", nil); got.status != 401 {
		t.Errorf("status %d without credentials, want 401", got.status)
	}
}

// TestBasicInClear shows that Basic over plain HTTP is neither offered nor taken by default.
func TestBasicInClear(t *testing.T) {
	l := start(t, Config{Basic: true, Negotiate: true, Handle: never(t)})
	got := post(t, newClient(t, nil), "http://"+l.Addr()+"/wsman", "hello", basic("local-admin", "not-a-real-password-2"))
	if got.status != 401 || got.body != "" || slices.Contains(got.offered(), `Basic realm="WSMAN"`) || got.offered()[0] != "Negotiate" {
		t.Errorf("%d %q, offered %q", got.status, got.body, got.offered())
	}
}

// never is a Handle that must not be called.
func never(t *testing.T) func(context.Context, Request) Response {
	return func(_ context.Context, r Request) Response {
		t.Errorf("Handle was called with %q by %q", r.Body, r.User)
		return Response{}
	}
}

func TestBeforeAuthentication(t *testing.T) {
	l := start(t, Config{Basic: true, AllowUnencrypted: true, Handle: never(t)})
	url := "http://" + l.Addr() + "/wsman"
	client := newClient(t, nil)
	if got := post(t, client, url, strings.Repeat("x", MaxRequestBytes+1), basic("local-admin", "not-a-real-password-2")); got.status != 413 {
		t.Errorf("an endless body: status %d, want 413", got.status)
	}
	get, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Do(get)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	if got.StatusCode != 405 {
		t.Errorf("GET: status %d, want 405", got.StatusCode)
	}
	if got := post(t, client, url, "", basic("local-admin", "not-a-real-password-2")); got.status != 200 || got.body != "" {
		t.Errorf("an empty message: %d %q, want an empty 200", got.status, got.body)
	}
}

func TestReplies(t *testing.T) {
	for name, c := range map[string]struct {
		reply Response
		want  reply
		kind  string
	}{
		"fault":  {Response{Status: 500, Body: []byte("fault")}, reply{status: 500, body: "fault"}, "application/soap+xml;charset=utf-8"},
		"HTML":   {Response{ContentType: "text/html", Body: []byte("<p>")}, reply{status: 200, body: "<p>"}, "text/html"},
		"empty":  {Response{Status: 404}, reply{status: 404}, ""},
		"stream": {Response{Stream: func(w io.Writer) error { _, err := io.WriteString(w, "part"); return err }}, reply{status: 200, body: "part"}, "application/soap+xml;charset=utf-8"},
	} {
		l := start(t, Config{Basic: true, AllowUnencrypted: true, Handle: func(context.Context, Request) Response { return c.reply }})
		got := post(t, newClient(t, nil), "http://"+l.Addr(), "hello", basic("local-admin", "not-a-real-password-2"))
		kind := strings.ToLower(got.header.Get("Content-Type"))
		if got.status != c.want.status || got.body != c.want.body || kind != strings.ToLower(c.kind) {
			t.Errorf("%s: %d %q %s", name, got.status, got.body, kind)
		}
	}
	for name, r := range map[string]Response{
		"drop":          {Drop: true, Body: []byte("unseen")},
		"broken stream": {Stream: func(w io.Writer) error { _, _ = io.WriteString(w, "part"); return io.ErrUnexpectedEOF }},
	} {
		l := start(t, Config{Basic: true, AllowUnencrypted: true, Handle: func(context.Context, Request) Response { return r }})
		if got, err := try(t, newClient(t, nil), "http://"+l.Addr(), "hello", basic("local-admin", "not-a-real-password-2")); err == nil {
			t.Errorf("%s: got %d %q, want an error", name, got.status, got.body)
		}
	}
}

// TestHandleContext shows that a waiting Handle ends with the connection, whoever closes it.
func TestHandleContext(t *testing.T) {
	for name, end := range map[string]func(l *Listener, hangUp func(), ended chan struct{}){
		"client hangs up":   func(_ *Listener, hangUp func(), _ chan struct{}) { hangUp() },
		"connections close": func(l *Listener, _ func(), _ chan struct{}) { l.CloseConnections() },
		"listener closes": func(l *Listener, _ func(), ended chan struct{}) {
			l.Close()
			select {
			case <-ended:
			default:
				t.Error("Close returned before Handle")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			running, ended := make(chan struct{}), make(chan struct{})
			l := start(t, Config{Basic: true, AllowUnencrypted: true, Handle: func(ctx context.Context, _ Request) Response {
				close(running)
				<-ctx.Done()
				for range 1000 { // so that a Close that does not wait would be seen
					runtime.Gosched()
				}
				close(ended)
				return Response{Drop: true}
			}})
			ctx, hangUp := context.WithCancel(t.Context())
			defer hangUp()
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.Addr(), strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			basic("local-admin", "not-a-real-password-2")(request.Header)
			failed := make(chan error)
			go func() {
				got, err := newClient(t, nil).Do(request)
				if err == nil {
					_ = got.Body.Close()
				}
				failed <- err
			}()
			<-running
			end(l, hangUp, ended)
			<-ended
			if err := <-failed; err == nil {
				t.Error("the client got an answer")
			}
		})
	}
}

func TestConfigRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"no Handle":      {},
		"no certificate": {Handle: echo, TLS: &tls.Config{}},
		"unknown policy": {Handle: echo, BindingPolicy: "lax"},
		"no address":     {Handle: echo, IP: "not an address"},
	} {
		if l, err := Listen(c); err == nil {
			t.Errorf("%s: listening on %s", name, l.Addr())
		}
	}
}

// A listener that was stopped is gone at once, also one that has hardly begun, and comes back where it was.
func TestStopAndStart(t *testing.T) {
	dial := func(l *Listener) error {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr())
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	for range 50 {
		l := start(t, Config{Handle: echo})
		address := l.Addr()
		l.Stop()
		if err := l.Start(); err != nil {
			t.Fatal(err)
		}
		l.Stop()
		if dial(l) == nil {
			t.Fatal("a stopped listener takes a connection")
		}
		l.Stop()
		for range 2 {
			if err := l.Start(); err != nil || l.Addr() != address {
				t.Fatalf("it starts at %s, before at %s: %v", l.Addr(), address, err)
			}
		}
		if err := dial(l); err != nil {
			t.Fatal(err)
		}
		l.Close()
		if err := l.Start(); err != nil || dial(l) == nil {
			t.Fatalf("a closed listener starts: %v", err)
		}
	}
}

package winsim

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestActions(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	set := func() (int, string, error) {
		return c.try(envelope(header(stdRegProvURI+"/SetDWORDValue", stdRegProvURI, ""),
			input(stdRegProvURI, "SetDWORDValue", "hDefKey=2147483650", "sSubKeyName="+parametersKey, "sValueName=X", "uValue=2")))
	}
	for _, test := range []struct {
		name   string
		action Action
		status int    // 0: no reply
		reply  string // part of it
		value  string // afterwards; it was REG_DWORD 1
	}{
		{"proceed", Proceed, 200, "ReturnValue>0<", "REG_DWORD 2"},
		{"access denied", AccessDenied, 200, "ReturnValue>5<", "REG_DWORD 1"},
		{"return value", ReturnValue(2147749893), 200, "ReturnValue>2147749893<", "REG_DWORD 1"},
		{"fault", AccessDeniedFault, 500, "w:AccessDenied", "REG_DWORD 1"},
		{"busy", Busy, 500, "w:QuotaLimit", "REG_DWORD 1"},
		{"lose reply", LoseReply, 0, "", "REG_DWORD 2"},
		{"drop before", DropBefore, 0, "", "REG_DWORD 1"},
		{"ignore", Ignore, 200, "ReturnValue>0<", "REG_DWORD 1"},
		{"raw", Raw(404, "text/html", "<html>"), 404, "<html>", "REG_DWORD 1"},
		{"answer", Answer(200, "hello"), 200, "hello", "REG_DWORD 1"},
		{"before", BeforeDo(func() { h.SetString("X", "changed in between") }), 200, "ReturnValue>0<", "REG_DWORD 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h.SetDWORD("X", 1)
			h.Intercept(func(Call) Action { return test.action })
			defer h.Intercept(nil)
			status, reply, err := set()
			if (err != nil) != (test.status == 0) || status != test.status || !strings.Contains(reply, test.reply) {
				t.Errorf("%d %s %v", status, reply, err)
			}
			if text, _ := h.Value("X"); text != test.value {
				t.Errorf("the value is %s, want %s", text, test.value)
			}
		})
	}
	if got := h.Counters(); got.Writes != 11 || got.Methods["SetDWORDValue"] != 11 {
		t.Errorf("intercepted calls must count: %+v", got)
	}
	h.ResetCounters()
	if got := h.Counters(); got.Writes != 0 || got.Requests != 0 || len(got.Methods) != 0 {
		t.Errorf("after the reset: %+v", got)
	}
}

func TestCallSaysWhatIsAsked(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	var calls []Call
	h.Intercept(func(call Call) Action {
		calls = append(calls, call) // one client, one call at a time
		return Proceed
	})
	c.call("SetDWORDValue", "sValueName=X", "uValue=2")
	c.call("GetDWORDValue", "sValueName=X")
	c.call("GetDWORDValue", "sValueName=Y")
	c.enumerate("select Name from Win32_Service")
	if len(calls) != 4 {
		t.Fatalf("%d calls", len(calls))
	}
	if call := calls[0]; call.Method != "SetDWORDValue" || call.Class != "StdRegProv" || call.ValueName != "X" || call.Params["uValue"] != "2" || call.N != 1 {
		t.Errorf("%+v", call)
	}
	if call := calls[2]; call.ValueName != "Y" || call.N != 2 {
		t.Errorf("%+v", call)
	}
	if call := calls[3]; call.Method != "Enumerate" || call.WQL != "select Name from Win32_Service" || call.Class != "*" || call.N != 1 {
		t.Errorf("%+v", call)
	}
}

// An enumeration has no ReturnValue: what would be one becomes the fault.
func TestAccessDeniedOfAnEnumeration(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	h.Intercept(func(Call) Action { return AccessDenied })
	if status, reply := newClient(t, h).enumerate("select * from Win32_Service"); status != 500 || !strings.Contains(reply, "w:AccessDenied") {
		t.Errorf("%d %s", status, reply)
	}
}

func TestHangLastsUntilTheClientGivesUp(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	reached := make(chan struct{}, 2)
	h.Intercept(func(Call) Action {
		reached <- struct{}{}
		return Hang
	})
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+h.HTTPSAddr()+"/wsman",
		strings.NewReader(envelope(header(wsen+"/Enumerate", cimv2, ""), `<n:Enumerate>`+wqlFilter("select * from Win32_Service")+`</n:Enumerate>`)))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(h.Username(), h.Password())
	go func() {
		<-reached
		cancel()
	}()
	if reply, err := c.http.Do(request); err == nil {
		_ = reply.Body.Close()
		t.Errorf("a reply came: %s", reply.Status)
	}
	// The other way out: the host closes under a client that waits (goleak sees whether anything stays behind).
	done := make(chan error, 1)
	go func() {
		_, _, err := c.try(envelope(header(stdRegProvURI+"/EnumKey", stdRegProvURI, ""), input(stdRegProvURI, "EnumKey", "hDefKey=2147483650", "sSubKeyName=SYSTEM")))
		done <- err
	}()
	<-reached
	h.Close()
	if err := <-done; err == nil {
		t.Error("the closed host has answered")
	}
}

func TestEndless(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	h.Intercept(func(Call) Action { return Endless })
	c := newClient(t, h)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+h.HTTPSAddr()+"/wsman",
		strings.NewReader(envelope(header(stdRegProvURI+"/EnumKey", stdRegProvURI, ""), input(stdRegProvURI, "EnumKey", "hDefKey=2147483650", "sSubKeyName=SYSTEM"))))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(h.Username(), h.Password())
	reply, err := c.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	var total atomic.Int64
	for buffer := make([]byte, 1<<16); total.Load() < 4<<20; {
		n, err := reply.Body.Read(buffer)
		total.Add(int64(n))
		if err != nil {
			t.Fatalf("the body ended after %d bytes: %v", total.Load(), err)
		}
	}
}

func TestOptions(t *testing.T) {
	h := Start(t, Server2022(), Seed(3), Account(`FABRIKAM\ops`, "not-a-real-password-2"), Account("second", "not-a-real-password-3"), Named("edge7"), ListenOn("::1"),
		Clock(func() time.Time { return time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC) }))
	c := newClient(t, h)
	if h.Username() != `FABRIKAM\ops` || h.Password() != "not-a-real-password-2" || h.Name() != "EDGE7" || h.Seed() != 3 || !strings.HasPrefix(h.HTTPAddr(), "[::1]:") {
		t.Errorf("%s %s %s %d %s", h.Username(), h.Password(), h.Name(), h.Seed(), h.HTTPAddr())
	}
	_, reply := c.enumerate("select LocalDateTime, CSName from Win32_OperatingSystem")
	if !strings.Contains(reply, "2030-01-0") || !strings.Contains(reply, "EDGE7") {
		t.Errorf("%s", reply)
	}
	if _, err := New(Server2022(), ListenOn("192.0.2.1")); err == nil {
		t.Error("the host must refuse addresses that are not loopback")
	}
	t.Setenv("WINSIM_SEED", "many")
	if _, err := New(Server2022()); err == nil {
		t.Error("WINSIM_SEED=many is taken")
	}
	t.Setenv("WINSIM_SEED", "17")
	if h := Start(t, Server2022()); h.Seed() != 17 {
		t.Errorf("WINSIM_SEED=17 gives %d", h.Seed())
	}
}

func TestLogonIsNeeded(t *testing.T) {
	h := Start(t, Server2022(), Seed(1), WithoutNegotiate())
	c := newClient(t, h)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+h.HTTPSAddr()+"/wsman", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(h.Username(), "wrong")
	reply, err := c.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	if reply.StatusCode != 401 || h.Counters().FailedLogons != 1 || len(reply.Header.Values("WWW-Authenticate")) != 1 {
		t.Errorf("%s %v %+v", reply.Status, reply.Header, h.Counters())
	}
}

func TestCloseConnections(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	c.call("EnumKey")
	h.CloseConnections()
	_, _, _ = c.try("<x/>") // fails, unless net/http has seen in time that its connection is gone
	c.call("EnumKey")
	if got := h.Counters().Connections; got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
}

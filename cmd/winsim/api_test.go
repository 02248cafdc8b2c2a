package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

func TestControlAPI(t *testing.T) {
	h, address := startWithAPI(t, winsim.Server2022())
	booted := h.Sockets()[0].Created
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
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
		return reply.StatusCode, string(text)
	}
	for _, test := range []struct {
		method, path, body string
		status             int
		value              string // of X afterwards
	}{
		{"POST", "/registry", `{"name":"X","type":"REG_DWORD","data":"0x1e"}`, 200, "REG_DWORD 30"},
		{"POST", "/registry", `{"name":"x","type":"reg_sz","data":"thirty"}`, 200, `REG_SZ "thirty"`},
		{"POST", "/registry", `{"name":"x","type":"REG_DWORD","data":"thirty"}`, 400, `REG_SZ "thirty"`},
		{"POST", "/registry", `{"name":"x","type":"REG_BOOL","data":"1"}`, 400, `REG_SZ "thirty"`},
		{"POST", "/registry", `{"name":`, 400, `REG_SZ "thirty"`},
		{"POST", "/registry", `{"name":"x","data":"` + strings.Repeat("x", maxControlBody) + `"}`, 400, `REG_SZ "thirty"`},
		{"DELETE", "/registry?name=Y", "", 404, `REG_SZ "thirty"`},
		{"DELETE", "/registry?name=x", "", 200, ""},
		{"GET", "/nothing", "", 404, ""},
		{"POST", "/load", `{"PerSecond":1,"Destinations":["nowhere"]}`, 400, ""},
		{"POST", "/step", "", 400, ""},
		{"POST", "/table?rows=1000001&endpoints=1", "", 400, ""},
		{"POST", "/table?rows=1&endpoints=-1", "", 400, ""},
		{"POST", "/step?by=-1s", "", 400, ""},
		{"POST", "/step?by=25h", "", 400, ""},
	} {
		status, reply := ask(test.method, test.path, test.body)
		if value, _ := h.Value("X"); status != test.status || value != test.value {
			t.Errorf("%s %s %.60s: %d %s, X is %q; want %d, %q", test.method, test.path, test.body, status, reply, value, test.status, test.value)
		}
	}
	h.SetMultiString("List", "a", "b")
	_, text := ask("GET", "/registry", "")
	if !strings.Contains(text, `{"name":"List","type":"REG_MULTI_SZ","data":"a\\0b"}`) || !strings.Contains(text, `"DataBasePath"`) {
		t.Errorf("registry %s", text)
	}
	if status, _ := ask("POST", "/connections/close", ""); status != 200 {
		t.Errorf("close connections: %d", status)
	}
	anonymous, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.HTTPAddr()+"/wsman", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	refused, err := client.Do(anonymous)
	if err != nil {
		t.Fatal(err)
	}
	_ = refused.Body.Close()
	h.SetSockets([]tcpstack.Socket{{State: 250}, {State: 11}, {State: 11}, {State: tcpstack.Bound}})
	if _, text = ask("GET", "/sockets", ""); !strings.Contains(text, `{"states":{"100":1,"11":2,"250":1},"start":49152,"number":16384,"excluded":60,"time_wait":`) {
		t.Errorf("sockets %s", text)
	}
	if status, _ := ask("POST", "/reboot", ""); status != 200 {
		t.Errorf("reboot: %d", status)
	}
	if boot := h.Sockets()[0].Created; !boot.After(booted) {
		t.Errorf("boot at %v, before at %v", boot, booted)
	}
	ask("POST", "/load", `{"PerSecond":5,"Destinations":["198.51.100.9:25","[2001:db8::9]:25"]}`)
	ask("POST", "/step?by=61s", "")
	if _, text = ask("GET", "/sockets", ""); !strings.Contains(text, `"active":306,"failures":0,"events":{}}`) {
		t.Errorf("sockets %s", text)
	}
	_, text = ask("GET", "/counters", "")
	var got winsim.Counters
	if err := json.Unmarshal([]byte(text), &got); err != nil || got.Requests != 1 || got.Connections != 1 {
		t.Errorf("counters %s: %v", text, err)
	}
	if ask("DELETE", "/counters", ""); h.Counters().Requests != 0 {
		t.Errorf("counters %+v", h.Counters())
	}
}

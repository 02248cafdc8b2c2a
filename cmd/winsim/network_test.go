package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// wql asks a host over WinRM, in clear, and gives the reply.
func wql(t *testing.T, address, namespace, query string) string {
	t.Helper()
	const body = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ` +
		`xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header><a:To>http://x/wsman</a:To>` +
		`<w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/wmi/%s/*</w:ResourceURI><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>` +
		`<a:Action>http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate</a:Action><a:MessageID>uuid:1</a:MessageID></s:Header><s:Body><n:Enumerate><w:OptimizeEnumeration/>` +
		`<w:MaxElements>9</w:MaxElements><w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">%s</w:Filter></n:Enumerate></s:Body></s:Envelope>`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/wsman", strings.NewReader(fmt.Sprintf(body, namespace, query)))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(winsim.DefaultUsername, winsim.DefaultPassword)
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestNetsh(t *testing.T) {
	host, address := startWithAPI(t, winsim.Server2019())
	t.Setenv("WINSIM_CONTROL", address)
	host.SetElevated(false) // a matter of remote users
	winsimIs(t, "netsh int ipv4 set dynamicport tcp start=10000 num=1000", 0, "Ok.\n")
	if active, persistent := host.PortRange("tcp", "ipv4"); active != (tcpstack.Range{Start: 10000, Number: 1000}) || persistent != active {
		t.Errorf("the range is %v, %v", active, persistent)
	}
	winsimIs(t, "netsh int ipv4 show dynamicport tcp", 0, "\nStart Port      : 10000\nNumber of Ports : 1000\n")
	winsimIs(t, "netsh int ipv4 add excludedportrange protocol=tcp startport=10025 numberofports=1 store=persistent", 0, "Ok.\n")
	winsimIs(t, "netsh int ipv4 show nothing", 1, "The following command was not found: int ipv4 show nothing.\n")
	var out, errors bytes.Buffer
	if code := run(t.Context(), []string{"netsh", "int"}, &out, &errors); code != 1 || errors.Len() > 0 {
		t.Errorf("exit code %d, and winsim adds %q", code, errors.String())
	}
	winsimIs(t, "netsh", 2, "<words>")
	if got := host.Counters().Programs; len(got) != 0 {
		t.Errorf("counted: %v", got)
	}
}

func TestListenAndPolicy(t *testing.T) {
	host, address := startWithAPI(t, winsim.Server2025(), winsim.AllowUnencrypted(true), winsim.PolicyResults("read"))
	t.Setenv("WINSIM_CONTROL", address)
	winsimIs(t, "listen [::]:1433 --pid 4120 --process sqlservr.exe", 0, "The operation completed successfully.")
	winsimIs(t, "listen 0.0.0.0:1433 --pid 4120", 0, "The operation completed successfully.")
	var found []string
	for _, s := range host.Sockets() {
		if s.PID == 4120 && s.State == tcpstack.Listen {
			found = append(found, s.Local.String())
		}
	}
	if !slices.Equal(found, []string{"0.0.0.0:1433", "[::]:1433"}) {
		t.Errorf("listeners %q", found)
	}
	if reply := wql(t, host.HTTPAddr(), "root/cimv2", "select Name from Win32_Process where ProcessId = 4120"); !strings.Contains(reply, "Name>sqlservr.exe<") {
		t.Errorf("%s", reply)
	}
	for _, bad := range []string{"1433", "0.0.0.0:0", "localhost:1433", "0.0.0.0:65536"} {
		winsimIs(t, "listen "+bad+" --pid 4120", 1, "is no address such as 0.0.0.0:1433")
	}
	winsimIs(t, "listen 0.0.0.0:1434", 2, "--pid")
	winsimIs(t, "listen 0.0.0.0:1434 --pid -1", 2, "-1")
	var out bytes.Buffer
	if code := run(t.Context(), []string{"policy", "-v", "KeepAliveTime", "-d", "0x493e0", "--gpo", "Servers, baseline"}, &out, &out); code != 0 {
		t.Errorf("exit code %d: %s", code, out.String())
	}
	if code := run(t.Context(), []string{"policy", "-k", `SOFTWARE\X`, "-v", "Y", "-d", "4294967296", "--gpo", "x"}, &out, &out); code != 2 {
		t.Errorf("a number of 33 bits: exit code %d", code)
	}
	reply := wql(t, host.HTTPAddr(), "root/rsop/computer", "select registryKey, valueName, value from RSOP_RegistryPolicySetting")
	for _, want := range []string{`registryKey>` + winsim.TCPIPParameters + `<`, "valueName>KeepAliveTime<", "value>224<"} {
		if !strings.Contains(reply, want) {
			t.Errorf("%s is missing in %s", want, reply)
		}
	}
	if reply = wql(t, host.HTTPAddr(), "root/rsop/computer", "select name from RSOP_GPO"); !strings.Contains(reply, "name>Servers, baseline<") {
		t.Errorf("%s", reply)
	}
}

func TestRebootDown(t *testing.T) {
	host, address := startWithAPI(t, winsim.Server2022())
	t.Setenv("WINSIM_CONTROL", address)
	booted := func() time.Time { return host.Stack().Config().Boot }
	before := booted()
	for _, bad := range []string{"-1s", "11m"} {
		winsimIs(t, "reboot --down="+bad, 1, "down must be 0s to 10m0s")
	}
	winsimIs(t, "reboot --down=soon", 2, "soon")
	if !booted().Equal(before) {
		t.Error("a mistake restarts the host")
	}
	winsimIs(t, "reboot --down=10m", 0, "The operation completed successfully.")
	if c, err := new(net.Dialer).DialContext(t.Context(), "tcp", host.HTTPAddr()); err == nil {
		_ = c.Close()
		t.Error("the host listens")
	}
	winsimIs(t, "reboot --down=0s", 0, "The operation completed successfully.")
	for began := time.Now(); time.Since(began) < 20*time.Second; <-time.After(time.Millisecond) {
		if c, err := new(net.Dialer).DialContext(t.Context(), "tcp", host.HTTPAddr()); err == nil {
			_ = c.Close()
			return
		}
	}
	t.Error("the host does not come back")
}

// What is no JSON changes nothing.
func TestBadRequests(t *testing.T) {
	host, address := startWithAPI(t, winsim.Server2022())
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	sockets := len(host.Sockets())
	for _, path := range []string{"/console", "/listeners", "/policies", "/load", "/registry"} {
		for _, body := range []string{"", "{", `{"line":"`, "[1]"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			reply, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = reply.Body.Close()
			if reply.StatusCode != http.StatusBadRequest {
				t.Errorf("%s %.20s: %s", path, body, reply.Status)
			}
		}
	}
	if len(host.Sockets()) != sockets {
		t.Error("a bad request is carried out")
	}
}

func TestServeOptions(t *testing.T) {
	for _, test := range []struct{ flags, role, ports, policies string }{
		{"--domain-controller --max-user-port-rules --policy-results denied", "5", "1024", "AccessDenied"},
		{"--no-max-user-port-rules --policy-results read", "3", "49152", "EndOfSequence"},
	} {
		ready := filepath.Join(t.TempDir(), "ready")
		ctx, cancel := context.WithCancel(t.Context())
		out := &watch{up: func(text string) {
			defer cancel()
			_, rest, _ := strings.Cut(text, "WINSIM_CONTROL='")
			control, _, _ := strings.Cut(rest, "'")
			winsimIs(t, "reg add -v MaxUserPort -t REG_DWORD -d 15000 --control "+control, 0, "")
			winsimIs(t, "reboot --control "+control, 0, "")
			winsimIs(t, "netsh int ipv6 show dynamicport tcp --control "+control, 0, "Start Port      : "+test.ports+"\n")
			_, rest, _ = strings.Cut(text, "WINSIM_HTTP='")
			host, _, _ := strings.Cut(rest, "'")
			if reply := wql(t, host, "root/cimv2", "select DomainRole from Win32_ComputerSystem"); !strings.Contains(reply, "DomainRole>"+test.role+"<") {
				t.Errorf("%s: %s", test.flags, reply)
			}
			if reply := wql(t, host, "root/rsop/computer", "select name from RSOP_GPO"); !strings.Contains(reply, test.policies) {
				t.Errorf("%s: %s", test.flags, reply)
			}
		}}
		var errors bytes.Buffer
		if code := run(ctx, append([]string{"serve", "--allow-unencrypted", "--ready-file", ready}, strings.Fields(test.flags)...), out, &errors); code != 0 {
			t.Errorf("%s: exit code %d: %s", test.flags, code, errors.String())
		}
	}
	winsimIs(t, "serve --policy-results sometimes", 2, "must be one of")
}

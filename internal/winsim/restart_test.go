package winsim

import (
	"maps"
	"net"
	"strings"
	"testing"
	"time"
)

// refuses dials until it is refused, or until it is not, as wanted; it gives up after a while.
func refuses(t *testing.T, address string, wanted bool) bool {
	t.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
		}
		if (err != nil) == wanted {
			return true
		}
		<-time.After(time.Millisecond)
	}
	return false
}

func TestARestartThatTakesItsTime(t *testing.T) {
	h := Start(t, Server2022())
	h.SetDWORD("TcpTimedWaitDelay", 30)
	c := newClient(t, h)
	_, before, _ := c.times()
	id := c.openShell()
	http, https := h.HTTPAddr(), h.HTTPSAddr()
	h.RestartFor(50 * time.Millisecond)
	for _, address := range []string{http, https} {
		if !refuses(t, address, false) {
			t.Fatalf("%s does not come back", address)
		}
	}
	if _, after, _ := c.times(); !after.After(before) || h.HTTPAddr() != http || h.HTTPSAddr() != https {
		t.Errorf("booted at %v, before at %v", after, before)
	}
	if seconds := h.Stack().Config().TimeWait; seconds != 30*time.Second {
		t.Errorf("TIME_WAIT is %v", seconds)
	}
	if status, _ := c.start(id, "echo x"); status != 500 {
		t.Error("a shell outlives the restart")
	}
}

// Nobody listens until the time is up, and what was under way is cut.
func TestNobodyListensDuringARestart(t *testing.T) {
	h := Start(t, Server2012R2())
	c := newClient(t, h)
	arrived, hung := make(chan bool), make(chan error)
	h.Intercept(func(Call) Action {
		close(arrived)
		return Hang
	})
	go func() {
		_, _, err := c.try(envelope(header(wsen+"/Enumerate", cimv2, ""), `<n:Enumerate>`+wqlFilter("select Name from Win32_Service")+`</n:Enumerate>`))
		hung <- err
	}()
	<-arrived
	h.RestartFor(time.Hour)
	if err := <-hung; err == nil {
		t.Error("a request survives the restart")
	}
	for _, address := range []string{h.HTTPAddr(), h.HTTPSAddr()} {
		if c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
			_ = c.Close()
			t.Errorf("%s listens", address)
		}
	}
	h.Close() // does not wait for the hour, and may come twice
}

// Somebody else may have one of the ports when the time is up; a host that was closed does not come back.
func TestARestartMayFindItsPortTaken(t *testing.T) {
	h := Start(t, Server2022())
	address := h.HTTPAddr()
	h.http.Stop()
	thief, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	h.RestartFor(0)
	if !refuses(t, h.HTTPSAddr(), true) { // HTTPS waits for HTTP
		t.Error("half of the host is back")
	}
	_ = thief.Close()
	if !refuses(t, address, false) || !refuses(t, h.HTTPSAddr(), false) {
		t.Error("the host does not come back")
	}
	h.Close()
	h.RestartFor(0)
	h.listenAgain()
	if c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
		_ = c.Close()
		t.Error("a closed host listens again")
	}
}

// Whatever would restart a host is counted by name, done or not.
func TestWhatWouldRestartAHostIsCounted(t *testing.T) {
	h := Start(t, Server2022())
	c := newClient(t, h)
	const system = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_OperatingSystem"
	for _, more := range []string{"", selectorSet("Name", "x")} {
		if status, _ := c.post(envelope(header(system+"/Reboot", system, more), `<p:Reboot_INPUT xmlns:p="`+system+`"/>`)); status != 500 {
			t.Errorf("Reboot: %d", status)
		}
	}
	c.post(envelope(header(system+"/Win32Shutdown", system, ""), `<p:Win32Shutdown_INPUT xmlns:p="`+system+`"><p:Flags>6</p:Flags></p:Win32Shutdown_INPUT>`))
	missingBody(c)
	got := h.Counters()
	if want := map[string]int{"Reboot": 2, "Win32Shutdown": 1, "GetDWORDValue": 1}; !maps.Equal(got.Methods, want) || len(got.Programs) != 0 {
		t.Errorf("methods %v, programs %v", got.Methods, got.Programs)
	}
	id := c.openShell()
	h.Intercept(func(call Call) Action {
		if strings.Contains(call.Command, "-t") {
			return AccessDeniedFault
		}
		return Proceed
	})
	for _, line := range []string{`C:\Windows\System32\SHUTDOWN.EXE /r -t 0`, "netsh int ipv4 show dynamicport tcp & netstat -ano && netsh x"} {
		c.start(id, line)
	}
	if want := map[string]int{"shutdown": 1, "netsh": 2, "netstat": 1}; !maps.Equal(h.Counters().Programs, want) {
		t.Errorf("programs %v", h.Counters().Programs)
	}
	h.Console("netsh nothing") // nobody's call
	h.ResetCounters()
	if got := h.Counters(); len(got.Programs) != 0 || len(got.Methods) != 0 {
		t.Errorf("after a reset: %+v", got)
	}
}

func TestConsole(t *testing.T) {
	h := Start(t, Server2016(), WithoutShell())
	h.SetElevated(false) // a matter of remote users
	if out, code := h.Console("netsh int ipv4 set dynamicport tcp start=1025 num=64511"); out != "Ok.\r\n\r\n" || code != 0 {
		t.Errorf("%d %q", code, out)
	}
	wantRanges(t, h, "set", "1025+64511 "+own+" "+own+" "+own)
	if out, code := h.Console("shutdown /r"); code == 0 || !strings.Contains(out, "'shutdown' is not recognized") {
		t.Errorf("%d %q", code, out)
	}
	if got := h.Counters(); len(got.Programs) != 0 {
		t.Errorf("a console's programs are counted: %v", got.Programs)
	}
}

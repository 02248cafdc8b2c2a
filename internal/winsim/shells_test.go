package winsim

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/shell"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

const (
	rsp      = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"

	unknownID = `Code="2150858843"`
)

// operate sends one operation of the shell whose id that is; body is an element of the shell's namespace, options are
// NAME=VALUE.
func (c *client) operate(action, id, body string, options ...string) (int, string) {
	c.t.Helper()
	more := maxEnvelope
	if id != "" {
		more += selectorSet("ShellId", id)
	}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		more += `<w:Option Name="` + name + `">` + value + `</w:Option>`
	}
	if len(options) > 0 {
		more = strings.Replace(more, "<w:Option ", "<w:OptionSet><w:Option ", 1) + "</w:OptionSet>"
	}
	return c.post(envelope(header(action, shell.URI, more), strings.Replace(body, ">", ` xmlns:rsp="`+rsp+`">`, 1)))
}

func selectorSet(name, value string) string {
	return `<w:SelectorSet><w:Selector Name="` + name + `">` + value + `</w:Selector></w:SelectorSet>`
}

func (c *client) create(options ...string) (int, string) {
	c.t.Helper()
	return c.operate(transfer+"/Create", "", `<rsp:Shell ><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`,
		append([]string{"WINRS_NOPROFILE=FALSE"}, options...)...)
}

// openShell creates a shell and gives its id.
func (c *client) openShell(options ...string) string {
	c.t.Helper()
	status, reply := c.create(options...)
	if status != 200 {
		c.t.Fatalf("Create: %d %s", status, reply)
	}
	return elements(c.t, reply, "Selector")[0]
}

func (c *client) deleteShell(id string) (int, string) {
	c.t.Helper()
	return c.operate(transfer+"/Delete", id, "")
}

func (c *client) start(id, line string, options ...string) (int, string) {
	c.t.Helper()
	return c.operate(rsp+"/Command", id, `<rsp:CommandLine ><rsp:Command><![CDATA[`+line+`]]></rsp:Command></rsp:CommandLine>`,
		append([]string{"WINRS_CONSOLEMODE_STDIN=TRUE"}, options...)...)
}

// startCommand starts a command and gives its id.
func (c *client) startCommand(id, line string, options ...string) string {
	c.t.Helper()
	status, reply := c.start(id, line, options...)
	if status != 200 {
		c.t.Fatalf("Command: %d %s", status, reply)
	}
	return elements(c.t, reply, "CommandId")[0]
}

func (c *client) receive(id, command string) (int, string) {
	c.t.Helper()
	return c.operate(rsp+"/Receive", id, `<rsp:Receive ><rsp:DesiredStream CommandId="`+command+`">stdout stderr</rsp:DesiredStream></rsp:Receive>`)
}

func (c *client) signal(id, command, code string) (int, string) {
	c.t.Helper()
	return c.operate(rsp+"/Signal", id, `<rsp:Signal CommandId="`+command+`"><rsp:Code>`+rsp+`/signal/`+code+`</rsp:Code></rsp:Signal>`)
}

// output is what a command wrote and how it ended.
type output struct {
	stdout, stderr, exitCode string
	replies                  []string
}

// run runs a line in a shell until it is done and signals its end.
func (c *client) run(id, line string, options ...string) (out output) {
	c.t.Helper()
	command := c.startCommand(id, line, options...)
	var stdout, stderr strings.Builder
	for len(out.exitCode) == 0 {
		status, reply := c.receive(id, command)
		if out.replies = append(out.replies, reply); status != 200 && !strings.Contains(reply, `Code="2150858793"`) || len(out.replies) > 20000 {
			c.t.Fatalf("Receive %d: %d %s", len(out.replies), status, reply)
		}
		stdout.WriteString(c.stream(reply, "stdout"))
		stderr.WriteString(c.stream(reply, "stderr"))
		out.exitCode = strings.Join(elements(c.t, reply, "ExitCode"), "")
	}
	if status, reply := c.signal(id, command, "terminate"); status != 200 || !strings.Contains(reply, "SignalResponse") {
		c.t.Fatalf("Signal: %d %s", status, reply)
	}
	out.stdout, out.stderr = stdout.String(), stderr.String()
	return out
}

// stream joins a stream's parts in a reply.
func (c *client) stream(reply, name string) (text string) {
	c.t.Helper()
	for _, part := range strings.Split(reply, `<rsp:Stream Name="`+name+`"`)[1:] {
		_, part, _ = strings.Cut(part, ">")
		part, _, _ = strings.Cut(part, "<")
		data, err := base64.StdEncoding.DecodeString(part)
		if err != nil {
			c.t.Fatalf("a stream is no base64: %v in %s", err, reply)
		}
		text += string(data)
	}
	return text
}

func TestNetstatInAShell(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	h.SetSockets(nil)
	c := newClient(t, h)
	id := c.openShell("WINRS_CODEPAGE=437")
	if got := h.Counters().OpenShells; got != 1 {
		t.Errorf("%d open shells, want 1", got)
	}
	out := c.run(id, "netstat -ano -p tcp")
	want := "\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State           PID\r\n"
	if out.stdout != want || out.stderr != "" || out.exitCode != "0" {
		t.Errorf("%+q", out)
	}
	if status, reply := c.deleteShell(strings.ToLower(id)); status != 200 || !strings.Contains(reply, "<s:Body></s:Body>") || !strings.Contains(reply, "/DeleteResponse<") {
		t.Errorf("Delete: %d %s", status, reply)
	}
	if got := h.Counters(); got.OpenShells != 0 || got.Methods["Create"] != 1 || got.Methods["Command"] != 1 || got.Methods["Signal"] != 1 || got.Methods["Delete"] != 1 || got.Methods["Receive"] != len(out.replies) {
		t.Errorf("counters %+v", got)
	}
}

// table makes so many sockets of the load's kind.
func table(n int) (sockets []tcpstack.Socket) {
	for i := range n {
		remote := netip.AddrFrom4([4]byte{198, 51, byte(i >> 14), byte(i >> 6)})
		sockets = append(sockets, tcpstack.Socket{Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 25}), uint16(1025+i%64000)), Remote: netip.AddrPortFrom(remote, 25), State: tcpstack.TimeWait})
	}
	return sockets
}

// Whatever a seed does to the replies, all of the output arrives, and no reply is larger than the client allows.
func TestLongOutputArrivesWhole(t *testing.T) {
	for _, p := range []Profile{Server2003(), Server2022()} {
		for seed := int64(1); seed <= 6; seed++ {
			h := Start(t, p, Seed(seed))
			h.SetSockets(table(3000))
			c := newClient(t, h)
			out := c.run(c.openShell(), "netstat -ano -p tcp")
			for i, reply := range out.replies {
				if size := 2 * len(utf16.Encode([]rune(reply))); p.Build > 6000 && size > 153600 || len(reply) > 153600 {
					t.Errorf("%s seed %d: reply %d has %d bytes in UTF-16, %d as sent", p.Key, seed, i, size, len(reply))
				}
			}
			lines := strings.Split(out.stdout, "\r\n")
			if want := fmt.Sprintf("%*sTCP    192.0.2.25:4024        198.51.0.46:25         TIME_WAIT       0", h.machine.Shape.NetstatIndent, ""); len(lines) != 3005 || lines[3003] != want {
				t.Errorf("%s seed %d: %d lines, the last is %q, want %q", p.Key, seed, len(lines), lines[len(lines)-2], want)
			}
		}
	}
}

func TestHundredThousandRows(t *testing.T) {
	h := Start(t, Server2022(), Seed(seedWhere(t, func(s profile.Shape) bool { return s.ShellPart > 1<<20 && s.NetstatIndent == 2 })))
	h.SetSockets(table(100_000))
	c := newClient(t, h)
	out := c.run(c.openShell(), "netstat -ano -p tcp & netstat -ano -p tcpv6")
	if rows := strings.Count(out.stdout, "\r\n  TCP "); rows != 100_000 || len(out.replies) < 50 || len(out.replies) > 150 {
		t.Errorf("%d rows in %d replies", rows, len(out.replies))
	}
}

func TestShellFaults(t *testing.T) {
	h := Start(t, Server2022(), Seed(seedWhere(t, func(s profile.Shape) bool { return !s.ShellTimesOut && s.Reason == profile.ReasonEnglish })))
	c := newClient(t, h)
	id := c.openShell()
	command := c.startCommand(id, "echo hello")
	if status, reply := c.receive(id, command); status != 200 {
		t.Fatalf("%d %s", status, reply)
	}
	_, _ = c.receive(id, command) // by then it is done under every seed
	other := "11111111-1111-4111-8111-111111111111"
	ask := func(action, id, body string, options ...string) func() (int, string) {
		return func() (int, string) { return c.operate(action, id, body, options...) }
	}
	for name, test := range map[string]struct {
		ask  func() (int, string)
		want string
	}{
		"unknown shell":     {func() (int, string) { return c.start(other, "echo hello") }, unknownID},
		"no shell":          {func() (int, string) { return c.start("", "echo hello") }, unknownID},
		"delete unknown":    {func() (int, string) { return c.deleteShell(other) }, unknownID},
		"unknown command":   {func() (int, string) { return c.receive(id, other) }, "a command identifier that does not exist"},
		"done command":      {func() (int, string) { return c.receive(id, command) }, unknownID},
		"signal unknown":    {func() (int, string) { return c.signal(id, other, "terminate") }, unknownID},
		"other body":        {ask(rsp+"/Command", id, "<rsp:Receive ></rsp:Receive>"), `Code="2150858817"`},
		"no body":           {ask(rsp+"/Receive", id, ""), `Code="2150858817"`},
		"Send":              {ask(rsp+"/Send", id, "<rsp:Send ></rsp:Send>"), `Code="2150858771"`},
		"Get":               {ask(transfer+"/Get", id, ""), `Code="2150858771"`},
		"code page unknown": {func() (int, string) { return c.create("WINRS_CODEPAGE=12345") }, `Code="2150859072"`},
		"code page no page": {func() (int, string) { return c.create("WINRS_CODEPAGE=UTF-8") }, `Code="2150859072"`},
		"no such program":   {func() (int, string) { return c.start(id, "echo hello", "WINRS_SKIP_CMD_SHELL=TRUE") }, `Code="2147942402"`},
	} {
		t.Run(name, func(t *testing.T) {
			if status, reply := test.ask(); status != 500 || !strings.Contains(reply, test.want) {
				t.Errorf("%d %s", status, reply)
			}
		})
	}
	if status, reply := c.signal(id, command, "Terminate"); status != 200 {
		t.Errorf("a command that is done cannot be ended: %d %s", status, reply)
	}
	if status, reply := c.signal(id, command, "terminate"); status != 500 || !strings.Contains(reply, unknownID) {
		t.Errorf("an ended command is still there: %d %s", status, reply)
	}
	if out := c.run(id, "netstat -ano -p tcpv6", "WINRS_SKIP_CMD_SHELL=TRUE"); out.exitCode != "0" || !strings.Contains(out.stdout, "[::]:25 ") {
		t.Errorf("without cmd.exe: %+q", out)
	}
}

// Streams that the client has not opened, or does not ask for, are left out.
func TestStreamsLeftOut(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	_, reply := c.operate(transfer+"/Create", "", `<rsp:Shell ><rsp:OutputStreams>stdout</rsp:OutputStreams></rsp:Shell>`)
	if out := c.run(elements(t, reply, "Selector")[0], "nothing & echo hello"); out.stderr != "" || out.stdout != "hello\r\n" {
		t.Errorf("%+q", out)
	}
	id := c.openShell()
	command := c.startCommand(id, "nothing & echo hello")
	for range 3 {
		_, reply = c.operate(rsp+"/Receive", id, `<rsp:Receive ><rsp:DesiredStream CommandId="`+command+`">stderr</rsp:DesiredStream></rsp:Receive>`)
		if c.stream(reply, "stdout") != "" {
			t.Errorf("stdout was not asked for: %s", reply)
		}
	}
	_, reply = c.operate(transfer+"/Create", "", `<rsp:Shell ></rsp:Shell>`)
	if out := c.run(elements(t, reply, "Selector")[0], "nothing & echo hello"); out.stderr == "" || out.stdout != "hello\r\n" {
		t.Errorf("without OutputStreams: %+q", out)
	}
}

func TestCtrlC(t *testing.T) {
	h := Start(t, Server2022(), Seed(2))
	h.SetSockets(table(20000))
	c := newClient(t, h)
	id := c.openShell()
	command := c.startCommand(id, "netstat -ano")
	if status, reply := c.signal(id, command, "ctrl_c"); status != 200 {
		t.Fatalf("%d %s", status, reply)
	}
	for range 3 {
		if _, reply := c.receive(id, command); strings.Contains(reply, "<rsp:ExitCode>-1073741510</rsp:ExitCode>") && c.stream(reply, "stdout") == "" {
			return
		}
	}
	t.Error("the command goes on")
}

func TestQuotaOfShells(t *testing.T) {
	for _, p := range []Profile{Server2008R2(), Server2022()} {
		h := Start(t, p, Seed(1), Account(`CONTOSO\one`, "not-a-real-password-1"), Account(`CONTOSO\two`, "not-a-real-password-1"))
		c := newClient(t, h)
		var last string
		for range p.MaxShells {
			last = c.openShell()
		}
		if status, reply := c.create(); status != 500 || !strings.Contains(reply, `Code="2150859173"`) || !strings.Contains(reply, "w:QuotaLimit") || h.Counters().OpenShells != p.MaxShells {
			t.Errorf("%s: %d %s", p.Key, status, reply)
		}
		h.settings.username = `CONTOSO\two` // the quota is a user's
		c.openShell()
		h.settings.username = `CONTOSO\one`
		c.deleteShell(last)
		c.openShell()
	}
}

func TestIdleShellsClose(t *testing.T) {
	for _, test := range []struct {
		profile Profile
		timeout time.Duration
	}{{Server2003(), 180 * time.Second}, {Server2022(), 2 * time.Hour}} {
		h := Start(t, test.profile, Seed(1))
		c := newClient(t, h)
		id := c.openShell()
		h.Advance(test.timeout - time.Second)
		c.run(id, "echo used")
		h.Advance(test.timeout - time.Second)
		if got := h.Counters().OpenShells; got != 1 {
			t.Errorf("%s: %d open shells before the time is up", test.profile.Key, got)
		}
		h.Advance(time.Second)
		if status, reply := c.start(id, "echo late"); status != 500 || !strings.Contains(reply, unknownID) || h.Counters().OpenShells != 0 {
			t.Errorf("%s: %d %s", test.profile.Key, status, reply)
		}
		id = c.openShell()
		h.Reboot()
		c.http.CloseIdleConnections()
		if status, _ := c.start(id, "echo after the restart"); status != 500 || h.Counters().OpenShells != 0 {
			t.Errorf("%s: a shell outlives the restart", test.profile.Key)
		}
	}
}

func TestHostsWithoutAShell(t *testing.T) {
	seen := map[string]bool{}
	for seed := int64(1); seed <= 2; seed++ {
		for _, h := range []*Host{Start(t, Server2003R2(), Seed(seed)), Start(t, Server2022(), Seed(seed), WithoutShell())} {
			status, reply := newClient(t, h).create()
			code := faultCode.FindStringSubmatch(reply)
			if status != 500 || len(code) != 2 || h.Counters().OpenShells != 0 {
				t.Fatalf("%d %s", status, reply)
			}
			seen[code[1]] = true
		}
	}
	if len(seen) != 2 || !seen["2150858752"] || !seen["2150858771"] {
		t.Errorf("faults %v", seen)
	}
}

func TestInterceptedShellCalls(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	var calls []string
	action := Proceed
	h.Intercept(func(call Call) Action {
		calls = append(calls, call.Method+" "+call.Command+call.WQL+call.Class)
		return action
	})
	id := c.openShell()
	status, reply := c.operate(rsp+"/Command", id, `<rsp:CommandLine ><rsp:Command>netstat</rsp:Command><rsp:Arguments>-ano</rsp:Arguments><rsp:Arguments>-p tcp</rsp:Arguments></rsp:CommandLine>`)
	if status != 200 {
		t.Fatalf("%d %s", status, reply)
	}
	if _, reply = c.signal(id, elements(t, reply, "CommandId")[0], "terminate"); !slices.Equal(calls, []string{"Create ", "Command netstat -ano -p tcp", "Signal "}) {
		t.Errorf("%q %s", calls, reply)
	}
	action = Busy
	if status, reply := c.deleteShell(id); status != 500 || !strings.Contains(reply, "w:QuotaLimit") || h.Counters().OpenShells != 1 {
		t.Errorf("busy: %d %s", status, reply)
	}
	action = AccessDenied
	if status, reply := c.create(); status != 500 || !strings.Contains(reply, "w:AccessDenied") {
		t.Errorf("denied: %d %s", status, reply)
	}
	action = LoseReply
	if _, _, err := c.try(envelope(header(transfer+"/Delete", shell.URI, selectorSet("ShellId", id)), "")); err == nil || h.Counters().OpenShells != 0 {
		t.Errorf("a lost reply: %v, %d open shells", err, h.Counters().OpenShells)
	}
}

package winsim

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/shell"
)

const (
	rsp      = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
)

// operate sends one operation of the shell; id is the shell's, options are NAME=VALUE.
func (c *client) operate(action, id, body string, options ...string) (int, string) {
	c.t.Helper()
	more := maxEnvelope
	if id != "" {
		more += `<w:SelectorSet><w:Selector Name="ShellId">` + id + `</w:Selector></w:SelectorSet>`
	}
	if len(options) > 0 {
		more += `<w:OptionSet>`
		for _, o := range options {
			name, value, _ := strings.Cut(o, "=")
			more += `<w:Option Name="` + name + `">` + value + `</w:Option>`
		}
		more += `</w:OptionSet>`
	}
	return c.post(envelope(header(action, shell.URI, more), body))
}

// openShell creates a shell and gives its id.
func (c *client) openShell(options ...string) string {
	c.t.Helper()
	status, reply := c.createShell(options...)
	if status != 200 {
		c.t.Fatalf("Create: %d %s", status, reply)
	}
	return elements(c.t, reply, "Selector")[0]
}

func (c *client) createShell(options ...string) (int, string) {
	c.t.Helper()
	return c.operate(transfer+"/Create", "", `<rsp:Shell xmlns:rsp="`+rsp+`"><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`,
		append([]string{"WINRS_NOPROFILE=FALSE"}, options...)...)
}

func (c *client) deleteShell(id string) (int, string) {
	c.t.Helper()
	return c.operate(transfer+"/Delete", id, "")
}

func (c *client) start(id, line string, options ...string) (int, string) {
	c.t.Helper()
	return c.operate(rsp+"/Command", id, `<rsp:CommandLine xmlns:rsp="`+rsp+`"><rsp:Command><![CDATA[`+line+`]]></rsp:Command></rsp:CommandLine>`,
		append([]string{"WINRS_CONSOLEMODE_STDIN=TRUE"}, options...)...)
}

func (c *client) receive(id, command string) (int, string) {
	c.t.Helper()
	return c.operate(rsp+"/Receive", id, `<rsp:Receive xmlns:rsp="`+rsp+`"><rsp:DesiredStream CommandId="`+command+`">stdout stderr</rsp:DesiredStream></rsp:Receive>`)
}

func (c *client) signal(id, command, code string) (int, string) {
	c.t.Helper()
	return c.operate(rsp+"/Signal", id, `<rsp:Signal xmlns:rsp="`+rsp+`" CommandId="`+command+`"><rsp:Code>`+rsp+`/signal/`+code+`</rsp:Code></rsp:Signal>`)
}

// output is what a command wrote and how it ended.
type output struct {
	stdout, stderr, exitCode string
	replies                  []string
}

// run runs a line in a shell until it is done and signals its end.
func (c *client) run(id, line string, options ...string) (out output) {
	c.t.Helper()
	status, reply := c.start(id, line, options...)
	if status != 200 {
		c.t.Fatalf("Command: %d %s", status, reply)
	}
	command := elements(c.t, reply, "CommandId")[0]
	for len(out.exitCode) == 0 {
		status, reply := c.receive(id, command)
		if out.replies = append(out.replies, reply); status != 200 && !strings.Contains(reply, `Code="2150858793"`) || len(out.replies) > 20000 {
			c.t.Fatalf("Receive %d: %d %s", len(out.replies), status, reply)
		}
		out.stdout += c.stream(reply, "stdout")
		out.stderr += c.stream(reply, "stderr")
		out.exitCode = strings.Join(elements(c.t, reply, "ExitCode"), "")
	}
	if status, reply := c.signal(id, command, "terminate"); status != 200 {
		c.t.Fatalf("Signal: %d %s", status, reply)
	}
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
	if status, reply := c.deleteShell(id); status != 200 || !strings.Contains(reply, "<s:Body></s:Body>") || !strings.Contains(reply, "/DeleteResponse<") {
		t.Errorf("Delete: %d %s", status, reply)
	}
	if got := h.Counters(); got.OpenShells != 0 || got.Methods["Create"] != 1 || got.Methods["Command"] != 1 || got.Methods["Signal"] != 1 || got.Methods["Delete"] != 1 || got.Methods["Receive"] != len(out.replies) {
		t.Errorf("counters %+v", got)
	}
}

package shell

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
)

// URI is the resource of the text-based command shell (documented: MS-WSMV 3.1.4.5.2).
const URI = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"

const (
	nsShell    = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsTransfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
)

// replyRoom is more than an envelope of a Receive takes beside the output in it, in characters.
const replyRoom = 2400

// Shells are the open shells of a host.
type Shells struct {
	machine Machine

	mu   sync.Mutex
	open map[string]*state
}

// state is one open shell.
type state struct {
	user     string
	used     time.Time
	codePage codePage
	streams  string // those that the client opened
	commands map[string]*process
}

// process is a command that has run: what of its output the client has not seen yet, and how it ended. Programs of the
// simulated host take no time, so all of its output is there when the command starts.
type process struct {
	stdout, stderr []byte
	exitCode       int
	receives       int  // so far
	done           bool // and the client knows it
}

// New gives a host without open shells.
func New(m Machine) (*Shells, error) {
	if _, ok := languages[m.Language]; !ok {
		return nil, fmt.Errorf("the simulated host speaks no language %q; use en, de, fr or ja", m.Language)
	}
	return &Shells{machine: m, open: map[string]*state{}}, nil
}

// Operation tells which of the shell's operations an Action names.
func Operation(action string) (name string, ok bool) {
	for _, name := range []string{"Create", "Delete"} {
		if action == nsTransfer+"/"+name {
			return name, true
		}
	}
	for _, name := range []string{"Command", "Receive", "Signal"} {
		if action == nsShell+"/"+name {
			return name, true
		}
	}
	return "", false
}

// Do carries an operation out for a user and gives the reply's body.
func (s *Shells) Do(operation string, r soap.Request, user string) (content string, fault *soap.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	if operation == "Create" {
		return s.create(r, user)
	}
	id := r.Selectors["shellid"]
	sh, ok := s.open[strings.ToUpper(id)]
	if !ok {
		return "", unknown("The request for the Windows Remote Shell with ShellId " + id + " failed because the shell was not found on the server.")
	}
	sh.used = s.machine.Now()
	switch operation {
	case "Command":
		return s.command(sh, r)
	case "Receive":
		return s.receive(sh, r)
	case "Signal":
		return s.signal(sh, r)
	default:
		delete(s.open, strings.ToUpper(id))
		return "", nil // documented: DSP0226 7.5
	}
}

// Open counts the open shells.
func (s *Shells) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return len(s.open)
}

// CloseAll forgets every shell, as a restart does.
func (s *Shells) CloseAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.open)
}

// expire closes shells that were idle for too long.
func (s *Shells) expire() {
	for id, sh := range s.open {
		if s.machine.Now().Sub(sh.used) >= s.machine.idleTimeout() {
			delete(s.open, id)
		}
	}
}

// unknown is the fault of a shell or a command that is not there; both have this code (recorded).
func unknown(text string) *soap.Fault {
	return &soap.Fault{Code: soap.CodeUnexpectedSelectors, Sender: true, Subcode: "w:InvalidSelectors", Text: text}
}

// create opens a shell. The reply bears the shell itself beside the reference to it (recorded by others since 2012; on
// older versions, where MS-WSMV says no more than SHOULD, by seed).
func (s *Shells) create(r soap.Request, user string) (string, *soap.Fault) {
	if !r.Body.Is(nsShell, "Shell") {
		return "", badBody("Shell")
	}
	cp, ok := s.machine.codePage(r.Options["winrs_codepage"])
	if !ok {
		return "", &soap.Fault{Code: soap.CodeCodePage, Sender: true, Subcode: "w:InvalidOptions", Text: "The Windows Remote Shell cannot process the request. The code page is not supported."}
	}
	shells := 0
	for _, sh := range s.open {
		if strings.EqualFold(sh.user, user) {
			shells++
		}
	}
	if shells >= s.machine.Profile.MaxShells { // recorded: code, subcode and text
		return "", &soap.Fault{Code: soap.CodeQuotaShells, Subcode: "w:QuotaLimit", Text: fmt.Sprintf("The WS-Management service cannot process the request. "+
			"This user is allowed a maximum number of %d concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user. ", s.machine.Profile.MaxShells)}
	}
	id := newID()
	streams := r.Body.Child(nsShell, "OutputStreams").Trimmed()
	s.open[id] = &state{user: user, used: s.machine.Now(), codePage: cp, streams: streams, commands: map[string]*process{}}
	content := fmt.Sprintf(`<x:ResourceCreated xmlns:x="%s"><a:Address>%s</a:Address><a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI>`+
		`<w:SelectorSet><w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`,
		nsTransfer, soap.Escape(r.To), URI, id)
	if s.machine.modern() || s.machine.Shape.ShellInCreated {
		content += fmt.Sprintf(`<rsp:Shell xmlns:rsp="%s"><rsp:ShellId>%s</rsp:ShellId><rsp:ResourceUri>%s</rsp:ResourceUri><rsp:Owner>%s</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>`+
			`<rsp:IdleTimeOut>PT%.3fS</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>%s</rsp:OutputStreams>`+
			`<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>`,
			nsShell, id, URI, soap.Escape(user), s.machine.idleTimeout().Seconds(), soap.Escape(streams))
	}
	return content, nil
}

// command runs a command line.
func (s *Shells) command(sh *state, r soap.Request) (string, *soap.Fault) {
	line, ok := CommandLine(r)
	if !ok {
		return "", badBody("CommandLine")
	}
	c := console{machine: &s.machine}
	if strings.EqualFold(r.Options["winrs_skip_cmd_shell"], "TRUE") {
		if !c.program(line) {
			return "", &soap.Fault{Code: soap.CodeFileNotFound, Subcode: "w:InternalError", Text: "The system cannot find the file specified. "}
		}
	} else {
		c.line(line)
	}
	id := newID()
	sh.commands[id] = &process{stdout: sh.codePage.encode(c.stdout.String()), stderr: sh.codePage.encode(c.stderr.String()), exitCode: c.exitCode}
	return `<rsp:CommandResponse xmlns:rsp="` + nsShell + `"><rsp:CommandId>` + id + `</rsp:CommandId></rsp:CommandResponse>`, nil
}

// CommandLine is what a Command asks to run, its arguments joined as Windows does (documented: MS-WSMV 2.2.4.7).
func CommandLine(r soap.Request) (line string, ok bool) {
	command := r.Body.Child(nsShell, "Command")
	if !r.Body.Is(nsShell, "CommandLine") || command == nil {
		return "", false
	}
	line = command.Text
	for _, e := range r.Body.Children {
		if e.Is(nsShell, "Arguments") {
			line += " " + e.Text
		}
	}
	return line, true
}

// receive gives the next part of a command's output. A reply fits the envelope that both sides allow; how much of it is
// filled, in how many Streams the output comes, whether they are ended, whether Running is said, whether Done comes with
// the last output or after it, and whether the first Receive times out, is assumed, by seed. That a command which is
// done is unknown afterwards, but for a Signal, follows from that fault's text.
func (s *Shells) receive(sh *state, r soap.Request) (string, *soap.Fault) {
	desired := r.Body.Child(nsShell, "DesiredStream")
	if !r.Body.Is(nsShell, "Receive") || desired == nil {
		return "", badBody("Receive")
	}
	id := strings.ToUpper(desired.Attr("CommandId"))
	p, ok := sh.commands[id]
	if !ok || p.done {
		return "", unknownCommand()
	}
	shape := s.machine.Shape
	if p.receives++; p.receives == 1 && shape.ShellTimesOut { // recorded: code, subcode and text
		return "", &soap.Fault{Code: soap.CodeTimedOut, Subcode: "w:TimedOut", Text: "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "}
	}
	var b strings.Builder
	b.WriteString(`<rsp:ReceiveResponse xmlns:rsp="` + nsShell + `">`)
	left, ends := s.part(r), ""
	for _, stream := range []struct {
		name string
		data *[]byte
	}{{"stdout", &p.stdout}, {"stderr", &p.stderr}} {
		if !strings.Contains(sh.streams, stream.name) || !strings.Contains(desired.Text, stream.name) {
			*stream.data = nil // documented: such streams are omitted
			continue
		}
		n := min(left, len(*stream.data))
		writeStreams(&b, stream.name, id, (*stream.data)[:n], shape.ShellPieces)
		*stream.data, left = (*stream.data)[n:], left-n
		ends += `<rsp:Stream Name="` + stream.name + `" CommandId="` + id + `" End="true"/>`
	}
	more := len(p.stdout)+len(p.stderr) > 0 || shape.ShellDoneApart && left < s.part(r)
	switch state := `<rsp:CommandState CommandId="` + id + `" State="` + nsShell + `/CommandState/`; {
	case !more:
		p.done = true
		if shape.ShellEnds {
			b.WriteString(ends)
		}
		fmt.Fprintf(&b, `%sDone"><rsp:ExitCode>%d</rsp:ExitCode></rsp:CommandState>`, state, p.exitCode)
	case shape.ShellSaysRunning:
		b.WriteString(state + `Running"/>`)
	}
	return b.String() + `</rsp:ReceiveResponse>`, nil
}

// part is how much output the reply to r may hold, in bytes.
func (s *Shells) part(r soap.Request) int {
	room := s.machine.Profile.MaxEnvelope
	if r.MaxEnvelope > 0 {
		room = min(room, r.MaxEnvelope)
	}
	if !s.machine.Profile.Quirk2003 {
		room /= 2 // counted in UTF-16
	}
	return min((room-replyRoom)/4*3, s.machine.Shape.ShellPart)
}

// writeStreams writes output as one Stream or as three, each in base64 of its own.
func writeStreams(b *strings.Builder, name, id string, data []byte, pieces bool) {
	size := len(data)
	if pieces {
		size = len(data)/3 + 1
	}
	for len(data) > 0 {
		n := min(size, len(data))
		b.WriteString(`<rsp:Stream Name="` + name + `" CommandId="` + id + `">` + base64.StdEncoding.EncodeToString(data[:n]) + `</rsp:Stream>`)
		data = data[n:]
	}
}

// controlCExit is STATUS_CONTROL_C_EXIT as a signed number (documented: NTSTATUS; that a shell reports it, assumed).
const controlCExit = -1073741510

// signal ends a command: a terminated one is forgotten; one that got Ctrl+C has no more output.
func (s *Shells) signal(sh *state, r soap.Request) (string, *soap.Fault) {
	code := r.Body.Child(nsShell, "Code").Trimmed()
	if !r.Body.Is(nsShell, "Signal") || code == "" {
		return "", badBody("Signal")
	}
	id := strings.ToUpper(r.Body.Attr("CommandId"))
	p, ok := sh.commands[id]
	switch strings.ToLower(strings.TrimPrefix(code, nsShell+"/signal/")) { // documented with a capital T too
	case "terminate":
		delete(sh.commands, id)
	case "ctrl_c", "ctrl_break":
		if ok && !p.done {
			p.stdout, p.stderr, p.exitCode = nil, nil, controlCExit
		}
	default:
		return "", badBody("Signal")
	}
	if !ok {
		return "", unknownCommand()
	}
	return `<rsp:SignalResponse xmlns:rsp="` + nsShell + `"/>`, nil
}

func unknownCommand() *soap.Fault {
	return unknown("The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. " +
		"Either the command has completed execution or the client specified an invalid command identifier.")
}

func badBody(name string) *soap.Fault {
	return &soap.Fault{Code: soap.CodeSchema, Sender: true, Subcode: "w:SchemaValidationError", Text: "The body is no valid " + name + "."}
}

// newID makes the id of a shell or a command, a GUID in capitals (recorded).
func newID() string { return strings.TrimPrefix(soap.NewID(), "uuid:") }

// Package shell is the simulated host's remote shell: the shell operations of WS-Management (documented: MS-WSMV 3.1.4)
// and the few console programs that the project runs in it. What is called recorded was published by others.
package shell

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// URI is the resource of the text-based command shell.
const URI = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"

const (
	nsShell    = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsTransfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	// envelopeRoom is more than the reply to a Receive takes beside the output in it, in characters.
	envelopeRoom = 2400
	// controlCExit is STATUS_CONTROL_C_EXIT as a signed number (documented: NTSTATUS; that a shell reports it, assumed).
	controlCExit = -1073741510
)

// Machine is what the programs report about.
type Machine struct {
	Profile  profile.Profile
	Shape    profile.Shape
	Language string // "en", "de", "fr" or "ja"
	Registry *registry.Registry
	Now      func() time.Time
	Stack    func() *tcpstack.Stack // stepped to now
	SetRange func(transport, family string, r tcpstack.Range, persistent bool)
}

// Shells are the open shells of a host.
type Shells struct {
	machine Machine
	// What goes wrong with netsh's writes: the user's rights are not elevated; they say that all is well, and do nothing.
	Unelevated, Deaf atomic.Bool

	mu   sync.Mutex
	open map[string]*state // by id
}

type state struct {
	user     string
	used     time.Time
	page     codePage
	streams  string // those that the client opened
	commands map[string]*process
}

// process is a command. Programs take no time here: all of its output is there when it starts. Kept is what the client has not got.
type process struct {
	kept     [2][]byte // stdout, stderr
	exitCode int
	receives int  // so far
	done     bool // and the client knows it
}

// New gives a host without open shells.
func New(m Machine) (*Shells, error) {
	if _, ok := languages[m.Language]; !ok {
		return nil, fmt.Errorf("the simulated host speaks no language %q; use en, de, fr or ja", m.Language)
	}
	return &Shells{machine: m, open: map[string]*state{}}, nil
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

// modern tells WinRM 3.0 from 2.0.
func (m *Machine) modern() bool { return m.Profile.Build >= 9200 }

// idleTimeout is winrs/IdleTimeout: 180 s (documented: MS-WSMV 2.2.4.42), two hours since 2012 (recorded on 2012 R2).
func (m *Machine) idleTimeout() time.Duration {
	if m.modern() {
		return 2 * time.Hour
	}
	return 3 * time.Minute
}

// expire closes shells that were idle for too long.
func (s *Shells) expire() {
	for id, sh := range s.open {
		if s.machine.Now().Sub(sh.used) >= s.machine.idleTimeout() {
			delete(s.open, id)
		}
	}
}

// Operation tells which of the shell's operations an Action names.
func Operation(action string) (name string, ok bool) {
	for _, known := range []string{nsTransfer + "/Create", nsTransfer + "/Delete", nsShell + "/Command", nsShell + "/Receive", nsShell + "/Signal"} {
		if action == known {
			return known[strings.LastIndexByte(known, '/')+1:], true
		}
	}
	return "", false
}

// Do carries an operation out for a user and gives the reply's body.
func (s *Shells) Do(operation string, r soap.Request, user string) (content string, fault *soap.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	body := map[string]string{"Create": "Shell", "Command": "CommandLine", "Receive": "Receive", "Signal": "Signal"}[operation]
	id := strings.ToUpper(r.Selectors["shellid"])
	sh, ok := s.open[id]
	switch {
	case body != "" && !r.Body.Is(nsShell, body):
		return "", &soap.Fault{Code: soap.CodeSchema, Sender: true, Subcode: "w:SchemaValidationError", Text: "The body is no " + body + "."}
	case operation == "Create":
		return s.create(r, user)
	case !ok:
		return "", unknown("The request for the Windows Remote Shell with ShellId " + id + " failed because the shell was not found on the server. ")
	case operation == "Delete":
		delete(s.open, id)
		return "", nil // documented: DSP0226 7.5
	}
	sh.used = s.machine.Now()
	if operation == "Command" {
		return s.command(sh, r)
	}
	desired := r.Body.Child(nsShell, "DesiredStream")
	id = strings.ToUpper(desired.Attr("CommandId") + r.Body.Attr("CommandId")) // one of them in each operation
	p, ok := sh.commands[id]
	switch {
	case !ok || p.done && operation == "Receive": // the latter follows from the text
		return "", unknown("The Windows Remote Shell received a request to perform an operation on a command identifier that does not exist. " +
			"Either the command has completed execution or the client specified an invalid command identifier. ")
	case operation == "Receive":
		return s.receive(sh, p, r, id, desired.Trimmed())
	case strings.EqualFold(r.Body.Child(nsShell, "Code").Trimmed(), nsShell+"/signal/terminate"): // documented with a capital T too
		delete(sh.commands, id)
	case !p.done: // Ctrl+C, Ctrl+Break
		p.kept, p.exitCode = [2][]byte{}, controlCExit
	}
	return `<rsp:SignalResponse xmlns:rsp="` + nsShell + `"/>`, nil
}

// unknown is the fault of a shell or a command that is not there (recorded: code, subcode and texts of both).
func unknown(text string) *soap.Fault {
	return &soap.Fault{Code: soap.CodeUnexpectedSelectors, Sender: true, Subcode: "w:InvalidSelectors", Text: text}
}

// create opens a shell. The reply bears the shell itself beside the reference to it (recorded since 2012; before, where
// MS-WSMV says no more than SHOULD, by seed).
func (s *Shells) create(r soap.Request, user string) (string, *soap.Fault) {
	page, ok := s.machine.pageFor(r.Options["winrs_codepage"])
	if !ok {
		return "", &soap.Fault{Code: soap.CodeCodePage, Sender: true, Subcode: "w:InvalidOptions", Text: "The Windows Remote Shell cannot process the request. The code page is not supported."}
	}
	left := s.machine.Profile.MaxShells
	for _, sh := range s.open {
		if strings.EqualFold(sh.user, user) {
			left--
		}
	}
	if left <= 0 { // recorded: code, subcode and text
		return "", &soap.Fault{Code: soap.CodeQuotaShells, Subcode: "w:QuotaLimit", Text: fmt.Sprintf("The WS-Management service cannot process the request. "+
			"This user is allowed a maximum number of %d concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user. ", s.machine.Profile.MaxShells)}
	}
	id, streams := soap.NewGUID(), cmp.Or(r.Body.Child(nsShell, "OutputStreams").Trimmed(), "stdout stderr")
	s.open[id] = &state{user: user, used: s.machine.Now(), page: page, streams: streams, commands: map[string]*process{}}
	content := fmt.Sprintf(`<x:ResourceCreated xmlns:x="%s"><a:Address>%s</a:Address><a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI>`+
		`<w:SelectorSet><w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`, nsTransfer, soap.Escape(r.To), URI, id)
	if s.machine.modern() || s.machine.Shape.ShellInCreated {
		content += fmt.Sprintf(`<rsp:Shell xmlns:rsp="%s"><rsp:ShellId>%s</rsp:ShellId><rsp:ResourceUri>%s</rsp:ResourceUri><rsp:Owner>%s</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>`+
			`<rsp:IdleTimeOut>PT%.3fS</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>%s</rsp:OutputStreams>`+
			`<rsp:ShellRunTime>P0DT0H0M0S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M0S</rsp:ShellInactivity></rsp:Shell>`,
			nsShell, id, URI, soap.Escape(user), s.machine.idleTimeout().Seconds(), soap.Escape(streams))
	}
	return content, nil
}

// CommandLine is what a Command asks to run, its arguments joined as Windows does; "" in other requests.
func CommandLine(r soap.Request) string {
	line := ""
	if r.Body.Is(nsShell, "CommandLine") {
		for _, e := range r.Body.Children { // documented: MS-WSMV 2.2.4.7, the command comes first
			line = strings.TrimPrefix(line+" "+e.Text, " ")
		}
	}
	return line
}

// Console runs a line as an administrator at the host itself does, and gives what is printed.
func (s *Shells) Console(line string) (output string, exitCode int) {
	c := console{machine: &s.machine, text: languages[s.machine.Language], elevated: true, deaf: s.Deaf.Load()}
	c.run(line)
	return c.stdout.String() + c.stderr.String(), c.exitCode
}

// command runs a command line.
func (s *Shells) command(sh *state, r soap.Request) (string, *soap.Fault) {
	c := console{machine: &s.machine, text: languages[s.machine.Language], elevated: !s.Unelevated.Load(), deaf: s.Deaf.Load()}
	if strings.EqualFold(r.Options["winrs_skip_cmd_shell"], "TRUE") {
		if !c.program(CommandLine(r)) {
			return "", &soap.Fault{Code: soap.CodeFileNotFound, Subcode: "w:InternalError", Text: "The system cannot find the file specified. "}
		}
	} else {
		c.run(CommandLine(r))
	}
	id := soap.NewGUID()
	sh.commands[id] = &process{kept: [2][]byte{sh.page.encode(c.stdout.Bytes()), sh.page.encode(c.stderr.Bytes())}, exitCode: c.exitCode}
	return `<rsp:CommandResponse xmlns:rsp="` + nsShell + `"><rsp:CommandId>` + id + `</rsp:CommandId></rsp:CommandResponse>`, nil
}

// receive gives the next part of a command's output, as much as fits the envelope that both sides allow. How much of that
// is used, in how many Streams the output comes, whether they are ended, whether Running is said, whether Done comes with
// the last output or after it, and whether the first Receive times out, is assumed.
func (s *Shells) receive(sh *state, p *process, r soap.Request, id, desired string) (string, *soap.Fault) {
	shape := s.machine.Shape
	if p.receives++; p.receives == 1 && shape.ShellTimesOut { // recorded: code, subcode and text
		return "", &soap.Fault{Code: soap.CodeTimedOut, Subcode: "w:TimedOut", Text: "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "}
	}
	var b strings.Builder
	b.WriteString(`<rsp:ReceiveResponse xmlns:rsp="` + nsShell + `">`)
	ends, room := "", s.room(r)
	left := room
	for i, name := range []string{"stdout", "stderr"} {
		if !strings.Contains(sh.streams, name) || !strings.Contains(desired, name) { // documented: left out
			p.kept[i] = nil
			continue
		}
		open := `<rsp:Stream Name="` + name + `" CommandId="` + id + `"`
		n := min(left, len(p.kept[i]))
		part := p.kept[i][:n]
		p.kept[i], left, ends = p.kept[i][n:], left-n, ends+open+` End="true"/>`
		for piece := n; len(part) > 0; part = part[piece:] {
			if shape.ShellPieces {
				piece = n/3 + 1
			}
			piece = min(piece, len(part))
			b.WriteString(open + `>` + base64.StdEncoding.EncodeToString(part[:piece]) + `</rsp:Stream>`)
		}
	}
	state := `<rsp:CommandState CommandId="` + id + `" State="` + nsShell + `/CommandState/`
	p.done = len(p.kept[0])+len(p.kept[1]) == 0 && !(shape.ShellDoneApart && left < room)
	switch {
	case p.done && shape.ShellEnds:
		b.WriteString(ends)
		fallthrough
	case p.done:
		fmt.Fprintf(&b, `%sDone"><rsp:ExitCode>%d</rsp:ExitCode></rsp:CommandState>`, state, p.exitCode)
	case shape.ShellSaysRunning:
		b.WriteString(state + `Running"/>`)
	}
	return b.String() + `</rsp:ReceiveResponse>`, nil
}

// room is how many bytes of output a reply to r may hold.
func (s *Shells) room(r soap.Request) int {
	room := r.Room(s.machine.Profile.MaxEnvelope)
	if !s.machine.Profile.Quirk2003 {
		room /= 2 // counted in UTF-16
	}
	return min((room-envelopeRoom)/4*3, s.machine.Shape.ShellPart)
}

package wsman

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

const (
	nsShell    = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsTransfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	// cmdShell is the resource of the text-based command shell (MS-WSMV 3.1.4.5.2).
	cmdShell = nsShell + "/cmd"

	actionCreate  = nsTransfer + "/Create"
	actionDelete  = nsTransfer + "/Delete"
	actionCommand = nsShell + "/Command"
	actionReceive = nsShell + "/Receive"
	actionSignal  = nsShell + "/Signal"
)

// Bounds of one command.
const (
	// maxOutput bounds what a command may print, stdout and stderr together. netstat
	// writes some 80 bytes a socket, so this is far above a full table.
	maxOutput = 64 << 20
	// maxSilent bounds the replies in a row that bring nothing. Windows holds a reply
	// back until there is output or its time-out passed, so the context ends a silent
	// command long before; this ends a host that answers nothing at once, for ever.
	maxSilent = 1000
	// maxCommand is what cmd.exe takes (8,191 characters, documented).
	maxCommand = 8191
	maxShellID = 256 // bytes of an id; Windows' are GUIDs

	// deleteTimeout bounds the Delete of a shell, which must not depend on the
	// caller's context: that may be the very reason for giving up.
	deleteTimeout = 5 * time.Second
)

// ErrNoShell says that the host's WinRM has no remote shell: WinRM 1.1 has none,
// and policy may forbid it.
var ErrNoShell = errors.New("the host has no remote shell: the policy \"Allow Remote Shell Access\" has switched it off, " +
	"or it is WinRM 1.1 (Windows Server 2003 R2), which has none; what needs a command can't be had there")

// UnfinishedError is a command that was begun, or may have been, and whose end was not
// seen: what it does may be done, or may still be.
type UnfinishedError struct{ Err error }

func (e *UnfinishedError) Error() string { return e.Err.Error() }
func (e *UnfinishedError) Unwrap() error { return e.Err }

// Result is what a command gave back.
type Result struct {
	// Stdout and Stderr are raw bytes in the console's code page: UTF-8 is asked for,
	// which not every version of Windows knows.
	Stdout, Stderr []byte
	ExitCode       int // the process's; an NTSTATUS is negative, as in cmd.exe
	RoundTrips     int // messages of the shell; the handshake of a new connection is not among them
}

// Run runs one command line by cmd.exe in a shell of its own and gives its whole
// output, at most 64 MiB. It takes five round trips or more. A command that fails
// is no error: see ExitCode. On an error there is no result, not even in part.
//
// The shell is deleted whatever happens, since hosts count them against a quota; a
// shell whose Create got no usable reply can't be, and the host ends it after its
// idle time-out. Only the Create is tried again where the host says "later". Errors hold a *Fault where the host refused, joined with ErrNoShell
// where it has no shell, and an *UnfinishedError where the command may have been run all
// the same. The line is run as it is: it must not hold text of others.
func (c *Client) Run(ctx context.Context, command string) (Result, error) {
	operation := "the command `" + clip(command) + "`"
	if err := checkCommand(command); err != nil {
		return Result{}, c.failed(operation, err)
	}
	run := &shell{client: c}
	if err := run.create(ctx); err != nil {
		return Result{}, c.failed(operation, err)
	}
	err := run.command(ctx, command)
	run.delete(ctx, err)
	if err != nil {
		return Result{}, c.failed(operation, err)
	}
	return run.result, nil
}

func checkCommand(command string) error {
	switch {
	case strings.TrimSpace(command) == "":
		return errors.New("the command is empty")
	case len(command) > maxCommand:
		return fmt.Errorf("the command has %d bytes, and cmd.exe takes %d", len(command), maxCommand)
	case strings.ContainsFunc(command, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errors.New("the command holds control characters")
	}
	return nil
}

// shell is one shell on the host with one command in it.
type shell struct {
	client  *Client
	id      string
	process string // the command's id
	result  Result
	silent  int // replies in a row that brought nothing
}

// exchange sends one message to the shell and gives its reply's first element.
func (s *shell) exchange(ctx context.Context, action, options, body string, kind transport.Kind) (node, error) {
	var header strings.Builder
	if s.id != "" {
		header.WriteString(`<w:SelectorSet><w:Selector Name="ShellId">`)
		if err := appendText(&header, "the shell's id", s.id); err != nil {
			return node{}, err
		}
		header.WriteString(`</w:Selector></w:SelectorSet>`)
	}
	r := newRequest(cmdShell, action, body)
	r.header, r.stream = header.String()+options, action == actionReceive
	r.once = action != actionCreate // a shell has a quota and an idle time-out of its own: what is in it can't wait
	s.result.RoundTrips++
	reply, err := s.client.exchange(ctx, r, kind, nil)
	return reply.body, err
}

// create opens the shell. Code page 65001 is UTF-8; hosts that don't know it use
// their own. The account's profile is not loaded: nothing here needs it, and the
// first logon of an account would make one on the host's disk.
func (s *shell) create(ctx context.Context) error {
	created, err := s.exchange(ctx, actionCreate,
		`<w:OptionSet><w:Option Name="WINRS_NOPROFILE">TRUE</w:Option><w:Option Name="WINRS_CODEPAGE">65001</w:Option></w:OptionSet>`,
		`<rsp:Shell xmlns:rsp="`+nsShell+`"><rsp:InputStreams>stdin</rsp:InputStreams>`+
			`<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`, transport.Write)
	var fault *Fault
	if errors.As(err, &fault) && fault.noShell() {
		return fmt.Errorf("%w: %w", ErrNoShell, err)
	}
	if err != nil {
		return err
	}
	if s.id, err = idOf(created.shellID()); err != nil {
		return s.client.unusable(transport.Write, fmt.Errorf("the reply does not name the shell: %w", err))
	}
	return nil
}

// shellID is in the reference to the shell; the Shell itself, where the id stands
// too, comes beside it only since WinRM 3 (MS-WSMV says SHOULD).
func (n node) shellID() string {
	if set, ok := n.seek("SelectorSet"); ok {
		for _, selector := range set.children {
			if strings.EqualFold(selector.attr("Name"), "ShellId") {
				return selector.text
			}
		}
	}
	id, _ := n.seek("ShellId")
	return id.text
}

func idOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxShellID {
		return "", fmt.Errorf("its id has %d bytes", len(text))
	}
	return text, nil
}

// command runs the command to its end.
func (s *shell) command(ctx context.Context, command string) error {
	var line strings.Builder
	line.WriteString(`<rsp:CommandLine xmlns:rsp="` + nsShell + `"><rsp:Command>`)
	if err := appendText(&line, "the command", command); err != nil {
		return err
	}
	line.WriteString(`</rsp:Command></rsp:CommandLine>`)
	started, err := s.exchange(ctx, actionCommand,
		`<w:OptionSet><w:Option Name="WINRS_CONSOLEMODE_STDIN">TRUE</w:Option><w:Option Name="WINRS_SKIP_CMD_SHELL">FALSE</w:Option></w:OptionSet>`,
		line.String(), transport.Write)
	var fault *Fault
	if transport.MayHaveHappened(err) || errors.As(err, &fault) && fault.OperationTimeout() {
		return &UnfinishedError{err}
	}
	if err != nil {
		return err
	}
	id, _ := started.find("CommandId")
	if s.process, err = idOf(id.text); err != nil {
		return &UnfinishedError{s.client.unusable(transport.Write, fmt.Errorf("the reply does not name the command: %w", err))}
	}
	if err := s.receiveAll(ctx); err != nil {
		return &UnfinishedError{err}
	}
	s.signal(ctx)
	return nil
}

// receiveAll takes the output until the command is done. A Receive must not be sent
// twice: what the first one brought would be missing.
func (s *shell) receiveAll(ctx context.Context) error {
	body, err := s.receiveBody()
	if err != nil {
		return err
	}
	for {
		reply, err := s.exchange(ctx, actionReceive, "", body, transport.ReadOnce)
		var fault *Fault
		switch {
		case errors.As(err, &fault) && fault.OperationTimeout():
			s.silent++ // nothing to tell yet: ask again
		case err != nil:
			return err
		default:
			done, err := s.take(reply)
			if err != nil {
				return s.client.unusable(transport.ReadOnce, err)
			}
			if done {
				return nil
			}
		}
		if s.silent > maxSilent {
			return fmt.Errorf("the host answered %d times in a row that the command goes on, without any output", s.silent)
		}
	}
}

func (s *shell) receiveBody() (string, error) {
	var id strings.Builder
	if err := appendText(&id, "the command's id", s.process); err != nil {
		return "", err
	}
	return `<rsp:Receive xmlns:rsp="` + nsShell + `"><rsp:DesiredStream CommandId="` + id.String() +
		`">stdout stderr</rsp:DesiredStream></rsp:Receive>`, nil
}

// signal tells the host that the output was received, as MS-WSMV wants it at a
// command's end. All is at hand by then and the shell goes next: a failure is none.
func (s *shell) signal(ctx context.Context) {
	var id strings.Builder
	if appendText(&id, "the command's id", s.process) != nil {
		return
	}
	_, _ = s.exchange(ctx, actionSignal, "", `<rsp:Signal xmlns:rsp="`+nsShell+`" CommandId="`+id.String()+
		`"><rsp:Code>`+nsShell+`/signal/terminate</rsp:Code></rsp:Signal>`, transport.Write)
}

// delete ends the shell, and the command that may still run in it. Asked twice the
// host says that there is no such shell, so it is safe to repeat.
func (s *shell) delete(ctx context.Context, reason error) {
	if reason != nil && !reachable(reason) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	_, _ = s.exchange(ctx, actionDelete, "", "", transport.Read)
}

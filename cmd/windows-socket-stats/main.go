// Command windows-socket-stats reads the socket statistics of Windows hosts over
// WinRM and says them as monitoring systems take them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/windows-baseline/terraform-provider-windows/internal/monitoring"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

const name = "windows-socket-stats"

// The exit codes of every format but nagios, which has a plugin's.
const (
	exitOK          = 0
	exitFailed      = 1   // a host was not read
	exitUnwritten   = 2   // the result could not be written
	exitWrongUse    = 3   // as a plugin's UNKNOWN, since the format may be what is wrong
	exitInterrupted = 130 // as a shell has it after Ctrl-C
)

// console is what a command line is carried out with.
type console struct {
	stdout, stderr io.Writer
	terminal       bool // stdout is one
	lookup         func(string) (string, bool)
	after          func(time.Duration) <-chan time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{
		stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv, after: time.After,
		terminal: term.IsTerminal(int(os.Stdout.Fd())), // #nosec G115 -- a descriptor
	})
	stop()
	os.Exit(code)
}

// run carries one command line out and gives the exit code.
func run(ctx context.Context, args []string, c console) int {
	exit := -1 // set by kong where it ends the program by itself, as for --help
	var o options
	parser, err := kong.New(&o,
		kong.Name(name),
		kong.Description(description),
		kong.Writers(c.stdout, c.stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.Vars{
			"metrics":  strings.Join(monitoring.Names(), ", "),
			"parallel": strconv.Itoa(monitoring.DefaultParallel), "max_rows": strconv.Itoa(winhost.DefaultMaxRows),
		},
	)
	if err != nil {
		return c.wrongUse(args, err)
	}
	_, err = parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err == nil && o.Version {
		fmt.Fprintln(c.stdout, name, version())
		return exitOK
	}
	if err == nil {
		err = o.check(c.terminal)
	}
	if err != nil {
		return c.wrongUse(args, err)
	}
	whole := ctx
	if o.Watch == 0 { // the time for the password is part of it
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Deadline)
		defer cancel()
	}
	fleet, err := o.fleet(ctx, c)
	switch {
	case whole.Err() != nil:
		return c.interrupted(args)
	case err != nil:
		return c.wrongUse(args, err)
	}
	defer fleet.Close()
	if o.Watch > 0 {
		return watch(ctx, fleet, o, c)
	}
	readings := fleet.Read(ctx)
	if whole.Err() != nil {
		return c.interrupted(args)
	}
	return o.report(readings, c)
}

// version is what Go has noted of the build: the module's version, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			text += " (commit " + setting.Value + ")"
		}
	}
	return text
}

// wrongUse says what is wrong with a command line. Nagios shows what a plugin prints to
// its standard output, so that is where it goes if the format is nagios; Cacti wants a
// line there in any case.
func (c console) wrongUse(args []string, err error) int {
	err = asFlags(err)
	if wants(args, formatCacti) {
		_ = monitoring.WriteCacti(c.stdout, monitoring.Reading{Err: err}) // the error is said below
	}
	if !wants(args, formatNagios) || monitoring.WrongUse(c.stdout, err.Error()) != nil {
		fmt.Fprintf(c.stderr, "%s: %v\n", name, err)
	}
	return exitWrongUse
}

// interrupted says that nothing is written: what was read until then would say of
// hosts that they failed.
func (c console) interrupted(args []string) int {
	c.wrongUse(args, errors.New("interrupted: nothing was written"))
	if wants(args, formatNagios) {
		return int(monitoring.Unknown)
	}
	return exitInterrupted
}

// wants looks for a format in arguments that may not be parsable.
func wants(args []string, format string) bool {
	for i, arg := range args {
		switch {
		case arg == "--format="+format, arg == "-f"+format, arg == "-f="+format:
			return true
		case (arg == "--format" || arg == "-f") && slices.Contains(args[i+1:min(i+2, len(args))], format):
			return true
		}
	}
	return false
}

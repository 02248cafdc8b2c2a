// Command windows-socket-stats reads the socket statistics of Windows hosts over
// WinRM and says them as monitoring systems take them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/windows-baseline/terraform-provider-windows/internal/monitoring"
)

const name = "windows-socket-stats"

// The exit codes of every format but nagios, which has a plugin's.
const (
	exitOK       = 0
	exitFailed   = 1 // a host was not read, or the result could not be written
	exitWrongUse = 3 // as a plugin's UNKNOWN, since the format may be what is wrong
)

// console is what a command line is carried out with.
type console struct {
	stdout, stderr io.Writer
	terminal       bool // stdout is one
	lookup         func(string) (string, bool)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{
		stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv,
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
		kong.Vars{"metrics": strings.Join(monitoring.Names(), ", ")},
	)
	if err != nil {
		return c.wrongUse(args, err)
	}
	_, err = parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err == nil {
		err = o.check(c.terminal)
	}
	if err != nil {
		return c.wrongUse(args, err)
	}
	fleet, err := o.fleet(c)
	if err != nil {
		return c.wrongUse(args, err)
	}
	defer fleet.Close()
	if o.Watch > 0 {
		return watch(ctx, fleet, o, c)
	}
	return o.report(fleet.Read(ctx), c)
}

// wrongUse says what is wrong with a command line. Nagios shows what a plugin prints to
// its standard output, so that is where it goes if the format is nagios.
func (c console) wrongUse(args []string, err error) int {
	if !wantsNagios(args) || monitoring.WrongUse(c.stdout, err.Error()) != nil {
		fmt.Fprintf(c.stderr, "%s: %v\n", name, err)
	}
	return exitWrongUse
}

// wantsNagios looks for the format in arguments that may not be parsable.
func wantsNagios(args []string) bool {
	for i, arg := range args {
		switch {
		case arg == "--format=nagios", arg == "-fnagios", arg == "-f=nagios":
			return true
		case (arg == "--format" || arg == "-f") && slices.Contains(args[i+1:min(i+2, len(args))], "nagios"):
			return true
		}
	}
	return false
}

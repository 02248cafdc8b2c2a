// Command winsim runs a simulated Windows host that speaks WinRM, and acts on
// a running one as somebody at its own console would.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

type commands struct {
	Serve    serveCommand    `cmd:"" help:"Run a simulated host until interrupted."`
	Reg      regCommands     `cmd:"" help:"Read and change the values of Tcpip\\Parameters out of band, as Windows' reg command does."`
	Load     loadCommand     `cmd:"" help:"Have a program on the host make outgoing connections; 0/s ends it."`
	Step     stepCommand     `cmd:"" help:"Let time pass on the simulated host."`
	Sockets  socketsCommand  `cmd:"" help:"Print how many sockets there are by state, and how the ephemeral ports fare."`
	Table    tableCommand    `cmd:"" help:"Put a table of that many sockets, which stands still, in place of the host's until it is restarted."`
	Reboot   rebootCommand   `cmd:"" help:"Restart the simulated host."`
	Netsh    netshCommand    `cmd:"" help:"Run netsh as an administrator at the host's own console; exits as netsh does."`
	Listen   listenCommand   `cmd:"" help:"Have a program on the host listen on a port, also after restarts."`
	Policy   policyCommand   `cmd:"" help:"Have the results of Group Policy say that an object sets a value; the value itself is not written."`
	Counters countersCommand `cmd:"" help:"Print what the host has counted, in JSON."`
}

type regCommands struct {
	Query  queryCommand  `cmd:"" help:"Print the values of the key, or one of them."`
	Add    addCommand    `cmd:"" help:"Write a value, of whatever type it was before."`
	Delete deleteCommand `cmd:"" help:"Delete a value."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run carries one command line out and gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	exit := -1 // set by kong where it ends the program by itself, as for --help
	parser, err := kong.New(&commands{},
		kong.Name("winsim"),
		kong.Description("A simulated Windows host that speaks WinRM, for tests and demonstrations."),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.Vars{"profiles": profileNames(), "username": winsim.DefaultUsername, "password": winsim.DefaultPassword},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
	)
	if err != nil {
		fmt.Fprintf(stderr, "winsim: %v\n", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "winsim: %v\n", err)
		return 2
	}
	err = parsed.Run()
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code)
	}
	if err != nil {
		fmt.Fprintf(stderr, "winsim: %v\n", err)
		return 1
	}
	return 0
}

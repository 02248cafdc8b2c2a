package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// exitCode is how a command of the host's ended that was not well; it has said why.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

type netshCommand struct {
	remote
	Words []string `arg:"" help:"As Windows' netsh takes them, e.g. int ipv4 set dynamicport tcp start=10000 num=1000."`
}

func (c *netshCommand) Run(ctx context.Context, out io.Writer) error {
	ran := apiConsole{Line: "netsh " + strings.Join(c.Words, " ")}
	if err := c.ask(ctx, http.MethodPost, "/console", ran, &ran); err != nil {
		return err
	}
	if _, err := io.WriteString(out, strings.ReplaceAll(ran.Output, "\r\n", "\n")); err != nil || ran.ExitCode == 0 {
		return err
	}
	return exitCode(ran.ExitCode)
}

type listenCommand struct {
	remote
	Address string `arg:"" help:"Address and port, e.g. 0.0.0.0:1433 or [::]:1433."`
	PID     uint32 `name:"pid" help:"Number of the process that listens." required:"" placeholder:"N"`
	Process string `help:"Its name, e.g. sqlservr.exe; without one, whatever process has that number, if any." placeholder:"NAME"`
}

func (c *listenCommand) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, http.MethodPost, "/listeners", apiListener{Address: c.Address, PID: c.PID, Process: c.Process})
}

type policyCommand struct {
	remote
	key
	Value string `short:"v" help:"Name of the value." required:"" placeholder:"NAME"`
	Data  uint32 `short:"d" help:"The number that the policy sets." required:"" placeholder:"N"`
	GPO   string `name:"gpo" help:"Name of the Group Policy object." required:"" placeholder:"NAME"`
}

func (c *policyCommand) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, http.MethodPost, "/policies", apiPolicy{Key: c.Key, Name: c.Value, Number: c.Data, GPO: c.GPO})
}

type rebootCommand struct {
	remote
	Down *time.Duration `help:"Take that much real time, e.g. 3s, during which nobody listens; without it the host is back at once." placeholder:"TIME"`
}

func (c *rebootCommand) Run(ctx context.Context, out io.Writer) error {
	path := "/reboot"
	if c.Down != nil {
		path += "?down=" + c.Down.String()
	}
	return c.act(ctx, out, http.MethodPost, path, nil)
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// errAbsent is what Windows' reg command says of a value that is not there.
var errAbsent = errors.New("ERROR: The system was unable to find the specified registry key or value.") //nolint:revive,staticcheck // Windows' own words

// remote is the running host that a command acts on.
type remote struct {
	Control string `help:"Address of the running host's control API, host:port." required:"" env:"WINSIM_CONTROL" placeholder:"ADDR"`
}

// key is the key that the registry commands work on.
type key struct {
	Key string `short:"k" help:"Key below HKEY_LOCAL_MACHINE; the TCP/IP parameters unless given." default:"SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters" placeholder:"KEY"`
}

// path is the control API's for this key and a value's name.
func (k key) path(name string) string {
	return "/registry?" + url.Values{"key": {k.Key}, "name": {name}}.Encode()
}

type queryCommand struct {
	remote
	key
	Value string `short:"v" help:"Only this value." placeholder:"NAME"`
}

func (c *queryCommand) Run(ctx context.Context, out io.Writer) error {
	var values []apiValue
	if err := c.ask(ctx, http.MethodGet, c.path(""), nil, &values); err != nil {
		return err
	}
	var b strings.Builder
	for _, v := range values {
		if c.Value != "" && !strings.EqualFold(v.Name, c.Value) {
			continue
		}
		name := v.Name
		if name == "" {
			name = "(Default)"
		}
		fmt.Fprintf(&b, "    %s    %s    %s\n", name, v.Type, v.Data)
	}
	if b.Len() == 0 && c.Value != "" {
		return errAbsent
	}
	_, err := fmt.Fprintf(out, "\nHKEY_LOCAL_MACHINE\\%s\n%s\n", c.Key, b.String())
	return err
}

type addCommand struct {
	remote
	key
	Value string `short:"v" help:"Name of the value." required:"" placeholder:"NAME"`
	Type  string `short:"t" help:"Type, e.g. REG_DWORD." default:"REG_SZ"`
	Data  string `short:"d" help:"Data: a number (0x for hexadecimal), text, hexadecimal digits, or texts with \\0 between them." default:""`
}

func (c *addCommand) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, http.MethodPost, c.path(""), apiValue{Name: c.Value, Type: c.Type, Data: c.Data})
}

type deleteCommand struct {
	remote
	key
	Value string `short:"v" help:"Name of the value." placeholder:"NAME" required:"" xor:"what"`
	All   bool   `help:"The whole key, with all that is in it." required:"" xor:"what"`
}

func (c *deleteCommand) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, http.MethodDelete, c.path(c.Value)+"&all="+strconv.FormatBool(c.All), nil)
}

type countersCommand struct {
	remote
	Reset bool `help:"Set the counters to zero afterwards."`
}

func (c *countersCommand) Run(ctx context.Context, out io.Writer) error {
	var counters winsim.Counters
	if err := c.ask(ctx, http.MethodGet, "/counters", nil, &counters); err != nil {
		return err
	}
	text, err := json.MarshalIndent(counters, "", "  ")
	if err != nil {
		return fmt.Errorf("print the counters: %w", err)
	}
	if _, err := fmt.Fprintln(out, string(text)); err != nil || !c.Reset {
		return err
	}
	return c.ask(ctx, http.MethodDelete, "/counters", nil, nil)
}

// act asks for something to be done and says so, as Windows' commands do.
func (r *remote) act(ctx context.Context, out io.Writer, method, path string, in any) error {
	if err := r.ask(ctx, method, path, in, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "The operation completed successfully.")
	return err
}

// ask sends one request to the control API.
func (r *remote) ask(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // a step of a day under load takes seconds
	defer cancel()
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+r.Control+path, &body)
	if err != nil {
		return fmt.Errorf("the control address %q is no host:port: %w", r.Control, err)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no simulated host answers at %s; is `winsim serve` running? %w", r.Control, err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(reply.Body, 1<<20))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer of %s: %w", r.Control, err)
	case reply.StatusCode == http.StatusNotFound:
		return errAbsent
	case reply.StatusCode/100 != 2:
		return fmt.Errorf("the simulated host refused: %s", strings.TrimSpace(string(text)))
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s is no control API of winsim: %w", r.Control, err)
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

type serveCommand struct {
	Profile          string `help:"Which Windows: ${profiles}." default:"server-2022"`
	Seed             int64  `help:"Chooses among the shapes of replies that are only assumed." default:"1" env:"WINSIM_SEED"`
	Name             string `help:"Computer name." default:"MAIL01"`
	Listen           string `help:"Loopback address to listen on." default:"127.0.0.1"`
	Username         string `help:"Account to log on with." default:"${username}"`
	Password         string `help:"Its password; never a real one." default:"${password}"`
	AllowUnencrypted bool   `help:"Let plain HTTP carry Basic and unsealed messages, which Windows refuses by default."`
	Language         string `help:"Of console programs: ${enum}." enum:"en,de,fr,ja" default:"en"`
	WithoutShell     bool   `help:"Take the remote shell away."`
	DomainController bool   `help:"Make the host a domain controller and DNS server."`
	MaxUserPortRules *bool  `help:"Since 2008: a restart makes TCP's port ranges of MaxUserPort, or does not; what Windows does is unknown, so else the seed chooses." negatable:""`
	PolicyResults    string `help:"What a client gets of the results of Group Policy: ${enum}; unless given, the seed chooses." enum:"read,denied,missing,seed" default:"seed"`
	Stepped          bool   `help:"Let the host's time stand still but for step and reboot, so that what is read of it can be compared for equality."`
	Load             rate   `help:"Outgoing connections per second, e.g. 100/s." default:"0/s"`
	Destinations     int    `help:"To how many servers the load goes." default:"1"`
	ReadyFile        string `help:"Write the facts as KEY='value' lines for a shell to this file when the host is up." placeholder:"FILE"`
	ControlFile      string `help:"Write the control API's address to this file when the host is up." placeholder:"FILE"`
	CAFile           string `name:"ca-file" help:"Write the CA certificate to this file (default: one in the temporary folder, removed at the end)." placeholder:"FILE"`
}

func (c *serveCommand) Run(ctx context.Context, out io.Writer) error {
	profile, ok := winsim.ProfileByName(c.Profile)
	if !ok {
		return fmt.Errorf("there is no profile %q; use one of %s", c.Profile, profileNames())
	}
	options := []winsim.Option{
		winsim.Seed(c.Seed), winsim.Named(c.Name), winsim.ListenOn(c.Listen), winsim.Account(c.Username, c.Password),
		winsim.AllowUnencrypted(c.AllowUnencrypted), winsim.Language(c.Language),
	}
	if !c.Stepped {
		options = append(options, winsim.Clock(time.Now))
	}
	if c.WithoutShell {
		options = append(options, winsim.WithoutShell())
	}
	if c.DomainController {
		options = append(options, winsim.DomainController())
	}
	if c.MaxUserPortRules != nil {
		options = append(options, winsim.MaxUserPortRules(*c.MaxUserPortRules))
	}
	if c.PolicyResults != "seed" {
		options = append(options, winsim.PolicyResults(c.PolicyResults))
	}
	servers, err := destinations(c.Destinations)
	if err != nil {
		return err
	}
	host, err := winsim.New(profile, options...) //nolint:contextcheck // Close ends it, below
	if err != nil {
		return err
	}
	defer host.Close()
	control, err := listenControl(host) //nolint:contextcheck // likewise
	if err != nil {
		return err
	}
	defer control.close()
	host.Stack().Load(tcpstack.Load{PerSecond: float64(c.Load), Destinations: servers})
	remove, err := c.writeCA(host.CACertificate())
	if err != nil {
		return err
	}
	defer remove()
	facts := [][2]string{
		{"WINSIM_HTTP", host.HTTPAddr()}, {"WINSIM_HTTPS", host.HTTPSAddr()}, {"WINSIM_CONTROL", control.addr()},
		{"WINSIM_USERNAME", host.Username()}, {"WINSIM_PASSWORD", host.Password()}, {"WINSIM_CA_FILE", c.CAFile},
	}
	var lines strings.Builder
	for _, fact := range facts {
		fmt.Fprintf(&lines, "%s=%s\n", fact[0], quote(fact[1]))
	}
	fmt.Fprintf(out, "%s, a simulated %s, seed %d, is up. Interrupt to stop it.\n%s", host.Name(), profile.Caption, host.Seed(), lines.String())
	if err := writeWhole(c.ControlFile, control.addr()+"\n"); err != nil {
		return err
	}
	if err := writeWhole(c.ReadyFile, lines.String()); err != nil { // last: it says that all is there
		return err
	}
	<-ctx.Done()
	fmt.Fprintln(out, "stopped")
	return nil
}

// writeCA writes the certificate and settles c.CAFile; remove takes away what nobody asked for.
func (c *serveCommand) writeCA(pem string) (remove func(), err error) {
	if c.CAFile != "" {
		c.CAFile, err = filepath.Abs(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("find the CA file: %w", err)
		}
		return func() {}, writeWhole(c.CAFile, pem)
	}
	folder, err := os.MkdirTemp("", "winsim-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the CA file: %w", err)
	}
	c.CAFile = filepath.Join(folder, "ca.pem")
	return func() { _ = os.RemoveAll(folder) }, writeWhole(c.CAFile, pem)
}

// writeWhole writes a file so that nobody ever reads half of it. No path, no file.
func writeWhole(path, text string) error {
	if path == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".winsim-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // nothing is there any more after the rename
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// quote makes one word of a POSIX shell out of any text.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func profileNames() string {
	var names []string
	for _, p := range winsim.Profiles() {
		names = append(names, p.Key)
	}
	return strings.Join(names, ", ")
}

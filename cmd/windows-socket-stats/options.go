package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/monitoring"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

const description = `Read the socket statistics of Windows hosts over WinRM: active and stale sockets, and how much of the ephemeral port range is taken.

The password comes from WINDOWS_PASSWORD, --password-file or --password-fd, never from the command line. Every setting below "Connection" has a variable: WINDOWS_ and its name, as WINDOWS_CONNECT_TIMEOUT; that of --ca-certificate-file is WINDOWS_CA_CERTIFICATE and holds the PEM text itself.

Exit codes: of --format=nagios a plugin's (0 OK, 1 warning, 2 critical, 3 unknown); else 0 every host was read, 1 a host failed (the others are printed), 2 the result could not be written, 3 wrong use, 130 interrupted (nothing is written).`

// The formats.
const (
	formatTable      = "table"
	formatJSON       = "json"
	formatCacti      = "cacti"
	formatPrometheus = "prometheus"
	formatNagios     = "nagios"
)

var formats = []string{formatTable, formatJSON, formatCacti, formatPrometheus, formatNagios}

// deadlines are how long one reading of all hosts takes at most, by format: what comes
// after it to clean up takes up to 7 s (wsman), and Cacti ends a script after 25 s,
// Nagios a plugin after 60 s.
var deadlines = map[string]time.Duration{formatCacti: 15 * time.Second, formatNagios: 50 * time.Second}

const defaultDeadline = 5 * time.Minute

// options is the command line.
type options struct {
	Hosts []string `arg:"" name:"host" optional:"" help:"Hosts: NAME, NAME:PORT or [IPv6]:PORT."`

	Format string `short:"f" placeholder:"FORMAT" help:"table (default on a terminal), json (default elsewhere), cacti (one host), prometheus or nagios."`

	Watch    time.Duration `placeholder:"DURATION" help:"Read again and again, with a pause of DURATION, until interrupted; for --format=table."`
	Output   string        `type:"path" placeholder:"FILE" help:"Write --format=prometheus into FILE, whole or not at all, for node_exporter's textfile collector."`
	Warning  []string      `short:"w" sep:"none" placeholder:"METRIC=RANGE" help:"For --format=nagios, repeatable: when to warn. RANGE is Nagios': 10, 10:, ~:10, 10:20, @10:20. Without any --warning and --critical: utilisation=0.8 and 0.9."`
	Critical []string      `short:"c" sep:"none" placeholder:"METRIC=RANGE" help:"For --format=nagios, repeatable: when it is critical. Metrics: ${metrics}."`

	Method   string        `enum:"auto,wmi,netstat" default:"auto" help:"How the socket table is read: auto, wmi (MSFT_NetTCPConnection) or netstat."`
	MaxRows  int           `default:"${max_rows}" placeholder:"N" help:"The most sockets that are read of a host; more is an error (default ${max_rows})."`
	Parallel int           `default:"${parallel}" placeholder:"N" help:"How many hosts are read side by side (default ${parallel})."`
	Deadline time.Duration `placeholder:"DURATION" help:"How long one reading of all hosts takes at most (default: cacti 15s, nagios 50s, others 5m)."`

	connection

	Version bool `help:"Print the version and end."`

	limits   monitoring.Thresholds
	refusals *refusals // nil without --refused-file
}

// check settles what depends on several options.
func (o *options) check(terminal bool) error {
	switch {
	case o.Format == "" && terminal, o.Format == "" && o.Watch != 0:
		o.Format = formatTable
	case o.Format == "":
		o.Format = formatJSON
	}
	switch {
	case len(o.Hosts) == 0:
		return errors.New("no host is named; --help tells the rest")
	case !slices.Contains(formats, o.Format):
		return fmt.Errorf("--format=%s is unknown: use one of %s", o.Format, strings.Join(formats, ", "))
	case o.Format == formatCacti && len(o.Hosts) != 1:
		return fmt.Errorf("--format=cacti prints one host and was given %d: Cacti calls its script once for each device", len(o.Hosts))
	case o.Output != "" && o.Format != formatPrometheus:
		return fmt.Errorf("--output is for --format=prometheus, and the format is %s: redirect the output instead", o.Format)
	case o.Watch != 0 && o.Format != formatTable:
		return fmt.Errorf("--watch is for --format=table, and the format is %s: let the monitoring system call again", o.Format)
	case o.Watch < 0 || o.Watch != 0 && o.Watch < time.Second:
		return errors.New("--watch must be a second or more, for example --watch=5s")
	case len(o.Warning)+len(o.Critical) > 0 && o.Format != formatNagios:
		return fmt.Errorf("--warning and --critical are for --format=nagios, and the format is %s", o.Format)
	case o.RefusedFor <= 0:
		return errors.New("--refused-for must be above 0, for example --refused-for=30m")
	case o.Deadline < 0:
		return errors.New("--deadline must be above 0, for example --deadline=20s")
	case o.MaxRows < 1 || o.MaxRows > winhost.MaxMaxRows:
		return fmt.Errorf("--max-rows must be 1 to %d", winhost.MaxMaxRows)
	case o.Parallel < 1 || o.Parallel > maxParallel:
		return fmt.Errorf("--parallel must be 1 to %d", maxParallel)
	}
	if o.Deadline == 0 {
		o.Deadline = defaultDeadline
		if d, ok := deadlines[o.Format]; ok {
			o.Deadline = d
		}
	}
	if o.Output != "" {
		if err := o.target(); err != nil {
			return err
		}
	}
	return o.thresholds()
}

// target makes sure that --output names a file or none yet: a device that is replaced
// by a file would be missed by others. A link is followed.
func (o *options) target() error {
	info, err := os.Stat(o.Output)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // or a folder that is not there, which is said when it is written
	case err != nil:
		return nil //nolint:nilerr // likewise
	case !info.Mode().IsRegular():
		return fmt.Errorf("--output %s is no regular file; leave it out to write to standard output", o.Output)
	}
	o.Output, err = filepath.EvalSymlinks(o.Output)
	return err
}

// maxParallel bounds the connections that are open at once.
const maxParallel = 1000

func (o *options) thresholds() error {
	if len(o.Warning)+len(o.Critical) == 0 {
		o.limits = monitoring.DefaultThresholds()
		return nil
	}
	for _, level := range []struct {
		flag  string
		texts []string
		into  *[]monitoring.Threshold
	}{{"--warning", o.Warning, &o.limits.Warning}, {"--critical", o.Critical, &o.limits.Critical}} {
		for _, text := range level.texts {
			threshold, err := monitoring.ParseThreshold(text)
			if err != nil {
				return fmt.Errorf("%s: %w", level.flag, err)
			}
			*level.into = append(*level.into, threshold)
		}
	}
	return nil
}

// fleet makes the hosts of the command line ready to be read.
func (o *options) fleet(ctx context.Context, c console) (*monitoring.Fleet, error) {
	settings, err := o.settings(ctx)
	if err != nil {
		return nil, err
	}
	config, problems := settings.Resolve(c.lookup)
	if len(problems) > 0 {
		return nil, errors.New(joined(problems))
	}
	for _, warning := range config.Warnings() {
		fmt.Fprintf(c.stderr, "%s: warning: %s. %s\n", name, warning.Summary, flags.Replace(warning.Detail))
	}
	reading := monitoring.Options{
		Sockets:  winhost.SocketQuery{Method: winhost.SocketMethod(o.Method), MaxRows: o.MaxRows, Top: top},
		Parallel: o.Parallel, Deadline: o.Deadline,
	}
	if o.RefusedFile != "" {
		if o.refusals, err = openRefusals(refusals{path: o.RefusedFile, keep: o.RefusedFor, now: time.Now,
			account: config.Username, shared: config.SharedAccount(), password: o.passwordChanged()}); err != nil {
			return nil, err
		}
		reading.Skip = o.refusals.skip
	}
	return monitoring.NewFleet(config, o.Hosts, reading)
}

// passwordChanged is when the password file was written; zero without one.
func (o *options) passwordChanged() time.Time {
	info, err := os.Stat(o.PasswordFile)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime().UTC()
}

// top bounds the lists of the busiest in JSON; the other formats take the first.
const top = 10

func joined(problems []winhost.Problem) string {
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Summary+". "+p.Detail)
	}
	return strings.Join(slices.Compact(texts), " ")
}

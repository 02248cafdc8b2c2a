package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/monitoring"
)

// report prints readings in the format that was asked for and gives the exit code.
func (o *options) report(readings []monitoring.Reading, c console) int {
	code := exitOK
	if o.refusals != nil {
		if err := o.refusals.learn(readings); err != nil {
			fmt.Fprintf(c.stderr, "%s: %v\n", name, err)
		}
	}
	for i := range readings {
		readings[i].Err = asFlags(readings[i].Err)
		if readings[i].Err == nil {
			continue
		}
		code = exitFailed
		if o.Format != formatNagios && o.Format != formatTable { // these say it themselves
			fmt.Fprintf(c.stderr, "%s: %s: %s\n", name, readings[i].Host, readings[i].Failure())
		}
	}
	var err error
	switch o.Format {
	case formatNagios:
		var status monitoring.Status
		status, err = monitoring.WriteNagios(c.stdout, readings, o.limits)
		code = int(status)
	case formatCacti:
		err = monitoring.WriteCacti(c.stdout, readings[0])
	case formatPrometheus:
		err = o.prometheus(readings, c.stdout)
	case formatTable:
		err = monitoring.WriteTable(c.stdout, readings)
	default:
		err = monitoring.WriteJSON(c.stdout, readings)
	}
	if err != nil {
		fmt.Fprintf(c.stderr, "%s: %v\n", name, err)
		if o.Format == formatNagios {
			return int(monitoring.Unknown)
		}
		return exitUnwritten
	}
	return code
}

func (o *options) prometheus(readings []monitoring.Reading, stdout io.Writer) error {
	if o.Output == "" {
		return monitoring.WritePrometheus(stdout, readings)
	}
	if err := monitoring.WriteTextfile(o.Output, readings); err != nil {
		return fmt.Errorf("--output %s was not written, and what was there before is as it was: %w", o.Output, err)
	}
	return nil
}

// clearScreen puts the cursor into the first corner and clears the screen (ECMA-48).
const clearScreen = "\x1b[H\x1b[2J"

// watch prints the table again and again until it is interrupted, which is no failure.
func watch(ctx context.Context, fleet *monitoring.Fleet, o options, c console) int {
	for {
		readings := fleet.Read(ctx)
		if ctx.Err() != nil {
			return exitOK
		}
		for i := range readings {
			readings[i].Err = asFlags(readings[i].Err)
		}
		if c.terminal {
			fmt.Fprint(c.stdout, clearScreen)
		}
		fmt.Fprintf(c.stdout, "%s, every %s\n", time.Now().Format(time.RFC3339), o.Watch)
		if err := monitoring.WriteTable(c.stdout, readings); err != nil {
			fmt.Fprintf(c.stderr, "%s: %v\n", name, err)
			return exitUnwritten
		}
		select {
		case <-ctx.Done():
			return exitOK
		case <-c.after(o.Watch):
		}
	}
}

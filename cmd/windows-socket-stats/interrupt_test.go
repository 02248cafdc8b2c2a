package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// A call that is interrupted in the middle writes nothing: its hosts did not fail.
func TestInterrupted(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	path := filepath.Join(t.TempDir(), "sockets.prom")
	if err := os.WriteFile(path, []byte("the old file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for format, want := range map[string]int{"prometheus": 130, "nagios": 3, "cacti": 130} {
		ctx, interrupt := context.WithCancel(t.Context())
		sim.Intercept(func(call winsim.Call) winsim.Action {
			if !strings.Contains(call.WQL, "MSFT_NetTCPConnection") {
				return winsim.Proceed
			}
			interrupt()
			return winsim.Hang
		})
		args := []string{"-f", format, sim.HTTPAddr()}
		if format == "prometheus" {
			args = append(args, "--output", path)
		}
		var out bytes.Buffer
		code := run(ctx, args, console{stdout: &out, stderr: &out, lookup: account(sim)})
		if code != want || !strings.Contains(out.String(), "interrupted: nothing was written") {
			t.Errorf("%s: exit code %d: %s", format, code, out.String())
		}
	}
	if text := mustRead(t, path); text != "the old file\n" {
		t.Errorf("the file is now %q", text)
	}
}

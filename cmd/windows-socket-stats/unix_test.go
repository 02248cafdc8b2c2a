//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestPasswordFromDescriptor(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	if _, err := write.WriteString(sim.Password() + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	descriptor, err := syscall.Dup(int(read.Fd())) // #nosec G115 -- a descriptor; the program closes this one
	if err != nil {
		t.Fatal(err)
	}
	statsIn(t, map[string]string{"WINDOWS_USERNAME": sim.Username()}, "-f", "cacti", "--password-fd", fmt.Sprint(descriptor), sim.HTTPAddr()).is(t, 0, "active:", "")
	if err := syscall.Close(descriptor); err == nil {
		t.Error("the program left the descriptor open")
	}
}

// A full disk keeps the old file, and is said with the exit code of a failure. The
// disk is full for the program alone: the shell bounds the size of its files.
func TestFullDisk(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	program := filepath.Join(t.TempDir(), "windows-socket-stats")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "sockets.prom")
	if err := os.WriteFile(path, []byte("the old file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -f 1 && exec "$@"`, "sh", program, "--format=prometheus", "--output="+path, sim.HTTPAddr())
	cmd.Env = append(os.Environ(), "WINDOWS_USERNAME="+sim.Username(), "WINDOWS_PASSWORD="+sim.Password())
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "was not written, and what was there before is as it was: write ") {
		t.Errorf("%v: %s", err, out)
	}
	if text := mustRead(t, path); text != "the old file\n" {
		t.Errorf("the file is now %q", text)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

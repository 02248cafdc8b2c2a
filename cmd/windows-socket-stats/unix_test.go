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
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "was not written, and what was there before is as it was: write ") {
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

// Others can read it, or change which password is sent.
func TestRightsOfThePasswordFile(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(sim.Password()), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, code := range map[os.FileMode]int{0o600: 0, 0o640: 0, 0o440: 0, 0o644: 3, 0o660: 3, 0o602: 3} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		got := statsIn(t, map[string]string{"WINDOWS_USERNAME": sim.Username()}, "-f", "nagios", "--password-file", path, sim.HTTPAddr())
		if got.code != code || code != 0 && !strings.Contains(got.stdout, fmt.Sprintf("has the rights %o, so that", mode)) {
			t.Errorf("%o: %+v", mode, got)
		}
	}
}

// What does not give a password does not hold the call up.
func TestPasswordThatDoesNotCome(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	defer func() { _ = write.Close() }()           // ends the reading that was given up
	descriptor, err := syscall.Dup(int(read.Fd())) // #nosec G115 -- a descriptor; the program closes this one
	if err != nil {
		t.Fatal(err)
	}
	statsIn(t, map[string]string{"WINDOWS_USERNAME": sim.Username()}, "-f", "nagios", "--deadline=200ms", "--password-fd", fmt.Sprint(descriptor), sim.HTTPAddr()).
		is(t, 3, fmt.Sprintf("SOCKETS UNKNOWN - --password-fd %d did not give a line in time", descriptor), "")
}

// Devices stay what they are, and links lead to what is written.
func TestOutputThatIsNoFile(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	folder := t.TempDir()
	fifo, link, target := filepath.Join(folder, "fifo"), filepath.Join(folder, "link.prom"), filepath.Join(folder, "real.prom")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, folder, os.DevNull} {
		stats(t, sim, "-f", "prometheus", "--output", path, sim.HTTPAddr()).is(t, 3, "", "is no regular file")
	}
	if err := os.WriteFile(target, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.prom", link); err != nil {
		t.Fatal(err)
	}
	stats(t, sim, "-f", "prometheus", "--output", link, sim.HTTPAddr()).is(t, 0, "", "")
	if text := mustRead(t, target); !strings.Contains(text, "probe_success") {
		t.Errorf("the link's target is %q", text)
	}
	if text, err := os.Readlink(link); err != nil || text != "real.prom" {
		t.Errorf("the link leads to %s, %v", text, err)
	}
}

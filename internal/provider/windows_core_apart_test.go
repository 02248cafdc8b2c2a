//go:build !windows

package provider

import (
	"os"
	"os/exec"
	"syscall"
)

// apart gives a command a process group of its own, so that Ctrl-C at a terminal reaches
// the test alone, which asks the command to end in its own time; a second Ctrl-C then does
// not hit the one that puts the host back.
func apart(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
}

package provider

import "os/exec"

// apart leaves a command where it is: on Windows Ctrl-C reaches all processes of a console
// (Microsoft, "CTRL+C and CTRL+BREAK Signals"), and nothing else can be sent to one. What
// runs is given time to end by itself.
func apart(command *exec.Cmd) {
	command.Cancel = func() error { return nil }
}

package shell

import (
	"bytes"
	"fmt"
	"strings"
)

// console is one run of cmd.exe.
type console struct {
	machine        *Machine
	text           language
	stdout, stderr bytes.Buffer
	exitCode       int
	failed         bool // the last command, for &&
	elevated, deaf bool // see Shells
}

// run runs a command line as cmd.exe does, as far as it is needed here: programs and echo, with & and && between them,
// and quotes. Whatever else means something to cmd.exe is refused, so that nobody comes to rely on a wrong answer.
func (c *console) run(line string) {
	commands, ok := split(line)
	if !ok {
		c.fail(1, "The syntax of the command is incorrect.")
		return
	}
	for _, one := range commands {
		if one, after := strings.CutPrefix(one, "&"); !after || !c.failed {
			c.command(one)
		}
	}
}

// Programs names what a command line has cmd.exe run, in small letters without folder and .exe, also of lines that it refuses.
func Programs(line string) (names []string) {
	for _, one := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("&|<>()^%\r\n", r) }) {
		if words := strings.FieldsFunc(one, func(r rune) bool { return strings.ContainsRune(" \t/", r) }); len(words) > 0 {
			name := strings.Trim(words[0][strings.LastIndex(words[0], `\`)+1:], `"`)
			names = append(names, strings.TrimSuffix(strings.ToLower(name), ".exe"))
		}
	}
	return names
}

// split takes a line apart at & and &&; a command after && begins with &. ok is false for syntax that is not understood.
func split(line string) (commands []string, ok bool) {
	quoted, start := false, 0
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case quoted:
		case strings.IndexByte("|<>()^%\r\n", line[i]) >= 0:
			return nil, false
		case line[i] == '&':
			commands = append(commands, line[start:i])
			start = i + 1
			if start < len(line) && line[start] == '&' {
				i++
			}
		}
	}
	commands = append(commands, line[start:])
	for _, one := range commands {
		if strings.TrimSpace(strings.TrimPrefix(one, "&")) == "" && len(commands) > 1 {
			return nil, false
		}
	}
	return commands, true
}

// command runs one command. That echo leaves the exit code of what came before it is reported of batch files; whether the
// line's does so too is assumed, and whether a program that is not there is 1, as of `cmd /c`, or 9009, as in a batch file.
func (c *console) command(text string) {
	text = strings.TrimLeft(text, " \t")
	name, rest, _ := strings.Cut(text, " ")
	c.failed = false
	switch {
	case strings.EqualFold(name, "echo"):
		c.stdout.WriteString(rest + "\r\n")
		if c.machine.Shape.EchoSucceeds {
			c.exitCode = 0
		}
	case text == "":
	case !c.program(text):
		c.fail(c.machine.Shape.NoProgramCode, fmt.Sprintf(c.text.noProgram, strings.Trim(name, `"`)))
	}
}

func (c *console) fail(code int, text string) {
	c.stderr.WriteString(text + "\r\n")
	c.exitCode, c.failed = code, true
}

// program runs a program with its arguments; false where there is no such program.
func (c *console) program(text string) bool {
	words := strings.Fields(text)
	if len(words) == 0 {
		return false
	}
	run, ok := map[string]func(*console, []string) int{"netstat": (*console).netstat, "netsh": (*console).netsh, "reg": (*console).reg}[strings.TrimSuffix(strings.ToLower(words[0]), ".exe")]
	if ok {
		c.exitCode = run(c, words[1:])
		c.failed = c.exitCode != 0
	}
	return ok
}

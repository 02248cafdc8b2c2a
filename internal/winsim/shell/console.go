package shell

import (
	"fmt"
	"strings"
)

// console is one run of cmd.exe.
type console struct {
	machine        *Machine
	stdout, stderr strings.Builder
	exitCode       int
}

func (c *console) text() language { return languages[c.machine.Language] }

// line runs a command line as cmd.exe does, as far as that is needed: commands with & and && between them, quotes and
// carets, and echo. Everything else that means something to cmd.exe is refused, so that nobody relies on a wrong answer.
func (c *console) line(line string) {
	commands, ok := split(line)
	if !ok {
		c.fail(1, "The syntax of the command is incorrect.")
		return
	}
	for _, one := range commands {
		if one.ifDone && c.exitCode != 0 {
			continue
		}
		c.command(one.text)
	}
}

// chained is one command of a line.
type chained struct {
	text   string
	ifDone bool // && stands before it
}

// split takes a line apart; ok is false where it has syntax that is not understood here.
func split(line string) (commands []chained, ok bool) {
	var b strings.Builder
	quoted, next := false, chained{}
	for i := 0; i < len(line); i++ {
		switch ch := line[i]; {
		case ch == '"':
			quoted = !quoted
			b.WriteByte(ch)
		case quoted:
			b.WriteByte(ch)
		case ch == '^' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
		case strings.IndexByte("|<>()%\r\n", ch) >= 0:
			return nil, false
		case ch != '&':
			b.WriteByte(ch)
		default:
			next.text = b.String()
			commands = append(commands, next)
			b.Reset()
			next = chained{ifDone: i+1 < len(line) && line[i+1] == '&'}
			if next.ifDone {
				i++
			}
		}
	}
	next.text = b.String()
	if commands = append(commands, next); len(commands) == 1 {
		return commands, true
	}
	for _, one := range commands {
		if strings.TrimSpace(one.text) == "" {
			return nil, false
		}
	}
	return commands, true
}

// command runs one command of a line. A program that is not there is 9009 to a batch file; that the shell reports 1, as
// `cmd /c` does, is likelier than 9009, but which is assumed.
func (c *console) command(text string) {
	text = strings.TrimLeft(text, " \t")
	name, rest, _ := strings.Cut(text, " ")
	switch {
	case text == "":
		c.exitCode = 0
	case strings.EqualFold(name, "echo"):
		c.stdout.WriteString(rest + "\r\n")
		c.exitCode = 0
	case !c.program(text):
		c.fail(c.machine.Shape.UnknownCommandCode, fmt.Sprintf(c.text().notFound, strings.Trim(strings.TrimSpace(name), `"`)))
	}
}

func (c *console) fail(code int, text string) {
	c.stderr.WriteString(text + "\r\n")
	c.exitCode = code
}

// program runs a program with its arguments; false where there is no such program.
func (c *console) program(text string) bool {
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 0 {
		return false
	}
	switch strings.TrimSuffix(words[0], ".exe") {
	case "netstat":
		c.netstat(words[1:])
	case "netsh":
		c.netsh(words[1:])
	case "reg":
		c.reg(text)
	default:
		return false
	}
	return true
}

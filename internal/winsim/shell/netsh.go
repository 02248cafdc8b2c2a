package shell

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// windowsBlock is how many ports an exclusion of Windows' own takes (reported of Hyper-V); such a one bears no star.
const windowsBlock = 100

// netsh answers `netsh int ipv4|ipv6 show|set dynamicport …` and `… show|add excludedportrange …`, the latter of TCP only. 2003
// has no such commands (documented; what it says is assumed); excludedportrange came to 2008 R2 with a hotfix (documented:
// KB2665809), which is there by seed. What is shown is what is active (assumed).
func (c *console) netsh(words []string) int {
	build, said := c.machine.Profile.Build, strings.Fields(strings.ToLower(strings.Join(words, " ")))
	if len(said) < 5 || build < 6000 || said[0] != "int" && said[0] != "interface" {
		return c.refuse(c.text.noCommand, strings.Join(words, " "))
	}
	args, config := arguments(said[4:]), c.machine.Stack().Config()
	r, tcp := config.Of(args["protocol"], said[1]), args["protocol"] == "tcp"
	verb, show := said[2], len(args) == 1 && r != nil && said[2] == "show"
	dynamic := abbreviates(said[3], "dynamicportrange")
	excluded := abbreviates(said[3], "excludedportrange") && (build >= 9200 || c.machine.Shape.ExcludedHotfix)
	switch {
	case dynamic && show:
		fmt.Fprintf(&c.stdout, "\r\n"+c.text.dynamic+"\r\n\r\n", args["protocol"], r.Start, r.Number)
		return 0
	case excluded && show:
		fmt.Fprintf(&c.stdout, "\r\n"+c.text.excluded+"\r\n", args["protocol"])
		for _, r := range config.Excluded {
			if mark := "*"; tcp {
				if r.Number == windowsBlock {
					mark = " "
				}
				fmt.Fprintf(&c.stdout, "%10d  %10d     %s\r\n", r.Start, r.End()-1, mark)
			}
		}
		fmt.Fprintf(&c.stdout, "\r\n* - %s\r\n\r\n", c.text.administered)
		return 0
	case dynamic && verb == "set" && r != nil:
		return c.netshWrites("set dynamicportrange", said[1], args, 1025, 255) // documented: KB929851
	case excluded && verb == "add" && r != nil && tcp:
		return c.netshWrites("add excludedportrange", said[1], args, 1, 1)
	}
	return c.refuse(c.text.noCommand, strings.Join(words, " "))
}

// netshWrites sets a dynamic range or excludes a range, with bounds of its first port and its size. The exit code of a
// refusal is assumed, and so is what is said of a range out of bounds (the usage or one sentence, by seed); that a port in use
// can't be excluded is reported.
func (c *console) netshWrites(command, family string, args map[string]string, first, least int) int {
	start, err := strconv.Atoi(args["startport"])
	number, err2 := strconv.Atoi(args["numberofports"])
	r, store, exclude := tcpstack.Range{Start: start, Number: number}, cmp.Or(args["store"], "persistent"), first == 1
	bad := start < first || number < least || start > 1<<16-number
	switch {
	case errors.Join(err, err2) != nil || store != "persistent" && (store != "active" || exclude) || c.elevated && bad && c.machine.Shape.NetshUsage:
		return c.refuse(c.text.syntax+" %s [protocol=]tcp|udp [startport=]<integer> [numberofports=]<integer> [[store=]active|persistent]\r\n", command)
	case !c.elevated:
		return c.refuse(c.text.elevation + "\r\n")
	case bad:
		return c.refuse(c.text.parameter + "\r\n")
	case exclude && slices.ContainsFunc(c.machine.Stack().Sockets(), func(s tcpstack.Socket) bool {
		return s.State != tcpstack.TimeWait && int(s.Local.Port()) >= start && int(s.Local.Port()) < r.End()
	}):
		return c.refuse(c.text.inUse + "\r\n")
	case c.deaf:
	case exclude:
		c.machine.Stack().Configure(func(c *tcpstack.Config) { c.Excluded = append(c.Excluded, r) })
	default:
		c.machine.SetRange(args["protocol"], family, r, store == "persistent")
	}
	c.stdout.WriteString(c.text.ok + "\r\n\r\n")
	return 0
}

func (c *console) refuse(text string, args ...any) int {
	fmt.Fprintf(&c.stdout, text+"\r\n", args...)
	return 1
}

// abbreviates tells whether netsh takes a word for a command (documented: KB929851 says "dynamic" too).
func abbreviates(word, command string) bool {
	return len(word) >= 7 && strings.HasPrefix(command, word)
}

// arguments reads netsh's: each a value for the next tag, or `tag=value` with a tag as short as one likes (documented: the
// usage, KB929851). It gives none where one does not fit.
func arguments(words []string) map[string]string {
	tags, given := []string{"protocol", "startport", "numberofports", "store"}, map[string]string{}
	for i, word := range words {
		tag, value, tagged := strings.Cut(word, "=")
		if !tagged {
			tag, value = append(tags, "?")[min(i, len(tags))], word
		}
		at := slices.IndexFunc(tags, func(full string) bool { return tag != "" && strings.HasPrefix(full, tag) })
		if at < 0 || given[tags[at]] != "" {
			return nil
		}
		given[tags[at]] = value
	}
	return given
}

package shell

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// windowsBlock is how many ports Windows' own exclusions take at a time (reported of Hyper-V); they bear no star.
const windowsBlock = 100

// netstat answers `netstat -ano`, with -q since 2016, and with -p tcp, tcpv6, udp or udpv6.
func (c *console) netstat(words []string) {
	letters, tables := "", []string{"tcp", "tcpv6", "udp", "udpv6"}
	for i := 0; i < len(words); i++ {
		flag, ok := strings.CutPrefix(words[i], "-")
		if flag == "p" && i+1 < len(words) {
			i++
			ok, tables = slices.Contains(tables, words[i]), words[i:i+1]
		} else {
			letters += flag
		}
		if !ok {
			c.netstatUsage()
			return
		}
	}
	plain := strings.ReplaceAll(letters, "q", "")
	if strings.Trim(letters, "anoq") != "" || len(plain) != 3 || !strings.Contains(plain, "a") || !strings.Contains(plain, "n") || !strings.Contains(plain, "o") ||
		plain != letters && c.machine.Profile.Build < 14393 {
		c.netstatUsage()
		return
	}
	fmt.Fprintf(&c.stdout, "\r\n%s\r\n\r\n  %s\r\n", c.text().title, c.text().heading)
	for _, table := range tables {
		transport, six := strings.CutSuffix(table, "v6")
		if transport == "udp" {
			c.endpoints(six)
		} else {
			c.sockets(six, plain != letters)
		}
	}
	c.exitCode = 0
}

// netstatUsage is what netstat does with options that it does not know (assumed).
func (c *console) netstatUsage() {
	c.stdout.WriteString("\r\nDisplays protocol statistics and current TCP/IP network connections.\r\n\r\nNETSTAT [-a] [-n] [-o] [-p proto]\r\n")
	c.exitCode = 1
}

func (c *console) sockets(six, withBound bool) {
	words := c.text().states
	c.machine.Stack().Each(func(s tcpstack.Socket) bool {
		if s.Local.Addr().Is6() == six && (s.State != tcpstack.Bound || withBound) {
			word, ok := words[s.State]
			if !ok {
				word = strconv.Itoa(int(s.State))
			}
			c.row("TCP", s.Local.String(), s.Remote.String(), word, s.PID)
		}
		return true
	})
}

func (c *console) endpoints(six bool) {
	for _, e := range c.machine.Stack().UDP() {
		if e.Local.Addr().Is6() == six {
			c.row("UDP", e.Local.String(), "*:*", "", e.PID)
		}
	}
}

// row is one of netstat's, as public pastes have it. Four blanks before it were seen as well as two.
func (c *console) row(proto, local, remote, state string, process uint32) {
	fmt.Fprintf(&c.stdout, "%*s%-5s  %-21s  %-21s  %-14s  %d\r\n", c.machine.Shape.NetstatIndent, "", proto, local, remote, state, process)
}

// netsh answers `netsh int ipv4|ipv6 show dynamicport|excludedportrange [protocol=]tcp|udp`. 2003 has no such command
// (documented; its words and exit code are assumed). excludedportrange came to 2008 R2 with a hotfix (documented:
// KB2665809); whether that is there is the seed's choice.
func (c *console) netsh(words []string) {
	ok := len(words) == 5 && (words[0] == "int" || words[0] == "interface") && (words[1] == "ipv4" || words[1] == "ipv6") && words[2] == "show"
	transport, what := "", ""
	if ok {
		what, transport = words[3], strings.TrimPrefix(words[4], "protocol=")
		ok = transport == "tcp" || transport == "udp"
	}
	build := c.machine.Profile.Build
	switch t := c.text(); {
	case ok && strings.TrimSuffix(what, "range") == "dynamicport" && build >= 6000:
		r := c.machine.Stack().Range()
		fmt.Fprintf(&c.stdout, "\r\n%s\r\n---------------------------------\r\n%s: %d\r\n%s: %d\r\n\r\n", fmt.Sprintf(t.dynamic[0], transport), t.dynamic[1], r.Start, t.dynamic[2], r.Number)
	case ok && what == "excludedportrange" && (build >= 9200 || build >= 6000 && c.machine.Shape.ExcludedHotfix):
		fmt.Fprintf(&c.stdout, "\r\n%s\r\n\r\n%s\r\n%s\r\n", fmt.Sprintf(t.excluded[0], transport), t.excluded[1], t.excluded[2])
		for _, r := range c.machine.Stack().Excluded() {
			if mark := "*"; transport == "tcp" {
				if r.Number == windowsBlock {
					mark = " "
				}
				fmt.Fprintf(&c.stdout, "%10d  %10d     %s\r\n", r.Start, r.End()-1, mark)
			}
		}
		fmt.Fprintf(&c.stdout, "\r\n* - %s\r\n\r\n", t.excluded[3])
	default:
		fmt.Fprintf(&c.stdout, t.netshUnknown+"\r\n", strings.Join(words, " "))
		c.exitCode = 1
		return
	}
	c.exitCode = 0
}

// reg answers `reg query KEY /v NAME`. 2003 puts its version first and TABs between the columns (reported).
func (c *console) reg(text string) {
	words := strings.Fields(text)
	if len(words) == 5 && strings.EqualFold(words[1], "query") && strings.EqualFold(words[3], "/v") {
		hive, path, _ := strings.Cut(strings.Trim(words[2], `"`), `\`)
		v, err := c.machine.Registry.Get(path, strings.Trim(words[4], `"`))
		if err == nil && (strings.EqualFold(hive, "HKLM") || strings.EqualFold(hive, "HKEY_LOCAL_MACHINE")) {
			format := "\r\nHKEY_LOCAL_MACHINE\\%s\r\n    %s    %v    %s\r\n\r\n"
			if c.machine.Profile.Build < 6000 {
				format = "\r\n! REG.EXE VERSION 3.0\r\n\r\nHKEY_LOCAL_MACHINE\\%s\r\n    %s\t%v\t%s\r\n\r\n"
			}
			fmt.Fprintf(&c.stdout, format, path, v.Name, v.Type, v.Data())
			c.exitCode = 0
			return
		}
	}
	c.fail(1, c.text().regError)
}

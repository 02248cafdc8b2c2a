package shell

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// netstat answers `netstat -ano`, also with -p tcp, tcpv6, udp or udpv6; other spellings are Windows' too, but nobody's
// here. Bound ports are left out (documented: port exhaustion).
func (c *console) netstat(words []string) int {
	said, tables := strings.ToLower(strings.Join(words, " ")), []string{"tcp", "tcpv6", "udp", "udpv6"}
	if one, ok := strings.CutPrefix(said, "-ano -p "); ok && slices.Contains(tables, one) {
		said, tables = "-ano", []string{one}
	}
	if said != "-ano" {
		c.stdout.WriteString("\r\nDisplays protocol statistics and current TCP/IP network connections.\r\n\r\n")
		return 1
	}
	fmt.Fprintf(&c.stdout, "\r\n%s\r\n\r\n  %s\r\n", c.text.title, c.text.heading)
	for _, table := range tables {
		transport, six := strings.CutSuffix(table, "v6")
		if transport == "tcp" {
			for _, s := range c.machine.Stack().Sockets() {
				word, ok := c.text.states[s.State]
				if !ok {
					word = strconv.Itoa(int(s.State))
				}
				if s.Local.Addr().Is6() == six && s.State != tcpstack.Bound {
					c.row("TCP", s.Local.String(), s.Remote.String(), word, s.PID)
				}
			}
			continue
		}
		for _, e := range c.machine.Stack().UDP() {
			if e.Local.Addr().Is6() == six {
				c.row("UDP", e.Local.String(), "*:*", "", e.PID)
			}
		}
	}
	return 0
}

// row is one of netstat's, as in public pastes; both two and four blanks were seen before it.
func (c *console) row(proto, local, remote, state string, process uint32) {
	fmt.Fprintf(&c.stdout, "%*s%-5s  %-21s  %-21s  %-14s  %d\r\n", c.machine.Shape.NetstatIndent, "", proto, local, remote, state, process)
}

// reg answers `reg query KEY /v NAME`. 2003 puts its version first and TABs between the columns (reported).
func (c *console) reg(words []string) int {
	if len(words) == 4 && strings.EqualFold(words[0], "query") && strings.EqualFold(words[2], "/v") {
		hive, path, _ := strings.Cut(strings.Trim(words[1], `"`), `\`)
		v, err := c.machine.Registry.Get(path, strings.Trim(words[3], `"`))
		if err == nil && (strings.EqualFold(hive, "HKLM") || strings.EqualFold(hive, "HKEY_LOCAL_MACHINE")) {
			title, gap := "", "    "
			if c.machine.Profile.Build < 6000 {
				title, gap = "\r\n! REG.EXE VERSION 3.0\r\n", "\t"
			}
			fmt.Fprintf(&c.stdout, "%s\r\nHKEY_LOCAL_MACHINE\\%s\r\n    %s%s%v%s%s\r\n\r\n", title, path, v.Name, gap, v.Type, gap, v.Data())
			return 0
		}
	}
	c.stderr.WriteString(c.text.noValue + "\r\n")
	return 1
}

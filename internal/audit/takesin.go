package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// maxLines bounds the lines that one warning prints.
const maxLines = 20

// news is what a range takes in: the ports inside it, outside the range of now, and not
// reserved. What is inside the range of now is no news (the audit lists it), least of all
// the RPC services at 49664 and so on, which have their ports from there; where the range
// of now is not known, Windows' default counts as it.
type news struct {
	to   tcpip.PortRange
	now  map[tcpip.Family]tcpip.PortRange
	kept map[tcpip.Family]bits
}

func (o *outlook) news(c change) news {
	n := news{c.to, map[tcpip.Family]tcpip.PortRange{}, map[tcpip.Family]bits{}}
	for _, family := range tcpip.Families {
		n.now[family] = o.usual()
		if r, ok := o.present(c, family); ok {
			n.now[family] = r
		}
		n.kept[family] = o.kept(tcpip.Pool{Transport: c.transport, Family: family})
	}
	return n
}

func (n news) has(port uint16, family tcpip.Family) bool {
	return n.to.Contains(port) && !n.now[family].Contains(port) && !n.kept[family].has(port)
}

// only says of which family a port is news, where the other one's range of now has it.
func (n news) only(port uint16) string {
	var families []string
	for _, family := range tcpip.Families {
		if !n.now[family].Contains(port) {
			families = append(families, familyText(family))
		}
	}
	if len(families) != 1 {
		return ""
	}
	return "; newly, for " + families[0]
}

// once tells whether Windows handed out a port at some time, as far as it is known: it is
// in the default range, in the range of now of either family, or in that of state, which
// a plan that mends a drift sets again.
func (o *outlook) once(c change, n news, port uint16) bool {
	if prior, ok := o.Prior[c.argument].PortRange(); ok && prior.Contains(port) {
		return true
	}
	return o.usual().Contains(port) || n.now[tcpip.IPv4].Contains(port) || n.now[tcpip.IPv6].Contains(port)
}

// takesIn warns of listeners that the range newly takes in. One that has its port from
// a range that Windows handed out once is none, though that is not in use any more. WinRM's listener for
// local requests gives no warning of its own: practically every host has it.
func (o *outlook) takesIn(c change) {
	if c.transport != tcpip.TCP {
		return
	}
	news := o.news(c)
	list := slices.DeleteFunc(o.sockets(news.has), func(s socket) bool { return o.once(c, news, s.port) && o.drawn(s, tcpip.PortRange{}) })
	if !slices.ContainsFunc(list, func(s socket) bool { return s.port != winRMLocal }) {
		return
	}
	slices.SortStableFunc(list, func(a, b socket) int { return first(o.by(a.port), o.by(b.port)) })
	var names []string
	for _, s := range list {
		names = append(names, fmt.Sprintf("%d (%s%s)", s.port, o.called(s), news.only(s.port)))
	}
	names = slices.Compact(names) // two programs on one port
	o.warn(c.argument, fmt.Sprintf("%s %s %s on which something listens: %s", c.name(), c.would("take in"), count(len(names), "port"), few(names, 5)), o.protection(c, list))
}

// would says of what is only reported that it is so.
func (c change) would(verb string) string {
	if c.supposed {
		return "that max_user_port is reported to make would " + verb
	}
	return "would " + verb
}

// by tells whether the host is reached by a port.
func (o *outlook) by(port uint16) bool { return port != 0 && port == o.Port }

// called is what a list calls a listener.
func (o *outlook) called(s socket) string {
	switch name, _ := service(tcpip.TCP, s.port); {
	case o.by(s.port):
		return "WinRM, by which this provider comes"
	case slices.Contains(winRM, s.port):
		return "WinRM"
	case s.port == winRMLocal:
		return name
	case s.process == "":
		return fmt.Sprintf("process %d", s.pid)
	default:
		return clean(s.process)
	}
}

// protection is how to keep the ports of listeners out of a range. It is read before an
// apply and after it.
func (o *outlook) protection(c change, list []socket) string {
	text := "While such a program is stopped, a client's connection may get its port, and it cannot start again"
	stop := "stop the program for that moment"
	if slices.ContainsFunc(list, func(s socket) bool { return o.by(s.port) || slices.Contains(winRM, s.port) }) {
		text += "; with WinRM's own port goes the way back by this provider"
		stop += ", WinRM's service at the host's console"
	}
	text += "." + o.unsure() + "\n\n"
	var lines []string
	if o.old() {
		for _, s := range list {
			lines = append(lines, entryOf(tcpip.PortRange{Start: s.port, Number: 1}))
		}
		return text + "Add what must stay free to the REG_MULTI_SZ ReservedPorts in HKLM\\" + tcpip.KeyPath + " (KB812873; ports in a row as one entry) before the restart:" + block(slices.Compact(lines))
	}
	both, highest := false, uint16(0)
	for _, s := range list {
		lines = append(lines, protect(tcpip.TCP, s.port, s.families)...)
		both = both || len(s.families) > 1
		if s.port != winRMLocal {
			highest = max(highest, s.port)
		}
	}
	how := o.above(c, highest) + "eserve on the host what must stay free. netsh is reported to refuse a port that a socket has: " + stop + "."
	if both {
		how += sharedList(tcpip.TCP)
	}
	return text + how + o.hotfix() + block(slices.Compact(lines))
}

// above is the simple cure, where there is one: a range that starts above the ports, if
// it has half as many ports as were asked for, and no fewer than Windows' default.
// MaxUserPort moves no start.
func (o *outlook) above(c change, highest uint16) string {
	left := uint32(c.to.Last() - highest)
	if c.supposed || left < max(c.to.Number/2, o.usual().Number) {
		return "R" // how goes on
	}
	return fmt.Sprintf("Simplest is a range that starts above: start_port = %d, number_of_ports = %d. Else r", highest+1, left)
}

// hotfix says what netsh needs on the first versions that have ranges.
func (o *outlook) hotfix() string {
	switch {
	case o.System.Build < tcpip.Server2008R2:
		return " Whether the netsh of this version can is not documented."
	case o.System.Build < tcpip.Server2012:
		return " On Windows Server 2008 R2 netsh can only with hotfix KB2665809 (KB3039044)."
	default:
		return ""
	}
}

// block is lines to copy.
func block(lines []string) string {
	more := ""
	if n := len(lines) - maxLines; n > 0 {
		lines, more = lines[:maxLines], fmt.Sprintf("  … and %d more\n", n)
	}
	return "\n\n  " + strings.Join(lines, "\n  ") + "\n" + more
}

// takesInServices warns of the ports of well-known services that a UDP range newly takes
// in: nothing that is read of a host tells who has UDP sockets.
func (o *outlook) takesInServices(c change) {
	if c.transport != tcpip.UDP {
		return
	}
	news := o.news(c)
	var names, lines []string
	both, highest := false, uint16(0)
	for _, s := range tcpip.ServicesIn(tcpip.UDP, c.to) {
		families := slices.DeleteFunc(slices.Clone(tcpip.Families), func(family tcpip.Family) bool { return !news.has(s.Port, family) })
		if len(families) == 0 {
			continue
		}
		both, highest = both || len(families) > 1, max(highest, s.Port)
		names = append(names, fmt.Sprintf("%d (%s%s)", s.Port, s.Name, news.only(s.Port)))
		lines = append(lines, protect(tcpip.UDP, s.Port, families[:1])...)
	}
	if len(names) == 0 {
		return
	}
	how := o.above(c, highest) + "eserve on the host those of services that it has, or is to have, while they are stopped"
	if both {
		how += "; the same with ipv6." + sharedList(tcpip.UDP)
	} else {
		how += "."
	}
	o.warn(c.argument, fmt.Sprintf("%s %s %s of well-known services: %s", c.name(), c.would("take in"), count(len(names), "port"), few(names, 5)),
		"UDP listeners were not looked at, so which of these services the host has is not known. While one is stopped, another program's socket may get its port."+o.unsure()+
			" They are "+few(names, maxNamed)+".\n\n"+how+o.hotfix()+block(lines))
}

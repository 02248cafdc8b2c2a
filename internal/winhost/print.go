package winhost

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// ErrNoShell is a host whose WinRM has no shell.
var ErrNoShell = wsman.ErrNoShell

// section is one program in the chained command. Its line consists of fixed words
// and numbers only, never of text from a configuration.
type section struct{ name, line string }

var (
	netstatTCP   = section{"tcp4", "netstat -ano -p tcp"}
	netstatTCPv6 = section{"tcp6", "netstat -ano -p tcpv6"}
	netstatUDP   = section{"udp4", "netstat -ano -p udp"}
	netstatUDPv6 = section{"udp6", "netstat -ano -p udpv6"}
	excludedIPv4 = showExcluded(tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv4})
	excludedIPv6 = showExcluded(tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv6})
	dynamicTCP   = showRange(tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv4})
	dynamicTCPv6 = showRange(tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv6})
	dynamicUDP   = showRange(tcpip.Pool{Transport: tcpip.UDP, Family: tcpip.IPv4})
)

// showRange shows a dynamic port range.
func showRange(pool tcpip.Pool) section {
	return section{"dynamic" + string(pool.Transport) + string(pool.Family), fmt.Sprintf("netsh int %s show dynamicport %s", pool.Family, pool.Transport)}
}

// printed is what each section's program printed, by the section's name. A program
// that reported failure has no entry.
type printed map[string][]byte

// Marks are lines that the command prints before a section, behind a program that
// ended well, and at the end; no program prints such a line by itself.
const (
	mark   = "==windows-baseline=="
	markOK = mark + "ok"
)

// print runs the sections as one command in one shell. The host's exit code is
// that of the last program only, so that each says by a mark of its own that it
// ended well; a missing mark of a section means that the output was cut off.
func (h *Host) print(ctx context.Context, sections []section) (printed, error) {
	all, err := h.runAll(ctx, sections)
	if err != nil {
		return nil, err
	}
	well := printed{}
	for name, section := range all {
		if section.ok {
			well[name] = section.output
		}
	}
	return well, nil
}

// ran is how one section's program ended.
type ran struct {
	ok     bool // it said that it ended well
	output []byte
}

// runAll is print with what was printed by programs that failed.
func (h *Host) runAll(ctx context.Context, sections []section) (map[string]ran, error) {
	parts := make([]string, 0, 2*len(sections)+1)
	for _, s := range sections {
		parts = append(parts, "echo "+mark+s.name, s.line+"&&echo "+markOK)
	}
	parts = append(parts, "echo "+mark+"end")
	result, err := h.wsman.Run(ctx, strings.Join(parts, "&"))
	if err != nil {
		return nil, err
	}
	return split(result.Stdout, sections)
}

// split cuts the output at its marks.
func split(output []byte, sections []section) (map[string]ran, error) {
	out := map[string]ran{}
	rest := output
	for i, s := range sections {
		next := "end"
		if i+1 < len(sections) {
			next = sections[i+1].name
		}
		_, after, began := bytes.Cut(rest, []byte(mark+s.name))
		body, _, ended := bytes.Cut(after, []byte(mark+next))
		if !began || !ended {
			return nil, fmt.Errorf("the output of %q was cut off, or the host did not run it", s.line)
		}
		content, _, ok := bytes.Cut(body, []byte(markOK))
		out[s.name] = ran{ok, content}
		rest = after
	}
	return out, nil
}

package winsim

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// Every shape of the shell that is only assumed must occur on the wire under some seed from 1 to 8.
func TestSeedsShowEveryAssumedShapeOfTheShell(t *testing.T) {
	netstat := func(c *client) output {
		c.host.SetSockets(table(700))
		return c.run(c.openShell(), "netstat -ano -p tcp")
	}
	last := func(c *client) string {
		replies := netstat(c).replies
		return replies[len(replies)-1]
	}
	questions := map[string]struct {
		host Profile
		ask  func(*client) string
		want []string
	}{
		"the shell in a CreateResponse": {Server2008R2(), func(c *client) string {
			_, reply := c.create()
			return fmt.Sprint(len(elements(c.t, reply, "ShellId")))
		}, []string{"0", "1"}},
		"65001": {Server2022(), func(c *client) string {
			return word(utf8.ValidString(c.run(c.openShell("WINRS_CODEPAGE=65001"), "netstat -ano").stdout), "UTF-8", "OEM")
		}, []string{"UTF-8", "OEM"}},
		"the first Receive": {Server2022(), func(c *client) string {
			return word(strings.Contains(netstat(c).replies[0], "w:TimedOut"), "times out", "answers")
		}, []string{"times out", "answers"}},
		"most in one reply": {Server2022(), func(c *client) string {
			most := 0
			for _, reply := range netstat(c).replies {
				most = max(most, len(c.stream(reply, "stdout")))
			}
			return word(most > 32768, "what fits", fmt.Sprint(most))
		}, []string{"4096", "32768", "what fits"}},
		"streams in one reply": {Server2022(), func(c *client) string {
			replies := netstat(c).replies
			return fmt.Sprint(len(elements(c.t, replies[1], "Stream")))
		}, []string{"1", "3"}},
		"Running": {Server2022(), func(c *client) string {
			return word(strings.Contains(strings.Join(netstat(c).replies, ""), "CommandState/Running"), "is said", "is not said")
		}, []string{"is said", "is not said"}},
		"Done": {Server2022(), func(c *client) string {
			return word(c.stream(last(c), "stdout") == "", "apart", "with output")
		}, []string{"apart", "with output"}},
		"the end of streams": {Server2022(), func(c *client) string {
			return fmt.Sprint(strings.Count(last(c), `End="true"`))
		}, []string{"0", "2"}},
		"echo": {Server2022(), func(c *client) string {
			return word(c.run(c.openShell(), "nothing & echo hello").exitCode == "0", "succeeds", "leaves the exit code")
		}, []string{"succeeds", "leaves the exit code"}},
		"no such program": {Server2022(), func(c *client) string {
			return c.run(c.openShell(), "nothing").exitCode
		}, []string{"1", "9009"}},
		"blanks before a row": {Server2022(), func(c *client) string {
			return regexp.MustCompile(`\n( +)TCP`).FindStringSubmatch(netstat(c).stdout)[1]
		}, []string{"  ", "    "}},
		"excluded ranges on 2008 R2": {Server2008R2(), func(c *client) string {
			return c.run(c.openShell(), "netsh int ipv4 show excludedportrange protocol=tcp").exitCode
		}, []string{"0", "1"}},
	}
	for name, q := range questions {
		seen := map[string]bool{}
		for seed := int64(1); seed <= 8; seed++ {
			h := Start(t, q.host, Seed(seed), Language("de"))
			seen[q.ask(newClient(t, h))] = true
		}
		for _, want := range q.want {
			if !seen[want] {
				t.Errorf("%s: no seed shows %q, only %v", name, want, seen)
			}
		}
	}
}

// Where it is recorded or reported what Windows does, no seed shows anything else.
func TestShellShapesThatDoNotVary(t *testing.T) {
	for seed := int64(1); seed <= 4; seed++ {
		_, reply := newClient(t, Start(t, Server2012R2(), Seed(seed))).create()
		for _, want := range []string{`<w:Selector Name="ShellId">` + elements(t, reply, "ShellId")[0] + `</w:Selector>`, `<rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut>`,
			`<rsp:Owner>CONTOSO\svc-terraform</rsp:Owner>`, `<a:Address>https://mail01.contoso.com:5986/wsman</a:Address>`, `<rsp:OutputStreams>stdout stderr</rsp:OutputStreams>`} {
			if !strings.Contains(reply, want) {
				t.Errorf("seed %d: %s is missing in %s", seed, want, reply)
			}
		}
		c := newClient(t, Start(t, Server2003(), Seed(seed), Language("de")))
		if out := c.run(c.openShell("WINRS_CODEPAGE=65001"), "netstat -ano"); !strings.Contains(out.stdout, "ABH\x99REN") {
			t.Errorf("seed %d: 2003 honours 65001", seed)
		}
	}
}

func TestNetshFollowsTheStack(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	h.SetPorts(tcpstack.Range{Start: 1025, Number: 64511}, tcpstack.Range{Start: 50000, Number: 60}, tcpstack.Range{Start: 5000, Number: 100})
	c := newClient(t, h)
	id := c.openShell()
	if out := c.run(id, "netsh int ipv4 show dynamicport tcp && netsh int ipv6 show dynamicport tcp"); strings.Count(out.stdout, "Start Port      : 1025\r\nNumber of Ports : 64511\r\n") != 2 {
		t.Errorf("%+q", out)
	}
	if out := c.run(id, "netsh int ipv4 show dynamicport udp"); !strings.Contains(out.stdout, "Start Port      : 49152\r\nNumber of Ports : 16384\r\n") {
		t.Errorf("%+q", out)
	}
	if out := c.run(id, "netsh int ipv4 show excludedportrange tcp"); !strings.Contains(out.stdout, "\r\n     50000       50059     *\r\n      5000        5099      \r\n") {
		t.Errorf("%+q", out)
	}
}

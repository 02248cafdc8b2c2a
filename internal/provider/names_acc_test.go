package provider

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// forwarder passes connections on to another address.
type forwarder struct {
	listener net.Listener
	to       string
	all      sync.WaitGroup
}

// forward listens on a loopback address and passes every connection on, until the
// test ends.
func forward(t *testing.T, at, to string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	forwardFrom(t, listener, to)
}

func forwardFrom(t *testing.T, listener net.Listener, to string) {
	t.Helper()
	f := &forwarder{listener: listener, to: to}
	f.all.Go(f.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		f.all.Wait()
	})
}

func (f *forwarder) serve() {
	for {
		from, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.all.Go(func() { f.pass(from) })
	}
}

// pass copies both ways until either side ends.
func (f *forwarder) pass(from net.Conn) {
	to, err := new(net.Dialer).DialContext(context.Background(), "tcp", f.to)
	if err != nil {
		_ = from.Close()
		return
	}
	end := sync.OnceFunc(func() { _, _ = from.Close(), to.Close() })
	f.all.Go(func() { defer end(); _, _ = io.Copy(to, from) })
	defer end()
	_, _ = io.Copy(from, to)
}

// Without a port it is 5985, or 5986 with https.
func TestAccDefaultPorts(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	// A loopback address that nobody else on this machine is likely to use.
	var number int
	if _, err := fmt.Sscanf(port(host.HTTPAddr()), ":%d", &number); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("127.77.%d.%d", number>>8, number&255)
	forward(t, name+":5985", host.HTTPAddr())
	forward(t, name+":5986", host.HTTPSAddr())
	c := newCLI(t, sealed(host)+tuned(name, "max_user_port = 65534"))
	c.must(0, "apply", "-auto-approve")
	has(t, host, map[string]string{"MaxUserPort": "REG_DWORD 65534"})
	secure := strings.TrimSuffix(overTLS(host), "}\n") + "  tls_server_name = \"localhost\"\n}\n"
	c.config(secure + tuned(name, "max_user_port = 60000"))
	c.must(0, "apply", "-auto-approve")
	has(t, host, map[string]string{"MaxUserPort": "REG_DWORD 60000"})
}

// A name, and IPv6 in every spelling, leads to the host and is kept as it is.
func TestAccHostSpellings(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	six := winsim.Start(t, winsim.Server2022(), winsim.ListenOn("::1"))
	for name, at := range map[string]struct {
		host    *winsim.Host
		address string
	}{
		"a name":         {host, "localhost" + port(host.HTTPAddr())},
		"IPv6":           {six, "[::1]" + port(six.HTTPAddr())},
		"IPv6 at length": {six, "[0:0:0:0:0:0:0:1]" + port(six.HTTPAddr())},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCLI(t, sealed(host)+tuned(at.address, "max_user_port = 65534"))
			c.must(0, "apply", "-auto-approve")
			has(t, at.host, map[string]string{"MaxUserPort": "REG_DWORD 65534"})
			c.must(0, "plan", "-detailed-exitcode")
			if got := c.inState()[0].Attributes["host"]; got != at.address {
				t.Errorf("host is %v in state, want %s", got, at.address)
			}
			c.must(0, "destroy", "-auto-approve")
			has(t, at.host, map[string]string{"MaxUserPort": "absent"})
		})
	}
}

// These lead to no host of ours, but are addresses: a plan takes them as they are.
func TestAccGoodHosts(t *testing.T) {
	t.Parallel()
	good := []string{"mail01.contoso.com.", "MAIL01", "mail_01:5985", "xn--mnchen-3ya.example", "192.0.2.10:65535", "[2001:db8::1]", "[fe80::1%eth0]:5986"}
	config := credentials()
	for i, host := range good {
		config += fmt.Sprintf("resource \"windows_tcpip_tuning\" \"r%d\" {\n  host = %q\n  max_user_port = 5000\n}\n", i, host)
	}
	output := newCLI(t, config).must(2, "plan", "-detailed-exitcode", "-no-color")
	for _, host := range good {
		tells(t, output, fmt.Sprintf("= %q\n", host))
	}
	tells(t, output, fmt.Sprintf("%d to add, 0 to change", len(good)))
}

// What is no address is refused when it is planned, each with what is wrong with it.
func TestAccBadHosts(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		"":                         "host is empty",
		" mail01":                  "is no host name",
		"mail01 ":                  "is no host name",
		"mail01:":                  `port "" is not a number`,
		"mail01:0":                 `port "0" is not a number from 1 to 65535`,
		"mail01:65536":             `port "65536" is not a number from 1 to 65535`,
		"mail01:5985 ":             `port "5985 " is not a number`,
		"::1":                      "an IPv6 address goes in brackets",
		"[::1":                     "no IPv6 address stands in the brackets",
		"[127.0.0.1]:5985":         "no IPv6 address stands in the brackets",
		"[::1]5985":                "only :port may follow the brackets",
		"https://mail01":           "is a URL",
		"mail..contoso.com":        "is no host name",
		"mail01.contoso.com/wsman": "is no host name",
		"münchen":                  "xn-- form",
	}
	config := credentials()
	for host := range bad {
		config += fmt.Sprintf("resource \"windows_tcpip_tuning\" \"r%x\" {\n  host = %q\n  max_user_port = 5000\n}\n", host, host)
	}
	c := newCLI(t, config)
	output := c.must(1, "plan", "-json")
	details := map[string]string{}
	for _, line := range strings.Split(output, "\n") {
		for _, d := range diagnostics(t, line, "error") { // a line each, since they have one summary
			if d.Summary != "Invalid host" {
				t.Errorf("an error %+v", d)
			}
			details[d.Address] = d.Detail
		}
	}
	for host, want := range bad {
		if got := details[fmt.Sprintf("windows_tcpip_tuning.r%x", host)]; !strings.Contains(got, want) || !strings.Contains(got, `write "name"`) {
			t.Errorf("host %q: the error is %q, want %q", host, got, want)
		}
	}
}

// A host that is not known before the apply can be planned. Where the resource is
// there already, it is replaced, even if the name turns out to be the same.
func TestAccUnknownHost(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("MaxUserPort", 60000)
	config := func(trigger string) string {
		return sealed(host) + fmt.Sprintf("resource \"terraform_data\" \"name\" {\n  input = %q\n  triggers_replace = %q\n}\n", host.HTTPAddr(), trigger) +
			"resource \"windows_tcpip_tuning\" \"test\" {\n  host = terraform_data.name.output\n  max_user_port = 65534\n}\n"
	}
	c := newCLI(t, config("one"))
	tells(t, c.must(2, "plan", "-detailed-exitcode", "-no-color"), "2 to add, 0 to change, 0 to destroy")
	if n := host.Counters().Connections; n != 0 {
		t.Errorf("%d connections to a host of unknown name", n)
	}
	c.must(0, "apply", "-auto-approve")
	c.owns(host, originals{"max_user_port": "REG_DWORD 60000"})
	first := journalOf(t, host).Owner
	c.config(config("two"))
	tells(t, unbroken(c.must(2, "plan", "-detailed-exitcode", "-no-color")), "-> (known after apply) # forces replacement", "2 to add, 0 to change, 2 to destroy")
	var calls order
	host.Intercept(calls.note)
	c.must(0, "apply", "-auto-approve")
	c.owns(host, originals{"max_user_port": "REG_DWORD 60000"})
	if journalOf(t, host).Owner == first {
		t.Error("it was not replaced")
	}
	same(t, "written", calls.take(), []string{"SetDWORDValue MaxUserPort", "DeleteKey ", "CreateKey ", "SetStringValue Journal", "SetDWORDValue MaxUserPort"})
	c.must(0, "plan", "-detailed-exitcode")
	c.must(0, "destroy", "-auto-approve")
	has(t, host, map[string]string{"MaxUserPort": "REG_DWORD 60000"})
}

package provider

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// nobody gives a loopback address that refuses connections: it had a listener a
// moment ago.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// until runs a command that has to go well; once it has printed the given words,
// then is called.
func (c *cli) until(words string, then func(), args ...string) {
	c.t.Helper()
	command := exec.CommandContext(context.Background(), c.path, args...)
	command.Dir, command.Env = c.dir, c.env
	printed, err := command.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		c.t.Fatal(err)
	}
	var all strings.Builder
	came := false
	for lines := bufio.NewScanner(printed); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if !came && strings.Contains(lines.Text(), words) {
			came = true
			then()
		}
	}
	if err := command.Wait(); err != nil || !came {
		c.t.Fatalf("%s: %v; it has to print %q:\n%s", strings.Join(args, " "), err, words, &all)
	}
}

// A machine that is just being set up refuses at first. With timeouts.create the
// create waits for it, without it fails at once.
func TestAccNewbornHost(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	later := nobody(t)
	config := func(limits string) string {
		return sealed(host) + tuned(later, "tcp_timed_wait_delay = 30", limits)
	}
	c := newCLI(t, config(`timeouts = { read = "10m", update = "10m", delete = "10m" }`))
	tells(t, c.refused("Unable to Create TCP/IP Tuning of "+later, "apply", "-auto-approve"), "the connection was refused")
	c.config(config(`timeouts = { create = "10m" }`))
	c.must(2, "plan", "-detailed-exitcode") // a plan needs no host
	c.until("Still creating", func() {
		if n := host.Counters().Connections; n != 0 {
			t.Errorf("%d connections before the host was there", n)
		}
		forward(t, later, host.HTTPAddr())
	}, "apply", "-auto-approve", "-no-color")
	c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 240"})
	c.must(0, "plan", "-detailed-exitcode")
	c.must(0, "destroy", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// hangsUp is a listener that closes the first connections without a word, as a
// machine may while it starts, and passes the later ones on.
type hangsUp struct {
	net.Listener
	first, seen atomic.Int64
}

func (l *hangsUp) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil || l.seen.Add(1) > l.first.Load() {
			return connection, err
		}
		_ = connection.Close()
	}
}

// How often a host is asked that hangs up: without timeouts.create once, with it as
// often as it takes. The count of retries has no part in that.
func TestAccNewbornHostThatHangsUp(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	plain, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door := &hangsUp{Listener: plain}
	forwardFrom(t, door, host.HTTPAddr())
	config := func(limits string) string {
		return sealed(host, "max_retries = 0") + tuned(plain.Addr().String(), "max_user_port = 65534", limits)
	}
	c := newCLI(t, config("")).blind()
	door.first.Store(1)
	c.refused("Unable to Create TCP/IP Tuning of "+plain.Addr().String(), "apply", "-auto-approve")
	if n := door.seen.Swap(0); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
	door.first.Store(3)
	c.config(config(`timeouts = { create = "10m" }`))
	c.must(0, "apply", "-auto-approve")
	if n := door.seen.Load(); n != 4 {
		t.Errorf("%d connections, want 4", n)
	}
	has(t, host, map[string]string{"MaxUserPort": "REG_DWORD 65534"})
}

// Waiting mends neither an unknown name, nor a refused password, nor a certificate.
// The time-out is an hour: whoever waits does not end.
func TestAccNewbornHostThatIsNone(t *testing.T) {
	t.Parallel()
	host, other := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2022())
	wait := `timeouts = { create = "1h" }`
	for name, tt := range map[string]struct{ block, host, verb, want string }{
		"unknown name": {sealed(host), "mail01.invalid", "Create", "mail01.invalid"},
		"password":     {strings.Replace(sealed(host), host.Password(), "not-the-password", 1), host.HTTPAddr(), "Look at", "refused the credentials"},
		"certificate":  {overTLS(other), host.HTTPSAddr(), "Create", "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			host.ResetCounters()
			c := newCLI(t, tt.block+tuned(tt.host, "max_user_port = 65534", wait))
			tells(t, c.refused(fmt.Sprintf("Unable to %s TCP/IP Tuning of %s", tt.verb, tt.host), "apply", "-auto-approve"), tt.want)
			if n := host.Counters().FailedLogons; n > 1 {
				t.Errorf("the wrong password was tried %d times", n)
			}
		})
	}
}

package relay

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shout answers each line with two lines, in two writes, as a reply may come in pieces.
func shout(t *testing.T) (address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close() //nolint:errcheck // a test's
				for lines := bufio.NewScanner(c); lines.Scan(); {
					for range 2 {
						if _, err := c.Write([]byte(lines.Text() + "!\n")); err != nil {
							return
						}
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// One delay for the connection and one for each question, however many pieces the answer has.
func TestADelayForEachRoundTrip(t *testing.T) {
	var waited atomic.Int64
	r, err := Start("127.0.0.2", shout(t), 20*time.Millisecond, func(d time.Duration) { waited.Add(int64(d)) })
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	client, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() //nolint:errcheck // a test's
	answers := bufio.NewReader(client)
	long := strings.Repeat("x", 40<<10) // is relayed in pieces, and is one question all the same
	for _, question := range []string{"one\n", "two\n", long + "\n"} {
		if _, err := client.Write([]byte(question)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if answer, err := answers.ReadString('\n'); err != nil || answer != question[:len(question)-1]+"!\n" {
				t.Fatalf("%.40q, %v", answer, err)
			}
		}
	}
	if got := time.Duration(waited.Load()); got != 4*20*time.Millisecond {
		t.Errorf("the delays were %v in all, want one for the connection and one for each of three round trips", got)
	}
	if got, want := r.Take(), (Counts{Connections: 1, RoundTrips: 3, Sent: 9 + 40<<10, Received: 2 * (12 + 40<<10)}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := r.Take(); got != (Counts{}) {
		t.Errorf("%+v after they were taken", got)
	}
}

// A host that is not there closes the connection, and Close ends what is open.
func TestCloseEndsEverything(t *testing.T) {
	gone, err := Start("127.0.0.1", "127.0.0.1:1", 0, func(time.Duration) {})
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	open, err := Start("127.0.0.1", shout(t), 0, func(time.Duration) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Relay{gone, open} {
		client, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close() //nolint:errcheck // a test's
		if r == open {
			if _, err := client.Write([]byte("one\n")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(client, make([]byte, len("one!\none!\n"))); err != nil {
				t.Fatal(err)
			}
			open.Close()
		}
		if n, err := client.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("%d bytes, %v from a relay that ended the connection", n, err)
		}
	}
}

package transport

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
)

// While a client waits for another host's logon, its own idle connection is closed.
func TestConnectionThatClosesWhileWaitingIsReplacedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := errors.New("the second dial")
		for _, waits := range []bool{true, false} {
			watch, dials := NewLogons(), 0
			client := newClient(t, "mail01:5985", func(c *Config) { c.Logons = watch })
			client.dialTCP = func(context.Context, string, string) (net.Conn, error) {
				if dials++; dials == 2 {
					return nil, second
				}
				near, far := net.Pipe()
				return near, far.Close()
			}
			leave := func(error) {}
			if waits {
				leave, _, _ = watch.enter(t.Context(), "mail00:5985")
			}
			result := make(chan error)
			go func() { _, err := post(t, client, Write); result <- err }()
			synctest.Wait()
			go leave(&UnreachableError{Reason: Dropped}) // tells nothing of the account
			err := <-result
			var unreachable *UnreachableError
			if !errors.As(err, &unreachable) || errors.Is(err, second) != waits || (dials == 2) != waits {
				t.Errorf("waits %t: %d dials, %v", waits, dials, err)
			}
		}
	})
}

func TestReplacedConnectionIsAuthenticated(t *testing.T) {
	client := newClient(t, simulated(t).Addr())
	fresh, err := client.dial(t.Context(), t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fresh.hangUp()
	if client.kept, err = client.logOn(t.Context(), t.Context(), fresh, true); err != nil {
		t.Fatal(err)
	}
	client.kept.lastUsed = client.conf.Now()
	mustPost(t, client, Write)
	wantStats(t, client, 4, 2) // the first one could not be written
}

// The second token bears a proof of the password, so what follows it is not repeated:
// a lost verdict may have been a bad logon.
func TestConnectionThatClosesWithinTheHandshakeIsNotReplaced(t *testing.T) {
	client := newClient(t, serve(t, func(p *peer) {
		if p.request() != nil {
			p.say("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate " + challengeText() + "\r\nContent-Length: 0\r\n\r\n")
			p.request()
		}
	}))
	fresh, err := client.dial(t.Context(), t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.logOn(t.Context(), t.Context(), fresh, true)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || unreachable.Reason != Dropped {
		t.Errorf("%v", err)
	}
	wantStats(t, client, 2, 1)
}

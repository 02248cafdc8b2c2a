package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
)

// simulated starts the HTTP side of the simulated host. It answers soapReply to
// everything, unless the configuration says otherwise.
func simulated(t *testing.T, change ...func(*listener.Config)) *listener.Listener {
	t.Helper()
	conf := listener.Config{
		Accounts: map[string]string{testUser: testPassword}, Domain: "CONTOSO", ComputerName: "MAIL01",
		Basic: true, Negotiate: true, Seed: 1,
		Handle: func(_ context.Context, r listener.Request) listener.Response {
			if string(r.Body) != "<ask/>" {
				t.Errorf("the host got %q", r.Body)
			}
			return listener.Response{Body: []byte(soapReply)}
		},
	}
	for _, f := range change {
		f(&conf)
	}
	l, err := listener.Listen(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func TestSealedNTLMTakesThreeRoundTripsAndThenOneEach(t *testing.T) {
	for seed := range int64(16) {
		host := simulated(t, func(c *listener.Config) { c.Seed = seed })
		client := newClient(t, host.Addr())
		for n := range 5 {
			mustPost(t, client, Kind(n%3))
			wantStats(t, client, int64(3+n), 1)
		}
		got := host.Counters()
		if got.Connections != 1 || got.Handshakes != 1 || got.Requests != 7 || got.FailedLogons != 0 {
			t.Errorf("seed %d: the host counts %+v", seed, got)
		}
	}
}

func TestNTLMUserNames(t *testing.T) {
	for _, user := range []string{testUser, "svc-terraform", "svc-terraform@contoso", `contoso\SVC-TERRAFORM`} {
		host := simulated(t)
		mustPost(t, newClient(t, host.Addr(), func(c *Config) { c.Username = user }), Read)
	}
	host := simulated(t, func(c *listener.Config) { c.Accounts = map[string]string{`CONTOSO\jörg`: "pässwörd-not-réal-☃"} })
	mustPost(t, newClient(t, host.Addr(), func(c *Config) { c.Username, c.Password = `CONTOSO\jörg`, "pässwörd-not-réal-☃" }), Read)
}

func TestNTLMAgainstAHostWithoutTimestamp(t *testing.T) {
	// Server 2003: no MsvAvTimestamp, so an LMv2 response and no MIC.
	host := simulated(t, func(c *listener.Config) { c.OmitTimestamp = true })
	client := newClient(t, host.Addr())
	mustPost(t, client, Read)
	mustPost(t, client, Write)
	wantStats(t, client, 4, 1)
}

func TestNTLMInsideTLSCarriesChannelBindingsAndPlainBodies(t *testing.T) {
	pair, pool := certificate(t, nil, "127.0.0.1")
	var secure, sealed bool
	host := simulated(t, func(c *listener.Config) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		c.BindingPolicy = "strict"
		handle := c.Handle
		c.Handle = func(ctx context.Context, r listener.Request) listener.Response {
			secure = r.Secure
			sealed = strings.Contains(r.ContentType, "encrypted")
			return handle(ctx, r)
		}
	})
	client := newClient(t, host.Addr(), func(c *Config) { c.HTTPS, c.TLS = true, &tls.Config{RootCAs: pool} })
	mustPost(t, client, Read)
	mustPost(t, client, Read)
	wantStats(t, client, 4, 1)
	if !secure || sealed {
		t.Errorf("secure %t, sealed %t", secure, sealed)
	}
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	pair, pool := certificate(t, nil, "127.0.0.1")
	for name, change := range map[string]func(*Config){
		"NTLM":             func(*Config) {},
		"NTLM inside TLS":  func(c *Config) { c.HTTPS, c.TLS = true, &tls.Config{RootCAs: pool} },
		"Basic inside TLS": func(c *Config) { c.HTTPS, c.TLS, c.Auth = true, &tls.Config{RootCAs: pool}, AuthBasic },
	} {
		conf := Config{}
		change(&conf)
		host := simulated(t, func(c *listener.Config) {
			if conf.HTTPS {
				c.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
			}
		})
		client := newClient(t, host.Addr(), change, func(c *Config) { c.Password = "not-a-real-password-2" })
		for range 3 {
			_, err := post(t, client, Read)
			var refused *UnauthorizedError
			if !errors.As(err, &refused) || !refused.Refused || refused.User != testUser || len(refused.Offered) == 0 {
				t.Fatalf("%s: %v", name, err)
			}
			if MayHaveHappened(err) || strings.Contains(err.Error(), "not-a-real") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := host.Counters().FailedLogons; n != 1 {
			t.Errorf("%s: %d failed logons, want 1: more lock accounts out", name, n)
		}
	}
}

func TestASchemeThatIsNotOfferedIsNotReplacedByAnother(t *testing.T) {
	onlyBasic := simulated(t, func(c *listener.Config) { c.Negotiate, c.AllowUnencrypted = false, true })
	onlyNegotiate := simulated(t, func(c *listener.Config) { c.Basic = false })
	for name, client := range map[string]*Client{
		"Basic":     newClient(t, onlyBasic.Addr()),
		"Negotiate": clearClient(t, onlyNegotiate.Addr()),
	} {
		_, err := post(t, client, Write)
		var refused *UnauthorizedError
		if !errors.As(err, &refused) || refused.Refused || len(refused.Offered) == 0 || !strings.EqualFold(refused.Offered[0], name) {
			t.Errorf("where only %s is offered: %v", name, err)
		}
		if client.Stats().RoundTrips != 1 {
			t.Errorf("where only %s is offered: %d round trips", name, client.Stats().RoundTrips)
		}
	}
}

func TestAnUnsealedReplyIsRefusedOnASealedConnection(t *testing.T) {
	for name, reply := range map[string]listener.Response{
		"200":   {Raw: true, Body: []byte(soapReply)},
		"fault": {Raw: true, Status: 500, Body: []byte(soapReply)},
		"empty": {Raw: true, Status: 500},
		"HTML":  {Raw: true, Status: 503, ContentType: "text/html", Body: []byte("<html>")},
	} {
		host := simulated(t, func(c *listener.Config) {
			c.Handle = func(context.Context, listener.Request) listener.Response { return reply }
		})
		client := newClient(t, host.Addr())
		_, err := post(t, client, Write)
		var unsealed *UnsealedError
		if !errors.As(err, &unsealed) || !MayHaveHappened(err) {
			t.Errorf("%s: %v", name, err)
		}
		if client.kept != nil {
			t.Errorf("%s: the connection was kept", name)
		}
	}
}

func TestASealedFaultIsAReply(t *testing.T) {
	host := simulated(t, func(c *listener.Config) {
		c.Handle = func(context.Context, listener.Request) listener.Response {
			return listener.Response{Status: 500, Body: []byte(soapReply)}
		}
	})
	client := newClient(t, host.Addr())
	for range 2 {
		reply, err := post(t, client, Read)
		if err != nil || reply.Status != 500 || string(reply.Body) != soapReply {
			t.Errorf("%+v, %v", reply, err)
		}
	}
	wantStats(t, client, 4, 1)
}

func TestALostSealedReplyDropsTheSession(t *testing.T) {
	calls := 0
	host := simulated(t, func(c *listener.Config) {
		c.Handle = func(context.Context, listener.Request) listener.Response {
			calls++
			return listener.Response{Body: []byte(soapReply), Drop: calls == 2}
		}
	})
	client := newClient(t, host.Addr())
	mustPost(t, client, Write)
	_, err := post(t, client, Write)
	if !MayHaveHappened(err) {
		t.Fatalf("a lost reply gives %v", err)
	}
	mustPost(t, client, Write)
	if calls != 3 {
		t.Errorf("%d calls: the lost one was sent again", calls)
	}
	wantStats(t, client, 3+1+3, 2)
}

func TestUnencryptedRefused(t *testing.T) {
	host := simulated(t, func(c *listener.Config) {
		c.AllowUnencrypted = true
		c.Handle = func(context.Context, listener.Request) listener.Response { return listener.Response{Status: 500} }
	})
	_, err := post(t, clearClient(t, host.Addr()), Write)
	var refused *UnencryptedRefusedError
	if !errors.As(err, &refused) || MayHaveHappened(err) {
		t.Errorf("%v", err)
	}
}

package transport

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
)

// A 401 on a kept connection comes unsealed, from http.sys, and judges nothing: the
// next connection, with a logon of its own, does.
func TestASealedConnectionThatTheHostHasForgotten(t *testing.T) {
	for name, test := range map[string]struct {
		unauthorized    func(call int) bool
		handled, logons int64
		good            bool
	}{
		"once":            {func(call int) bool { return call == 2 }, 3, 2, true},
		"again and again": {func(call int) bool { return call >= 2 }, 3, 2, false},
	} {
		calls := 0
		host := simulated(t, func(c *listener.Config) {
			c.Handle = func(context.Context, listener.Request) listener.Response {
				if calls++; test.unauthorized(calls) {
					return listener.Response{Raw: true, Status: 401}
				}
				return listener.Response{Body: []byte(soapReply)}
			}
		})
		client := newClient(t, host.Addr())
		mustPost(t, client, Write)
		_, err := post(t, client, Write)
		var refused *UnauthorizedError
		if (err == nil) != test.good || !test.good && (!errors.As(err, &refused) || !refused.Accepted) {
			t.Errorf("%s: %v", name, err)
		}
		if MayHaveHappened(err) || Lost(err) || Unreachable(err) {
			t.Errorf("%s: %v", name, err)
		}
		if got := host.Counters(); int64(calls) != test.handled || int64(got.Handshakes) != test.logons || got.FailedLogons != 0 {
			t.Errorf("%s: %d calls, %+v", name, calls, got)
		}
		// The refusal is not kept: the right may come any time, and no password was judged.
		if _, err := post(t, client, Read); (err == nil) != test.good || calls <= int(test.handled) {
			t.Errorf("%s: afterwards %v after %d calls", name, err, calls)
		}
	}
}

// A frame's own lines are checked, though HTTP's header and the seal are right.
func TestFramesThatLieAboutWhatTheyHold(t *testing.T) {
	const kerberos = "application/HTTP-Kerberos-session-encrypted"
	for name, test := range map[string]struct {
		protocol string
		length   int
		text     string // of the error; empty: it is good
	}{
		"true":                 {spnegoProtocol, len(soapReply), ""},
		"in other letter case": {strings.ToLower(spnegoProtocol), len(soapReply), ""},
		"another protocol":     {kerberos, len(soapReply), "sealed by another protocol"},
		"CredSSP":              {"application/HTTP-CredSSP-session-encrypted", len(soapReply), "sealed by another protocol"},
		"clear text":           {soapType, len(soapReply), "sealed by another protocol"},
		"a byte less":          {spnegoProtocol, len(soapReply) - 1, "says that it holds 4 bytes, and holds 5"},
		"a byte more":          {spnegoProtocol, len(soapReply) + 1, "says that it holds 6 bytes, and holds 5"},
		"nothing":              {spnegoProtocol, 0, "says that it holds 0 bytes, and holds 5"},
		"2 GB":                 {spnegoProtocol, 1<<31 - 1, "says that it holds 2147483647 bytes, and holds 5"},
	} {
		session, server := sessions(t)
		c := &conn{client: &Client{}, session: session}
		data, signature := server.Seal([]byte(soapReply))
		body := buildFrame(test.protocol, soapType, test.length, signature, data)
		reply, err := c.open(answer{status: 200, body: body}, frameType(spnegoProtocol))
		if test.text == "" {
			if err != nil || string(reply.Body) != soapReply {
				t.Errorf("%s: %q, %v", name, reply.Body, err)
			}
			continue
		}
		if err == nil || reply.Body != nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %q, %v", name, reply.Body, err)
		}
		// HTTP's header may not say another protocol either.
		body = buildFrame(spnegoProtocol, soapType, len(soapReply), signature, data)
		var unsealed *UnsealedError
		if _, err := c.open(answer{status: 200, body: body}, frameType(kerberos)); !errors.As(err, &unsealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A frame that can't be opened leaves a write in doubt, and ends the connection.
func TestABrokenFrameDropsTheSession(t *testing.T) {
	garbage := buildFrame(spnegoProtocol, soapType, 5, []byte("\x01\x00\x00\x00checksum\x00\x00\x00\x00"), []byte("<ok/>"))
	calls := 0
	host := simulated(t, func(c *listener.Config) {
		c.Handle = func(context.Context, listener.Request) listener.Response {
			if calls++; calls == 1 {
				return listener.Response{Raw: true, ContentType: frameType(spnegoProtocol), Body: garbage}
			}
			return listener.Response{Body: []byte(soapReply)}
		}
	})
	client := newClient(t, host.Addr())
	_, err := post(t, client, Write)
	if !MayHaveHappened(err) || Lost(err) || Unreachable(err) || !strings.Contains(err.Error(), "seal is broken") || client.kept != nil {
		t.Errorf("%v", err)
	}
	mustPost(t, client, Write)
	wantStats(t, client, 6, 2)
}

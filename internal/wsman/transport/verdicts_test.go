package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// verdicts are what the predicates say of an error.
type verdicts struct{ lost, notYet, unreachable bool }

func verdictsOf(err error) verdicts { return verdicts{Lost(err), NotYet(err), Unreachable(err)} }

// Every typed error, as it is and within what the callers put around it.
func TestVerdictsOverEveryTypedError(t *testing.T) {
	var (
		dead    = verdicts{unreachable: true}               // and waiting does not mend it
		booting = verdicts{notYet: true, unreachable: true} // or off
		broke   = verdicts{lost: true, unreachable: true}
		hungUp  = verdicts{lost: true, notYet: true, unreachable: true}
		here    = verdicts{} // the host is there, or was not asked
	)
	way := func(reason UnreachableReason) error { return &UnreachableError{Reason: reason, Err: io.EOF} }
	late := func(phase Phase, err error) error { return &TimeoutError{Phase: phase, Err: err} }
	lost := func(kind Kind, err error) error { return &ReplyLostError{Kind: kind, Err: err} }
	refused := &UnauthorizedError{Refused: true}
	for name, test := range map[string]struct {
		err  error
		want verdicts
	}{
		"none":                       {nil, here},
		"of somebody else":           {errors.New("x"), here},
		"EOF of somebody else":       {io.EOF, here},
		"closed client":              {ErrClosed, here},
		"refused":                    {way(Refused), booting},
		"no route":                   {way(NoRoute), booting},
		"silent":                     {way(DialTimeout), booting},
		"unknown name":               {way(UnknownName), dead},
		"name service":               {way(NameService), dead},
		"other reason":               {way(OtherReason), dead},
		"dropped":                    {way(Dropped), hungUp},
		"dropped in TLS":             {&UnreachableError{Reason: Dropped, inTLS: true}, booting},
		"dropped after the proof":    {&UnreachableError{Reason: Dropped, proofSent: true}, dead},
		"silent, as connect does it": {&UnreachableError{Reason: DialTimeout, Err: &TimeoutError{Phase: PhaseDial, Limit: 1, Err: context.DeadlineExceeded}}, booting},
		"late: dial":                 {late(PhaseDial, context.DeadlineExceeded), booting},
		"late: TLS":                  {late(PhaseTLS, context.DeadlineExceeded), booting},
		"late: first token":          {late(PhaseAuth, context.DeadlineExceeded), booting},
		"late: proof":                {&TimeoutError{Phase: PhaseAuth, Err: context.DeadlineExceeded, proofSent: true}, dead},
		"late: queue":                {late(PhaseQueue, context.DeadlineExceeded), dead},
		"late: send":                 {late(PhaseSend, context.DeadlineExceeded), dead},
		"late: reply":                {lost(Read, late(PhaseReply, context.DeadlineExceeded)), dead},
		"late: reply to a write":     {lost(Write, late(PhaseReply, context.DeadlineExceeded)), dead},
		"cancelled: dial":            {late(PhaseDial, context.Canceled), here},
		"cancelled: reply":           {lost(Read, late(PhaseReply, context.Canceled)), here},
		"cancelled after a loss":     {errors.Join(lost(Read, &closedError{sent: true, err: io.EOF}), context.Canceled), here},
		"reply lost":                 {lost(Read, &closedError{sent: true, err: io.EOF}), broke},
		"reply lost, with the proof": {&ReplyLostError{Kind: Read, Err: &closedError{sent: true, err: io.EOF}, proofSent: true}, dead},
		"reply to a write lost":      {lost(Write, &closedError{sent: true, err: io.EOF}), broke},
		"reply cut off":              {lost(Read, &brokenOffError{"in its header", io.ErrUnexpectedEOF}), broke},
		"reply too large":            {lost(Read, &ReplyTooLargeError{What: "body"}), here},
		"reply is not WinRM's":       {lost(Read, &NotWinRMError{Status: 200}), here},
		"reply unsealed":             {lost(Read, &UnsealedError{Status: 200}), here},
		"reply unsealed, 503":        {lost(Read, &UnsealedError{Status: 503}), here}, // anybody can say so
		"reply malformed":            {lost(Read, errors.New("malformed")), here},
		"not WinRM":                  {&NotWinRMError{}, here},
		"not WinRM, 404":             {&NotWinRMError{Status: 404}, here},
		"not WinRM, 502":             {&NotWinRMError{Status: 502}, here},
		"WinRM is starting":          {&NotWinRMError{Status: 503}, booting},
		"unencrypted refused":        {&UnencryptedRefusedError{}, here},
		"401":                        {refused, here},
		"401, scheme":                {&UnauthorizedError{Offered: []string{"Basic"}}, here},
		"401 after the logon":        {&UnauthorizedError{Accepted: true}, here},
		"not tried":                  {&NotTriedError{Refused: refused}, here},
		"TLS: unknown authority":     {&TLSError{Reason: UnknownAuthority}, here},
		"TLS: name":                  {&TLSError{Reason: NameMismatch}, here},
		"TLS: common name":           {&TLSError{Reason: CommonNameOnly}, here},
		"TLS: expired":               {&TLSError{Reason: Expired}, here},
		"TLS: plain HTTP":            {&TLSError{Reason: PlainHTTP, Err: io.EOF}, here},
		"TLS: old":                   {&TLSError{Reason: OldTLS}, here},
		"TLS: client certificate":    {&TLSError{Reason: ClientCertificate}, here},
		"TLS: other":                 {&TLSError{Reason: OtherTLS}, here},
		"a network error, not ours":  {&net.OpError{Op: "dial", Err: errors.New("x")}, here},
		"the context's, not ours":    {context.DeadlineExceeded, here},
	} {
		for _, err := range []error{test.err, fmt.Errorf("reading mail01: %w", test.err)} {
			if got := verdictsOf(err); got != test.want {
				t.Errorf("%s: %+v, want %+v", name, got, test.want)
			}
			if got := verdictsOf(err); (got.lost || got.notYet) && !got.unreachable {
				t.Errorf("%s: %+v contradicts itself", name, got)
			}
		}
	}
}

// The marks that the table sets by hand are set by what happens.
func TestVerdictsOfWhatHappens(t *testing.T) {
	challenge := "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate " + challengeText() + "\r\nContent-Length: 0\r\n\r\n"
	hang := func(p *peer) { p.wait() }
	basic := func(c *Config) { c.Auth, c.AllowUnencryptedBasic = AuthBasic, true }
	for name, test := range map[string]struct {
		script script
		change func(*Config)
		want   verdicts
	}{
		"hangs up on the connection":  {func(*peer) {}, nil, verdicts{true, true, true}},
		"hangs up on the first token": {func(p *peer) { p.request() }, nil, verdicts{true, true, true}},
		"hangs up on the proof": {func(p *peer) {
			p.request()
			p.say(challenge)
			p.request()
		}, nil, verdicts{false, false, true}},
		"is silent": {hang, nil, verdicts{false, true, true}},
		"is silent on the proof": {func(p *peer) {
			p.request()
			p.say(challenge)
			hang(p)
		}, nil, verdicts{false, false, true}},
		"hangs up on TLS":       {func(p *peer) { p.Read(make([]byte, 1)) }, func(c *Config) { c.HTTPS = true }, verdicts{false, true, true}}, //nolint:errcheck // a test's
		"is silent on TLS":      {hang, func(c *Config) { c.HTTPS = true }, verdicts{false, true, true}},
		"hangs up on a message": {func(p *peer) { p.request() }, basic, verdicts{false, false, true}},
		"breaks off its header": {func(p *peer) {
			p.request()
			p.say("HTTP/1.1 200 OK\r\nContent-")
		}, basic, verdicts{false, false, true}},
		"breaks off its body": {func(p *peer) {
			p.request()
			p.say(soapOK[:len(soapOK)-1])
		}, basic, verdicts{true, false, true}}, // its status says that the password is right
		"breaks off a refusal": {func(p *peer) {
			p.request()
			p.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\n<")
		}, basic, verdicts{false, false, true}},
		"starts": {func(p *peer) { p.request(); p.say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n") }, nil, verdicts{false, true, true}},
		"is a printer": {func(p *peer) {
			p.request()
			p.say("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\n<")
		}, nil, verdicts{}},
	} {
		client := newClient(t, serve(t, test.script), func(c *Config) {
			c.ConnectTimeout = 300 * time.Millisecond
			if test.change != nil {
				test.change(c)
			}
		})
		_, err := post(t, client, Read)
		if got := verdictsOf(err); err == nil || got != test.want {
			t.Errorf("a host that %s: %+v, want %+v: %v", name, got, test.want, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	client := newClient(t, serve(t, hang))
	if _, err := client.Post(gone, nil, Read); err == nil || verdictsOf(err) != (verdicts{}) {
		t.Errorf("cancelled: %v", err)
	}
	client.Close()
	if _, err := post(t, client, Read); verdictsOf(err) != (verdicts{}) {
		t.Errorf("closed: %v", err)
	}
}

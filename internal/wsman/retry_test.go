package wsman

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// waits notes what was waited, and takes no time.
type waits []time.Duration

func (w *waits) sleep(ctx context.Context, d time.Duration) error {
	*w = append(*w, d)
	return ctx.Err()
}

// retrying is a client of a simulated host that retries three times.
func retrying(t *testing.T, host *winsim.Host, way string, waited *waits) (*Client, *transport.Client) {
	t.Helper()
	return connect(t, host, way, Options{MaxRetries: 3, Sleep: waited.sleep})
}

// timesOf does action at the first n calls of a method.
func timesOf(host *winsim.Host, n int, method string, action winsim.Action) {
	host.Intercept(func(c winsim.Call) winsim.Action {
		if c.Method == method && c.N <= n {
			return action
		}
		return winsim.Proceed
	})
}

func write7() Invocation {
	return registryCall("SetDWORDValue", transport.Write, "X", Param{"uValue", "7"})
}

func TestABusyHostIsAskedAgain(t *testing.T) {
	for seed, way := range ways {
		for busy, good := range map[int]bool{1: true, 3: true, 4: false} {
			var waited waits
			host := winsim.Start(t, winsim.Server2022(), winsim.Seed(int64(seed)))
			client, carrier := retrying(t, host, way, &waited)
			timesOf(host, busy, "SetDWORDValue", winsim.Busy)
			_, err := client.Invoke(t.Context(), write7())
			asked := host.Counters().Methods["SetDWORDValue"]
			if (err == nil) != good || asked != min(busy+1, 4) || len(waited) != asked-1 {
				t.Errorf("%s, busy %d times: asked %d times, waited %v, %v", way, busy, asked, waited, err)
			}
			if _, there := host.Value("X"); there != good || transport.MayHaveHappened(err) || carrier.Stats().Connections != 1 {
				t.Errorf("%s, busy %d times: there %t, %v", way, busy, there, err)
			}
			var fault *Fault
			if !good && (!errors.As(err, &fault) || !fault.Busy() || !strings.HasSuffix(err.Error(), "(tried 4 times)")) {
				t.Errorf("%v", err)
			}
		}
	}
}

// A read whose reply does not come is asked for on new connections; a write is not,
// and nor is a Pull, even if it may be repeated where the host says "later".
func TestALostReplyIsAskedForAgainByAReadOnly(t *testing.T) {
	for name, action := range map[string]winsim.Action{"done": winsim.LoseReply, "not done": winsim.DropBefore} {
		for kind, asked := range map[transport.Kind]int{transport.Read: 3, transport.Write: 1, transport.ReadOnce: 1} {
			var waited waits
			host := winsim.Start(t, winsim.Server2022())
			client, carrier := retrying(t, host, ways[0], &waited)
			timesOf(host, 2, "GetDWORDValue", action)
			_, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", kind, "X"))
			if n := host.Counters().Methods["GetDWORDValue"]; (err == nil) != (asked > 1) || n != asked || len(waited) != asked-1 {
				t.Errorf("%s, kind %d: asked %d times, waited %v, %v", name, kind, n, waited, err)
			}
			if got := carrier.Stats().Connections; got != int64(asked) || (err != nil && strings.Contains(err.Error(), "tried")) {
				t.Errorf("%s, kind %d: %d connections, %v", name, kind, got, err)
			}
		}
	}
}

// A host that loses every second reply is read from all the same, and a write to it is
// not sent twice.
func TestAHostThatAnswersEverySecondRequest(t *testing.T) {
	for _, way := range ways {
		var waited waits
		host := winsim.Start(t, winsim.Server2022())
		host.SetDWORD("X", 7)
		client, _ := retrying(t, host, way, &waited)
		if _, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X")); err != nil {
			t.Fatal(err) // the password is accepted by this: see the test below
		}
		var calls atomic.Int64
		host.Intercept(func(winsim.Call) winsim.Action {
			if calls.Add(1)%2 == 1 {
				return winsim.LoseReply
			}
			return winsim.Proceed
		})
		for range 5 {
			out, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X"))
			if n, _ := out.Uint32("uValue"); err != nil || n != 7 {
				t.Fatalf("%s: %d, %v", way, n, err)
			}
			query := client.Enumerate(t.Context(), "root/cimv2", "select Version from Win32_OperatingSystem", func(Item) error { return nil })
			if query != nil {
				t.Fatalf("%s: %v", way, query)
			}
		}
		if _, err := client.Invoke(t.Context(), write7()); !transport.MayHaveHappened(err) {
			t.Errorf("%s: %v", way, err)
		}
	}
}

// With Basic each request is a proof of the password. A host that hangs up on a
// connection which it has not accepted yet may have counted a bad logon, and these
// lock accounts: the password goes to it once, whatever max_retries says.
func TestALostFirstReplyIsNotAskedForAgainByBasic(t *testing.T) {
	for name, action := range map[string]winsim.Action{"done": winsim.LoseReply, "not done": winsim.DropBefore} {
		var waited waits
		host := winsim.Start(t, winsim.Server2022())
		client, carrier := retrying(t, host, "basic over https", &waited)
		host.Intercept(func(winsim.Call) winsim.Action { return action })
		_, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X"))
		if err == nil || transport.Lost(err) || !transport.Unreachable(err) || strings.Contains(err.Error(), "tried") {
			t.Errorf("%s: %v", name, err)
		}
		if got := carrier.Stats(); got.RoundTrips != 1 || got.Connections != 1 || len(waited) > 0 {
			t.Errorf("%s: %+v, waited %v", name, got, waited)
		}
		// Once the host has accepted a connection, what is lost on it is asked for on one more.
		host.Intercept(func(winsim.Call) winsim.Action { return winsim.Proceed })
		host.SetDWORD("X", 7)
		if _, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X")); err != nil {
			t.Fatal(err)
		}
		before := carrier.Stats()
		var calls atomic.Int64
		host.Intercept(func(winsim.Call) winsim.Action { calls.Add(1); return action })
		if _, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X")); err == nil || transport.Lost(err) {
			t.Errorf("%s: %v", name, err)
		}
		if got := carrier.Stats(); got.RoundTrips != before.RoundTrips+2 || got.Connections != before.Connections+1 || calls.Load() != 2 || len(waited) > 0 {
			t.Errorf("%s: %+v after %+v, %d calls, waited %v", name, got, before, calls.Load(), waited)
		}
	}
}

// A reply that breaks off within its body has told by its status that the password is
// right, so such a read is tried again.
func TestAReplyThatBreaksOffIsAskedForAgainByBasic(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusOK) // and no body: net/http hangs up
	})}
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Close() //nolint:errcheck // a test's
		<-served
	}()
	carrier, err := transport.New(transport.Config{
		Address: listener.Addr().String(), Auth: transport.AuthBasic, AllowUnencryptedBasic: true,
		Username: `CONTOSO\svc-terraform`, Password: "not-a-real-password-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer carrier.Close()
	var waited waits
	_, err = New(carrier, Options{MaxRetries: 3, Sleep: waited.sleep}).Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X"))
	if !transport.Lost(err) || asked.Load() != 4 || len(waited) != 3 {
		t.Errorf("asked %d times, waited %v, %v", asked.Load(), waited, err)
	}
}

func TestAReadThatStaysLostSaysHowOftenItWasTried(t *testing.T) {
	var waited waits
	host := winsim.Start(t, winsim.Server2022())
	client, carrier := retrying(t, host, ways[0], &waited)
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.LoseReply })
	_, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X"))
	if err == nil || !transport.Lost(err) || !strings.HasSuffix(err.Error(), "(tried 4 times)") || !strings.Contains(err.Error(), carrier.Address()) {
		t.Errorf("%v", err)
	}
	if carrier.Stats().Connections != 4 || len(waited) != 3 {
		t.Errorf("%+v, waited %v", carrier.Stats(), waited)
	}
}

// A dead host must be cheap, and a wrong password must not be tried twice.
func TestWhatIsNeverTriedAgain(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	free, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	free.Close() //nolint:errcheck // so that nobody listens there
	for name, test := range map[string]struct {
		change func(*transport.Config)
		action winsim.Action
	}{
		"refused":       {change: func(c *transport.Config) { c.Address = free.Addr().String() }},
		"unknown name":  {change: func(c *transport.Config) { c.Address = "mail01.invalid:5985" }},
		"TLS":           {change: func(c *transport.Config) { c.Address, c.HTTPS = host.HTTPSAddr(), true }},
		"password":      {change: func(c *transport.Config) { c.Password = "not-the-password-1" }},
		"access denied": {action: winsim.AccessDeniedFault},
		"garbage":       {action: winsim.Answer(200, "garbage")},
		"endless":       {action: winsim.Endless},
		"status 503":    {action: winsim.Answer(503, "")},
		"return value":  {action: winsim.ReturnValue(5)},
		"hang":          {action: winsim.Hang},
	} {
		conf := transport.Config{Address: host.HTTPAddr(), Auth: transport.AuthNegotiate, Username: host.Username(), Password: host.Password(), MaxReplyBytes: 1 << 20}
		if test.change != nil {
			test.change(&conf)
		}
		carrier, err := transport.New(conf)
		if err != nil {
			t.Fatal(err)
		}
		defer carrier.Close()
		var waited waits
		client := New(carrier, Options{MaxRetries: 3, Sleep: waited.sleep, OperationTimeout: 3 * time.Second})
		host.ResetCounters()
		host.Intercept(func(winsim.Call) winsim.Action { return test.action })
		ctx := t.Context()
		if name == "hang" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, time.Second/2)
			defer cancel()
		}
		_, err = client.Invoke(ctx, registryCall("GetDWORDValue", transport.Read, "X"))
		if len(waited) > 0 || host.Counters().Methods["GetDWORDValue"] > 1 || host.Counters().FailedLogons > 1 {
			t.Errorf("%s: waited %v, %+v, %v", name, waited, host.Counters(), err)
		}
		if (err == nil) != (name == "return value") || err != nil && strings.Contains(err.Error(), "tried") && !strings.Contains(err.Error(), "(tried Negotiate") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutRetriesNothingIsTriedAgain(t *testing.T) {
	for _, action := range []winsim.Action{winsim.Busy, winsim.LoseReply} {
		host := winsim.Start(t, winsim.Server2022())
		client, _ := connect(t, host, ways[0], Options{Sleep: func(context.Context, time.Duration) error {
			t.Error("a wait")
			return nil
		}})
		host.Intercept(func(winsim.Call) winsim.Action { return action })
		_, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X"))
		if err == nil || host.Counters().Methods["GetDWORDValue"] != 1 || strings.Contains(err.Error(), "tried") {
			t.Errorf("%v; %+v", err, host.Counters())
		}
	}
}

func TestWaitsGrowAndDiffer(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.Busy })
	seen := map[time.Duration]bool{}
	for range 3 {
		var waited waits
		client, _ := connect(t, host, ways[2], Options{MaxRetries: 10, Sleep: waited.sleep, OperationTimeout: time.Hour})
		if _, err := client.Invoke(t.Context(), write7()); err == nil || len(waited) != 10 {
			t.Fatalf("%v, %v", waited, err)
		}
		for i, wait := range waited {
			about := min(500*time.Millisecond<<i, 10*time.Second)
			if wait < about/2 || wait > about*3/2+1 {
				t.Errorf("wait %d is %v, should be about %v", i, wait, about)
			}
			seen[wait] = true
		}
	}
	if len(seen) < 20 {
		t.Errorf("the waits are all alike: %v", seen)
	}
}

// A wait that would pass the deadline is not begun.
func TestRetriesKeepWithinTheDeadline(t *testing.T) {
	for name, test := range map[string]struct {
		caller, operation time.Duration // from now
		tries             int
	}{
		"the caller's":       {caller: time.Hour, operation: 3 * time.Hour, tries: 2},
		"of the operation":   {caller: 3 * time.Hour, operation: time.Hour, tries: 2},
		"far away":           {caller: 3 * time.Hour, operation: 3 * time.Hour, tries: 4},
		"too near for a try": {caller: 30 * time.Minute, operation: time.Hour, tries: 1},
	} {
		host := winsim.Start(t, winsim.Server2022())
		host.Intercept(func(winsim.Call) winsim.Action { return winsim.Busy })
		var waited waits
		ahead := 30 * time.Minute // of the clock; a wait makes it jump to 100 ms before the hour
		client, _ := connect(t, host, ways[2], Options{
			MaxRetries: 3, OperationTimeout: test.operation,
			Now: func() time.Time { return time.Now().Add(ahead) },
			Sleep: func(ctx context.Context, d time.Duration) error {
				ahead = time.Hour - 100*time.Millisecond
				return waited.sleep(ctx, d)
			},
		})
		ctx, cancel := context.WithTimeout(t.Context(), test.caller)
		_, err := client.Invoke(ctx, write7())
		cancel()
		var fault *Fault
		if got := host.Counters().Methods["SetDWORDValue"]; got != test.tries || !errors.As(err, &fault) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %d tries, %v", name, got, err)
		}
		if short := test.tries < 4; strings.Contains(err.Error(), "no time is left for another") != short {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWaitEndsWithTheContext(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.Busy })
	ctx, cancel := context.WithCancel(t.Context())
	client, _ := connect(t, host, ways[0], Options{MaxRetries: 3, Sleep: func(ctx context.Context, _ time.Duration) error {
		cancel()
		return sleep(ctx, time.Hour) // the real one
	}})
	_, err := client.Invoke(ctx, write7())
	var fault *Fault
	if !errors.Is(err, context.Canceled) || !errors.As(err, &fault) || host.Counters().Methods["SetDWORDValue"] != 1 {
		t.Errorf("%v; %+v", err, host.Counters())
	}
	if transport.MayHaveHappened(err) || transport.Unreachable(err) || !strings.HasSuffix(err.Error(), "(tried once; the wait for another was broken off)") {
		t.Errorf("%v", err)
	}
	if err := sleep(t.Context(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}

// A shell's Create may wait; what is in a shell may not.
func TestOfAShellOnlyTheCreateIsTriedAgain(t *testing.T) {
	for method, asked := range map[string]int{"Create": 2, "Command": 1, "Receive": 1} {
		var waited waits
		host := winsim.Start(t, winsim.Server2022())
		client, _ := retrying(t, host, ways[0], &waited)
		timesOf(host, 1, method, winsim.Busy)
		got, err := client.Run(t.Context(), "echo hello")
		if n := host.Counters().Methods[method]; n != asked || (err == nil) != (asked == 2) || len(waited) != asked-1 {
			t.Errorf("%s: asked %d times, waited %v, %+v, %v", method, n, waited, got, err)
		}
		noShellLeft(t, host)
	}
}

// A Pull moves a cursor, unless the host says that nothing was begun.
func TestAPullIsTriedAgainOnlyWhenNothingWasBegun(t *testing.T) {
	for name, test := range map[string]struct {
		action winsim.Action
		asked  int
	}{"busy": {winsim.Busy, 2}, "lost": {winsim.LoseReply, 1}} {
		var waited waits
		host := winsim.Start(t, winsim.Server2022())
		client, _ := connect(t, host, ways[0], Options{MaxRetries: 3, Sleep: waited.sleep, MaxEnvelopeSize: 8192})
		count := func(sum *int) func(Item) error { return func(Item) error { *sum++; return nil } }
		var whole, items int
		if err := client.Enumerate(t.Context(), "root/cimv2", "select * from Win32_Service", count(&whole)); err != nil {
			t.Fatal(err)
		}
		pulls := host.Counters().Methods["Pull"]
		host.ResetCounters()
		timesOf(host, 1, "Pull", test.action)
		err := client.Enumerate(t.Context(), "root/cimv2", "select * from Win32_Service", count(&items))
		got := host.Counters().Methods
		if test.asked == 2 && (err != nil || items != whole || got["Pull"] != pulls+1 || len(waited) != 1) {
			t.Errorf("%s: %v, %d items of %d, %v", name, err, items, whole, got)
		}
		if test.asked == 1 && (err == nil || got["Pull"] != 1 || got["Enumerate"] != 1 || len(waited) != 0) {
			t.Errorf("%s: %v, %v", name, err, got)
		}
	}
}

// Items that were handed on can't be taken back, even where the caller's error looks
// like one that is tried again.
func TestAnErrorOfTheCallbackIsTheCallers(t *testing.T) {
	var waited waits
	host := winsim.Start(t, winsim.Server2022())
	client, _ := retrying(t, host, ways[0], &waited)
	items := 0
	err := client.Enumerate(t.Context(), "root/cimv2", "select * from Win32_Service", func(Item) error {
		items++
		return &Fault{Code: quotas[0]}
	})
	if err == nil || items != 1 || host.Counters().Methods["Enumerate"] != 1 || len(waited) > 0 {
		t.Errorf("%v, %d items, %+v", err, items, host.Counters())
	}
}

// Each try is a message of its own: a late reply to the first is not the second's.
func TestEachTryHasItsOwnMessageID(t *testing.T) {
	ids := map[string]bool{}
	client := host(t, func(request string) (int, string) {
		ids[messageID(request)] = true
		if len(ids) < 3 {
			return 500, soap(`<s:Fault><s:Detail><f:WSManFault Code="2150859174"/></s:Detail></s:Fault>`)
		}
		return 200, soap(`<p:SetDWORDValue_OUTPUT><p:ReturnValue>0</p:ReturnValue></p:SetDWORDValue_OUTPUT>`)
	})
	client.options.MaxRetries, client.options.Sleep = 3, new(waits).sleep
	if _, err := client.Invoke(t.Context(), setValue()); err != nil || len(ids) != 3 {
		t.Errorf("%v, %v", ids, err)
	}
}

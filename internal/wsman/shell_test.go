package wsman

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// noShellLeft wants every shell deleted.
func noShellLeft(t *testing.T, host *winsim.Host) {
	t.Helper()
	if n := host.Counters().OpenShells; n != 0 {
		t.Errorf("%d shells are left open", n)
	}
}

func hasShell(p winsim.Profile) bool { return p.HasShell }

// sockets makes n rows for netstat.
func sockets(n int) (all []tcpstack.Socket) {
	for i := range n {
		all = append(all, tcpstack.Socket{
			Local:  netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 25}), uint16(1025+i%60000)),
			Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 14), byte(i >> 6)}), 25), State: tcpstack.TimeWait,
		})
	}
	return all
}

func TestCommandOnEveryHostWithAShell(t *testing.T) {
	for i, profile := range winsim.Profiles() {
		if !hasShell(profile) {
			continue
		}
		for seed := range int64(6) {
			way := ways[(i+int(seed))%len(ways)]
			t.Run(fmt.Sprint(profile.Key, seed, way), func(t *testing.T) {
				host := winsim.Start(t, profile, winsim.Seed(seed))
				host.SetSockets(sockets(700))
				client, _ := connect(t, host, way, Options{})
				got, err := client.Run(t.Context(), `netstat -ano -p tcp & nothing "<&>]]>" & echo last`)
				if err != nil {
					t.Fatal(err)
				}
				lines := strings.Split(string(got.Stdout), "\r\n")
				if len(lines) < 705 || !strings.Contains(string(got.Stdout), ":1724 ") || lines[len(lines)-2] != "last" {
					t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-2:])
				}
				if !strings.Contains(string(got.Stderr), "nothing") {
					t.Errorf("stderr %q", got.Stderr)
				}
				if want := 5; got.RoundTrips < want {
					t.Errorf("%d round trips, want %d or more", got.RoundTrips, want)
				}
				noShellLeft(t, host)
				if m := host.Counters().Methods; m["Create"] != 1 || m["Command"] != 1 || m["Signal"] != 1 || m["Delete"] != 1 || m["Receive"]+4 != got.RoundTrips {
					t.Errorf("%v in %d round trips", m, got.RoundTrips)
				}
			})
		}
	}
}

func TestExitCode(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	client, _ := connect(t, host, ways[0], Options{})
	got, err := client.Run(t.Context(), "nothing")
	if err != nil || got.ExitCode == 0 || len(got.Stdout) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	for text, want := range map[string]int{"0": 0, "9009": 9009, "\t1\n": 1, "-1073741510": -1073741510, "3221225786": -1073741510} {
		code, err := exitCode(node{children: []node{{name: "ExitCode", text: text}}})
		if code != want || err != nil {
			t.Errorf("%q is %d, %v", text, code, err)
		}
	}
	for _, state := range []node{{}, {children: []node{{name: "ExitCode", text: "0x1"}}}, {children: []node{{name: "ExitCode", text: "4294967296"}}}} {
		if code, err := exitCode(state); err == nil {
			t.Errorf("%v is %d", state, code)
		}
	}
}

func TestHostWithoutAShell(t *testing.T) {
	for seed := range int64(4) {
		for _, host := range []*winsim.Host{
			winsim.Start(t, winsim.Server2003R2(), winsim.Seed(seed)),
			winsim.Start(t, winsim.Server2019(), winsim.Seed(seed), winsim.WithoutShell()),
		} {
			client, _ := connect(t, host, ways[0], Options{})
			_, err := client.Run(t.Context(), "netstat -ano")
			var fault *Fault
			if !errors.Is(err, ErrNoShell) || !errors.As(err, &fault) || fault.Code == 0 {
				t.Errorf("%v", err)
			}
			if n := host.Counters().Methods["Delete"]; n != 0 {
				t.Errorf("%d Deletes of a shell that is not there", n)
			}
		}
	}
	forbidden := &Fault{Code: 2150859180}
	if !forbidden.noShell() || (&Fault{Code: 5}).noShell() {
		t.Error("the fault of a policy is not told apart")
	}
}

// receive answers Receives in turn, the last one for ever.
func receive(host *winsim.Host, answers ...string) {
	host.Intercept(func(c winsim.Call) winsim.Action {
		if c.Method != "Receive" {
			return winsim.Proceed
		}
		return winsim.Answer(200, answers[min(c.N, len(answers))-1])
	})
}

// takeAll gives the bodies of replies to Receives to a command whose id is A-1.
func takeAll(t *testing.T, bodies ...string) (*shell, error) {
	t.Helper()
	s := &shell{process: "A-1"}
	for _, body := range bodies {
		e, err := parseEnvelope([]byte(`<s:Envelope xmlns:s="`+nsEnvelope+`"><s:Body>`+body+`</s:Body></s:Envelope>`), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if done, err := s.take(e.body); done || err != nil {
			return s, err
		}
	}
	return s, errors.New("not done")
}

func TestRepliesToReceive(t *testing.T) {
	stream := func(name, text string) string {
		return `<r:Stream Name="` + name + `" CommandId="a-1">` + base64.StdEncoding.EncodeToString([]byte(text)) + `</r:Stream>`
	}
	reply := func(parts string) string { return `<r:ReceiveResponse xmlns:r="x">` + parts + `</r:ReceiveResponse>` }
	const done = `<r:CommandState CommandId="A-1" State="http://x/CommandState/Done"><r:ExitCode>3</r:ExitCode></r:CommandState>`
	s, err := takeAll(t,
		reply(stream("stdout", "a\x84")+`<r:CommandState State="x/CommandState/Pending"/>`),
		reply(``), reply(stream("stderr", "e")+stream("stdout", "b")+`<r:Stream Name="stdout" End="true"/>`),
		reply(done+stream("stdout", "c")))
	if err != nil || string(s.result.Stdout) != "a\x84bc" || string(s.result.Stderr) != "e" || s.result.ExitCode != 3 {
		t.Errorf("%+v %v", s.result, err)
	}
	for name, body := range map[string]string{
		"another command":  reply(`<r:Stream Name="stdout" CommandId="B-2"/>` + done),
		"another's end":    reply(strings.ReplaceAll(done, "A-1", "B-2")),
		"unknown stream":   reply(stream("pr", "x") + done),
		"broken base64":    reply(`<r:Stream Name="stdout">AAA</r:Stream>` + done),
		"no exit code":     reply(strings.Replace(done, "<r:ExitCode>3</r:ExitCode>", "", 1)),
		"another response": `<r:CommandResponse xmlns:r="x"/>`,
		"nothing":          ``,
	} {
		if s, err := takeAll(t, body); err == nil || err.Error() == "not done" {
			t.Errorf("%s: %+v", name, s.result)
		}
	}
	full := &shell{process: "A-1", result: Result{Stdout: make([]byte, maxOutput-2)}}
	if err := full.takeStream(node{attrs: nil}); err == nil {
		t.Error("a stream without a name is taken")
	}
	e, _ := parseEnvelope([]byte(`<Envelope><Body>`+reply(stream("stderr", "abc"))+`</Body></Envelope>`), nil, nil)
	if _, err := full.take(e.body); err == nil || !strings.Contains(err.Error(), "67108864") {
		t.Errorf("more than the bound: %v", err)
	}
}

func TestShellIsDeletedWhateverHappens(t *testing.T) {
	type step struct {
		method string
		action winsim.Action
	}
	for name, test := range map[string]struct {
		step  step
		check func(error) bool
	}{
		"command refused":       {step{"Command", winsim.AccessDeniedFault}, func(err error) bool { var f *Fault; return errors.As(err, &f) && f.AccessDenied() }},
		"command's reply lost":  {step{"Command", winsim.LoseReply}, transport.MayHaveHappened},
		"command never sent":    {step{"Command", winsim.DropBefore}, transport.MayHaveHappened}, // nobody can tell
		"output lost":           {step{"Receive", winsim.LoseReply}, func(err error) bool { return !transport.MayHaveHappened(err) }},
		"output is garbage":     {step{"Receive", winsim.Answer(200, "<Envelope/>")}, func(err error) bool { return strings.Contains(err.Error(), "no SOAP body") }},
		"output is another's":   {step{"Receive", winsim.Answer(200, "<Envelope><Header><RelatesTo>uuid:1</RelatesTo></Header><Body/></Envelope>")}, func(err error) bool { return strings.Contains(err.Error(), "another message") }},
		"output without an end": {step{"Receive", winsim.Endless}, func(err error) bool { var f *transport.ReplyTooLargeError; return errors.As(err, &f) }},
	} {
		t.Run(name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
			client, _ := connect(t, host, ways[2], Options{})
			host.Intercept(func(c winsim.Call) winsim.Action {
				if c.Method == test.step.method {
					return test.step.action
				}
				return winsim.Proceed
			})
			got, err := client.Run(t.Context(), "netstat -ano")
			if err == nil || !test.check(err) || got.Stdout != nil {
				t.Errorf("%+v, %v", got, err)
			}
			if m := host.Counters().Methods; m["Command"] != 1 || m["Create"] != 1 || m["Delete"] != 1 {
				t.Errorf("%v", m)
			}
			noShellLeft(t, host)
		})
	}
}

// A result that is whole is not lost because the farewell was.
func TestFarewellThatFails(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	client, _ := connect(t, host, ways[0], Options{})
	host.Intercept(func(c winsim.Call) winsim.Action {
		switch {
		case c.Method == "Signal":
			return winsim.Busy
		case c.Method == "Delete" && c.N == 1:
			return winsim.LoseReply
		}
		return winsim.Proceed
	})
	if got, err := client.Run(t.Context(), "echo hello"); err != nil || string(got.Stdout) != "hello\r\n" {
		t.Errorf("%+v, %v", got, err)
	}
	noShellLeft(t, host)
}

func TestCancelledCommand(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	client, _ := connect(t, host, ways[0], Options{})
	ctx, cancel := context.WithCancel(t.Context())
	host.Intercept(func(c winsim.Call) winsim.Action {
		if c.Method == "Receive" {
			cancel()
			return winsim.Hang
		}
		return winsim.Proceed
	})
	if _, err := client.Run(ctx, "netstat -ano"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	noShellLeft(t, host)
}

// The host says "nothing yet" for ever: the context ends it.
func TestCommandThatTellsNothing(t *testing.T) {
	const later = `<Envelope><Body><Fault><Detail><WSManFault Code="2150858793"/></Detail></Fault></Body></Envelope>`
	host := winsim.Start(t, winsim.Server2022())
	client, _ := connect(t, host, ways[2], Options{})
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	host.Intercept(func(c winsim.Call) winsim.Action {
		if c.Method != "Receive" {
			return winsim.Proceed
		}
		if asked++; asked == 20 {
			cancel()
		}
		return winsim.Answer(500, later)
	})
	if _, err := client.Run(ctx, "netstat -ano"); !errors.Is(err, context.Canceled) || asked != 20 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	noShellLeft(t, host)

	receive(host, later)
	if _, err := client.Run(t.Context(), "netstat -ano"); err == nil || !strings.Contains(err.Error(), "1001 times") {
		t.Errorf("%v", err)
	}
	noShellLeft(t, host)
}

func TestCommandLineIsChecked(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	client, _ := connect(t, host, ways[0], Options{})
	for _, line := range []string{"", " ", "a\nb", "a\x00", "a\x7f", strings.Repeat("a", 8192), "a\xff"} {
		if _, err := client.Run(t.Context(), line); err == nil {
			t.Errorf("%q is run", clip(line))
		}
	}
	if n := host.Counters().Methods["Command"]; n != 0 {
		t.Errorf("%d commands were sent", n)
	}
	noShellLeft(t, host)
}

func TestCreateWithoutAnID(t *testing.T) {
	for text, want := range map[string]string{
		`<ResourceCreated><ReferenceParameters><SelectorSet><Selector Name="X">1</Selector><Selector Name="shellid"> 2 </Selector></SelectorSet></ReferenceParameters></ResourceCreated>`: "2",
		`<Shell><ShellId>3</ShellId></Shell>`: "3",
		`<Shell/>`:                            "", `<ShellId>4</ShellId>`: "",
		`<Shell><ShellId>` + strings.Repeat("5", 257) + `</ShellId></Shell>`: "",
	} {
		e, err := parseEnvelope([]byte(`<Envelope><Body>`+text+`</Body></Envelope>`), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if id, err := idOf(e.body.shellID()); id != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", clip(text), id, err)
		}
	}
}

func TestExpiredEnumeration(t *testing.T) {
	for seed := range int64(4) { // faults in their shapes
		host := winsim.Start(t, winsim.Server2022(), winsim.Seed(seed))
		host.SetSockets(sockets(3000))
		client, _ := connect(t, host, ways[2], Options{})
		host.Intercept(func(c winsim.Call) winsim.Action {
			if c.Method == "Pull" {
				host.ExpireEnumerations()
			}
			return winsim.Proceed
		})
		err := client.Enumerate(t.Context(), "root/StandardCimv2", "select LocalPort from MSFT_NetTCPConnection", func(Item) error { return nil })
		var fault *Fault
		if !errors.As(err, &fault) || !fault.ContextExpired() || fault.Busy() || fault.OperationTimeout() {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	if (&Fault{Code: 2150858843, Subcode: "InvalidSelectors"}).ContextExpired() {
		t.Error("a shell that is gone is taken for an enumeration")
	}
}

package winhost

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// masterzen/winrm is the client that other providers use. Here it is as a user
// takes it: its own parameters and its own Encryption transport, which seals.
//
// It cannot work on a kept connection: Encryption.Post begins every message with a
// handshake of its own. On a connection that is authenticated already the simulated
// host asks for none, so there is no session to seal with; encryptMessage then sends
// an empty sealed part, and Post gives the text of the refusal, which has none, back
// without an error. The caller gets "parsing xml response: EOF" from the
// shell's second message, and the shell stays open on the host, since its Delete
// fails likewise ([TestMasterzenFailsOnAKeptConnection]). So the connection is closed
// after each message.
type closing struct{ *winrm.Encryption }

func (c closing) Post(client *winrm.Client, message *soap.SoapMessage) (string, error) {
	reply, err := c.Encryption.Post(client, message)
	// Its http.Client has no transport of its own, so that this is the one.
	http.DefaultClient.CloseIdleConnections()
	return reply, err
}

// openMasterzen makes masterzen's client for the simulated host at an address.
func openMasterzen(tb testing.TB, username, password, at string, kept bool) *winrm.Client {
	tb.Helper()
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		tb.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		tb.Fatal(err)
	}
	encryption, err := winrm.NewEncryption("ntlm")
	if err != nil {
		tb.Fatal(err)
	}
	parameters := *winrm.DefaultParameters
	parameters.TransportDecorator = func() winrm.Transporter {
		if kept {
			return encryption
		}
		return closing{encryption}
	}
	client, err := winrm.NewClientWithParameters(winrm.NewEndpoint(host, number, false, false, nil, nil, nil, 0), username, password, &parameters)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(http.DefaultClient.CloseIdleConnections)
	return client
}

// What the comment of [closing] says. When this fails, masterzen has mended it: count
// it on a kept connection then.
func TestMasterzenFailsOnAKeptConnection(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022(), winsim.Seed(1))
	var stdout, stderr bytes.Buffer
	_, err := openMasterzen(t, sim.Username(), sim.Password(), sim.HTTPAddr(), true).RunWithContext(t.Context(), "netstat -ano", &stdout, &stderr)
	if err == nil || err.Error() != "parsing xml response: EOF" || stdout.Len() != 0 {
		t.Errorf("%v, %d bytes of output", err, stdout.Len())
	}
	if counters := sim.Counters(); counters.Connections != 1 || counters.OpenShells != 1 {
		t.Errorf("%d connections, %d shells left open", counters.Connections, counters.OpenShells)
	}
}

// The two values that a refresh of the resource reads, by masterzen's client and
// reg query, beside our refresh (new connection, key listed, two values read).
func BenchmarkRefreshBesideMasterzen(b *testing.B) {
	sim := startApart(b)
	setValues(b, sim)
	var ours transport.Stats
	b.Run("ours", func(b *testing.B) {
		var total transport.Stats
		for b.Loop() {
			host := openSealed(b, sim, sim["WINSIM_HTTP"])
			refresh(b, host)
			ours = host.Stats()
			total = sum(total, ours, 1)
			host.Close()
		}
		report(b, total)
	})
	b.Run("masterzen", func(b *testing.B) {
		near := startProxy(b, sim["WINSIM_HTTP"], 0)
		for b.Loop() {
			for name, want := range map[string]string{"TcpTimedWaitDelay": "0x1e", "MaxUserPort": "0xfffe"} {
				printed := masterzenRun(b, sim, near.address, `reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters /v `+name)
				if !regexp.MustCompile(name + `\s+REG_DWORD\s+` + want).MatchString(printed) {
					b.Fatalf("reg query printed %q", printed)
				}
			}
		}
		near.report(b)
		if ours.RoundTrips == 0 {
			return // left out by -bench
		}
		n := float64(b.N)
		theirs := float64(near.counted.sent.Load()+near.counted.received.Load()) / n
		b.ReportMetric(float64(near.counted.roundTrips.Load())/n/float64(ours.RoundTrips), "roundtrips-to-ours")
		b.ReportMetric(float64(near.counted.connections.Load())/n/float64(ours.Connections), "connections-to-ours")
		b.ReportMetric(theirs/float64(ours.BytesSent+ours.BytesReceived), "bytes-to-ours")
	})
}

// netstatLine is one socket in netstat's output.
var netstatLine = regexp.MustCompile(`(?m)^\s*TCP\s+(\S+)\s+(\S+)\s+(\S+)\s+(\d+)\s*$`)

// The same sockets by masterzen's client, netstat and a regular expression.
// [BenchmarkSockets] has ours.
func BenchmarkMasterzenNetstat(b *testing.B) {
	sim := startApart(b)
	for _, rows := range []int{1_000, 100_000, 200_000} {
		b.Run(fmt.Sprintf("rows=%d/endpoints=3", rows), func(b *testing.B) {
			setTable(b, sim, rows, 3)
			near := startProxy(b, sim["WINSIM_HTTP"], 0)
			heap := watchHeap()
			for b.Loop() {
				states := map[string]int{}
				for _, line := range netstatLine.FindAllStringSubmatch(masterzenRun(b, sim, near.address, "netstat -ano"), -1) {
					states[line[3]]++
				}
				if states["TIME_WAIT"] != rows-rows/4 || states["ESTABLISHED"] != rows/4 {
					b.Fatalf("%v", states)
				}
			}
			heap.report(b, rows)
			near.report(b)
		})
	}
}

// setValues writes the two values of the story.
func setValues(b *testing.B, sim map[string]string) {
	b.Helper()
	host := openSealed(b, sim, sim["WINSIM_HTTP"])
	defer host.Close()
	writeStory(b, host)
}

// masterzenRun runs one command with a client of its own, as a new process would.
func masterzenRun(b *testing.B, sim map[string]string, at, command string) string {
	b.Helper()
	var stdout, stderr bytes.Buffer
	code, err := openMasterzen(b, sim["WINSIM_USERNAME"], sim["WINSIM_PASSWORD"], at, false).RunWithContext(context.Background(), command, &stdout, &stderr)
	if err != nil || code != 0 {
		b.Fatalf("%s: exit code %d, %v: %s", command, code, err, &stderr)
	}
	return stdout.String()
}

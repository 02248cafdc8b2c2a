package wsman

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

const hklm = "2147483650"

// ways are the ways to reach a simulated host.
var ways = []string{"ntlm over http", "negotiate over https", "basic over https"}

// connect gives a client of a simulated host, and its transport.
func connect(t testing.TB, h *winsim.Host, way string, options Options) (*Client, *transport.Client) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(h.CACertificate()))
	auth, https, _ := strings.Cut(way, " over ")
	conf := transport.Config{
		Address: h.HTTPAddr(), HTTPS: https == "https", Auth: transport.Auth(auth),
		Username: h.Username(), Password: h.Password(), TLS: &tls.Config{RootCAs: pool},
	}
	if conf.HTTPS {
		conf.Address = h.HTTPSAddr()
	}
	carrier, err := transport.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(carrier.Close)
	return New(carrier, options), carrier
}

func registryCall(method string, kind transport.Kind, name string, more ...Param) Invocation {
	return Invocation{
		Namespace: "root/default", Class: "StdRegProv", Method: method, Kind: kind,
		Params: append([]Param{
			{"hDefKey", hklm}, {"sSubKeyName", `SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`}, {"sValueName", name},
		}, more...),
	}
}

func TestRegistryOverEveryWayToEveryHost(t *testing.T) {
	for _, profile := range winsim.Profiles() {
		for seed := range int64(3) {
			host := winsim.Start(t, profile, winsim.Seed(seed))
			for _, way := range ways {
				t.Run(fmt.Sprint(profile.Key, seed, way), func(t *testing.T) { checkRegistry(t, host, way) })
			}
		}
	}
}

func checkRegistry(t *testing.T, host *winsim.Host, way string) {
	client, carrier := connect(t, host, way, Options{})
	invoke := func(want uint32, call Invocation) Output {
		t.Helper()
		out, err := client.Invoke(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := out.ReturnValue(); got != want || err != nil {
			t.Fatalf("%s gives %d, %v; want %d", call.Method, got, err, want)
		}
		return out
	}
	for _, number := range []uint32{0, 30, 0x7fffffff, 0x80000000, 0xffffffff} {
		invoke(0, registryCall("SetDWORDValue", transport.Write, "MaxUserPort", Param{"uValue", fmt.Sprint(number)}))
		out := invoke(0, registryCall("GetDWORDValue", transport.Read, "maxuserport"))
		if got, err := out.Uint32("uValue"); got != number || err != nil {
			t.Errorf("wrote %d, read %d, %v", number, got, err)
		}
	}
	host.SetString("MaxUserPort", "30 <&>\"\u2013")
	out := invoke(0, registryCall("GetStringValue", transport.Read, "MaxUserPort"))
	if text, ok := out.Text("sValue"); text != "30 <&>\"\u2013" || !ok {
		t.Errorf("string %q", text)
	}
	invoke(2147749893, registryCall("GetDWORDValue", transport.Read, "MaxUserPort"))
	invoke(0, registryCall("DeleteValue", transport.Write, "MaxUserPort"))
	out = invoke(1, registryCall("GetDWORDValue", transport.Read, "MaxUserPort"))
	if _, err := out.Uint32("uValue"); err == nil {
		t.Error("an absent value has a number")
	}

	handshake := int64(2)
	if strings.HasPrefix(way, "basic") {
		handshake = 0
	}
	if s := carrier.Stats(); s.Connections != 1 || s.RoundTrips != handshake+14 {
		t.Errorf("%+v", s)
	}
}

func TestQueriesOverEveryWayToEveryHost(t *testing.T) {
	for i, profile := range winsim.Profiles() {
		for seed := range int64(3) {
			host := winsim.Start(t, profile, winsim.Seed(seed))
			way := ways[(i+int(seed))%len(ways)] // each way to each profile, with another seed
			t.Run(fmt.Sprint(profile.Key, seed, way), func(t *testing.T) { checkQueries(t, host, way) })
		}
	}
}

func checkQueries(t *testing.T, host *winsim.Host, way string) {
	client, _ := connect(t, host, way, Options{})
	query := func(wql string) []Item {
		t.Helper()
		var items []Item
		err := client.Enumerate(t.Context(), "root/cimv2", wql, func(i Item) error {
			items = append(items, i)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return items
	}
	systems := query("select Version, LastBootUpTime, LocalDateTime from Win32_OperatingSystem")
	if len(systems) != 1 {
		t.Fatalf("%d operating systems", len(systems))
	}
	boot, err := systems[0].Time("LastBootUpTime")
	now, err2 := systems[0].Time("LocalDateTime")
	if err != nil || err2 != nil || !boot.Before(now) {
		t.Errorf("booted %v, now %v; %v, %v", boot, now, err, err2)
	}
	if version, ok := systems[0].Text("version"); !ok || strings.Count(version, ".") != 2 {
		t.Errorf("version %q", version)
	}
	services := query("select * from Win32_Service")
	seen := map[string]bool{}
	for _, s := range services {
		name, ok := s.Text("Name")
		if _, err := s.Uint32("ProcessId"); err != nil || !ok || seen[name] || s.Class != "Win32_Service" {
			t.Errorf("service %q of class %q, %v", name, s.Class, err)
		}
		seen[name] = true
	}
	if got := host.Counters().OpenEnumerations; len(services) < 2 || got != 0 {
		t.Errorf("%d services, %d open enumerations", len(services), got)
	}
}

func TestAPagedQueryThatIsGivenUpIsReleased(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	client, carrier := connect(t, host, "ntlm over http", Options{MaxEnvelopeSize: 8192})
	items := 0
	count := func(Item) error { items++; return nil }
	if err := client.Enumerate(t.Context(), "root/cimv2", "select * from Win32_Service", count); err != nil {
		t.Fatal(err)
	}
	if host.Counters().Methods["Pull"] < 2 || carrier.Stats().Connections != 1 {
		t.Errorf("%+v: not paged", host.Counters())
	}
	stop := errors.New("seen enough")
	err := client.Enumerate(t.Context(), "root/cimv2", "select * from Win32_Service", func(Item) error { return stop })
	if !errors.Is(err, stop) || host.Counters().OpenEnumerations != 0 || host.Counters().Methods["Release"] != 1 {
		t.Errorf("%v; %+v", err, host.Counters())
	}
}

func TestFaultsOfTheHost(t *testing.T) {
	for seed := range int64(6) {
		host := winsim.Start(t, winsim.Server2012R2(), winsim.Seed(seed))
		client, _ := connect(t, host, "ntlm over http", Options{})
		var fault *Fault

		err := client.Enumerate(t.Context(), "root/cimv2", "select * from No_Such_Class", nil)
		if !errors.As(err, &fault) || !fault.UnknownClass() || fault.AccessDenied() {
			t.Errorf("seed %d: unknown class: %v", seed, err)
		}
		host.Intercept(func(winsim.Call) winsim.Action { return winsim.Busy })
		_, err = client.Invoke(t.Context(), registryCall("SetDWORDValue", transport.Write, "X", Param{"uValue", "1"}))
		if !errors.As(err, &fault) || !fault.Busy() || transport.MayHaveHappened(err) {
			t.Errorf("seed %d: busy: %v", seed, err)
		}
		host.Intercept(func(winsim.Call) winsim.Action { return winsim.AccessDeniedFault })
		_, err = client.Invoke(t.Context(), registryCall("SetDWORDValue", transport.Write, "X", Param{"uValue", "1"}))
		if !errors.As(err, &fault) || !fault.AccessDenied() || fault.Busy() {
			t.Errorf("seed %d: access denied: %v", seed, err)
		}
		if host.Counters().Connections != 1 {
			t.Errorf("seed %d: a fault cost a connection: %+v", seed, host.Counters())
		}
	}
}

func TestAWriteWhoseReplyIsLostIsNotSentAgain(t *testing.T) {
	for action, done := range map[*winsim.Action]bool{&winsim.LoseReply: true, &winsim.DropBefore: false} {
		host := winsim.Start(t, winsim.Server2022())
		client, _ := connect(t, host, "ntlm over http", Options{})
		if _, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X")); err != nil {
			t.Fatal(err)
		}
		host.Intercept(func(winsim.Call) winsim.Action { return *action })
		_, err := client.Invoke(t.Context(), registryCall("SetDWORDValue", transport.Write, "X", Param{"uValue", "7"}))
		if !transport.MayHaveHappened(err) || !strings.Contains(err.Error(), "may have been made") {
			t.Errorf("%v", err)
		}
		if _, there := host.Value("X"); there != done || host.Counters().Methods["SetDWORDValue"] != 1 {
			t.Errorf("there: %t; %+v", there, host.Counters())
		}
	}
}

func TestTheOperationTimeoutEndsAHang(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	client, _ := connect(t, host, "ntlm over http", Options{OperationTimeout: time.Second})
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.Hang })
	_, err := client.Invoke(t.Context(), registryCall("SetDWORDValue", transport.Write, "X", Param{"uValue", "7"}))
	var timeout *transport.TimeoutError
	if !errors.As(err, &timeout) || timeout.Phase != transport.PhaseReply || !transport.MayHaveHappened(err) {
		t.Errorf("%v", err)
	}
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.Endless })
	if _, err = client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "X")); err == nil {
		t.Error("an endless answer was read")
	}
}

func TestTimeoutsThatAreTold(t *testing.T) {
	for ours, want := range map[time.Duration]string{
		60 * time.Second: "PT55S", 10 * time.Second: "PT9S", time.Second: "PT0.900S", time.Millisecond: "PT0.001S", 5 * time.Minute: "PT295S",
	} {
		if got := duration(serverTimeout(ours)); got != want {
			t.Errorf("%v: %s, want %s", ours, got, want)
		}
	}
}

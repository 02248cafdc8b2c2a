package monitoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

func failed(name string, err error) Reading {
	return Reading{Host: name, Err: err, Duration: 2 * time.Second}
}

// Every name can be a field of Cacti (RRDtool: 19 characters), a key, and a label.
func TestMetricNames(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range Names() {
		if seen[name] || !regexp.MustCompile(`^[a-z][a-z_0-9]*$`).MatchString(name) {
			t.Errorf("the name %q", name)
		}
		seen[name] = true
	}
	for _, m := range series() {
		if len(m.Name) > 19 || !strings.HasSuffix(m.Help, ".") && !strings.HasSuffix(m.Help, ").") || m.Unit == "" || m.Series != "" && seen[m.Series] {
			t.Errorf("%+v", m)
		}
		seen[m.Series] = true
	}
}

const exampleLine = "active:7 stale:60 total:101 listening:9 half_open:3 closing:5 bound:4 unknown:1 " +
	"pool_start:49152 pool_size:1000 pool_excluded:60 pool_in_use:752 pool_time_wait:50 pool_bound:6 pool_listeners:8 pool_free:188 utilisation:0.8 " +
	"busiest_destination:41 busiest_ratio:0.043617 destinations:12 udp_endpoints:17 time_wait_delay:31 restart_pending:1 connections_opened:1300 connection_failures:21 " +
	"probe_success:1 probe_duration:1.234567\n"

func TestCacti(t *testing.T) {
	var out bytes.Buffer
	if err := WriteCacti(&out, example("mail01")); err != nil || out.String() != exampleLine {
		t.Errorf("%v: %s", err, out.String())
	}
	out.Reset()
	bare := example("mail01", poolUnknown, func(r *Reading) {
		r.TimeWaitDelay, r.Pending, r.Sockets.UDPEndpoints, r.Sockets.Counters = nil, nil, nil, nil
	})
	if err := WriteCacti(&out, bare); err != nil || !strings.Contains(out.String(), "unknown:1 pool_start:U pool_size:U pool_excluded:U pool_in_use:U") ||
		!strings.Contains(out.String(), "utilisation:U busiest_destination:U busiest_ratio:U destinations:U udp_endpoints:U time_wait_delay:U restart_pending:U connections_opened:U connection_failures:U probe_success:1") {
		t.Errorf("%v: %s", err, out.String())
	}
	out.Reset()
	want := regexp.MustCompile(`:[0-9.]+`).ReplaceAllString(exampleLine, ":U")
	want = strings.Replace(want, "probe_success:U probe_duration:U", "probe_success:0 probe_duration:2", 1)
	if err := WriteCacti(&out, failed("mail01", errors.New("gone"))); err != nil || out.String() != want {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestDecimal(t *testing.T) {
	for number, want := range map[float64]string{0: "0", 1: "1", 0.1: "0.1", 100: "100", 1e9: "1000000000", 4294967295: "4294967295", 1.0 / 3: "0.333333", 1e-9: "0"} {
		if got := decimal(number); got != want {
			t.Errorf("%v is %s", number, got)
		}
	}
}

func TestPrometheus(t *testing.T) {
	var out bytes.Buffer
	unknownState := example("mail02:5986", func(r *Reading) {
		r.Sockets.States[sockets.State(77)], r.Sockets.Families[sockets.IPv4][sockets.State(77)] = 1, 1
	})
	if err := WritePrometheus(&out, []Reading{example("mail01"), unknownState, failed("mail03", errors.New("gone"))}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`windows_socket_stats_active{winrm_host="mail01"} 7`, `windows_socket_stats_stale{winrm_host="mail01"} 60`,
		`windows_socket_stats_port_pool_start{winrm_host="mail01"} 49152`, `windows_socket_stats_port_pool_size{winrm_host="mail01"} 1000`,
		`windows_socket_stats_port_pool_excluded{winrm_host="mail01"} 60`, `windows_socket_stats_port_pool_in_use{winrm_host="mail01"} 752`,
		`windows_socket_stats_port_pool_time_wait{winrm_host="mail01"} 50`, `windows_socket_stats_port_pool_bound{winrm_host="mail01"} 6`,
		`windows_socket_stats_port_pool_listeners{winrm_host="mail01"} 8`, `windows_socket_stats_port_pool_free{winrm_host="mail01"} 188`,
		`windows_socket_stats_port_pool_utilisation_ratio{winrm_host="mail01"} 0.8`,
		`windows_socket_stats_busiest_destination_ports{destination="203.0.113.7:25",winrm_host="mail01"} 41`,
		`windows_socket_stats_busiest_destination_ratio{winrm_host="mail01"} 0.043617021276595745`,
		`windows_socket_stats_distinct_destinations{winrm_host="mail01"} 12`, `windows_socket_stats_udp_endpoints{winrm_host="mail01"} 17`,
		`windows_socket_stats_time_wait_delay_seconds{winrm_host="mail01"} 31`, `windows_socket_stats_restart_pending{winrm_host="mail01"} 1`,
		`windows_tcp_connections_active_total{af="ipv4",winrm_host="mail01"} 1000`, `windows_tcp_connection_failures_total{af="ipv6",winrm_host="mail01"} 1`,
		`windows_tcp_connections_state_count{af="ipv4",state="TIME_WAIT",winrm_host="mail01"} 58`, `windows_tcp_connections_state_count{af="ipv6",state="TIME_WAIT",winrm_host="mail01"} 2`,
		`windows_tcp_connections_state_count{af="ipv4",state="UNKNOWN_77",winrm_host="mail02:5986"} 1`,
		`windows_socket_stats_probe_success{winrm_host="mail01"} 1`, `windows_socket_stats_probe_success{winrm_host="mail03"} 0`,
		`windows_socket_stats_probe_duration_seconds{winrm_host="mail03"} 2`,
		"# TYPE windows_tcp_connections_state_count untyped", "# TYPE windows_tcp_connection_failures_total counter",
		"# HELP windows_socket_stats_time_wait_delay_seconds TcpTimedWaitDelay as it is set in the registry; absent where it is not, and Windows' default rules. Unit: seconds.",
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), `winrm_host="mail03"`); n != 2 {
		t.Errorf("a host that failed has %d series: %s", n, out.String())
	}
	problems, err := promlint.New(&out).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
}

// A host gives no series for what it does not know, rather than a zero.
func TestPrometheusAbsent(t *testing.T) {
	var out bytes.Buffer
	bare := example("mail01", poolUnknown, func(r *Reading) {
		r.TimeWaitDelay, r.Pending, r.Sockets.UDPEndpoints, r.Sockets.Counters = nil, nil, nil, nil
	})
	if err := WritePrometheus(&out, []Reading{bare}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"port_pool", "busiest", "distinct", "time_wait_delay", "restart_pending", "_total", "udp"} {
		if strings.Contains(out.String(), name) {
			t.Errorf("%s is there: %s", name, out.String())
		}
	}
	out.Reset()
	noExclusions := example("mail01", func(r *Reading) { r.Sockets.Pool.Excluded = nil; r.Pending = []string{} })
	if err := WritePrometheus(&out, []Reading{noExclusions}); err != nil || strings.Contains(out.String(), "excluded{") || !strings.Contains(out.String(), `restart_pending{winrm_host="mail01"} 0`) {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestTextfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sockets.prom")
	if err := WriteTextfile(path, []Reading{example("mail01")}); err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := WritePrometheus(&want, []Reading{example("mail01")}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%v: %s", err, got)
	}
	if err := WriteTextfile(filepath.Join(t.TempDir(), "nowhere", "x.prom"), nil); err == nil {
		t.Error("a folder that is not there is taken")
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	bare := example("mail02", poolUnknown, func(r *Reading) { r.Pending = nil })
	if err := WriteJSON(&out, []Reading{example("mail01"), bare, failed("mail03", errors.New("mail03:5985: gone\n at all"))}); err != nil {
		t.Fatal(err)
	}
	var got []document
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || len(got) != 3 {
		t.Fatalf("%v: %s", err, out.String())
	}
	for _, m := range Metrics {
		reading := example("mail01")
		want, _ := m.Of(&reading)
		if number := got[0].Metrics[m.Name]; number == nil || *number != want {
			t.Errorf("%s is %v, want %v", m.Name, number, want)
		}
	}
	if got[0].States["TIME_WAIT"] != 60 || len(got[0].States) != len(sockets.States()) || got[0].BusiestDestinations[1] != (destination{"[2001:db8::9]:25", 2}) ||
		got[0].BusiestProcesses[0] != (process{1200, 55}) || (*got[0].RestartPending)[0] != "MaxUserPort" || got[0].CollectedAt.Year() != 2026 || got[0].Method != "wmi" {
		t.Errorf("%+v", got[0])
	}
	if number, there := got[1].Metrics["pool_size"]; number != nil || !there || got[1].RestartPending != nil || got[1].Notes[0] != "the pool is not known: access denied" {
		t.Errorf("%+v", got[1])
	}
	if got[2].Error != "gone at all" || len(got[2].Metrics) != 2 || *got[2].Metrics["probe_success"] != 0 || got[2].CollectedAt != nil {
		t.Errorf("%+v", got[2])
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	calm := example("mail02", poolUnknown, func(r *Reading) {
		r.Pending, r.TimeWaitDelay, r.Sockets.Destinations = []string{}, nil, nil
		r.Notes = []string{"a\u009b2J\nmail09: fine"}
	})
	if err := WriteTable(&out, []Reading{example("mail01"), calm, failed("mail03:5986", errors.New("mail03:5986: refused"))}); err != nil {
		t.Fatal(err)
	}
	want := `HOST         ACTIVE  STALE  PORTS IN USE  UTILISATION  BUSIEST DESTINATION        TIME_WAIT  RESTART PENDING  TOOK
mail01       7       60     752 of 940    80.0 %       203.0.113.7:25 (41 ports)  31 s       MaxUserPort      1.235s
mail02       7       60     -             -            -                          not set    no               1.235s
mail03:5986  -       -      -             -            -                          -          -                2s
mail02: a\u009b2J mail09: fine
mail02: the pool is not known: access denied
mail03:5986: refused
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestNagios(t *testing.T) {
	limits := func(warning, critical string) (l Thresholds) {
		for text, into := range map[string]*[]Threshold{warning: &l.Warning, critical: &l.Critical} {
			if threshold, err := ParseThreshold(text); err == nil {
				*into = append(*into, threshold)
			}
		}
		return l
	}
	dead := &transport.UnreachableError{Address: "mail01:5985", Err: errors.New("no route | here; at all")}
	for name, tt := range map[string]struct {
		reading Reading
		limits  Thresholds
		status  Status
		want    string
	}{
		"ok": {example("mail01"), DefaultThresholds(), OK,
			"SOCKETS OK - mail01: 7 active, 60 stale, 752 of 940 ports in use (80.0 %), awaiting a restart: MaxUserPort | 'active'=7;;;0; 'stale'=60;;;0; "},
		"warning":                      {example("mail01"), limits("utilisation=0.79", "utilisation=0.9"), Warning, " - utilisation is 0.8 (warning: 0.79) | "},
		"critical":                     {example("mail01"), limits("utilisation=0.5", "utilisation=0.7"), Critical, " - utilisation is 0.8 (critical: 0.7) - utilisation is 0.8 (warning: 0.5) | "},
		"limits in the data":           {example("mail01"), limits("utilisation=0.5", "utilisation=0.9"), Warning, " 'utilisation'=0.8;0.5;0.9;0;1 "},
		"seconds":                      {example("mail01"), limits("", ""), OK, " 'probe_duration'=1.234567s;;;0;"},
		"counters":                     {example("mail01"), limits("", ""), OK, " 'connection_failures'=21c;;;0; "},
		"a state":                      {example("mail01"), limits("state_time_wait=~:59", ""), Warning, " 'state_time_wait'=60;~:59;;0;"},
		"pool unknown":                 {example("mail01", poolUnknown), DefaultThresholds(), Unknown, "SOCKETS UNKNOWN - mail01: 7 active, 60 stale, awaiting a restart: MaxUserPort - utilisation is not known (the pool is not known: access denied) | "},
		"known wrong beats unknown":    {example("mail01", poolUnknown), limits("utilisation=0.5", "stale=59"), Critical, "stale is 60 (critical: 59) - utilisation is not known"},
		"not there":                    {failed("mail01", dead), DefaultThresholds(), Critical, "SOCKETS CRITICAL - mail01: "},
		"a bar would begin other data": {failed("mail01", dead), DefaultThresholds(), Critical, "no route / here, at all"},
		"no such name":                 {failed("mail01", &transport.UnreachableError{Address: "mail01:5985", Err: &net.DNSError{Err: "no such host", Name: "mail01", IsNotFound: true}}), DefaultThresholds(), Unknown, "SOCKETS UNKNOWN - mail01: "},
		"a bad name's texts":           {failed("mail01", errors.New("a\x1b[2Jb\u009b2J\u202ec\nSOCKETS OK")), DefaultThresholds(), Unknown, `SOCKETS UNKNOWN - mail01: a\x1b[2Jb\u009b2J\u202ec SOCKETS OK | `},
		"a note's texts":               {example("mail01", poolUnknown, func(r *Reading) { r.Notes = []string{"a\x1b[2J\nb"} }), DefaultThresholds(), Unknown, `(a\x1b[2J b, the pool is not known`},
		"refused":                      {failed("mail01", &transport.UnauthorizedError{Address: "mail01:5985", Refused: true}), DefaultThresholds(), Unknown, "SOCKETS UNKNOWN - mail01: "},
	} {
		var out bytes.Buffer
		status, err := WriteNagios(&out, []Reading{tt.reading}, tt.limits)
		if err != nil || status != tt.status || !strings.Contains(out.String(), tt.want) || strings.Count(out.String(), "\n") != 1 || strings.Count(out.String(), "|") != 1 {
			t.Errorf("%s: %v %v\n%s", name, status, err, out.String())
		}
	}
}

func TestNagiosOfSeveral(t *testing.T) {
	var out bytes.Buffer
	status, err := WriteNagios(&out, []Reading{example("mail01"), example("mail02", poolUnknown), failed("mail03", errors.New("odd"))}, DefaultThresholds())
	lines := strings.Split(out.String(), "\n")
	if err != nil || status != Unknown || len(lines) != 5 || !strings.HasPrefix(lines[0], "SOCKETS UNKNOWN - 3 hosts (mail02, mail03) | 'mail01/active'=7;;;0; ") ||
		!strings.HasPrefix(lines[1], "OK - mail01: ") || !strings.HasPrefix(lines[2], "UNKNOWN - mail02: ") || lines[3] != "UNKNOWN - mail03: odd" {
		t.Errorf("%v %v\n%s", status, err, out.String())
	}
	for _, tt := range []struct{ a, b, want Status }{{OK, Unknown, Unknown}, {Unknown, Warning, Warning}, {Critical, Unknown, Critical}, {Warning, Critical, Critical}, {OK, OK, OK}} {
		if worse(tt.a, tt.b) != tt.want || worse(tt.b, tt.a) != tt.want {
			t.Errorf("of %v and %v the worse is %v", tt.a, tt.b, worse(tt.a, tt.b))
		}
	}
}

// What an error says of its own address is not said twice.
func TestFailure(t *testing.T) {
	for text, want := range map[string]string{
		"mail01: gone": "gone", "mail01:5985: gone": "gone", "mail01.other: gone": "mail01.other: gone", "gone: mail01:5985: x": "gone: mail01:5985: x", "a\nb": "a b",
	} {
		r := failed("mail01", errors.New(text))
		if got := r.Failure(); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}

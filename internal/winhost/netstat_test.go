package winhost

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

func tallyOf(t *testing.T, output string) sockets.Summary {
	t.Helper()
	tally := sockets.NewTally(sockets.Pool{Range: tcpip.PortRange{Start: 49152, Number: 16384}})
	if err := parseNetstat([]byte(output), tally, 1000); err != nil {
		t.Fatal(err)
	}
	return tally.Summary(10)
}

func TestParseNetstat(t *testing.T) {
	english := "\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State           PID\r\n" +
		"  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       716\r\n" +
		"  TCP    10.30.40.64:49712      10.30.40.1:443         ESTABLISHED     1204\r\n" +
		"  TCP    10.30.40.64:49713      10.30.40.9:25          TIME_WAIT       0\r\n" +
		"  TCP    10.30.40.64:49714      10.30.40.9:25          FIN_WAIT_2      8\r\n" +
		"  TCP    [::1]:50515            [fe80::1%4]:50051      TIME_WAIT       0\r\n"
	german := "\nAktive Verbindungen\n\n  Proto  Lokale Adresse         Remoteadresse          Status           PID\n" +
		"  TCP    0.0.0.0:135            0.0.0.0:0              ABH\x99REN         716\n" +
		"  TCP    10.30.40.64:49712      10.30.40.1:443         HERGESTELLT     1204\n" +
		"  TCP    10.30.40.64:49713      10.30.40.9:25          WARTEND         0\n" +
		"  TCP    10.30.40.64:49714      10.30.40.9:25          FIN_WARTEN_2    8\n" +
		"  TCP    [::1]:50515            [fe80::1%4]:50051      WARTEND         0"
	for name, output := range map[string]string{"English": english, "German": german, "German in UTF-8": strings.ReplaceAll(german, "\x99", "Ö")} {
		s := tallyOf(t, output)
		if s.Total != 5 || s.Listening != 1 || s.Active != 1 || s.Stale != 2 || s.Closing != 1 || s.Unknown != 0 || s.Families[sockets.IPv6][sockets.TimeWait] != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// Words that no table has are counted and said; whoever listens is known by the
// foreign address.
func TestParseNetstatUnknownWords(t *testing.T) {
	s := tallyOf(t, "  TCP  0.0.0.0:25  0.0.0.0:0  ESCUCHANDO  7\n  TCP  [::]:25  [::]:0  \x83\x84  7\n"+
		"  TCP  10.0.0.1:49999  10.0.0.2:25  ESTABLECIDO  7\n  TCP  10.0.0.1:49998  10.0.0.2:25  EN \x83TAT  7\n")
	if s.Total != 4 || s.Listening != 2 || s.Unknown != 2 || s.Active != 0 ||
		!reflect.DeepEqual(s.UnknownWords, map[string]int{"ESTABLECIDO": 1, `EN \x83TAT`: 1}) {
		t.Errorf("%+v", s)
	}
}

func TestParseNetstatRefusesHalfLines(t *testing.T) {
	for _, line := range []string{
		"  TCP", "  TCP    10.30.40.64:497", "  TCP    10.30.40.64:49712      10.30.40.1:443         ESTABLISHED",
		"  TCP    10.30.40.64:70000      10.30.40.1:443         ESTABLISHED     1204",
		"  TCP    10.30.40.64:49712      10.30.40.1:443         ESTABLISHED     -1",
		"  TCP    10.30.40.64:49712      *:*         ESTABLISHED     1", "  TCP    mail01:49712      10.30.40.1:443         ESTABLISHED     1",
	} {
		tally := sockets.NewTally(sockets.Pool{})
		if err := parseNetstat([]byte("heading\n"+line), tally, 10); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v, %d rows", line, err, tally.Rows())
		}
	}
}

func TestParseNetstatCeiling(t *testing.T) {
	line := "  TCP    10.30.40.64:49712      10.30.40.1:443         ESTABLISHED     1204\n"
	for rows, ok := range map[int]bool{10: true, 11: false} {
		var tooMany *TooManyRowsError
		err := parseNetstat([]byte(strings.Repeat(line, rows)), sockets.NewTally(sockets.Pool{}), 10)
		if errors.As(err, &tooMany) == ok {
			t.Errorf("%d rows: %v", rows, err)
		}
	}
}

func TestCountUDP(t *testing.T) {
	if n := countUDP([]byte("\n  Proto  Lokale Adresse\n  UDP    0.0.0.0:123            *:*                                    1044\n  UDP    [::]:123  *:*  1044\n")); n != 2 {
		t.Errorf("%d", n)
	}
}

func TestParseDynamicPort(t *testing.T) {
	for _, output := range []string{
		"\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n",
		"\nDynamischer Portbereich f\x81r Protokoll tcp\n---\nStartport          : 49152\nAnzahl von Ports   : 16384\n",
		"\nプロトコル tcp の動的ポートの範囲\n---\n開始ポート      : 49152\nポート数        : 16384\n",
	} {
		if got, err := parseDynamicPort([]byte(output)); err != nil || got != (tcpip.PortRange{Start: 49152, Number: 16384}) {
			t.Errorf("%q: %v, %v", output, got, err)
		}
	}
	for _, output := range []string{
		"", "Start Port : 49152\n", "Start Port : 49152\nNumber of Ports : 16384\nmore : 1\n", "Start Port : 70000\nNumber of Ports : 1\n",
		"Start Port : 65535\nNumber of Ports : 2\n", "Start Port : 1025\nNumber of Ports : 0\n", "Start Port : x\nNumber of Ports : y\n", "Start Port : 1025\nNumber of Ports : 99999999999\n",
	} {
		if got, err := parseDynamicPort([]byte(output)); err == nil {
			t.Errorf("%q was taken for %v", output, got)
		}
	}
}

func TestParseExcluded(t *testing.T) {
	output := "\r\nProtocol tcp Port Exclusion Ranges\r\n\r\nStart Port    End Port      \r\n----------    --------      \r\n" +
		"      5357        5357      \r\n     50000       50059     *\r\n\r\n* - Administered port exclusions.\r\n\r\n"
	got, err := parseExcluded([]byte(output))
	if err != nil || fmt.Sprint(got) != "[{{5357 1} false} {{50000 60} true}]" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := parseExcluded([]byte("\n----------    --------\n\n* - nothing\n")); err != nil || got == nil || len(got) != 0 {
		t.Errorf("none: %v, %v", got, err)
	}
	for _, bad := range []string{"", "The following command was not found.\n", "5357 5357\n", "---- ----\n5 4\n", "---- ----\n1 70000\n", "---- ----\n" + strings.Repeat("1 2\n", maxExcluded+1)} {
		if got, err := parseExcluded([]byte(bad)); err == nil {
			t.Errorf("%d ranges were taken from %q", len(got), clip([]byte(bad)))
		}
	}
}

func FuzzParseNetstat(f *testing.F) {
	f.Add([]byte("  TCP    10.30.40.64:49712      10.30.40.1:443         ESTABLISHED     1204\n"))
	f.Fuzz(func(t *testing.T, output []byte) {
		tally := sockets.NewTally(sockets.Pool{})
		if err := parseNetstat(output, tally, 100); err == nil && tally.Rows() > 100 {
			t.Fatal("the ceiling was passed")
		}
		countUDP(output)
	})
}

func FuzzParseNetsh(f *testing.F) {
	f.Add([]byte("Start Port      : 49152\r\nNumber of Ports : 16384\r\n"))
	f.Add([]byte("      5357        5357      \r\n     50000       50059     *\r\n"))
	f.Fuzz(func(t *testing.T, output []byte) {
		if got, err := parseDynamicPort(output); err == nil && !got.Valid() {
			t.Fatalf("%v", got)
		}
		ranges, _ := parseExcluded(output)
		for _, r := range ranges {
			if !r.ports.Valid() {
				t.Fatalf("%v", r)
			}
		}
	})
}

// A zone is a number or an interface's name; any other text goes no further.
func TestPlainZone(t *testing.T) {
	for text, want := range map[string]string{
		"fe80::1%4": "fe80::1%4", "fe80::1%eth0": "fe80::1%eth0", "fe80::1": "fe80::1", "192.0.2.1": "192.0.2.1",
		"fe80::1%\x1b[2J": "fe80::1", "fe80::1%a b": "fe80::1", "fe80::1%a\nb": "fe80::1", "fe80::1%" + strings.Repeat("x", 33): "fe80::1",
	} {
		if got := plainZone(netip.MustParseAddr(text)); got != netip.MustParseAddr(want) {
			t.Errorf("%q is %q", text, got)
		}
	}
	var remotes []netip.AddrPort
	err := eachSocket([]byte("  TCP    [fe80::1%4]:49700   [fe80::2%\x1b]:25   ESTABLISHED   7\n"), func(row sockets.Row, _ string) error {
		remotes = append(remotes, row.Remote)
		return nil
	})
	if err != nil || len(remotes) != 1 || remotes[0] != netip.MustParseAddrPort("[fe80::2]:25") {
		t.Errorf("%v, %v", remotes, err)
	}
}

package shell

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

const parameters = `SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`

// machineOf has a small table with something of everything.
func machineOf(t testing.TB, p profile.Profile, language string) Machine {
	t.Helper()
	socket := func(local, remote string, state uint8, pid uint32) tcpstack.Socket {
		return tcpstack.Socket{Local: netip.MustParseAddrPort(local), Remote: netip.MustParseAddrPort(remote), State: state, PID: pid}
	}
	stack := tcpstack.New(tcpstack.Config{Ranges: tcpstack.Ranges{}.Or(tcpstack.ModernRange), Excluded: []tcpstack.Range{{Start: 50000, Number: 60}, {Start: 51517, Number: 100}}})
	stack.Replace([]tcpstack.Socket{
		socket("0.0.0.0:135", "0.0.0.0:0", 2, 716),
		socket("10.30.40.64:49712", "10.30.40.1:443", 5, 1204),
		socket("10.30.40.64:49713", "10.30.40.9:25", 11, 0),
		socket("10.30.40.64:49714", "10.30.40.9:25", 8, 4294967295),
		socket("10.30.40.64:49715", "0.0.0.0:0", tcpstack.Bound, 1204),
		socket("10.30.40.64:49716", "10.30.40.9:25", 250, 1204),
		socket("[::]:135", "[::]:0", 2, 716),
		socket("[::1]:50515", "[::1]:50051", 11, 0),
		socket("[fe80::9a3c:12ff:fe44:1%12]:49720", "[fe80::1%12]:445", 7, 4),
	})
	r := &registry.Registry{}
	if err := r.CreateKey(parameters); err != nil {
		t.Fatal(err)
	}
	for _, v := range []registry.Value{{Name: "TcpTimedWaitDelay", Type: registry.DWORD, Number: 30}, {Name: "Domain", Type: registry.SZ, Text: "contoso.com"}} {
		if err := r.Set(parameters, v); err != nil {
			t.Fatal(err)
		}
	}
	return Machine{Profile: p, Shape: profile.Shape{NetstatIndent: 2, NoProgramCode: 1, ShellUTF8: true, ShellPart: 4096}, Language: language, Registry: r,
		Now: func() time.Time { return time.Unix(0, 0) }, Stack: func() *tcpstack.Stack { return stack },
		SetRange: func(transport, family string, r tcpstack.Range, _ bool) {
			stack.Configure(func(c *tcpstack.Config) { *c.Of(transport, family) = r })
		}}
}

// runLine runs a line and gives what it wrote as the client gets it.
func runLine(m Machine, page codePage, line string) (stdout, stderr string, exitCode int) {
	c := console{machine: &m, text: languages[m.Language], elevated: true}
	c.run(line)
	return string(page.encode(c.stdout.Bytes())), string(page.encode(c.stderr.Bytes())), c.exitCode
}

func TestNetstat(t *testing.T) {
	m := machineOf(t, profile.Server2022, "en")
	for line, want := range map[string]string{
		"netstat -ano -p tcp": `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       716
  TCP    10.30.40.64:49712      10.30.40.1:443         ESTABLISHED     1204
  TCP    10.30.40.64:49713      10.30.40.9:25          TIME_WAIT       0
  TCP    10.30.40.64:49714      10.30.40.9:25          CLOSE_WAIT      4294967295
  TCP    10.30.40.64:49716      10.30.40.9:25          250             1204
`, "NETSTAT.EXE -ano -p TCPv6": `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    [::]:135               [::]:0                 LISTENING       716
  TCP    [::1]:50515            [::1]:50051            TIME_WAIT       0
  TCP    [fe80::9a3c:12ff:fe44:1%12]:49720  [fe80::1%12]:445       FIN_WAIT_2      4
`, "netstat -ano -p udpv6": `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  UDP    [::]:123               *:*                                    920
  UDP    [fe80::1%4]:546        *:*                                    924
`} {
		if got, stderr, code := runLine(m, 437, line); got != strings.ReplaceAll(want, "\n", "\r\n") || stderr != "" || code != 0 {
			t.Errorf("%s: %d %s\n%s", line, code, stderr, got)
		}
	}
	all, _, _ := runLine(m, 437, "netstat -ano")
	if strings.Count(all, "TCP") != 8 || strings.Count(all, "UDP") != 8 {
		t.Errorf("%s", all)
	}
	for _, line := range []string{"netstat", "netstat -an -p tcp", "netstat -ano -p", "netstat -ano -p ip", "netstat -ano x"} {
		if got, _, code := runLine(m, 437, line); code != 1 || strings.Contains(got, "TCP ") {
			t.Errorf("%s: %d %s", line, code, got)
		}
	}
}

// What a console that does not speak English writes, in its own bytes.
func TestLanguages(t *testing.T) {
	const line = "netstat -ano -p tcp & netsh int ipv4 show dynamicport tcp & netsh int ipv6 show excludedportrange protocol=tcp & netsh show nothing & reg query HKLM\\x /v y & nothing"
	for _, test := range []struct {
		language string
		page     codePage
		want     []string // in stdout; the last one in stderr
	}{
		{"en", 437, []string{"\r\n  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       716\r\n",
			"\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\nStart Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n",
			"\r\nProtocol tcp Port Exclusion Ranges\r\n\r\nStart Port    End Port      \r\n----------    --------      \r\n     50000       50059     *\r\n     51517       51616      \r\n\r\n* - Administered port exclusions.\r\n\r\n",
			"\r\nThe following command was not found: show nothing.\r\n",
			"ERROR: The system was unable to find the specified registry key or value.\r\n'nothing' is not recognized as an internal or external command,\r\n"}},
		{"de", 850, []string{" ABH\x99REN         716\r\n", "  WARTEND         0\r\n", "  SCHLIESSEN_WARTEN  4294967295\r\n", "\r\nStartport      : 49152\r\nAnzahl von Ports : 16384\r\n", "Portausschl\x81sse", "Registrierungsschl\x81ssel"}},
		{"de", utf8Page, []string{" ABHÖREN         716\r\n", "Registrierungsschlüssel"}},
		{"de", 437, []string{" ABH\x99REN         716\r\n", "Registrierungsschl\x81ssel"}},
		{"fr", 850, []string{"       \x90tat            PID\r\n", "  TIME_WAIT       0\r\n", "\r\nPort de d\x82marrage   : 49152\r\nNombre de ports     : 16384\r\n", "cl\x82"}},
		{"ja", 932, []string{"\r\n\x83A\x83N\x83e\x83B\x83u\x82\xc8\x90\xda\x91\xb1\r\n", "  TIME_WAIT       0\r\n", "\r\n\x8aJ\x8en\x83|\x81[\x83g      : 49152\r\n", "\x83G\x83\x89\x81["}},
		{"ja", 437, []string{"\r\n????????\r\n", "  TIME_WAIT       0\r\n", "???"}}, // what a code page lacks
	} {
		stdout, stderr, code := runLine(machineOf(t, profile.Server2022, test.language), test.page, line)
		for i, want := range test.want {
			if text := stdout + stderr; !strings.Contains(text, want) || i == len(test.want)-1 && !strings.Contains(stderr, want) {
				t.Errorf("%s %d: %+q is missing in\n%+q", test.language, test.page, want, text)
			}
		}
		if code != 1 || strings.Contains(stdout+stderr, "\x1a") || strings.Contains(stdout+stderr, "%!") {
			t.Errorf("%s %d: %d %+q %+q", test.language, test.page, code, stdout, stderr)
		}
	}
	if _, err := New(Machine{Language: "xx"}); err == nil {
		t.Error("a language that nobody speaks is taken")
	}
}

func TestCodePages(t *testing.T) {
	for _, test := range []struct {
		profile profile.Profile
		utf8    bool
		asked   string
		want    codePage // 0: refused
	}{
		{profile.Server2022, true, "", 850}, {profile.Server2022, true, "65001", 65001}, {profile.Server2022, false, "65001", 850}, {profile.Server2003, true, "65001", 850},
		{profile.Server2022, true, "437", 437}, {profile.Server2022, true, "1252", 1252}, {profile.Server2022, true, "0", 0}, {profile.Server2022, true, "x", 0}, {profile.Server2022, true, "-1", 0},
	} {
		m := machineOf(t, test.profile, "de")
		m.Shape.ShellUTF8 = test.utf8
		if got, ok := m.pageFor(test.asked); got != test.want && ok || ok != (test.want != 0) {
			t.Errorf("%s, %q, %v: %d %v", test.profile.Key, test.asked, test.utf8, got, ok)
		}
	}
}

func TestReg(t *testing.T) {
	for _, test := range []struct {
		profile    profile.Profile
		line, want string // "" is the error
	}{
		{profile.Server2022, `reg query HKLM\` + parameters + ` /v tcptimedwaitdelay`, "\r\nHKEY_LOCAL_MACHINE\\" + parameters + "\r\n    TcpTimedWaitDelay    REG_DWORD    0x1e\r\n\r\n"},
		{profile.Server2022, `REG QUERY "HKEY_LOCAL_MACHINE\` + parameters + `" /V "Domain"`, "\r\nHKEY_LOCAL_MACHINE\\" + parameters + "\r\n    Domain    REG_SZ    contoso.com\r\n\r\n"},
		{profile.Server2003, `reg query hklm\` + parameters + ` /v TcpTimedWaitDelay`, "\r\n! REG.EXE VERSION 3.0\r\n\r\nHKEY_LOCAL_MACHINE\\" + parameters + "\r\n    TcpTimedWaitDelay\tREG_DWORD\t0x1e\r\n\r\n"},
		{profile.Server2022, `reg query HKLM\` + parameters + ` /v MaxUserPort`, ""},
		{profile.Server2022, `reg query HKCU\` + parameters + ` /v Domain`, ""},
		{profile.Server2022, `reg query HKLM\` + parameters, ""},
		{profile.Server2022, `reg delete HKLM\` + parameters + ` /v Domain`, ""},
	} {
		stdout, stderr, code := runLine(machineOf(t, test.profile, "en"), 437, test.line)
		if stdout != test.want || (code == 0) != (test.want != "") || (stderr == "") != (test.want != "") {
			t.Errorf("%s: %d %q %q", test.line, code, stdout, stderr)
		}
	}
}

func TestNetshVersions(t *testing.T) {
	for _, test := range []struct {
		profile profile.Profile
		line    string
		code    int
	}{
		{profile.Server2022, "netsh interface ipv6 show dynamicportrange udp", 0},
		{profile.Server2022, "netsh int ipv4 show dynamicport protocol=tcp", 0},
		{profile.Server2022, "netsh int ipv5 show dynamicport tcp", 1},
		{profile.Server2022, "netsh int ipv4 show dynamicport", 1},
		{profile.Server2022, "netsh int ipv4 show dynamicport sctp", 1},
		{profile.Server2022, "netsh int ipv4 show dynamicport tcp more", 1},
		{profile.Server2008R2, "netsh int ipv4 show dynamicport tcp", 0},
		{profile.Server2008R2, "netsh int ipv4 show excludedportrange tcp", 1}, // without the hotfix
		{profile.Server2003, "netsh int ipv4 show dynamicport tcp", 1},
	} {
		if stdout, _, code := runLine(machineOf(t, test.profile, "en"), 437, test.line); code != test.code || strings.Contains(stdout, "not found") != (code != 0) {
			t.Errorf("%s on %s: %d %s", test.line, test.profile.Key, code, stdout)
		}
	}
	if stdout, _, _ := runLine(machineOf(t, profile.Server2022, "en"), 437, "netsh int ipv4 show excludedportrange udp"); strings.Contains(stdout, "50000") {
		t.Error("exclusions of TCP are shown for UDP")
	}
}

func TestLines(t *testing.T) {
	m := machineOf(t, profile.Server2022, "en")
	const unknown = "' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n"
	for line, want := range map[string]struct {
		stdout, stderr string
		code           int
	}{
		"":                             {"", "", 0},
		"echo hello":                   {"hello\r\n", "", 0},
		"ECHO a & echo b&&  echo  c":   {"a \r\nb\r\n c\r\n", "", 0},
		`echo "a & b" & echo c`:        {"\"a & b\" \r\nc\r\n", "", 0},
		"nothing -x && echo no":        {"", "'nothing" + unknown, 1},
		"nothing & echo yes":           {"yes\r\n", "'nothing" + unknown, 1}, // echo leaves the exit code (this shape)
		"nothing & echo a && echo b":   {"a \r\nb\r\n", "'nothing" + unknown, 1},
		"nothing && echo a & echo b":   {"b\r\n", "'nothing" + unknown, 1},
		"nothing && echo a && echo b":  {"", "'nothing" + unknown, 1},
		"echo ok && nothing":           {"ok \r\n", "'nothing" + unknown, 1},
		`"no thing"`:                   {"", "'no" + unknown, 1},
		"echo a | more":                {"", "The syntax of the command is incorrect.\r\n", 1},
		"echo a > nul":                 {"", "The syntax of the command is incorrect.\r\n", 1},
		"echo %PATH%":                  {"", "The syntax of the command is incorrect.\r\n", 1},
		"echo a & ":                    {"", "The syntax of the command is incorrect.\r\n", 1},
		"& echo a":                     {"", "The syntax of the command is incorrect.\r\n", 1},
		"echo a &&& echo b":            {"", "The syntax of the command is incorrect.\r\n", 1},
		"netsh x & reg x":              {"The following command was not found: x.\r\n", "ERROR: The system was unable to find the specified registry key or value.\r\n", 1},
		"nothing & netstat -ano -p x ": {"\r\nDisplays protocol statistics and current TCP/IP network connections.\r\n\r\n", "'nothing" + unknown, 1},
	} {
		if stdout, stderr, code := runLine(m, 437, line); stdout != want.stdout || stderr != want.stderr || code != want.code {
			t.Errorf("%q: %d %q %q, want %d %q %q", line, code, stdout, stderr, want.code, want.stdout, want.stderr)
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, line := range []string{"netstat -ano -p tcp & netsh int ipv4 show dynamicport tcp && echo x", `echo "a & b" & reg query HKLM\x /v "y"`, "a|b", "&&&", "\"", "echo \xff ö 日本", "netsh int % show %s tcp", "netsh int ipv4 set dynamicport tcp start=1025 num=64511", "netsh int ipv4 add excludedportrange tcp = 1"} {
		f.Add(line, "de")
	}
	machines := map[string]Machine{}
	for language := range languages {
		machines[language] = machineOf(f, profile.Server2022, language)
	}
	f.Fuzz(func(t *testing.T, line, language string) {
		commands, ok := split(line)
		if ok && strings.Join(commands, "&") != line {
			t.Errorf("%q becomes %q", line, commands)
		}
		if !ok && !strings.ContainsAny(line, "|<>()^%\r\n&") {
			t.Errorf("%q is refused", line)
		}
		m, known := machines[language]
		if !known {
			return
		}
		stdout, stderr, code := runLine(m, utf8Page, line)
		if code != 0 && stdout+stderr == "" {
			t.Errorf("%q fails with %d and says nothing", line, code)
		}
		for page := range encodings {
			out, _, _ := runLine(m, page, line)
			if page == utf8Page && utf8.ValidString(line) && !utf8.ValidString(out) || strings.Count(out, "\n") != strings.Count(stdout, "\n") {
				t.Errorf("%q in %d: %+q", line, page, out)
			}
		}
	})
}

func TestPrograms(t *testing.T) {
	for line, want := range map[string][]string{
		"netsh int ipv4 show dynamicport tcp": {"netsh"}, `"C:\x\NetSTAT.exe" -ano&shutdown/r && echo a`: {"netstat", "shutdown", "echo"},
		"echo a | Shutdown.EXE -r": {"echo", "shutdown"}, "(reg query x) > nul": {"reg", "nul"}, "": nil, "\tipconfig\t/all": {"ipconfig"},
	} {
		if got := Programs(line); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

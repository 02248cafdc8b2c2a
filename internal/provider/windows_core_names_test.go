package provider

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Whatever a step says of a host, the report has no name of it, and keeps what is none.
func TestWindowsCoreReportHides(t *testing.T) {
	for name, tt := range map[string]struct {
		host     string
		settings []string
		computer string
		said     string
		want     string // of the lines about the step
	}{
		"names with a domain": {
			"mail01.contoso.com:5986", []string{`WINDOWS_USERNAME=CONTOSO\svc-terraform`, "WINDOWS_PASSWORD=not-a-real-password-1", "WINDOWS_TLS_SERVER_NAME=front.example"}, "RELAY7",
			"Unable to Create TCP/IP Tuning of MAIL01.contoso.com:5986: contoso\\SVC-Terraform and not-a-real-password-1 at relay7,\n as svc-terraform of CONTOSO, by mail01 or front.example",
			"Unable to Create TCP/IP Tuning of (hidden): (hidden) and (hidden) at (hidden), as (hidden) of (hidden), by (hidden) or (hidden)",
		},
		"a user of a realm": {
			"mail01", []string{"WINDOWS_USERNAME=timeout@windows.example"}, "MAIL01",
			"the user timeout of WINDOWS, as TIMEOUT@WINDOWS.EXAMPLE, has no access to windows_tcpip_tuning within 30s",
			"the user (hidden) of (hidden), as (hidden), has no access to windows_tcpip_tuning within 30s",
		},
		"names of a certificate": {
			"mail01.contoso.com", nil, "MAIL01",
			`the server's certificate is not for "mail01.contoso.com": give the name that it bears in tls_server_name (tls: failed to verify certificate: x509: certificate is valid for relay, mail01.berlin.contoso.com, 192.0.2.7, not mail01.contoso.com)`,
			`the server's certificate is not for "(hidden)": give the name that it bears in tls_server_name (tls: failed to verify certificate: x509: certificate is valid for (hidden), not (hidden)`,
		},
		"names nobody told": {
			"mail01", nil, "MAIL01",
			`Post "http://192.0.2.7:5985/wsman": dial tcp [2001:db8::1%eth0]:5985: Hans Müller of RELAY-7 says 0x80070005 (2150858770): 4711 at /home/hmueller`,
			`Post "http://(hidden)/wsman": dial tcp [(hidden)]:5985: (hidden) of (hidden) says 0x80070005 (2150858770): (hidden) at /(hidden)`,
		},
		"a computer like a part of a time": {
			"192.0.2.7:5986", nil, "T1",
			"since 2026-11-28T16:02:30Z somebody manages T1 as T12, 2 of 192.0.2.7 in 7 s",
			"since 2026-11-28T16:02:30Z somebody manages (hidden) as (hidden), 2 of (hidden) in 7 s",
		},
		"a computer like a word and digits": {
			"7.create", nil, "2022",
			"Unable to Create: 7 of 2022 were read, 8 written",
			"Unable to (hidden): (hidden) of (hidden) were read, 8 written",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var report coreReport
			report.hide(tt.host)
			for _, setting := range tt.settings {
				report.setting(setting)
			}
			var found coreAudit
			found.System.Name, found.System.Caption, found.System.Build = tt.computer, "Microsoft Windows Server 2022 Standard", 20348
			report.before(found)
			settings, before, _ := strings.Cut(report.text(), "windows: ")
			if before != "Microsoft Windows Server 2022 Standard, , build 20348, ,\n" || strings.Contains(strings.ReplaceAll(settings, "is set", ""), "=") {
				t.Errorf("the report begins\n%swindows: %s", settings, before)
			}
			begin := len(report.text())
			report.step("create", time.Second, errors.New(tt.said))
			report.warn(tt.said)
			report.warn(tt.said)
			if got, want := report.text()[begin:], "step create: FAILED, 1.0 s: "+tt.want+"\nwarning: "+tt.want+"\n"; got != want {
				t.Errorf("the report is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Of settings and of values only what is of a known form is said.
func TestWindowsCoreReportFields(t *testing.T) {
	var report coreReport
	for _, setting := range []string{"WINDOWS_HTTPS=true", "WINDOWS_TIMEOUT=1m30s", "WINDOWS_CONNECT_TIMEOUT=mail01", "WINDOWS_AUTH=ntlm", "WINDOWS_MAX_RETRIES=3",
		"WINDOWS_CA_CERTIFICATE=-----BEGIN", "WINDOWS_TLS_SERVER_NAME=front", "WINDOWS_PASSWORD=pw", "WINDOWS_USERNAME=u", "WINDOWS_MAIL01=mail01"} {
		report.setting(setting)
	}
	found := coreAudit{Ranges: map[string]map[string]coreSpan{"tcp": {"ipv4": {49152, 16384}}}}
	found.System.Caption, found.System.Version = "Windows of MAIL01", "mail01"
	found.Values = map[string]struct {
		Name   string  `json:"value_name"`
		Found  string  `json:"found"`
		Type   *string `json:"type"`
		Number *int64  `json:"number"`
	}{"a": {Found: "absent"}, "b": {Found: "REG_DWORD 7"}, "c": {Found: `REG_SZ "mail01"`}, "d": {Found: "REG_BINARY"}, "e": {Found: "mail01"}, "f": {Found: `REG_SZ "30"`}}
	report.before(found)
	const want = `setting: WINDOWS_HTTPS=true
setting: WINDOWS_TIMEOUT=1m30s
setting: WINDOWS_CONNECT_TIMEOUT is set
setting: WINDOWS_AUTH=ntlm
setting: WINDOWS_MAX_RETRIES=3
setting: WINDOWS_CA_CERTIFICATE is set
setting: WINDOWS_TLS_SERVER_NAME is set
setting: WINDOWS_PASSWORD is set
setting: WINDOWS_USERNAME is set
windows: (hidden), (hidden), build 0, ,
before: a = absent
before: b = REG_DWORD 7
before: c = REG_SZ (hidden)
before: d = REG_BINARY
before: dynamic_port_range.tcp.ipv4 = 49152+16384
before: e = (hidden)
before: f = REG_SZ "30"
`
	if got := report.text(); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
}

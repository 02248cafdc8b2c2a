package winsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

const (
	cimv2       = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*"
	wsen        = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
	maxEnvelope = `<w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize>`
)

func wqlFilter(query string) string {
	query = strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(query)
	return `<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">` + query + `</w:Filter>`
}

func (c *client) enumerate(query string) (int, string) {
	c.t.Helper()
	return c.enumerateIn(cimv2, query)
}

func (c *client) enumerateIn(uri, query string) (int, string) {
	c.t.Helper()
	return c.post(envelope(header(wsen+"/Enumerate", uri, maxEnvelope),
		`<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>`+wqlFilter(query)+`</n:Enumerate>`))
}

func (c *client) pull(context string, maxElements int) (int, string) {
	c.t.Helper()
	return c.post(envelope(header(wsen+"/Pull", cimv2, maxEnvelope),
		fmt.Sprintf(`<n:Pull><n:EnumerationContext>%s</n:EnumerationContext><n:MaxElements>%d</n:MaxElements></n:Pull>`, context, maxElements)))
}

func (c *client) release(context string) (int, string) {
	c.t.Helper()
	return c.post(envelope(header(wsen+"/Release", cimv2, ""), `<n:Release><n:EnumerationContext>`+context+`</n:EnumerationContext></n:Release>`))
}

// all enumerates to the end and gives the replies.
func (c *client) all(query string) []string {
	c.t.Helper()
	return c.allIn(cimv2, query)
}

func (c *client) allIn(uri, query string) []string {
	c.t.Helper()
	status, reply := c.enumerateIn(uri, query)
	replies := []string{reply}
	for len(elements(c.t, reply, "EndOfSequence")) == 0 {
		context := elements(c.t, reply, "EnumerationContext")
		if status != 200 || len(context) != 1 || context[0] == "" || len(replies) > 2000 {
			c.t.Fatalf("reply %d: %d, context %q", len(replies), status, context)
		}
		status, reply = c.pull(context[0], 32000)
		replies = append(replies, reply)
	}
	return replies
}

func TestPagingReachesEveryItemOnce(t *testing.T) {
	for _, p := range Profiles() {
		for seed := int64(1); seed <= 3; seed++ {
			t.Run(fmt.Sprintf("%s seed %d", p.Key, seed), func(t *testing.T) {
				h := Start(t, p, Seed(seed))
				c := newClient(t, h)
				var names, contexts []string
				replies := c.all("select * from Win32_Service")
				for i, reply := range replies {
					names = append(names, elements(t, reply, "Name")...)
					contexts = append(contexts, elements(t, reply, "EnumerationContext")...)
					if size := 2 * len(utf16.Encode([]rune(reply))); !p.Quirk2003 && size > 153600 || p.Quirk2003 && len(reply) > 153600 {
						t.Errorf("reply %d has %d bytes in UTF-16, %d as sent", i, size, len(reply))
					}
					items := len(elements(t, reply, "Name"))
					if last := i == len(replies)-1; i > 0 && !last && items < 40 {
						t.Errorf("reply %d of %d is not full: %d items", i, len(replies), items)
					}
				}
				if first := len(elements(t, replies[0], "Name")); p.Quirk2003 != (first > 1) {
					t.Errorf("the first reply has %d items", first)
				}
				if slices.Sort(names); len(names) != 210 || len(slices.Compact(names)) != 210 {
					t.Errorf("%d names, %d different", len(names), len(slices.Compact(names)))
				}
				if slices.Sort(contexts); len(slices.Compact(slices.Clone(contexts))) != len(contexts) {
					t.Errorf("a context comes twice: %q", contexts)
				}
				if got := h.Counters(); got.OpenEnumerations != 0 || got.Methods["Enumerate"] != 1 || got.Methods["Pull"] != len(replies)-1 {
					t.Errorf("counters %+v", got)
				}
			})
		}
	}
}

func TestSmallAnswersComeInTheFirstReply(t *testing.T) {
	h := Start(t, Server2012R2(), Seed(1))
	c := newClient(t, h)
	if replies := c.all("select * from Win32_OperatingSystem"); len(replies) != 1 || !slices.Equal(elements(t, replies[0], "BuildNumber"), []string{"9600"}) {
		t.Errorf("replies %q", replies)
	}
	if replies := c.all("select Name from Win32_Service where State = 'Paused'"); len(replies) != 1 || len(elements(t, replies[0], "Name")) != 0 {
		t.Errorf("replies %q", replies)
	}
}

func TestItemForms(t *testing.T) {
	c := newClient(t, Start(t, Server2012R2(), Seed(seedWhere(t, func(s profile.Shape) bool {
		return s.Prefix == "p" && s.NamespaceCase == profile.CaseAsAsked && s.Offset == 0
	}))))
	_, reply := c.enumerate("select * from win32_operatingsystem")
	for _, want := range []string{
		`<w:Items><p:Win32_OperatingSystem xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_OperatingSystem" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:Win32_OperatingSystem_Type"><p:BuildNumber>9600</p:BuildNumber>`,
		`<p:CSDVersion xsi:nil="true"/>`, `<p:InstallDate><cim:Datetime>2025-10-06T08:30:12`, `<p:Primary>true</p:Primary>`, `<p:Version>6.3.9600</p:Version></p:Win32_OperatingSystem></w:Items><w:EndOfSequence/>`,
	} {
		if !strings.Contains(reply, want) {
			t.Errorf("%s is missing in %s", want, reply)
		}
	}
	_, reply = c.enumerate("select Version, csdversion, BUILDNUMBER, InstallDate from Win32_OperatingSystem")
	for _, want := range []string{ // Windows' own order, names as Windows has them
		`<w:XmlFragment xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><BuildNumber>9600</BuildNumber><CSDVersion xsi:nil="true"/><InstallDate><Datetime>2025-10-06T08:30:12`,
		`</Datetime></InstallDate><Version>6.3.9600</Version></w:XmlFragment>`,
	} {
		if !strings.Contains(reply, want) {
			t.Errorf("%s is missing in %s", want, reply)
		}
	}
}

func TestMaxElementsAndRelease(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	_, reply := c.enumerate("select Name from Win32_Service")
	_, reply = c.pull(elements(t, reply, "EnumerationContext")[0], 7)
	if got := elements(t, reply, "Name"); len(got) != 7 {
		t.Errorf("%d items, want 7", len(got))
	}
	context := elements(t, reply, "EnumerationContext")[0]
	if got := h.Counters().OpenEnumerations; got != 1 {
		t.Errorf("%d open enumerations, want 1", got)
	}
	if status, reply := c.release(context); status != 200 || !strings.Contains(reply, "<s:Body></s:Body>") || !strings.Contains(reply, "/ReleaseResponse<") {
		t.Errorf("release: %d %s", status, reply)
	}
	if got := h.Counters().OpenEnumerations; got != 0 {
		t.Errorf("%d open enumerations after the release", got)
	}
	for what, answer := range map[string]func(string) (int, string){"pull": func(x string) (int, string) { return c.pull(x, 1) }, "release": c.release} {
		status, reply := answer(context)
		if found := faultCode.FindStringSubmatch(reply); status != 500 || len(found) != 2 || found[1] != "2150858779" {
			t.Errorf("%s of a released context: %d %s", what, status, reply)
		}
	}
}

func TestAnUnoptimizedEnumerateHasNoItems(t *testing.T) {
	for _, p := range Profiles() {
		c := newClient(t, Start(t, p, Seed(1)))
		_, reply := c.post(envelope(header(wsen+"/Enumerate", strings.TrimSuffix(cimv2, "*")+"Win32_OperatingSystem", maxEnvelope), `<n:Enumerate/>`))
		if len(elements(t, reply, "Items")) != 0 || len(elements(t, reply, "EndOfSequence")) != 0 {
			t.Fatalf("%s: %s", p.Key, reply)
		}
		_, reply = c.pull(elements(t, reply, "EnumerationContext")[0], 1)
		if got := elements(t, reply, "Caption"); !slices.Equal(got, []string{p.Caption}) || len(elements(t, reply, "EndOfSequence")) != 1 {
			t.Errorf("%s: %s", p.Key, reply)
		}
	}
}

func TestEnumerationFaults(t *testing.T) {
	h := Start(t, Server2022(), Seed(seedWhere(t, func(s profile.Shape) bool { return s.ProviderFault == profile.FaultNested })))
	c := newClient(t, h)
	star := wqlFilter("select * from Win32_Service")
	for name, test := range map[string]struct{ action, uri, body, code string }{
		"unknown class":     {"Enumerate", cimv2, `<n:Enumerate>` + wqlFilter("select * from Win32_Nothing") + `</n:Enumerate>`, "2150858778"},
		"unknown column":    {"Enumerate", cimv2, `<n:Enumerate>` + wqlFilter("select Wings from Win32_Service") + `</n:Enumerate>`, "2150859010"},
		"syntax":            {"Enumerate", cimv2, `<n:Enumerate>` + wqlFilter("select from where") + `</n:Enumerate>`, "2150859010"},
		"unknown namespace": {"Enumerate", strings.Replace(cimv2, "cimv2", "nothing", 1), `<n:Enumerate>` + star + `</n:Enumerate>`, "2150858752"},
		"no filter":         {"Enumerate", cimv2, `<n:Enumerate/>`, "2150858778"},
		"other dialect":     {"Enumerate", cimv2, `<n:Enumerate><w:Filter Dialect="urn:x">a</w:Filter></n:Enumerate>`, "2150858777"},
		"class and filter":  {"Enumerate", strings.TrimSuffix(cimv2, "*") + "Win32_Service", `<n:Enumerate>` + star + `</n:Enumerate>`, "2150859003"},
		"other body":        {"Enumerate", cimv2, `<n:Pull/>`, "2150858791"},
		"pull no context":   {"Pull", cimv2, `<n:Pull/>`, "2150858791"},
		"pull unknown":      {"Pull", cimv2, `<n:Pull><n:EnumerationContext>uuid:0</n:EnumerationContext></n:Pull>`, "2150858779"},
		"renew":             {"Renew", cimv2, `<n:Renew/>`, "2150858771"},
	} {
		t.Run(name, func(t *testing.T) {
			status, reply := c.post(envelope(header(wsen+"/"+test.action, test.uri, ""), test.body))
			if found := faultCode.FindStringSubmatch(reply); status != 500 || len(found) != 2 || found[1] != test.code {
				t.Errorf("%d %s", status, reply)
			}
		})
	}
	small := strings.Replace(maxEnvelope, "153600", "8192", 1)
	status, reply := c.post(envelope(header(wsen+"/Enumerate", cimv2, small), `<n:Enumerate>`+star+`</n:Enumerate>`))
	if status != 200 {
		t.Fatalf("%d %s", status, reply)
	}
	if got := h.Counters().OpenEnumerations; got != 1 {
		t.Errorf("%d open enumerations, want 1: a fault must open none", got)
	}
}

func TestQuotaOfOpenEnumerations(t *testing.T) {
	h := Start(t, Server2003R2(), Seed(1))
	c := newClient(t, h)
	for range h.machine.Profile.MaxOperations {
		if status, reply := c.enumerate("select * from Win32_Service"); status != 200 {
			t.Fatalf("%d %s", status, reply)
		}
	}
	if status, _ := c.enumerate("select * from Win32_Service"); status != 500 {
		t.Errorf("one enumeration too many: status %d", status)
	}
	h.Reboot()
	c.http.CloseIdleConnections()
	if got := h.Counters().OpenEnumerations; got != 0 {
		t.Errorf("%d open enumerations after a reboot", got)
	}
	if status, reply := c.enumerate("select * from Win32_Service"); status != 200 {
		t.Errorf("after the reboot: %d %s", status, reply)
	}
}

func TestClockAndReboot(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	c := newClient(t, h)
	read := func() (boot, now time.Time) {
		_, reply := c.enumerate("select LastBootUpTime, LocalDateTime from Win32_OperatingSystem")
		var times []time.Time
		for _, name := range []string{"LastBootUpTime", "LocalDateTime"} {
			at, err := time.Parse(time.RFC3339Nano, elements(t, reply, name)[0])
			if err != nil {
				t.Fatal(err)
			}
			times = append(times, at)
		}
		return times[0], times[1]
	}
	boot, now := read()
	h.Advance(time.Hour)
	boot2, now2 := read()
	if !boot2.Equal(boot) || now2.Sub(now) != time.Hour {
		t.Errorf("an hour later: boot %v, now %v; before %v, %v", boot2, now2, boot, now)
	}
	h.Reboot()
	c.http.CloseIdleConnections()
	boot3, now3 := read()
	if boot3.Sub(now2) != bootDuration || !now3.Equal(boot3) {
		t.Errorf("after a reboot: boot %v, now %v", boot3, now3)
	}
}

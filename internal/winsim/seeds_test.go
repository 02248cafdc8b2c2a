package winsim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every shape that is only assumed must occur on the wire under some seed. Each question is asked of a host under the
// seeds 1 to 8; its answer is put into a word, and the words that must come up are listed.
func TestSeedsShowEveryAssumedShapeOnTheWire(t *testing.T) {
	missing := func(c *client) string {
		_, reply := c.call("GetDWORDValue", "sValueName=Nothing")
		return reply
	}
	unknownColumn := func(c *client) string {
		_, reply := c.enumerate("select Wings from Win32_Service")
		return reply
	}
	questions := map[string]struct {
		ask  func(*client) string
		want []string
	}{
		"ReturnValue's place": {func(c *client) string {
			_, reply := c.call("GetStringValue", "sValueName=Hostname")
			return word(strings.Index(reply, "ReturnValue>") < strings.Index(reply, "sValue>"), "first", "last")
		}, []string{"first", "last"}},
		"outputs of a failure": {func(c *client) string {
			return strings.Join(elements(t, missing(c), "uValue"), " ")
		}, []string{"", nilText}},
		"an empty array": {func(c *client) string {
			_, reply := c.invoke("EnumKey", "hDefKey=2147483650", "sSubKeyName="+parametersKey+`\Winsock`)
			return strings.Join(elements(t, reply, "sNames"), " ")
		}, []string{"", nilText}},
		"the default value": {func(c *client) string {
			_, reply := c.call("EnumValues")
			names := elements(t, reply, "sNames")
			return word(slices.Contains(names, ""), "empty", word(slices.Contains(names, nilText), "nil", "none"))
		}, []string{"empty", "nil", "none"}},
		"order of outputs": {func(c *client) string {
			_, reply := c.call("EnumValues")
			return word(strings.Index(reply, "sNames>") < strings.Index(reply, "Types>"), "signature", "reversed")
		}, []string{"signature", "reversed"}},
		"prefix": {func(c *client) string {
			return regexp.MustCompile(`<(\w+:)?GetDWORDValue_OUTPUT`).FindStringSubmatch(missing(c))[1]
		}, []string{"p:", "ns1:", ""}},
		"case of the namespace": {func(c *client) string {
			uri := strings.Replace(stdRegProvURI, "root/default", "Root/Default", 1)
			_, reply := c.post(envelope(header(uri+"/EnumKey", uri, ""), input(uri, "EnumKey", "hDefKey=2147483650", "sSubKeyName=SYSTEM")))
			return regexp.MustCompile(`(?i)root/default`).FindString(reply)
		}, []string{"Root/Default", "root/default", "ROOT/DEFAULT"}},
		"a missing hive": {func(c *client) string {
			status, _ := c.invoke("EnumKey", "sSubKeyName=SYSTEM")
			return fmt.Sprint(status)
		}, []string{"200", "500"}},
		"deleting nothing": {func(c *client) string {
			code, _ := c.call("DeleteValue", "sValueName=Nothing")
			return code
		}, []string{"1", "2"}},
		"an unknown method": {func(c *client) string {
			_, reply := c.invoke("Format")
			return word(strings.Contains(reply, "a:ActionNotSupported"), "action", "provider")
		}, []string{"action", "provider"}},
		"first items": {func(c *client) string {
			_, reply := c.enumerate("select * from Win32_Service")
			return fmt.Sprint(len(elements(t, reply, "Items")), len(elements(t, reply, "Name")))
		}, []string{"1 1", "1 0", "0 0"}},
		"a context at the end": {func(c *client) string {
			_, reply := c.enumerate("select * from Win32_OperatingSystem")
			return word(elements(t, reply, "EnumerationContext")[0] == "", "empty", "full")
		}, []string{"empty", "full"}},
		"form of a column list": {func(c *client) string {
			_, reply := c.enumerate("select Version from Win32_OperatingSystem")
			return word(strings.Contains(reply, "XmlFragment"), "fragment", "instance")
		}, []string{"fragment", "instance"}},
		"order of properties": {func(c *client) string {
			_, reply := c.enumerate("select BuildNumber, Version, Caption from Win32_OperatingSystem")
			return word(strings.Index(reply, "BuildNumber>") < strings.Index(reply, "Caption>") && strings.Index(reply, "Caption>") < strings.Index(reply, "Version>"), "Windows'", "other")
		}, []string{"Windows'", "other"}},
		"time zone": {func(c *client) string {
			_, reply := c.enumerate("select LocalDateTime from Win32_OperatingSystem")
			return regexp.MustCompile(`\d(Z|[+-]\d\d:\d\d)<`).FindStringSubmatch(reply)[1]
		}, []string{"Z", "+08:00", "-03:30"}},
		"fraction digits": {func(c *client) string {
			_, reply := c.enumerate("select LocalDateTime from Win32_OperatingSystem")
			return fmt.Sprint(len(regexp.MustCompile(`:\d\d(\.\d+)?(?:Z|\+08:00|-03:30)<`).FindStringSubmatch(reply)[1]))
		}, []string{"0", "2", "3", "4", "5", "6", "7", "8"}},
		"nesting of a provider's fault": {func(c *client) string {
			reply := unknownColumn(c)
			nested := strings.Count(reply, "<f:WSManFault")
			return fmt.Sprint(nested, strings.Count(reply, "<p:MSFT_WmiError"), strings.Count(reply, "<p:__ExtendedStatus"), strings.Count(reply, "<f:ProviderFault"))
		}, []string{"2 0 1 1", "0 1 0 0", "1 0 0 1", "1 1 0 1"}},
		"StatusCode": {func(c *client) string {
			return strings.Join(elements(t, unknownColumn(c), "StatusCode"), " ")
		}, []string{"", nilText, "2147749911"}},
		"MSFT_WmiError's namespace": {func(c *client) string {
			return regexp.MustCompile(`(cim-schema/2|root/cimv2|)/MSFT_WmiError"|$`).FindStringSubmatch(unknownColumn(c))[1]
		}, []string{"cim-schema/2", "root/cimv2"}},
		"action of faults": {func(c *client) string {
			return regexp.MustCompile(`<a:Action>http://schemas.([a-z]+)`).FindStringSubmatch(unknownColumn(c))[1]
		}, []string{"xmlsoap", "dmtf"}},
		"Automatic's range": {func(c *client) string {
			_, reply := c.enumerateIn(standardCimv2, "select DynamicPortRangeStartPort from MSFT_NetTCPSetting where SettingName = 'Automatic'")
			return elements(t, reply, "DynamicPortRangeStartPort")[0]
		}, []string{"0", nilText}},
		"order of socket rows": {func(c *client) string {
			_, reply := c.enumerateIn(standardCimv2, "select State, LocalPort, OwningProcess from MSFT_NetTCPConnection where LocalPort = 445 and State = 5")
			port, owner, state := strings.Index(reply, "LocalPort>"), strings.Index(reply, "OwningProcess>"), strings.Index(reply, "State>")
			return word(port < owner && owner < state, "alphabet", "other")
		}, []string{"alphabet", "other"}},
		"reason": {func(c *client) string {
			return regexp.MustCompile(`xml:lang="([^"]*)">[^<]{0,3}`).FindAllStringSubmatch(unknownColumn(c), -1)[0][0]
		}, []string{`xml:lang="en-US">The`, `xml:lang="">`, `xml:lang="de-DE">Die`}},
		"access denied": {func(c *client) string {
			c.host.Intercept(func(Call) Action { return AccessDeniedFault })
			return faultCode.FindStringSubmatch(missingBody(c))[1]
		}, []string{"5", "2147942405"}},
		"quota": {func(c *client) string {
			c.host.Intercept(func(Call) Action { return Busy })
			return regexp.MustCompile(`Code="(\d+)"|HRESULT 0x(\w+)`).FindString(missingBody(c))
		}, []string{`Code="2150859173"`, `Code="2150859174"`}},
	}
	seen := map[string]map[string]bool{}
	for seed := int64(1); seed <= 8; seed++ {
		h := Start(t, Server2022(), Seed(seed))
		c := newClient(t, h)
		for name, q := range questions {
			if seen[name] == nil {
				seen[name] = map[string]bool{}
			}
			seen[name][q.ask(c)] = true
			h.Intercept(nil)
		}
	}
	for name, q := range questions {
		for _, want := range q.want {
			if !seen[name][want] {
				t.Errorf("%s: no seed shows %q, only %v", name, want, seen[name])
			}
		}
	}
}

// The Machine of a fault is the dialled name outside and the host's own inside.
func TestMachineOfANestedFault(t *testing.T) {
	for seed := int64(1); seed <= 8; seed++ {
		_, reply := newClient(t, Start(t, Server2022(), Seed(seed), Named("edge7"))).enumerate("select Wings from Win32_Service")
		if found := regexp.MustCompile(`Machine="([^"]*)"`).FindAllStringSubmatch(reply, -1); len(found) == 2 {
			if found[0][1] != "mail01.contoso.com" || found[1][1] != "edge7.contoso.com" {
				t.Errorf("outer %q, inner %q", found[0][1], found[1][1])
			}
			return
		}
	}
	t.Error("no seed up to 8 nests the fault")
}

// Where a recording shows what Windows does, no seed shows anything else.
func TestRecordedShapesDoNotVary(t *testing.T) {
	for seed := int64(1); seed <= 8; seed++ {
		for _, p := range []Profile{Server2003R2(), Server2012R2()} {
			_, reply := newClient(t, Start(t, p, Seed(seed))).enumerate("select Version, BuildNumber from Win32_OperatingSystem")
			if !regexp.MustCompile(`XmlFragment [^>]*><BuildNumber>\d+</BuildNumber><Version>[\d.]+</Version></w:XmlFragment></w:Items><w:EndOfSequence/>`).MatchString(reply) {
				t.Errorf("%s, seed %d: %s", p.Key, seed, reply)
			}
		}
	}
}

// missingBody asks for a value that is not there and gives the reply, a fault or not.
func missingBody(c *client) string {
	_, reply := c.invoke("GetDWORDValue", "hDefKey=2147483650", "sSubKeyName="+parametersKey, "sValueName=Nothing")
	return reply
}

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

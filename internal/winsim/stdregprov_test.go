package winsim

import (
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

// seedWhere finds the first seed whose shape fits.
func seedWhere(t *testing.T, fits func(profile.Shape) bool) int64 {
	t.Helper()
	for seed := int64(1); seed < 1000; seed++ {
		if fits(profile.ShapeOf(seed)) {
			return seed
		}
	}
	t.Fatal("no seed shows that shape")
	return 0
}

func TestReturnCodes(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	h.SetDWORD("A Number", 7)
	h.SetString("A Text", `30 & "more" <x>`)
	h.SetQWORD("A Big Number", 1<<40)
	h.SetBinary("Bytes", []byte{1, 2})
	h.SetMultiString("Texts", "a", "b")
	h.SetExpandString("A Path", `%SystemRoot%\x`)
	c := newClient(t, h)
	const absent, noSuchKey, mismatch, badHive = "1", "2", "2147749893", "6"
	for _, test := range []struct {
		method string
		params []string
		code   string
		out    string // uValue or sValue
	}{
		{"GetDWORDValue", []string{"sValueName=a number"}, "0", "7"},
		{"GetDWORDValue", []string{"sValueName=Nothing"}, absent, ""},
		{"GetDWORDValue", []string{"sValueName=A Text"}, mismatch, ""},
		{"GetDWORDValue", []string{"sValueName=A Big Number"}, mismatch, ""},
		{"GetQWORDValue", []string{"sValueName=A Big Number"}, "0", "1099511627776"},
		{"GetQWORDValue", []string{"sValueName=A Number"}, mismatch, ""},
		{"GetStringValue", []string{"sValueName=A Text"}, "0", `30 & "more" <x>`},
		{"GetStringValue", []string{"sValueName=A Number"}, mismatch, ""},
		{"GetStringValue", []string{"sValueName=NameServer"}, "0", ""},
		{"GetStringValue", []string{"sValueName=Texts"}, mismatch, ""},
		{"GetExpandedStringValue", []string{"sValueName=A Path"}, "0", `C:\Windows\x`},
		{"GetExpandedStringValue", []string{"sValueName=A Text"}, mismatch, ""},
		{"GetExpandedStringValue", []string{"sValueName=Bytes"}, mismatch, ""},
		{"SetDWORDValue", []string{"sValueName=A Text", "uValue=5"}, "0", ""}, // another type is replaced
		{"GetDWORDValue", []string{"sValueName=A Text"}, "0", "5"},
		{"SetQWORDValue", []string{"sValueName=A Text", "uValue=18446744073709551615"}, "0", ""},
		{"GetQWORDValue", []string{"sValueName=A Text"}, "0", "18446744073709551615"},
		{"SetStringValue", []string{"sValueName=A Number", "sValue="}, "0", ""},
		{"GetStringValue", []string{"sValueName=A Number"}, "0", ""},
		{"DeleteValue", []string{"sValueName=A NUMBER"}, "0", ""},
		{"GetStringValue", []string{"sValueName=A Number"}, absent, ""},
	} {
		code, reply := c.call(test.method, test.params...)
		got := strings.Join(append(elements(t, reply, "uValue"), elements(t, reply, "sValue")...), ",")
		if test.code != "0" {
			got = strings.ReplaceAll(got, nilText, "") // by seed
		}
		if code != test.code || got != test.out {
			t.Errorf("%s %v: ReturnValue %s, %q; want %s, %q", test.method, test.params, code, got, test.code, test.out)
		}
	}
	for _, test := range []struct {
		method, hive, key string
		code              string
	}{
		{"GetDWORDValue", "2147483650", `SYSTEM\No\Such\Key`, noSuchKey},
		{"SetDWORDValue", "2147483650", `SYSTEM\No\Such\Key`, noSuchKey},
		{"GetDWORDValue", "2147483649", parametersKey, noSuchKey},
		{"GetDWORDValue", "7", parametersKey, badHive},
		{"GetDWORDValue", "0", parametersKey, badHive},
		{"EnumKey", "2147483650", `\SYSTEM`, badHive},
		{"EnumKey", "2147483650", `SYSTEM`, "0"},
		{"EnumValues", "2147483650", `SYSTEM\No`, noSuchKey},
		{"DeleteKey", "2147483650", `SYSTEM`, "5"},
		{"CreateKey", "2147483650", `SOFTWARE\A\B`, "0"},
		{"DeleteKey", "2147483650", `SOFTWARE\A\B`, "0"},
		{"DeleteKey", "2147483650", `SOFTWARE\A\B`, noSuchKey},
	} {
		params := []string{"hDefKey=" + test.hive, "sSubKeyName=" + test.key}
		if strings.HasSuffix(test.method, "DWORDValue") {
			params = append(params, "sValueName=x")
		}
		if test.method == "SetDWORDValue" {
			params = append(params, "uValue=1")
		}
		_, reply := c.invoke(test.method, params...)
		if code := elements(t, reply, "ReturnValue"); !slices.Equal(code, []string{test.code}) {
			t.Errorf("%s in %s: ReturnValue %v, want %s", test.method, test.key, code, test.code)
		}
	}
}

func TestEnumValuesKeepsNamesAndTypesTogether(t *testing.T) {
	for seed := int64(1); seed <= 4; seed++ {
		h := Start(t, Server2022(), Seed(seed))
		h.SetQWORD("Big", 1)
		h.SetMultiString("Many", "a")
		h.SetBinary("Bytes", []byte{1})
		_, reply := newClient(t, h).call("EnumValues")
		names, types := elements(t, reply, "sNames"), elements(t, reply, "Types")
		want := map[string]string{"Big": "11", "Many": "7", "Bytes": "3", "Hostname": "1", "DataBasePath": "2", "IPEnableRouter": "4"}
		if len(names) != len(types) || len(names) < 9 {
			t.Fatalf("%d names, %d types", len(names), len(types))
		}
		for i, name := range names {
			if want[name] != "" && want[name] != types[i] {
				t.Errorf("%s has type %s, want %s", name, types[i], want[name])
			}
			delete(want, name)
		}
		if len(want) > 0 {
			t.Errorf("not listed: %v", want)
		}
		for _, ours := range []string{"TcpTimedWaitDelay", "MaxUserPort", "KeepAliveTime", "StrictTimeWaitSeqCheck"} {
			if slices.Contains(names, ours) {
				t.Errorf("a fresh host already has %s", ours)
			}
		}
	}
}

func TestResourceURIs(t *testing.T) {
	h := Start(t, Server2012R2(), Seed(1))
	h.SetDWORD("X", 3)
	c := newClient(t, h)
	const base = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
	selector := func(name, value string) string {
		return `<w:SelectorSet><w:Selector Name="` + name + `">` + value + `</w:Selector></w:SelectorSet>`
	}
	for _, test := range []struct {
		uri, selectors string
		code           string // of the fault; "" for success
	}{
		{base + "root/default/StdRegProv", "", ""},
		{base + "root/cimv2/StdRegProv", "", ""},
		{base + "ROOT/Default/STDREGPROV", "", ""},
		{base + "root/cimv2/stdregprov", selector("__cimnamespace", `root\CIMV2`), ""},
		{base + "root/cimv2/StdRegProv", selector("__CIMNAMESPACE", "root/cimv2"), ""},
		{base + "root/cimv2/StdRegProv", selector("__cimnamespace", "root/default"), "2150858752"},
		{base + "root/cimv2/StdRegProv", selector("Name", "x"), "2150858752"},
		{base + "root/wmi/StdRegProv", "", "2150858752"},
		{base + "root/cimv2/Win32_Service", "", "2150858752"},
		{base + "StdRegProv", "", "2150858752"},
		{base + "root/default/", "", "2150858752"},
		{"http://schemas.microsoft.com/wbem/wsman/1/windows/shell/other", "", "2150858752"},
	} {
		status, reply := c.post(envelope(header(test.uri+"/GetDWORDValue", test.uri, test.selectors),
			input(test.uri, "GetDWORDValue", "hDefKey=2147483650", "sSubKeyName="+parametersKey, "sValueName=X")))
		if test.code == "" {
			if got := elements(t, reply, "uValue"); status != 200 || !slices.Equal(got, []string{"3"}) {
				t.Errorf("%s %s: %d %s", test.uri, test.selectors, status, reply)
			}
			continue
		}
		found := faultCode.FindStringSubmatch(reply)
		if status != 500 || len(found) != 2 || found[1] != test.code {
			t.Errorf("%s %s: %d %s", test.uri, test.selectors, status, reply)
		}
	}
}

func TestWrongInputsAreRefused(t *testing.T) {
	h := Start(t, Server2022(), Seed(seedWhere(t, func(s profile.Shape) bool {
		return s.ProviderFault == profile.FaultNested && !s.UnknownMethodWMI && s.NeedHive
	})))
	c := newClient(t, h)
	key := "sSubKeyName=" + parametersKey
	for name, test := range map[string]struct{ action, body, code string }{
		"no body":         {"SetDWORDValue", "", "2150858791"},
		"other method":    {"SetDWORDValue", input(stdRegProvURI, "GetDWORDValue", "hDefKey=2147483650", key), "2150858791"},
		"other namespace": {"SetDWORDValue", input("urn:x", "SetDWORDValue", "hDefKey=2147483650", key), "2150858791"},
		"out of order":    {"SetDWORDValue", input(stdRegProvURI, "SetDWORDValue", key, "hDefKey=2147483650", "sValueName=x", "uValue=1"), "2150858817"},
		"twice":           {"SetDWORDValue", input(stdRegProvURI, "SetDWORDValue", "hDefKey=2147483650", "hDefKey=2147483650", key, "sValueName=x", "uValue=1"), "2150858817"},
		"unknown":         {"SetDWORDValue", input(stdRegProvURI, "SetDWORDValue", "hDefKey=2147483650", key, "sValueName=x", "sValue=1"), "2150858817"},
		"no data":         {"SetDWORDValue", input(stdRegProvURI, "SetDWORDValue", "hDefKey=2147483650", key, "sValueName=x"), "2150859010"},
		"no key":          {"GetDWORDValue", input(stdRegProvURI, "GetDWORDValue", "hDefKey=2147483650", "sValueName=x"), "2150859010"},
		"no hive":         {"GetDWORDValue", input(stdRegProvURI, "GetDWORDValue", key, "sValueName=x"), "2150859010"},
		"too big":         {"SetDWORDValue", input(stdRegProvURI, "SetDWORDValue", "hDefKey=2147483650", key, "sValueName=x", "uValue=4294967296"), "2150859010"},
		"hexadecimal":     {"SetDWORDValue", input(stdRegProvURI, "SetDWORDValue", "hDefKey=2147483650", key, "sValueName=x", "uValue=0x1e"), "2150859010"},
		"bad hive":        {"GetDWORDValue", input(stdRegProvURI, "GetDWORDValue", "hDefKey=HKLM", key, "sValueName=x"), "2150859010"},
		"unknown method":  {"Format", input(stdRegProvURI, "Format"), "2150858771"},
		"unknown action":  {"", input(stdRegProvURI, "GetDWORDValue"), "2150858771"},
	} {
		t.Run(name, func(t *testing.T) {
			status, reply := c.post(envelope(header(stdRegProvURI+"/"+test.action, stdRegProvURI, ""), test.body))
			if found := faultCode.FindStringSubmatch(reply); status != 500 || len(found) != 2 || found[1] != test.code {
				t.Errorf("%d %s", status, reply)
			}
			if got := elements(t, reply, "RelatesTo"); !slices.Equal(got, []string{messageID}) {
				t.Errorf("RelatesTo %v", got)
			}
		})
	}
	if got := h.Counters(); got.Writes != 0 {
		t.Errorf("refused requests count as writes: %+v", got)
	}
}

func TestQWORDMethodsAreMissingOn2003(t *testing.T) {
	for seed := int64(1); seed <= 2; seed++ {
		c := newClient(t, Start(t, Server2003R2(), Seed(seed)))
		for _, method := range []string{"GetQWORDValue", "SetQWORDValue"} {
			if status, reply := c.invoke(method, "hDefKey=2147483650", "sSubKeyName="+parametersKey, "sValueName=x"); status != 500 {
				t.Errorf("%s: %d %s", method, status, reply)
			}
		}
	}
}

func TestTooLargeARequest(t *testing.T) {
	c := newClient(t, Start(t, Server2003R2(), Seed(1)))
	if status, _ := c.invoke("EnumKey", "sSubKeyName="+strings.Repeat("x", 160<<10)); status != 413 {
		t.Errorf("status %d, want 413", status)
	}
}

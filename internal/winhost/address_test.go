package winhost

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	tests := []struct {
		text, dial, dialTLS, key string
	}{
		{"mail01", "mail01:5985", "mail01:5986", "mail01"},
		{"MAIL01.Contoso.com.", "MAIL01.Contoso.com.:5985", "MAIL01.Contoso.com.:5986", "mail01.contoso.com"},
		{"mail01:80", "mail01:80", "mail01:80", "mail01"},
		{"192.0.2.1:5986", "192.0.2.1:5986", "192.0.2.1:5986", "192.0.2.1"},
		{"[2001:db8::1]", "[2001:db8::1]:5985", "[2001:db8::1]:5986", "2001:db8::1"},
		{"[FE80::1%eth0]:65535", "[fe80::1%eth0]:65535", "[fe80::1%eth0]:65535", "fe80::1%eth0"},
		{"[2001:0db8:0::1]", "[2001:db8::1]:5985", "[2001:db8::1]:5986", "2001:db8::1"},
		{"web_01-a", "web_01-a:5985", "web_01-a:5986", "web_01-a"},
	}
	for _, tt := range tests {
		a, err := ParseAddress(tt.text)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if a.dial(false) != tt.dial || a.dial(true) != tt.dialTLS || a.Key() != tt.key {
			t.Errorf("%q: %s, %s, key %s", tt.text, a.dial(false), a.dial(true), a.Key())
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	tests := map[string]string{
		"":                         "host is empty",
		"http://mail01:5985/wsman": "is a URL",
		"::1":                      "goes in brackets",
		"[::1":                     "no IPv6 address",
		"[mail01]":                 "no IPv6 address",
		"[192.0.2.1]:80":           "no IPv6 address",
		"[::1]80":                  "only :port",
		"mail01:":                  "port \"\"",
		"mail01:0":                 "port \"0\"",
		"mail01:65536":             "port \"65536\"",
		"mail01:+80":               "port \"+80\"",
		"mail01:http":              "port \"http\"",
		":5985":                    "no host name",
		"mail 01":                  "no host name",
		"mail01/wsman":             "no host name",
		"admin@mail01":             "no host name",
		".contoso.com":             "no host name",
		"mail..contoso.com":        "no host name",
		"bücher.example":           "xn--",
		"mail01\n":                 "no host name",
		strings.Repeat("a", 254):   "no host name",
	}
	for text, want := range tests {
		if a, err := ParseAddress(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, error %v, want one with %q", text, a, err, want)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"mail01", "mail01:5986", "[::1]:80", "[::1%x]", "a:b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAddress(text)
		if err != nil {
			return
		}
		again, err := ParseAddress(a.dial(false))
		if err != nil || again.Key() != a.Key() {
			t.Fatalf("%q dials %s, which parses to %+v, %v", text, a.dial(false), again, err)
		}
	})
}

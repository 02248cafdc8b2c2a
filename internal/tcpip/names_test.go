package tcpip

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestMisspelling(t *testing.T) {
	for name, want := range map[string]string{
		"MaxUserPorts":                            "MaxUserPort", // a public how-to has it
		"MaxUserProt":                             "MaxUserPort",
		"maxuserports":                            "MaxUserPort",
		"Max User Port":                           "MaxUserPort",
		"MaxUserPort ":                            "MaxUserPort",
		"max_user_port":                           "MaxUserPort", // the attribute's name
		"MaxUserPort\u200b":                       "MaxUserPort", // copied from a web page
		"M\u0430xUserPort":                        "MaxUserPort", // a Cyrillic a
		"TcpTimeWaitDelay":                        "TcpTimedWaitDelay",
		"TcpTimedWaitDelays":                      "TcpTimedWaitDelay",
		"TcpTimeWaitDelays":                       "TcpTimedWaitDelay",
		"TCPTimedWaitDealy":                       "TcpTimedWaitDelay",
		"TcpipTimedWaitDelay":                     "TcpTimedWaitDelay",
		"KeepAliveTimes":                          "KeepAliveTime",
		"\u212aeepAliveTime":                      "KeepAliveTime", // the Kelvin sign is no K to the registry
		"KeepAliveIntervall":                      "KeepAliveInterval",
		"StrictTimeWaitSeqChk":                    "StrictTimeWaitSeqCheck",
		"StrictTimedWaitSeqCheck":                 "StrictTimeWaitSeqCheck",
		"TcpNumConnection":                        "TcpNumConnections",
		"TcpMaxDataRetransmission":                "TcpMaxDataRetransmissions",
		"TcpMaxDataRetransmittions":               "TcpMaxDataRetransmissions",
		strings.Repeat(" ", 90) + "KeepAliveTime": "KeepAliveTime",
	} {
		if meant, ok := Misspelling(name); !ok || meant.ValueName != want {
			t.Errorf("%q: %q, %v, want %s", name, meant.ValueName, ok, want)
		}
	}
}

func TestNotMisspelt(t *testing.T) {
	for _, name := range []string{
		// another value, which the reader may or may not want to hear of
		"TcpMaxConnectResponseRetransmissions", "TcpMaxConnectRetransmissions", "TcpMaxHalfOpen", "TcpMaxHalfOpenRetried",
		"TcpMaxPortsExhausted", "TcpMaxDupAcks", "TcpMaxSendFree", "MaxFreeTcbs", "MaxFreeTWTcbs", "MaxHashTableSize",
		"TcpWindowSize", "Tcp1323Opts", "TcpFinWait2Delay", "TcpInitialRTT", "DefaultTTL", "EnableDeadGWDetect", "ReservedPorts",
		"PPTPTcpMaxDataRetransmissions", "TcpDelAckTicks", "NV Hostname", "{4D36E972-E325-11CE-BFC1-08002BE10318}",
		// not close enough to be sure
		"MinUserPort", "KeepAlive", "TcpMaxConnections", "TimeWait", "MaxUser", "Port", "x",
		// hostile
		"", "\x00", "\xff\xfe", "日本語", strings.Repeat("TcpTimedWaitDelay", 4000), strings.Repeat(" ", 200) + "KeepAliveTime", strings.Repeat("\u0301", 60),
	} {
		if meant, ok := Misspelling(name); ok {
			t.Errorf("%q was taken for %s", name, meant.ValueName)
		}
	}
	for _, p := range Catalogue {
		for _, name := range []string{p.ValueName, strings.ToUpper(p.ValueName), strings.ToLower(p.ValueName)} {
			if meant, ok := Misspelling(name); ok {
				t.Errorf("%s, a name of the catalogue, was taken for %s", name, meant.ValueName)
			}
		}
	}
}

// A real value is nobody's slip, even where the catalogue comes to have its neighbour.
func TestNeighboursAreNeverMisspelt(t *testing.T) {
	catalogue := []Parameter{{ValueName: "MaxFreeTWTcbs"}, {ValueName: "EnableICMPRedirect"}, {ValueName: "TcpMaxHalfOpenRetries"}, {ValueName: "KeepAliveTime"}, {ValueName: "NeverHeardOf"}}
	for name, want := range map[string]string{
		"MaxFreeTWTcb": "MaxFreeTWTcbs", "EnableICMPRedirects": "", "enableicmpredirects": "", "EnableICMPRedirekt": "EnableICMPRedirect",
		"TcpMaxHalfOpenRetried": "", "TcpMaxHalfOpenRetrys": "TcpMaxHalfOpenRetries", "KeepAliveTime": "", "KeepAliveTme": "KeepAliveTime", "NEVERheardof": "", "NEVERheardoff": "NeverHeardOf",
	} {
		if meant, ok := misspelling(name, catalogue); ok != (want != "") || meant.ValueName != want {
			t.Errorf("%s: %q, %v, want %q", name, meant.ValueName, ok, want)
		}
	}
	for _, name := range neighbours {
		if name != strings.ToLower(name) {
			t.Errorf("%s is not in lower case and so never found", name)
		}
		if meant, ok := Misspelling(strings.ToUpper(name)); ok {
			t.Errorf("%s was taken for %s", name, meant.ValueName)
		}
	}
}

// Of two names that are both close the closer one is meant.
func TestTheNearestIsMeant(t *testing.T) {
	catalogue := []Parameter{{ValueName: "TcpMaxDataTransmissions01"}, {ValueName: "TcpMaxDataTransmissions2"}, {ValueName: "TcpMaxDataTransmissions34"}}
	if meant, _ := misspelling("TcpMaxDataTransmissions", catalogue); meant.ValueName != "TcpMaxDataTransmissions2" {
		t.Errorf("%s was meant", meant.ValueName)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"port", "port", 0}, {"port", "ports", 1}, {"port", "prt", 1}, {"port", "pert", 1},
		{"port", "prot", 1}, {"port", "optr", 2}, {"delay", "dealy", 1}, {"check", "chk", 2}, {"kitten", "sitting", 3}, {"abcd", "dcba", 3},
		{"ca", "abc", 3}, // a letter slips once: the exchange does not count with one put between
	}
	for _, tt := range tests {
		for _, pair := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := distance([]rune(pair[0]), []rune(pair[1])); got != tt.want {
				t.Errorf("%q, %q: %d, want %d", pair[0], pair[1], got, tt.want)
			}
		}
	}
}

// One slip is found in every name, wherever it is.
func TestOneSlipIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(Catalogue).Draw(t, "parameter")
		name := []rune(p.ValueName)
		at := rapid.IntRange(0, len(name)-2).Draw(t, "at")
		letter := rapid.RuneFrom([]rune("abcdefghijklmnopqrstuvwxyz")).Draw(t, "letter")
		switch rapid.IntRange(0, 3).Draw(t, "slip") {
		case 0:
			name = append(name[:at:at], name[at+1:]...)
		case 1:
			name = append(append(name[:at:at], letter), name[at:]...)
		case 2:
			name[at] = letter
		case 3:
			name[at], name[at+1] = name[at+1], name[at]
		}
		meant, ok := Misspelling(string(name))
		if _, right := ByValueName(string(name)); right {
			if ok {
				t.Fatalf("%s is right and was taken for %s", string(name), meant.ValueName)
			}
			return
		}
		if !ok || meant.ValueName != p.ValueName {
			t.Fatalf("%s: %q, %v, want %s", string(name), meant.ValueName, ok, p.ValueName)
		}
	})
}

func FuzzMisspelling(f *testing.F) {
	f.Add("MaxUserPorts")
	f.Add("\xff\xfe\x00")
	f.Fuzz(func(t *testing.T, name string) {
		if meant, ok := Misspelling(name); ok && (len(name) > maxNameBytes || utf8.RuneCountInString(name) < len(meant.ValueName)-3) {
			t.Errorf("%q was taken for %s", name, meant.ValueName)
		}
	})
}

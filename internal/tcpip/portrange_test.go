package tcpip

import (
	"math"
	"strings"
	"testing"
)

func TestPortRangeValid(t *testing.T) {
	for r, want := range map[PortRange]bool{
		{}: false, {49152, 0}: false, {49152, 16384}: true, {49152, 16385}: false, {0, 65536}: true, {1, 65536}: false, {65535, 1}: true, {65535, 2}: false,
		{49152, math.MaxUint32}: false, {49152, math.MaxUint32 - 49151}: false, {0, 65537}: false, // sums that wrap
	} {
		if r.Valid() != want {
			t.Errorf("%d+%d: %t", r.Start, r.Number, r.Valid())
		}
	}
}

func TestPortRangeContains(t *testing.T) {
	r := PortRange{10000, 300}
	for port, want := range map[uint16]bool{9999: false, 10000: true, 10299: true, 10300: false, 0: false, 65535: false} {
		if r.Contains(port) != want {
			t.Errorf("%d: %t", port, r.Contains(port))
		}
	}
	if all := (PortRange{0, 65536}); !all.Contains(0) || !all.Contains(65535) || all.Last() != 65535 || r.Last() != 10299 {
		t.Errorf("%v, %v", all, r)
	}
}

// The bounds of netsh (KB929851), and what the error says to write.
func TestCheckPortRange(t *testing.T) {
	for _, tt := range []struct {
		start, number int64
		want          string // empty: fine
	}{
		{1025, 64511, ""}, {1025, 255, ""}, {65281, 255, ""}, {49152, 16384, ""},
		{1024, 64511, "start_port 1024 is 0x400: write a port from 1025 to 65281"},
		{0, 64511, "start_port 0"}, {-1, 300, "start_port -1 is negative"}, {65536, 255, "start_port 65536"}, {1 << 40, 255, "start_port"},
		{1025, 254, "number_of_ports 254 is 0xfe: write 255 or more"}, {1025, 0, "number_of_ports 0"}, {1025, -255, "number_of_ports -255 is negative"},
		{1025, 64512, "64512 ports from 1025 end at 65536, after the last port, 65535: from 1025 there are 64511"},
		{65282, 255, "255 ports from 65282 end at 65536"}, {1025, math.MaxInt64, "there are only 64511 ports from 1025 to the last"}, {1025, 65537, "there are only"}, {1025, 65536, "after the last port"},
	} {
		err := CheckPortRange(tt.start, tt.number)
		if tt.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d+%d: %v, want %q", tt.start, tt.number, err, tt.want)
		}
	}
}

// The nearest that netsh sets keeps the last port where it can.
func TestSettable(t *testing.T) {
	for r, want := range map[PortRange]PortRange{
		{1024, 64511}: {1025, 64510}, {1024, 256}: {1025, 255}, {1024, 255}: {1025, 255}, {1024, 1}: {1025, 255}, {0, 65536}: {1025, 64511},
		{1025, 64511}: {1025, 64511}, {49152, 16384}: {49152, 16384}, {}: {}, {1024, math.MaxUint32}: {1024, math.MaxUint32},
		{50000, 100}: {50000, 255}, {65500, 36}: {65281, 255}, {65535, 1}: {65281, 255}, {1, 1}: {1025, 255}, {0, 1000}: {1025, 255}, {65281, 254}: {65281, 255},
	} {
		got := r.Settable()
		if got != want {
			t.Errorf("%v: %v, want %v", r, got, want)
		}
		if r.Valid() && CheckPortRange(int64(got.Start), int64(got.Number)) != nil {
			t.Errorf("%v: netsh does not set %v", r, got)
		}
	}
}

// One parameter for each transport and family, which no registry value is called like.
func TestPortRangesAreParameters(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Settings {
		if seen[p.Attribute] || seen[p.ValueName] {
			t.Errorf("%s or %s is there twice", p.Attribute, p.ValueName)
		}
		seen[p.Attribute], seen[p.ValueName] = true, true
		if back, ok := ByAttribute(p.Attribute); !ok || back.Pool != p.Pool || p.IsRange() != strings.HasPrefix(p.Attribute, RangeAttribute+".") {
			t.Errorf("%s: %+v, %t", p.Attribute, back, ok)
		}
		if !p.IsRange() && p.Argument() != p.Attribute {
			t.Errorf("%s is set by %s", p.Attribute, p.Argument())
		}
	}
	if len(Settings) != len(Catalogue)+4 || !seen["dynamic_port_range.tcp.ipv4"] || !seen["dynamic_port_range.udp.ipv6"] {
		t.Errorf("%v", seen)
	}
	udp, _ := ByAttribute("dynamic_port_range.udp.ipv6")
	if udp.Argument() != "dynamic_port_range.udp" || udp.ValueName != "UDP's dynamic port range (IPv6)" || udp.Pool.String() != "udp/ipv6" || udp.Restart {
		t.Errorf("%+v", udp)
	}
	if _, ok := ByValueName("dynamic_port_range.udp.ipv6"); ok {
		t.Error("a range is no registry value")
	}
}

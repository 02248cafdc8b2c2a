package tcpip

import (
	"regexp"
	"strings"
	"testing"
)

func TestCatalogueRowsAreComplete(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]bool{}
	for _, p := range Catalogue {
		if !snake.MatchString(p.Attribute) {
			t.Errorf("%s: the attribute is not snake_case", p.Attribute)
		}
		if got := strings.ReplaceAll(p.Attribute, "_", ""); !strings.EqualFold(got, p.ValueName) {
			t.Errorf("%s: not named after the registry value %s", p.Attribute, p.ValueName)
		}
		if p.Min > p.Max || p.Unit == "" || p.Summary == "" || p.Versions == "" || p.Source == "" || len(p.Defaults) == 0 {
			t.Errorf("%s: the row lacks a range, unit, summary, versions, source or default", p.Attribute)
		}
		for i := 1; i < len(p.Defaults); i++ {
			if p.Defaults[i-1].Since >= p.Defaults[i].Since {
				t.Errorf("%s: defaults are not in the order of builds", p.Attribute)
			}
		}
		key := strings.ToLower(p.ValueName)
		if seen[key] || seen[p.Attribute] {
			t.Errorf("%s stands twice in the catalogue", p.ValueName)
		}
		seen[key], seen[p.Attribute] = true, true
	}
}

// The ranges are the contract with the user: they are repeated here so that a
// slip in the table is seen.
func TestRanges(t *testing.T) {
	want := map[string][2]uint32{
		"tcp_timed_wait_delay":         {30, 300},
		"max_user_port":                {5000, 65534},
		"strict_time_wait_seq_check":   {0, 1},
		"tcp_max_data_retransmissions": {0, 0xffffffff},
		"keep_alive_time":              {1, 0xffffffff},
		"keep_alive_interval":          {1, 0xffffffff},
		"tcp_num_connections":          {0, 0xfffffe},
	}
	if len(Catalogue) != len(want) {
		t.Fatalf("the catalogue has %d rows, this test knows %d", len(Catalogue), len(want))
	}
	for _, p := range Catalogue {
		if got := [2]uint32{p.Min, p.Max}; got != want[p.Attribute] {
			t.Errorf("%s: range %v, want %v", p.Attribute, got, want[p.Attribute])
		}
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		attribute string
		number    int64
		want      string // part of the error; empty: accepted
	}{
		{"tcp_timed_wait_delay", 30, ""},
		{"tcp_timed_wait_delay", 300, ""},
		{"tcp_timed_wait_delay", 29, "29 is 0x1d, outside its range 30 to 300 (seconds)"},
		{"tcp_timed_wait_delay", 301, "301 is 0x12d, outside"},
		{"tcp_timed_wait_delay", 30000, "did you mean 30? The unit is seconds"},
		{"tcp_timed_wait_delay", -30, "-30 is negative"},
		{"tcp_timed_wait_delay", 600, "600 is 0x258, outside its range 30 to 300 (seconds)"},
		{"tcp_timed_wait_delay", 768, "(seconds): did you mean 300?"},
		{"max_user_port", 65534, ""},
		{"max_user_port", 65535, "65535 is 0xffff, outside its range 5000 to 65534"},
		{"max_user_port", 415028, "max_user_port 415028 is 0x65534, outside its range 5000 to 65534 (port number): did you mean 65534?"},
		{"strict_time_wait_seq_check", 0, ""},
		{"strict_time_wait_seq_check", 2, "outside its range 0 to 1"},
		{"keep_alive_time", 0, "outside its range 1 to 4294967295 (milliseconds)"},
		{"keep_alive_time", 0x7fffffff, ""},
		{"keep_alive_time", 0x80000000, ""},
		{"keep_alive_time", 0xffffffff, ""},
		{"keep_alive_time", 0x100000000, "outside"},
		{"tcp_num_connections", 0xfffffe, ""},
		{"tcp_num_connections", 0xffffff, "16777215 is 0xffffff, outside"},
	}
	for _, tt := range tests {
		p, ok := ByAttribute(tt.attribute)
		if !ok {
			t.Fatalf("no parameter %s", tt.attribute)
		}
		err := p.Check(tt.number)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s = %d refused: %v", tt.attribute, tt.number, err)
			}
			continue
		}
		if err != nil && !strings.Contains(tt.want, "mean") && strings.Contains(err.Error(), "mean") {
			t.Errorf("%s = %d: a guess without need: %v", tt.attribute, tt.number, err)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s = %d: error %v, want one with %q", tt.attribute, tt.number, err, tt.want)
		}
	}
}

func TestByValueNameIgnoresCase(t *testing.T) {
	if p, ok := ByValueName("TCPTIMEDWAITDELAY"); !ok || p.Attribute != "tcp_timed_wait_delay" {
		t.Errorf("TCPTIMEDWAITDELAY found %q, %v", p.Attribute, ok)
	}
	if p, ok := ByValueName("TcpTimeWaitDelay"); ok {
		t.Errorf("the misspelled TcpTimeWaitDelay was taken for %s", p.Attribute)
	}
}

func TestDefaultOn(t *testing.T) {
	p, _ := ByAttribute("tcp_timed_wait_delay")
	tests := []struct {
		build Build
		value uint32
		known bool
		found bool
	}{
		{1381, 0, false, false},
		{Windows2000, 240, true, true},
		{Server2003, 120, true, true},
		{Server2008, 240, false, true},
		{Server2025, 240, false, true},
	}
	for _, tt := range tests {
		d, ok := p.DefaultOn(tt.build)
		if ok != tt.found || d.Value != tt.value || d.Known != tt.known {
			t.Errorf("build %d: %+v, %v", tt.build, d, ok)
		}
	}
}

func TestHasDynamicPortRange(t *testing.T) {
	if Server2003.HasDynamicPortRange() || !Server2008.HasDynamicPortRange() {
		t.Error("the dynamic port range begins with Vista and Server 2008")
	}
}

package provider

import (
	"testing"
	"time"
)

// A journal is of the run that died only if nothing speaks against it.
func TestWindowsCoreOurs(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	record := coreRecord{Started: began, Values: []coreFoundValue{{Attribute: "keep_alive_time", Found: "absent"}, {Attribute: "keep_alive_interval", Found: "REG_DWORD 7"}},
		Ranges: map[string]coreSpan{"ipv4": {49152, 16384}}}
	type held = map[string]string
	for name, tt := range map[string]struct {
		known, owner string
		since        string
		original     held
		want         bool
	}{
		"the owner is known":         {"A", "A", "2020-01-02T03:04:05Z", nil, true},
		"another owner":              {"A", "B", "2026-01-02T03:04:05Z", held{"keep_alive_time": "absent"}, false},
		"in its time":                {"", "B", "2026-01-02T03:04:05Z", held{"keep_alive_time": "absent", "dynamic_port_range.tcp.ipv4": "49152+16384"}, true},
		"before it":                  {"", "B", "2026-01-02T03:04:04Z", held{"keep_alive_time": "absent"}, false},
		"long after it":              {"", "B", "2026-01-02T03:20:00Z", held{"keep_alive_time": "absent"}, false},
		"a value that it never took": {"", "B", "2026-01-02T03:04:06Z", held{"keep_alive_time": "absent", "max_user_port": "absent"}, false},
		"another number before":      {"", "B", "2026-01-02T03:04:06Z", held{"keep_alive_interval": "REG_DWORD 8"}, false},
		"nothing":                    {"", "B", "2026-01-02T03:04:06Z", nil, false},
		"no time":                    {"", "B", "", held{"keep_alive_time": "absent"}, false},
	} {
		record.Owner = tt.known
		var now coreAudit
		now.Managed = &struct {
			Owner    string            `json:"owner"`
			Since    string            `json:"since"`
			Original map[string]string `json:"original"`
		}{tt.owner, tt.since, tt.original}
		if got := record.ours(now); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
	if record.ours(coreAudit{}) {
		t.Error("without a journal")
	}
}

package tuning

import (
	"strings"
	"testing"
	"time"
)

const (
	uuidA = "4C4C4544-0042-4C10-8054-B7C04F4D3232"
	uuidB = "12345678-0000-0000-0000-000000000001"
)

func TestUsableUUID(t *testing.T) {
	for text, want := range map[string]string{
		uuidA:                                  uuidA,
		strings.ToLower(uuidA):                 uuidA,
		" " + uuidA + "\r\n":                   uuidA,
		"{" + uuidA + "}":                      uuidA,
		"00000000-0000-0000-0000-000000000001": "00000000-0000-0000-0000-000000000001",
		"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFE": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFE",
		// What tells no machines apart.
		"":                                     "",
		"00000000-0000-0000-0000-000000000000": "",
		"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF": "",
		"ffffffff-ffff-ffff-ffff-ffffffffffff": "",
		"03000200-0400-0500-0006-000700080009": "",
		"00020003-0004-0005-0006-000700080009": "",
		// What is no UUID.
		"To Be Filled By O.E.M.":                "",
		"Not Settable":                          "",
		"4C4C454400424C108054B7C04F4D3232":      "",
		"4C4C4544-0042-4C10-8054-B7C04F4D323":   "",
		"4C4C4544-0042-4C10-8054-B7C04F4D32321": "",
		"4C4C454-40042-4C10-8054-B7C04F4D3232":  "",
		"4C4C4544-0042-4C10-8054B-7C04F4D3232":  "",
		"4C4C4544-0042-4C10-8054-B7C04F4D323G":  "",
		"4C4C4544-0042-4C10-8054-B7C04F4D32é":   "",
		"4C4C4544-0042-4C10-8054-B7C0-4F4D3232": "",
		uuidA + uuidA:                           "",
		strings.Repeat("-", 36):                 "",
		strings.Repeat("A", 1<<20):              "",
	} {
		if got := UsableUUID(text); got != want {
			t.Errorf("%.60q gives %q, want %q", text, got, want)
		}
	}
}

// The same UUID under another name is the same machine; another UUID under the
// same name is not; without one the name decides, and another name decides nothing.
func TestKinship(t *testing.T) {
	machine := func(uuid, computer string) Machine { return Machine{UUID: uuid, Computer: computer} }
	for _, tt := range []struct {
		name           string
		here, recorded Machine
		want           kinship
	}{
		{"the same", machine(uuidA, "MAIL01"), machine(uuidA, "MAIL01"), same},
		{"renamed", machine(uuidA, "MAIL02"), machine(uuidA, "MAIL01"), same},
		{"cloned", machine(uuidB, "MAIL02"), machine(uuidA, "MAIL01"), clone},
		{"cloned, not yet renamed", machine(uuidB, "MAIL01"), machine(uuidA, "MAIL01"), clone},
		{"no UUID, same name", machine("", "MAIL01"), machine("", "mail01"), same},
		{"neither UUID nor name", machine("", ""), machine("", ""), unknown},
		{"no UUID, another name", machine("", "MAIL02"), machine("", "MAIL01"), unknown},
		{"a UUID by now, same name", machine(uuidA, "MAIL01"), machine("", "MAIL01"), same},
		{"a UUID by now, another name", machine(uuidA, "MAIL02"), machine("", "MAIL01"), unknown},
		{"no UUID any more, same name", machine("", "MAIL01"), machine(uuidA, "MAIL01"), same},
		{"no UUID any more, another name", machine("", "MAIL02"), machine(uuidA, "MAIL01"), unknown},
	} {
		tt.here.Installed = time.Unix(1e9, 0) // another Windows is still the same machine
		if got := tt.here.kin(tt.recorded); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// Two names of one machine share a lock, two machines of one name do not.
func TestMachineKey(t *testing.T) {
	a, renamed, clone := Machine{UUID: uuidA, Computer: "MAIL01"}, Machine{UUID: uuidA, Computer: "MAIL02"}, Machine{UUID: uuidB, Computer: "MAIL01"}
	if a.Key() != renamed.Key() || a.Key() == clone.Key() {
		t.Errorf("%s, renamed %s, clone %s", a.Key(), renamed.Key(), clone.Key())
	}
	if lower, upper := (Machine{Computer: "mail01"}), (Machine{Computer: "MAIL01"}); lower.Key() != upper.Key() || lower.Key() == "" {
		t.Errorf("%q and %q", lower.Key(), upper.Key())
	}
}

package winhost

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// ReservedPorts rules on Windows Server 2003 only, and as a REG_MULTI_SZ only.
func TestReadFactsReservedPorts(t *testing.T) {
	for name, c := range map[string]struct {
		profile winsim.Profile
		set     func(*winsim.Host)
		want    []string
	}{
		"absent":     {winsim.Server2003(), func(*winsim.Host) {}, nil},
		"two":        {winsim.Server2003(), func(sim *winsim.Host) { sim.SetMultiString("reservedports", "1433-1433", "x & <y>") }, []string{"1433-1433", "x & <y>"}},
		"none in it": {winsim.Server2003(), func(sim *winsim.Host) { sim.SetMultiString("ReservedPorts") }, []string{}},
		"a REG_SZ":   {winsim.Server2003(), func(sim *winsim.Host) { sim.SetString("ReservedPorts", "1433-1433") }, nil},
		"later":      {winsim.Server2008R2(), func(sim *winsim.Host) { sim.SetMultiString("ReservedPorts", "1433-1433") }, nil},
	} {
		for seed := int64(1); seed <= 4; seed++ {
			sim := winsim.Start(t, c.profile, winsim.Seed(seed))
			c.set(sim)
			if f := readFacts(t, sim, audit.PartValues); !reflect.DeepEqual(f.ReservedPorts, c.want) || f.Missing != nil {
				t.Errorf("%s, seed %d: %q, %+v", name, seed, f.ReservedPorts, f.Missing)
			}
		}
	}
	sim := winsim.Start(t, winsim.Server2003())
	sim.SetMultiString("ReservedPorts", "1433-1433")
	sim.Intercept(refuse("GetMultiStringValue"))
	if f := readFacts(t, sim, audit.PartValues); f.ReservedPorts != nil || f.Values == nil || why(f, "reserved ports") == "" {
		t.Errorf("denied: %+v", f)
	}
	sim.Intercept(nil)
	sim.SetMultiString("ReservedPorts", slices.Repeat([]string{"1-1"}, maxReserved+1)...)
	if f := readFacts(t, sim, audit.PartValues); f.ReservedPorts != nil || !strings.Contains(why(f, "reserved ports"), "more than") {
		t.Errorf("too many: %+v", f.Missing)
	}
}

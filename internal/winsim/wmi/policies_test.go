package wmi

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

const tcpip = `SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`

// policed has two objects that set one value, and a third one elsewhere.
func policed(p profile.Profile, seed int64, results string) *Machine {
	m := machine(p, seed)
	m.Shape.PolicyResults = results
	facts := m.Facts()
	facts.Policies = []Policy{
		{tcpip, "KeepAliveTime", 300000, "Servers & <baseline>"},
		{strings.ToLower(tcpip), "keepalivetime", 0xfffefdfc, "Baseline of the mail servers"},
		{`SOFTWARE\Policies`, "KeepAliveTime", 1, "Servers & <baseline>"},
	}
	m.Facts = func() Facts { return facts }
	return m
}

func TestPolicyResults(t *testing.T) {
	path := regexp.MustCompile(`^CN=(\{[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\}),CN=POLICIES,CN=SYSTEM,DC=CONTOSO,DC=COM$`)
	spelt := map[bool]bool{}
	for seed := int64(1); seed <= 3; seed++ {
		for _, p := range []profile.Profile{profile.Server2003, profile.Server2008R2, profile.Server2025} {
			m := policed(p, seed, "read")
			// The key without regard to case, its backslashes doubled.
			items, fault := collect(m, "ROOT/rsop/Computer", `select registryKey, valueName, GPOID, precedence, value, valueType, deleted from RSOP_RegistryPolicySetting where registryKey = 'system\\CURRENTCONTROLSET\\services\\tcpip\\parameters'`)
			if fault != nil || len(items) != 2 {
				t.Fatalf("%v, %s", fault, items)
			}
			for name, want := range map[string]string{"valueName": "KeepAliveTime keepalivetime", "precedence": "2 1", "valueType": "4 4", "deleted": "false false"} {
				if got := strings.Join(values(items, name), " "); got != want {
					t.Errorf("%s, seed %d: %s is %s, want %s", p.Key, seed, name, got, want)
				}
			}
			for i, want := range []string{"224 147 4 0", "252 253 254 255"} {
				var bytes []string
				for _, found := range regexp.MustCompile(`<(?:\w+:)?value>(\d+)<`).FindAllStringSubmatch(items[i], -1) {
					bytes = append(bytes, found[1])
				}
				if got := strings.Join(bytes, " "); got != want {
					t.Errorf("%s, seed %d: the data is %s, want %s", p.Key, seed, got, want)
				}
			}
			ids := values(items, "GPOID")
			objects, _ := collect(m, "root/rsop/computer", "select id, name, guidName from RSOP_GPO")
			if got := values(objects, "name"); !slices.Equal(got, []string{"Servers &amp; &lt;baseline&gt;", "Baseline of the mail servers"}) {
				t.Errorf("objects %q", got)
			}
			for i, id := range values(objects, "id") {
				found := path.FindStringSubmatch(ids[i])
				if found == nil || !strings.EqualFold(id, ids[i]) || found[1] != values(objects, "guidName")[i] {
					t.Errorf("GPOID %s, id %s, %s", ids[i], id, objects[i])
				}
				spelt[id == ids[i]] = true
			}
			if ids[0] == ids[1] {
				t.Error("two objects have one id")
			}
		}
	}
	if len(spelt) != 2 {
		t.Errorf("id is spelt as GPOID: %v", spelt)
	}
}

func TestWhoMayReadPolicyResults(t *testing.T) {
	const query, here = "select GPOID from RSOP_RegistryPolicySetting", "root/rsop/computer"
	for _, results := range []string{"denied", "missing"} {
		codes := map[uint32]bool{}
		for seed := int64(1); seed <= 2; seed++ {
			_, fault := collect(policed(profile.Server2019, seed, results), here, query)
			if fault == nil {
				t.Fatalf("%s: no fault", results)
			}
			codes[fault.Code] = true
			if want := map[string]uint32{"denied": 0x80041003, "missing": 0x8004100E}[results]; fault.WMI.Code != want || (fault.Subcode == "w:AccessDenied") != (results == "denied") {
				t.Errorf("%s: %+v", results, fault)
			}
		}
		if want := map[string]int{"denied": 2, "missing": 1}[results]; len(codes) != want {
			t.Errorf("%s: codes %v", results, codes)
		}
	}
	if items, fault := collect(policed(profile.Server2019, 1, "read"), "root/cimv2", query); fault == nil {
		t.Errorf("the class is in another namespace too: %s", items)
	}
}

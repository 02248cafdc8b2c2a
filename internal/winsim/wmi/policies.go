package wmi

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
)

// policyResults is the namespace of what Group Policy has set for the computer (documented).
const policyResults = "root/rsop/computer"

// Policy is a REG_DWORD that a Group Policy object sets; GPO is its name.
type Policy struct {
	Key, Name string
	Number    uint32
	GPO       string
}

// gpo gives an object's GUID, made of its name, and its path in the directory. Both capitals and small letters were reported
// of the path.
func gpo(name string) (guid, path string) {
	guid = fmt.Sprintf("{%08X-016D-11D2-945F-00C04FB984F9}", crc32.ChecksumIEEE([]byte(name)))
	return guid, "CN=" + guid + ",CN=POLICIES,CN=SYSTEM,DC=CONTOSO,DC=COM"
}

// registryPolicy has the keys without their hive (reported). Of two objects that set one value the last one wins, which has
// the precedence 1 (documented: RSOP_PolicySetting).
var registryPolicy = &Class{
	Name: "RSOP_RegistryPolicySetting", unrecorded: true,
	Properties: properties("deleted? GPOID id precedence# registryKey value valueName valueType#"),
	rows: func(m *Machine) table {
		policies := m.Facts().Policies
		return table{len(policies), func(i int, row Row) {
			p, precedence := policies[i], int64(1)
			for _, later := range policies[i+1:] {
				if strings.EqualFold(later.Key, p.Key) && strings.EqualFold(later.Name, p.Name) {
					precedence++
				}
			}
			_, path := gpo(p.GPO)
			copy(row, Row{false, path, fmt.Sprint(i), precedence, p.Key, binary.LittleEndian.AppendUint32(nil, p.Number), p.Name, int64(registry.DWORD)})
		}}
	},
}

var policyObject = &Class{
	Name: "RSOP_GPO", unrecorded: true,
	Properties: properties("accessDenied? enabled? guidName id name version#"),
	rows: func(m *Machine) table {
		var rows []Row
		for _, p := range m.Facts().Policies {
			guid, path := gpo(p.GPO)
			if m.Shape.SmallGPO { // assumed
				path = strings.ToLower(path)
			}
			if !slices.ContainsFunc(rows, func(r Row) bool { return r[2] == guid }) {
				rows = append(rows, Row{false, true, guid, path, p.GPO, int64(65537)})
			}
		}
		return tableOf(rows...)
	},
}

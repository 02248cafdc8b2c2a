package winhost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// namespacePolicies is where the resultant set of policy of the computer is kept, if
// Windows logs it (Microsoft, "RSoP WMI Classes"). Who may read it over WS-Management
// is not documented.
const namespacePolicies = `root/rsop/computer`

// maxPolicies bounds how many rows of either class are believed, and maxPolicyIDs how
// many objects are asked for by name.
const (
	maxPolicies  = 1000
	maxPolicyIDs = 20
)

// policyQuery selects what wins (precedence 1: Microsoft, "RSOP_PolicySetting class")
// of the tuning's key. Keys stand there without their hive [reported: Salt's lgpo_reg
// asks so]; WQL wants a backslash doubled and compares without case.
var policyQuery = "SELECT valueName, GPOID FROM RSOP_RegistryPolicySetting WHERE registryKey = '" +
	strings.ReplaceAll(tcpip.KeyPath, `\`, `\\`) + "' AND precedence = 1"

// policies reads which values Group Policy sets by administrative templates: one
// operation where it sets none. Preferences and security templates leave no such row.
func (r *factsRead) policies(ctx context.Context) error {
	found, ids := []audit.Policy{}, []string{}
	err := r.host.wsman.Enumerate(ctx, namespacePolicies, policyQuery, func(item wsman.Item) error {
		if len(found) == maxPolicies {
			return fmt.Errorf("the host has more than %d policies of this key", maxPolicies)
		}
		name, _ := item.Text("valueName")
		id, _ := item.Text("GPOID")
		found = append(found, audit.Policy{ValueName: Presentable(name), GPO: Presentable(id)})
		if isPolicyID(id) && !slices.Contains(ids, id) && len(ids) < maxPolicyIDs {
			ids = append(ids, id)
		}
		return nil
	})
	var fault *wsman.Fault
	if errors.As(err, &fault) && fault.UnknownClass() && !fault.AccessDenied() {
		return fmt.Errorf("the host keeps no results of Group Policy (%s)", namespacePolicies)
	}
	if err != nil {
		return err
	}
	names := map[string]string{}
	if len(ids) > 0 {
		if names, err = r.host.policyNames(ctx, ids); err != nil {
			if isOver(ctx, err) {
				return err
			}
			r.missing(audit.PartPolicies, "names of policies", err)
		}
	}
	for i := range found {
		if name := names[strings.ToLower(found[i].GPO)]; name != "" {
			found[i].GPO = name
		}
	}
	r.facts.Policies = found
	return nil
}

// policyNames reads the names of Group Policy objects, by their ids in lower case:
// RSOP_PolicySetting.GPOID is RSOP_GPO.id [reported: Microsoft's own consoles ask so];
// whether in the same letter case is not known.
func (h *Host) policyNames(ctx context.Context, ids []string) (map[string]string, error) {
	terms := make([]string, len(ids))
	for i, id := range ids {
		terms[i] = "id = '" + id + "'"
	}
	names, rows := map[string]string{}, 0
	err := h.wsman.Enumerate(ctx, namespacePolicies, "SELECT id, name FROM RSOP_GPO WHERE "+strings.Join(terms, " OR "), func(item wsman.Item) error {
		if rows++; rows > maxPolicies {
			return fmt.Errorf("the host has more than %d Group Policy objects of %d ids", maxPolicies, len(ids))
		}
		id, _ := item.Text("id")
		name, _ := item.Text("name")
		names[strings.ToLower(id)] = Presentable(name)
		return nil
	})
	return names, err
}

// isPolicyID tells whether a text has the form of an object's path in the directory,
// CN={GUID},CN=Policies,CN=System,DC=…, or is LocalGPO, so that it may stand in a query.
// What the host says else is shown, and not asked for.
func isPolicyID(text string) bool {
	other := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("{}=,.- ", c)
	}
	return text != "" && len(text) <= 512 && !strings.ContainsFunc(text, other)
}

package winhost

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// What a policy sets comes with the policy's name; what loses, and other keys, do not.
func TestPolicies(t *testing.T) {
	for _, profile := range winsim.Profiles() {
		for seed := int64(1); seed <= 4; seed++ {
			sim := winsim.Start(t, profile, winsim.Seed(seed), winsim.PolicyResults("read"))
			if f := readFacts(t, sim, audit.PartPolicies); f.Policies == nil || len(f.Policies) != 0 {
				t.Errorf("%s, seed %d: without any: %v, %+v", profile.Key, seed, f.Policies, f.Missing)
			}
			sim.SetPolicy(strings.ToUpper(winsim.TCPIPParameters), "KeepAliveTime", 300000, "Loses")
			sim.SetPolicy(winsim.TCPIPParameters, "keepalivetime", 300000, "MSS <legacy> & others")
			sim.SetPolicy(winsim.TCPIPParameters, "TcpMaxDataRetransmissions", 3, "Baseline")
			sim.SetPolicy(winsim.TCPIPParameters+`\Interfaces`, "KeepAliveInterval", 1, "Baseline")
			f := readFacts(t, sim, audit.PartPolicies)
			want := []audit.Policy{{ValueName: "keepalivetime", GPO: "MSS <legacy> & others"}, {ValueName: "TcpMaxDataRetransmissions", GPO: "Baseline"}}
			if !slices.Equal(f.Policies, want) || f.Missing != nil {
				t.Errorf("%s, seed %d: %v, %+v", profile.Key, seed, f.Policies, f.Missing)
			}
		}
	}
}

// Where the results may not be read, or were never made, that is said: it is not known
// that no policy sets anything.
func TestPoliciesThatCannotBeRead(t *testing.T) {
	for _, how := range []string{"denied", "missing"} {
		for seed := int64(1); seed <= 4; seed++ {
			sim := winsim.Start(t, winsim.Server2022(), winsim.Seed(seed), winsim.PolicyResults(how))
			sim.SetPolicy(winsim.TCPIPParameters, "KeepAliveTime", 300000, "MSS")
			f := readFacts(t, sim, audit.PartPolicies|audit.PartRole)
			if f.Policies != nil || why(f, "policies") == "" || f.System.DomainRole == nil {
				t.Errorf("%s, seed %d: %v, %+v", how, seed, f.Policies, f.Missing)
			}
		}
	}
}

// A policy whose name cannot be had goes by its id, and an id that is none is shown but
// never put into a query.
func TestPoliciesWithoutNames(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("read"))
	sim.SetPolicy(winsim.TCPIPParameters, "KeepAliveTime", 300000, "MSS")
	sim.Intercept(refuse("RSOP_GPO"))
	f := readFacts(t, sim, audit.PartPolicies)
	if len(f.Policies) != 1 || !strings.HasPrefix(f.Policies[0].GPO, "CN={") || why(f, "names of policies") == "" {
		t.Errorf("%v, %+v", f.Policies, f.Missing)
	}
	asked := ""
	sim.Intercept(func(call winsim.Call) winsim.Action {
		asked += call.WQL + "\n"
		return winsim.Proceed
	})
	element := regexp.MustCompile(`(<(?:\w+:)?GPOID>)[^<]*`)
	for id, want := range map[string]string{
		"x' OR id &lt;&gt; '": "x' OR id <> '", "a\u202e": `a\u202e`, "": "", `a\`: `a\`, strings.Repeat("x", 513): strings.Repeat("x", 513),
	} {
		sim.RewriteItems(func(item string) string { return element.ReplaceAllString(item, "${1}"+id) })
		if f := readFacts(t, sim, audit.PartPolicies); len(f.Policies) != 1 || f.Policies[0].GPO != want || f.Missing != nil {
			t.Errorf("%q: %v, %+v", id, f.Policies, f.Missing)
		}
	}
	if strings.Contains(asked, "RSOP_GPO") {
		t.Errorf("asked: %s", asked)
	}
}

// Names are asked for of a bounded number of policies.
func TestManyPolicies(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("read"))
	names := "abcdefghijklmnopqrstuvwxyz"
	for _, c := range names {
		sim.SetPolicy(winsim.TCPIPParameters, "Value"+string(c), 1, string(c))
	}
	many := winsim.Start(t, winsim.Server2022(), winsim.PolicyResults("read"))
	for _, c := range names {
		many.SetPolicy(winsim.TCPIPParameters, "Value"+string(c), 1, "one")
	}
	many.SetPolicy(winsim.TCPIPParameters, "Last", 1, "the other")
	if f := readFacts(t, many, audit.PartPolicies); len(f.Policies) != len(names)+1 || f.Policies[0].GPO != "one" || f.Policies[len(names)].GPO != "the other" {
		t.Errorf("many values of one policy: %v", f.Policies)
	}
	f := readFacts(t, sim, audit.PartPolicies)
	named := 0
	for _, p := range f.Policies {
		if len(p.GPO) == 1 && strings.HasSuffix(p.ValueName, p.GPO) {
			named++
		}
	}
	if len(f.Policies) != len(names) || named != maxPolicyIDs {
		t.Errorf("%d policies, %d with their names", len(f.Policies), named)
	}
}

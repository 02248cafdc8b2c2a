package provider

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// isOpenTofu tells the two CLIs apart, for the few things in which they differ.
func (c *cli) isOpenTofu() bool {
	c.t.Helper()
	return strings.HasPrefix(c.must(0, "version"), "OpenTofu")
}

// kept is what the state file holds of the resource beside its attributes: private
// state and, with OpenTofu, the identity.
func (c *cli) kept() string {
	c.t.Helper()
	var state struct {
		Resources []struct {
			Type      string `json:"type"`
			Instances []struct {
				Private  string            `json:"private"`
				Identity map[string]string `json:"identity"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal([]byte(c.read("terraform.tfstate")), &state); err != nil {
		c.t.Fatal(err)
	}
	for _, resource := range state.Resources {
		if resource.Type == "windows_tcpip_tuning" && len(resource.Instances) == 1 && resource.Instances[0].Private != "" {
			return fmt.Sprintf("%s %v", resource.Instances[0].Private, resource.Instances[0].Identity)
		}
	}
	c.t.Fatal("state has no single resource with private state")
	return ""
}

// identity demands the identity that state has: OpenTofu keeps it, Terraform 1.11
// does not.
func (c *cli) identity(want string) {
	c.t.Helper()
	if !c.isOpenTofu() {
		want = "map[]"
	}
	if got := c.kept(); !strings.HasSuffix(got, " "+want) {
		c.t.Errorf("state keeps %q, want the identity %s", got, want)
	}
}

// The identity is the host in lower case, whatever the configuration calls it, and
// stays through refresh and update.
func TestAccIdentity(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	upper, want := "LocalHost"+port(host.HTTPAddr()), "map[host:localhost"+port(host.HTTPAddr())+"]"
	c := newCLI(t, sealed(host)+tuned(upper, "tcp_timed_wait_delay = 30"))
	c.must(0, "apply", "-auto-approve")
	c.identity(want)
	c.refreshed()
	c.identity(want)
	c.config(sealed(host) + tuned(strings.ToUpper(upper), "tcp_timed_wait_delay = 60"))
	c.must(0, "apply", "-auto-approve")
	c.identity(want)
	if got := c.inState()[0].Attributes["host"]; got != upper {
		t.Errorf("host is %v in state: state's spelling stays", got)
	}
	c.must(0, "plan", "-detailed-exitcode")
}

// By its identity OpenTofu imports a host; Terraform 1.11 does not know of it.
func TestAccImportByIdentity(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 30)
	name := "localhost" + port(host.HTTPAddr())
	named := sealed(host) + tuned(name, "tcp_timed_wait_delay = 30")
	c := newCLI(t, named+fmt.Sprintf("import {\n  to       = %s\n  identity = { host = %q }\n}\n", address, name))
	if !c.isOpenTofu() {
		tells(t, unbroken(c.must(1, "plan", "-no-color")), `The argument "id" is required`, `An argument named "identity" is not expected here`)
		return
	}
	tells(t, c.must(2, "plan", "-detailed-exitcode", "-no-color"), "1 to import, 0 to add, 0 to change, 0 to destroy")
	c.must(0, "apply", "-auto-approve")
	c.remembers(originals{"tcp_timed_wait_delay": "REG_DWORD 30"})
	c.identity("map[host:" + name + "]")
	c.must(0, "plan", "-detailed-exitcode")
	if n := host.Counters().Writes; n != 0 {
		t.Errorf("an import wrote %d times", n)
	}
	for identity, want := range map[string]string{
		`{ host = "https://localhost" }`: "Invalid import id",
		`{ host = "" }`:                  "Invalid import id",
		`{ name = "localhost" }`:         "identity",
	} {
		other := newCLI(t, named+fmt.Sprintf("import {\n  to       = %s\n  identity = %s\n}\n", address, identity))
		tells(t, unbroken(other.must(1, "plan", "-no-color")), want)
	}
}

// An import id in another letter case names the same host: nothing to change.
func TestAccImportInAnotherLetterCase(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("MaxUserPort", 65534)
	lower := "localhost" + port(host.HTTPAddr())
	for form, bring := range map[string]func(c *cli, config string){
		"command": func(c *cli, _ string) { c.must(0, "import", address, strings.ToUpper(lower)) },
		"block": func(c *cli, config string) {
			c.config(config + fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, strings.ToUpper(lower)))
			tells(t, c.must(2, "plan", "-detailed-exitcode", "-no-color"), "1 to import, 0 to add, 0 to change, 0 to destroy")
			c.must(0, "apply", "-auto-approve")
			c.config(config)
		},
	} {
		t.Run(form, func(t *testing.T) {
			config := sealed(host) + tuned(lower, "max_user_port = 65534")
			c := newCLI(t, config)
			bring(c, config)
			c.must(0, "plan", "-detailed-exitcode")
			c.identity("map[host:" + lower + "]")
			if got := c.inState()[0].Attributes["host"]; got != strings.ToUpper(lower) {
				t.Errorf("host is %v in state", got)
			}
		})
	}
	if n := host.Counters().Writes; n != 0 {
		t.Errorf("imports wrote %d times", n)
	}
}

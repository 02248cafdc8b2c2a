package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// What ignore_changes hides from the plan is listed all the same, and is no drift.
func TestAccDriftScriptListsWhatIsIgnored(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30", "max_user_port = 65534", "lifecycle {\n ignore_changes = [max_user_port]\n}"))
	c.must(0, "apply", "-auto-approve")
	if out := c.drift(0); strings.Contains(out, "IGNORED") {
		t.Errorf("nothing has changed: %s", out)
	}
	host.SetDWORD("MaxUserPort", 5000)
	says(t, c.drift(0), "SEEN, AND IGNORED", "  max_user_port  65534  5000\n", "clean: hosts read: 1,")
	host.SetDWORD("TcpTimedWaitDelay", 240)
	says(t, c.drift(2), "  max_user_port  65534  5000\n", "  tcp_timed_wait_delay  240  30\n")
}

// A host that is in state and was not read is not checked, however that came about.
func TestAccDriftScriptMissesUnreadHosts(t *testing.T) {
	t.Parallel()
	hosts := startFleet(t, 3, 200)
	fleet := func(name string) string {
		return sealed(hosts[0]) + fleetOf(name, hosts, "tcp_timed_wait_delay = 30")
	}
	c := newCLI(t, fleet("mail"))
	c.must(0, "apply", "-auto-approve")
	says(t, c.drift(0), "clean: hosts read: 3,")
	c.config(fleet("post") + "moved {\n  from = windows_tcpip_tuning.mail\n  to   = windows_tcpip_tuning.post\n}\n")
	says(t, c.drift(0), "hosts read: 3,")
	c.config(fleet("mail"))
	program := c.path
	c.path = filepath.Join(c.dir, "wrapped")
	script := "#!/bin/sh\n[ \"$1\" != plan ] || { shift; set -- plan -refresh=false \"$@\"; }\nexec " + program + " \"$@\"\n"
	if err := os.WriteFile(c.path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	says(t, c.drift(1), "NOT CHECKED", hosts[0].HTTPAddr())
	c.path = program
	c.env = append(c.env, `TF_CLI_ARGS_plan=-ref"resh=false"`)
	c.drift(1)
}

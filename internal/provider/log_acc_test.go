package provider

import (
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// The log is the audit trail: each write with what it was and what it becomes, and
// never the password.
func TestAccLog(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), "tcp_timed_wait_delay = 30"))
	c.env = append(c.env, "TF_LOG=INFO", "TF_LOG_PATH=log")
	c.must(0, "apply", "-auto-approve")
	c.must(0, "destroy", "-auto-approve")
	log := c.read("log")
	for _, want := range []string{
		"writing the journal: ", "writing TcpTimedWaitDelay: REG_DWORD 240 -> REG_DWORD 30", "host=" + host.HTTPAddr(),
		"writing TcpTimedWaitDelay: REG_DWORD 30 -> REG_DWORD 240", "removing the journal",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if strings.Contains(log, host.Password()) {
		t.Error("the password is in the log")
	}
}

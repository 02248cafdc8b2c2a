package provider

import (
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// A host that begins to answer and then hangs holds up a plan for five seconds and no
// more, whatever is cleaned up on it then. The bound here is generous: it tells five
// seconds from the minute of one operation.
func TestAccForesightOfAHostThatHangs(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "Receive" || call.Method == "Delete" {
			return winsim.Hang
		}
		return winsim.Proceed
	})
	c := newCLI(t, sealed(host)+tuned(host.HTTPAddr(), ranged("tcp", 10000, 55536)))
	began := time.Now()
	tells(t, c.foreseen(), host.HTTPAddr()+": not looked at before this change", "longer than 5s")
	if took := time.Since(began); took > 40*time.Second {
		t.Errorf("the plan took %s", took)
	}
}

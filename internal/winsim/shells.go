package winsim

import (
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/shell"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/wmi"
)

func (h *Host) newShells() (*shell.Shells, error) {
	return shell.New(shell.Machine{
		Profile: h.machine.Profile, Shape: h.machine.Shape, Language: h.settings.language, Registry: h.machine.Registry,
		Now: func() time.Time { now, _ := h.clock.steady(); return now }, Stack: h.Stack, SetRange: h.setRange,
	})
}

// shellOperation understands a request for the shell; ok is false where r is for something else. A host without a shell
// does not know the resource, or not what to do with it (assumed, by seed).
func (h *Host) shellOperation(r soap.Request, user string) (op *operation, fault *soap.Fault, ok bool) {
	if !strings.EqualFold(r.ResourceURI, shell.URI) || !h.machine.Profile.HasShell && !h.machine.Shape.NoShellAction {
		return nil, nil, false
	}
	name, known := shell.Operation(r.Action)
	if !known || !h.machine.Profile.HasShell {
		return nil, wmi.UnknownAction(r.Action), true
	}
	return &operation{
		call: Call{Method: name, Command: shell.CommandLine(r)}, replyAction: r.Action + "Response",
		do: func() (string, *soap.Fault) { return h.shells.Do(name, r, user) },
	}, nil, true
}

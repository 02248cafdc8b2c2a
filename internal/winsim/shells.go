package winsim

import (
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/shell"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/wmi"
)

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

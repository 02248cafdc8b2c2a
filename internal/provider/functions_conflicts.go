package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

var _ function.Function = portRangeConflicts{}

// portRangeConflicts is provider::windows::port_range_conflicts.
type portRangeConflicts struct{}

func newPortRangeConflicts() function.Function { return portRangeConflicts{} }

func (portRangeConflicts) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "port_range_conflicts"
}

func (portRangeConflicts) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Which service ports are inside a port range",
		MarkdownDescription: "Returns those of the given ports that are inside a port range, sorted and each once; an empty list where none is. " +
			"A dynamic port range that contains a service's port can lend it to an outgoing connection, and the service does not start as long as it is taken.\n\n" +
			"It knows nothing but the numbers that it is given: neither what listens on a host nor which of the ports are reserved there. " +
			"A port that has to stay inside the range is protected by a reservation: `netsh int ipv4 add excludedportrange protocol=tcp startport=1433 numberofports=1 store=persistent` (on Windows Server 2003 by the registry value ReservedPorts).",
		Parameters: []function.Parameter{
			function.NumberParameter{Name: "start_port", MarkdownDescription: "The first port of the range; a whole number, 1 to 65535."},
			function.NumberParameter{Name: "number_of_ports", MarkdownDescription: "How many ports the range has; a whole number from 1. The last port is 65535 or below."},
			function.ListParameter{Name: "ports", ElementType: types.NumberType,
				MarkdownDescription: "The ports of the services; whole numbers, 1 to 65535. A set does as well."},
		},
		Return: function.ListReturn{ElementType: types.NumberType},
	}
}

func (portRangeConflicts) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var start, number types.Number
	var ports []types.Number
	if resp.Error = req.Arguments.Get(ctx, &start, &number, &ports); resp.Error != nil {
		return
	}
	r, err := conflictRange(start, number)
	if err != nil {
		resp.Error = err
		return
	}
	given := make([]uint16, 0, len(ports))
	for i, value := range ports {
		path := fmt.Sprintf("ports[%d]", i)
		switch {
		case value.IsUnknown(): // Terraform does not ask then; another caller of the protocol may
			resp.Error = resp.Result.Set(ctx, types.ListUnknown(types.NumberType))
			return
		case value.IsNull():
			resp.Error = argumentError(2, path+" is null. "+servicePort(path).advice)
			return
		}
		port, err := servicePort(path).check(2, value)
		if err != nil {
			resp.Error = err
			return
		}
		given = append(given, uint16(port)) // #nosec G115 -- check bounds it
	}
	conflicts := tcpip.Conflicts(r, given)
	if conflicts == nil {
		conflicts = []uint16{} // nil would be null
	}
	resp.Error = resp.Result.Set(ctx, conflicts)
}

// conflictRange is the range that the first two arguments give.
func conflictRange(start, number types.Number) (r tcpip.PortRange, err *function.FuncError) {
	first, err := conflictStart.check(0, start)
	if err != nil {
		return r, err
	}
	if r.Number, err = conflictNumber.check(1, number); err != nil {
		return r, err
	}
	r.Start = uint16(first) // #nosec G115 -- check bounds it
	if !r.Valid() {
		return r, argumentError(1, fmt.Sprintf("%d ports from start_port %d on end at %d, after the last port, 65535. Give number_of_ports %d or fewer.",
			r.Number, first, first+r.Number-1, 65536-first))
	}
	return r, nil
}

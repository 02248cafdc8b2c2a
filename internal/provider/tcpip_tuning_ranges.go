package provider

import (
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// The attributes of one range.
const (
	attrStartPort     = "start_port"
	attrNumberOfPorts = "number_of_ports"
)

// rangeTypes and rangesTypes are the types of one transport's range and of both.
var (
	rangeTypes  = map[string]attr.Type{attrStartPort: types.NumberType, attrNumberOfPorts: types.NumberType}
	rangesTypes = map[string]attr.Type{string(tcpip.TCP): types.ObjectType{AttrTypes: rangeTypes}, string(tcpip.UDP): types.ObjectType{AttrTypes: rangeTypes}}
)

// rangesSchema is the attribute dynamic_port_range.
func rangesSchema() schema.Attribute {
	of := func(transport string) schema.Attribute {
		return schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: fmt.Sprintf("The range of %s; not managed where it is not set. IPv4 and IPv6 are set alike.", transport),
			Attributes: map[string]schema.Attribute{
				attrStartPort: schema.NumberAttribute{Required: true,
					MarkdownDescription: fmt.Sprintf("The first port, %d to %d. Windows' default: %d.", tcpip.MinStartPort, 65536-tcpip.MinNumberOfPorts, tcpip.DefaultPortRange.Start)},
				attrNumberOfPorts: schema.NumberAttribute{Required: true,
					MarkdownDescription: fmt.Sprintf("How many ports, %d or more; the last one, start_port + number_of_ports - 1, is 65535 or before. Windows' default: %d.", tcpip.MinNumberOfPorts, tcpip.DefaultPortRange.Number)},
			},
		}
	}
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The dynamic port range: the ports that Windows hands out when a program asks for any port, on Windows Vista, Server 2008 and later. " +
			"Windows' default is " + tcpip.DefaultPortRange.String() + ". It is read and set by `netsh` in a WinRM shell, for IPv4 and IPv6 (`store=persistent`), and takes effect for new sockets without a restart, as is reported. " +
			"Windows Server 2003 has none: use `max_user_port` there. The two exclude each other, since which of them rules is not known. " +
			"Before you widen it read [the guide](../guides/widen-the-range): a wide range takes ports that services want. Source: KB929851.",
		Attributes: map[string]schema.Attribute{string(tcpip.TCP): of("TCP"), string(tcpip.UDP): of("UDP")},
	}
}

// transport gives the object of one transport: null where it is not set.
func (m tuningModel) transport(transport tcpip.Transport) types.Object {
	if m.Ranges.IsNull() {
		return types.ObjectNull(rangeTypes)
	}
	if object, ok := m.Ranges.Attributes()[string(transport)].(types.Object); ok {
		return object
	}
	return types.ObjectUnknown(rangeTypes)
}

// bounds gives the two numbers of one transport's range.
func (m tuningModel) bounds(transport tcpip.Transport) (start, number types.Number) {
	attributes := m.transport(transport).Attributes()
	start, _ = attributes[attrStartPort].(types.Number)
	number, _ = attributes[attrNumberOfPorts].(types.Number)
	return start, number
}

// portRange is the range of one transport; ok is false where it is not set, not
// known, or no range.
func (m tuningModel) portRange(transport tcpip.Transport) (r tcpip.PortRange, ok bool) {
	first, count := m.bounds(transport)
	start, startOK := natural(first)
	number, numberOK := natural(count)
	if !startOK || !numberOK || start > 65535 {
		return tcpip.PortRange{}, false
	}
	r = tcpip.PortRange{Start: uint16(start), Number: number}
	return r, r.Valid()
}

// configuredRange says whether a configuration sets a transport's range. One of which
// a number is unknown is set, but may still be wrong: it is looked at once more at
// apply.
func (m tuningModel) configuredRange(transport tcpip.Transport) tuning.Configured {
	switch object := m.transport(transport); {
	case object.IsUnknown():
		return tuning.Unknown
	case object.IsNull():
		return tuning.Null
	default:
		return tuning.Known
	}
}

// checkRanges refuses what netsh does not set, an empty block, and two controls of one
// thing. What is unknown passes: it is looked at again at apply.
func (m tuningModel) checkRanges() (diags diag.Diagnostics) {
	if m.Ranges.IsNull() {
		return nil
	}
	root := path.Root(tcpip.RangeAttribute)
	set := false
	for _, transport := range tcpip.Transports {
		object := m.transport(transport)
		set = set || !object.IsNull()
		if object.IsNull() || object.IsUnknown() {
			continue
		}
		start, number := m.bounds(transport)
		if start.IsUnknown() || number.IsUnknown() {
			continue
		}
		if err := checkRange(start, number); err != nil {
			diags.AddAttributeError(root.AtName(string(transport)), "Invalid "+tcpip.RangeAttribute+"."+string(transport), sentence(err))
		}
	}
	if !set && !m.Ranges.IsUnknown() {
		diags.AddAttributeError(root, "Invalid "+tcpip.RangeAttribute, "It is empty: set tcp, udp or both, or leave "+tcpip.RangeAttribute+" out. What is not set is not managed.")
	}
	if port := m.Numbers["max_user_port"]; set && !port.IsNull() && !port.IsUnknown() && !m.Ranges.IsUnknown() {
		diags.AddAttributeError(root, "max_user_port and dynamic_port_range exclude each other",
			"Both set the ports that Windows hands out, and which of them rules is not known where both are set. On Windows Server 2008 and later dynamic_port_range is the documented control: "+
				"remove max_user_port there. On Windows Server 2003 there is only max_user_port: remove dynamic_port_range. For a fleet of both, set one of them to null by a condition.")
	}
	return diags
}

func checkRange(start, number types.Number) error {
	if start.IsNull() || number.IsNull() {
		return fmt.Errorf("%s or %s is null: set both, or leave the whole range out", attrStartPort, attrNumberOfPorts)
	}
	first, exact := start.ValueBigFloat().Int64()
	if exact != big.Exact {
		return fmt.Errorf("%s %s is no whole number from %d to %d", attrStartPort, start.ValueBigFloat().Text('g', 20), tcpip.MinStartPort, 65536-tcpip.MinNumberOfPorts)
	}
	count, exact := number.ValueBigFloat().Int64()
	if exact != big.Exact {
		return fmt.Errorf("%s %s is no whole number from %d to %d", attrNumberOfPorts, number.ValueBigFloat().Text('g', 20), tcpip.MinNumberOfPorts, 65536-tcpip.MinStartPort)
	}
	return tcpip.CheckPortRange(first, count)
}

// rangesOf is the attribute as state has it: null where no range is managed.
func rangesOf(numbers tuning.Desired) types.Object {
	found, ranges := false, map[string]attr.Value{}
	for _, transport := range tcpip.Transports {
		ranges[string(transport)] = types.ObjectNull(rangeTypes)
		if r, ok := numbers[tcpip.Pool{Transport: transport}.Argument()].PortRange(); ok {
			found = true
			ranges[string(transport)] = basetypes.NewObjectValueMust(rangeTypes, map[string]attr.Value{attrStartPort: whole(uint32(r.Start)), attrNumberOfPorts: whole(r.Number)})
		}
	}
	if !found {
		return types.ObjectNull(rangesTypes)
	}
	return basetypes.NewObjectValueMust(rangesTypes, ranges)
}

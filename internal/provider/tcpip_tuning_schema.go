package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// tcpipTuningSchema has one optional number for each row of the catalogue.
func tcpipTuningSchema(ctx context.Context) schema.Schema {
	attributes := map[string]schema.Attribute{
		"host": schema.StringAttribute{
			Required:   true,
			Validators: []validator.String{hostValidator{}},
			PlanModifiers: []planmodifier.String{
				stringplanmodifier.RequiresReplaceIf(hostChanged, "another host", "another host"),
			},
			MarkdownDescription: "The host: `name`, `name:port` or `[IPv6 address]:port`. Default port 5985, 5986 with `https`. " +
				"It is the import id and, in lower case, the identity. A change undoes everything on the old host and sets up the new one; a change of letter case only is none.",
		},
		"on_destroy": schema.StringAttribute{
			Optional: true, Computed: true,
			Default:    stringdefault.StaticString(string(tuning.Restore)),
			Validators: []validator.String{onDestroyValidator{}},
			MarkdownDescription: "What becomes of a value when the resource is destroyed or the attribute leaves the configuration: " +
				"`restore` (default) puts back what was there before, `keep` leaves it, `windows_default` deletes a registry value so that Windows uses its default, and sets a port range to 49152+16384. " +
				"A value that this provider never wrote is left as it is in any case. A change must be applied before a destroy goes by it.",
		},
		"original": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "What was on the host before this provider, by attribute: `absent`, `REG_DWORD 240`, `REG_SZ \"30\"` or `REG_QWORD 30`; a port range as its start and number, `49152+16384`, for IPv4 and IPv6 each (`dynamic_port_range.tcp.ipv4`). Its keys are what is managed.",
		},
		"owner": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "A random id, made when the resource is created. The host's journal names it, so that two resources, configurations or runs that manage one host notice each other. An update keeps it.",
		},
		"pending_restart": schema.SetAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "The attributes whose value differs from the one at the host's last start, as far as this provider saw it: Windows reads these values when it starts, so they await a restart. " +
				"Empty after a restart. It says nothing of attributes that are not managed, nor of a restart and a change after it that both happened between two refreshes.",
		},
		"timeouts": timeoutsSchema(ctx),
	}
	attributes[tcpip.RangeAttribute] = rangesSchema()
	// Numbers and not Int64: the framework would report 30.5 as a bug of the provider.
	for _, p := range tcpip.Catalogue {
		attributes[p.Attribute] = schema.NumberAttribute{
			Optional:            true,
			Validators:          []validator.Number{parameterValidator{p}},
			MarkdownDescription: parameterText(p),
		}
	}
	return schema.Schema{
		MarkdownDescription: "TCP/IP parameters of one Windows host: REG_DWORD values under `HKLM\\" + tcpip.KeyPath + "`, and its dynamic port ranges. " +
			"An attribute that is not set is not managed; at least one must be set. " +
			"Windows reads the registry values at its start: they take effect after the next restart of the host, which this provider never causes. A port range takes effect at once, for new sockets.",
		Attributes: attributes,
	}
}

func timeoutsSchema(ctx context.Context) schema.Attribute {
	attribute := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: timeoutText(createTimeout) + " When it is set, create waits that long for a host that refuses or does not answer yet, such as a machine that is just being set up; it never waits for an unknown name or refused credentials.",
		ReadDescription:   timeoutText(readTimeout),
		UpdateDescription: timeoutText(updateTimeout), DeleteDescription: timeoutText(deleteTimeout),
	})
	if nested, ok := attribute.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long a call may take."
		return nested
	}
	return attribute
}

// parameterText is a catalogue row as a paragraph of the docs: unit, range, default,
// which Windows it counts on, and when a change takes effect.
func parameterText(p tcpip.Parameter) string {
	text := fmt.Sprintf("`%s`. %s Unit: %s. Range: %d to %d.", p.ValueName, p.Summary, p.Unit, p.Min, p.Max)
	if defaults := defaultsText(p); defaults != "" {
		text += " While it is absent: " + defaults + "."
	}
	text += " Windows versions: " + p.Versions + "."
	if p.Mistake != "" {
		text += " " + p.Mistake
	}
	if p.Restart {
		text += " A change takes effect after the next restart of the host."
	} else {
		text += " A change takes effect at once."
	}
	return text + " Source: " + strings.TrimSuffix(p.Source, ".") + "."
}

func defaultsText(p tcpip.Parameter) string {
	var rows []string
	for i, d := range p.Defaults {
		row := d.Note
		switch {
		case d.Known && d.Note != "":
			row = fmt.Sprintf("%d (%s)", d.Value, d.Note)
		case d.Known:
			row = fmt.Sprint(d.Value)
		case d.Value != 0:
			row = fmt.Sprintf("%d is reported (%s)", d.Value, d.Note)
		}
		if i+1 < len(p.Defaults) {
			row += " " + d.Since.Versions(p.Defaults[i+1].Since)
		} else if i > 0 {
			row += " " + d.Since.Versions(0)
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "; ")
}

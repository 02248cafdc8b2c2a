package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func tcpipSettingsSchema() schema.Schema {
	text := computedText
	number := computedNumber
	flag := func(description string) schema.BoolAttribute {
		return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
	}
	span := func() map[string]schema.Attribute {
		return map[string]schema.Attribute{
			"start_port": number("The first port."), "number_of_ports": number("How many ports there are."), "last_port": number("The last port."),
		}
	}
	families := func(transport string) schema.SingleNestedAttribute {
		return schema.SingleNestedAttribute{Computed: true, MarkdownDescription: transport + "'s.", Attributes: map[string]schema.Attribute{
			"ipv4": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "The range of IPv4.", Attributes: span()},
			"ipv6": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "The range of IPv6.", Attributes: span()},
		}}
	}
	exclusion := span()
	maps.Copy(exclusion, map[string]schema.Attribute{
		"transport": text("`tcp` or `udp`."), "family": text("`ipv4` or `ipv6`."),
		"administered": flag("Somebody reserved them (the asterisk of netsh), and not Windows by itself."),
	})
	return schema.Schema{
		MarkdownDescription: "The audit of a host that nobody need manage yet: what is set of its TCP/IP tuning, what Windows goes by, its port ranges, what stands in the way of a wider one, and findings with stable codes. " +
			"It writes nothing. What could not be read is null, and `notes` says why: null never means that all is well.",
		Attributes: map[string]schema.Attribute{
			"host": hostOfDataSource(),
			"operating_system": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "Which Windows it is.", Attributes: map[string]schema.Attribute{
				"caption":       text("Its name, in the host's language."),
				"version":       text("Such as `10.0.20348`."),
				"build":         number("The build number: 3790 is Server 2003, 7601 2008 R2, 9600 2012 R2, 14393 2016, 17763 2019, 20348 2022, 26100 2025."),
				"product_type":  text("`workstation`, `server` or `domain controller`; empty for another one."),
				"domain_role":   text("`standalone workstation`, `member workstation`, `standalone server`, `member server`, `backup domain controller` or `primary domain controller`; null where it could not be read."),
				"computer_name": text("The computer's own name, whatever name or address it was reached by."),
				"installed":     text("When Windows was installed, or upgraded in place (RFC 3339, UTC)."),
				"last_boot":     text("When it was started, by its own clock (RFC 3339, UTC)."),
			}},
			"values": schema.MapNestedAttribute{Computed: true,
				MarkdownDescription: "Every registry value that this provider knows, by the attribute that sets it, whether it is there or not; null where they could not be read.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"value_name": text("The registry value's name."),
					"found":      text("As found: `absent`, `REG_DWORD 30`, `REG_SZ \"30\"` …; only the type where the data cannot be told, such as of a REG_BINARY."),
					"type":       text("The type as found; null where the value is absent."),
					"number":     number("The number of a REG_DWORD, in the unit of the attribute that sets it; null for anything else."),
					"in_effect": text("What Windows goes by, as far as it is documented: `value`; `default`, where the value is absent or of another type than REG_DWORD; `pending`, where a journal says that it is another one than at the last start; " +
						"`unknown`, where Microsoft does not say what it makes of such a number, or of the value on this version (a finding says so). " +
						"What was written since the last start without a journal is not known."),
					"default":       number("What Windows uses on this version without the value, in the same unit; null where not even a report gives a number."),
					"default_known": flag("Microsoft documents this default for this version."),
					"default_note":  text("What else is known of the default; null where nothing is."),
				}}},
			"port_ranges": schema.SingleNestedAttribute{Computed: true,
				MarkdownDescription: "The dynamic port ranges by netsh; null on Windows Server 2003, which has none, and where they could not be read.",
				Attributes:          map[string]schema.Attribute{"tcp": families("TCP"), "udp": families("UDP")}},
			"ephemeral_ports": schema.SingleNestedAttribute{Computed: true, Attributes: span(),
				MarkdownDescription: "On Windows Server 2003 the ports that Windows hands out, of either transport: 1025 to MaxUserPort as configured, whose change rules only after a restart. Null on later versions, and where MaxUserPort could not be read or is outside its range."},
			"excluded_port_ranges": schema.ListNestedAttribute{Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: exclusion},
				MarkdownDescription: "The ranges that Windows never hands out; null where one of them could not be read, as on Windows Server 2003."},
			"auto_reuse_range": schema.SingleNestedAttribute{Computed: true, Attributes: span(),
				MarkdownDescription: "The range that connections draw from which do not ask for a port (Windows Server 2016 and later); null where none is set, or it could not be read."},
			"listeners": schema.ListNestedAttribute{Computed: true,
				MarkdownDescription: "The TCP sockets that listen on a port inside the TCP range of their family, reserved or not, WinRM's own first, then by port; null where they or the ranges could not be read.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"address":      text("The local address."),
					"port":         number("The port."),
					"process_id":   number("The process that listens."),
					"process_name": text("Its name; null where it is not known."),
				}}},
			"managed_by": schema.SingleNestedAttribute{Computed: true,
				MarkdownDescription: "Who manages the host, by the journal that this provider keeps there; null without one that counts on this machine (the findings `journal_unusable` and `journal_copied` tell), and where it could not be read.",
				Attributes: map[string]schema.Attribute{
					"owner":    text("The `owner` of the `windows_tcpip_tuning` that manages it."),
					"since":    text("Since when (RFC 3339, UTC), by the clock of the machine that ran Terraform."),
					"original": schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "What was there before, by attribute."},
				}},
			"findings": schema.ListNestedAttribute{Computed: true,
				MarkdownDescription: "What is to be said of this host, the worst first. [The codes and what to do about each](../guides/findings.md).",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"severity": text("`error`, `warning` or `info`."),
					"code":     text("Which kind of finding it is. Codes are stable."),
					"subject":  text("What it is about: a registry value, an attribute, a port, a part that could not be read."),
					"message":  text("What was found, in one line."),
				}}},
			"notes": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "What could not be read, and why."},
		},
	}
}

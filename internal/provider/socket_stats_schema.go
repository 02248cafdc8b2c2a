package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

func socketStatsSchema() schema.Schema {
	number := computedNumber
	return schema.Schema{
		MarkdownDescription: "How many sockets are active and stale on a host, and how near it is to running out of ephemeral ports. " +
			"There are no filters: a filtered table makes the utilisation a lie.",
		Attributes: map[string]schema.Attribute{
			"host": hostOfDataSource(),
			"top": schema.Int64Attribute{Optional: true, MarkdownDescription: fmt.Sprintf(
				"How many of the busiest destinations and processes are listed, 0 to %d. Default %d; 0 leaves them out.", winhost.MaxTop, winhost.DefaultTop)},
			"method": schema.StringAttribute{Optional: true, Validators: []validator.String{methodValidator{}},
				MarkdownDescription: "`auto` (default), `wmi` (MSFT_NetTCPConnection; Windows Server 2012 and later) or `netstat` (in a WinRM shell; every version that has one). " +
					"`auto` takes `wmi` where the host has it."},
			"max_rows": schema.Int64Attribute{Optional: true, MarkdownDescription: fmt.Sprintf(
				"The ceiling on rows of the table, 1 to %d. Default %d. A longer table is an error, never a shorter one.", winhost.MaxMaxRows, winhost.DefaultMaxRows)},

			"collected_at":      schema.StringAttribute{Computed: true, MarkdownDescription: "When the table was complete, by this machine's clock (RFC 3339, UTC)."},
			"collection_method": schema.StringAttribute{Computed: true, MarkdownDescription: "How the table was read: `wmi` or `netstat`."},
			"total":             number("TCP sockets in all."),
			"active":            number("TCP sockets in the state Established."),
			"stale":             number("TCP sockets in the state TimeWait."),
			"listening":         number("TCP sockets in the state Listen."),
			"half_open":         number("TCP sockets in the states SynSent and SynReceived."),
			"closing":           number("TCP sockets in the states FinWait1, FinWait2, CloseWait, Closing and LastAck."),
			"bound":             number("TCP sockets in the state Bound (Windows Server 2016 and later; `netstat -ano` does not show them). Ports that left TIME_WAIT but are not free show so; whether a port with a connection can have such a row as well is not known."),
			"unknown":           number("TCP sockets in a state that Windows is not known to have, or whose word netstat printed in a language that is not in our table."),
			"unknown_words": schema.MapAttribute{Computed: true, ElementType: types.Int64Type,
				MarkdownDescription: "What stood for states that are not known and have no number (words that netstat printed; empty where a row had no state), with the number of sockets."},
			"by_state": schema.MapAttribute{Computed: true, ElementType: types.Int64Type,
				MarkdownDescription: "TCP sockets by state, zeros too. The keys are windows_exporter's values of the label `state`; `BOUND`, and `UNKNOWN_n` for the number n of a state that is not known, are ours."},
			"by_family": schema.MapAttribute{Computed: true, ElementType: types.MapType{ElemType: types.Int64Type},
				MarkdownDescription: "The same by address family: `ipv4` and `ipv6`, windows_exporter's values of the label `af`."},
			"udp_endpoints": number("UDP endpoints; null where they could not be counted."),
			"pool": schema.SingleNestedAttribute{Computed: true,
				MarkdownDescription: "The ports that Windows hands out for outgoing TCP connections, and how many are taken; null where the range is not known. IPv4 and IPv6 count as one pool, since whether they share one is not documented.",
				Attributes: map[string]schema.Attribute{
					"start_port":      number("The first port of the range."),
					"number_of_ports": number("How many ports the range has."),
					"source":          schema.StringAttribute{Computed: true, MarkdownDescription: "Where the range comes from. On Windows Server 2003 it is MaxUserPort as configured, and a change rules only after a restart."},
					"excluded":        number("Ports inside the range that Windows never hands out; null where that could not be read. They count in no other number."),
					"in_use":          number("Distinct local ports inside the range that a socket holds, listeners included."),
					"time_wait":       number("Of these, ports with a socket in TimeWait. A port can count in several of these numbers."),
					"bound":           number("Of these, ports with a socket in Bound."),
					"listeners":       number("Of these, ports with a socket in Listen."),
					"free":            number("number_of_ports - excluded - in_use."),
					"utilisation":     schema.Float64Attribute{Computed: true, MarkdownDescription: "in_use / (number_of_ports - excluded), 0 to 1; 1 where every port is excluded. A lower bound where excluded is null."},
				}},
			"udp_pool": schema.SingleNestedAttribute{Computed: true, MarkdownDescription: "The dynamic port range of UDP; null where it is not known.",
				Attributes: map[string]schema.Attribute{
					"start_port":      number("The first port of the range."),
					"number_of_ports": number("How many ports the range has."),
				}},
			"tcp_counters": schema.MapNestedAttribute{Computed: true,
				MarkdownDescription: "TCP's raw counters, by family (`ipv4`, `ipv6`); null where they are not known, as before Windows Server 2008. All but connections_established count since the host's start and wrap at 32 bits.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"connections_established": number("Connections in Established or CloseWait now."),
					"connections_active":      number("Connections that were opened from the host."),
					"connections_passive":     number("Connections that the host accepted."),
					"connection_failures":     number("Attempts that failed."),
					"connections_reset":       number("Connections that were reset."),
					"segments_retransmitted":  number("Segments that were sent again."),
				}}},
			"busiest_destinations": schema.ListNestedAttribute{Computed: true,
				MarkdownDescription: "The remote endpoints with most connections from ports of the pool, the busiest first. On modern Windows ports run out per destination. A client of a service that listens inside the pool cannot be told from a destination.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"address": schema.StringAttribute{Computed: true, MarkdownDescription: "The remote address."},
					"port":    number("The remote port."),
					"ports":   number("Connections to it in any state that holds a port."),
				}}},
			"distinct_destinations": number("How many remote endpoints there are on the other side of the pool's ports."),
			"busiest_processes": schema.ListNestedAttribute{Computed: true,
				MarkdownDescription: "The processes that own most sockets, the busiest first. Process 0 owns what is in TimeWait.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"process_id": number("The process id."),
					"sockets":    number("TCP sockets that it owns."),
				}}},
			"notes": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "What is missing in the numbers above, and why."},
		},
	}
}

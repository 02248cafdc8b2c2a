package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// socketStatsModel is the data source.
type socketStatsModel struct {
	Host    types.String `tfsdk:"host"`
	Top     types.Int64  `tfsdk:"top"`
	Method  types.String `tfsdk:"method"`
	MaxRows types.Int64  `tfsdk:"max_rows"`

	CollectedAt      types.String `tfsdk:"collected_at"`
	CollectionMethod types.String `tfsdk:"collection_method"`
	Total            types.Int64  `tfsdk:"total"`
	Active           types.Int64  `tfsdk:"active"`
	Stale            types.Int64  `tfsdk:"stale"`
	Listening        types.Int64  `tfsdk:"listening"`
	HalfOpen         types.Int64  `tfsdk:"half_open"`
	Closing          types.Int64  `tfsdk:"closing"`
	Bound            types.Int64  `tfsdk:"bound"`
	Unknown          types.Int64  `tfsdk:"unknown"`
	UnknownWords     types.Map    `tfsdk:"unknown_words"`
	ByState          types.Map    `tfsdk:"by_state"`
	ByFamily         types.Map    `tfsdk:"by_family"`
	UDPEndpoints     types.Int64  `tfsdk:"udp_endpoints"`

	Pool                 *poolModel         `tfsdk:"pool"`
	UDPPool              *rangeModel        `tfsdk:"udp_pool"`
	Counters             types.Map          `tfsdk:"tcp_counters"`
	BusiestDestinations  []destinationModel `tfsdk:"busiest_destinations"`
	DistinctDestinations types.Int64        `tfsdk:"distinct_destinations"`
	BusiestProcesses     []processModel     `tfsdk:"busiest_processes"`
	Notes                types.List         `tfsdk:"notes"`
}

type rangeModel struct {
	Start  types.Int64 `tfsdk:"start_port"`
	Number types.Int64 `tfsdk:"number_of_ports"`
}

type poolModel struct {
	Start       types.Int64   `tfsdk:"start_port"`
	Number      types.Int64   `tfsdk:"number_of_ports"`
	Source      types.String  `tfsdk:"source"`
	Excluded    types.Int64   `tfsdk:"excluded"`
	InUse       types.Int64   `tfsdk:"in_use"`
	TimeWait    types.Int64   `tfsdk:"time_wait"`
	Bound       types.Int64   `tfsdk:"bound"`
	Listeners   types.Int64   `tfsdk:"listeners"`
	Free        types.Int64   `tfsdk:"free"`
	Utilisation types.Float64 `tfsdk:"utilisation"`
}

type destinationModel struct {
	Address types.String `tfsdk:"address"`
	Port    types.Int64  `tfsdk:"port"`
	Ports   types.Int64  `tfsdk:"ports"`
}

type processModel struct {
	ProcessID types.Int64 `tfsdk:"process_id"`
	Sockets   types.Int64 `tfsdk:"sockets"`
}

type countersModel struct {
	Established   int64 `tfsdk:"connections_established"`
	Active        int64 `tfsdk:"connections_active"`
	Passive       int64 `tfsdk:"connections_passive"`
	Failures      int64 `tfsdk:"connection_failures"`
	Reset         int64 `tfsdk:"connections_reset"`
	Retransmitted int64 `tfsdk:"segments_retransmitted"`
}

// counterTypes is countersModel as a type of Terraform's.
var counterTypes = types.ObjectType{AttrTypes: map[string]attr.Type{
	"connections_established": types.Int64Type, "connections_active": types.Int64Type, "connections_passive": types.Int64Type,
	"connection_failures": types.Int64Type, "connections_reset": types.Int64Type, "segments_retransmitted": types.Int64Type,
}}

// query is what the configuration asks for.
func (m socketStatsModel) query() winhost.SocketQuery {
	query := winhost.SocketQuery{Method: winhost.Auto, MaxRows: winhost.DefaultMaxRows, Top: winhost.DefaultTop}
	if !m.Method.IsNull() {
		query.Method = winhost.SocketMethod(m.Method.ValueString())
	}
	if !m.MaxRows.IsNull() {
		query.MaxRows = int(m.MaxRows.ValueInt64())
	}
	if !m.Top.IsNull() {
		query.Top = int(m.Top.ValueInt64())
	}
	return query
}

// fill writes what was read.
func (m *socketStatsModel) fill(ctx context.Context, stats winhost.SocketStats) (diags diag.Diagnostics) {
	mapOf := func(element attr.Type, value any) types.Map {
		converted, more := types.MapValueFrom(ctx, element, value)
		diags.Append(more...)
		return converted
	}
	m.CollectedAt = types.StringValue(stats.CollectedAt.UTC().Format(time.RFC3339))
	m.CollectionMethod = types.StringValue(string(stats.Method))
	m.Total, m.Active, m.Stale = count(stats.Total), count(stats.Active), count(stats.Stale)
	m.Listening, m.HalfOpen, m.Closing = count(stats.Listening), count(stats.HalfOpen), count(stats.Closing)
	m.Bound, m.Unknown = count(stats.Bound), count(stats.Unknown)
	m.UnknownWords = mapOf(types.Int64Type, stats.UnknownWords)
	m.ByState = mapOf(types.Int64Type, byLabel(stats.States))
	families := map[string]map[string]int{}
	for family, states := range stats.Families {
		families[family.String()] = byLabel(states)
	}
	m.ByFamily = mapOf(types.MapType{ElemType: types.Int64Type}, families)
	m.UDPEndpoints = types.Int64Null()
	if stats.UDPEndpoints != nil {
		m.UDPEndpoints = count(*stats.UDPEndpoints)
	}
	m.Pool, m.UDPPool = poolOf(stats), rangeOf(stats.UDPPool)
	m.Counters = types.MapNull(counterTypes)
	if stats.Counters != nil {
		m.Counters = mapOf(counterTypes, countersOf(stats.Counters))
	}
	m.DistinctDestinations = count(stats.DistinctDestinations)
	m.BusiestDestinations = []destinationModel{}
	for _, d := range stats.Destinations {
		m.BusiestDestinations = append(m.BusiestDestinations, destinationModel{
			types.StringValue(d.Endpoint.Addr().String()), count(int(d.Endpoint.Port())), count(d.Ports)})
	}
	m.BusiestProcesses = []processModel{}
	for _, p := range stats.Processes {
		m.BusiestProcesses = append(m.BusiestProcesses, processModel{types.Int64Value(int64(p.PID)), count(p.Sockets)})
	}
	notes, more := types.ListValueFrom(ctx, types.StringType, append([]string{}, stats.Notes...))
	diags.Append(more...)
	m.Notes = notes
	return diags
}

func count(n int) types.Int64 { return types.Int64Value(int64(n)) }

// byLabel names states as windows_exporter does.
func byLabel(states map[sockets.State]int) map[string]int {
	labels := make(map[string]int, len(states))
	for state, n := range states {
		labels[state.Label()] = n
	}
	return labels
}

func rangeOf(r *tcpip.PortRange) *rangeModel {
	if r == nil {
		return nil
	}
	return &rangeModel{count(int(r.Start)), types.Int64Value(int64(r.Number))}
}

func poolOf(stats winhost.SocketStats) *poolModel {
	use := stats.Pool
	if use == nil {
		return nil
	}
	model := &poolModel{
		Start: count(int(use.Range.Start)), Number: types.Int64Value(int64(use.Range.Number)), Source: types.StringValue(stats.PoolSource),
		Excluded: types.Int64Null(), InUse: count(use.InUse), TimeWait: count(use.TimeWait), Bound: count(use.Bound),
		Listeners: count(use.Listeners), Free: count(use.Free), Utilisation: types.Float64Value(use.Utilisation),
	}
	if use.Excluded != nil {
		model.Excluded = count(use.ExcludedPorts)
	}
	return model
}

func countersOf(all map[sockets.Family]winhost.TCPCounters) map[string]countersModel {
	out := map[string]countersModel{}
	for family, c := range all {
		out[family.String()] = countersModel{
			clamp(c.Established), clamp(c.Active), clamp(c.Passive), clamp(c.Failures), clamp(c.Reset), clamp(c.Retransmitted),
		}
	}
	return out
}

// clamp keeps a counter within what Terraform's Int64 holds.
func clamp(n uint64) int64 { return int64(min(n, 1<<62)) } // #nosec G115 -- bounded

func inRange(name string, value types.Int64, least, most int64) diag.Diagnostics {
	if value.IsNull() || value.IsUnknown() || value.ValueInt64() >= least && value.ValueInt64() <= most {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root(name), "Invalid "+name,
		fmt.Sprintf("%s is %d: write a number from %d to %d.", name, value.ValueInt64(), least, most))}
}

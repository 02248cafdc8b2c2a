package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

var (
	_ datasource.DataSourceWithConfigure      = (*socketStatsDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*socketStatsDataSource)(nil)
)

func newSocketStatsDataSource() datasource.DataSource { return &socketStatsDataSource{} }

// socketStatsTimeout bounds the whole reading: a table of some hundred thousand
// rows takes a few hundred round trips.
const socketStatsTimeout = 10 * time.Minute

const socketStatsThing = "Socket Statistics"

type socketStatsDataSource struct{ hosts *hosts }

func (d *socketStatsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_socket_stats"
}

func (d *socketStatsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = socketStatsSchema()
}

func (d *socketStatsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.hosts, _ = req.ProviderData.(*hosts) // nil before the provider is configured
}

func (d *socketStatsDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var model socketStatsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(inRange("top", model.Top, 0, winhost.MaxTop)...)
	resp.Diagnostics.Append(inRange("max_rows", model.MaxRows, 1, winhost.MaxMaxRows)...)
}

func (d *socketStatsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model socketStatsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := model.Host.ValueString()
	host, err := d.hosts.at(name)
	if err != nil {
		resp.Diagnostics.Append(unableTo("Read", socketStatsThing, name, err))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, socketStatsTimeout)
	defer cancel()
	stats, err := host.ReadSockets(ctx, model.query())
	if err != nil {
		resp.Diagnostics.Append(unableTo("Read", socketStatsThing, name, err, "Nothing is reported of a table that was not read whole."))
		return
	}
	resp.Diagnostics.Append(unknownStates(name, stats)...)
	resp.Diagnostics.Append(model.fill(ctx, stats)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// unknownStates says that sockets were counted whose state is not known.
func unknownStates(name string, stats winhost.SocketStats) diag.Diagnostics {
	var diags diag.Diagnostics
	if stats.Unknown > 0 {
		diags.AddAttributeWarning(path.Root("unknown"), fmt.Sprintf("%s: %d sockets are in a state that is not known", name, stats.Unknown),
			fmt.Sprintf("They count in total and in unknown, and in no other group of states. Without a number, by the word that stood for them: %v; with one, see by_state.", stats.UnknownWords))
	}
	return diags
}

package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
)

var _ datasource.DataSourceWithConfigure = (*tcpipSettingsDataSource)(nil)

func newTCPIPSettingsDataSource() datasource.DataSource { return &tcpipSettingsDataSource{} }

// tcpipSettingsTimeout bounds the whole reading, some twenty round trips.
const tcpipSettingsTimeout = 5 * time.Minute

const tcpipSettingsThing = "TCP/IP Settings"

type tcpipSettingsDataSource struct{ hosts *hosts }

func (d *tcpipSettingsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_tcpip_settings"
}

func (d *tcpipSettingsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = tcpipSettingsSchema()
}

func (d *tcpipSettingsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.hosts, _ = req.ProviderData.(*hosts) // nil before the provider is configured
}

func (d *tcpipSettingsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model tcpipSettingsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := model.Host.ValueString()
	host, err := d.hosts.at(name)
	if err != nil {
		resp.Diagnostics.Append(unableTo("Read", tcpipSettingsThing, name, err))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tcpipSettingsTimeout)
	defer cancel()
	facts, err := host.ReadFacts(ctx, audit.AllParts)
	if err != nil {
		resp.Diagnostics.Append(unableTo("Read", tcpipSettingsThing, name, err))
		return
	}
	resp.Diagnostics.Append(notWhole(name, facts)...)
	model.fill(facts)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// notWhole says what could not be read. Policies are left out: whether an account may
// read them over WinRM is not documented, and a host that is in no domain may have none.
func notWhole(name string, facts audit.Facts) (diags diag.Diagnostics) {
	var parts, lines []string
	for _, m := range facts.Missing {
		if m.Of != audit.PartPolicies {
			parts, lines = append(parts, m.Part), append(lines, noteOf(m))
		}
	}
	if len(parts) > 0 {
		diags.AddAttributeWarning(path.Root("notes"), name+": not read: "+strings.Join(parts, ", "),
			"Nothing is known of them, so no finding says that they are as they should be.\n\n"+strings.Join(lines, "\n\n"))
	}
	return diags
}

// Package provider is what Terraform sees: the provider, its resources and its
// data sources. A CRUD method asks the host, asks package tuning what to do, and
// sets state to what was read back.
package provider

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

var _ provider.Provider = (*windowsProvider)(nil)

// New returns the constructor that providerserver wants. version appears in
// Terraform's logs.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &windowsProvider{version: version, lookup: os.LookupEnv} }
}

type windowsProvider struct {
	version string
	lookup  func(string) (string, bool) // the environment
}

func (p *windowsProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "windows"
	resp.Version = p.version
}

// Configure checks the settings and never dials: a plan without changes and
// without refresh needs no connection.
func (p *windowsProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if unknown := model.unknown(); len(unknown) > 0 {
		resp.ResourceData = &hosts{unknown: unknown}
		resp.DataSourceData = resp.ResourceData
		return
	}
	config, problems := model.settings().Resolve(p.lookup)
	for _, problem := range problems {
		resp.Diagnostics.AddAttributeError(path.Root(problem.Attribute), "Invalid provider configuration: "+problem.Summary, problem.Detail)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	for _, warning := range config.Warnings() {
		resp.Diagnostics.AddAttributeWarning(path.Root(warning.Attribute), "Provider configuration: "+warning.Summary, warning.Detail)
	}
	resp.ResourceData = newHosts(config)
	resp.DataSourceData = resp.ResourceData
}

func (p *windowsProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newTCPIPTuningResource}
}

func (p *windowsProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newSocketStatsDataSource, newTCPIPSettingsDataSource}
}

// settings turns the model into what the user gave; null is not given.
func (m providerModel) settings() winhost.Settings {
	return winhost.Settings{
		Username:              m.Username.ValueStringPointer(),
		Password:              m.Password.ValueStringPointer(),
		Auth:                  m.Auth.ValueStringPointer(),
		CACertificate:         m.CACertificate.ValueStringPointer(),
		TLSServerName:         m.TLSServerName.ValueStringPointer(),
		Timeout:               m.Timeout.ValueStringPointer(),
		ConnectTimeout:        m.ConnectTimeout.ValueStringPointer(),
		MaxRetries:            m.MaxRetries.ValueInt64Pointer(),
		OnUnreachable:         m.OnUnreachable.ValueStringPointer(),
		Journal:               m.Journal.ValueBoolPointer(),
		HTTPS:                 m.HTTPS.ValueBoolPointer(),
		Insecure:              m.Insecure.ValueBoolPointer(),
		AllowUnencryptedBasic: m.AllowUnencryptedBasic.ValueBoolPointer(),
	}
}

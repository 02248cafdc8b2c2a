package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// IdentitySchema is the host alone.
func (r *tcpipTuningResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"host": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "The host, as in the resource's host attribute, in lower case.",
		},
	}}
}

// identify sets the identity. It is in lower case, since an identity must not
// change and a host's letter case may.
func identify(ctx context.Context, identity *tfsdk.ResourceIdentity, host string) diag.Diagnostics {
	if identity == nil { // a CLI that does not know identities
		return nil
	}
	return identity.SetAttribute(ctx, path.Root("host"), strings.ToLower(host))
}

// ImportState takes the host as the id, or as the identity. Read then takes every
// REG_DWORD of the catalogue that it finds; nothing is written.
func (r *tcpipTuningResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	host := req.ID
	if host == "" && req.Identity != nil {
		var named types.String
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("host"), &named)...)
		host = named.ValueString()
	}
	if _, err := winhost.ParseAddress(host); err != nil {
		resp.Diagnostics.AddError("Invalid import id", sentence(err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("host"), host)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("on_destroy"), string(tuning.Restore))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("original"), types.MapNull(types.StringType))...)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, host)...)
}

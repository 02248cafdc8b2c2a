package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

var (
	_ resource.ResourceWithConfigure      = (*tcpipTuningResource)(nil)
	_ resource.ResourceWithValidateConfig = (*tcpipTuningResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*tcpipTuningResource)(nil)
	_ resource.ResourceWithImportState    = (*tcpipTuningResource)(nil)
	_ resource.ResourceWithIdentity       = (*tcpipTuningResource)(nil)
)

func newTCPIPTuningResource() resource.Resource { return &tcpipTuningResource{} }

type tcpipTuningResource struct{ hosts *hosts }

func (r *tcpipTuningResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_tcpip_tuning"
}

func (r *tcpipTuningResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = tcpipTuningSchema(ctx)
}

func (r *tcpipTuningResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.hosts, _ = req.ProviderData.(*hosts) // nil before the provider is configured
}

func (r *tcpipTuningResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	model, diags := readModel(ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	limit, diags := model.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(diags...)
	desired, diags := model.desired()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := model.Host.ValueString()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	host, unlock, err := r.hosts.claim(ctx, name, model.waits())
	if err != nil {
		resp.Diagnostics.Append(unable("Create", name, err, "Nothing was written."))
		return
	}
	defer unlock()
	outcome := host.Create(ctx, desired, model.onDestroy())
	resp.Diagnostics.Append(warnings(name, outcome.Warnings)...)
	if outcome.Err != nil {
		resp.Diagnostics.Append(unable("Create", name, outcome.Err, outcome.Notes...))
	}
	if outcome.State == nil {
		return
	}
	resp.State.Raw = req.Plan.Raw
	if outcome.Err != nil { // tainted: the next apply destroys it first, and that must restore
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("on_destroy"), string(tuning.Restore))...)
	}
	resp.Diagnostics.Append(identify(ctx, resp.Identity, name)...)
	resp.Diagnostics.Append(store(ctx, &resp.State, resp.Private, outcome.State)...)
}

func (r *tcpipTuningResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	model, diags := readModel(ctx, req.State)
	name := model.Host.ValueString()
	resp.Diagnostics.Append(identify(ctx, resp.Identity, name)...) // before any return: Terraform 1.11 demands it
	resp.Diagnostics.Append(diags...)
	limit, diags := model.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	host, err := r.hosts.reconciler(name)
	if model.Original.IsNull() { // ImportState leaves it so
		if err != nil {
			resp.Diagnostics.Append(unable("Import", name, err))
			return
		}
		outcome := host.Import(ctx)
		if outcome.Err != nil {
			resp.Diagnostics.Append(unable("Import", name, outcome.Err))
			return
		}
		resp.Diagnostics.Append(warnings(name, outcome.Warnings)...)
		resp.Diagnostics.Append(store(ctx, &resp.State, resp.Private, outcome.State)...)
		return
	}
	state, diags := model.resource(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err != nil {
		resp.Diagnostics.Append(r.unread(name, err, state.Original))
		return
	}
	outcome := host.Read(ctx, state)
	if outcome.Err != nil {
		resp.Diagnostics.Append(r.unread(name, outcome.Err, state.Original))
		return
	}
	resp.Diagnostics.Append(warnings(name, outcome.Warnings)...)
	resp.Diagnostics.Append(store(ctx, &resp.State, resp.Private, outcome.State)...)
}

func (r *tcpipTuningResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	model, diags := readModel(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	planned, diags := readModel(ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	state, diags := model.resource(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := planned.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(diags...)
	desired, diags := planned.desired()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := model.Host.ValueString()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	host, unlock, err := r.hosts.claim(ctx, name, false)
	if err != nil {
		resp.Diagnostics.Append(unable("Update", name, err, append(wayOut(err, state.Original), "Nothing was written.")...))
		return
	}
	defer unlock()
	outcome := host.Update(ctx, state, desired, planned.onDestroy())
	resp.Diagnostics.Append(warnings(name, outcome.Warnings)...)
	if outcome.Err != nil {
		resp.Diagnostics.Append(unable("Update", name, outcome.Err, append(wayOut(outcome.Err, state.Original), outcome.Notes...)...))
	} else {
		resp.State.Raw = req.Plan.Raw
	}
	if outcome.State != nil {
		resp.Diagnostics.Append(store(ctx, &resp.State, resp.Private, outcome.State)...)
	}
	resp.Diagnostics.Append(identify(ctx, resp.Identity, name)...)
}

func (r *tcpipTuningResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	model, diags := readModel(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	state, diags := model.resource(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := model.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := model.Host.ValueString()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	host, unlock, err := r.hosts.claim(ctx, name, false)
	if err != nil {
		resp.Diagnostics.Append(unable("Delete", name, err, append(wayOut(err, state.Original), "Nothing was written.")...))
		return
	}
	defer unlock()
	outcome := host.Delete(ctx, state, model.onDestroy())
	resp.Diagnostics.Append(warnings(name, outcome.Warnings)...)
	if outcome.Err != nil {
		resp.Diagnostics.Append(unable("Delete", name, outcome.Err, append(wayOut(outcome.Err, state.Original), outcome.Notes...)...))
	}
}

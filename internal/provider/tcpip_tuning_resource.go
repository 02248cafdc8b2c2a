package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

var (
	_ resource.ResourceWithConfigure      = (*tcpipTuningResource)(nil)
	_ resource.ResourceWithValidateConfig = (*tcpipTuningResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*tcpipTuningResource)(nil)
	_ resource.ResourceWithImportState    = (*tcpipTuningResource)(nil)
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
	host, unlock, err := r.hosts.claim(ctx, name)
	if err != nil {
		resp.Diagnostics.Append(unable("Create", name, err))
		return
	}
	defer unlock()
	observed, err := host.ReadTuning(ctx, managed(desired))
	if err != nil {
		resp.Diagnostics.Append(unable("Create", name, err, "Nothing was written."))
		return
	}
	plan, err := tuning.Apply(observed, desired, tuning.Prior{}, model.onDestroy())
	if err != nil {
		resp.Diagnostics.Append(unable("Create", name, err, "Nothing was written."))
		return
	}
	resp.State.Raw = req.Plan.Raw
	after, err := carryOut(ctx, host, plan, desired)
	if err == nil {
		resp.Diagnostics.Append(warnings(name, plan.Warnings)...)
		numbers, _ := tuning.State(after, plan.Original)
		resp.Diagnostics.Append(store(ctx, &resp.State, numbers, plan.Original)...)
		resp.Diagnostics.Append(storeWritten(ctx, resp.Private, plan.Written)...)
		return
	}
	left := undo(ctx, host, plan, err)
	resp.Diagnostics.Append(unable("Create", name, err, left.explain()...))
	if len(left.truth.Original) == 0 {
		resp.State.RemoveResource(ctx)
		return
	}
	// Tainted: the next apply destroys it first, and that must restore.
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("on_destroy"), string(tuning.Restore))...)
	numbers, _ := tuning.State(left.after, left.truth.Original)
	resp.Diagnostics.Append(store(ctx, &resp.State, numbers, left.truth.Original)...)
	resp.Diagnostics.Append(storeWritten(ctx, resp.Private, left.truth.Written)...)
}

func (r *tcpipTuningResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state, diags := readModel(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	name, importing := state.Host.ValueString(), state.Original.IsNull()
	original, diags := state.original(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	host, err := r.hosts.at(name)
	var unknown *unknownSettingsError
	if errors.As(err, &unknown) && !importing {
		resp.Diagnostics.AddWarning(name+": "+notChecked,
			sentence(err)+" State is kept as it is. The apply that makes it known goes on; run plan once more after it.")
		return
	}
	verb, parameters := "Read", managed(original)
	if importing {
		verb, parameters = "Import", tcpip.Catalogue
	}
	if err != nil {
		resp.Diagnostics.Append(unable(verb, name, err))
		return
	}
	observed, err := host.ReadTuning(ctx, parameters)
	if err != nil {
		resp.Diagnostics.Append(unable(verb, name, err, wayOut(err, original)...))
		return
	}
	if importing {
		var notes []tuning.Warning
		original, notes = tuning.Takeover(observed)
		resp.Diagnostics.Append(warnings(name, notes)...)
	}
	numbers, notes := tuning.State(observed, original)
	resp.Diagnostics.Append(warnings(name, notes)...)
	resp.Diagnostics.Append(store(ctx, &resp.State, numbers, original)...)
}

func (r *tcpipTuningResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	state, diags := readModel(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	model, diags := readModel(ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	prior, diags := r.prior(ctx, state, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := model.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(diags...)
	desired, diags := model.desired()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := state.Host.ValueString()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	host, unlock, err := r.hosts.claim(ctx, name)
	if err != nil {
		resp.Diagnostics.Append(unable("Update", name, err))
		return
	}
	defer unlock()
	observed, err := host.ReadTuning(ctx, union(managed(desired), managed(prior.Original)))
	if err != nil {
		resp.Diagnostics.Append(unable("Update", name, err, append(wayOut(err, prior.Original), "Nothing was written.")...))
		return
	}
	plan, err := tuning.Apply(observed, desired, prior, model.onDestroy())
	if err != nil {
		resp.Diagnostics.Append(unable("Update", name, err, "Nothing was written."))
		return
	}
	after, err := carryOut(ctx, host, plan, desired)
	if err == nil {
		resp.Diagnostics.Append(warnings(name, plan.Warnings)...)
		numbers, _ := tuning.State(after, plan.Original)
		resp.State.Raw = req.Plan.Raw
		resp.Diagnostics.Append(store(ctx, &resp.State, numbers, plan.Original)...)
		resp.Diagnostics.Append(storeWritten(ctx, resp.Private, plan.Written)...)
		return
	}
	resp.State.Raw = req.State.Raw
	truth, after, readErr := aftermath(ctx, host, plan, prior, err)
	numbers, consequence := state.numbers(), "The host could not be read afterwards, so the write may have happened: state keeps what was known before. "+
		"Run plan again when the host answers."
	if readErr == nil {
		numbers, _ = tuning.State(after, truth.Original)
		consequence = "State holds what the host has now; the next plan shows what is left to do."
	}
	resp.Diagnostics.Append(store(ctx, &resp.State, numbers, truth.Original)...)
	resp.Diagnostics.Append(storeWritten(ctx, resp.Private, truth.Written)...)
	resp.Diagnostics.Append(unable("Update", name, err, consequence))
}

func (r *tcpipTuningResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state, diags := readModel(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	prior, diags := r.prior(ctx, state, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := state.Host.ValueString()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	host, unlock, err := r.hosts.claim(ctx, name)
	if err != nil {
		resp.Diagnostics.Append(unable("Delete", name, err, wayOut(err, prior.Original)...))
		return
	}
	defer unlock()
	observed, err := host.ReadTuning(ctx, managed(prior.Original))
	if err != nil {
		resp.Diagnostics.Append(unable("Delete", name, err, append(wayOut(err, prior.Original), "Nothing was written.")...))
		return
	}
	plan := tuning.Destroy(observed, prior, state.onDestroy())
	resp.Diagnostics.Append(warnings(name, plan.Warnings)...)
	if _, err := carryOut(ctx, host, plan, nil); err != nil {
		resp.Diagnostics.Append(unable("Delete", name, err,
			append(wayOut(err, prior.Original), "The resource stays in state with everything that was there before; destroy again when the cause is gone.")...))
	}
}

// ImportState takes the host as the id. Read then takes every REG_DWORD of the
// catalogue that it finds; nothing is written.
func (r *tcpipTuningResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if _, err := winhost.ParseAddress(req.ID); err != nil {
		resp.Diagnostics.AddError("Invalid import id", sentence(err))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("host"), req.ID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("on_destroy"), string(tuning.Restore))...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("original"), types.MapNull(types.StringType))...)
	resp.Diagnostics.Append(storeWritten(ctx, resp.Private, tuning.Desired{})...)
}

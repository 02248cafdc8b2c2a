package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// hostChanged replaces the resource, unless only the letter case differs.
func hostChanged(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = !strings.EqualFold(req.PlanValue.ValueString(), req.StateValue.ValueString())
}

// ValidateConfig refuses a resource that manages nothing.
func (r *tcpipTuningResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	config, diags := readModel(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	if len(config.configured()) == 0 {
		resp.Diagnostics.Append(nothingManaged())
	}
	resp.Diagnostics.Append(config.checkRanges()...)
	resp.Diagnostics.Append(positive(config.Timeouts)...)
}

// positive refuses time-outs that leave no time at all: state would keep them, and
// every later refresh would fail.
func positive(limits timeouts.Value) diag.Diagnostics {
	var diags diag.Diagnostics
	for name, value := range limits.Attributes() {
		text, ok := value.(types.String)
		if !ok || text.IsNull() || text.IsUnknown() {
			continue
		}
		if limit, err := time.ParseDuration(text.ValueString()); err == nil && limit <= 0 {
			diags.AddAttributeError(path.Root("timeouts").AtName(name), "Invalid timeouts",
				fmt.Sprintf("%s is %q: write a duration above 0, such as \"5m\".", name, text.ValueString()))
		}
	}
	return diags
}

func nothingManaged() diag.Diagnostic {
	return diag.NewErrorDiagnostic("Nothing to manage",
		"No parameter is set. Set at least one, for example tcp_timed_wait_delay = 30; what is not set is not managed.")
}

// ModifyPlan plans what the framework cannot know: which values are managed
// afterwards, whether a restart will be pending, and that a host in another letter
// case is the same host. The planned values are a function of configuration and
// state alone; what is looked up on the host gives warnings only.
func (r *tcpipTuningResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() { // create: everything computed is unknown
		plan, diags := readModel(ctx, req.Plan)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(r.foresee(ctx, plan, nil, nil)...)
		return
	}
	model, diags := readModel(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	state, diags := model.resource(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	host, prior := model.Host.ValueString(), tuning.Prior{Original: state.Original, Written: state.Memory.Written}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(warnings(host, tuning.DestroyWarnings(model.observed(), prior, model.onDestroy()))...)
		return
	}
	plan, diags := readModel(ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	config, diags := readModel(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !strings.EqualFold(plan.Host.ValueString(), host) { // a replacement, or not known yet: the computed values stay unknown
		resp.Diagnostics.Append(warnings(host, tuning.DestroyWarnings(model.observed(), prior, model.onDestroy()))...)
		resp.Diagnostics.Append(r.foresee(ctx, plan, nil, nil)...)
		return
	}
	original, released, known := tuning.Managed(prior.Original, config.configured())
	known = known && !state.Memory.Stale
	changed := !known || len(released) > 0 || len(state.Memory.Differ) > 0 || model.Owner.IsNull() || plan.differs(model)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("host"), model.Host)...)
	resp.Diagnostics.Append(setComputed(ctx, &resp.Plan, "owner", model.Owner, types.StringUnknown(), model.Owner.IsNull())...)
	resp.Diagnostics.Append(setComputed(ctx, &resp.Plan, "original", originalTexts(original), types.MapUnknown(types.StringType), !known)...)
	resp.Diagnostics.Append(setComputed(ctx, &resp.Plan, "pending_restart", model.Pending, types.SetUnknown(types.StringType), changed || model.Pending.IsNull())...)
	resp.Diagnostics.Append(warnings(host, tuning.ReleaseWarnings(released, model.observed(), prior, plan.onDestroy()))...)
	resp.Diagnostics.Append(r.foresee(ctx, plan, &model, tuning.Becoming(released, model.observed(), prior, plan.onDestroy()))...)
}

// setComputed plans a computed attribute: value, or unknown.
func setComputed(ctx context.Context, plan settable, name string, value, unknown any, isUnknown bool) diag.Diagnostics {
	if isUnknown {
		value = unknown
	}
	return plan.SetAttribute(ctx, path.Root(name), value)
}

// differs tells whether anything that a user sets is planned to change, but for the
// host.
func (m tuningModel) differs(state tuningModel) bool {
	for attribute, number := range m.Numbers {
		if !number.Equal(state.Numbers[attribute]) {
			return true
		}
	}
	return !m.Ranges.Equal(state.Ranges) || !m.OnDestroy.Equal(state.OnDestroy) || !m.Timeouts.Equal(state.Timeouts)
}

// waits tells whether create is to wait for a host that does not serve WinRM yet:
// when its time-out is set.
func (m tuningModel) waits() bool {
	limit, ok := m.Timeouts.Attributes()["create"]
	return ok && !limit.IsNull()
}

// onDestroy is the choice, the default where it is not known yet.
func (m tuningModel) onDestroy() tuning.OnDestroy {
	if m.OnDestroy.IsNull() || m.OnDestroy.IsUnknown() {
		return tuning.Restore
	}
	return tuning.OnDestroy(m.OnDestroy.ValueString())
}

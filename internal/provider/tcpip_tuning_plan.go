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
// afterwards, and that a host in another letter case is the same host. The
// planned values are a function of configuration and state alone.
func (r *tcpipTuningResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() {
		return // create: everything computed is unknown
	}
	state, diags := readModel(ctx, req.State)
	resp.Diagnostics.Append(diags...)
	prior, diags := r.prior(ctx, state, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	host := state.Host.ValueString()
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(warnings(host, tuning.DestroyWarnings(prior, state.onDestroy()))...)
		return
	}
	plan, diags := readModel(ctx, req.Plan)
	resp.Diagnostics.Append(diags...)
	config, diags := readModel(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !strings.EqualFold(plan.Host.ValueString(), host) { // a replacement: the computed values stay unknown
		resp.Diagnostics.Append(warnings(host, tuning.DestroyWarnings(prior, state.onDestroy()))...)
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("host"), state.Host)...)
	original, released, known := tuning.Managed(prior.Original, config.configured())
	if !known {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("original"), types.MapUnknown(types.StringType))...)
	} else {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("original"), originalTexts(original))...)
	}
	resp.Diagnostics.Append(warnings(host, tuning.ReleaseWarnings(released, state.observed(), prior, plan.onDestroy()))...)
}

// onDestroy is the choice, the default where it is not known yet.
func (m tuningModel) onDestroy() tuning.OnDestroy {
	if m.OnDestroy.IsNull() || m.OnDestroy.IsUnknown() {
		return tuning.Restore
	}
	return tuning.OnDestroy(m.OnDestroy.ValueString())
}

package main

// ofProvider: what Terraform sees.
var ofProvider = []mutation{
	{
		name: "two resources of one host's name write at once", harm: "each reads back what the other wrote",
		file: "internal/provider/hosts.go", old: `h.lock(ctx, "name "+address.Key())`, replacement: `h.lock(ctx, "name "+address.Key()+rand.Text())`,
		room: providerRoom, tests: []string{"TestAWriterHoldsNameAndMachine"},
	},
	{
		name: "two names of one machine write at once", harm: "the same",
		file: "internal/provider/hosts.go", old: `h.lock(ctx, "machine "+machine.Key())`, replacement: `h.lock(ctx, "machine "+rand.Text())`,
		room: providerRoom, tests: []string{"TestAWriterHoldsNameAndMachine"},
	},
	{
		name: "create returns without an identity", harm: "Terraform stops: missing resource identity",
		file: "internal/provider/tcpip_tuning_resource.go", old: "resp.Diagnostics.Append(identify(ctx, resp.Identity, name)...)\n\tresp.Diagnostics.Append(store(",
		replacement: "resp.Diagnostics.Append(store(",
		room:        providerRoom, tests: []string{"TestAccLetterCaseOfHostIsNoChange"},
	},
	{
		name: "host is compared with its case", harm: "a plan that is never clean, and values that are restored and written again",
		file: "internal/provider/tcpip_tuning_plan.go", old: `if !strings.EqualFold(plan.Host.ValueString(), host) {`, replacement: `if plan.Host.ValueString() != host {`,
		room: providerRoom, tests: []string{"TestAccLetterCaseOfHostIsNoChange"},
	},
	{
		name: "pending_restart keeps its value in a plan that writes", harm: "Terraform stops: inconsistent result after apply",
		file: "internal/provider/tcpip_tuning_plan.go", old: `changed || model.Pending.IsNull()`, replacement: `!changed && model.Pending.IsNull()`,
		room: providerRoom, tests: []string{"TestAccLife"},
	},
	{
		name: "a failed update puts the plan into state", harm: "the drift that is left is not seen any more",
		file: "internal/provider/tcpip_tuning_resource.go", old: "} else {\n\t\tresp.State.Raw = req.Plan.Raw\n\t}\n\tif outcome.State != nil {", replacement: "}\n\tresp.State.Raw = req.Plan.Raw\n\tif outcome.State != nil && outcome.Err == nil {",
		room: providerRoom, tests: []string{"TestAccUpdateFailsHalfWay"},
	},
	{
		name: "a create that could not be taken back keeps `on_destroy = \"keep\"`", harm: "the next apply, which replaces it, keeps half of it and forgets the originals",
		file: "internal/provider/tcpip_tuning_resource.go", old: `if outcome.Err != nil { // tainted`, replacement: `if false { // tainted`,
		room: providerRoom, tests: []string{"TestAccHostGoesAwayHalfWay"},
	},
	{
		name: "a host that does not answer leaves state", harm: "the next apply creates it anew, with our numbers as its originals",
		file: "internal/provider/tcpip_tuning_resource.go", old: `resp.Diagnostics.Append(r.unread(name, outcome.Err, state.Original))`, replacement: `resp.State.RemoveResource(ctx)`,
		room: providerRoom, tests: []string{"TestAccUnreachableKeepsState"},
	},
	{
		name: "a 401 is a warning under `on_unreachable = \"warn\"`", harm: "drift checks are green while no host is looked at",
		file: "internal/provider/diagnostics.go", old: `== winhost.UnreachableWarn && transport.Unreachable(err):`, replacement: `== winhost.UnreachableWarn:`,
		room: providerRoom, tests: []string{"TestOnlySilenceIsAWarning"},
	},
	{
		name: "a number that was unknown at plan time is not checked", harm: "a number that Windows does not take is written",
		file: "internal/provider/tcpip_tuning_model.go", old: `if err := checkNumber(p, value); err != nil {`, replacement: `if err := checkNumber(p, value); err != nil && value.IsUnknown() {`,
		room: providerRoom, tests: []string{"TestNumbersAreCheckedAtApply"},
	},
	{
		name: "the plan promises the originals of an earlier Windows", harm: "Terraform stops: inconsistent result after apply",
		file: "internal/provider/tcpip_tuning_plan.go", old: `known = known && !state.Memory.Stale`, replacement: `known = known || state.Memory.Stale`,
		room: providerRoom, tests: []string{"TestAccReinstalled"},
	},
}

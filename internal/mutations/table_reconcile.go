package main

// ofReconcile: the order in which decisions reach a host.
var ofReconcile = []mutation{
	{
		name: "the journal is written after the value", harm: "Terraform dies in between, and the original is gone",
		file: "internal/reconcile/create.go",
		old:  `if err := w.put(ctx, w.ahead()); err != nil {`, replacement: "defer w.put(ctx, w.ahead())\n\tif err := ctx.Err(); err != nil {",
		room: reconcileRoom, tests: []string{"TestHistories"},
	},
	{
		name: "an update does not say in the journal what it is about to write", harm: "the same, for a value that is new in the configuration",
		file: "internal/reconcile/update.go", old: "w.put(ctx, w.ahead())", replacement: "ctx.Err()",
		room: reconcileRoom, tests: []string{"TestHistories"},
	},
	{
		name: "the owner is not read again before a write", harm: "two runs at once, and both write",
		file: "internal/reconcile/work.go", old: "if err := w.guard(ctx); err != nil {\n\t\t\treturn steps", replacement: "if err := ctx.Err(); err != nil {\n\t\t\treturn steps",
		room: reconcileRoom, tests: []string{"TestOwnerChangesBetweenWrites", "TestHistories"},
	},
	{
		name: "a create that failed takes nothing back", harm: "half of the values are set, and nobody manages them",
		file: "internal/reconcile/create.go", old: `_, err = w.write(ctx, back)`, replacement: `_ = back`,
		room: reconcileRoom, tests: []string{"TestCtrlC", "TestHistories"},
	},
	{
		name: "taking back runs on the context that Ctrl-C cancelled", harm: "the same, after Ctrl-C",
		file: "internal/reconcile/work.go", old: `context.WithoutCancel(ctx)`, replacement: `ctx`,
		room: reconcileRoom, tests: []string{"TestCtrlC"},
	},
	{
		name: "a create that failed leaves its journal", harm: "the next one takes over a host that nobody ever managed",
		file: "internal/reconcile/create.go", old: `err = w.remove(ctx)`, replacement: `err = nil`,
		room: reconcileRoom, tests: []string{"TestCtrlC", "TestHistories"},
	},
	{
		name: "destroy leaves the journal", harm: "a later create restores what was there years ago",
		file: "internal/reconcile/delete.go", old: `return w.remove(ctx)`, replacement: `return nil`,
		room: reconcileRoom, tests: []string{"TestJournals"},
	},
	{
		name: "destroy removes the journal though a value was not restored", harm: "the original is gone for good",
		file: "internal/reconcile/delete.go", old: `_, _, err := w.carryOut(ctx); err != nil {`, replacement: `_, _, err := w.carryOut(ctx); lost(err) {`,
		room: reconcileRoom, tests: []string{"TestCtrlC", "TestHistories"},
	},
	{
		name: "state is what was planned, not what was read back", harm: "state says what a policy has undone",
		file: "internal/reconcile/work.go", old: `return after, attempted, tuning.Verify(w.plan, w.desired, after)`, replacement: `return assumeDone(after, w.plan.Steps), attempted, nil`,
		room: reconcileRoom, tests: []string{"TestAHostThatDoesNotKeepWhatIsWritten"},
	},
	{
		name: "what is read back is not compared", harm: "Terraform stops with a text that blames the provider, and names no cause",
		file: "internal/reconcile/work.go", old: `return after, attempted, tuning.Verify(w.plan, w.desired, after)`, replacement: `return after, attempted, nil`,
		room: reconcileRoom, tests: []string{"TestAHostThatDoesNotKeepWhatIsWritten"},
	},
	{
		name: "a lost write is not treated as one that may land late", harm: "it lands, and nobody takes it back",
		file: "internal/reconcile/work.go", old: `return failed.Step.Parameter.Attribute`, replacement: `return ""`,
		room: reconcileRoom, tests: []string{"TestHistories"},
	},
	{
		name: "an update that cannot read the host forgets what it may have written", harm: "an original is lost",
		file: "internal/reconcile/update.go", old: `truth := tuning.Unread(w.plan, w.claim.Prior, attempted)`, replacement: `truth := w.claim.Prior`,
		room: reconcileRoom, tests: []string{"TestHistories", "TestHistoriesWithoutJournal"},
	},
	{
		name: "an update goes on though Windows was installed anew", harm: "Terraform stops: inconsistent result, with half of it written",
		file: "internal/reconcile/update.go", old: `if claim.Stale && !state.Memory.Stale {`, replacement: `if claim.Alone {`,
		room: reconcileRoom, tests: []string{"TestInstalledAnew"},
	},
	{
		name: "the originals in state count more than those of our own journal", harm: "those of an earlier Windows are restored",
		file: "internal/tuning/claim.go", old: `c.Prior.Original[attribute] = original`, replacement: `_ = original`,
		room: reconcileRoom, tests: []string{"TestOurOwnJournalCountsMoreThanState"},
	},
	{
		name: "a lost memory goes into the journal as never written", harm: "after a crash nothing is restored",
		file: "internal/reconcile/work.go", old: `written = tuning.AssumeWritten(original, found)`, replacement: `written = tuning.Values{}`,
		room: reconcileRoom, tests: []string{"TestALostMemoryGoesIntoTheJournalAsWritten"},
	},
	{
		name: "`journal = false` removes a journal all the same", harm: "another owner's originals are gone",
		file: "internal/reconcile/delete.go", old: `if !w.Journal || w.expected == "" || w.expected != w.owner {`, replacement: `if w.Journal && w.expected != w.owner {`,
		room: reconcileRoom, tests: []string{"TestJournalOff"},
	},
	{
		name: "only IPv4's range is read before a create", harm: "what IPv6's was before is lost",
		file: "internal/reconcile/create.go", old: `if to, ok := desired[p.Argument()]; ok {`, replacement: `if to, ok := desired[p.Argument()]; ok && p.Pool.Family != tcpip.IPv6 {`,
		room: reconcileRoom, tests: []string{"TestHistories", "TestACreateThatStopsBetweenTheFamilies"},
	},
	{
		name: "what was applied is forgotten", harm: "somebody changes one family, and state says null in place of what the host has",
		file: "internal/reconcile/work.go", old: `Applied: applied, Differ`, replacement: `Applied: nil, Differ`,
		room: reconcileRoom, tests: []string{"TestOneFamilyThatOthersChanged"},
	},
	{
		name: "after an update that failed, what was desired counts as applied", harm: "the user takes the change back: state shows what is configured, one family has the other range",
		file: "internal/reconcile/work.go", old: `return w.claim.Memory.Applied[argument] != to`, replacement: `return w.claim.Memory.Applied[argument] == to`,
		room: reconcileRoom, tests: []string{"TestHistories", "TestAnUpdateThatStopsBetweenTheFamilies"},
	},
	{
		name: "a refresh forgets that the families differ", harm: "where state shows what is configured, no plan ever sets the other family",
		file: "internal/reconcile/reconcile.go", old: `claim.Memory.Seen, claim.Memory.Differ = seen, tuning.Differing(observed, state.Original)`, replacement: `claim.Memory.Seen, claim.Memory.Differ = seen, nil`,
		room: reconcileRoom, tests: []string{"TestOneFamilyIsAlreadyAsConfigured", "TestHistories"},
	},
	{
		name: "a failed create says that 1024 is as it was", harm: "it is 1025, and nobody knows",
		file: "internal/reconcile/create.go", old: `near, err = tuning.Nearly(attempted, now), errors.Join(err, readErr)`, replacement: `near, err = nil, errors.Join(err, readErr)`,
		room: reconcileRoom, tests: []string{"TestACreateThatStopsBetweenTheFamilies", "TestHistories"},
	},
	{
		name: "MaxUserPort is not read beside a managed range", harm: "after the next restart another range may rule, and nobody said so",
		file: "internal/reconcile/reconcile.go", old: `read[p.Attribute] = tuning.Absent`, replacement: `_ = p`,
		room: reconcileRoom, tests: []string{"TestMaxUserPortBesideARange"},
	},
	{
		name: "an import fails on a host whose WinRM has no shell", harm: "its registry values cannot be imported either",
		file: "internal/reconcile/reconcile.go", old: `	case errors.As(err, &unavailable):`, replacement: `	case unavailable != nil && unavailable.None:`,
		room: reconcileRoom, tests: []string{"TestImportWithoutRanges"},
	},
	{
		name: "the journal of a new Windows says nothing of what is let go", harm: "the update is cut off, and a destroy writes what the earlier Windows had",
		file: "internal/reconcile/work.go", old: `merged(w.anew, prior.Carried`, replacement: `merged(prior.Carried`,
		room: reconcileRoom, tests: []string{"TestAnUpdateOfANewWindowsThatIsCutOff"},
	},
	{
		name: "a new journal says \"never written\" of what may land late", harm: "memory was lost, it lands, and a destroy leaves it",
		file: "internal/reconcile/update.go", old: `ours && to != truth.Original[late] {`, replacement: `ours && to == truth.Original[late] {`,
		room: reconcileRoom, tests: []string{"TestALateWriteAfterALostMemory"},
	},
}

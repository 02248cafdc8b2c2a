package main

import "slices"

// ofTuning: what to do with values and port ranges, and what state says.
var ofTuning = slices.Concat(ofValues, ofRanges)

// ofValues: registry values.
var ofValues = []mutation{
	{
		name: "the original is overwritten on update", harm: "destroy restores our own number",
		file: "internal/tuning/plan.go", old: `plan.Original[p.Attribute] = original`, replacement: `plan.Original[p.Attribute] = found`,
		room: tuningRoom, tests: []string{"TestApply", "TestAnyHistoryEndsWhereItBegan"},
	},
	{
		name: "destroy writes what was never written", harm: "somebody's later change of a value that we only watched is gone",
		file: "internal/tuning/plan.go", old: `case !prior.wrote(p.Attribute):`, replacement: `case false:`,
		room: tuningRoom, tests: []string{"TestDestroy"},
	},
	{
		name: "`on_destroy = \"keep\"` restores", harm: "values change that were to stay",
		file: "internal/tuning/plan.go", old: `case onDestroy == Keep:`, replacement: `case false:`,
		room: tuningRoom, tests: []string{"TestDestroy"},
	},
	{
		name: "`on_destroy = \"windows_default\"` restores", harm: "the value stays that was to go",
		file: "internal/tuning/plan.go", old: `case onDestroy == WindowsDefault:`, replacement: `case false:`,
		room: tuningRoom, tests: []string{"TestDestroy"},
	},
	{
		name: "a value that did not exist is restored as 0", harm: "Windows uses 0 in place of its default",
		file: "internal/tuning/plan.go", old: `return ending{Absent, deleted, name + " is deleted, since`, replacement: `return ending{DWORD(0), deleted, name + " is deleted, since`,
		room: tuningRoom, tests: []string{"TestDestroy"},
	},
	{
		name: "a value that cannot be put back is taken over", harm: "what it held is lost",
		file: "internal/tuning/plan.go", old: `if !found.Restorable() {`, replacement: `if false {`,
		room: tuningRoom, tests: []string{"TestApplyRefusesWhatCannotBePutBack"},
	},
	{
		name: "lost memory is taken for never written", harm: "a tainted resource is destroyed and nothing is restored",
		file: "internal/tuning/plan.go", old: `if p.Written == nil {`, replacement: `if false {`,
		room: tuningRoom, tests: []string{"TestDestroyWithALostMemory"},
	},
	{
		name: "any type counts as a number", harm: "a REG_QWORD that Windows ignores passes for applied",
		file: "internal/tuning/value.go", old: `v.Type != TypeDWORD || v.Opaque`, replacement: `v.Opaque`,
		room: tuningRoom, tests: []string{"TestDWORDOnlyFromREG_DWORD"},
	},
	{
		name: "taking back overwrites what somebody else wrote meanwhile", harm: "their change is gone",
		file: "internal/tuning/outcome.go", old: `foreign = append(foreign, back)`, replacement: `undo = append(undo, back)`,
		room: tuningRoom, tests: []string{"TestUndo"},
	},
	{
		name: "a write that may land late is not managed", harm: "it lands, and nobody takes it back",
		file: "internal/tuning/outcome.go", old: `(p.Attribute == uncertain || after[p.Attribute] != step.From)`, replacement: `(after[p.Attribute] != step.From)`,
		room: tuningRoom, tests: []string{"TestAfterFailure", "TestAfterAFailedCreate"},
	},
	{
		name: "`original` is planned as known while an attribute is unknown", harm: "Terraform stops: inconsistent result after apply",
		file: "internal/tuning/manage.go", old: "case Unknown:\n\t\t\tknown = false", replacement: "case Unknown:\n\t\t\toriginal[p.Attribute] = value",
		room: tuningRoom, tests: []string{"TestManaged"},
	},
	{
		name: "two readings of one boot must agree to the second", harm: "an NTP step takes pending_restart away",
		file: "internal/tuning/boot.go", old: `const bootTolerance = time.Minute`, replacement: `const bootTolerance = time.Second`,
		room: tuningRoom, tests: []string{"TestSameBoot"},
	},
	{
		name: "only the boot instant is compared", harm: "a clock that is set right looks like a restart",
		file: "internal/tuning/boot.go", old: `return within((b.Uptime - a.Uptime) - b.Read.Sub(a.Read)), true`, replacement: `return false, true`,
		room: tuningRoom, tests: []string{"TestSameBoot"},
	},
	{
		name: "only the uptime is compared", harm: "our own clock, set right, looks like the host's restart",
		file: "internal/tuning/boot.go", old: `if within(a.Last.Sub(b.Last)) {`, replacement: `if false {`,
		room: tuningRoom, tests: []string{"TestSameBoot"},
	},
	{
		name: "a restart is not noticed", harm: "pending_restart stays for ever",
		file: "internal/tuning/boot.go", old: `ok && (same || !decided) {`, replacement: `ok {`,
		room: tuningRoom, tests: []string{"TestPendingThroughAHistory"},
	},
	{
		name: "every refresh remembers its own reading of the boot", harm: "`plan -refresh-only` reports a difference that is none, each time",
		file: "internal/tuning/boot.go", old: "next.Boot = s.Boot", replacement: "_ = s.Boot",
		room: tuningRoom, tests: []string{"TestSeenStaysTheSameWithinABoot"},
	},
}

// ofClaims: the journal, and who owns a host.
var ofClaims = []mutation{
	{
		name: "a clone's journal counts", harm: "another machine's originals are restored here",
		file: "internal/tuning/machine.go", old: `return clone`, replacement: `return same`,
		room: tuningRoom, tests: []string{"TestKinship", "TestACloneIsNotARemoval"},
	},
	{
		name: "another owner is ignored", harm: "two configurations overwrite each other without a word",
		file: "internal/tuning/claim.go", old: `if stake.Owner != journal.Owner {`, replacement: `if stake.Owner == "" {`,
		room: tuningRoom, tests: []string{"TestClaimUpdateOfAnothersHost"},
	},
	{
		name: "a journal that was removed by hand is taken for a new Windows", harm: "our own values become the originals",
		file: "internal/tuning/claim.go", old: `case sameInstallation(*memory.Journaled, here.Installed):`, replacement: `case false:`,
		room: tuningRoom, tests: []string{"TestClaimUpdate"},
	},
	{
		name: "another machine under the name is taken for the one that was written to", harm: "its values are overwritten with the other one's originals",
		file: "internal/tuning/claim.go", old: `case memory.UUID != "" && here.UUID != "" && memory.UUID != here.UUID:`, replacement: `case false:`,
		room: tuningRoom, tests: []string{"TestAnotherMachineUnderTheName"},
	},
	{
		name: "a new Windows is taken for a journal that was removed", harm: "the old installation's originals are written to the new one",
		file: "internal/tuning/claim.go", old: `c.anew("Windows was installed anew"`, replacement: `c.note("Windows was installed anew"`,
		room: tuningRoom, tests: []string{"TestClaimUpdate"},
	},
	{
		name: "an earlier owner's originals are dropped", harm: "what was there before the first owner is lost",
		file: "internal/tuning/claim.go", old: `c.Prior.Carried[attribute] = original`, replacement: `_ = original`,
		room: tuningRoom, tests: []string{"TestClaimUpdate", "TestClaimUpdateRemembers"},
	},
	{
		name: "our memory counts more than the journal", harm: "a write before a crash is not known to be ours, and never taken back",
		file: "internal/tuning/claim.go", old: `maps.Copy(c.Prior.Written, journal.Written)`, replacement: `_ = journal.Written`,
		room: tuningRoom, tests: []string{"TestTheJournalKnowsOfAWriteThatMemoryMissed"},
	},
	{
		name: "a journal that cannot be understood is taken for none", harm: "it is overwritten, with the originals in it",
		file: "internal/tuning/claim.go", old: `return nil, Unusable(found.Err)`, replacement: `return nil, nil`,
		room: tuningRoom, tests: []string{"TestUnusableJournalIsRefused"},
	},
	{
		name: "a create records what it finds beside a journal", harm: "an earlier owner's number becomes the original",
		file: "internal/tuning/claim.go", old: "claim.Prior.Carried, claim.Prior.Written = journal.Original, journal.Written\n\tclaim.Memory.Seen", replacement: "claim.Prior.Written = journal.Written\n\tclaim.Memory.Seen",
		room: tuningRoom, tests: []string{"TestClaimCreate"},
	},
	{
		name: "a journal of another form is read as far as it goes", harm: "an original is guessed",
		file: "internal/tuning/journal.go", old: `err != nil || compact.String() != journal.Text()`, replacement: `err != nil`,
		room: tuningRoom, tests: []string{"TestParseJournalRefuses"},
	},
}

// ofRanges: a transport's two dynamic port ranges, which one argument sets.
var ofRanges = []mutation{
	{
		name: "only IPv4's range is set", harm: "IPv6 keeps the old range, and half of the connections fail as before",
		file: "internal/tuning/plan.go", old: `to, wanted := desired[p.Argument()]`, replacement: "to, wanted := desired[p.Argument()]\n\t\twanted = wanted && p.Pool.Family != tcpip.IPv6",
		room: tuningRoom, tests: []string{"TestApplyRanges"},
	},
	{
		name: "`windows_default` deletes a port range", harm: "netsh deletes none: destroy fails, for ever",
		file: "internal/tuning/plan.go", old: `case onDestroy == WindowsDefault && p.IsRange():`, replacement: `case onDestroy == WindowsDefault && p.IsRange() && found.IsWrongType():`,
		room: tuningRoom, tests: []string{"TestApplyRanges", "TestDestroyRanges"},
	},
	{
		name: "a range that starts at 1024 is written back as it was", harm: "netsh sets none below 1025: destroy fails, for ever",
		file: "internal/tuning/value.go", old: `return Ports(r.Settable())`, replacement: `return Ports(r)`,
		room: tuningRoom, tests: []string{"TestApplyRanges", "TestUndoRanges"},
	},
	{
		name: "a range that starts at 1024 again is set to 1025", harm: "destroy changes what is as it was before",
		file: "internal/tuning/plan.go", old: `case original != original.nearest() && original != found:`, replacement: `case original != original.nearest():`,
		room: tuningRoom, tests: []string{"TestApplyRanges"},
	},
	{
		name: "that 1024 cannot be set again is not said", harm: "nobody notes it down, and destroy leaves another range",
		file: "internal/tuning/plan.go", old: `if back := original.nearest(); back != original {`, replacement: `if back := original.nearest(); back != original && p.Restart {`,
		room: tuningRoom, tests: []string{"TestApplyRanges", "TestTakeoverOfRanges"},
	},
	{
		name: "what was written to a range goes into private state as a number", harm: "private state cannot be read again, and a destroy restores what was never ours",
		file: "internal/tuning/value.go", old: `return strconv.AppendQuote(nil, v.String()), nil`, replacement: `return strconv.AppendUint(nil, uint64(v.Ports.Start), 10), nil`,
		room: tuningRoom, tests: []string{"TestWrittenAsJSON", "TestRangesInMemory", "TestJournalRoundTrips"},
	},
	{
		name: "a range is read with leading zeros", harm: "an original is another text than the journal's",
		file: "internal/tuning/value.go", old: ` && Ports(r).String() == text`, replacement: ``,
		room: tuningRoom, tests: []string{"TestRangeText"},
	},
	{
		name: "a range may have been absent", harm: "a journal that somebody edited makes destroy delete a range, which fails",
		file: "internal/tuning/value.go", old: `if err == nil && !value.fits(p) {`, replacement: `if err == nil && value.Present && !value.fits(p) {`,
		room: tuningRoom, tests: []string{"TestOriginalsFit", "TestRangesInAJournal"},
	},
	{
		name: "a number counts as written to a range", harm: "the journal's number is taken for a range of ours",
		file: "internal/tuning/journal.go", old: `item.Written != nil && !item.Written.fits(p)`, replacement: `item.Written != nil && item.Written.IsWrongType()`,
		room: tuningRoom, tests: []string{"TestRangesInAJournal"},
	},
	{
		name: "state takes IPv4's range always", harm: "somebody changes IPv6's, and every plan is empty",
		file: "internal/tuning/ranges.go", old: `shown, taken = ipv6, fmt`, replacement: `shown, taken = ipv4, fmt`,
		room: tuningRoom, tests: []string{"TestStateOfRanges", "TestADifferenceOfOneFamilyStays"},
	},
	{
		name: "where nobody knows which range was applied, state takes IPv4's", harm: "an import shows what is configured, and IPv6 has another range",
		file: "internal/tuning/ranges.go", old: `shown, taken = Absent, "State shows none`, replacement: `shown, taken = ipv4, "State shows none`,
		room: tuningRoom, tests: []string{"TestStateOfRanges"},
	},
	{
		name: "memory takes from the journal what was applied", harm: "an apply is killed between the families and taken back: state shows what is configured, one family has the other range",
		file: "internal/tuning/memory.go", old: `	m.Written = journal.Written
`, replacement: `	m.Written, m.Applied = journal.Written, Desired{}
	for attribute, ours := range journal.Written {
		m.Applied[attribute[:max(0, len(attribute)-len(".ipv4"))]] = ours
	}
`,
		room: tuningRoom, tests: []string{"TestAJournalDoesNotTellWhatWasApplied"},
	},
	{
		name: "an import takes IPv4's range alone where only that was tuned", harm: "one attribute manages one family, and sets both",
		file: "internal/tuning/ranges.go", old: `return ok && (known || ipv4 != usual || ipv6 != usual)`, replacement: `return ok && (known || ipv4 != usual && ipv6.Present)`,
		room: tuningRoom, tests: []string{"TestTakeoverOfRanges"},
	},
	{
		name: "after a failure the families are managed apart", harm: "the next plan cannot say what is managed; one family's original is lost",
		file: "internal/tuning/outcome.go", old: `truth.together(prior.Original, plan.Original)`, replacement: `_ = plan.Original`,
		room: tuningRoom, tests: []string{"TestRangesAfterAFailure", "TestAnyHistoryEndsWhereItBegan"},
	},
	{
		name: "on a host that went silent the families are managed apart", harm: "the same",
		file: "internal/tuning/outcome.go", old: `truth.together(plan.Original)`, replacement: `_ = plan.Original`,
		room: tuningRoom, tests: []string{"TestUnreadRanges"},
	},
	{
		name: "a family that stays for the other one's sake is not ours any more", harm: "destroy leaves it at what the release that failed had set",
		file: "internal/tuning/outcome.go", old: `ours, ok := prior.Written[attribute]; ok && stays {`, replacement: `ours, ok := prior.Written[attribute]; ok && !stays {`,
		room: tuningRoom, tests: []string{"TestRangesAfterAFailure"},
	},
	{
		name: "taking back a create takes 1024, where nothing was written, for somebody else's", harm: "the error tells of a change that never was",
		file: "internal/tuning/outcome.go", old: `case found == step.From || found == step.From.nearest():`, replacement: `case found == step.From.nearest():`,
		room: tuningRoom, tests: []string{"TestUndoRanges"},
	},
	{
		name: "a range awaits a restart", harm: "servers are restarted for nothing",
		file: "internal/tuning/boot.go", old: `ok && p.Restart && before`, replacement: `ok && before`,
		room: tuningRoom, tests: []string{"TestRangesNeverAwaitARestart"},
	},
	{
		name: "a saved plan compares one range of state with families that differ", harm: "every repair of one family tells of a change that was known",
		file: "internal/tuning/plan.go", old: `if p.IsRange() && !agree(observed, p.Pool.Transport) {`, replacement: `if p.IsRange() && p.Restart {`,
		room: tuningRoom, tests: []string{"TestOvertakenRanges"},
	},
	{
		name: "MaxUserPort beside a managed range is not looked for", harm: "after the next restart another range may rule, and nobody said so",
		file: "internal/tuning/ranges.go", old: `return []tcpip.Parameter{maxUserPort}`, replacement: `return []tcpip.Parameter{maxUserPort}[:0]`,
		room: tuningRoom, tests: []string{"TestWatched"},
	},
}

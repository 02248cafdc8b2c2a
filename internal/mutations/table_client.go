package main

// Where the tests of each part stand.
const (
	transportRoom = "internal/wsman/transport"
	wsmanRoom     = "internal/wsman"
	winhostRoom   = "internal/winhost"
	tuningRoom    = "internal/tuning"
	reconcileRoom = "internal/reconcile"
	providerRoom  = "internal/provider"
)

// ofTransport: the authenticated connection.
var ofTransport = []mutation{
	{
		name: "a 401 is tried again", harm: "a wrong password locks the account",
		file: "internal/wsman/transport/client.go", old: `if c.refused != nil {`, replacement: `if false {`,
		room: transportRoom, tests: []string{"TestAWrongPasswordIsTriedOnce"},
	},
	{
		name: "a domain account that one host refused is tried on the next", harm: "fifty hosts, fifty bad logons",
		file: "internal/wsman/transport/logons.go", old: `l.refused = unauthorized`, replacement: `_ = unauthorized`,
		room: transportRoom, tests: []string{"TestLogons"},
	},
	{
		name: "a logon without a verdict is taken for one to repeat", harm: "bad logons, one after the other, until the account is locked",
		file: "internal/wsman/transport/verdicts.go", old: ` && !unreachable.inTLS && !unreachable.proofSent`, replacement: ` && !unreachable.inTLS`,
		room: transportRoom, tests: []string{"TestVerdictsOverEveryTypedError"},
	},
	{
		name: "a refused password is taken for a host that is not born yet", harm: "create waits, and tries it again and again",
		file: "internal/wsman/transport/verdicts.go", old: "default:\n\t\treturn errors.As(err, &notWinRM) &&", replacement: "default:\n\t\treturn !errors.As(err, &notWinRM) ||",
		room: transportRoom, tests: []string{"TestVerdictsOverEveryTypedError"},
	},
	{
		name: "a write whose reply was lost is sent again", harm: "it is done twice, over what somebody wrote in between",
		file: "internal/wsman/transport/client.go", old: `return !closed.sent || kind == Read`, replacement: `return true`,
		room: transportRoom, tests: []string{"TestARequestLostOnAKeptConnection"},
	},
	{
		name: "an old connection is good enough for a write", harm: "whether it was done is not known",
		file: "internal/wsman/transport/client.go", old: `if kind != Read && c.conf.Now()`, replacement: `if kind == ReadOnce && c.conf.Now()`,
		room: transportRoom, tests: []string{"TestBeforeAWriteAnIdleConnectionIsReplaced"},
	},
	{
		name: "an unsealed reply is accepted", harm: "whoever is on the network answers in the host's place",
		file: "internal/wsman/transport/reply.go", old: `if c.session != nil {`, replacement: `if c.session != nil && isFrame(contentType, c.session.protocol) {`,
		room: transportRoom, tests: []string{"TestAnUnsealedReplyIsRefusedOnASealedConnection"},
	},
	{
		name: "a server that offers no sealing is accepted", harm: "registry values go over the network readable, and can be changed there",
		file: "internal/wsman/transport/challenge.go", old: `missing := need &^ flags; missing != 0`, replacement: `missing := need &^ flags; missing > 1<<31`,
		room: transportRoom, tests: []string{"TestChallengesThatWouldWeakenOrPanicAreRefused"},
	},
	{
		name: "the version of a signature is not looked at", harm: "a reply of another form passes for the host's",
		file: "internal/wsman/transport/ntlm.go", old: ` || binary.LittleEndian.Uint32(signature) != 1`, replacement: ``,
		room: transportRoom, tests: []string{"TestATamperedReplyIsRefused"},
	},
}

// ofWSMan: the protocol.
var ofWSMan = []mutation{
	{
		name: "a fault under HTTP 200 is taken for success", harm: "a write that was refused is reported as done",
		file: "internal/wsman/client.go", old: `case parsed.fault != nil:`, replacement: `case parsed.fault != nil && reply.Status != 200:`,
		room: wsmanRoom, tests: []string{"TestAFaultIsAnErrorWhateverTheStatus"},
	},
	{
		name: "max_retries repeats a write whose reply was lost", harm: "it is done twice",
		file: "internal/wsman/retry.go", old: `return kind == transport.Read && transport.Lost(err)`, replacement: `return transport.Lost(err)`,
		room: wsmanRoom, tests: []string{"TestALostReplyIsAskedForAgainByAReadOnly"},
	},
	{
		name: "a host that says \"later\" is not asked again", harm: "a plan of many hosts fails at every quota",
		file: "internal/wsman/retry.go", old: `return fault.Busy()`, replacement: `return false`,
		room: wsmanRoom, tests: []string{"TestABusyHostIsAskedAgain"},
	},
	{
		name: "a reply to another message is believed", harm: "one value is taken for another",
		file: "internal/wsman/client.go", old: `if !strings.EqualFold(e.relatesTo, r.id) {`, replacement: `if e.relatesTo == "" {`,
		room: wsmanRoom, tests: []string{"TestAReplyToAnotherMessageIsNoAnswer"},
	},
	{
		name: "an array's empty element loses its place", harm: "the types of values move to their neighbours' names",
		file: "internal/wsman/fields.go", old: `fields = append(fields, Field{`, replacement: `if c.text == "" && !c.isNull() { continue }; fields = append(fields, Field{`,
		room: wsmanRoom, tests: []string{"TestEmptyElementsKeepTheirPlaceInArrays"},
	},
}

// ofWinhost: one Windows host.
var ofWinhost = []mutation{
	{
		name: "the ReturnValue is ignored", harm: "a write that Windows refused is reported as done",
		file: "internal/winhost/registry.go", old: `if code != 0 {`, replacement: `if code == 0xffffffff {`,
		room: winhostRoom, tests: []string{"TestWriteTuningFailure"},
	},
	{
		name: "a REG_SZ that looks like a number is read as the value", harm: "no drift is shown, and Windows ignores the value",
		file: "internal/winhost/tuning.go", old: `return tuning.String(text), err`,
		replacement: "var n uint32\n\t\tif _, bad := fmt.Sscan(text, &n); bad == nil {\n\t\t\treturn tuning.DWORD(n), err\n\t\t}\n\t\treturn tuning.String(text), err",
		room:        winhostRoom, tests: []string{"TestNumbersInOtherTypesAreRead"},
	},
	{
		name: "names of values are compared with their case", harm: "a value that is there is taken for absent, and deleted on destroy",
		file: "internal/winhost/registry.go", old: `return strings.ToLower(name)`, replacement: `return name`,
		room: winhostRoom, tests: []string{"TestReadTuningTellsTypesApart"},
	},
	{
		name: "a missing out-parameter is read as 0", harm: "drift that is none, and a 0 that destroy restores",
		file: "internal/winhost/registry.go", old: `if !ok || null {`, replacement: "if !ok || null {\n\t\ttext, ok, null = \"0\", true, false\n\t}\n\tif !ok {",
		room: winhostRoom, tests: []string{"TestSuccessWithoutAValueIsAnError"},
	},
	{
		name: "a lost write counts as done without a look", harm: "state says what the host never got",
		file: "internal/winhost/tuning.go", old: `if uncertain && h.reads(ctx, step) {`, replacement: `if uncertain {`,
		room: winhostRoom, tests: []string{"TestWriteTuningLostReply"},
	},
	{
		name: "a lost write counts as not done", harm: "what lands late is never taken back",
		file: "internal/winhost/tuning.go", old: `Uncertain: uncertain, Err: err`, replacement: `Uncertain: false, Err: err`,
		room: winhostRoom, tests: []string{"TestALostWriteIsUncertain"},
	},
	{
		name: "a journal that could not be read is taken for none", harm: "our own values are recorded as the originals",
		file: "internal/winhost/journal.go", old: `return tuning.Found{}, readErr`, replacement: `return tuning.Found{}, nil`,
		room: winhostRoom, tests: []string{"TestJournalOfAHostThatIsGone"},
	},
	{
		name: "a journal that may not be read is taken for none", harm: "the same",
		file: "internal/winhost/journal.go", old: "if IsDenied(readErr) {\n\t\t\treturn tuning.Found{Err: unreadable(readErr)}, nil", replacement: "if IsDenied(readErr) {\n\t\t\treturn tuning.Found{}, nil",
		room: winhostRoom, tests: []string{"TestJournalDenied"},
	},
	{
		name: "the journal's key is not made", harm: "no host can be managed that never had a journal",
		file: "internal/winhost/journal.go", old: `if !h.journaled.Load() {`, replacement: `if h.journaled.Load() {`,
		room: winhostRoom, tests: []string{"TestJournalThereAndBack"},
	},
	{
		name: "the password is printed with the settings", harm: "it stands in logs",
		file: "internal/winhost/host.go", old: `fmt.Sprintf("%s (%s, https=%t)", c.Username,`, replacement: `fmt.Sprintf("%s (%s, https=%t)", c.Username+":"+c.Password,`,
		room: winhostRoom, tests: []string{"TestConfigNeverPrintsThePassword"},
	},
	{
		name: "certificates are never checked", harm: "whoever is on the network is taken for the host",
		file: "internal/winhost/host.go", old: `InsecureSkipVerify: c.Insecure,`, replacement: `InsecureSkipVerify: true,`,
		room: winhostRoom, tests: []string{"TestCertificatesAreChecked"},
	},
}

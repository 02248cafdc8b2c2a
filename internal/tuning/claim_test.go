package tuning

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var here = Machine{UUID: uuidA, Computer: "MAIL01", Installed: installed}

// journalOf is what a host's journal says: two values that stakeOf manages, and one
// of an owner before it.
func journalOf(owner string, change ...func(*Journal)) Found {
	journal := Journal{
		Owner: owner, Since: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), Machine: here,
		Original: Values{delay: DWORD(240), port: Absent, alive: String("7200000")},
		Written:  Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000)},
		Seen:     &Seen{Boot: booted, Values: map[string]string{delay: "REG_DWORD 240"}},
	}
	for _, f := range change {
		f(&journal)
	}
	return Found{Journal: &journal}
}

// stakeOf is a resource that manages two values of that journal and wrote both.
func stakeOf(change ...func(*Stake)) Stake {
	when := installed
	stake := Stake{
		Owner: "ours", Original: Values{delay: DWORD(240), port: Absent},
		Memory: Memory{
			Written: Values{delay: DWORD(30), port: DWORD(65534)}, Journaled: &when, UUID: uuidA,
			Seen: &Seen{Boot: booted, Values: map[string]string{delay: "REG_DWORD 240", port: "absent"}},
		},
	}
	for _, f := range change {
		f(&stake)
	}
	return stake
}

func on(uuid, computer string) func(*Journal) {
	return func(j *Journal) { j.Machine.UUID, j.Machine.Computer = uuid, computer }
}

func forgetful(s *Stake) { s.Memory = Memory{} }

// tellsAll fails unless the text holds every part.
func tellsAll(t *testing.T, name, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: %q lacks %q", name, text, part)
		}
	}
}

func told(warnings []Warning) string {
	var text strings.Builder
	for _, w := range warnings {
		fmt.Fprintf(&text, "%s: %s\n", w.Summary, w.Detail)
	}
	return text.String()
}

const (
	lookAtIt = `reg query "HKLM\SOFTWARE\terraform-provider-windows"`
	removeIt = `reg delete "HKLM\SOFTWARE\terraform-provider-windows" /f`
)

// unusableJournals are those of which it is not certain what they mean, and what the error
// must say beside the two reg lines.
func unusableJournals() map[string]struct {
	found Found
	here  Machine
	parts []string
} {
	parse := func(text string) Found {
		_, err := ParseJournal(text)
		return Found{Err: err}
	}
	nameless := Machine{Computer: "MAIL02", Installed: installed}
	return map[string]struct {
		found Found
		here  Machine
		parts []string
	}{
		"garbage":           {parse("{"), here, []string{"cannot be understood", "nothing is changed"}},
		"half-written":      {parse(journalLine[:200]), here, []string{"cannot be understood", "nothing is changed"}},
		"unreadable":        {Found{Err: errors.New("StdRegProv says 5")}, here, []string{"StdRegProv says 5", "nothing is changed"}},
		"newer":             {parse(`{"version":2}`), here, []string{"newer version of this provider", "Use that version"}},
		"another attribute": {parse(swapped("max_user_port", "tcp_initial_rtt")), here, []string{"tcp_initial_rtt", "Use that version"}},
		"unidentified":      {journalOf("ours"), nameless, []string{"MAIL01", "MAIL02", "no UUID", "adopt", `change "computer":"MAIL01" to "computer":"MAIL02"`}},
		"unidentified since the journal has no UUID": {journalOf("theirs", on("", "MAIL07")), here, []string{"MAIL07", "MAIL01", "adopt"}},
	}
}

// Whoever asks: what is not certain is an error that names both ways out.
func TestUnusableJournalIsRefused(t *testing.T) {
	for name, tt := range unusableJournals() {
		calls := map[string]func() error{
			"create": func() error { _, err := ClaimCreate(tt.found, tt.here); return err },
			"import": func() error { _, _, err := ClaimImport(tt.found, tt.here, "new"); return err },
			"update": func() error { _, err := ClaimUpdate(stakeOf(), tt.found, tt.here); return err },
			"delete": func() error { _, err := ClaimDelete(stakeOf(), tt.found, tt.here); return err },
		}
		for call, f := range calls {
			err := f()
			var unusable *UnusableJournalError
			if !errors.As(err, &unusable) {
				t.Errorf("%s of %s: %v", call, name, err)
				continue
			}
			tellsAll(t, call+" of "+name, err.Error(), append(tt.parts, lookAtIt, removeIt)...)
			if tt.found.Err != nil && !errors.Is(err, tt.found.Err) {
				t.Errorf("%s of %s hides its cause: %v", call, name, err)
			}
		}
		stake := stakeOf()
		claim := ClaimRefresh(stake, tt.found, tt.here)
		tellsAll(t, "refresh of "+name, told(claim.Warnings), append(tt.parts, lookAtIt, removeIt)...)
		if !reflect.DeepEqual(claim.Memory, stake.Memory) || len(claim.Warnings) != 1 {
			t.Errorf("refresh of %s: %+v, memory %+v", name, claim.Warnings, claim.Memory)
		}
	}
}

// The advice of an unidentified journal works: with the name changed it is adopted.
func TestAdoptByHand(t *testing.T) {
	nameless := Machine{Computer: "MAIL02", Installed: installed}
	_, err := ClaimCreate(journalOf("ours"), nameless)
	if err == nil {
		t.Fatal("a journal of MAIL01 was taken on MAIL02")
	}
	from, to := `"computer":"MAIL01"`, `"computer":"MAIL02"`
	tellsAll(t, "the error", err.Error(), from, to)
	text := journalOf("ours").Journal.Text()
	edited, err := ParseJournal(strings.Replace(text, from, to, 1))
	if err != nil || strings.Count(text, from) != 1 {
		t.Fatalf("%v, %s", err, text)
	}
	claim, err := ClaimCreate(Found{Journal: &edited}, nameless)
	if err != nil || claim.Prior.Carried[delay] != DWORD(240) {
		t.Errorf("%+v, %v", claim, err)
	}
}

func TestClaimCreate(t *testing.T) {
	fresh := Prior{Original: Values{}, Written: Values{}}
	for name, tt := range map[string]struct {
		found    Found
		here     Machine
		taken    bool
		warnings int
		parts    []string
	}{
		"no journal":            {Found{}, here, false, 0, nil},
		"one of an earlier run": {journalOf("ours"), here, true, 1, []string{"taken over", "2026-05-04 03:02 UTC", "TcpTimedWaitDelay REG_DWORD 240", "MaxUserPort absent", `KeepAliveTime REG_SZ "7200000"`}},
		"another owner's":       {journalOf("theirs"), here, true, 1, []string{"taken over", "2026-05-04 03:02 UTC", "REG_DWORD 240"}},
		"renamed since":         {journalOf("theirs"), Machine{UUID: uuidA, Computer: "MAIL99", Installed: installed}, true, 1, []string{"taken over"}},
		"upgraded since":        {journalOf("theirs"), Machine{UUID: uuidA, Computer: "MAIL01", Installed: installed.AddDate(1, 0, 0)}, true, 1, []string{"taken over"}},
		"no UUID, same name":    {journalOf("theirs"), Machine{Computer: "mail01", Installed: installed}, true, 1, []string{"taken over"}},
		"a clone's":             {journalOf("theirs", on(uuidB, "MAIL07")), here, false, 1, []string{"MAIL07", uuidB, uuidA, "ignored", "TcpTimedWaitDelay REG_DWORD 240"}},
		"a clone's of our name": {journalOf("ours", on(uuidB, "MAIL01")), here, false, 1, []string{"ignored", uuidB, uuidA}},
	} {
		claim, err := ClaimCreate(tt.found, tt.here)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		tellsAll(t, name, told(claim.Warnings), tt.parts...)
		want := fresh
		if tt.taken {
			want = Prior{Original: Values{}, Carried: tt.found.Journal.Original, Written: tt.found.Journal.Written}
		}
		if !reflect.DeepEqual(claim.Prior, want) || len(claim.Warnings) != tt.warnings {
			t.Errorf("%s: prior %+v, warnings %q", name, claim.Prior, claim.Warnings)
		}
		if (claim.Previous != nil) != tt.taken || claim.Stale || claim.Alone {
			t.Errorf("%s: %+v", name, claim)
		}
		if tt.taken && !reflect.DeepEqual(claim.Memory.Seen, tt.found.Journal.Seen) {
			t.Errorf("%s: the boot of the earlier owner is forgotten: %+v", name, claim.Memory)
		}
	}
}

func TestClaimImport(t *testing.T) {
	for name, tt := range map[string]struct {
		found   Found
		adopted bool
		parts   []string
	}{
		"no journal": {Found{}, false, nil},
		"a journal":  {journalOf("theirs"), true, []string{"adopted", "TcpTimedWaitDelay REG_DWORD 240", "state rm"}},
		"a clone's":  {journalOf("theirs", on(uuidB, "MAIL07")), false, []string{"MAIL07", "ignored"}},
	} {
		claim, owner, err := ClaimImport(tt.found, here, "new")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		wantOwner, want := "new", Claim{Prior: Prior{Original: Values{}, Written: Values{}}, Memory: Memory{Written: Values{}}, Warnings: claim.Warnings}
		if tt.adopted {
			journal := tt.found.Journal
			when := journal.Machine.Installed
			wantOwner = "theirs"
			want.Previous, want.Prior.Carried, want.Prior.Written = journal, journal.Original, journal.Written
			want.Memory = Memory{Written: journal.Written, Seen: journal.Seen, Journaled: &when, UUID: uuidA}
		}
		if owner != wantOwner || !reflect.DeepEqual(claim, want) {
			t.Errorf("%s: owner %s, %+v, want %+v", name, owner, claim, want)
		}
		tellsAll(t, name, told(claim.Warnings), tt.parts...)
		if (len(claim.Warnings) != 0) != (len(tt.parts) != 0) {
			t.Errorf("%s: warnings %q", name, claim.Warnings)
		}
	}
}

// known is the prior of the stake as state has it.
var known = Prior{Original: Values{delay: DWORD(240), port: Absent}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}

func TestClaimUpdate(t *testing.T) {
	carrying := Prior{Original: known.Original, Carried: Values{alive: String("7200000")}, Written: Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000)}}
	lost := Prior{Original: known.Original}
	anew := Prior{Original: Values{}, Written: Values{}}
	at := func(d time.Duration) Machine {
		return Machine{UUID: uuidA, Computer: "MAIL01", Installed: installed.Add(d)}
	}
	for name, tt := range map[string]struct {
		stake    Stake
		found    Found
		here     Machine
		prior    Prior
		anew     bool
		warnings []string // parts; nil: no warning
	}{
		"our journal":                          {stakeOf(), journalOf("ours"), here, carrying, false, nil},
		"our journal, renamed":                 {stakeOf(), journalOf("ours"), Machine{UUID: uuidA, Computer: "MAIL99", Installed: installed}, carrying, false, nil},
		"our journal, upgraded in place":       {stakeOf(), journalOf("ours"), at(24 * 365 * time.Hour), carrying, false, nil},
		"our journal, memory lost":             {stakeOf(forgetful), journalOf("ours"), here, carrying, false, nil},
		"no journal: removed by hand":          {stakeOf(), Found{}, here, known, false, []string{"removed", "by hand", "writes the journal anew", "TcpTimedWaitDelay REG_DWORD 240, MaxUserPort absent"}},
		"removed by hand, daylight saving":     {stakeOf(), Found{}, at(time.Hour), known, false, []string{"by hand"}},
		"removed by hand, daylight saving off": {stakeOf(), Found{}, at(-time.Hour), known, false, []string{"by hand"}},
		"no journal: installed anew":           {stakeOf(), Found{}, at(30 * 24 * time.Hour), anew, true, []string{"installed anew", "2025-11-05", "2025-10-06", "TcpTimedWaitDelay REG_DWORD 240"}},
		"installed anew from an older image":   {stakeOf(), Found{}, at(-300 * 24 * time.Hour), anew, true, []string{"installed anew"}},
		"no journal: it was off":               {stakeOf(func(s *Stake) { s.Memory.Journaled = nil }), Found{}, here, known, false, nil},
		"it was off, another Windows":          {stakeOf(func(s *Stake) { s.Memory.Journaled = nil }), Found{}, at(999 * time.Hour), known, false, nil},
		"no journal, memory lost":              {stakeOf(forgetful), Found{}, here, lost, false, []string{"no journal", "private state", "create it again"}},
		"a clone's journal of another":         {stakeOf(), journalOf("theirs", on(uuidB, "MAIL07")), here, known, false, []string{"MAIL07", "ignored", uuidB}},
		"a clone's journal of ours":            {stakeOf(), journalOf("ours", on(uuidB, "MAIL01")), here, known, false, []string{"ignored", uuidB, uuidA}},
	} {
		claim, err := ClaimUpdate(tt.stake, tt.found, tt.here)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(claim.Prior.Carried) == 0 {
			claim.Prior.Carried = nil
		}
		if !reflect.DeepEqual(claim.Prior, tt.prior) || claim.Stale != tt.anew || claim.Alone {
			t.Errorf("%s: prior %+v, want %+v; anew %t", name, claim.Prior, tt.prior, claim.Stale)
		}
		tellsAll(t, name, told(claim.Warnings), tt.warnings...)
		if (len(claim.Warnings) == 0) != (tt.warnings == nil) {
			t.Errorf("%s: warnings %q", name, claim.Warnings)
		}
		ours := tt.found.Journal != nil && tt.found.Journal.Machine.UUID == tt.here.UUID
		if (claim.Previous != nil) != ours {
			t.Errorf("%s: previous %+v", name, claim.Previous)
		}
		if !reflect.DeepEqual(tt.stake.Original, known.Original) {
			t.Errorf("%s: the stake was changed in place: %v", name, tt.stake.Original)
		}
	}
}

// An update that finds another owner changes nothing, and says since when and how to
// take over.
func TestClaimUpdateOfAnothersHost(t *testing.T) {
	for name, tt := range map[string]struct {
		stake Stake
		here  Machine
	}{
		"taken over":              {stakeOf(), here},
		"taken over, memory lost": {stakeOf(forgetful), here},
		"taken over and renamed":  {stakeOf(), Machine{UUID: uuidA, Computer: "MAIL99"}},
		"the journal was off":     {stakeOf(func(s *Stake) { s.Memory.Journaled = nil }), here},
	} {
		_, err := ClaimUpdate(tt.stake, journalOf("theirs"), tt.here)
		var another *AnotherOwnerError
		if !errors.As(err, &another) || another.Owner != "theirs" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		tellsAll(t, name, err.Error(), "another owner", "2026-05-04 03:02 UTC", "theirs")
	}
	tellsAll(t, "the way out", TakeOver, "-replace=", "remove one")
}

// What is remembered after an update that meets our journal.
func TestClaimUpdateRemembers(t *testing.T) {
	claim, err := ClaimUpdate(stakeOf(forgetful), journalOf("ours"), here)
	when := installed
	want := Memory{Written: Values{delay: DWORD(30), port: DWORD(65534)}, Seen: journalOf("ours").Journal.Seen, Journaled: &when, UUID: uuidA}
	delete(claim.Memory.Written, alive) // an earlier owner's: it may be remembered or not
	if err != nil || !reflect.DeepEqual(claim.Memory, want) {
		t.Errorf("lost: %+v, want %+v, %v", claim.Memory, want, err)
	}
	stake := stakeOf()
	claim, err = ClaimUpdate(stake, journalOf("ours"), here)
	if err != nil || string(claim.Memory.Bytes()) != string(stake.Memory.Bytes()) {
		t.Errorf("not lost: %s, want %s, %v", claim.Memory.Bytes(), stake.Memory.Bytes(), err)
	}
}

// Terraform itself was killed in an update: state and memory are those of before,
// and the journal knows of a write that they do not.
func TestTheJournalKnowsOfAWriteThatMemoryMissed(t *testing.T) {
	stake := stakeOf(func(s *Stake) { s.Memory.Written = Values{port: DWORD(65534)} }) // delay was imported
	claim, err := ClaimUpdate(stake, journalOf("ours"), here)
	if err != nil {
		t.Fatal(err)
	}
	host := Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000)}
	want := []string{"TcpTimedWaitDelay: REG_DWORD 30 -> REG_DWORD 240", "MaxUserPort: REG_DWORD 65534 -> absent", `KeepAliveTime: REG_DWORD 300000 -> REG_SZ "7200000"`}
	if got := steps(Destroy(host, claim.Prior, Restore).Steps); !reflect.DeepEqual(got, want) {
		t.Errorf("a destroy does %q, want %q", got, want)
	}
}

// An in-place upgrade keeps the journal. When it is removed by hand later, that is no
// new installation.
func TestJournalRemovedAfterAnUpgrade(t *testing.T) {
	upgraded := Machine{UUID: uuidA, Computer: "MAIL01", Installed: installed.AddDate(1, 0, 0)}
	stake := stakeOf()
	stake.Memory = ClaimRefresh(stake, journalOf("ours"), upgraded).Memory
	claim, err := ClaimUpdate(stake, Found{}, upgraded)
	if err != nil || claim.Stale || !reflect.DeepEqual(claim.Prior.Original, known.Original) {
		t.Errorf("anew %t, prior %+v, %v", claim.Stale, claim.Prior, err)
	}
}

// The journal was off, then on, and the process died in the update: the refresh that
// meets the journal remembers it, so that a new installation is seen.
func TestJournalMetForTheFirstTime(t *testing.T) {
	stake := stakeOf(func(s *Stake) { s.Memory.Journaled = nil })
	stake.Memory = ClaimRefresh(stake, journalOf("ours"), here).Memory
	claim, err := ClaimUpdate(stake, Found{}, Machine{UUID: uuidA, Computer: "MAIL01", Installed: installed.AddDate(1, 0, 0)})
	if err != nil || !claim.Stale {
		t.Errorf("anew %t, %q, %v", claim.Stale, claim.Warnings, err)
	}
}

func TestClaimDelete(t *testing.T) {
	reinstalled := Machine{UUID: uuidA, Computer: "MAIL01", Installed: installed.AddDate(0, 1, 0)}
	for name, tt := range map[string]struct {
		stake    Stake
		found    Found
		here     Machine
		alone    bool
		warnings []string
	}{
		"our journal":              {stakeOf(), journalOf("ours"), here, false, nil},
		"our journal, memory lost": {stakeOf(forgetful), journalOf("ours"), here, false, nil},
		"another owner's":          {stakeOf(), journalOf("theirs"), here, true, []string{"left as it is", "another owner", "2026-05-04 03:02 UTC", "theirs"}},
		"another's, memory lost":   {stakeOf(forgetful), journalOf("theirs"), here, true, []string{"left as it is", "another owner"}},
		"removed by hand":          {stakeOf(), Found{}, here, false, []string{"removed", "by hand"}},
		"installed anew":           {stakeOf(), Found{}, reinstalled, true, []string{"left as it is", "installed anew", "TcpTimedWaitDelay REG_DWORD 240, MaxUserPort absent"}},
		"upgraded in place":        {stakeOf(), journalOf("ours"), reinstalled, false, nil},
		"the journal was off":      {stakeOf(func(s *Stake) { s.Memory.Journaled = nil }), Found{}, reinstalled, false, nil},
		"a clone's":                {stakeOf(), journalOf("theirs", on(uuidB, "MAIL07")), here, false, []string{"MAIL07", "ignored"}},
		"none, memory lost":        {stakeOf(forgetful), Found{}, here, false, []string{"no journal"}},
	} {
		claim, err := ClaimDelete(tt.stake, tt.found, tt.here)
		if err != nil || claim.Alone != tt.alone {
			t.Errorf("%s: alone %t, %v", name, claim.Alone, err)
			continue
		}
		tellsAll(t, name, told(claim.Warnings), tt.warnings...)
		if (len(claim.Warnings) == 0) != (tt.warnings == nil) || tt.alone && len(claim.Warnings) != 1 {
			t.Errorf("%s: warnings %q", name, claim.Warnings)
		}
		if !tt.alone && !reflect.DeepEqual(claim.Prior.Original, tt.stake.Original) {
			t.Errorf("%s: prior %+v", name, claim.Prior)
		}
	}
}

func TestClaimRefresh(t *testing.T) {
	reinstalled := Machine{UUID: uuidA, Computer: "MAIL01", Installed: installed.AddDate(0, 1, 0)}
	flagged := func(s *Stake) { s.Memory.Stale = true }
	for name, tt := range map[string]struct {
		stake       Stake
		found       Found
		here        Machine
		reinstalled bool
		warnings    []string
	}{
		"our journal":            {stakeOf(), journalOf("ours"), here, false, nil},
		"another owner's":        {stakeOf(), journalOf("theirs"), here, false, []string{"another owner since 2026-05-04 03:02 UTC", "theirs", "-replace="}},
		"another's, memory lost": {stakeOf(forgetful), journalOf("theirs"), here, false, []string{"another owner since"}},
		"removed by hand":        {stakeOf(), Found{}, here, false, []string{"removed", "by hand", "writes the journal anew"}},
		"installed anew":         {stakeOf(), Found{}, reinstalled, true, []string{"installed anew", "TcpTimedWaitDelay REG_DWORD 240"}},
		"still installed anew":   {stakeOf(flagged), Found{}, reinstalled, true, []string{"installed anew"}},
		"the old disk is back":   {stakeOf(flagged), journalOf("ours"), here, false, nil},
		"the journal was off":    {stakeOf(func(s *Stake) { s.Memory.Journaled = nil }), Found{}, here, false, nil},
		"a clone's":              {stakeOf(), journalOf("theirs", on(uuidB, "MAIL07")), here, false, []string{"MAIL07", "ignored"}},
	} {
		before := tt.stake.Memory.Bytes()
		claim := ClaimRefresh(tt.stake, tt.found, tt.here)
		tellsAll(t, name, told(claim.Warnings), tt.warnings...)
		if (len(claim.Warnings) == 0) != (tt.warnings == nil) {
			t.Errorf("%s: warnings %q", name, claim.Warnings)
		}
		want := ParseMemory(before)
		want.Stale = tt.reinstalled
		if got := claim.Memory.Bytes(); string(got) != string(want.Bytes()) {
			t.Errorf("%s: memory %s, want %s", name, got, want.Bytes())
		}
		if got := tt.stake.Memory.Bytes(); string(got) != string(before) {
			t.Errorf("%s: the stake was changed in place: %s", name, got)
		}
	}
}

// A copy of a journal is not one that somebody removed.
func TestACloneIsNotARemoval(t *testing.T) {
	if claim := ClaimRefresh(stakeOf(), journalOf("ours", on(uuidB, "MAIL01")), here); strings.Contains(told(claim.Warnings), "by hand") {
		t.Errorf("%s", told(claim.Warnings))
	}
}

func TestList(t *testing.T) {
	for want, values := range map[string]Values{
		"nothing": nil,
		`TcpTimedWaitDelay absent, MaxUserPort REG_DWORD 5000, KeepAliveTime REG_SZ "1"`: {alive: String("1"), port: DWORD(5000), delay: Absent, "unheard_of": Absent},
	} {
		if got := List(values); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Memory is lost, and the journal does not name a value that state has (an update that was
// killed had let it go, or an import found it beside another owner's journal): it counts as
// written, unless it is as it was found.
func TestLostMemoryOfWhatTheJournalDoesNotName(t *testing.T) {
	for _, tt := range []struct {
		original Value
		numbers  Desired
		want     Value
	}{
		{DWORD(7200000), Desired{alive: DWORD(300000)}, DWORD(300000)},
		{Absent, Desired{alive: DWORD(300000)}, DWORD(300000)},
		{DWORD(7200000), Desired{}, DWORD(0)},
		{DWORD(7200000), Desired{alive: DWORD(7200000)}, Absent},
		{Absent, Desired{}, Absent},
	} {
		stake := stakeOf(forgetful, func(s *Stake) { s.Original, s.Numbers = Values{delay: DWORD(240), alive: tt.original}, tt.numbers })
		found := journalOf("ours", func(j *Journal) { delete(j.Original, alive); delete(j.Written, alive) })
		claim, err := ClaimUpdate(stake, found, here)
		if got := claim.Prior.Written[alive]; err != nil || got != tt.want {
			t.Errorf("%s, and now %v: counts as written: %s, want %s; %v", tt.original, tt.numbers, got, tt.want, err)
		}
	}
	stake := stakeOf(forgetful, func(s *Stake) {
		s.Original, s.Numbers = Values{delay: DWORD(240), tcp4: usual, tcp6: usual, udp4: near, udp6: low}, Desired{tcp: wide, udp: near}
	})
	claim, err := ClaimUpdate(stake, journalOf("ours"), here)
	want := Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000), tcp4: wide, tcp6: wide}
	if err != nil || !reflect.DeepEqual(claim.Prior.Written, want) {
		t.Errorf("ranges: %v, want %v; %v", claim.Prior.Written, want, err)
	}
}

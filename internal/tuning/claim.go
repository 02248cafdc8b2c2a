package tuning

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// Stake is what a resource in state brings to its host.
type Stake struct {
	Owner    string
	Original Values
	Numbers  Desired // what state says of the managed values
	Memory   Memory
}

// Claim is what the host's journal makes of a stake: by which prior to plan, and
// what the user must be told.
type Claim struct {
	Prior  Prior
	Memory Memory
	// Previous is the journal that is on the host now and valid there: the one to put
	// back when a create that takes over fails. Nil where there is none.
	Previous *Journal
	// Stale is set where what state says of before is of an earlier installation of
	// Windows. Prior then has what the journal says instead, or nothing where there is
	// none: what is found is taken.
	Stale bool
	// Alone is set where a destroy must leave the values as they are.
	Alone    bool
	Warnings []Warning
}

// Note adds a warning that is about the host and not about one value.
func (c *Claim) note(summary, detail string) {
	c.Warnings = append(c.Warnings, Warning{Summary: summary, Detail: detail})
}

// remedy is how to look at the journal and how to be rid of it.
const remedy = "\n\n  reg query \"HKLM\\" + JournalKey + "\"\n" + RemoveLine + "\n"

// RemoveLine is how to remove a journal by hand.
const RemoveLine = "  reg delete \"HKLM\\" + JournalKey + "\" /f"

// UnusableJournalError is a journal of which it is not certain what it means.
type UnusableJournalError struct {
	Err error
	Do  string
}

func (e *UnusableJournalError) Error() string { return e.Err.Error() + ". " + e.Do + remedy }
func (e *UnusableJournalError) Unwrap() error { return e.Err }

// Unusable makes the error for a journal that cannot be understood: an
// [*UnusableJournalError].
func Unusable(err error) error {
	var newer *NewerJournalError
	if errors.As(err, &newer) {
		return &UnusableJournalError{Err: err, Do: "Use that version for this host. These look at the journal, and remove it with all that it knows of before:"}
	}
	return &UnusableJournalError{Err: err, Do: "Who manages this host and what was there before is not certain, so nothing is changed. " +
		"Look at it, note down what it says, then remove it; a resource in state still has its own originals:"}
}

// unidentified makes the error for a journal that may be of another machine.
func unidentified(recorded, here Machine) error {
	return &UnusableJournalError{
		Err: fmt.Errorf("the journal was written on a computer called %s, this one is called %s, and there is no UUID to tell whether it is the same machine", recorded.Computer, here.Computer),
		Do: fmt.Sprintf("If it is the same, renamed, adopt the journal: change \"computer\":%q to \"computer\":%q in the value %s (regedit). If it is a copy of another machine, delete it:",
			recorded.Computer, here.Computer, JournalValue),
	}
}

// AnotherOwnerError is a host that another resource has taken over.
type AnotherOwnerError struct {
	Owner string
	Since time.Time
}

func (e *AnotherOwnerError) Error() string {
	return fmt.Sprintf("the host's journal names another owner since %s: another resource, configuration or run of this provider manages it (owner %s; the state that has this id, by terraform state pull, is the other one)", stamp(e.Since), e.Owner)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// valid gives the journal that counts on this machine: none, where there is none
// or where it is a copy of another machine's, which is said in a warning.
func (c *Claim) valid(found Found, here Machine) (*Journal, error) {
	switch {
	case found.Err != nil:
		return nil, Unusable(found.Err)
	case found.Journal == nil:
		return nil, nil
	}
	switch here.kin(found.Journal.Machine) {
	case same:
		return found.Journal, nil
	case clone:
		c.note(fmt.Sprintf("the journal of another machine (%s) is ignored", found.Journal.Machine.Computer),
			fmt.Sprintf("Its UUID is %s and this machine's is %s: the disk was cloned, or restored onto other hardware. The copied journal says that before there was: %s.",
				found.Journal.Machine.UUID, here.UUID, List(found.Journal.Original)))
		return nil, nil
	default:
		return nil, unidentified(found.Journal.Machine, here)
	}
}

// ClaimCreate decides by what a create goes: a journal that is there is taken over
// with its originals.
func ClaimCreate(found Found, here Machine) (Claim, error) {
	claim := Claim{Prior: Prior{Original: Values{}, Written: Values{}}}
	journal, err := claim.valid(found, here)
	if err != nil || journal == nil {
		return claim, err
	}
	claim.Previous = journal
	claim.Prior.Carried, claim.Prior.Written = journal.Original, journal.Written
	claim.Memory.Seen = journal.Seen
	claim.note(fmt.Sprintf("taken over from an owner since %s", stamp(journal.Since)),
		fmt.Sprintf("The host's journal knows what was there before that owner, and this resource keeps it: %s. "+
			"After an apply that was killed this is as it should be. If another configuration still manages this host, its next refresh says that it has lost it.", List(journal.Original)))
	return claim, nil
}

// ClaimImport decides by what an import goes: a journal that is there is adopted
// with its owner. owner is the new one where there is none.
func ClaimImport(found Found, here Machine, owner string) (Claim, string, error) {
	claim := Claim{Prior: Prior{Original: Values{}, Written: Values{}}, Memory: Memory{Written: Values{}}}
	journal, err := claim.valid(found, here)
	if err != nil || journal == nil {
		return claim, owner, err
	}
	claim.Previous = journal
	claim.Prior.Carried, claim.Prior.Written = journal.Original, journal.Written
	claim.Memory = Memory{}.from(journal)
	claim.note(fmt.Sprintf("the journal of an owner since %s is adopted", stamp(journal.Since)),
		fmt.Sprintf("What was there before comes from it: %s. If another state still has this host, take it out there (state rm): both would count as one owner, and undo each other without a word.",
			List(journal.Original)))
	return claim, journal.Owner, nil
}

// ClaimUpdate decides by what an update goes. The error is an
// [*AnotherOwnerError] or an [*UnusableJournalError]; nothing is to be written then.
func ClaimUpdate(stake Stake, found Found, here Machine) (Claim, error) {
	claim := Claim{Prior: Prior{Original: stake.Original, Written: stake.Memory.Written}, Memory: stake.Memory}
	journal, err := claim.valid(found, here)
	if err != nil {
		return claim, err
	}
	if journal != nil {
		return claim, claim.meet(stake, journal, here)
	}
	claim.gone(stake, here, found.Journal)
	return claim, nil
}

// meet reconciles a stake with a journal that counts.
func (c *Claim) meet(stake Stake, journal *Journal, here Machine) error {
	if stake.Owner != journal.Owner {
		return &AnotherOwnerError{Owner: journal.Owner, Since: journal.Since}
	}
	c.Previous, c.Memory = journal, stake.Memory.from(journal)
	if c.Memory.Journaled == nil || !sameInstallation(*c.Memory.Journaled, here.Installed) { // a first journal, or an upgrade in place
		installed := here.Installed.UTC()
		c.Memory.Journaled = &installed
	}
	c.Memory.UUID = here.UUID
	// Terraform may have died after a write that the host's journal knows of.
	c.Prior.Written = maps.Clone(c.Memory.Written)
	if stake.Memory.Stale { // that was written to an earlier Windows
		c.Prior.Written = Values{}
	}
	maps.Copy(c.Prior.Written, journal.Written)
	if stake.Memory.Written == nil { // what an update that was killed had let go already is ours to put back as long as state has it
		for attribute, before := range stake.Original {
			p, _ := tcpip.ByAttribute(attribute)
			if _, named := journal.Original[attribute]; !named && !stake.Numbers[p.Argument()].isLike(before) {
				c.Prior.Written[attribute] = assumed(p, stake.Numbers[p.Argument()])
			}
		}
	}
	c.Prior.Carried, c.Memory.Written = Values{}, Values{}
	for attribute, number := range c.Prior.Written {
		if _, managed := stake.Original[attribute]; managed {
			c.Memory.Written[attribute] = number
		}
	}
	c.Prior.Original = maps.Clone(stake.Original)
	for attribute, original := range journal.Original {
		switch ours, managed := stake.Original[attribute]; {
		case !managed:
			c.Prior.Carried[attribute] = original
		case ours != original: // an update after a new installation got no further than the journal
			c.Prior.Original[attribute] = original
			c.Stale = true
		}
	}
	if c.Stale {
		c.note("what state says of before is not true any more", fmt.Sprintf("By state it was: %s. By this resource's own journal on the host, which counts, it was: %s.",
			List(stake.Original), List(journal.Original)))
	}
	return nil
}

// installTolerance is how far InstallDate may move without a new installation:
// it is kept as local time, and whether it follows daylight saving is not known.
const installTolerance = 2 * time.Hour

func sameInstallation(a, b time.Time) bool { return a.Sub(b).Abs() < installTolerance }

// gone decides what it means that there is no journal of this machine. copied is
// one of another machine, which was warned of, or nil. One that names our owner came
// here with our values, on other hardware: no new installation would have it.
func (c *Claim) gone(stake Stake, here Machine, copied *Journal) {
	memory := stake.Memory
	switch {
	case copied != nil && (copied.Owner == stake.Owner || memory.Journaled == nil || sameInstallation(*memory.Journaled, here.Installed)):
	case memory.Written == nil:
		c.note("there is no journal, and no memory of one", "Terraform lost this resource's private state, and the host has no journal. What state says of before is used; "+
			"should the machine have been installed anew, take the resource out of state and create it again.")
	case memory.Journaled == nil: // the journal was off until now
	case memory.UUID != "" && here.UUID != "" && memory.UUID != here.UUID:
		c.anew("this is another machine", fmt.Sprintf("It is %s with the UUID %s, and the values were written to one with the UUID %s: the name or address leads elsewhere now. "+
			"What state says of before (%s) is of that machine: an update takes what it finds here instead, and a destroy leaves this machine alone. "+
			"If the other one still runs, its journal knows what was there before.", here.Computer, here.UUID, memory.UUID, List(stake.Original)))
	case sameInstallation(*memory.Journaled, here.Installed):
		c.note("its journal was removed", "Windows was not installed anew since, so it was removed by hand, or by the destroy of another state with this owner. "+
			"As long as state is there nothing is lost: what it says of before counts ("+List(stake.Original)+"), and an update writes the journal anew; a change of timeouts is one.")
	default:
		c.anew("Windows was installed anew", fmt.Sprintf("Its InstallDate is %s and was %s when the journal was written, and the journal is gone. "+
			"What state says of before (%s) is of the earlier installation: an update takes what it finds instead.", stamp(here.Installed), stamp(*memory.Journaled), List(stake.Original)))
	}
}

// anew lets go of what is of another Windows.
func (c *Claim) anew(summary, detail string) {
	c.Stale = true
	c.Prior = Prior{Original: Values{}, Written: Values{}}
	c.Memory = Memory{Written: Values{}}
	c.note(summary, detail)
}

// ClaimDelete decides by what a destroy goes. The error is an
// [*UnusableJournalError].
func ClaimDelete(stake Stake, found Found, here Machine) (Claim, error) {
	claim, err := ClaimUpdate(stake, found, here)
	var another *AnotherOwnerError
	switch {
	case errors.As(err, &another):
		claim.Alone = true
		claim.note("left as it is, since it has another owner", fmt.Sprintf("%s. That owner's journal keeps what was there before, and its destroy restores it. "+
			"This resource only leaves state.", Upper(another.Error())))
		return claim, nil
	case err != nil:
		return claim, err
	case claim.Stale && claim.Previous == nil:
		claim.Alone = true
		why := claim.Warnings[len(claim.Warnings)-1]
		claim.Warnings = nil
		claim.note("left as it is, since "+why.Summary, why.Detail)
	}
	return claim, nil
}

// ClaimRefresh says what a refresh sees in the journal. It never fails: what state
// has is compared with the host all the same, and the next write refuses.
func ClaimRefresh(stake Stake, found Found, here Machine) Claim {
	claim, err := ClaimUpdate(stake, found, here)
	var another *AnotherOwnerError
	switch {
	case errors.As(err, &another):
		claim.note(fmt.Sprintf("it has another owner since %s", stamp(another.Since)), Upper(another.Error())+". "+TakeOver)
	case err != nil:
		claim.note("its journal cannot be used", Upper(err.Error()))
	default:
		if claim.Stale && claim.Previous == nil {
			claim.Memory = stake.Memory
		}
		claim.Memory.Stale = claim.Stale
	}
	return claim
}

// TakeOver is the way out for a resource that has lost its host.
const TakeOver = "Two owners undo each other: remove one. To take the host over, replace this resource (-replace='ADDRESS'): its originals come from the journal."

// Upper begins a sentence.
func Upper(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// List names values for a message.
func List(values Values) string {
	var list []string
	for _, p := range tcpip.Settings {
		if value, ok := values[p.Attribute]; ok {
			list = append(list, p.ValueName+" "+value.String())
		}
	}
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

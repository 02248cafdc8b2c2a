package provider

import (
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
)

// tunedTo is a host whose TcpTimedWaitDelay was 240, under management at 30.
func tunedTo(t *testing.T, options ...winsim.Option) (host *winsim.Host, c *cli) {
	t.Helper()
	host = winsim.Start(t, winsim.Server2022(), options...)
	host.SetDWORD("TcpTimedWaitDelay", 240)
	c = newCLI(t, delayOf(host, "30"))
	c.must(0, "apply", "-auto-approve")
	return host, c
}

// delayOf is a configuration of one value of a host.
func delayOf(host *winsim.Host, delay string) string {
	return sealed(host) + tuned(host.HTTPAddr(), "tcp_timed_wait_delay = "+delay)
}

var (
	was240 = originals{"tcp_timed_wait_delay": "REG_DWORD 240"}
	was30  = originals{"tcp_timed_wait_delay": "REG_DWORD 30"}
)

// A clone carries a copy of the journal. It is another machine: the copy is ignored,
// with a warning that says what stands in it.
func TestAccClone(t *testing.T) {
	t.Parallel()
	host, c := tunedTo(t)
	clone := winsim.Start(t, winsim.Server2022(), winsim.ClonedFrom(host), winsim.Named("MAIL02"))
	d := newCLI(t, delayOf(clone, "60"))
	got := d.warned(d.must(0, "apply", "-auto-approve", "-json"), clone.HTTPAddr(), "%s: the journal of another machine (MAIL01) is ignored")
	tells(t, got[0].Detail, journalOf(t, host).UUID, "TcpTimedWaitDelay REG_DWORD 240")
	d.owns(clone, was30)
	if theirs, ours := journalOf(t, host), journalOf(t, clone); theirs.UUID == ours.UUID || theirs.Owner == ours.Owner || ours.Computer != "MAIL02" {
		t.Errorf("the journals are %+v and %+v", theirs, ours)
	}
	d.warned(d.must(0, "plan", "-detailed-exitcode", "-json"), clone.HTTPAddr())
	d.must(0, "destroy", "-auto-approve")
	noJournal(t, clone)
	has(t, clone, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
	// The machine that it was cloned from has not noticed.
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr())
	c.owns(host, was240)
}

// A disk that was restored onto other hardware: state still knows what was before,
// and the next update writes the journal for this machine.
func TestAccOtherHardware(t *testing.T) {
	t.Parallel()
	host, c := tunedTo(t)
	const uuid = "0B6F3A52-77C1-4E0B-8B0E-2F4F6E9A1C33"
	host.SetUUID(uuid)
	ignored := "%s: the journal of another machine (MAIL01) is ignored"
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), ignored)
	c.config(delayOf(host, "60"))
	c.warned(c.must(0, "apply", "-auto-approve", "-json"), host.HTTPAddr(), ignored)
	c.owns(host, was240)
	if got := journalOf(t, host).UUID; got != uuid {
		t.Errorf("the journal's UUID is %s", got)
	}
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr())
	c.must(0, "destroy", "-auto-approve")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// The same UUID under another computer name is the same machine, renamed.
func TestAccRenamedComputer(t *testing.T) {
	t.Parallel()
	const uuid = "5E0D8F61-93B7-4C2E-AF5C-7D1B3C9E2A44"
	host, _ := tunedTo(t, winsim.UUID(uuid))
	renamed := winsim.Start(t, winsim.Server2022(), winsim.ClonedFrom(host), winsim.UUID(uuid), winsim.Named("MAIL77"))
	d := newCLI(t, delayOf(renamed, "60"))
	d.warned(d.must(0, "apply", "-auto-approve", "-json"), renamed.HTTPAddr(), "%s: taken over from an owner since "+journalOf(t, host).stamp())
	d.owns(renamed, was240)
	d.must(0, "destroy", "-auto-approve")
	has(t, renamed, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// Without a UUID that tells machines apart the name has to; where that differs,
// nobody can know, and the error says how to adopt the journal and how to delete it.
func TestAccNoUsableUUID(t *testing.T) {
	t.Parallel()
	for name, uuid := range map[string]string{"none": "", "zeros": "00000000-0000-0000-0000-000000000000", "shared": "03000200-0400-0500-0006-000700080009"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, c := tunedTo(t, winsim.UUID(uuid))
			c.config(delayOf(host, "60"))
			c.must(0, "apply", "-auto-approve")
			c.owns(host, was240)

			other := winsim.Start(t, winsim.Server2022(), winsim.ClonedFrom(host), winsim.UUID(uuid), winsim.Named("MAIL02"))
			d := newCLI(t, delayOf(other, "90"))
			detail := d.refused("Unable to Create TCP/IP Tuning of "+other.HTTPAddr(), "apply", "-auto-approve")
			tells(t, detail, append(remedy, "called MAIL01", "called MAIL02", `"computer":"MAIL01"`, `"computer":"MAIL02"`, "adopt", "delete it")...)
			if n := other.Counters().Writes; n != 0 {
				t.Errorf("%d writes", n)
			}
			if name == "none" { // adopted, as the error says
				value, err := other.Registry().Get(journalKey, "Journal")
				if err != nil {
					t.Fatal(err)
				}
				other.SetKeyString(journalKey, "Journal", strings.Replace(value.Text, `"computer":"MAIL01"`, `"computer":"MAIL02"`, 1))
				d.warned(d.must(0, "apply", "-auto-approve", "-json"), other.HTTPAddr(), "%s: taken over from an owner since "+journalOf(t, host).stamp())
				d.owns(other, was240)
				return
			}
			other.DeleteKey(journalKey) // deleted, as the error says
			d.warned(d.must(0, "apply", "-auto-approve", "-json"), other.HTTPAddr())
			d.owns(other, originals{"tcp_timed_wait_delay": "REG_DWORD 60"})
		})
	}
}

// A journal that somebody removed is warned of, costs nothing while state is there,
// and is written anew by the next update.
func TestAccJournalRemovedByHand(t *testing.T) {
	t.Parallel()
	host, c := tunedTo(t)
	owner := journalOf(t, host).Owner
	host.DeleteKey(journalKey)
	got := c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), "%s: its journal was removed")
	tells(t, got[0].Detail, "TcpTimedWaitDelay REG_DWORD 240", "by hand")
	c.must(0, "apply", "-auto-approve") // nothing to change, so nothing is written
	noJournal(t, host)
	c.config(delayOf(host, "60"))
	c.warned(c.must(0, "apply", "-auto-approve", "-json"), host.HTTPAddr(), "%s: its journal was removed")
	c.owns(host, was240)
	if now := journalOf(t, host).Owner; now != owner {
		t.Errorf("the owner was %s and is %s", owner, now)
	}
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr())
	host.DeleteKey(journalKey)
	c.warned(c.must(0, "destroy", "-auto-approve", "-json"), host.HTTPAddr(), "%s: its journal was removed")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// Windows was installed anew: what state says of before is of the earlier one, so
// the next update takes what it finds.
func TestAccReinstalled(t *testing.T) {
	t.Parallel()
	anew := "%s: Windows was installed anew"
	reinstalled := func(t *testing.T) (*winsim.Host, *cli) {
		host, c := tunedTo(t)
		host.Reinstall()
		host.SetDWORD("TcpTimedWaitDelay", 120)
		return host, c
	}
	t.Run("apply", func(t *testing.T) {
		t.Parallel()
		host, c := reinstalled(t)
		// A plan that has not looked promises what is not true any more.
		c.config(delayOf(host, "60"))
		tells(t, c.refused("Unable to Update TCP/IP Tuning of "+host.HTTPAddr(), "apply", "-auto-approve", "-refresh=false"), "plan again, with a refresh", "Nothing was written.")
		has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 120"})
		got := c.warned(c.must(2, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), anew)
		tells(t, got[0].Detail, "2025-10-06", "TcpTimedWaitDelay REG_DWORD 240")
		c.warned(c.must(0, "apply", "-auto-approve", "-json"), host.HTTPAddr(), anew)
		c.owns(host, originals{"tcp_timed_wait_delay": "REG_DWORD 120"})
		c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr())
		c.must(0, "destroy", "-auto-approve")
		noJournal(t, host)
		has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 120"})
	})
	t.Run("destroy", func(t *testing.T) {
		t.Parallel()
		host, c := reinstalled(t)
		c.warned(c.must(0, "destroy", "-auto-approve", "-json"), host.HTTPAddr(), "%s: left as it is, since Windows was installed anew")
		has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 120"})
	})
	// By chance the new Windows has the configured number: no drift, but the originals
	// are not true any more.
	t.Run("with the configured number", func(t *testing.T) {
		t.Parallel()
		host, c := tunedTo(t)
		host.Reinstall()
		host.SetDWORD("TcpTimedWaitDelay", 30)
		c.warned(c.must(2, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), anew)
		c.must(0, "apply", "-auto-approve")
		c.owns(host, was30)
		c.must(0, "plan", "-detailed-exitcode")
		c.must(0, "destroy", "-auto-approve")
		has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 30"})
	})
}

// An upgrade in place changes InstallDate too, but keeps the registry: nothing
// changes, then or when the journal is removed by hand later.
func TestAccUpgradeInPlace(t *testing.T) {
	t.Parallel()
	host, c := tunedTo(t)
	var kept registry.Registry
	kept.CopyFrom(host.Registry())
	host.Reinstall()
	host.Registry().CopyFrom(&kept)
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr())
	c.must(0, "apply", "-auto-approve")
	c.owns(host, was240)
	host.DeleteKey(journalKey)
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr(), "%s: its journal was removed")
	c.config(delayOf(host, "60"))
	c.must(0, "apply", "-auto-approve")
	c.owns(host, was240)
	c.must(0, "destroy", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

package provider

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// lose removes the state file.
func (c *cli) lose() {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.dir, "terraform.tfstate")); err != nil {
		c.t.Fatal(err)
	}
}

// An import writes nothing, no journal either; the first update does.
func TestAccImportWithoutJournal(t *testing.T) {
	t.Parallel()
	host := winsim.Start(t, winsim.Server2022())
	host.SetDWORD("TcpTimedWaitDelay", 240)
	c := newCLI(t, delayOf(host, "240"))
	c.must(0, "import", address, host.HTTPAddr())
	if n := host.Counters().Writes; n != 0 {
		t.Errorf("the import made %d writes", n)
	}
	owner := c.remembers(was240)
	c.must(0, "plan", "-detailed-exitcode")
	c.config(delayOf(host, "30"))
	c.must(0, "apply", "-auto-approve")
	c.owns(host, was240)
	if now := journalOf(t, host).Owner; now != owner {
		t.Errorf("the owner was %s and is %s", owner, now)
	}
	c.must(0, "destroy", "-auto-approve")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// State was lost: the journal gives back the owner and what was there before.
func TestAccImportAfterLostState(t *testing.T) {
	t.Parallel()
	host, c := tunedTo(t)
	owner := journalOf(t, host).Owner
	c.lose()
	host.ResetCounters()
	c.must(0, "import", address, host.HTTPAddr())
	if n := host.Counters().Writes; n != 0 {
		t.Errorf("the import made %d writes", n)
	}
	c.owns(host, was240)
	if now := c.remembers(was240); now != owner {
		t.Errorf("the owner was %s and is %s", owner, now)
	}
	c.warned(c.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr())
	c.must(0, "destroy", "-auto-approve")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// State was lost, and a create came instead of an import: it takes over.
func TestAccCreateAfterLostState(t *testing.T) {
	t.Parallel()
	host, c := tunedTo(t)
	c.lose()
	since := journalOf(t, host).stamp()
	c.warned(c.must(0, "apply", "-auto-approve", "-json"), host.HTTPAddr(), "%s: taken over from an owner since "+since)
	c.owns(host, was240)
	c.must(0, "destroy", "-auto-approve")
	noJournal(t, host)
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// What another configuration manages is adopted with its owner: both then count as
// one, and neither loses what was there before.
func TestAccImportOfAnothers(t *testing.T) {
	t.Parallel()
	host, a := tunedTo(t)
	b := newCLI(t, delayOf(host, "30"))
	b.must(0, "import", address, host.HTTPAddr())
	b.owns(host, was240)
	a.owns(host, was240)
	a.warned(a.must(0, "plan", "-detailed-exitcode", "-json"), host.HTTPAddr())
	b.config(delayOf(host, "60"))
	b.must(0, "apply", "-auto-approve")
	a.must(2, "plan", "-detailed-exitcode")
	a.must(0, "destroy", "-auto-approve")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
	noJournal(t, host)
	b.warned(b.must(0, "destroy", "-auto-approve", "-json"), host.HTTPAddr(), "%s: its journal was removed")
	has(t, host, map[string]string{"TcpTimedWaitDelay": "REG_DWORD 240"})
}

// The journal of another machine is no journal of this one's.
func TestAccImportOfAClone(t *testing.T) {
	t.Parallel()
	host, _ := tunedTo(t)
	clone := winsim.Start(t, winsim.Server2022(), winsim.ClonedFrom(host), winsim.Named("MAIL02"))
	c := newCLI(t, delayOf(clone, "30"))
	tells(t, unbroken(c.must(0, "import", "-no-color", address, clone.HTTPAddr())), clone.HTTPAddr()+": the journal of another machine (MAIL01) is ignored")
	if owner := c.remembers(was30); owner == journalOf(t, host).Owner {
		t.Error("the other machine's owner was adopted")
	}
}

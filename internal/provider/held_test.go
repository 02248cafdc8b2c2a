package provider

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// journalKey is where a host keeps its journal, as the docs spell it.
const journalKey = `SOFTWARE\terraform-provider-windows`

// journalText is a host's journal as its readers see it, written apart from the
// code that writes it.
type journalText struct {
	Version   int       `json:"version"`
	Owner     string    `json:"owner"`
	Since     time.Time `json:"since"`
	UUID      string    `json:"uuid"`
	Computer  string    `json:"computer"`
	Installed time.Time `json:"installed"`
	Values    map[string]struct {
		Original string `json:"original"`
		Written  any    `json:"written"` // a number, or a range such as "1025+64511"
	} `json:"values"`
}

// stamp is Since as messages show it.
func (j journalText) stamp() string { return j.Since.UTC().Format("2006-01-02 15:04 MST") }

// journalOf reads the journal of a host; the test ends where there is none.
func journalOf(t *testing.T, host *winsim.Host) (journal journalText) {
	t.Helper()
	value, err := host.Registry().Get(journalKey, "Journal")
	if err != nil {
		t.Fatalf("%s has no journal: %v", host.Name(), err)
	}
	if err := json.Unmarshal([]byte(value.Text), &journal); err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	return journal
}

// originals is what a journal says of before.
func (j journalText) originals() originals {
	list := originals{}
	for attribute, item := range j.Values {
		list[attribute] = item.Original
	}
	return list
}

// noJournal demands that nothing of a journal is on the host.
func noJournal(t *testing.T, host *winsim.Host) {
	t.Helper()
	if values, ok := host.Key(journalKey); ok {
		t.Errorf("%s still has a journal: %v", host.Name(), values)
	}
}

// isJournal tells whether a call is about the journal.
func isJournal(call winsim.Call) bool { return strings.EqualFold(call.Key, journalKey) }

// has demands registry values of a host.
func has(t *testing.T, host *winsim.Host, want map[string]string) {
	t.Helper()
	if err := differences(host, want); err != nil {
		t.Error(err)
	}
}

// held is the resource at an address as the state file has it.
type held struct {
	Status     string         `json:"status"` // "tainted"
	IndexKey   any            `json:"index_key"`
	Attributes map[string]any `json:"attributes"`
}

// inState lists the instances of the resource in the state file.
func (c *cli) inState() (instances []held) {
	c.t.Helper()
	var state struct {
		Resources []struct {
			Type      string `json:"type"`
			Instances []held `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal([]byte(c.read("terraform.tfstate")), &state); err != nil {
		c.t.Fatal(err)
	}
	for _, resource := range state.Resources {
		if resource.Type == "windows_tcpip_tuning" {
			instances = append(instances, resource.Instances...)
		}
	}
	return instances
}

// remembers demands that state has one instance, untainted and with exactly these
// originals, and gives its owner.
func (c *cli) remembers(want originals) (owner string) {
	c.t.Helper()
	instances := c.inState()
	if len(instances) != 1 || instances[0].Status != "" {
		c.t.Fatalf("in state: %+v", instances)
	}
	got, _ := instances[0].Attributes["original"].(map[string]any)
	if len(got) != len(want) {
		c.t.Errorf("original in state is %v, want %v", got, want)
	}
	for attribute, text := range want {
		if got[attribute] != text {
			c.t.Errorf("original.%s in state is %v, want %s", attribute, got[attribute], text)
		}
	}
	owner, _ = instances[0].Attributes["owner"].(string)
	if owner == "" {
		c.t.Error("state has no owner")
	}
	return owner
}

// owns demands that state and journal agree on the owner and on what was before.
func (c *cli) owns(host *winsim.Host, want originals) {
	c.t.Helper()
	journal := journalOf(c.t, host)
	if owner := c.remembers(want); journal.Owner != owner {
		c.t.Errorf("the journal names the owner %s, state %s", journal.Owner, owner)
	}
	got := journal.originals()
	if len(got) != len(want) {
		c.t.Errorf("the journal's originals are %v, want %v", got, want)
	}
	for attribute, text := range want {
		if got[attribute] != text {
			c.t.Errorf("the journal says that %s was %s, want %s", attribute, got[attribute], text)
		}
	}
}

// refused runs a command that has to fail with one error, and gives its text.
func (c *cli) refused(summary string, args ...string) (detail string) {
	c.t.Helper()
	list := diagnostics(c.t, c.must(1, append(args, "-json")...), "error")
	if len(list) != 1 || list[0].Summary != summary {
		c.t.Fatalf("errors %+v, want one: %s", list, summary)
	}
	return list[0].Detail
}

// tells demands that a text holds each of these.
func tells(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, one := range want {
		if !strings.Contains(text, one) {
			t.Errorf("%q is not in:\n%s", one, text)
		}
	}
}

// unbroken is what the CLI printed for people, without the lines that it breaks and
// the frame that it draws.
func unbroken(output string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(output, "│", "")), " ")
}

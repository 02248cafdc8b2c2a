package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// trips is a number of round trips of one kind, and why they are made. what is
// "handshake" or what the simulated host calls the operation.
type trips struct {
	what string
	n    int
	why  string
}

// journey is what one command of the CLI may cost a host.
type journey struct {
	title string
	args  string // of the CLI
	trips []trips
}

// The operations that several commands make.
var (
	handshake = trips{"handshake", 2, "NTLM's three messages: NEGOTIATE and CHALLENGE are one round trip, AUTHENTICATE the other"}
	booted    = trips{"Enumerate", 1, "Win32_OperatingSystem: the last start, for pending_restart"}
	identical = trips{"Enumerate", 2, "Win32_OperatingSystem: the last start, for pending_restart, and the date of the installation; " +
		"Win32_ComputerSystemProduct: the UUID, which tells a clone's journal"}
	listed   = trips{"EnumValues", 1, "which values there are, and of which type"}
	readBoth = trips{"GetDWORDValue", 2, "both values"}

	beforeAndAfter = trips{"EnumValues", 2, "which values there are before the writes, and after them"}
	taken          = trips{"GetDWORDValue", 3, "the one that was there, for its original; both, to read back what was written"}
	compared       = trips{"GetDWORDValue", 4, "both values before the write, since somebody may have changed them since the plan; both after it"}
	returned       = trips{"GetDWORDValue", 3, "both values before the writes, to tell what others changed; the one that is still there after them"}
	setBoth        = trips{"SetDWORDValue", 2, "each value"}
	setOne         = trips{"SetDWORDValue", 1, "the value that differs"}
	putBack        = trips{"SetDWORDValue", 1, "the value that was there before"}
	deleted        = trips{"DeleteValue", 1, "the value that was absent before"}
)

// What is looked at before a change: of MaxUserPort all that stands in its way, of
// another registry value a policy. An apply looks again, since Terraform plans once
// more there.
var (
	foresight = []trips{
		{"Enumerate", 4, "look before the change: Win32_OperatingSystem; what listens; the processes' names; Group Policy's results"},
		{"Pull", 2, "look before the change: the rest of what listens, and of the processes"},
		{"EnumValues", 1, "look before the change: which values there are"},
		{"GetDWORDValue", 1, "look before the change: the one that is there"},
		{"Create", 1, "look before the change: a shell for netsh"}, {"Command", 1, "the ranges and what is excluded of them"},
		{"Receive", 3, "what netsh shows: by this seed the first ends without a word, the last says that it is done"},
		{"Signal", 1, "that it was received"}, {"Delete", 1, "the shell"},
	}
	shortForesight = []trips{{"Enumerate", 2, "look before the change: Win32_OperatingSystem; Group Policy's results"}}
)

// The life of one host with two values, the second of which was there before. Each
// command is a process of the provider, and so a connection, of its own; the plan
// that comes before an apply stands apart, since `terraform apply` alone makes both.
func life(create, refresh, update, destroy []trips) []journey {
	return []journey{
		{"plan of a create", "plan -out=create", append([]trips{handshake}, foresight...)},
		{"create", "apply create", slices.Concat(foresight, create)},
		{"refresh", "plan -detailed-exitcode", refresh},
		{"refresh before an update", "plan -out=update -var=delay=60", slices.Concat(refresh, shortForesight)},
		{"update of one value", "apply update", slices.Concat(shortForesight, update)},
		{"refresh before a destroy", "plan -destroy -out=destroy -var=delay=60", refresh},
		{"destroy", "apply destroy", destroy},
	}
}

var withoutJournal = life(
	[]trips{handshake, booted, beforeAndAfter, taken, setBoth},
	[]trips{handshake, booted, listed, readBoth},
	[]trips{handshake, booted, beforeAndAfter, compared, setOne},
	[]trips{handshake, beforeAndAfter, returned, deleted, putBack},
)

var withJournal = life(
	[]trips{
		handshake, identical,
		{"GetStringValue", 4, "the journal: whether there is one; and the owner again before the journal and each of the two values is written"},
		{"EnumValues", 4, "which values there are before the writes, and after them; and twice the journal's key, since that there is no journal is believed of a listing only"},
		{"CreateKey", 1, "the journal's key"},
		{"SetStringValue", 1, "the journal, before the first value"},
		taken, setBoth,
	},
	[]trips{handshake, identical, {"GetStringValue", 1, "the journal: who the owner is"}, listed, readBoth},
	[]trips{
		handshake, identical,
		{"GetStringValue", 3, "the journal: who the owner is; and again before the journal and the value are written"},
		{"SetStringValue", 1, "the journal, with what is about to be written"},
		beforeAndAfter, compared, setOne,
	},
	[]trips{
		handshake, identical,
		{"GetStringValue", 4, "the journal: who the owner is; and again before each of the two values is written and before the journal is removed"},
		{"DeleteKey", 1, "the journal, after the last value"},
		beforeAndAfter, returned, deleted, putBack,
	},
)

// Every round trip to a host has a reason; one that has none, or that is gone,
// fails. The tables that are logged (go test -v) are those of the docs.
func TestAccRoundTrips(t *testing.T) {
	for _, c := range []struct {
		name, setting string // of the provider block
		journeys      []journey
	}{
		{"with the journal", "", withJournal},
		{"without the journal", "journal = false", withoutJournal},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Under other seeds the host gives the row of an Enumerate only when it is asked once more.
			host := winsim.Start(t, winsim.Server2022(), winsim.Seed(1))
			host.SetDWORD("MaxUserPort", 5000)
			config := sealed(host, c.setting) + "variable \"delay\" { default = 30 }\n" +
				tuned(host.HTTPAddr(), "tcp_timed_wait_delay = var.delay", "max_user_port = 65534")
			cli := newCLI(t, config)
			table := "\n| " + c.name + " | round trips | of these | why |\n| --- | ---: | --- | --- |\n"
			for _, j := range c.journeys {
				host.ResetCounters()
				cli.must(0, strings.Fields(j.args)...)
				table += j.check(t, host.Counters())
			}
			if err := differences(host, map[string]string{"TcpTimedWaitDelay": "absent", "MaxUserPort": "REG_DWORD 5000"}); err != nil {
				t.Error(err)
			}
			t.Log(table)
		})
	}
}

// check compares what was counted with what there is a reason for, and gives the
// rows of the table.
func (j journey) check(t *testing.T, counted winsim.Counters) (rows string) {
	t.Helper()
	got := maps.Clone(counted.Methods)
	operations := 0
	for _, n := range got {
		operations += n
	}
	got["handshake"] = counted.Requests - operations
	want, total := map[string]int{}, 0
	for _, one := range j.trips {
		if strings.TrimSpace(one.why) == "" {
			t.Errorf("%s: %s has no reason", j.title, one.what)
		}
		want[one.what] += one.n
		total += one.n
		rows += fmt.Sprintf("| | | %d %s | %s |\n", one.n, one.what, one.why)
	}
	for _, what := range slices.Sorted(maps.Keys(got)) {
		if got[what] != want[what] {
			t.Errorf("%s: %d %s, and there is a reason for %d", j.title, got[what], what, want[what])
		}
	}
	for what, n := range want {
		if _, ok := got[what]; !ok && n != 0 {
			t.Errorf("%s: no %s, and there is a reason for %d", j.title, what, n)
		}
	}
	return fmt.Sprintf("| %s | %d | | |\n", j.title, counted.Requests) + rows
}

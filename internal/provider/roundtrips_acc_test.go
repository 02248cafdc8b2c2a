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

// The operations that more than one command makes.
var (
	handshake = trips{"handshake", 2, "NTLM's three messages: NEGOTIATE and CHALLENGE are one round trip, AUTHENTICATE the other"}
	listed    = trips{"EnumValues", 1, "which values there are, and of which type"}
	readBoth  = trips{"GetDWORDValue", 2, "both values"}
)

// withoutJournal is the life of one host with two values, the second of which was
// there before, where nothing is kept on the host. Each command is a process of the
// provider, and so a connection, of its own; the plan that comes before an apply
// stands apart, since `terraform apply` alone makes both.
var withoutJournal = []journey{
	{"plan of a create", "plan -out=create", nil},
	{"create", "apply create", []trips{
		handshake,
		{"EnumValues", 2, "which values there are before the writes, and after them"},
		{"GetDWORDValue", 3, "the one that was there, for its original; both, to read back what was written"},
		{"SetDWORDValue", 2, "each value"},
	}},
	{"refresh", "plan -detailed-exitcode", []trips{handshake, listed, readBoth}},
	{"refresh before an update", "plan -out=update -var=delay=60", []trips{handshake, listed, readBoth}},
	{"update of one value", "apply update", []trips{
		handshake,
		{"EnumValues", 2, "which values there are before the write, and after it"},
		{"GetDWORDValue", 4, "both values before the write, since another may have changed them since the plan; both after it"},
		{"SetDWORDValue", 1, "the value that differs"},
	}},
	{"refresh before a destroy", "plan -destroy -out=destroy", []trips{handshake, listed, readBoth}},
	{"destroy", "apply destroy", []trips{
		handshake,
		{"EnumValues", 2, "which values there are before the writes, and after them"},
		{"GetDWORDValue", 3, "both values before the writes, to tell what others changed; the one that is still there after them"},
		{"DeleteValue", 1, "the value that was absent before"},
		{"SetDWORDValue", 1, "the value that was there before"},
	}},
}

// Every round trip to a host has a reason; one that has none, or that is gone,
// fails. The tables that are logged (go test -v) are those of the docs.
func TestAccRoundTrips(t *testing.T) {
	for _, c := range []struct {
		name, setting string // of the provider block
		journeys      []journey
	}{
		{"without the journal", "", withoutJournal},
	} {
		t.Run(c.name, func(t *testing.T) {
			host := winsim.Start(t, winsim.Server2022())
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
		if strings.TrimSpace(one.why) == "" || want[one.what] != 0 {
			t.Errorf("%s: %s has no reason, or two", j.title, one.what)
		}
		want[one.what] = one.n
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

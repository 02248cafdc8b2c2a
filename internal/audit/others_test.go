package audit

import (
	"errors"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

func TestJournalFindings(t *testing.T) {
	tuned := tuning.Values{delayName: tuning.DWORD(30), portName: tuning.DWORD(65534)}
	original := tuning.Values{delayName: tuning.Absent, portName: tuning.DWORD(65534)}
	with := func(journal *tuning.Found) Facts {
		f := modern(tcpip.Server2022, tuned)
		f.Journal = journal
		return f
	}
	written := journaled(original, map[string]string{delayName: "absent", portName: "REG_DWORD 65534"})
	changed := func(change func(*Facts)) Facts {
		f := with(written)
		change(&f)
		return f
	}
	later := func(f *Facts) {
		f.Boot = tuning.Boot{Last: booted.Add(2 * time.Hour), Uptime: time.Hour, Read: booted.Add(3 * time.Hour)}
	}
	clone := func(f *Facts) { f.Machine.UUID = "4C4C4544-0042-3510-8052-B4C04F4E3133" }
	renamed := func(f *Facts) { f.Machine = tuning.Machine{Computer: "MAIL02"} }
	broken := with(&tuning.Found{Err: errors.New("it is \x1b[31mbroken\n##vso[x]")})
	ranged := journaled(tuning.Values{"dynamic_port_range.udp.ipv4": tuning.Ports(tcpip.DefaultPortRange)}, nil)
	const delay, port = "TcpTimedWaitDelay", "MaxUserPort"
	tests := []finds{
		{"written since the start", with(written), RestartPending, delay, []string{"is REG_DWORD 30 and was absent when Windows started"}, nil},
		{"restarted since", changed(later), RestartPending, "", nil, nil},
		{"set back", changed(func(f *Facts) { f.Values[delayName] = tuning.Absent }), RestartPending, "", nil, nil},
		{"deleted since", changed(func(f *Facts) { f.Values[delayName], f.Values[portName] = tuning.Absent, tuning.Absent }), RestartPending, port, []string{"is absent and was REG_DWORD 65534"}, nil},
		{"no journal", with(&tuning.Found{}), RestartPending, "", nil, nil},
		{"journal not read", with(nil), RestartPending, "", nil, nil},
		{"a journal without a boot", with(func() *tuning.Found { j := journaled(original, nil); j.Journal.Seen = nil; return j }()), RestartPending, "", nil, nil},
		{"boot not read", changed(func(f *Facts) { f.Boot = tuning.Boot{} }), RestartPending, "", nil, nil},
		{"a clock that does not tell", changed(func(f *Facts) {
			f.Boot = tuning.Boot{Last: booted.Add(9 * time.Hour), Uptime: -time.Hour, Read: booted}
		}), RestartPending, "", nil, nil},
		{"a value not read", changed(func(f *Facts) { delete(f.Values, portName) }), RestartPending, delay, []string{"REG_DWORD 30"}, nil},
		{"another machine's journal", changed(clone), RestartPending, "", nil, nil},
		{"hostile text", with(journaled(original, map[string]string{delayName: "a\nb\x1b##vso[", portName: "REG_DWORD 65534"})), RestartPending, delay, []string{"was a b # #vso["}, []string{"\n", "\x1b"}},

		{"another machine's journal", changed(clone), JournalCopied, "journal", []string{"The journal of another machine (MAIL01) is ignored", "UUID"}, nil},
		{"this machine's", with(written), JournalCopied, "", nil, nil},
		{"none", with(&tuning.Found{}), JournalCopied, "", nil, nil},

		{"broken", broken, JournalUnusable, "journal", []string{"it is [31mbroken # #vso[x]"}, []string{"\n", "\x1b", "reg delete"}},
		{"no UUID and another name", changed(renamed), JournalUnusable, "journal", []string{"MAIL01", "MAIL02"}, []string{"\n", "reg delete"}},
		{"usable", with(written), JournalUnusable, "", nil, nil},
		{"broken, and nothing is said to await a restart", broken, RestartPending, "", nil, nil},

		{"beside a managed range", with(ranged), MaxUserPortBesideRange, port, []string{"REG_DWORD 65534", "dynamic_port_range is managed"}, nil},
		{"beside managed values only", with(written), MaxUserPortBesideRange, "", nil, nil},
		{"beside a range of another machine", func() Facts { f := with(ranged); clone(&f); return f }(), MaxUserPortBesideRange, "", nil, nil},
		{"absent beside a range", func() Facts { f := with(ranged); f.Values[portName] = tuning.Absent; return f }(), MaxUserPortBesideRange, "", nil, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

func TestPolicyAndMissingFindings(t *testing.T) {
	by := func(policies ...Policy) Facts {
		f := modern(tcpip.Server2022, nil)
		f.Policies = policies
		return f
	}
	without := func(missing ...Missing) Facts {
		f := modern(tcpip.Server2022, nil)
		f.Missing = missing
		return f
	}
	const name = "KeepAliveTime"
	tests := []finds{
		{"one", by(Policy{name, "MSS Baseline"}), SetByPolicy, name, []string{"set by Group Policy: MSS Baseline."}, nil},
		{"in other letters", by(Policy{"keepalivetime", "MSS Baseline"}), SetByPolicy, name, []string{"MSS Baseline"}, nil},
		{"two, in order, each once", by(Policy{name, "B"}, Policy{name, "A"}, Policy{name, "B"}), SetByPolicy, name, []string{": A, B."}, nil},
		{"another value's", by(Policy{"DisableIPSourceRouting", "MSS Baseline"}), SetByPolicy, "", nil, nil},
		{"a hostile name", by(Policy{name, "x\n\u202e"}), SetByPolicy, name, []string{`"x\n\u202e"`}, []string{"\n", "\u202e"}},
		{"in another language", by(Policy{name, "Grundschutz für Mail"}), SetByPolicy, name, []string{": Grundschutz für Mail."}, nil},
		{"without a name", by(Policy{name, ""}), SetByPolicy, name, []string{`: "".`}, nil},

		{"a part", without(Missing{Part: "excluded ranges", Why: "no shell"}), NotRead, "excluded ranges", []string{"Excluded ranges could not be read: no shell"}, nil},
		{"the same twice", without(Missing{Part: "a", Why: "b"}, Missing{Part: "a", Why: "b"}), NotRead, "a", []string{"A could"}, nil},
		{"hostile", without(Missing{Part: "ä\n", Why: "\x00\xff##[x]"}), NotRead, "ä", []string{"Ä could not be read", "# #[x]"}, []string{"\n", "\x00", "\xff"}},
		{"without words", without(Missing{}), NotRead, "something", []string{"no reason was given"}, nil},
	}
	for _, tt := range tests {
		tt.check(t)
	}
}

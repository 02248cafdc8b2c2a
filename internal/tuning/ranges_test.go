package tuning

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

const (
	tcp4 = "dynamic_port_range.tcp.ipv4"
	tcp6 = "dynamic_port_range.tcp.ipv6"
	udp4 = "dynamic_port_range.udp.ipv4"
	udp6 = "dynamic_port_range.udp.ipv6"
	tcp  = "dynamic_port_range.tcp"
	udp  = "dynamic_port_range.udp"
)

func span(start uint16, number uint32) Value {
	return Ports(tcpip.PortRange{Start: start, Number: number})
}

// What the tests are made of: Windows' default, a wide range, another one, one that machines
// have and netsh cannot set, and the nearest to it.
var (
	usual = span(49152, 16384)
	wide  = span(10000, 50000)
	other = span(20000, 10000)
	low   = span(1024, 64511)
	near  = span(1025, 64510)
)

// pairOf is the values of TCP's two ranges.
func pairOf(ipv4, ipv6 Value) Values { return Values{tcp4: ipv4, tcp6: ipv6} }

// hostileRanges are texts that are near to a range's, and none.
var hostileRanges = []string{
	"+", "1025+", "+5", "1025", "1025 + 10", " 1025+10", "1025+10 ", "1025+10\n", "1025+10+5", "1025-10", "1025,10", "1025+-10", "-1025+10", "1025++10",
	"01025+10", "1025+010", "00+1", "0x401+10", "1_025+10", "1025+1e3", "1025.0+10", "１０２５+10", "1025+0", "0+0", "65535+2", "65536+1", "1+65536", "0+65537",
	"1025+4294967295", "1025+4294967296", "1025+18446744073709551615", "70000+10", "ABSENT", "49152+16384+", "\"49152+16384\"", "49152+16384\x00",
}

// What can be read is exactly what is written: journals are compared as text, and an original
// must not be guessed.
func TestRangeText(t *testing.T) {
	p := params(tcp4)[0]
	for text, want := range map[string]Value{
		"49152+16384": usual, "1024+64511": low, "1025+64510": near, "0+1": span(0, 1), "0+65536": span(0, 65536), "65535+1": span(65535, 1), "1025+10": span(1025, 10),
	} {
		if got := want.String(); got != text {
			t.Errorf("%+v prints %s, want %s", want, got, text)
		}
		for _, parse := range []func() (Value, error){
			func() (Value, error) { return ParseValue(text) }, func() (Value, error) { return ParseOriginal(p, text) },
		} {
			if got, err := parse(); err != nil || got != want {
				t.Errorf("%s parses to %+v, %v", text, got, err)
			}
		}
		if r, ok := want.PortRange(); !ok || Ports(r) != want || want.IsWrongType() || !want.effective() || !want.Restorable() {
			t.Errorf("%s is no range, or none that Windows goes by", text)
		}
		if _, number := want.DWORD(); number {
			t.Errorf("%s counts as a number", text)
		}
	}
	for _, text := range hostileRanges {
		if got, err := ParseValue(text); err == nil {
			t.Errorf("%q was taken for %s", text, got)
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var got Value
		if err := json.Unmarshal(quoted, &got); err == nil {
			t.Errorf("%s was taken for %s", quoted, got)
		}
	}
}

func TestRangeTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawnRange().Draw(t, "range")
		if back, err := ParseValue(v.String()); err != nil || back != v {
			t.Fatalf("%s came back as %s, %v", v, back, err)
		}
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back Value
		if err := json.Unmarshal(data, &back); err != nil || back != v {
			t.Fatalf("%s came back as %s, %v", data, back, err)
		}
	})
}

func drawnRange() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		start := rapid.Uint16().Draw(t, "start")
		return span(start, rapid.Uint32Range(1, 65536-uint32(start)).Draw(t, "number"))
	})
}

// A range was never a registry value, nor absent, and the other way round.
func TestOriginalsFit(t *testing.T) {
	for _, p := range tcpip.Settings {
		for _, text := range []string{"absent", "REG_DWORD 5", `REG_SZ "5"`, "REG_QWORD 5", "49152+16384"} {
			_, err := ParseOriginal(p, text)
			if fits := p.IsRange() == (text == "49152+16384"); fits != (err == nil) {
				t.Errorf("%s of %s: %v", text, p.Attribute, err)
			}
			if err != nil && !strings.Contains(err.Error(), p.Attribute) {
				t.Errorf("the error does not name %s: %v", p.Attribute, err)
			}
		}
	}
}

// What was written stands in private state and in journals as a number, which an older
// version wrote too, or as a range's text.
func TestWrittenAsJSON(t *testing.T) {
	for text, want := range map[string]Value{
		"0": DWORD(0), "65534": DWORD(65534), "4294967295": DWORD(0xffffffff), `"1025+64510"`: near, `"49152+16384"`: usual,
	} {
		data, err := json.Marshal(want)
		if err != nil || string(data) != text {
			t.Errorf("%s is written as %s, %v; want %s", want, data, err, text)
		}
		var got Value
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is read as %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"-1", "4294967296", "1.0", "1e3", "null", "true", "[]", "{}", `""`, `"5"`, `"absent"`, `"REG_DWORD 5"`, `{"Start":1025,"Number":10}`} {
		got := DWORD(7)
		if err := json.Unmarshal([]byte(text), &got); err == nil || got != DWORD(7) {
			t.Errorf("%s was taken for %s, %v", text, got, err)
		}
	}
	for _, never := range []Value{Absent, String("5"), QWORD(5), Opaque(TypeBinary), Opaque(TypeDWORD)} {
		if data, err := json.Marshal(never); err == nil {
			t.Errorf("%s was written as %s", never, data)
		}
	}
}

// The ranges in a journal and in private state, byte for byte.
const (
	rangesJournal = `{"version":1,"owner":"ours","since":"2025-10-06T08:30:12Z","uuid":"4C4C4544-0042-4C10-8054-B7C04F4D3232","computer":"MAIL01",` +
		`"installed":"2025-10-06T08:30:12Z","values":{` +
		`"dynamic_port_range.tcp.ipv4":{"original":"49152+16384","written":"10000+50000"},"dynamic_port_range.tcp.ipv6":{"original":"1024+64511","written":"10000+50000"},` +
		`"dynamic_port_range.udp.ipv4":{"original":"20000+10000"},"dynamic_port_range.udp.ipv6":{"original":"20000+10000"},` +
		`"tcp_timed_wait_delay":{"original":"absent","written":30}}}`
	rangesMemory = `{"written":{"dynamic_port_range.tcp.ipv4":"10000+50000","dynamic_port_range.tcp.ipv6":"10000+50000","max_user_port":65534},` +
		`"applied":{"dynamic_port_range.tcp":"10000+50000"},"differ":["dynamic_port_range.udp"],"uuid":"4C4C4544-0042-4C10-8054-B7C04F4D3232"}`
)

func TestRangesInAJournal(t *testing.T) {
	journal := Journal{
		Owner: "ours", Since: installed, Machine: here,
		Original: Values{tcp4: usual, tcp6: low, udp4: other, udp6: other, delay: Absent}, Written: Values{tcp4: wide, tcp6: wide, delay: DWORD(30)},
	}
	if got := journal.Text(); got != rangesJournal {
		t.Errorf("got  %s\nwant %s", got, rangesJournal)
	}
	if got, err := ParseJournal(rangesJournal); err != nil || !reflect.DeepEqual(got, journal) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, swap := range map[string][2]string{
		"a range that was absent":            {`"original":"1024+64511"`, `"original":"absent"`},
		"a range that was a number":          {`"original":"1024+64511"`, `"original":"REG_DWORD 1024"`},
		"a value that was a range":           {`"original":"absent"`, `"original":"1024+64511"`},
		"a number written to a range":        {`"original":"1024+64511","written":"10000+50000"`, `"original":"1024+64511","written":10000`},
		"a range written to a value":         {`"written":30`, `"written":"10000+50000"`},
		"a leading zero":                     {`"original":"1024+64511"`, `"original":"01024+64511"`},
		"a leading zero in what was written": {`"written":"10000+50000"`, `"written":"010000+50000"`},
		"a range past the last port":         {`"original":"1024+64511"`, `"original":"1024+64513"`},
		"an escape":                          {`"written":"10000+50000"`, `"written":"10000\u002b50000"`},
		"what was written is null":           {`"written":30`, `"written":null`},
		"a range of both families":           {tcp4, tcp},
		"a family that is none":              {tcp4, tcp + ".ipv5"},
	} {
		text := strings.Replace(rangesJournal, swap[0], swap[1], 1)
		if text == rangesJournal {
			t.Fatalf("%s: nothing was swapped", name)
		}
		if got, err := ParseJournal(text); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestRangesInMemory(t *testing.T) {
	memory := Memory{Written: Values{tcp4: wide, tcp6: wide, port: DWORD(65534)}, Applied: Desired{tcp: wide}, Differ: []string{udp}, UUID: uuidA}
	if got := string(memory.Bytes()); got != rangesMemory {
		t.Errorf("got  %s\nwant %s", got, rangesMemory)
	}
	if got := ParseMemory([]byte(rangesMemory)); !reflect.DeepEqual(got, memory) {
		t.Errorf("%+v", got)
	}
	for _, text := range []string{
		strings.Replace(rangesMemory, `"10000+50000"`, `"010000+50000"`, 1), strings.Replace(rangesMemory, `"10000+50000"`, `"absent"`, 1),
		strings.Replace(rangesMemory, `65534`, `null`, 1), strings.Replace(rangesMemory, `65534`, `"65534"`, 1),
	} {
		if got := ParseMemory([]byte(text)); !reflect.DeepEqual(got, Memory{}) {
			t.Errorf("%s was taken for %+v", text, got)
		}
	}
}

// What a journal knows as written may be what an apply that was cut off was about to write:
// it says that the values are ours, not what state must be compared with.
func TestAJournalDoesNotTellWhatWasApplied(t *testing.T) {
	journal, err := ParseJournal(rangesJournal)
	if err != nil {
		t.Fatal(err)
	}
	if got := (Memory{}).from(&journal); got.Applied != nil || !reflect.DeepEqual(got.Written, journal.Written) {
		t.Errorf("%+v", got)
	}
}

func TestApplied(t *testing.T) {
	for _, tt := range []struct{ desired, want Desired }{
		{Desired{delay: DWORD(30), tcp: wide, udp: usual}, Desired{tcp: wide, udp: usual}},
		{Desired{udp: low}, Desired{udp: low}},
		{Desired{delay: DWORD(30)}, nil},
		{nil, nil},
	} {
		if got := Applied(tt.desired); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.desired, got, tt.want)
		}
	}
}

const (
	nameTCP4 = "TCP's dynamic port range (IPv4)"
	nameTCP6 = "TCP's dynamic port range (IPv6)"
)

func TestApplyRanges(t *testing.T) {
	ours := Prior{Original: Values{tcp4: usual, tcp6: low, delay: DWORD(240)}, Written: Values{tcp4: wide, tcp6: wide, delay: DWORD(30)}}
	with := func(values Values, d Value) Values { return Values{tcp4: values[tcp4], tcp6: values[tcp6], delay: d} }
	for _, tt := range []struct {
		name      string
		observed  Values
		desired   Desired
		prior     Prior
		onDestroy OnDestroy
		steps     []string
		want      Prior
		warnings  []string
	}{
		{"one argument sets both families", pairOf(usual, other), Desired{tcp: wide}, Prior{}, Restore,
			[]string{nameTCP4 + ": 49152+16384 -> 10000+50000", nameTCP6 + ": 20000+10000 -> 10000+50000"},
			Prior{Original: pairOf(usual, other), Written: pairOf(wide, wide)}, nil},
		{"one is as wanted: both are managed, one was written", pairOf(wide, usual), Desired{tcp: wide}, Prior{}, Restore,
			[]string{nameTCP6 + ": 49152+16384 -> 10000+50000"}, Prior{Original: pairOf(wide, usual), Written: Values{tcp6: wide}}, nil},
		{"both are as wanted", pairOf(wide, wide), Desired{tcp: wide}, Prior{}, Restore, nil, Prior{Original: pairOf(wide, wide), Written: Values{}}, nil},
		{"a start of 1024 is an original, and that it cannot be set again is said", pairOf(usual, low), Desired{tcp: near}, Prior{}, Restore,
			[]string{nameTCP4 + ": 49152+16384 -> 1025+64510", nameTCP6 + ": 1024+64511 -> 1025+64510"},
			Prior{Original: pairOf(usual, low), Written: pairOf(near, near)}, []string{nameTCP6 + " was 1024+64511, which netsh cannot set"}},
		{"UDP is not TCP", Values{tcp4: wide, tcp6: wide, udp4: usual, udp6: other}, Desired{udp: wide}, Prior{}, Restore,
			[]string{"UDP's dynamic port range (IPv4): 49152+16384 -> 10000+50000", "UDP's dynamic port range (IPv6): 20000+10000 -> 10000+50000"},
			Prior{Original: Values{udp4: usual, udp6: other}, Written: Values{udp4: wide, udp6: wide}}, nil},
		{"somebody changed one family: it is set again, its original stays", with(pairOf(wide, other), DWORD(30)), Desired{tcp: wide, delay: DWORD(30)}, ours, Restore,
			[]string{nameTCP6 + ": 20000+10000 -> 10000+50000"}, ours, nil},
		{"released: restored, and as near as can be", with(pairOf(wide, wide), DWORD(30)), Desired{delay: DWORD(30)}, ours, Restore,
			[]string{nameTCP4 + ": 10000+50000 -> 49152+16384", nameTCP6 + ": 10000+50000 -> 1025+64510"}, Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}, nil},
		{"released: what is there again stays", with(pairOf(usual, low), DWORD(30)), Desired{delay: DWORD(30)}, ours, Restore,
			nil, Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}, nil},
		{"released: kept", with(pairOf(wide, wide), DWORD(30)), Desired{delay: DWORD(30)}, ours, Keep,
			nil, Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}, nil},
		{"released: Windows' default is set, since a range cannot be deleted", with(pairOf(wide, wide), DWORD(30)), Desired{delay: DWORD(30)}, ours, WindowsDefault,
			[]string{nameTCP4 + ": 10000+50000 -> 49152+16384", nameTCP6 + ": 10000+50000 -> 49152+16384"}, Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}}, nil},
		{"released: what we never wrote stays", pairOf(wide, usual), Desired{}, Prior{Original: pairOf(wide, other), Written: Values{tcp6: wide}}, WindowsDefault,
			nil, Prior{Original: Values{}, Written: Values{}}, nil},
		{"released: somebody changed one family since", pairOf(wide, other), Desired{}, Prior{Original: pairOf(usual, usual), Written: pairOf(wide, wide)}, Restore,
			[]string{nameTCP4 + ": 10000+50000 -> 49152+16384", nameTCP6 + ": 20000+10000 -> 49152+16384"}, Prior{Original: Values{}, Written: Values{}},
			[]string{nameTCP6 + " was 20000+10000, not the 10000+50000 that was applied"}},
		{"a lost memory: as it was before stays, the other one counts as written", pairOf(low, wide), Desired{}, Prior{Original: pairOf(low, low)}, Restore,
			[]string{nameTCP6 + ": 10000+50000 -> 1025+64510"}, Prior{Original: Values{}, Written: Values{}}, nil},
		{"a lost memory: as near to what was before as can be", pairOf(near, wide), Desired{}, Prior{Original: pairOf(low, usual)}, WindowsDefault,
			[]string{nameTCP6 + ": 10000+50000 -> 49152+16384"}, Prior{Original: Values{}, Written: Values{}}, nil},
		{"what an earlier owner left as near to what was before as can be is forgotten", Values{tcp4: near, tcp6: wide, delay: DWORD(30)}, Desired{delay: DWORD(30)},
			Prior{Original: Values{delay: Absent}, Carried: pairOf(low, low), Written: Values{delay: DWORD(30), tcp4: wide, tcp6: wide}}, Restore,
			nil, Prior{Original: Values{delay: Absent}, Carried: Values{tcp6: low}, Written: Values{delay: DWORD(30), tcp6: wide}}, nil},
		{"and taken over without a doubt", pairOf(near, near), Desired{tcp: wide}, Prior{Original: Values{}, Carried: pairOf(low, low), Written: Values{}}, Restore,
			[]string{nameTCP4 + ": 1025+64510 -> 10000+50000", nameTCP6 + ": 1025+64510 -> 10000+50000"}, Prior{Original: pairOf(low, low), Written: pairOf(wide, wide)}, nil},
		{"taken over by the journal, of which one family is as it was", pairOf(usual, wide), Desired{tcp: wide},
			Prior{Original: Values{}, Carried: Values{tcp6: other}, Written: Values{tcp6: wide}}, Restore,
			[]string{nameTCP4 + ": 49152+16384 -> 10000+50000"}, Prior{Original: pairOf(usual, other), Written: pairOf(wide, wide)}, nil},
		{"max_user_port gives way to the range", Values{port: DWORD(65534), tcp4: usual, tcp6: usual}, Desired{tcp: wide},
			Prior{Original: Values{port: Absent}, Written: Values{port: DWORD(65534)}}, Restore,
			[]string{"MaxUserPort: REG_DWORD 65534 -> absent", nameTCP4 + ": 49152+16384 -> 10000+50000", nameTCP6 + ": 49152+16384 -> 10000+50000"},
			Prior{Original: pairOf(usual, usual), Written: pairOf(wide, wide)}, nil},
	} {
		plan, err := Apply(tt.observed, tt.desired, tt.prior, tt.onDestroy)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, want := fmt.Sprint(steps(plan.Steps)), fmt.Sprint(tt.steps); got != want {
			t.Errorf("%s: steps %s, want %s", tt.name, got, want)
		}
		if got := plan.Prior(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
		if got, want := fmt.Sprintf("%q", summaries(plan.Warnings)), fmt.Sprintf("%q", tt.warnings); got != want {
			t.Errorf("%s: warnings %s, want %s", tt.name, got, want)
		}
	}
}

func TestDestroyRanges(t *testing.T) {
	prior := Prior{Original: Values{tcp4: low, tcp6: other, udp4: wide, udp6: wide}, Written: Values{tcp4: wide, tcp6: wide}}
	observed := Values{tcp4: wide, tcp6: wide, udp4: wide, udp6: usual}
	const four, six = nameTCP4 + " is not restored on destroy", nameTCP6 + " is not restored on destroy"
	const nearly, watched = nameTCP4 + " is restored on destroy as nearly as netsh can", "UDP's dynamic port range (IPv6) is not restored on destroy" // of IPv4's there is no news
	for onDestroy, want := range map[OnDestroy]struct{ steps, warnings []string }{
		Restore:        {[]string{nameTCP4 + ": 10000+50000 -> 1025+64510", nameTCP6 + ": 10000+50000 -> 20000+10000"}, []string{nearly, watched}},
		Keep:           {[]string{}, []string{four, six, watched}},
		WindowsDefault: {[]string{nameTCP4 + ": 10000+50000 -> 49152+16384", nameTCP6 + ": 10000+50000 -> 49152+16384"}, []string{four, six, "UDP's dynamic port range (IPv4) is not restored on destroy", watched}},
	} {
		plan := Destroy(observed, prior, onDestroy)
		if got := steps(plan.Steps); !reflect.DeepEqual(got, want.steps) {
			t.Errorf("%s: steps %q, want %q", onDestroy, got, want.steps)
		}
		if got := summaries(plan.Warnings); !reflect.DeepEqual(got, want.warnings) {
			t.Errorf("%s: warnings %q, want %q", onDestroy, got, want.warnings)
		}
	}
	tellsAll(t, "the warning", told(Destroy(observed, prior, Restore).Warnings), "was 1024+64511 before, which netsh cannot set: the nearest is set, 1025+64510")
	tellsAll(t, "the warning", told(Destroy(observed, prior, WindowsDefault).Warnings), "is set to Windows' default, 49152+16384", "Before this provider it was 20000+10000")
}

// What a destroy does is said at plan time, and nothing where it does what everybody expects.
func TestWarningsOfRangesAtPlanTime(t *testing.T) {
	written := pairOf(wide, wide)
	for _, tt := range []struct {
		original  Values
		onDestroy OnDestroy
		want      []string
	}{
		{pairOf(usual, other), Restore, nil},
		{pairOf(usual, low), Restore, []string{tcp6}},
		{pairOf(usual, other), WindowsDefault, []string{tcp6}},
		{pairOf(usual, low), WindowsDefault, []string{tcp6}},
		{pairOf(usual, low), Keep, []string{tcp4, tcp6}},
	} {
		var named []string
		for _, w := range DestroyWarnings(written, Prior{Original: tt.original, Written: written}, tt.onDestroy) {
			named = append(named, w.Attribute)
		}
		if !slices.Equal(named, tt.want) {
			t.Errorf("%s of %v: warnings of %q, want %q", tt.onDestroy, tt.original, named, tt.want)
		}
	}
	for onDestroy, want := range map[OnDestroy][2]string{
		Restore:        {"will be restored to 20000+10000", "will be set to 1025+64510"},
		Keep:           {"stays as it is", "stays as it is"},
		WindowsDefault: {"will be set to Windows' default, 49152+16384", "will be set to Windows' default, 49152+16384"},
	} {
		prior := Prior{Original: pairOf(other, low), Written: written}
		got := summaries(ReleaseWarnings(params(tcp4, tcp6), written, prior, onDestroy))
		if len(got) != 2 || got[0] != nameTCP4+" is no longer configured and "+want[0] || got[1] != nameTCP6+" is no longer configured and "+want[1] {
			t.Errorf("%s: %q, want %q", onDestroy, got, want)
		}
	}
}

// Both families come and go by the one argument.
func TestManagedRanges(t *testing.T) {
	prior := Values{tcp4: usual, tcp6: low, delay: DWORD(240)}
	for _, tt := range []struct {
		name       string
		configured map[string]Configured
		original   Values
		released   []string
		known      bool
	}{
		{"unchanged", map[string]Configured{tcp: Known, delay: Known}, prior, nil, true},
		{"removed", map[string]Configured{delay: Known}, Values{delay: DWORD(240)}, []string{tcp4, tcp6}, true},
		{"another transport", map[string]Configured{tcp: Known, delay: Known, udp: Known}, nil, nil, false},
		{"may turn out null", map[string]Configured{tcp: Unknown, delay: Known}, nil, nil, false},
		{"names of families are no arguments", map[string]Configured{tcp4: Known, tcp6: Known, delay: Known}, Values{delay: DWORD(240)}, []string{tcp4, tcp6}, true},
	} {
		original, released, known := Managed(prior, tt.configured)
		var names []string
		for _, p := range released {
			names = append(names, p.Attribute)
		}
		if known != tt.known || known && !reflect.DeepEqual(original, tt.original) || !slices.Equal(names, tt.released) {
			t.Errorf("%s: original %v (known %t), released %q", tt.name, original, known, names)
		}
	}
}

func TestTakeoverOfRanges(t *testing.T) {
	const cannot = " was 1024+64511, which netsh cannot set"
	for _, tt := range []struct {
		name               string
		observed, recorded Values
		want               Values
		warnings           []string
	}{
		{"Windows' default is nothing that somebody tuned", pairOf(usual, usual), nil, Values{}, nil},
		{"one family is enough for both", pairOf(usual, wide), nil, pairOf(usual, wide), nil},
		{"the other one too", pairOf(wide, usual), nil, pairOf(wide, usual), nil},
		{"a start of 1024 is taken, and said", pairOf(low, usual), nil, pairOf(low, usual), []string{nameTCP4 + cannot}},
		{"what is recorded was tuned, though it is the default now", pairOf(usual, usual), pairOf(wide, low), pairOf(wide, low), []string{nameTCP6 + cannot}},
		{"what is recorded counts", pairOf(wide, wide), pairOf(usual, other), pairOf(usual, other), nil},
		{"of one family only", pairOf(wide, wide), Values{tcp6: usual}, pairOf(wide, usual), nil},
		{"of one family only, and all is the default", pairOf(usual, usual), Values{tcp6: wide}, Values{}, nil},
		{"transports are apart", Values{tcp4: usual, tcp6: usual, udp4: usual, udp6: wide}, nil, Values{udp4: usual, udp6: wide}, nil},
		{"a host that has none", Values{delay: DWORD(30)}, nil, Values{delay: DWORD(30)}, nil},
		{"one that could be read in half", Values{tcp4: wide}, nil, Values{}, nil},
	} {
		got, warnings := Takeover(tt.observed, tt.recorded)
		if !reflect.DeepEqual(got, tt.want) || fmt.Sprintf("%q", summaries(warnings)) != fmt.Sprintf("%q", tt.warnings) {
			t.Errorf("%s: %v, want %v; warnings %q", tt.name, got, tt.want, summaries(warnings))
		}
	}
}

// What state says of two families by one range.
func TestStateOfRanges(t *testing.T) {
	for _, tt := range []struct {
		name     string
		observed Values
		applied  Desired
		state    Value
		tells    []string
	}{
		{"alike", pairOf(wide, wide), Desired{tcp: wide}, wide, nil},
		{"alike, and not as applied", pairOf(other, other), Desired{tcp: wide}, other, nil},
		{"alike, and nothing is known", pairOf(low, low), nil, low, nil},
		{"IPv4 was changed", pairOf(other, wide), Desired{tcp: wide}, other, []string{"20000+10000 and 10000+50000", "10000+50000 was applied, so state shows that of IPv4"}},
		{"IPv6 was changed", pairOf(wide, other), Desired{tcp: wide}, other, []string{"10000+50000 and 20000+10000", "10000+50000 was applied, so state shows that of IPv6"}},
		{"both were changed", pairOf(other, near), Desired{tcp: wide}, other, []string{"20000+10000 and 1025+64510", "State shows that of IPv4."}},
		{"it is not known which is wanted", pairOf(wide, other), nil, Absent, []string{"State shows none"}},
		{"it is known of UDP only", pairOf(wide, other), Desired{udp: wide}, Absent, []string{"State shows none"}},
		{"one could not be read", Values{tcp4: wide}, Desired{tcp: wide}, Absent, nil},
	} {
		state, warnings := State(tt.observed, pairOf(usual, usual), tt.applied)
		want := Desired{tcp: tt.state}
		if tt.state == Absent {
			want = Desired{}
		}
		if !reflect.DeepEqual(state, want) || (len(warnings) == 1) != (tt.tells != nil) {
			t.Errorf("%s: state %v, want %v; warnings %q", tt.name, state, want, told(warnings))
		}
		if tt.tells != nil {
			tellsAll(t, tt.name, told(warnings), append(tt.tells, "IPv4 and IPv6 have different dynamic port ranges for tcp", "An apply that changes it sets both.")...)
			if warnings[0].Attribute != tcp {
				t.Errorf("%s: the warning is about %q", tt.name, warnings[0].Attribute)
			}
		}
	}
	if state, warnings := State(pairOf(wide, other), Values{delay: Absent}, Desired{tcp: wide}); len(state)+len(warnings) != 0 {
		t.Errorf("ranges that are not managed: %v, %q", state, told(warnings))
	}
}

// However often somebody looks, and whatever is changed in between: as long as one family
// is not as it was applied, state is not what was applied.
func TestADifferenceOfOneFamilyStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SampledFrom([]Value{usual, wide, other, low, near})
		applied := Desired{tcp: rapid.SampledFrom([]Value{usual, wide, other}).Draw(t, "applied")}
		host := pairOf(applied[tcp], applied[tcp])
		memory := Memory{Written: Values{}, Applied: applied}
		for range rapid.IntRange(1, 6).Draw(t, "refreshes") {
			host[rapid.SampledFrom([]string{tcp4, tcp6}).Draw(t, "family")] = known.Draw(t, "theirs")
			for range 3 { // private state is bytes between two of them
				memory = ParseMemory(memory.Bytes())
				state, warnings := State(host, pairOf(usual, usual), memory.Applied)
				asApplied := host[tcp4] == applied[tcp] && host[tcp6] == applied[tcp]
				if (state[tcp] == applied[tcp]) != asApplied {
					t.Fatalf("applied %s, the host has %v, state says %s", applied[tcp], host, state[tcp])
				}
				if (len(warnings) > 0) != (host[tcp4] != host[tcp6]) {
					t.Fatalf("the host has %v: %q", host, told(warnings))
				}
			}
		}
	})
}

func TestDiffering(t *testing.T) {
	both := Values{tcp4: usual, tcp6: usual, udp4: usual, udp6: usual}
	for _, tt := range []struct {
		observed, original Values
		want               []string
	}{
		{pairOf(wide, wide), both, nil},
		{pairOf(wide, other), both, []string{tcp}},
		{Values{tcp4: wide, tcp6: other, udp4: low, udp6: near}, both, []string{tcp, udp}},
		{Values{tcp4: wide, tcp6: other, udp4: low, udp6: near}, Values{udp4: usual, udp6: usual}, []string{udp}},
		{Values{tcp4: wide}, both, nil},
		{pairOf(wide, other), nil, nil},
	} {
		if got := Differing(tt.observed, tt.original); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %q, want %q", tt.observed, got, tt.want)
		}
	}
}

func TestVerifyRanges(t *testing.T) {
	desired := Desired{tcp: wide}
	plan, err := Apply(Values{tcp4: usual, tcp6: wide, udp4: other, udp6: other}, desired,
		Prior{Original: Values{udp4: low, udp6: usual}, Written: Values{udp4: other, udp6: other}}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	good := Values{tcp4: wide, tcp6: wide, udp4: near, udp6: usual}
	if err := Verify(plan, desired, good); err != nil {
		t.Errorf("a true read-back is refused: %v", err)
	}
	for attribute, got := range map[string]Value{tcp4: usual, tcp6: other, udp4: low, udp6: other} {
		after := Values{tcp4: wide, tcp6: wide, udp4: near, udp6: usual}
		after[attribute] = got
		var mismatch *MismatchError
		if err := Verify(plan, desired, after); !errors.As(err, &mismatch) || mismatch.Parameter.Attribute != attribute || mismatch.Got != got {
			t.Errorf("%s reads back as %s: %v", attribute, got, err)
		}
	}
}

// The way back after a failed create.
func TestUndoRanges(t *testing.T) {
	plan, err := Apply(pairOf(low, usual), Desired{tcp: wide}, Prior{}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	back4, back6 := nameTCP4+": 10000+50000 -> 1025+64510", nameTCP6+": 10000+50000 -> 49152+16384"
	for _, tt := range []struct {
		name          string
		now           Values
		undo, foreign []string
		near          []string
	}{
		{"both were written", pairOf(wide, wide), []string{back6, back4}, nil, nil},
		{"the first was written", pairOf(wide, usual), []string{back4}, nil, nil},
		{"nothing was", pairOf(low, usual), nil, nil, nil},
		{"all is taken back, as nearly as can be", pairOf(near, usual), nil, nil, []string{nameTCP4 + ": 1024+64511 -> 10000+50000"}},
		{"somebody else changed the first", pairOf(other, wide), []string{back6}, []string{nameTCP4 + ": 20000+10000 -> 1024+64511"}, nil},
		{"somebody else changed the second", pairOf(wide, low), []string{back4}, []string{nameTCP6 + ": 1024+64511 -> 49152+16384"}, nil},
	} {
		undo, foreign, stuck := Undo(plan.Steps, tt.now)
		if got, want := fmt.Sprint(steps(undo)), fmt.Sprint(tt.undo); got != want || len(stuck) != 0 {
			t.Errorf("%s: undo %s, want %s; stuck %v", tt.name, got, want, steps(stuck))
		}
		if got, want := fmt.Sprint(steps(foreign)), fmt.Sprint(tt.foreign); got != want {
			t.Errorf("%s: foreign %s, want %s", tt.name, got, want)
		}
		if got, want := fmt.Sprint(steps(Nearly(plan.Steps, tt.now))), fmt.Sprint(tt.near); got != want {
			t.Errorf("%s: nearly %s, want %s", tt.name, got, want)
		}
	}
}

// Whatever fails between the two families, both are managed afterwards, or none.
func TestRangesAfterAFailure(t *testing.T) {
	ours := Prior{Original: pairOf(other, low), Written: pairOf(wide, wide)}
	beside := Prior{Original: Values{delay: Absent}, Written: Values{delay: DWORD(30)}}
	carried := Prior{Original: Values{}, Carried: pairOf(other, low), Written: pairOf(wide, wide)}
	for _, tt := range []struct {
		name      string
		observed  Values
		desired   Desired
		prior     Prior
		onDestroy OnDestroy
		after     Values
		uncertain string
		want      Prior
	}{
		{"a create: nothing was written", pairOf(usual, low), Desired{tcp: wide}, Prior{}, Restore, pairOf(usual, low), "", Prior{Original: Values{}, Written: Values{}}},
		{"a create: IPv4 was written", pairOf(usual, low), Desired{tcp: wide}, Prior{}, Restore, pairOf(wide, low), "", Prior{Original: pairOf(usual, low), Written: Values{tcp4: wide}}},
		{"a create: IPv6 may still land", pairOf(usual, low), Desired{tcp: wide}, Prior{}, Restore, pairOf(usual, low), tcp6, Prior{Original: pairOf(usual, low), Written: Values{tcp6: wide}}},
		{"an update takes them over: IPv4 was written", Values{tcp4: usual, tcp6: low, delay: DWORD(30)}, Desired{tcp: wide, delay: DWORD(30)}, beside, Restore,
			Values{tcp4: wide, tcp6: low, delay: DWORD(30)}, "", Prior{Original: Values{tcp4: usual, tcp6: low, delay: Absent}, Written: Values{tcp4: wide, delay: DWORD(30)}}},
		{"1024 was made 1025, as wanted", pairOf(low, usual), Desired{tcp: near}, Prior{}, Restore, pairOf(near, usual), "", Prior{Original: pairOf(low, usual), Written: Values{tcp4: near}}},
		{"an update: IPv4 was written", pairOf(wide, wide), Desired{tcp: usual}, ours, Restore, pairOf(usual, wide), "", Prior{Original: pairOf(other, low), Written: pairOf(usual, wide)}},
		{"an update: nothing was", pairOf(wide, wide), Desired{tcp: usual}, ours, Restore, pairOf(wide, wide), "", ours},
		{"a release: nothing was restored", pairOf(wide, wide), Desired{}, ours, Restore, pairOf(wide, wide), "", ours},
		{"a release: IPv4 was restored, and is ours as long as IPv6 is", pairOf(wide, wide), Desired{}, ours, Restore, pairOf(other, wide), "", ours},
		{"a release: IPv4 was set to the default", pairOf(wide, wide), Desired{}, ours, WindowsDefault, pairOf(usual, wide), "", ours},
		{"a release: IPv4 was as it was before", pairOf(other, wide), Desired{}, ours, Restore, pairOf(other, wide), "", ours},
		{"a release: both were restored", pairOf(wide, wide), Desired{}, ours, Restore, pairOf(other, near), "", Prior{Original: Values{}, Written: Values{}}},
		{"a release to keep has nothing to fail", pairOf(wide, wide), Desired{}, ours, Keep, pairOf(wide, wide), "", Prior{Original: Values{}, Written: Values{}}},
		{"a release without a memory", pairOf(wide, wide), Desired{}, Prior{Original: pairOf(other, low)}, Restore, pairOf(other, wide), "", Prior{Original: pairOf(other, low)}},
		{"an earlier owner's: nothing was written", pairOf(wide, wide), Desired{tcp: usual}, carried, Restore, pairOf(wide, wide), "", carried},
		{"an earlier owner's: IPv4 was written", pairOf(wide, wide), Desired{tcp: usual}, carried, Restore, pairOf(usual, wide), "", Prior{Original: pairOf(other, low), Written: pairOf(usual, wide)}},
		{"an earlier owner's, of which only IPv6 is left: IPv4 was written", pairOf(usual, wide), Desired{tcp: near},
			Prior{Original: Values{}, Carried: Values{tcp6: low}, Written: Values{tcp6: wide}}, Restore, pairOf(near, wide), "", Prior{Original: pairOf(usual, low), Written: pairOf(near, wide)}},
	} {
		plan, err := Apply(tt.observed, tt.desired, tt.prior, tt.onDestroy)
		if err != nil {
			t.Fatal(err)
		}
		got := AfterFailure(plan, tt.prior, tt.after, tt.uncertain)
		if len(got.Carried) == 0 {
			got.Carried = nil
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s:\n%+v, want\n%+v", tt.name, got, tt.want)
		}
	}
}

// The same for a host that cannot be read afterwards.
func TestUnreadRanges(t *testing.T) {
	carried := Prior{Original: Values{delay: Absent}, Carried: pairOf(other, low), Written: Values{delay: DWORD(30), tcp4: wide, tcp6: wide}}
	plan, err := Apply(Values{delay: DWORD(30), tcp4: wide, tcp6: wide}, Desired{delay: DWORD(30), tcp: usual}, carried, Restore)
	if err != nil || len(plan.Steps) != 2 {
		t.Fatal(err, plan.Steps)
	}
	both := Values{delay: Absent, tcp4: other, tcp6: low}
	for n, want := range []Prior{
		carried,
		{Original: both, Written: Values{delay: DWORD(30), tcp4: usual, tcp6: wide}},
		{Original: both, Written: Values{delay: DWORD(30), tcp4: usual, tcp6: usual}},
	} {
		got := Unread(plan, carried, plan.Steps[:n])
		if len(got.Carried) == 0 {
			got.Carried = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("after %d steps: %+v, want %+v", n, got, want)
		}
	}
	fresh, err := Apply(pairOf(usual, low), Desired{tcp: wide}, Prior{}, Restore)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Unread(fresh, Prior{Written: Values{}}, fresh.Steps[:1]), (Prior{Original: pairOf(usual, low), Written: Values{tcp4: wide}}); !reflect.DeepEqual(got, want) {
		t.Errorf("new ranges: %+v, want %+v", got, want)
	}
	if len(carried.Carried) != 2 || len(carried.Original) != 1 || len(carried.Written) != 3 {
		t.Errorf("the prior was changed in place: %+v", carried)
	}
}

func TestAssumeWrittenOfRanges(t *testing.T) {
	original := Values{tcp4: usual, tcp6: low, udp4: usual, udp6: usual}
	if got := AssumeWritten(pairOf(low, low), pairOf(near, low)); len(got) != 0 {
		t.Errorf("as near to what was before as can be: %v", got)
	}
	got := AssumeWritten(original, Values{tcp4: wide, tcp6: low, udp4: DWORD(5), udp6: Absent})
	if want := (Values{tcp4: wide, udp4: usual, udp6: usual}); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A saved plan that overwrites what others changed since says so. Where the families
// differ, state's one range does not tell what was known.
func TestOvertakenRanges(t *testing.T) {
	prior := Prior{Original: pairOf(usual, usual), Written: pairOf(wide, wide)}
	changed := func(name string) string { return name + " was changed after the plan, to 20000+10000" }
	for name, tt := range map[string]struct {
		observed Values
		state    Desired
		want     []string
	}{
		"as planned":                    {pairOf(wide, wide), Desired{tcp: wide}, []string{}},
		"both changed since":            {pairOf(other, other), Desired{tcp: wide}, []string{changed(nameTCP4), changed(nameTCP6)}},
		"as was shown":                  {pairOf(other, other), Desired{tcp: other}, []string{}},
		"they differed, and agree now":  {pairOf(other, other), Desired{}, []string{changed(nameTCP4), changed(nameTCP6)}},
		"one differs, as was shown":     {pairOf(wide, other), Desired{tcp: other}, []string{}},
		"they differ, and none was one": {pairOf(wide, other), Desired{}, []string{}},
	} {
		plan, err := Apply(tt.observed, Desired{tcp: near}, prior, Restore)
		if err != nil {
			t.Fatal(err)
		}
		if got := summaries(plan.Overtaken(tt.state, tt.observed, prior)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// MaxUserPort beside a managed range is looked at and said; it is not managed by that.
func TestWatched(t *testing.T) {
	const summary = "MaxUserPort is REG_DWORD 65534 beside a managed dynamic_port_range"
	for name, tt := range map[string]struct {
		found    Value
		original Values
		watched  []string
		want     []string
	}{
		"absent":               {Absent, pairOf(usual, usual), []string{port}, []string{}},
		"present":              {DWORD(65534), pairOf(usual, usual), []string{port}, []string{summary}},
		"beside UDP's":         {DWORD(65534), Values{udp4: usual, udp6: usual}, []string{port}, []string{summary}},
		"of another type":      {String("65534"), pairOf(usual, usual), []string{port}, []string{`MaxUserPort is REG_SZ "65534" beside a managed dynamic_port_range`}},
		"no range is managed":  {DWORD(65534), Values{delay: Absent}, nil, []string{}},
		"both are, for a time": {DWORD(65534), Values{port: Absent, tcp4: usual, tcp6: usual}, []string{port}, []string{}},
	} {
		var watched []string
		for _, p := range Watched(tt.original) {
			watched = append(watched, p.Attribute)
		}
		warnings := WatchedWarnings(Values{port: tt.found}, tt.original)
		if got := summaries(warnings); !slices.Equal(got, tt.want) || !slices.Equal(watched, tt.watched) {
			t.Errorf("%s: watches %q, says %q, want %q", name, watched, got, tt.want)
		}
		if len(tt.want) > 0 {
			tellsAll(t, name, told(warnings), `reg delete "HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters" /v MaxUserPort /f`, "not known")
		}
	}
}

// A range takes effect at once: it never awaits a restart, though what it was at the boot is
// remembered like everything else.
func TestRangesNeverAwaitARestart(t *testing.T) {
	managed := params(delay, tcp4, tcp6)
	seen, decided := (*Seen)(nil).At(booted, Values{delay: Absent, tcp4: usual, tcp6: usual}, managed)
	if got := seen.Pending(Values{delay: DWORD(30), tcp4: wide, tcp6: other}, managed); !decided || !slices.Equal(got, []string{delay}) {
		t.Errorf("pending %q", got)
	}
}

// Ranges of an earlier owner: said at a takeover, with what a destroy really makes of them.
func TestCarriedRanges(t *testing.T) {
	prior := Prior{Original: Values{}, Carried: pairOf(usual, low), Written: pairOf(wide, wide)}
	observed := Values{tcp4: usual, tcp6: wide, delay: Absent}
	plan, err := Apply(observed, Desired{delay: DWORD(30)}, prior, Restore)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Prior{Original: Values{delay: Absent}, Carried: Values{tcp6: low}, Written: Values{tcp6: wide, delay: DWORD(30)}}); !reflect.DeepEqual(plan.Prior(), want) {
		t.Errorf("%+v, want %+v", plan.Prior(), want)
	}
	text := told(plan.CarriedWarnings(observed))
	tellsAll(t, "the takeover", text, nameTCP6+" is 10000+50000, as the earlier owner left it", "Configure "+tcp+" to manage it", "makes it 1025+64510 again")
	if plan := Destroy(pairOf(usual, near), Prior{Original: Values{}, Carried: Values{tcp6: low}, Written: Values{tcp6: wide}}, Restore); len(plan.Steps)+len(plan.Warnings) != 0 {
		t.Errorf("as near to what was before as can be: %v, %q", steps(plan.Steps), told(plan.Warnings))
	}
	destroy := Destroy(observed, plan.Prior(), Keep)
	if got := steps(destroy.Steps); !slices.Equal(got, []string{nameTCP6 + ": 10000+50000 -> 1025+64510"}) {
		t.Errorf("a destroy does %q", got)
	}
}

// What was written to an earlier Windows is not ours in this one.
func TestWhatWasWrittenToAnEarlierWindows(t *testing.T) {
	stake := stakeOf(func(s *Stake) { s.Memory.Stale = true })
	found := journalOf("ours", func(j *Journal) {
		j.Original, j.Written = Values{delay: DWORD(120), port: DWORD(7)}, Values{delay: DWORD(30)}
	})
	claim, err := ClaimUpdate(stake, found, here)
	want := Prior{Original: Values{delay: DWORD(120), port: DWORD(7)}, Carried: Values{}, Written: Values{delay: DWORD(30)}}
	if err != nil || !claim.Stale || !reflect.DeepEqual(claim.Prior, want) {
		t.Errorf("%+v, want %+v; %v", claim.Prior, want, err)
	}
}

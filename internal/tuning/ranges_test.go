package tuning

import (
	"encoding/json"
	"reflect"
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

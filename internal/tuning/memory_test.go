package tuning

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// params gives rows of the catalogue by attribute, in the catalogue's order.
func params(attributes ...string) []tcpip.Parameter {
	set := map[string]bool{}
	for _, attribute := range attributes {
		set[attribute] = true
	}
	return Parameters(set)
}

var (
	installed = time.Date(2025, 10, 6, 8, 30, 12, 0, time.UTC)
	booted    = Boot{
		Last: time.Date(2026, 11, 8, 2, 48, 0, 123456700, time.UTC), Uptime: 17*24*time.Hour + 1500*time.Millisecond,
		Read: time.Date(2026, 11, 25, 2, 48, 1, 623456789, time.UTC),
	}
)

// These very bytes are in private state by now: a version that wrote others would
// make every first refresh a change.
const memoryText = `{"written":{"max_user_port":65534,"tcp_timed_wait_delay":30},` +
	`"seen":{"boot":{"last_boot":"2026-11-08T02:48:00.1234567Z","uptime_ns":1468801500000000,"read":"2026-11-25T02:48:01.623456789Z"},` +
	`"values":{"max_user_port":"absent","tcp_timed_wait_delay":"REG_SZ \"30\""}},"journaled":"2025-10-06T08:30:12Z"}`

func TestMemoryText(t *testing.T) {
	when := installed
	memory := Memory{
		Written:   Values{delay: DWORD(30), port: DWORD(65534)},
		Seen:      &Seen{Boot: booted, Values: map[string]string{delay: `REG_SZ "30"`, port: "absent"}},
		Journaled: &when,
	}
	if got := string(memory.Bytes()); got != memoryText {
		t.Errorf("got  %s\nwant %s", got, memoryText)
	}
	if got := ParseMemory([]byte(memoryText)); !reflect.DeepEqual(got, memory) {
		t.Errorf("%+v", got)
	}
	for text, memory := range map[string]Memory{
		`{"written":null}`:            {},
		`{"written":{}}`:              {Written: Values{}},
		`{"written":{},"stale":true}`: {Written: Values{}, Stale: true},
	} {
		if got := string(memory.Bytes()); got != text {
			t.Errorf("%+v is %s, want %s", memory, got, text)
		}
	}
}

func drawMemory(t *rapid.T) Memory {
	memory := Memory{Stale: rapid.Bool().Draw(t, "stale")}
	if rapid.Bool().Draw(t, "known") {
		memory.Written = Values(drawByAttribute(t, drawnWritten))
	}
	if rapid.Bool().Draw(t, "applied") {
		memory.Applied, memory.Differ = Desired{tcp: drawnRange().Draw(t, "applied")}, []string{udp}
	}
	if rapid.Bool().Draw(t, "seen") {
		memory.Seen = &Seen{Boot: drawBoot(t), Values: drawByAttribute(t, drawnText)}
	}
	if rapid.Bool().Draw(t, "journaled") {
		when := drawTime(t)
		memory.Journaled = &when
	}
	return memory
}

func drawByAttribute[V any](t *rapid.T, value func(tcpip.Parameter) *rapid.Generator[V]) map[string]V {
	drawn := map[string]V{}
	for _, p := range rapid.Permutation(tcpip.Settings).Draw(t, "order") {
		if rapid.Bool().Draw(t, p.Attribute) {
			drawn[p.Attribute] = value(p).Draw(t, "value")
		}
	}
	return drawn
}

func drawnText(p tcpip.Parameter) *rapid.Generator[string] {
	return rapid.Map(drawnValue(p), Value.String)
}

// drawnWritten is what may have been written.
func drawnWritten(p tcpip.Parameter) *rapid.Generator[Value] {
	if p.IsRange() {
		return drawnRange()
	}
	return rapid.Map(rapid.Uint32(), DWORD)
}

func drawnValue(p tcpip.Parameter) *rapid.Generator[Value] {
	if p.IsRange() {
		return drawnRange()
	}
	return rapid.OneOf(rapid.Just(Absent), rapid.Map(rapid.Uint32(), DWORD), rapid.Map(rapid.Uint64(), QWORD), rapid.Map(rapid.String(), String))
}

// drawTime is any instant of the years 1 to 9998, by UTC.
func drawTime(t *rapid.T) time.Time {
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9998, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
	return time.Unix(rapid.Int64Range(first, last).Draw(t, "second"), rapid.Int64Range(0, 999999999).Draw(t, "nanosecond")).UTC()
}

func drawBoot(t *rapid.T) Boot {
	return Boot{Last: drawTime(t), Uptime: time.Duration(rapid.Int64().Draw(t, "uptime")), Read: drawTime(t)}
}

func TestMemoryRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		memory := drawMemory(t)
		data := memory.Bytes()
		back := ParseMemory(data)
		if !reflect.DeepEqual(back, memory) {
			t.Fatalf("%+v came back as %+v", memory, back)
		}
		if again := back.Bytes(); !slices.Equal(again, data) {
			t.Fatalf("%s, and then %s", data, again)
		}
	})
}

// What cannot be read is lost as a whole: half of it would be a lie.
func TestGarbageMemoryIsLost(t *testing.T) {
	texts := []string{
		"", " ", "null", "[]", "7", `"x"`, "{", "{}", memoryText + "}", memoryText + memoryText,
		`{"written":{"max_user_port":-1}}`, `{"written":{"max_user_port":4294967296}}`, `{"written":[]}`,
		`{"written":{"max_user_port":1},"seen":7}`, `{"written":{},"journaled":"yesterday"}`, `{"written":{},"stale":"no"}`,
	}
	for i := range memoryText {
		texts = append(texts, memoryText[:i])
	}
	for _, text := range texts {
		if got := ParseMemory([]byte(text)); !reflect.DeepEqual(got, Memory{}) {
			t.Errorf("%s was taken for %+v", text, got)
		}
	}
	if got := ParseMemory(nil); !reflect.DeepEqual(got, Memory{}) {
		t.Errorf("nothing was taken for %+v", got)
	}
}

package tuning

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// The journal byte for byte, as the guide documents it.
const journalLine = `{"version":1,"owner":"7e0c9a52-6f1d-4a5c-9a43-0d1f8e2b7c11","since":"2026-11-25T02:00:00Z",` +
	`"uuid":"4C4C4544-0042-4C10-8054-B7C04F4D3232","computer":"MAIL01","installed":"2025-10-06T08:30:12Z",` +
	`"values":{"keep_alive_time":{"original":"REG_SZ \"fünf \\\\ \\\"5\\\"\""},"max_user_port":{"original":"REG_DWORD 5000","written":65534},` +
	`"strict_time_wait_seq_check":{"original":"REG_QWORD 18446744073709551615","written":0},` +
	`"tcp_timed_wait_delay":{"original":"absent","written":30}},` +
	`"seen":{"boot":{"last_boot":"2026-11-08T02:48:00.1234567Z","uptime_ns":1468801500000000,"read":"2026-11-25T02:48:01.623456789Z"},` +
	`"values":{"max_user_port":"REG_DWORD 5000","tcp_timed_wait_delay":"absent"}}}`

const strict = "strict_time_wait_seq_check"

func journalOfLine() Journal {
	return Journal{
		Owner:   "7e0c9a52-6f1d-4a5c-9a43-0d1f8e2b7c11",
		Since:   time.Date(2026, 11, 25, 3, 0, 0, 0, time.FixedZone("", 3600)),
		Machine: Machine{UUID: uuidA, Computer: "MAIL01", Installed: installed.In(time.FixedZone("", -7200))},
		Original: Values{
			delay: Absent, port: DWORD(5000), strict: QWORD(0xffffffffffffffff), alive: String(`fünf \ "5"`),
		},
		Written: Values{delay: DWORD(30), port: DWORD(65534), strict: DWORD(0)},
		Seen:    &Seen{Boot: booted, Values: map[string]string{delay: "absent", port: "REG_DWORD 5000"}},
	}
}

func TestJournalLine(t *testing.T) {
	journal := journalOfLine()
	if got := journal.Text(); got != journalLine {
		t.Errorf("got  %s\nwant %s", got, journalLine)
	}
	journal.Since, journal.Machine.Installed = journal.Since.UTC(), installed
	if got, err := ParseJournal(journalLine); err != nil || !reflect.DeepEqual(got, journal) {
		t.Errorf("%+v, %v", got, err)
	}
}

// It is one line that XML can carry, whatever the originals hold.
func TestJournalIsOneLineOfText(t *testing.T) {
	text := Journal{Owner: "o", Original: Values{delay: String("a\r\n\t\x00<&>\"'\u2028\x7f")}}.Text()
	for _, r := range text {
		if r < ' ' || r > '~' {
			t.Errorf("%q is in %s", r, text)
		}
	}
}

// What a host's journal names goes into messages and state.
func TestParseJournalRefusesNamesThatAreNone(t *testing.T) {
	good := Journal{Owner: "ours", Machine: Machine{Computer: "MAIL01"}, Original: Values{}}
	if _, err := ParseJournal(good.Text()); err != nil {
		t.Fatal(err)
	}
	for _, owner := range []string{"a b", "a\nb", "\x1b[31m", "::error::", "é", strings.Repeat("a", 65)} {
		bad := good
		bad.Owner = owner
		if _, err := ParseJournal(bad.Text()); err == nil {
			t.Errorf("the owner %q passed", owner)
		}
	}
	for _, computer := range []string{"a\nb", "\x1b[31m", "\u202e", strings.Repeat("é", 33)} {
		bad := good
		bad.Machine.Computer = computer
		if _, err := ParseJournal(bad.Text()); err == nil {
			t.Errorf("the computer %q passed", computer)
		}
	}
}

func drawJournal(t *rapid.T) Journal {
	journal := Journal{
		Owner: rapid.StringMatching(`[A-Za-z0-9-]{1,64}`).Draw(t, "owner"), Since: drawTime(t),
		Machine: Machine{
			UUID: rapid.SampledFrom([]string{"", uuidA, uuidB}).Draw(t, "uuid"), Computer: rapid.StringOfN(rapid.RuneFrom(nil, unicode.Letter, unicode.Digit), 0, 15, 64).Draw(t, "computer"), Installed: drawTime(t),
		},
		Original: Values(drawByAttribute(t, drawnValue)), Written: Values{},
	}
	for _, p := range Parameters(journal.Original) {
		if rapid.Bool().Draw(t, "written") {
			journal.Written[p.Attribute] = drawnWritten(p).Draw(t, "what")
		}
	}
	if rapid.Bool().Draw(t, "seen") {
		journal.Seen = &Seen{Boot: drawBoot(t), Values: drawByAttribute(t, drawnText)}
	}
	return journal
}

func TestJournalRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		journal := drawJournal(t)
		text := journal.Text()
		back, err := ParseJournal(text)
		if err != nil || !reflect.DeepEqual(back, journal) {
			t.Fatalf("%+v came back as %+v, %v", journal, back, err)
		}
		if again := back.Text(); again != text {
			t.Fatalf("%s, and then %s", text, again)
		}
	})
}

// swapped is the line with a part of it replaced.
func swapped(from, to string) string {
	if strings.Count(journalLine, from) == 0 {
		panic(from)
	}
	return strings.Replace(journalLine, from, to, 1)
}

func TestParseJournalRefuses(t *testing.T) {
	texts := map[string]string{
		"nothing":                     "",
		"spaces":                      "  ",
		"words":                       "left by an installer",
		"null":                        "null",
		"a number":                    "7",
		"a list":                      "[" + journalLine + "]",
		"no fields":                   "{}",
		"version 0":                   swapped(`"version":1`, `"version":0`),
		"a version below 0":           swapped(`"version":1`, `"version":-1`),
		"no version":                  swapped(`"version":1,`, ``),
		"a version that is a text":    swapped(`"version":1`, `"version":"1"`),
		"a version with a fraction":   swapped(`"version":1`, `"version":1.5`),
		"no owner":                    swapped(`"owner":"7e0c9a52-6f1d-4a5c-9a43-0d1f8e2b7c11",`, ``),
		"an empty owner":              swapped(`7e0c9a52-6f1d-4a5c-9a43-0d1f8e2b7c11`, ``),
		"an unknown field":            swapped(`"computer":`, `"colour":"red","computer":`),
		"an unknown field of a value": swapped(`"written":30`, `"written":30,"by":"me"`),
		"an unknown field of seen":    swapped(`"uptime_ns"`, `"downtime_ns"`),
		"text after it":               journalLine + "x",
		"a second one after it":       journalLine + journalLine,
		"a brace after it":            journalLine + "}",
		"an original of no type":      swapped("REG_DWORD 5000", "5000"),
		"an original in hexadecimal":  swapped("REG_DWORD 5000", "REG_DWORD 0x1388"),
		"an original beyond 32 bits":  swapped("REG_DWORD 5000", "REG_DWORD 4294967296"),
		"an original of another type": swapped("REG_DWORD 5000", "REG_BINARY"),
		"an empty original":           swapped("REG_DWORD 5000", ""),
		"no original":                 swapped(`"original":"REG_DWORD 5000",`, ``),
		"an original that is null":    swapped(`{"original":"REG_DWORD 5000","written":65534}`, `null`),
		"a written beyond 32 bits":    swapped("65534", "4294967296"),
		"a written below 0":           swapped("65534", "-1"),
		"a written text":              swapped("65534", `"65534"`),
		"no date":                     swapped(`"since":"2026-11-25T02:00:00Z"`, `"since":"yesterday"`),
		"a date before all":           swapped("2026-11-25T02:00:00Z", "0000-01-01T00:00:00+12:00"),
		"a date after all":            swapped("2026-11-25T02:00:00Z", "9999-12-31T23:59:59-12:00"),
		"an installation after all":   swapped("2025-10-06T08:30:12Z", "9999-12-31T23:59:59-12:00"),
		"an owner twice":              swapped(`"since"`, `"OWNER":"another","since"`),
		"an attribute twice":          swapped(`"values":{`, `"values":{"max_user_port":{"original":"absent"},`),
		"two versions":                swapped(`"version":1`, `"version":2,"version":1`),
		"a name in other letters":     swapped(`"owner"`, `"Owner"`),
		"no values":                   `{"version":1,"owner":"a"}`,
		"values that are null":        `{"version":1,"owner":"a","values":null}`,
		"another time zone":           swapped("2026-11-25T02:00:00Z", "2026-11-25T03:00:00+01:00"),
		"a boot after all":            swapped("2026-11-08T02:48:00.1234567Z", "9999-12-31T23:59:59-12:00"),
		"a UUID that tells nothing":   swapped(uuidA, "00000000-0000-0000-0000-000000000000"),
		"too long":                    journalLine + strings.Repeat(" ", MaxJournal),
		"deep":                        strings.Repeat("[", MaxJournal),
	}
	for i := range journalLine {
		texts[fmt.Sprintf("cut off after %d bytes", i)] = journalLine[:i]
	}
	for name, text := range texts {
		journal, err := ParseJournal(text)
		var newer *NewerJournalError
		if err == nil || errors.As(err, &newer) {
			t.Errorf("%s: %+v, %v", name, journal, err)
		}
		if !reflect.DeepEqual(journal, Journal{}) {
			t.Errorf("%s: beside the error there is %+v", name, journal)
		}
	}
}

// What a later version wrote is said to be that, however it looks otherwise.
func TestParseJournalTellsANewerOne(t *testing.T) {
	for name, text := range map[string]string{
		"the next version":                           swapped(`"version":1`, `"version":2`),
		"a far version":                              swapped(`"version":1`, `"version":2147483647`),
		"with fields of its own":                     `{"version":3,"who":{"owner":"x"},"values":[1,2,3],"since":7}`,
		"with nothing else":                          `{"version":2}`,
		"with another attribute":                     swapped("max_user_port", "tcp_initial_rtt"),
		"with one attribute more":                    swapped(`"values":{`, `"values":{"dynamic_port_range.sctp.ipv4":{"original":"absent"},`),
		"with a type of original that only it knows": swapped(`"values":{"keep_alive_time":{"original":"REG_SZ`, `"values":{"tcp_initial_rtt":{"original":"REG_MULTI_SZ`),
	} {
		journal, err := ParseJournal(text)
		var newer *NewerJournalError
		if !errors.As(err, &newer) || !strings.Contains(err.Error(), "newer version of this provider") {
			t.Errorf("%s: %+v, %v", name, journal, err)
		}
	}
}

// White space between its parts, as an editor may leave it, changes nothing.
func TestJournalWithWhiteSpace(t *testing.T) {
	text := "\r\n " + strings.NewReplacer(`"version":1,`, "\"version\": 1,\r\n\t", `"values":{`, `"values": { `).Replace(journalLine) + "\n"
	journal, err := ParseJournal(text)
	if err != nil || journal.Text() != journalLine {
		t.Errorf("%+v, %v", journal, err)
	}
}

func TestJournalBound(t *testing.T) {
	fill := func(length int) string { return journalLine + strings.Repeat(" ", length-len(journalLine)) }
	if _, err := ParseJournal(fill(MaxJournal)); err != nil {
		t.Errorf("%d bytes are refused: %v", MaxJournal, err)
	}
	if _, err := ParseJournal(fill(MaxJournal + 1)); err == nil || !strings.Contains(err.Error(), fmt.Sprint(MaxJournal+1)) {
		t.Errorf("%d bytes: %v", MaxJournal+1, err)
	}
}

// maxOriginal is the longest REG_SZ that is kept as an original, in bytes
// (winhost's maxText).
const maxOriginal = 1024

// A journal that this version writes can be read by it: every row with the longest
// text, of the characters that take the most room.
func TestTheLongestJournalFits(t *testing.T) {
	for _, letter := range []string{"<", "&", "\"", "\\", "\t", "\x7f", "é", "\u0085", "\u2028", "日", "\U000e0001"} {
		value := String(strings.Repeat(letter, maxOriginal/len(letter)))
		journal := Journal{
			Owner: strings.Repeat("f", 36), Since: installed, Machine: Machine{UUID: uuidA, Computer: strings.Repeat("<", 63), Installed: installed},
			Original: Values{}, Written: Values{}, Seen: &Seen{Boot: booted, Values: map[string]string{}},
		}
		for _, p := range tcpip.Catalogue {
			journal.Original[p.Attribute], journal.Written[p.Attribute] = value, DWORD(0xffffffff)
			journal.Seen.Values[p.Attribute] = value.String()
		}
		for _, p := range tcpip.PortRanges {
			journal.Original[p.Attribute], journal.Written[p.Attribute] = wide, wide
			journal.Seen.Values[p.Attribute] = wide.String()
		}
		text := journal.Text()
		if back, err := ParseJournal(text); err != nil || !reflect.DeepEqual(back, journal) {
			t.Errorf("with %q it has %d bytes, at most %d can be read: %.100v", letter, len(text), MaxJournal, err)
		}
	}
}

func FuzzParseJournal(f *testing.F) {
	for _, text := range []string{
		"", "{", journalLine, rangesJournal, swapped(`"version":1`, `"version":2`), swapped("max_user_port", "unheard_of"),
		`{"version":1,"owner":"a","values":{"max_user_port":{"original":"absent"}}}`,
		swapped("2026-11-25T02:00:00Z", "9999-12-31T23:59:59-12:00"), swapped("2025-10-06T08:30:12Z", "0000-01-01T00:00:00+12:00"),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		journal, err := ParseJournal(text)
		if err != nil {
			return
		}
		written := journal.Text()
		back, err := ParseJournal(written)
		if err != nil || back.Text() != written {
			t.Fatalf("%q was read, written as %q and then %v", text, written, err)
		}
	})
}

package tuning

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// Where the journal is: one REG_SZ below HKEY_LOCAL_MACHINE that holds one line of
// JSON. One value is written whole or not at all, as several would not be.
const (
	JournalKey   = `SOFTWARE\terraform-provider-windows`
	JournalValue = "Journal"
	// MaxJournal bounds the text, in bytes. The longest that this version writes has
	// a text of 1 KiB twice for every row of the catalogue, each byte of it as six
	// (\u003c).
	MaxJournal = 256 << 10
)

// journalVersion is the version of the format. It grows when an older provider
// would misunderstand a journal.
const journalVersion = 1

// Journal is what a host itself keeps of what was done to it: who did it, and what
// was there before. It is written before the first value and removed by destroy.
type Journal struct {
	Owner string
	// Since is when this owner began, by the clock of the machine that ran Terraform.
	Since time.Time
	// Machine is where it was written; on another machine it is a copy.
	Machine Machine
	// Original is what was there before, of every value that the owner manages or has
	// taken over from an earlier owner.
	Original Values
	// Written is what was written, or was about to be.
	Written Values
	// Seen is the boot at the last write.
	Seen *Seen
}

// journalText is the JSON form. The order of fields is that of the text.
type journalText struct {
	Version   int                    `json:"version"`
	Owner     string                 `json:"owner"`
	Since     time.Time              `json:"since"`
	UUID      string                 `json:"uuid"`
	Computer  string                 `json:"computer"`
	Installed time.Time              `json:"installed"`
	Values    map[string]journalItem `json:"values"`
	Seen      *Seen                  `json:"seen,omitempty"`
}

type journalItem struct {
	Original string `json:"original"`
	Written  *Value `json:"written,omitempty"`
}

// Text is the journal as it stands in the registry.
func (j Journal) Text() string {
	text := journalText{
		Version: journalVersion, Owner: j.Owner, Since: j.Since.UTC(), Seen: j.Seen,
		UUID: j.Machine.UUID, Computer: j.Machine.Computer, Installed: j.Machine.Installed.UTC(), Values: map[string]journalItem{},
	}
	for attribute, original := range j.Original {
		item := journalItem{Original: original.String()}
		if ours, ok := j.Written[attribute]; ok {
			item.Written = &ours
		}
		text.Values[attribute] = item
	}
	data, err := json.Marshal(text)
	if err != nil {
		panic(err) // a time beyond the year 9999: no host's clock gives one, ParseJournal takes none
	}
	return string(data)
}

// NewerJournalError is a journal that a later version of the provider wrote.
type NewerJournalError struct{ Why string }

func (e *NewerJournalError) Error() string {
	return "the journal was written by a newer version of this provider: " + e.Why
}

var errJournal = errors.New("the journal cannot be understood")

// ParseJournal reads what Text wrote. Whatever else it is, it is an error: an
// original must not be guessed.
func ParseJournal(text string) (Journal, error) {
	if text == "" {
		return Journal{}, fmt.Errorf("%w: it is empty", errJournal)
	}
	if len(text) > MaxJournal {
		return Journal{}, fmt.Errorf("%w: it has %d bytes", errJournal, len(text))
	}
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal([]byte(text), &version); err != nil {
		return Journal{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	if version.Version > journalVersion {
		return Journal{}, &NewerJournalError{Why: fmt.Sprintf("its format is %d, this version knows %d", version.Version, journalVersion)}
	}
	var parsed journalText
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&parsed); err != nil {
		return Journal{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) || version.Version != journalVersion || parsed.Owner == "" {
		return Journal{}, fmt.Errorf("%w: its version is %d and its owner %q", errJournal, version.Version, parsed.Owner)
	}
	journal, err := parsed.journal()
	if err != nil {
		return Journal{}, err
	}
	// A name that stands twice, or a value that is missing, would be guessed at.
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil || compact.String() != journal.Text() {
		return Journal{}, fmt.Errorf("%w: it is JSON, but not as this provider writes it", errJournal)
	}
	return journal, nil
}

// isTime keeps out what JSON cannot carry in every time zone. No clock of a host
// comes near these years.
func isTime(t time.Time) bool { return t.UTC().Year() >= 1 && t.UTC().Year() < 9999 }

// maxName bounds an owner and a computer's name, in bytes.
const maxName = 64

// isOwner keeps out what no owner of ours is: it goes into messages and state.
func isOwner(text string) bool {
	other := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-'
	}
	return text != "" && len(text) <= maxName && !strings.ContainsFunc(text, other)
}

// IsComputer does the same for a computer's name; an empty one is none that is
// known.
func IsComputer(text string) bool {
	return len(text) <= maxName && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func (t journalText) journal() (Journal, error) {
	if !isOwner(t.Owner) || !IsComputer(t.Computer) {
		return Journal{}, fmt.Errorf("%w: its owner or computer is no name", errJournal)
	}
	if !isTime(t.Since) || !isTime(t.Installed) || t.Seen != nil && !(isTime(t.Seen.Boot.Last) && isTime(t.Seen.Boot.Read)) {
		return Journal{}, fmt.Errorf("%w: it names a time that no clock shows", errJournal)
	}
	j := Journal{
		Owner: t.Owner, Since: t.Since, Machine: Machine{UUID: UsableUUID(t.UUID), Computer: t.Computer, Installed: t.Installed},
		Original: Values{}, Written: Values{}, Seen: t.Seen,
	}
	for attribute, item := range t.Values {
		p, known := tcpip.ByAttribute(attribute)
		if !known {
			return Journal{}, &NewerJournalError{Why: fmt.Sprintf("it names %q, which this version does not know", attribute)}
		}
		original, err := ParseOriginal(p, item.Original)
		if err == nil && item.Written != nil && !item.Written.fits(p) {
			err = fmt.Errorf("%s was never written to it", item.Written)
		}
		if err != nil {
			return Journal{}, fmt.Errorf("%w: %s: %w", errJournal, attribute, err)
		}
		j.Original[attribute] = original
		if item.Written != nil {
			j.Written[attribute] = *item.Written
		}
	}
	return j, nil
}

// Found is what is in a journal's place: nothing (the zero Found), a journal, or
// something that cannot be used, and why.
type Found struct {
	Journal *Journal
	Err     error
}

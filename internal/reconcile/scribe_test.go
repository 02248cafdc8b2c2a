package reconcile

import (
	"encoding/json"
	"strings"
)

// How the judge reads a journal: on its own, from the text.
type reading struct {
	Version  int    `json:"version"`
	Owner    string `json:"owner"`
	UUID     string `json:"uuid"`
	Computer string `json:"computer"`
	Values   map[string]struct {
		Original string `json:"original"`
		Written  any    `json:"written"` // a number, or a range's text
	} `json:"values"`
}

// What a journal is to somebody who comes to a machine.
type class int

const (
	none         class = iota // there is none, or one that was copied from another machine
	mine                      // of this machine and of this owner
	anothers                  // of this machine and of another owner
	unidentified              // it cannot be told whether it is of this machine
	unusable                  // garbage, or of a newer version
)

func (c class) String() string {
	return [...]string{"none", "mine", "another's", "unidentified", "unusable"}[c]
}

// valid: of this machine, whosever it is.
func (c class) valid() bool { return c == mine || c == anothers }

// read classifies the journal of a machine for an owner.
func (w *world) read(m *machine, owner string) (reading, class) {
	if m.journal == "" {
		return reading{}, none
	}
	r, ok := w.parsed[m.journal]
	if !ok {
		if json.Unmarshal([]byte(m.journal), &r) != nil {
			r = reading{}
		}
		w.parsed[m.journal] = r
	}
	switch usable := usableUUID(m.uuid); {
	case r.Version != 1 || r.Owner == "":
		return r, unusable
	case r.UUID != "" && usable && r.UUID != m.uuid:
		return reading{}, none
	case (r.UUID == "" || !usable) && !strings.EqualFold(r.Computer, m.computer):
		return r, unidentified
	case r.Owner == owner:
		return r, mine
	}
	return r, anothers
}

// The machines of the test have a UUID that is good, or one of zeros.
func usableUUID(uuid string) bool { return !strings.HasPrefix(uuid, "00000000") }

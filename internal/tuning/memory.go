package tuning

import (
	"encoding/json"
	"time"
)

// Memory is what a resource remembers of its host beside Terraform's attributes.
// It lives in private state, which Terraform loses when it replaces a tainted
// resource and when the provider dies in an update; then the host's journal says
// the same.
type Memory struct {
	// Written is what was last written, see [Prior]; nil: lost.
	Written Values `json:"written"`
	// Applied is what the port ranges were last set to, see [Applied].
	Applied Desired `json:"applied,omitempty"`
	// Differ is the arguments whose families had different ranges when the host was
	// last looked at: the next apply sets both, also where state shows what is wanted.
	Differ []string `json:"differ,omitempty"`
	Seen   *Seen    `json:"seen,omitempty"`
	// Journaled is the InstallDate of the Windows on which we wrote a journal; nil
	// where we wrote none.
	Journaled *time.Time `json:"journaled,omitempty"`
	// UUID is the machine's on which we wrote it, "" where it has none.
	UUID string `json:"uuid,omitempty"`
	// Stale is set where a refresh found that the originals in state are of an
	// earlier installation of Windows: the next update gives others.
	Stale bool `json:"stale,omitempty"`
}

// Bytes is the memory as private state keeps it: the same bytes for the same
// memory.
func (m Memory) Bytes() []byte {
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // a time beyond the year 9999, which no host's clock gives
	}
	return data
}

// ParseMemory reads what Bytes wrote. What cannot be read is as good as lost.
func ParseMemory(data []byte) (m Memory) {
	if json.Unmarshal(data, &m) != nil {
		return Memory{}
	}
	return m
}

// from recalls what was lost out of the host's journal. What the ranges were last set to
// it does not tell: it also names what an apply that was cut off was about to write.
func (m Memory) from(journal *Journal) Memory {
	if journal == nil || m.Written != nil {
		return m
	}
	m.Written = journal.Written
	if m.Seen == nil {
		m.Seen = journal.Seen
	}
	installed := journal.Machine.Installed
	m.Journaled, m.UUID = &installed, journal.Machine.UUID
	return m
}

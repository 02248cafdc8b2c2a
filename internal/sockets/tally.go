package sockets

import (
	"net/netip"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// Row is one line of a socket table.
type Row struct {
	State     State
	LocalPort uint16
	Local     netip.Addr // only its family counts
	Remote    netip.AddrPort
	PID       uint32 // 0 for TIME_WAIT, whose process is gone
}

// Tally counts rows as they come. Make it with [NewTally].
type Tally struct {
	pool      Pool
	counts    [2][256]int // by family and state
	ports     []portUse   // by local port
	endpoints map[netip.AddrPort]int
	processes map[uint32]int
	words     map[string]int // states that were given as an unknown word
	rows      int
}

// portUse is what is known of one local port.
type portUse uint8

const (
	inUse portUse = 1 << iota
	inTimeWait
	isBound
	isListening
	isExcluded
)

// Pool is the ports that Windows hands out for outgoing TCP connections.
type Pool struct {
	Range tcpip.PortRange
	// Excluded are ranges that Windows never hands out; nil where they could not
	// be read.
	Excluded []tcpip.PortRange
}

// NewTally counts against a pool. A pool without a valid range is not known;
// then every remote endpoint counts as a destination.
func NewTally(pool Pool) *Tally {
	t := &Tally{pool: pool}
	t.Reset()
	return t
}

// Reset forgets every row, for a table that is read again from its beginning.
func (t *Tally) Reset() {
	*t = Tally{
		pool: t.pool, ports: make([]portUse, 1<<16),
		endpoints: map[netip.AddrPort]int{}, processes: map[uint32]int{}, words: map[string]int{},
	}
	for _, excluded := range t.pool.Excluded {
		for port := uint32(excluded.Start); port < min(uint32(excluded.Start)+excluded.Number, 1<<16); port++ {
			t.ports[port] |= isExcluded
		}
	}
}

// Rows is how many rows were added.
func (t *Tally) Rows() int { return t.rows }

// Add counts one row.
func (t *Tally) Add(row Row) {
	t.rows++
	t.counts[family(row.Local)][row.State]++
	t.processes[row.PID]++
	t.usePort(row)
	if row.State == Closed || row.State == DeleteTCB || row.Remote.Port() == 0 || !t.outgoing(row.LocalPort) {
		return
	}
	t.endpoints[row.Remote]++
}

// maxWords bounds how many different unknown words are kept apart.
const maxWords = 32

// AddUnknown counts a row whose state is a word that is in no table: it is
// counted and reported, never dropped. The row's own state does not count.
func (t *Tally) AddUnknown(row Row, word string) {
	row.State = 0
	t.Add(row)
	if _, seen := t.words[word]; !seen && len(t.words) >= maxWords {
		word = "…"
	}
	t.words[word]++
}

func family(address netip.Addr) Family {
	if address.Is6() {
		return IPv6
	}
	return IPv4
}

// outgoing tells whether a local port was handed out of the pool, as far as that
// can be told.
func (t *Tally) outgoing(port uint16) bool {
	return !t.pool.Range.Valid() || t.pool.Range.Contains(port)
}

func (t *Tally) usePort(row Row) {
	use := inUse
	switch row.State {
	case TimeWait:
		use |= inTimeWait
	case Bound:
		use |= isBound
	case Listen:
		use |= isListening
	case Closed, DeleteTCB:
		return // holds no port any more
	}
	t.ports[row.LocalPort] |= use
}

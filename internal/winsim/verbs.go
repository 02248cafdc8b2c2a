package winsim

import (
	"maps"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
)

// TCPIPParameters is the key that most of the registry verbs work on.
const TCPIPParameters = `SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`

// SetDWORD writes a REG_DWORD of Tcpip\Parameters, as somebody at the host's own console would. Like the other verbs it
// makes the value or replaces one of any type, and the name's letter case does not count.
func (h *Host) SetDWORD(name string, number uint32) {
	h.setIn(TCPIPParameters, registry.Value{Name: name, Type: registry.DWORD, Number: uint64(number)})
}

// SetQWORD writes a REG_QWORD.
func (h *Host) SetQWORD(name string, number uint64) {
	h.setIn(TCPIPParameters, registry.Value{Name: name, Type: registry.QWORD, Number: number})
}

// SetString writes a REG_SZ.
func (h *Host) SetString(name, text string) {
	h.setIn(TCPIPParameters, registry.Value{Name: name, Type: registry.SZ, Text: text})
}

// SetExpandString writes a REG_EXPAND_SZ.
func (h *Host) SetExpandString(name, text string) {
	h.setIn(TCPIPParameters, registry.Value{Name: name, Type: registry.ExpandSZ, Text: text})
}

// SetBinary writes a REG_BINARY.
func (h *Host) SetBinary(name string, data []byte) {
	h.setIn(TCPIPParameters, registry.Value{Name: name, Type: registry.Binary, Bytes: data})
}

// SetMultiString writes a REG_MULTI_SZ.
func (h *Host) SetMultiString(name string, texts ...string) {
	h.setIn(TCPIPParameters, registry.Value{Name: name, Type: registry.MultiSZ, List: texts})
}

// DeleteValue removes a value of Tcpip\Parameters if it is there.
func (h *Host) DeleteValue(name string) { _ = h.machine.Registry.Delete(TCPIPParameters, name) }

// Value shows a value of Tcpip\Parameters: `REG_DWORD 30`, `REG_SZ "30"`, `REG_BINARY 01 02`. ok is false where there is none.
func (h *Host) Value(name string) (text string, ok bool) {
	v, err := h.machine.Registry.Get(TCPIPParameters, name)
	if err != nil {
		return "", false
	}
	return v.String(), true
}

// Advance steps the host's clock, and its sockets with it.
func (h *Host) Advance(d time.Duration) { h.clock.change(func(c *clock) { c.passed += d }) }

// Reboot restarts the host: two minutes pass, LastBootUpTime is new, connections, sockets and open enumerations are lost,
// and the registry's values for the sockets take effect.
func (h *Host) Reboot() {
	h.Stack() // what happened until now
	h.clock.reboot()
	h.stack.Boot(h.stackConfig(h.stack.Config().Kept))
	h.ExpireEnumerations()
	h.shells.CloseAll()
	h.CloseConnections()
}

// RestartFor restarts the host too, but takes real time for it: meanwhile nobody listens, then it is back on its ports. It returns
// at once.
func (h *Host) RestartFor(down time.Duration) {
	h.http.Stop()
	h.https.Stop()
	h.Reboot()
	time.AfterFunc(down, h.listenAgain)
}

// listenAgain tries again where somebody else has one of the ports for now. A host that was closed stays so.
func (h *Host) listenAgain() {
	if h.http.Start() != nil || h.https.Start() != nil {
		time.AfterFunc(10*time.Millisecond, h.listenAgain)
	}
}

// CloseConnections closes every kept connection from the host's side.
func (h *Host) CloseConnections() {
	h.http.CloseConnections()
	h.https.CloseConnections()
}

// Counters counts what came in since the start or the last ResetCounters.
type Counters struct {
	listener.Counters
	OpenEnumerations int            `json:"open_enumerations"` // enumerations open now; not reset
	OpenShells       int            `json:"open_shells"`       // likewise
	Writes           int            `json:"writes"`            // calls of methods that write, whatever became of them
	Methods          map[string]int `json:"methods"`           // calls by name: methods, Enumerate, Pull, Release, a shell's; refused ones too, such as Reboot
	Programs         map[string]int `json:"programs"`          // what commands in a shell asked for, in small letters; also what there is not, such as shutdown
}

// Counters reads the counters. Calls that Intercept answered count too.
func (h *Host) Counters() Counters {
	a, b, shells := h.http.Counters(), h.https.Counters(), h.shells.Open()
	h.mu.Lock()
	defer h.mu.Unlock()
	return Counters{
		Counters: listener.Counters{Requests: a.Requests + b.Requests, Connections: a.Connections + b.Connections,
			Handshakes: a.Handshakes + b.Handshakes, FailedLogons: a.FailedLogons + b.FailedLogons},
		OpenEnumerations: len(h.open), OpenShells: shells, Writes: h.writes, Methods: maps.Clone(h.methods), Programs: maps.Clone(h.programs),
	}
}

// ResetCounters sets the counters to zero.
func (h *Host) ResetCounters() {
	h.http.ResetCounters()
	h.https.ResetCounters()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes = 0
	clear(h.methods)
	clear(h.programs)
}

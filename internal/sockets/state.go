package sockets

import "fmt"

// State is a TCP state by Microsoft's numbering (MSFT_NetTCPConnection.State),
// which is not the order of RFC 4022.
type State uint8

// The states. Closed to DeleteTCB are RFC 9293's with the numbers of
// MIB_TCP_STATE; Bound is a port that is taken without a connection (since
// Windows 10 1607 and Server 2016), which is how an exhausted machine looks.
const (
	Closed      State = 1
	Listen      State = 2
	SynSent     State = 3
	SynReceived State = 4
	Established State = 5
	FinWait1    State = 6
	FinWait2    State = 7
	CloseWait   State = 8
	Closing     State = 9
	LastAck     State = 10
	TimeWait    State = 11
	DeleteTCB   State = 12
	Bound       State = 100
)

// states lists them in order, with the name that Get-NetTCPConnection shows and
// the label that windows_exporter gives them, so that dashboards carry over.
// windows_exporter knows no Bound and would call it UNKNOWN_100.
var states = []struct {
	state       State
	name, label string
}{
	{Closed, "Closed", "CLOSED"},
	{Listen, "Listen", "LISTENING"},
	{SynSent, "SynSent", "SYN_SENT"},
	{SynReceived, "SynReceived", "SYN_RECEIVED"},
	{Established, "Established", "ESTABLISHED"},
	{FinWait1, "FinWait1", "FIN_WAIT1"},
	{FinWait2, "FinWait2", "FIN_WAIT2"},
	{CloseWait, "CloseWait", "CLOSE_WAIT"},
	{Closing, "Closing", "CLOSING"},
	{LastAck, "LastAck", "LAST_ACK"},
	{TimeWait, "TimeWait", "TIME_WAIT"},
	{DeleteTCB, "DeleteTCB", "DELETE_TCB"},
	{Bound, "Bound", "BOUND"},
}

// States lists every state that Windows is known to have, in order.
func States() []State {
	list := make([]State, len(states))
	for i, row := range states {
		list[i] = row.state
	}
	return list
}

// Known tells whether Windows is known to have the state.
func (s State) Known() bool {
	for _, row := range states {
		if row.state == s {
			return true
		}
	}
	return false
}

// String is the name that Get-NetTCPConnection shows.
func (s State) String() string {
	for _, row := range states {
		if row.state == s {
			return row.name
		}
	}
	return fmt.Sprintf("Unknown%d", uint8(s))
}

// Label is windows_exporter's value of the label state.
func (s State) Label() string {
	for _, row := range states {
		if row.state == s {
			return row.label
		}
	}
	return fmt.Sprintf("UNKNOWN_%d", uint8(s))
}

// Family is an address family.
type Family uint8

// The families.
const (
	IPv4 Family = iota
	IPv6
)

// String is windows_exporter's value of the label af.
func (f Family) String() string {
	if f == IPv6 {
		return "ipv6"
	}
	return "ipv4"
}

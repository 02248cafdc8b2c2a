package tcpip

import "fmt"

// PortRange is a range of ports as Windows writes it: its first port and how
// many there are.
type PortRange struct {
	Start  uint16
	Number uint32 // up to 65536
}

// Last is the range's last port; meaningless for an empty range.
func (r PortRange) Last() uint16 {
	return uint16(uint32(r.Start) + r.Number - 1) // #nosec G115 -- Valid bounds it
}

// Valid tells whether the range holds a port and ends at 65535 or before.
func (r PortRange) Valid() bool {
	return r.Number > 0 && uint32(r.Start)+r.Number <= 65536
}

// Contains tells whether a port is in the range.
func (r PortRange) Contains(port uint16) bool {
	return port >= r.Start && uint32(port)-uint32(r.Start) < r.Number
}

func (r PortRange) String() string {
	if !r.Valid() {
		return fmt.Sprintf("%d+%d", r.Start, r.Number)
	}
	return fmt.Sprintf("%d-%d", r.Start, r.Last())
}

package tcpip

import "fmt"

// PortRange is a range of ports as Windows writes it: its first port and how
// many there are.
type PortRange struct {
	Start  uint16
	Number uint32 // up to 65536
}

// What netsh sets (KB929851): a range starts at 1025 or above and has 255 ports or
// more. A start of 1024 is seen on real machines all the same [reported].
const (
	MinStartPort     = 1025
	MinNumberOfPorts = 255
)

// DefaultPortRange is the dynamic port range of Windows Vista, Server 2008 and later,
// of each transport and family (KB929851).
var DefaultPortRange = PortRange{Start: 49152, Number: 16384}

// CheckPortRange tells whether netsh sets such a range. The error names what is
// wrong and what to write instead.
func CheckPortRange(start, number int64) error {
	switch {
	case start < MinStartPort || start > 65535:
		return fmt.Errorf("start_port %s: write a port from %d to %d; netsh sets none below", hexadecimal(start), MinStartPort, 65536-MinNumberOfPorts)
	case number < MinNumberOfPorts:
		return fmt.Errorf("number_of_ports %s: write %d or more, which is the least that netsh sets", hexadecimal(number), MinNumberOfPorts)
	case number > 65536:
		return fmt.Errorf("number_of_ports %s: there are only %d ports from %d to the last, 65535", hexadecimal(number), 65536-start, start)
	case number > 65536-start:
		return fmt.Errorf("%d ports from %d end at %d, after the last port, 65535: from %d there are %d", number, start, start+number-1, start, 65536-start)
	}
	return nil
}

// Settable is the nearest range that netsh sets: one that starts at 1024 begins a
// port later, one of fewer than 255 ports gets more. Others are as they are, and what
// is no range as well.
func (r PortRange) Settable() PortRange {
	if !r.Valid() {
		return r
	}
	start, end := max(uint32(r.Start), MinStartPort), uint32(r.Start)+r.Number
	number := max(end, start+MinNumberOfPorts) - start
	if start+number > 65536 {
		start = 65536 - number
	}
	return PortRange{Start: uint16(start), Number: number} // #nosec G115 -- ends at 65535 or before
}

// Last is the range's last port; meaningless for an empty range.
func (r PortRange) Last() uint16 {
	return uint16(uint32(r.Start) + r.Number - 1) // #nosec G115 -- Valid bounds it
}

// Valid tells whether the range holds a port and ends at 65535 or before.
func (r PortRange) Valid() bool {
	return r.Number > 0 && r.Number <= 65536 && uint32(r.Start)+r.Number <= 65536
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

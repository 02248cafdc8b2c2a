package winhost

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// parseDynamicPort reads what `netsh int ipv4 show dynamicport tcp` printed: two
// numbers, the start and the count, each at the end of a line behind a label in
// any language.
func parseDynamicPort(output []byte) (tcpip.PortRange, error) {
	var numbers []uint64
	for line := range bytes.Lines(output) {
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			continue
		}
		number, err := strconv.ParseUint(string(fields[len(fields)-1]), 10, 32)
		if err == nil {
			numbers = append(numbers, number)
		}
	}
	if len(numbers) != 2 {
		return tcpip.PortRange{}, fmt.Errorf("netsh printed %d numbers where a start and a count were expected: %q", len(numbers), clip(bytes.TrimSpace(output)))
	}
	if numbers[0] > 65535 {
		return tcpip.PortRange{}, fmt.Errorf("netsh printed the start port %d", numbers[0])
	}
	found := tcpip.PortRange{Start: uint16(numbers[0]), Number: uint32(numbers[1])} // #nosec G115 -- bounded above and by ParseUint
	if !found.Valid() {
		return tcpip.PortRange{}, fmt.Errorf("netsh printed a range of %d ports from %d, which no machine has", numbers[1], numbers[0])
	}
	return found, nil
}

// maxExcluded bounds how many excluded ranges are believed.
const maxExcluded = 10_000

// excluded is a row of netsh's table of excluded ports.
type excluded struct {
	ports        tcpip.PortRange
	administered bool // somebody reserved them: the row has an asterisk
}

// parseExcluded reads what `netsh int ipv4 show excludedportrange tcp` printed:
// lines of a first and a last port, and an asterisk where an administrator
// reserved them. The table has a line of dashes below its heading in every
// language, also when it is empty; without it there is no table.
func parseExcluded(output []byte) ([]excluded, error) {
	ranges := []excluded{}
	table := false
	for line := range bytes.Lines(output) {
		fields := bytes.Fields(line)
		table = table || len(fields) == 2 && dashes(fields[0]) && dashes(fields[1])
		administered := len(fields) == 3 && string(fields[2]) == "*"
		if administered {
			fields = fields[:2]
		}
		if len(fields) != 2 || !digits(fields[0]) || !digits(fields[1]) {
			continue
		}
		first, err1 := strconv.ParseUint(string(fields[0]), 10, 16)
		last, err2 := strconv.ParseUint(string(fields[1]), 10, 16)
		if err1 != nil || err2 != nil || first > last {
			return nil, fmt.Errorf("netsh printed the excluded range %q", clip(bytes.TrimSpace(line)))
		}
		if len(ranges) == maxExcluded {
			return nil, fmt.Errorf("netsh printed more than %d excluded ranges", maxExcluded)
		}
		ports := tcpip.PortRange{Start: uint16(first), Number: uint32(last-first) + 1} // #nosec G115 -- parsed with 16 bits
		ranges = append(ranges, excluded{ports, administered})
	}
	if !table {
		return nil, fmt.Errorf("netsh printed no table of excluded ports: %q", clip(bytes.TrimSpace(output)))
	}
	return ranges, nil
}

func dashes(text []byte) bool { return len(bytes.Trim(text, "-")) == 0 }

func digits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}

// portRange makes a range of two decimal texts.
func portRange(start, number string) (tcpip.PortRange, error) {
	first, err1 := strconv.ParseUint(start, 10, 16)
	count, err2 := strconv.ParseUint(number, 10, 32)
	found := tcpip.PortRange{Start: uint16(first), Number: uint32(count)} // #nosec G115 -- parsed with 16 and 32 bits
	if err1 != nil || err2 != nil || !found.Valid() {
		return tcpip.PortRange{}, fmt.Errorf("it reports a dynamic port range of %q ports from %q, which no machine has", clip([]byte(number)), clip([]byte(start)))
	}
	return found, nil
}

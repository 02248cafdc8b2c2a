package audit

import (
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// Windows before Vista has one pool for everything: 1025 to MaxUserPort, 5000 while
// that is absent (KB196271).
const (
	oldStart       = 1025
	oldDefaultLast = 5000
	oldDefault     = oldDefaultLast - oldStart + 1
)

// What MaxUserPort does to the TCP range since Vista [reported: nmap#3499; inferred
// from it and WSL#40984]: it starts at 1024 and ends at the value, after a restart.
const modernStart = 1024

// old tells Windows before Vista; modern the later ones. A version that is not known is
// neither.
func (f Facts) old() bool    { return f.System.Build >= tcpip.Windows2000 && !f.modern() }
func (f Facts) modern() bool { return f.System.Build.HasDynamicPortRange() }

// version is what a message calls the Windows of a host.
func (f Facts) version() string {
	if f.modern() {
		return "Windows Server 2008 and later"
	}
	return "Windows Server 2003 and before"
}

// usual is the range that this Windows has by default.
func (f Facts) usual() tcpip.PortRange {
	if f.modern() {
		return tcpip.DefaultPortRange
	}
	return tcpip.PortRange{Start: oldStart, Number: oldDefault}
}

// dword is a REG_DWORD of the catalogue as it was found.
func (f Facts) dword(attribute string) (number uint32, ok bool) {
	return f.Values[attribute].DWORD()
}

// EphemeralPorts is the pool of Windows before Vista by MaxUserPort, which rules from
// the next restart on. ok is false on later versions, and where the value was not read
// or is outside its range.
func (f Facts) EphemeralPorts() (r tcpip.PortRange, ok bool) {
	value, read := f.Values["max_user_port"]
	if !f.old() || !read {
		return tcpip.PortRange{}, false
	}
	last := uint32(oldDefaultLast)
	if number, set := value.DWORD(); set { // another type is ignored
		last = number
	}
	return upTo(oldStart, last)
}

// upTo is the range from a start to MaxUserPort; ok is false for a number that is out
// of its range.
func upTo(start uint16, last uint32) (r tcpip.PortRange, ok bool) {
	p, _ := tcpip.ByAttribute("max_user_port")
	if last < p.Min || last > p.Max {
		return tcpip.PortRange{}, false
	}
	return tcpip.PortRange{Start: start, Number: last - uint32(start) + 1}, true
}

// portRange is a pool's range: by netsh, else, for TCP, by the templates of WMI where
// they agree, which do not say of which family they are; before Vista by MaxUserPort.
func (f Facts) portRange(pool tcpip.Pool) (r tcpip.PortRange, ok bool) {
	if !f.modern() {
		return f.EphemeralPorts()
	}
	if r, ok = f.Ranges[pool]; ok || f.Ranges != nil {
		return r, ok && r.Valid()
	}
	if pool.Transport == tcpip.TCP && len(f.Templates) == 1 {
		return f.Templates[0], f.Templates[0].Valid()
	}
	return tcpip.PortRange{}, false
}

// named is a range and what a finding calls it.
type named struct {
	subject string
	r       tcpip.PortRange
}

// ranges is every range that is known, one for both families where they agree. Before
// Vista there is one for all, by MaxUserPort.
func (f Facts) ranges() (list []named) {
	if r, ok := f.EphemeralPorts(); ok {
		return []named{{"MaxUserPort", r}}
	}
	if !f.modern() {
		return nil
	}
	for _, transport := range tcpip.Transports {
		of := func(family tcpip.Family) (tcpip.PortRange, bool) {
			return f.portRange(tcpip.Pool{Transport: transport, Family: family})
		}
		ipv4, ok4 := of(tcpip.IPv4)
		ipv6, ok6 := of(tcpip.IPv6)
		argument := tcpip.Pool{Transport: transport}.Argument()
		if ok4 && ok6 && ipv4 == ipv6 {
			list = append(list, named{argument, ipv4})
			continue
		}
		if ok4 {
			list = append(list, named{argument + ".ipv4", ipv4})
		}
		if ok6 {
			list = append(list, named{argument + ".ipv6", ipv6})
		}
	}
	return list
}

// pool is the TCP range that a finding about capacity goes by: IPv4's, else IPv6's.
func (f Facts) pool() (r tcpip.PortRange, ok bool) {
	for _, family := range tcpip.Families {
		if r, ok = f.portRange(tcpip.Pool{Transport: tcpip.TCP, Family: family}); ok {
			return r, true
		}
	}
	return tcpip.PortRange{}, false
}

// bits is a set of ports.
type bits []bool

// portSet is the ports of some ranges, which may overlap.
func portSet(list []tcpip.PortRange) bits {
	if len(list) == 0 {
		return bits{}
	}
	var change [1<<16 + 1]int
	for _, r := range list {
		change[r.Start]++
		change[uint32(r.Start)+r.Number]--
	}
	set, open := make(bits, 1<<16), 0
	for port := range set {
		open += change[port]
		set[port] = open > 0
	}
	return set
}

func (b bits) has(port uint16) bool { return int(port) < len(b) && b[port] }

// within counts the ports of a range that are in the set.
func (b bits) within(r tcpip.PortRange) (n uint32) {
	for at := range r.Number {
		if b.has(r.Start + uint16(at)) { // #nosec G115 -- a valid range ends at 65535
			n++
		}
	}
	return n
}

// kept is the ports of a pool that Windows never hands out; nil where they were not
// read.
func (f Facts) kept(pool tcpip.Pool) bits {
	if !f.keptKnown() {
		return nil
	}
	if f.old() {
		list, _, _ := reservations(f.ReservedPorts)
		return portSet(list)
	}
	var list []tcpip.PortRange
	for _, e := range f.Excluded {
		if e.Pool == pool && e.Ports.Valid() {
			list = append(list, e.Ports)
		}
	}
	return portSet(list)
}

// keptKnown tells whether they were read. Before Vista the listing of the key says that
// there are none.
func (f Facts) keptKnown() bool {
	if f.old() {
		return f.ReservedPorts != nil || f.Names != nil && !f.hasValue("ReservedPorts")
	}
	return f.Excluded != nil
}

// hasValue tells whether the key has a value of a name, in any letter case.
func (f Facts) hasValue(name string) bool {
	for found := range f.Names {
		if strings.EqualFold(found, name) {
			return true
		}
	}
	return false
}

// reservations reads ReservedPorts (KB812873: an entry is xxxx-yyyy, also for a single
// port; ports in a row must be one entry, else they are not reserved rightly).
// malformed is the entries that are of another form, split the later ones of those that
// go on where another one ends.
func reservations(entries []string) (list []tcpip.PortRange, malformed, split []string) {
	ends := map[uint32]bool{}
	for _, entry := range entries {
		if r, ok := reservation(entry); ok {
			list = append(list, r)
			ends[uint32(r.Last())] = true
		} else if entry != "" {
			malformed = append(malformed, entry)
		}
	}
	for _, r := range list {
		if ends[uint32(r.Start)-1] {
			split = append(split, entryOf(r))
		}
	}
	return list, malformed, split
}

func reservation(entry string) (r tcpip.PortRange, ok bool) {
	first, last, found := strings.Cut(entry, "-")
	from, err1 := strconv.ParseUint(first, 10, 16)
	to, err2 := strconv.ParseUint(last, 10, 16)
	if !found || err1 != nil || err2 != nil || from == 0 || from > to {
		return tcpip.PortRange{}, false
	}
	return tcpip.PortRange{Start: uint16(from), Number: uint32(to-from) + 1}, true // #nosec G115 -- parsed with 16 bits
}

// entryOf is a range as ReservedPorts has it.
func entryOf(r tcpip.PortRange) string {
	return strconv.Itoa(int(r.Start)) + "-" + strconv.Itoa(int(r.Last()))
}

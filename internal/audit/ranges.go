package audit

import (
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// families finds ranges that are not the same for IPv4 and IPv6.
func (i *inspection) families() {
	for _, transport := range tcpip.Transports {
		ipv4 := i.Ranges[tcpip.Pool{Transport: transport, Family: tcpip.IPv4}]
		ipv6 := i.Ranges[tcpip.Pool{Transport: transport, Family: tcpip.IPv6}]
		if ipv4.Valid() && ipv6.Valid() && ipv4 != ipv6 { // one that was not read holds no port
			i.add(FamiliesDiffer, tcpip.Pool{Transport: transport}.Argument(), "The dynamic port range of %s is %s for IPv4 and %s for IPv6.", strings.ToUpper(string(transport)), ipv4, ipv6)
		}
	}
}

// sizes finds pools below Windows' default.
func (i *inspection) sizes() {
	usual := i.usual().Number
	for _, n := range i.ranges() {
		if n.r.Number < usual {
			i.add(PoolBelowDefault, n.subject, "The range %s has %d ports, fewer than the default's %d.", n.r, n.r.Number, usual)
		}
	}
	// Before Vista only a MaxUserPort that is out of its range makes a smaller pool.
	p, _ := tcpip.ByAttribute("max_user_port")
	if last, ok := i.dword(p.Attribute); ok && i.old() && last < p.Min {
		i.add(PoolBelowDefault, p.ValueName, "%s is %d, below its documented range: if Windows goes by it, which is not known, the pool has fewer ports than the default's %d.", p.ValueName, last, oldDefault)
	}
}

// starts finds ranges that cannot be set back.
func (i *inspection) starts() {
	for _, n := range i.ranges() {
		if n.r.Start < tcpip.MinStartPort {
			i.add(StartBelowMinimum, n.subject, "The range %s starts below %d. Machines have that (a MaxUserPort is reported to do it), but by KB929851 netsh sets none: once changed, the nearest is %s.", n.r, tcpip.MinStartPort, n.r.Settable())
		}
	}
}

// sources finds that WMI contradicts itself or netsh. The templates do not say of which
// family their range is, so one that is either family's is right.
func (i *inspection) sources() {
	const subject = "MSFT_NetTCPSetting"
	if len(i.Templates) > 1 {
		var texts []string
		for _, r := range i.Templates {
			texts = append(texts, r.String())
		}
		i.add(RangeSourcesDiffer, subject, "The templates of %s report %d dynamic port ranges: %s.", subject, len(texts), few(texts, maxNamed))
		return
	}
	ipv4, ok4 := i.Ranges[tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv4}]
	ipv6, ok6 := i.Ranges[tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv6}]
	if len(i.Templates) == 1 && ok4 && ok6 && i.Templates[0] != ipv4 && i.Templates[0] != ipv6 {
		i.add(RangeSourcesDiffer, subject, "%s reports the TCP range %s; netsh shows %s for IPv4 and %s for IPv6.", subject, i.Templates[0], ipv4, ipv6)
	}
}

// exclusions finds ranges of which little or nothing is left.
func (i *inspection) exclusions() {
	if i.Excluded == nil {
		return
	}
	for _, transport := range tcpip.Transports {
		for _, family := range tcpip.Families {
			pool := tcpip.Pool{Transport: transport, Family: family}
			r, ok := i.Ranges[pool]
			if !ok || !r.Valid() {
				continue
			}
			subject := pool.Argument() + "." + string(family)
			switch gone := i.kept(pool).within(r); {
			case gone == r.Number:
				i.add(ExcludedCoversRange, subject, "Every port of the %s range %s (%s) is excluded: Windows has none to hand out.", strings.ToUpper(string(transport)), r, familyText(family))
			case gone > r.Number/2:
				i.add(ExcludedCoversHalf, subject, "%d of the %d ports of the %s range %s (%s) are excluded.", gone, r.Number, strings.ToUpper(string(transport)), r, familyText(family))
			}
		}
	}
}

func familyText(family tcpip.Family) string {
	return strings.Replace(string(family), "ip", "IP", 1)
}

func (i *inspection) autoReuse() {
	if r := i.AutoReuse; r != nil && r.Valid() {
		i.add(AutoReuseRange, "auto_reuse_range", "Connections that do not ask for a port draw from %s (%d ports), and not from the dynamic port range.", r, r.Number)
	}
}

// shortest is the default of TcpTimedWaitDelay where it is known, and else the shortest
// of what is reported: a value below it lowers the delay for certain.
const shortest = 120

// delay finds one half of a tuning without the other.
func (i *inspection) delay() {
	pool, ok := i.pool()
	p, _ := tcpip.ByAttribute("tcp_timed_wait_delay")
	value, read := i.Values[p.Attribute]
	if !ok || !read {
		return
	}
	below := uint32(shortest)
	if usual, ok := p.DefaultOn(i.System.Build); ok && usual.Known {
		below = usual.Value
	}
	usual := i.usual().Number
	seconds, set := value.DWORD()
	switch {
	case set && seconds < below && pool.Number <= usual:
		i.add(DelayWithoutPool, p.ValueName, "%s is %d and the pool %s has %d ports, no more than the default.%s", p.ValueName, seconds, pool, pool.Number, rate(pool, seconds))
	case !set && pool.Number > usual:
		i.add(PoolWithoutDelay, p.ValueName, "The pool %s has %d ports, more than the default, and %s is not set: closed connections keep their ports for what Windows' default is.", pool, pool.Number, p.ValueName)
	}
}

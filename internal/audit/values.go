package audit

import (
	"fmt"
	"maps"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// names finds value names that are close to a parameter's.
func (i *inspection) names() {
	for _, name := range slices.Sorted(maps.Keys(i.Names)) {
		meant, ok := tcpip.Misspelling(name)
		if !ok {
			continue
		}
		also := ""
		if i.hasValue(meant.ValueName) {
			also = ", which is there as well"
		}
		i.add(NameMisspelled, clean(name), "%s (%s) is no value that Windows is known to have; %s was probably meant%s. Windows says nothing and uses its default.",
			clean(name), i.Names[name], meant.ValueName, also)
	}
}

// values finds wrong types and numbers out of range.
func (i *inspection) values() {
	for _, p := range tcpip.Catalogue {
		value := i.Values[p.Attribute]
		if value.IsWrongType() {
			i.add(WrongType, p.ValueName, "%s is %s and not a REG_DWORD: Windows is reported to ignore it and to use its default.", p.ValueName, show(value))
		}
		if number, ok := value.DWORD(); ok && !i.documented(p, number) {
			i.add(OutOfRange, p.ValueName, "%s is set to what is not documented (%s): %v.%s", p.ValueName, p.Source, p.Check(int64(number)), i.otherRange(p, number))
		}
	}
}

// shortDelay tells a TcpTimedWaitDelay below 30 seconds, of which pages of Microsoft's
// differ: cc757512 gives 0-300 for Server 2003, its tool SQLCheck for later versions as
// well; KB314053 gives 30-300.
func shortDelay(p tcpip.Parameter, number uint32) bool {
	return p.Attribute == "tcp_timed_wait_delay" && number < p.Min
}

// documented tells whether a number is in the range for this version of Windows.
func (i *inspection) documented(p tcpip.Parameter, number uint32) bool {
	onServer2003 := i.old() && i.System.Build >= tcpip.Server2003
	return number >= p.Min && number <= p.Max || onServer2003 && shortDelay(p, number)
}

func (i *inspection) otherRange(p tcpip.Parameter, number uint32) string {
	if i.modern() && shortDelay(p, number) {
		return " Microsoft's tool SQLCheck takes 0 to 300 for the range."
	}
	return " Whether Windows clamps it or ignores it is not documented."
}

// maxUserPort finds MaxUserPort where the dynamic port range is the control.
func (i *inspection) maxUserPort() {
	const attribute = "max_user_port"
	p, _ := tcpip.ByAttribute(attribute)
	value := i.Values[attribute]
	if !i.modern() || !value.Present {
		return
	}
	if journal := i.validJournal(); journal != nil && len(tuning.Watched(journal.Original)) > 0 {
		i.add(MaxUserPortBesideRange, p.ValueName, "%s is %s, and the host's journal says that %s is managed: which of the two rules after a restart is not known.", p.ValueName, show(value), tcpip.RangeAttribute)
	}
	number, ok := value.DWORD()
	if !ok {
		return // Windows ignores another type
	}
	r, ok := upTo(modernStart, number)
	if !ok {
		i.add(MaxUserPortOnModern, p.ValueName, "%s is %d on %s, where %s is the documented control. What a number outside %d to %d does to it is not known.",
			p.ValueName, number, i.version(), tcpip.RangeAttribute, p.Min, p.Max)
		return
	}
	i.add(MaxUserPortOnModern, p.ValueName, "%s is %d on %s, where %s is the documented control. It is reported to make the TCP range %s (%d ports%s) at a restart; whether a range that netsh set wins is not known.%s",
		p.ValueName, number, i.version(), tcpip.RangeAttribute, r, r.Number, fewer(r), i.applied(r))
}

// fewer says that a range is smaller than the default one.
func fewer(r tcpip.PortRange) string {
	if usual := tcpip.DefaultPortRange.Number; r.Number < usual {
		return fmt.Sprintf(", fewer than the default's %d", usual)
	}
	return ""
}

// applied compares what MaxUserPort is reported to do with the TCP range of now.
func (i *inspection) applied(r tcpip.PortRange) string {
	now, known := "", false
	for _, family := range tcpip.Families {
		found, ok := i.tcpRange(family)
		if ok && found == r {
			return " The TCP range is " + r.String() + " now: it looks applied."
		}
		if ok && !known {
			now, known = found.String(), true
		}
	}
	if !known {
		return ""
	}
	return " The TCP range is " + now + " now: it does not look applied, since there was no restart after it was set, or since it does not act here."
}

// reserved says what ReservedPorts protects.
func (i *inspection) reserved() {
	if !i.old() || len(i.ReservedPorts) == 0 {
		return
	}
	list, malformed, split := reservations(i.ReservedPorts)
	var texts []string
	for _, r := range list {
		texts = append(texts, entryOf(r))
	}
	if len(list) > 0 {
		i.add(ReservedPorts, "ReservedPorts", "ReservedPorts keeps these ports from being handed out: %s.", few(texts, maxNamed))
	}
	if len(malformed) > 0 {
		for n, entry := range malformed {
			malformed[n] = clean(entry)
		}
		i.add(ReservedPortsMalformed, "ReservedPorts", "ReservedPorts has entries that are not of the form first-last, such as 1433-1433 (KB812873), so that they protect nothing: %s.", few(malformed, maxNamed))
	}
	if len(split) > 0 {
		i.add(ReservedPortsMalformed, "ReservedPorts", "ReservedPorts has entries that go on where another one ends: %s. Ports in a row must be one entry, else they are not reserved rightly (KB812873).", few(split, maxNamed))
	}
}

package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// Foresee is what is to be said at plan time of what a proposal would do to a host, by
// what was read of it ([Needs]). It says nothing that it does not know: parts that could
// not be read give one note together. What needs no host is [Static]'s.
//
// A value that Microsoft does not describe for the host's version is said once, in the
// plan that sets it, and only where no baseline of Microsoft's sets it: TcpTimedWaitDelay,
// the keep-alive values and TcpMaxDataRetransmissions get no such word (see gaps).
func Foresee(f Facts, p Proposal) []tuning.Warning {
	o := &outlook{Facts: f, Proposal: p}
	for _, change := range o.changes() {
		o.takesIn(change)
		o.takesInServices(change)
		o.shrinks(change)
		o.excludes(change)
		o.virtual(change)
	}
	o.maxUserPort()
	o.beside()
	o.role()
	for _, row := range tcpip.Catalogue {
		o.row(row)
	}
	o.unread()
	return o.warnings
}

// outlook collects warnings.
type outlook struct {
	Facts
	Proposal

	warnings []tuning.Warning
}

func (o *outlook) warn(argument, summary, detail string) {
	o.warnings = append(o.warnings, tuning.Warning{Attribute: argument, Summary: summary, Detail: detail})
}

// change is a range that a proposal makes of another one.
type change struct {
	argument  string
	transport tcpip.Transport
	to        tcpip.PortRange
	// supposed is set where it is only reported to come so.
	supposed bool
}

// name is what a warning calls the range. Before Vista there is one for TCP and UDP.
func (c change) name() string {
	if c.argument == "max_user_port" && !c.supposed {
		return "the range " + c.to.String()
	}
	return "the " + strings.ToUpper(string(c.transport)) + " range " + c.to.String()
}

// changes is the ranges that a proposal sets, MaxUserPort's among them.
func (o *outlook) changes() (list []change) {
	if o.modern() {
		for _, transport := range tcpip.Transports {
			if to, ok := o.ports(transport); ok {
				list = append(list, change{tcpip.Pool{Transport: transport}.Argument(), transport, to, false})
			}
		}
	}
	if number, ok := o.number("max_user_port"); ok {
		start := uint16(oldStart)
		if o.modern() {
			start = modernStart
		}
		if to, ok := upTo(start, number); ok && (o.modern() || o.old()) {
			list = append(list, change{"max_user_port", tcpip.TCP, to, o.modern()})
		}
	}
	return list
}

// present is a family's range of now: the host's, else what state says.
func (o *outlook) present(c change, family tcpip.Family) (tcpip.PortRange, bool) {
	pool := tcpip.Pool{Transport: c.transport, Family: family}
	if r, ok := o.portRange(pool); ok {
		return r, true
	}
	if !o.modern() {
		return tcpip.PortRange{}, false
	}
	r, ok := o.Prior[pool.Argument()].PortRange()
	return r, ok && r.Valid()
}

// shrinks warns of a pool that becomes smaller.
func (o *outlook) shrinks(c change) {
	var now tcpip.PortRange
	for _, family := range tcpip.Families {
		if r, ok := o.present(c, family); ok && r.Number > now.Number {
			now = r
		}
	}
	if c.to.Number >= now.Number {
		return
	}
	o.warn(c.argument, fmt.Sprintf("%s %s the pool smaller: %d ports, %d now", c.name(), c.would("make"), c.to.Number, now.Number),
		fmt.Sprintf("The range is %s now. Fewer ports sustain fewer connections, and a host that runs out of them opens no new ones.", now))
}

// excludes warns of a range of which little or nothing would be left.
func (o *outlook) excludes(c change) {
	if !o.modern() || o.Excluded == nil {
		return
	}
	for _, family := range tcpip.Families {
		gone := o.kept(tcpip.Pool{Transport: c.transport, Family: family}).within(c.to)
		if gone > c.to.Number/2 {
			o.warn(c.argument, fmt.Sprintf("%d of the %d ports of %s are excluded for %s", gone, c.to.Number, c.name(), familyText(family)),
				fmt.Sprintf("Windows never hands out an excluded port. These show who reserved them (a star marks an administrator's):\n\n  netsh int %s show excludedportrange protocol=%s\n", family, c.transport))
			return
		}
	}
}

// lowStart is where a range begins to meet what virtual networks reserve: Hyper-V's NAT
// and WSL take blocks of 100 ports out of the dynamic range, wherever it is [reported:
// WSL#5306, where they went from 4294 to 9783; docker/for-win#3171], among them ports
// that services are on.
const lowStart = 10_000

// virtualNetworks is the programs by which Hyper-V (vmms.exe, and vmcompute.exe, the
// Host Compute Service) and WSL (wslservice.exe, and the process that its memory counts
// for) are told [reported: WSL#7377 for vmms.exe; wslservice.exe by WSL's own technical
// documentation].
var virtualNetworks = []string{"vmms.exe", "vmcompute.exe", "wslservice.exe", "vmmemwsl", "vmmem"}

// virtual warns of a low start on a host with virtual networks.
func (o *outlook) virtual(c change) {
	if c.to.Start >= lowStart {
		return
	}
	for _, name := range virtualNetworks {
		if o.Running[name] {
			o.warn(c.argument, fmt.Sprintf("%s %s below %d on a host with Hyper-V or WSL (%s runs)", c.name(), c.would("begin"), lowStart, name),
				"They reserve blocks of 100 ports out of the dynamic range, and WSL wants 4096 in a row (reported). With a low start these blocks lie among the ports of services: "+
					"a service whose port is in one cannot start, and WSL's mirrored networking is reported to fail. A start of 10000 or above keeps most of them apart.")
			return
		}
	}
}

// maxUserPort warns of the value on a Windows that has a dynamic port range.
func (o *outlook) maxUserPort() {
	number, ok := o.number("max_user_port")
	if !ok || !o.modern() {
		return
	}
	r, ok := upTo(modernStart, number)
	if !ok {
		return // its range is checked elsewhere
	}
	o.warn("max_user_port", fmt.Sprintf("max_user_port %d on %s is reported to make the TCP range %s (%d ports) at a restart", number, o.version(), r, r.Number),
		fmt.Sprintf("There the documented control is %s. The value is not inert, though: it is reported to move the start of TCP's range to %d and its end to the value%s, of IPv4 and IPv6; UDP's stays. "+
			"Whether a range that netsh set wins is not known. To have the same by the documented control, without a restart:\n\n  %s = { tcp = { start_port = %d, number_of_ports = %d } }\n",
			tcpip.RangeAttribute, modernStart, fewer(r), tcpip.RangeAttribute, r.Settable().Start, r.Settable().Number))
}

// role warns of a host on whose range others rely.
func (o *outlook) role() {
	changes := o.changes()
	if len(changes) == 0 {
		return
	}
	argument := changes[0].argument
	if o.System.DomainController() {
		o.warn(argument, fmt.Sprintf("%s changes on a domain controller", argument),
			"Firewalls between domain controllers, and between them and their members, are opened for the dynamic port range (KB929851): replication and logon go over RPC ports out of it. Change the firewalls first.")
	}
	// The DNS service's sockets are UDP; before Vista they are of the one pool.
	udp := slices.IndexFunc(changes, func(c change) bool { return c.transport == tcpip.UDP || o.old() })
	if udp >= 0 && o.Running["dns.exe"] {
		o.warn(changes[udp].argument, changes[udp].argument+" changes on a DNS server",
			"The DNS service takes 2500 random UDP ports out of the dynamic port range (KB956188), so that ports of other services in the range go missing at random, and a small range is used up. "+
				"Firewalls that let its queries out are opened for the range (KB929851).")
	}
}

// row warns of what a changed registry value meets on this host.
func (o *outlook) row(p tcpip.Parameter) {
	number, ok := o.number(p.Attribute)
	if !ok {
		return
	}
	if owners := o.owners(p.ValueName); len(owners) > 0 {
		o.warn(p.Attribute, fmt.Sprintf("Group Policy sets %s (%s)", p.ValueName, few(owners, 3)),
			fmt.Sprintf("What is written here is overwritten when the policy is applied again, and the next plan shows it as drift. Change it in the policy, or take %s out of this configuration.", p.Attribute))
	}
	if g, ok := o.gap(p.Attribute); ok && g.planned {
		o.warn(p.Attribute, fmt.Sprintf("what %s %d does on this version of Windows is not documented", p.Attribute, number), tuning.Upper(p.ValueName)+": "+g.says+".")
	}
}

// unread is one note about everything that could not be looked at. Policies alone are
// not worth it: most hosts outside a domain have no results of any. Nor is a range on a
// host without a shell: there the change fails, and the provider says so.
func (o *outlook) unread() {
	if o.NoShell && slices.ContainsFunc(tcpip.Transports, func(t tcpip.Transport) bool { _, ok := o.ports(t); return ok }) {
		return
	}
	var parts, whys []string
	worth := false
	for _, m := range o.Missing {
		worth = worth || m.Of != PartPolicies
		parts = append(parts, line(m.Part))
		whys = append(whys, line(m.Part)+": "+line(m.Why))
	}
	if worth {
		o.warn("", "not everything could be looked at before this change: "+few(parts, 5),
			"The plan is the same all the same; what it may meet there was not checked.\n\n  "+strings.Join(whys[:min(len(whys), maxLines)], "\n  ")+"\n")
	}
}

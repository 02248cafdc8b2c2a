package audit

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// winRM is the ports of WinRM itself, by which this provider reaches a host unless it is
// told another one: HTTP and HTTPS. winRMLocal is where it listens for requests from the
// host itself, which is no way in (Microsoft, "Installation and Configuration for Windows
// Remote Management").
var winRM = []uint16{5985, 5986}

const winRMLocal = 47001

// ownServices is the programs of Windows that ask for any port, for their RPC services:
// KB832017 names the services ("randomly allocated high TCP ports"); that these are
// their programs is reported (lists of netstat: WSL#7377, inspec#912). svchost.exe has
// services on fixed ports as well; those that are well known are told by the port.
var ownServices = []string{
	"alg.exe", "certsrv.exe", "dfsrs.exe", "dfssvc.exe", "dns.exe", "lsass.exe", "msdtc.exe", "ntfrs.exe",
	"services.exe", "spoolsv.exe", "svchost.exe", "wininit.exe",
}

// socket is the listeners of one program on one port, of either family or both.
type socket struct {
	port     uint16
	pid      uint32
	process  string
	families []tcpip.Family
}

func familyOf(address netip.Addr) tcpip.Family {
	if address.Unmap().Is4() {
		return tcpip.IPv4
	}
	return tcpip.IPv6
}

// sockets is the listeners that take holds for, WinRM's own first, then by port.
func (f Facts) sockets(take func(port uint16, family tcpip.Family) bool) []socket {
	type key struct {
		port    uint16
		pid     uint32
		process string
	}
	families := map[key][]tcpip.Family{}
	for _, l := range f.Listeners {
		family := familyOf(l.Address.Addr())
		if k := (key{l.Address.Port(), l.PID, l.Process}); l.Address.Addr().IsValid() && take(k.port, family) && !slices.Contains(families[k], family) {
			families[k] = append(families[k], family)
		}
	}
	list := make([]socket, 0, len(families))
	for k, of := range families {
		slices.Sort(of)
		list = append(list, socket{k.port, k.pid, k.process, of})
	}
	slices.SortFunc(list, func(a, b socket) int {
		return cmp.Or(byPort(a.port, b.port), cmp.Compare(a.pid, b.pid), cmp.Compare(a.process, b.process))
	})
	return list
}

// byPort orders ports, WinRM's own first.
func byPort(a, b uint16) int {
	return cmp.Or(first(slices.Contains(winRM, a), slices.Contains(winRM, b)), cmp.Compare(a, b))
}

// first orders by whether something holds, what it holds for first.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// ListenersInRange is the listeners inside the TCP range of their family, reserved or
// not, WinRM's own first, then by port.
func (f Facts) ListenersInRange() []Listener {
	list := slices.DeleteFunc(slices.Clone(f.Listeners), func(l Listener) bool {
		r, ok := f.portRange(tcpip.Pool{Transport: tcpip.TCP, Family: familyOf(l.Address.Addr())})
		return !ok || !l.Address.Addr().IsValid() || !r.Contains(l.Address.Port())
	})
	slices.SortStableFunc(list, func(a, b Listener) int {
		return cmp.Or(byPort(a.Address.Port(), b.Address.Port()), a.Address.Addr().Compare(b.Address.Addr()))
	})
	return list
}

// exposed is the sockets inside a family's range that are not reserved.
func (f Facts) exposed(rangeOf func(tcpip.Family) (tcpip.PortRange, bool)) []socket {
	kept := map[tcpip.Family]bits{}
	for _, family := range tcpip.Families {
		kept[family] = f.kept(tcpip.Pool{Transport: tcpip.TCP, Family: family})
	}
	return f.sockets(func(port uint16, family tcpip.Family) bool {
		r, ok := rangeOf(family)
		return ok && r.Contains(port) && !kept[family].has(port)
	})
}

// drawn tells whether a listener seems to have its port from the range of now, since its
// program asked for any: the port is no well-known service's, and the program is one of
// Windows' own. In Windows' default range it may be one whose name is not known, and,
// while that is the range of now, any: programs take such ports by the dozen, and others
// after each start [assumed]. Before Vista the default range is where services have
// their ports.
func (f Facts) drawn(s socket, now tcpip.PortRange) bool {
	if _, known := service(tcpip.TCP, s.port); known {
		return false
	}
	if f.modern() && f.usual().Contains(s.port) && (s.process == "" || now == f.usual()) {
		return true
	}
	return slices.Contains(ownServices, strings.ToLower(s.process))
}

// service names the well-known service of a port.
func service(transport tcpip.Transport, port uint16) (name string, known bool) {
	services := tcpip.ServicesIn(transport, tcpip.PortRange{Start: port, Number: 1})
	if len(services) == 0 {
		return "", false
	}
	return services[0].Name, true
}

// who is the program of a socket.
func (s socket) who() string {
	if s.process == "" {
		return fmt.Sprintf("Process %d, whose name is not known,", s.pid)
	}
	return fmt.Sprintf("%s (process %d)", clean(s.process), s.pid)
}

// protect is the lines that reserve a port. What netsh takes is documented (KB929851);
// before Vista there is the value ReservedPorts instead (KB812873), and no line, since
// `reg add` would replace what is in it.
func protect(transport tcpip.Transport, port uint16, families []tcpip.Family) (lines []string) {
	for _, family := range families {
		lines = append(lines, fmt.Sprintf("netsh int %s add excludedportrange protocol=%s startport=%d numberofports=1 store=persistent", family, transport, port))
	}
	return lines
}

// sharedList goes with lines for both families [reported: netsh shows one list for
// either].
func sharedList(transport tcpip.Transport) string {
	return fmt.Sprintf(" Exclusions are reported to be shared by IPv4 and IPv6: if the second line is refused, netsh int ipv4 show excludedportrange protocol=%s lists the port already.", transport)
}

func (f Facts) reserve(s socket) string {
	if f.old() {
		entry := entryOf(tcpip.PortRange{Start: s.port, Number: 1})
		return fmt.Sprintf("add %s to the REG_MULTI_SZ ReservedPorts in HKLM\\%s (KB812873)", entry, tcpip.KeyPath)
	}
	text := strings.Join(protect(tcpip.TCP, s.port, s.families), " and ")
	if len(s.families) > 1 {
		text += "." + sharedList(tcpip.TCP)
	}
	return text
}

// unsure says where it is not known what is reserved.
func (f Facts) unsure() string {
	if !f.keptKnown() {
		return " What is reserved could not be read."
	}
	return ""
}

// listeners finds what a client's connection could take a port from.
func (i *inspection) listeners() {
	for _, s := range i.exposed(i.tcpRange) {
		subject := fmt.Sprintf("tcp/%d", s.port)
		r, _ := i.tcpRange(s.families[0])
		if i.drawn(s, r) {
			i.add(ListenerFromRange, subject, "%s listens on TCP port %d, inside the range %s; it seems to have it from there.", s.who(), s.port, r)
			continue
		}
		what, how := "", " If it has another port after each start, there is nothing to do. Else reserve the port, while the program is stopped: "
		if name, known := service(tcpip.TCP, s.port); known {
			what, how = fmt.Sprintf(" (the port of %s)", name), " To reserve the port, while the program is stopped: "
		}
		i.add(ListenerInRange, subject, "%s listens on TCP port %d%s, inside the range %s, and no reservation was found.%s%s%s",
			s.who(), s.port, what, r, i.unsure(), how, i.reserve(s))
	}
}

func (f Facts) tcpRange(family tcpip.Family) (tcpip.PortRange, bool) {
	return f.portRange(tcpip.Pool{Transport: tcpip.TCP, Family: family})
}

// maxNamed bounds how many ports one message names.
const maxNamed = 20

// later is the ports of products that no Windows before Vista can have [inferred from
// their system requirements]. WinRM's and 9389 are not here: updates bring them to
// Windows Server 2003 (KB968930, the AD Management Gateway Service).
var later = []uint16{
	2179, 6600, // Hyper-V: Windows Server 2008
	5445,                       // SMB Direct: 2012
	5722,                       // DFS Replication of domain controllers: 2008
	8172,                       // IIS 7
	10123,                      // a management point of Configuration Manager 2012 SP1
	22233, 22234, 22235, 22236, // AppFabric
	32843, 32844, // SharePoint 2010
}

// services finds well-known ports in a range on which nothing listens now.
func (i *inspection) services() {
	listening := map[uint16]bool{}
	for _, l := range i.Listeners {
		listening[l.Address.Port()] = true
	}
	for _, transport := range tcpip.Transports {
		names := map[uint16]string{}
		var ranges []string
		for _, family := range tcpip.Families {
			pool := tcpip.Pool{Transport: transport, Family: family}
			r, ok := i.portRange(pool)
			if !ok {
				continue
			}
			ranges = append(ranges, r.String())
			kept := i.kept(pool)
			for _, s := range tcpip.ServicesIn(transport, r) {
				if i.old() && (slices.Contains(later, s.Port) || s.Port == 3389 && transport == tcpip.UDP) {
					continue // Remote Desktop is UDP as well since 2012
				}
				if !kept.has(s.Port) && (transport != tcpip.TCP || !listening[s.Port]) {
					names[s.Port] = s.Name
				}
			}
		}
		if len(names) == 0 {
			continue
		}
		var list []string
		for _, port := range slices.Sorted(maps.Keys(names)) {
			list = append(list, fmt.Sprintf("%d (%s)", port, names[port]))
		}
		i.add(ServicePortInRange, string(transport), "The %s range %s contains %s of well-known services, and no reservation was found: %s.%s",
			strings.ToUpper(string(transport)), strings.Join(slices.Compact(ranges), " or "), count(len(list), "port"), few(list, maxNamed), i.unsure())
	}
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

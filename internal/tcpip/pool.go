package tcpip

import (
	"fmt"
	"strings"
)

// Transport is a transport protocol, in netsh's word for it.
type Transport string

// The two that have a dynamic port range.
const (
	TCP Transport = "tcp"
	UDP Transport = "udp"
)

// Family is a version of IP, in netsh's word for it.
type Family string

// The two that have a dynamic port range each.
const (
	IPv4 Family = "ipv4"
	IPv6 Family = "ipv6"
)

// Transports and Families are both, in the order in which they are read and
// written.
var (
	Transports = []Transport{TCP, UDP}
	Families   = []Family{IPv4, IPv6}
)

// Pool names one dynamic port range: netsh shows and sets one for each transport
// and family (KB929851). Whether the two families share their ports is not
// documented.
type Pool struct {
	Transport Transport
	Family    Family
}

func (p Pool) String() string { return string(p.Transport) + "/" + string(p.Family) }

// RangeAttribute is the Terraform attribute of the dynamic port ranges.
const RangeAttribute = "dynamic_port_range"

// Argument is the attribute by which a configuration sets the range of both
// families: dynamic_port_range.tcp.
func (p Pool) Argument() string { return RangeAttribute + "." + string(p.Transport) }

// PortRanges is the dynamic port ranges of Windows Vista, Server 2008 and later as
// parameters, one for each transport and family. They take effect for new sockets
// without a restart [reported].
var PortRanges = portRanges()

var familyNames = map[Family]string{IPv4: "IPv4", IPv6: "IPv6"}

func portRanges() (rows []Parameter) {
	for _, transport := range Transports {
		for _, family := range Families {
			pool := Pool{transport, family}
			rows = append(rows, Parameter{
				Attribute: pool.Argument() + "." + string(family), Pool: pool,
				ValueName: fmt.Sprintf("%s's dynamic port range (%s)", strings.ToUpper(string(transport)), familyNames[family]),
				Source:    "KB929851",
			})
		}
	}
	return rows
}

package audit

import (
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// gap is what Microsoft does not say of a value, on some versions of Windows. It never
// means that the value does nothing there.
type gap struct {
	attribute string
	// since is the first build that it holds for.
	since tcpip.Build
	// says is what is documented, and what is not.
	says string
	// planned is set where a plan says it as well. It is not where a baseline of
	// Microsoft's own sets the value all the same: whoever follows one would read the
	// same words for every host, and they are no reason not to.
	planned bool
}

// gaps lists what is not documented. Not here, since Microsoft describes them for later
// versions as well:
//   - TcpTimedWaitDelay: the BizTalk technical guide, and its tool SQLCheck;
//   - KeepAliveTime and KeepAliveInterval: SIO_KEEPALIVE_VALS, for Windows 2000 and later;
//   - MaxUserPort: it has findings of its own.
var gaps = []gap{
	{
		"strict_time_wait_seq_check", 0,
		"no page of Microsoft's describes it. Vendors set it beside TcpTimedWaitDelay; whether that needs it is reported both ways", true,
	},
	{
		"tcp_num_connections", tcpip.Server2008 - 1, // Vista
		"KB314053 describes it for Windows XP and Server 2003. For later versions Microsoft describes a WMI method that sets it (SetTcpNumConnections), " +
			"and not whether the new TCP/IP stack goes by it", true,
	},
	{
		"tcp_max_data_retransmissions", tcpip.Server2012,
		"KB170359 describes it up to Windows Server 2008 R2. For later versions Microsoft's MSS baseline sets it, and no page says what it does there; " +
			"the number of keep-alives is 10 since Windows Vista whatever it is (SIO_KEEPALIVE_VALS)", false,
	},
}

// gap finds what is not documented of an attribute on this version. Of a version that
// is not known nothing is said.
func (f Facts) gap(attribute string) (gap, bool) {
	for _, g := range gaps {
		if g.attribute == attribute && f.System.Build > 0 && f.System.Build >= g.since {
			return g, true
		}
	}
	return gap{}, false
}

// undocumented finds values that are set and not described for this version.
func (i *inspection) undocumented() {
	if i.modern() && i.hasValue("ReservedPorts") {
		i.add(Undocumented, "ReservedPorts", "ReservedPorts is set: KB812873 describes it for Windows 2000, XP and Server 2003 only. "+
			"On this version ports are reserved by netsh int ipv4 add excludedportrange.")
	}
	for _, p := range tcpip.Catalogue {
		if value := i.Values[p.Attribute]; value.Present {
			if g, ok := i.gap(p.Attribute); ok {
				i.add(Undocumented, p.ValueName, "%s is %s: %s.", p.ValueName, show(value), g.says)
			}
		}
	}
}

package winhost

import (
	"context"
	"fmt"
	"strconv"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// TCPCounters are the raw counters of Win32_PerfRawData_Tcpip_TCPv4 or TCPv6,
// since the host's start. They wrap at 32 bits.
type TCPCounters struct {
	Established   uint64 // connections that are ESTABLISHED or CLOSE-WAIT now
	Active        uint64 // connections that were opened from here
	Passive       uint64 // connections that were accepted
	Failures      uint64 // attempts that failed
	Reset         uint64 // connections that were reset
	Retransmitted uint64 // segments that were sent again
}

// counterClasses are Windows Server 2008's and later.
var counterClasses = map[sockets.Family]string{
	sockets.IPv4: "Win32_PerfRawData_Tcpip_TCPv4",
	sockets.IPv6: "Win32_PerfRawData_Tcpip_TCPv6",
}

// counters reads TCP's counters where the host has them. A host whose counters
// are missing or broken is no reason to lose the socket table: it is said.
func (r *socketRead) counters(ctx context.Context) error {
	if !r.build.HasDynamicPortRange() {
		r.note("TCP's counters by family are not there before Windows Server 2008")
		return nil
	}
	found := map[sockets.Family]TCPCounters{}
	for _, family := range []sockets.Family{sockets.IPv4, sockets.IPv6} {
		counters, ok, err := r.host.tcpCounters(ctx, counterClasses[family])
		switch {
		case err != nil:
			if err := r.missing(ctx, fmt.Sprintf("TCP's counters of %s are not known", family), err); err != nil {
				return err
			}
		case !ok:
			r.note("%s has no row: TCP's counters of %s are not known", counterClasses[family], family)
		default:
			found[family] = counters
		}
	}
	if len(found) > 0 {
		r.stats.Counters = found
	}
	return nil
}

func (h *Host) tcpCounters(ctx context.Context, class string) (counters TCPCounters, ok bool, err error) {
	columns := []struct {
		name string
		into *uint64
	}{
		{"ConnectionsEstablished", &counters.Established},
		{"ConnectionsActive", &counters.Active},
		{"ConnectionsPassive", &counters.Passive},
		{"ConnectionFailures", &counters.Failures},
		{"ConnectionsReset", &counters.Reset},
		{"SegmentsRetransmittedPersec", &counters.Retransmitted}, // despite its name a running total
	}
	query := "SELECT "
	for i, column := range columns {
		if i > 0 {
			query += ", "
		}
		query += column.name
	}
	err = h.wsman.Enumerate(ctx, "root/cimv2", query+" FROM "+class, func(item wsman.Item) error {
		ok = true
		for _, column := range columns {
			text, _ := item.Text(column.name)
			number, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				return fmt.Errorf("%s has the %s %q", class, column.name, clip([]byte(text)))
			}
			*column.into = number
		}
		return nil
	})
	return counters, ok, err
}

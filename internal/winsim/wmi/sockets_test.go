package wmi

import (
	"net/netip"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// manySockets is a table like an exhausted server's.
func manySockets(n int) []tcpstack.Socket {
	sockets := make([]tcpstack.Socket, n)
	at := time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC)
	for i := range sockets {
		sockets[i] = tcpstack.Socket{
			Local:  netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 25}), uint16(49152+i%16384)),
			Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 16), byte(i >> 8)}), uint16(i)),
			State:  tcpstack.TimeWait, Created: at,
		}
	}
	return sockets
}

func BenchmarkSocketRows(b *testing.B) {
	m := machine(profile.Server2022, 1)
	m.Stack().Replace(manySockets(100_000))
	for b.Loop() {
		c, fault := m.Select(Target{Namespace: "root/StandardCimv2"}, "select LocalAddress, LocalPort, RemoteAddress, RemotePort, State, OwningProcess from MSFT_NetTCPConnection")
		if fault != nil {
			b.Fatal(fault)
		}
		page := make([]byte, 0, 1<<20)
		for !c.Done() {
			if page = c.Append(page); len(page) > 1<<19 {
				page = page[:0]
			}
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

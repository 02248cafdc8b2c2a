package winhost

import (
	"context"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// The audit of a host by a process that just started: handshake, ten round trips, one
// for each of two values found, and one shell. What stands in the way of a wider range
// is what a plan reads before such a change.
func BenchmarkAudit(b *testing.B) {
	before := func(argument string, value tuning.Value) audit.Parts {
		return audit.Needs(audit.Proposal{Desired: tuning.Desired{argument: value}, Changed: []string{argument}})
	}
	for _, what := range []struct {
		name  string
		parts audit.Parts
	}{
		{"whole", audit.AllParts},
		{"before-a-wider-range", before("dynamic_port_range.tcp", tuning.Ports(tcpip.PortRange{Start: 1025, Number: 64511}))},
		{"before-a-value", before("tcp_timed_wait_delay", tuning.DWORD(30))},
	} {
		b.Run(what.name, func(b *testing.B) {
			eachWay(b, func(b *testing.B, open func() *Host) {
				var total transport.Stats
				b.ReportAllocs()
				for b.Loop() {
					host := open()
					f, err := host.ReadFacts(context.Background(), what.parts)
					if err != nil || what.parts.Has(audit.PartListeners) && len(f.Listeners) == 0 {
						b.Fatalf("%v, %+v", err, f.Missing)
					}
					total = sum(total, host.Stats(), 1)
					host.Close()
				}
				report(b, total)
			})
		})
	}
}

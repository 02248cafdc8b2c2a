package wsman

import (
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/internal/recordings"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// One read of a registry value on a kept connection. Allocations are those of
// both sides, since the simulated host runs in this process.
func BenchmarkInvoke(b *testing.B) {
	for _, way := range ways {
		b.Run(way, func(b *testing.B) {
			host := winsim.Start(b, winsim.Server2022())
			client, carrier := connect(b, host, way, Options{})
			call := registryCall("GetDWORDValue", transport.Read, "MaxUserPort")
			if _, err := client.Invoke(b.Context(), call); err != nil {
				b.Fatal(err)
			}
			before := carrier.Stats()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Invoke(b.Context(), call); err != nil {
					b.Fatal(err)
				}
			}
			after := carrier.Stats()
			b.ReportMetric(float64(after.RoundTrips-before.RoundTrips)/float64(b.N), "roundtrips/op")
			b.ReportMetric(float64(after.BytesSent-before.BytesSent)/float64(b.N), "sent-B/op")
			b.ReportMetric(float64(after.BytesReceived-before.BytesReceived)/float64(b.N), "received-B/op")
		})
	}
}

// One full Pull reply of Windows Server 2012, 75 kB.
func BenchmarkParsePull(b *testing.B) {
	document := recordings.Read(b, "server_2012", "Win32_Service_all_001.xml")
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseEnvelope(document, nil, func(Item) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

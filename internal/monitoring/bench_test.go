package monitoring

import (
	"bytes"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// BenchmarkReading reads one host as a monitoring system does, once with a connection
// of its own and once on one that is kept (--watch). Round trips are what it costs a
// host and a network.
func BenchmarkReading(b *testing.B) {
	for _, profile := range []winsim.Profile{winsim.Server2003(), winsim.Server2008R2(), winsim.Server2022()} {
		for _, kept := range []bool{false, true} {
			name := profile.Key + "/new-connection"
			if kept {
				name = profile.Key + "/kept-connection"
			}
			b.Run(name, func(b *testing.B) {
				sim := winsim.Start(b, profile)
				f := fleet(b, Options{}, sim)
				f.Read(b.Context())
				sim.ResetCounters()
				b.ReportAllocs()
				for b.Loop() {
					if !kept {
						f = fleet(b, Options{}, sim)
					}
					if r := f.Read(b.Context())[0]; r.Err != nil {
						b.Fatal(r.Err)
					}
					if !kept {
						f.Close()
					}
				}
				counters := sim.Counters()
				b.ReportMetric(float64(counters.Requests)/float64(b.N), "roundtrips/op")
				b.ReportMetric(float64(counters.Connections)/float64(b.N), "connections/op")
			})
		}
	}
}

func BenchmarkPrometheus(b *testing.B) {
	readings := []Reading{example("mail01"), example("mail02"), example("mail03")}
	var out bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := WritePrometheus(&out, readings); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.Len()), "sent-B/op")
}

func BenchmarkCacti(b *testing.B) {
	reading := example("mail01")
	var out bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := WriteCacti(&out, reading); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.Len()), "sent-B/op")
}

package wsman

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
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

// socketPages is the stream of replies to a query for so many sockets, as Pulls of
// up to size bytes bring them: XmlFragment with the columns of a socket read.
func socketPages(rows, size int) (pages [][]byte, total int64) {
	var page bytes.Buffer
	end := func() {
		page.WriteString(`</n:Items></n:PullResponse></s:Body></s:Envelope>`)
		pages, total = append(pages, bytes.Clone(page.Bytes())), total+int64(page.Len())
		page.Reset()
	}
	for i := range rows {
		if page.Len() == 0 {
			page.WriteString(`<s:Envelope xml:lang="en-US" xmlns:s="` + nsEnvelope + `" xmlns:a="` + nsAddressing + `" xmlns:n="` + nsEnumeration + `" xmlns:w="` + nsWSMan +
				`"><s:Header><a:Action>` + actionPull + `Response</a:Action><a:RelatesTo>uuid:1</a:RelatesTo></s:Header><s:Body><n:PullResponse>` +
				`<n:EnumerationContext>uuid:2</n:EnumerationContext><n:Items>`)
		}
		fmt.Fprintf(&page, `<w:XmlFragment><LocalAddress>192.0.2.25</LocalAddress><LocalPort>%d</LocalPort><OwningProcess>%d</OwningProcess>`+
			`<RemoteAddress>198.51.%d.%d</RemoteAddress><RemotePort>25</RemotePort><State>%d</State></w:XmlFragment>`,
			1025+i%64000, 4*(i%50), i>>8&255, i&255, []int{5, 11, 8}[i%3])
		if page.Len() > size-400 {
			end()
		}
	}
	if page.Len() > 0 {
		end()
	}
	return pages, total
}

// A hundred thousand sockets through our parser, all columns read, beside a bare
// loop of encoding/xml over the same bytes that keeps nothing.
func BenchmarkParseSockets(b *testing.B) {
	const rows = 100_000
	pages, total := socketPages(rows, 500_000)
	measure := func(b *testing.B, once func() (int, error)) {
		b.SetBytes(total)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for b.Loop() {
			if n, err := once(); n != rows || err != nil {
				b.Fatalf("%d rows, %v", n, err)
			}
		}
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N)/rows, "allocs/row")
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/rows, "B/row")
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	b.Run("ours", func(b *testing.B) {
		measure(b, func() (n int, err error) {
			for _, page := range pages {
				reply, err := parseEnvelope(page, nil, readSocket)
				if err != nil {
					return n, err
				}
				n += reply.items
			}
			return n, nil
		})
	})
	b.Run("RawToken", func(b *testing.B) {
		measure(b, func() (n int, err error) {
			for _, page := range pages {
				decoder := xml.NewDecoder(bytes.NewReader(page))
				for {
					token, err := decoder.RawToken()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						return n, err
					}
					if start, ok := token.(xml.StartElement); ok && start.Name.Local == "XmlFragment" {
						n++
					}
				}
			}
			return n, nil
		})
	})
}

func readSocket(i Item) error {
	for _, name := range []string{"LocalPort", "RemotePort", "State", "OwningProcess"} {
		if _, err := i.Uint32(name); err != nil {
			return err
		}
	}
	if _, ok := i.Text("RemoteAddress"); !ok {
		return ErrNoField
	}
	return nil
}

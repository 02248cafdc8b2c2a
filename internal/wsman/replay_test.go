package wsman

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winreplay"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/internal/recordings"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Enumerations in parts, as real Windows hosts answered them, through the whole
// client: how many items there are is counted without a parser.
func TestRecordedEnumerationsFromTheFirstReplyToTheLast(t *testing.T) {
	for _, test := range []struct {
		folder, class string
		parts         int
	}{
		{"server_2012", "Win32_Process", 3},
		{"server_2012", "Win32_Service", 4},
		{"server_2003", "Win32_Process", 1},
		{"server_2003", "Win32_Service", 1},
	} {
		for form, columns := range map[string]string{"star": "*", "all": "Name, ProcessId"} {
			for _, https := range []bool{true, false} {
				t.Run(fmt.Sprint(test.folder, test.class, form, https), func(t *testing.T) {
					host := winreplay.Start(t, recordings.Dir(t, test.folder))
					client := replayClient(t, host, https)
					var names []string
					err := client.Enumerate(t.Context(), "root/cimv2", "select "+columns+" from "+test.class, func(i Item) error {
						name, ok := i.Text("name")
						if _, err := i.Uint32("ProcessId"); err != nil || !ok || (form == "star") != (i.Class != "") {
							t.Errorf("%+v: %v", i, err)
						}
						names = append(names, name)
						return nil
					})
					if err != nil {
						t.Fatal(err)
					}
					var files, want []string
					for i := range test.parts {
						file := fmt.Sprintf("%s_%s_%03d.xml", test.class, form, i)
						files = append(files, file)
						want = append(want, namesIn(string(recordings.Read(t, test.folder, file)))...)
					}
					if got := host.Answered(); !slices.Equal(got, files) {
						t.Errorf("the host sent %v, want %v", got, files)
					}
					if !slices.Equal(names, want) || len(want) < 20 {
						t.Errorf("%d items, want %d", len(names), len(want))
					}
				})
			}
		}
	}
}

// namesIn cuts the names out of a reply by their tags alone.
func namesIn(reply string) (names []string) {
	for _, tag := range []string{"<p:Name>", "<Name>"} {
		for _, part := range strings.Split(reply, tag)[1:] {
			name, _, _ := strings.Cut(part, "<")
			names = append(names, name)
		}
	}
	return names
}

func replayClient(t *testing.T, host *winreplay.Host, https bool) *Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(host.CACertificate()))
	conf := transport.Config{
		Address: host.HTTPAddr(), HTTPS: https, Auth: transport.AuthBasic, AllowUnencryptedBasic: !https,
		Username: winreplay.Username, Password: winreplay.Password, TLS: &tls.Config{RootCAs: pool},
	}
	if https {
		conf.Address = host.HTTPSAddr()
	}
	carrier, err := transport.New(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(carrier.Close)
	return New(carrier, Options{})
}

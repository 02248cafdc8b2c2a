package winhost

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reach opens a simulated host by sealed NTLM over HTTP, as Windows offers it
// out of the box. change may alter the settings.
func reach(tb testing.TB, sim *winsim.Host, change ...func(*Config)) *Host {
	tb.Helper()
	username, password := sim.Username(), sim.Password()
	config, problems := Settings{Username: &username, Password: &password}.Resolve(func(string) (string, bool) { return "", false })
	if len(problems) != 0 {
		tb.Fatal(problems)
	}
	config.MaxRetries = 0 // what a host refuses is to be seen at once
	for _, f := range change {
		f(&config)
	}
	address, err := ParseAddress(sim.HTTPAddr())
	if err != nil {
		tb.Fatal(err)
	}
	host, err := config.Open(address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(host.Close)
	return host
}

// everyShape runs a test against each profile under many seeds: the shapes that
// are only assumed of Windows must not matter.
func everyShape(t *testing.T, test func(t *testing.T, sim *winsim.Host, host *Host)) {
	for _, profile := range winsim.Profiles() {
		for seed := int64(1); seed <= 16; seed++ {
			t.Run(fmt.Sprintf("%s/seed-%d", profile.Key, seed), func(t *testing.T) {
				sim := winsim.Start(t, profile, winsim.Seed(seed))
				test(t, sim, reach(t, sim))
			})
		}
	}
}

func parameters(attributes ...string) []tcpip.Parameter {
	var list []tcpip.Parameter
	for _, attribute := range attributes {
		p, ok := tcpip.ByAttribute(attribute)
		if !ok {
			panic(attribute)
		}
		list = append(list, p)
	}
	return list
}

// within bounds a test that would hang otherwise.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func one(p tcpip.Parameter, from, to tuning.Value) tuning.Step {
	return tuning.Step{Parameter: p, From: from, To: to}
}

package monitoring

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fleet prepares simulated hosts with the account that they all have.
func fleet(t testing.TB, options Options, sims ...*winsim.Host) *Fleet {
	t.Helper()
	var names []string
	for _, sim := range sims {
		names = append(names, sim.HTTPAddr())
	}
	return fleetOf(t, options, sims[0].Username(), sims[0].Password(), names...)
}

func fleetOf(t testing.TB, options Options, username, password string, names ...string) *Fleet {
	t.Helper()
	retries := int64(0) // what a host refuses is to be seen at once
	config, problems := winhost.Settings{Username: &username, Password: &password, MaxRetries: &retries}.Resolve(func(string) (string, bool) { return "", false })
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if options.Sockets.MaxRows == 0 {
		options.Sockets = winhost.SocketQuery{Method: winhost.Auto, MaxRows: winhost.DefaultMaxRows, Top: winhost.DefaultTop}
	}
	fleet, err := NewFleet(config, names, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fleet.Close)
	return fleet
}

// example is a reading made by hand, with another number in every place.
func example(name string, change ...func(*Reading)) Reading {
	delay := uint32(31)
	udp := 17
	r := Reading{Host: name, TimeWaitDelay: &delay, Pending: []string{"MaxUserPort"}, Duration: 1234567 * time.Microsecond}
	r.Sockets = winhost.SocketStats{Summary: exampleSummary(), UDPEndpoints: &udp, Counters: exampleCounters(), Method: winhost.WMI, CollectedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	for _, f := range change {
		f(&r)
	}
	return r
}

package monitoring

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// One host that fails does not lose the others, whatever it fails of.
func TestReadSideBySide(t *testing.T) {
	var sims []*winsim.Host
	for i, profile := range winsim.Profiles() {
		if profile.Key == "server-2003-r2" { // has no shell, and so no statistics; see below
			continue
		}
		sims = append(sims, winsim.Start(t, profile, winsim.ListenOn(fmt.Sprintf("127.0.0.%d", i+2))))
	}
	denied, dead := winsim.Start(t, winsim.Server2022(), winsim.ListenOn("127.0.0.50")), winsim.Start(t, winsim.Server2022(), winsim.ListenOn("127.0.0.51"))
	denied.Intercept(func(winsim.Call) winsim.Action { return winsim.AccessDeniedFault })
	dead.Close()
	shellless := winsim.Start(t, winsim.Server2003R2(), winsim.ListenOn("127.0.0.52"))
	f := fleet(t, Options{Parallel: 3}, append(sims, denied, dead, shellless)...)
	readings := f.Read(t.Context())
	for i, sim := range sims {
		r := readings[i]
		if r.Host != sim.HTTPAddr() || r.Err != nil || r.Sockets.Total == 0 || r.Sockets.Pool == nil || r.Duration <= 0 {
			t.Errorf("%s: %+v", sim.HTTPAddr(), r)
		}
	}
	bad := readings[len(sims):]
	for i, want := range []string{"rights.md", "refused", "shell"} {
		if bad[i].Err == nil || !strings.Contains(bad[i].Failure(), want) || bad[i].silent() != (i == 1) {
			t.Errorf("%s: %v, silent %t", want, bad[i].Err, bad[i].silent())
		}
	}
	before := sims[0].Counters().Connections
	if again := f.Read(t.Context()); again[0].Err != nil || sims[0].Counters().Connections != before {
		t.Errorf("the second reading: %v, %d connections after %d", again[0].Err, sims[0].Counters().Connections, before)
	}
}

func TestParallel(t *testing.T) {
	var now, most atomic.Int32
	var sims []*winsim.Host
	gate := make(chan struct{})
	for i := range 6 {
		sim := winsim.Start(t, winsim.Server2022(), winsim.ListenOn(fmt.Sprintf("127.0.0.%d", i+2)))
		sim.Intercept(func(call winsim.Call) winsim.Action {
			if call.Method != "EnumValues" {
				return winsim.Proceed
			}
			return winsim.BeforeDo(func() {
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				if now.Load() == 2 && most.Load() == 2 {
					select {
					case <-gate:
					default:
						close(gate) // both turns are taken: go on
					}
				}
				<-gate
				now.Add(-1)
			})
		})
		sims = append(sims, sim)
	}
	for _, r := range fleet(t, Options{Parallel: 2}, sims...).Read(t.Context()) {
		if r.Err != nil {
			t.Error(r.Err)
		}
	}
	if most.Load() != 2 {
		t.Errorf("%d hosts were read at once, 2 wanted", most.Load())
	}
}

func TestDeadline(t *testing.T) {
	slow, quick := winsim.Start(t, winsim.Server2022()), winsim.Start(t, winsim.Server2022(), winsim.ListenOn("127.0.0.2"))
	slow.Intercept(func(call winsim.Call) winsim.Action {
		if strings.Contains(call.WQL, "MSFT_NetTCPConnection") {
			return winsim.Hang
		}
		return winsim.Proceed
	})
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	defer time.AfterFunc(20*time.Second, giveUp).Stop() // without a deadline this would take an hour
	readings := fleet(t, Options{Parallel: 2, Deadline: 2 * time.Second}, slow, quick).Read(ctx)
	if r := readings[0]; r.Err == nil || !strings.Contains(r.Failure(), "not done within 2s (--deadline)") || !r.silent() {
		t.Errorf("the slow one: %v", r.Err)
	}
	if readings[1].Err != nil {
		t.Error(readings[1].Err)
	}
	if left := slow.Counters(); left.OpenShells != 0 {
		t.Errorf("shells left open: %+v", left)
	}
	// Slow hosts have their share of the time, and no more: those behind them are read,
	// whether the logon is undecided at first or not.
	hung := winsim.Start(t, winsim.Server2022(), winsim.ListenOn("127.0.0.3"))
	hung.Intercept(func(winsim.Call) winsim.Action { return winsim.Hang })
	f := fleet(t, Options{Parallel: 1, Deadline: 6 * time.Second}, hung, slow, quick)
	for range 2 {
		readings = f.Read(ctx)
		for _, r := range readings[:2] {
			if r.Err == nil || !r.silent() || !strings.Contains(r.Failure(), "its share of 6s (--deadline) for 3 hosts, 1 at a time (--parallel)") {
				t.Errorf("%s: %v", r.Host, r.Err)
			}
		}
		if readings[2].Err != nil {
			t.Errorf("behind slow ones: %v", readings[2].Err)
		}
	}
	// A caller's own end is not called ours.
	giveUp()
	if r := fleet(t, Options{Deadline: time.Minute}, quick).Read(ctx)[0]; !errors.Is(r.Err, context.Canceled) || strings.Contains(r.Failure(), "--deadline") {
		t.Errorf("cancelled: %v", r.Err)
	}
}

func TestSettingsOfTheRegistry(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	f := fleet(t, Options{}, sim)
	read := func() Reading {
		t.Helper()
		r := f.Read(t.Context())[0]
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		return r
	}
	if r := read(); r.TimeWaitDelay != nil || r.Pending != nil {
		t.Errorf("of a fresh host: %v, %v", r.TimeWaitDelay, r.Pending)
	}
	sim.SetString("TcpTimedWaitDelay", "30")
	if r := read(); r.TimeWaitDelay != nil {
		t.Errorf("text counts as set: %v", *r.TimeWaitDelay)
	}
	sim.SetDWORD("TcpTimedWaitDelay", 0xffffffff)
	if r := read(); r.TimeWaitDelay == nil || *r.TimeWaitDelay != 0xffffffff || r.Pending != nil {
		t.Errorf("set without a journal: %v, %v", r.TimeWaitDelay, r.Pending)
	}
	journal(t, sim, tuning.Values{"tcp_timed_wait_delay": tuning.Absent})
	if r := read(); len(r.Pending) != 1 || r.Pending[0] != "TcpTimedWaitDelay" {
		t.Errorf("awaits a restart: %v", r.Pending)
	}
	refuse := func(call winsim.Call) winsim.Action {
		if call.Method == "EnumValues" {
			return winsim.AccessDenied
		}
		return winsim.Proceed
	}
	sim.Intercept(refuse)
	if r := read(); r.Pending != nil {
		t.Errorf("by a journal alone, without the values: %v", r.Pending)
	}
	sim.Intercept(nil)
	sim.Reboot()
	f.Close()
	f = fleet(t, Options{}, sim)
	if r := read(); r.Pending == nil || len(r.Pending) != 0 {
		t.Errorf("after the restart: %v", r.Pending)
	}
	sim.SetKeyString(tuning.JournalKey, tuning.JournalValue, "garbage")
	if r := read(); r.Pending != nil {
		t.Errorf("by a journal that cannot be used: %v", r.Pending)
	}
	sim.Intercept(refuse)
	if r := read(); r.TimeWaitDelay != nil || len(r.notes()) == 0 || !strings.Contains(strings.Join(r.notes(), " "), "denied") {
		t.Errorf("of a registry that is closed: %v, %v", r.TimeWaitDelay, r.notes())
	}
}

// Until Server 2003 is restarted, its ports are those of the MaxUserPort that it was
// started with, whatever has been written since.
func TestPoolOfServer2003BeforeTheRestart(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2003())
	f := fleet(t, Options{}, sim)
	sim.SetDWORD("MaxUserPort", 65534)
	pool := func() (size uint32, source string) {
		t.Helper()
		r := f.Read(t.Context())[0]
		if r.Err != nil || r.Sockets.Pool == nil {
			t.Fatal(r.Err, r.notes())
		}
		return r.Sockets.Pool.Range.Number, r.Sockets.PoolSource
	}
	if size, source := pool(); size != 64510 || source != winhost.PoolFromMaxUserPort {
		t.Errorf("without a journal: %d by %s", size, source)
	}
	journal(t, sim, tuning.Values{"max_user_port": tuning.Absent})
	if size, source := pool(); size != 3976 || source != winhost.PoolFromJournal {
		t.Errorf("before the restart: %d by %s", size, source)
	}
	sim.Reboot()
	f.Close()
	f = fleet(t, Options{}, sim)
	if size, source := pool(); size != 64510 || source != winhost.PoolFromMaxUserPort {
		t.Errorf("after the restart: %d by %s", size, source)
	}
}

// journal plants the journal of somebody who wrote TcpTimedWaitDelay since the boot.
func journal(t *testing.T, sim *winsim.Host, atBoot tuning.Values) {
	t.Helper()
	username, password := sim.Username(), sim.Password()
	config, problems := winhost.Settings{Username: &username, Password: &password}.Resolve(func(string) (string, bool) { return "", false })
	address, err := winhost.ParseAddress(sim.HTTPAddr())
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	host, err := config.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	boot, machine, err := host.ReadBoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if machine.UUID, err = host.UUID(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := tuning.Seen{Boot: boot, Values: map[string]string{}}
	for attribute, value := range atBoot {
		seen.Values[attribute] = value.String()
	}
	if err := host.WriteJournal(t.Context(), tuning.Journal{Owner: "OWNER", Since: boot.Read, Machine: machine, Original: atBoot, Seen: &seen}); err != nil {
		t.Fatal(err)
	}
}

func TestNewFleetRefuses(t *testing.T) {
	for names, want := range map[string]string{
		"mail01 MAIL01.":           `host "MAIL01." is named twice ("mail01")`,
		"mail01:5985 mail01:5986 ": "",
		"http://mail01":            "is a URL",
		"mail01:0":                 "port",
	} {
		username, password := "svc", "not-a-real-password"
		config, _ := winhost.Settings{Username: &username, Password: &password}.Resolve(func(string) (string, bool) { return "", false })
		f, err := NewFleet(config, strings.Fields(names), Options{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", names, err)
		}
		if f != nil {
			f.Close()
		}
	}
}

// One wrong password is two bad logons, on however many hosts: one host alone may have
// its own reason to refuse.
func TestWrongPassword(t *testing.T) {
	var names []string
	var sims []*winsim.Host
	for i := range 4 {
		sim := winsim.Start(t, winsim.Server2022(), winsim.ListenOn(fmt.Sprintf("127.0.0.%d", i+2)), winsim.Account(`CONTOSO\svc`, "not-a-real-password-1"))
		names, sims = append(names, sim.HTTPAddr()), append(sims, sim)
	}
	f := fleetOf(t, Options{Parallel: 4}, `CONTOSO\svc`, "not-a-real-password-2", names...)
	for range 2 {
		for _, r := range f.Read(t.Context()) {
			if r.Err == nil || r.silent() {
				t.Errorf("%s: %v", r.Host, r.Err)
			}
		}
	}
	bad := 0
	for _, sim := range sims {
		bad += sim.Counters().FailedLogons
	}
	if bad != MostRefusals {
		t.Errorf("%d bad logons", bad)
	}
}

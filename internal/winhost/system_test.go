package winhost

import (
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestReadSystem(t *testing.T) {
	for _, profile := range winsim.Profiles() {
		for seed := int64(1); seed <= 16; seed++ {
			now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
			sim := winsim.Start(t, profile, winsim.Seed(seed), winsim.Clock(func() time.Time { return now }))
			host := reach(t, sim)
			system, err := host.ReadSystem(within(t))
			if err != nil {
				t.Fatal(err)
			}
			if system.Build != tcpip.Build(profile.Build) || system.ProductType != Server || system.Caption == "" || system.Version == "" {
				t.Errorf("%s: %+v", profile.Key, system)
			}
			if !system.LastBoot.Before(system.Now) || system.Now.Sub(now).Abs() > time.Second {
				t.Errorf("%s, seed %d: booted %s, now %s", profile.Key, seed, system.LastBoot, system.Now)
			}
			sim.Reboot()
			again, err := host.ReadSystem(within(t))
			if err != nil || !again.LastBoot.After(system.LastBoot) {
				t.Errorf("%s: after a restart booted %s, before %s: %v", profile.Key, again.LastBoot, system.LastBoot, err)
			}
		}
	}
}

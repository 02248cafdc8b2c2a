package winsim

import (
	"net/netip"
	"slices"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/wmi"
)

// Registry is HKEY_LOCAL_MACHINE.
func (h *Host) Registry() *registry.Registry { return h.machine.Registry }

// Key shows the values of any key of HKEY_LOCAL_MACHINE by name, each as Value does; ok is false where there is no such key.
func (h *Host) Key(path string) (values map[string]string, ok bool) {
	list, err := h.machine.Registry.Values(path)
	if err != nil {
		return nil, false
	}
	values = map[string]string{}
	for _, v := range list {
		values[v.Name] = v.String()
	}
	return values, true
}

// CreateKey makes a key and those above it, where they are missing. Like the verbs below it panics over a malformed path.
func (h *Host) CreateKey(path string) {
	if err := h.machine.Registry.CreateKey(path); err != nil {
		panic(err)
	}
}

// DeleteKey removes a key, if it is there, with all that is below it.
func (h *Host) DeleteKey(path string) { _ = h.machine.Registry.DeleteTree(path) }

// SetKeyString writes a REG_SZ of any key, which is made where it is missing.
func (h *Host) SetKeyString(path, name, text string) {
	h.setIn(path, registry.Value{Name: name, Type: registry.SZ, Text: text})
}

// SetKeyDWORD writes a REG_DWORD likewise.
func (h *Host) SetKeyDWORD(path, name string, number uint32) {
	h.setIn(path, registry.Value{Name: name, Type: registry.DWORD, Number: uint64(number)})
}

func (h *Host) setIn(path string, v registry.Value) {
	h.CreateKey(path)
	_ = h.machine.Registry.Set(path, v) // the key is there
}

// SetUUID changes Win32_ComputerSystemProduct.UUID, as a move to other hardware does; "" is a machine that has none.
func (h *Host) SetUUID(text string) { h.clock.change(func(c *clock) { c.facts.UUID = text }) }

// AddProcess starts a program, which runs again after each restart; of a pid that there is it changes the name.
func (h *Host) AddProcess(pid uint32, name string) {
	h.clock.change(func(c *clock) { c.facts.Run(pid, name) })
}

// AddListener has a process listen on an address such as "0.0.0.0:1433" or "[::]:1433", also after each restart. It panics
// over an address that is none.
func (h *Host) AddListener(address string, pid uint32) {
	h.Stack().Listen(netip.MustParseAddrPort(address), pid)
}

// promote makes the host a domain controller (documented: Win32_OperatingSystem; the ports: Service overview).
func (h *Host) promote() {
	h.machine.Profile.ProductType = 2
	h.AddProcess(1308, "dns.exe")
	for port, pid := range map[string]uint32{"53": 1308, "88": 640, "389": 640, "636": 640, "3268": 640, "3269": 640} {
		h.AddListener("0.0.0.0:"+port, pid)
	}
}

// SetPolicy has a Group Policy object of that name set a REG_DWORD, as far as the results of policies tell: the value itself is
// not written. The last object that sets a value wins.
func (h *Host) SetPolicy(key, valueName string, number uint32, gpo string) {
	h.clock.change(func(c *clock) {
		c.facts.Policies = append(slices.Clip(c.facts.Policies), wmi.Policy{Key: key, Name: valueName, Number: number, GPO: gpo})
	})
}

// SetAutoReuse sets the range that sockets draw from which may share their ports (since 2016); zero is off.
func (h *Host) SetAutoReuse(r tcpstack.Range) {
	h.clock.change(func(c *clock) { c.facts.AutoReuse = r })
}

// Reinstall sets Windows up anew on the same machine: a fresh registry, Windows' own port ranges, a restart, and InstallDate is now.
func (h *Host) Reinstall() {
	h.machine.Registry.CopyFrom(freshRegistry(h.settings.ComputerName, h.machine.Shape))
	h.Stack().Configure(func(c *tcpstack.Config) { c.Kept = tcpstack.Ranges{} })
	h.Reboot()
	h.clock.change(func(c *clock) { c.facts.Installed = c.facts.Boot })
}

// StepClock steps the host's wall clock, as NTP does, while its uptime runs on. Whether LastBootUpTime moves along with it
// is assumed, both by seed, or as the option BootFollowsClock says.
func (h *Host) StepClock(by time.Duration) {
	h.clock.change(func(c *clock) {
		c.wall += by
		if c.follows {
			c.facts.Boot = c.facts.Boot.Add(by)
		}
	})
}

// SetClock steps the host's wall clock to a time, which may be before its LastBootUpTime.
func (h *Host) SetClock(now time.Time) { h.StepClock(now.Sub(h.clock.read().Now)) }

// SetTimeZone changes the offset from UTC, as an administrator or daylight saving does. Every datetime is shown with the
// offset of the moment of asking (assumed: what was before the change might keep the old one; the instants are the same).
func (h *Host) SetTimeZone(offset time.Duration) {
	h.clock.change(func(c *clock) { c.facts.Zone = offset })
}

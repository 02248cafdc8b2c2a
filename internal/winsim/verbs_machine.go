package winsim

import (
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
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

// Reinstall sets Windows up anew on the same machine: a fresh registry, Windows' own port ranges, a restart, and InstallDate is now.
func (h *Host) Reinstall() {
	h.machine.Registry.CopyFrom(freshRegistry(h.settings.ComputerName, h.machine.Shape))
	h.mu.Lock()
	h.set = tcpstack.Ranges{}
	h.mu.Unlock()
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

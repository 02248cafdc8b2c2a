package shell

import (
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// Machine is what the shell's programs report about.
type Machine struct {
	Profile  profile.Profile
	Shape    profile.Shape
	Language string // "en", "de", "fr" or "ja"
	Registry *registry.Registry
	Now      func() time.Time
	Stack    func() *tcpstack.Stack // stepped to now
}

// modern tells WinRM 3.0 from 2.0.
func (m *Machine) modern() bool { return m.Profile.Build >= 9200 }

// idleTimeout is winrs/IdleTimeout: 180 s (documented: MS-WSMV 2.2.4.42), two hours since 2012 (recorded on 2012 R2).
func (m *Machine) idleTimeout() time.Duration {
	if m.modern() {
		return 2 * time.Hour
	}
	return 3 * time.Minute
}

package winhost

import (
	"context"
	"fmt"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// lastDomainRole is the highest of Win32_ComputerSystem.DomainRole, that of a primary
// domain controller (Microsoft, "Win32_ComputerSystem class").
const lastDomainRole = 5

// role reads what the host is in its domain: one operation.
func (r *factsRead) role(ctx context.Context) error {
	rows := 0
	var role uint32
	err := r.host.wsman.Enumerate(ctx, "root/cimv2", "SELECT DomainRole FROM Win32_ComputerSystem", func(item wsman.Item) (err error) {
		rows++
		role, err = item.Uint32("DomainRole")
		return err
	})
	switch {
	case err != nil:
		return err
	case rows != 1:
		return fmt.Errorf("the host answered %d rows of Win32_ComputerSystem; it has one", rows)
	case role > lastDomainRole:
		return fmt.Errorf("the DomainRole of Win32_ComputerSystem is %d; 0 to %d are known", role, lastDomainRole)
	}
	r.facts.System.DomainRole = &role
	return nil
}

package winhost

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// ProductType is Win32_OperatingSystem.ProductType.
type ProductType uint32

// The product types (Microsoft, "Win32_OperatingSystem class").
const (
	Workstation      ProductType = 1
	DomainController ProductType = 2
	Server           ProductType = 3
)

// System is the facts of a host's operating system.
type System struct {
	Caption     string // localised
	Version     string // "10.0.20348"
	Build       tcpip.Build
	ProductType ProductType
	// LastBoot and Now are by the host's own clock.
	LastBoot, Now time.Time
}

const systemQuery = "SELECT Caption, Version, BuildNumber, ProductType, LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem"

// ReadSystem reads the facts of the operating system: one operation, two where
// the host gives the one row only at the second request.
func (h *Host) ReadSystem(ctx context.Context) (System, error) {
	var system System
	rows := 0
	err := h.wsman.Enumerate(ctx, "root/cimv2", systemQuery, func(item wsman.Item) error {
		rows++
		var err error
		system, err = systemOf(item)
		return err
	})
	if err != nil {
		return System{}, err
	}
	if rows != 1 {
		return System{}, fmt.Errorf("the host answered %d rows of Win32_OperatingSystem; it has one", rows)
	}
	return system, nil
}

func systemOf(item wsman.Item) (System, error) {
	build, errBuild := item.Uint32("BuildNumber")
	product, errProduct := item.Uint32("ProductType")
	boot, errBoot := item.Time("LastBootUpTime")
	now, errNow := item.Time("LocalDateTime")
	caption, _ := item.Text("Caption")
	version, _ := item.Text("Version")
	system := System{
		Caption: caption, Version: version, Build: tcpip.Build(build), ProductType: ProductType(product),
		LastBoot: boot, Now: now,
	}
	if err := errors.Join(errBuild, errProduct, errBoot, errNow); err != nil {
		return System{}, fmt.Errorf("reading Win32_OperatingSystem: %w", err)
	}
	return system, nil
}

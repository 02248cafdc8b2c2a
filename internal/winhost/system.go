package winhost

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
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
	// Computer is the computer's own name (CSName).
	Computer string
	// Installed, LastBoot and Now are by the host's own clock.
	Installed, LastBoot, Now time.Time
}

const systemQuery = "SELECT Caption, Version, BuildNumber, ProductType, CSName, InstallDate, LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem"

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
	h.build.Store(uint32(system.Build))
	return system, nil
}

// knownBuild is the build of Windows: no operation where it was read before. It does
// not change while a host runs.
func (h *Host) knownBuild(ctx context.Context) (tcpip.Build, error) {
	if build := h.build.Load(); build != 0 {
		return tcpip.Build(build), nil
	}
	system, err := h.ReadSystem(ctx)
	return system.Build, err
}

func systemOf(item wsman.Item) (System, error) {
	build, errBuild := item.Uint32("BuildNumber")
	product, errProduct := item.Uint32("ProductType")
	boot, errBoot := instant(item, "LastBootUpTime")
	now, errNow := instant(item, "LocalDateTime")
	installed, errInstalled := instant(item, "InstallDate")
	computer, _ := item.Text("CSName")
	if !tuning.IsComputer(computer) {
		return System{}, fmt.Errorf("reading Win32_OperatingSystem: CSName is %.64q, which is no computer name", computer)
	}
	caption, _ := item.Text("Caption")
	version, _ := item.Text("Version")
	system := System{
		Caption: caption, Version: version, Build: tcpip.Build(build), ProductType: ProductType(product),
		Computer: computer, Installed: installed, LastBoot: boot, Now: now,
	}
	if err := errors.Join(errBuild, errProduct, errInstalled, errBoot, errNow); err != nil {
		return System{}, fmt.Errorf("reading Win32_OperatingSystem: %w", err)
	}
	return system, nil
}

// instant is a datetime of Windows, whose time begins in 1601. What is outside is no
// time that a journal could keep: in UTC it may be of no year that JSON can write.
func instant(item wsman.Item, name string) (time.Time, error) {
	when, err := item.Time(name)
	if year := when.UTC().Year(); err == nil && (year < 1601 || year > 9998) {
		return time.Time{}, fmt.Errorf("%s is %s, which no clock of Windows shows", name, when.Format(time.RFC3339))
	}
	return when, err
}

// ReadBoot reads when the host was started, and what machine it is but for its
// UUID: one operation.
func (h *Host) ReadBoot(ctx context.Context) (tuning.Boot, tuning.Machine, error) {
	system, err := h.ReadSystem(ctx)
	if err != nil {
		return tuning.Boot{}, tuning.Machine{}, err
	}
	return h.bootOf(system), machineOf(system), nil
}

func (h *Host) bootOf(system System) tuning.Boot {
	return tuning.Boot{Last: system.LastBoot.UTC(), Uptime: system.Now.Sub(system.LastBoot), Read: h.now().UTC()}
}

func machineOf(system System) tuning.Machine {
	return tuning.Machine{Computer: system.Computer, Installed: system.Installed.UTC()}
}

// UUID reads the machine's UUID, and only once: one operation, or none. It is ""
// where the firmware gives none that tells machines apart.
func (h *Host) UUID(ctx context.Context) (string, error) {
	if known := h.uuid.Load(); known != nil {
		return *known, nil
	}
	uuid := ""
	err := h.wsman.Enumerate(ctx, "root/cimv2", "SELECT UUID FROM Win32_ComputerSystemProduct", func(item wsman.Item) error {
		text, _ := item.Text("UUID")
		uuid = tuning.UsableUUID(text)
		return nil
	})
	if err != nil {
		return "", err
	}
	h.uuid.Store(&uuid)
	return uuid, nil
}

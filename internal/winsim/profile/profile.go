// Package profile says which Windows the simulated host imitates: its version (a row of a table) and, where no recording
// or document tells what Windows does, which of the plausible shapes it shows (drawn by a seed).
package profile

import (
	"slices"
	"strings"
)

// Profile is one Windows version.
type Profile struct {
	Key         string // the name on winsim's command line
	Caption     string // Win32_OperatingSystem.Caption
	Version     string // "10.0.20348"
	Build       int
	ServicePack int
	ProductType int // 1 workstation, 2 domain controller, 3 server
	// MaxEnvelope is the service's MaxEnvelopeSizekb in bytes, of requests and replies (documented defaults).
	MaxEnvelope int
	// MaxOperations is MaxConcurrentOperationsPerUser (documented defaults).
	MaxOperations int
	// HasShell: WinRM 2.0 and later have a shell, 1.1 has none (documented). MaxShells is MaxShellsPerUser (documented defaults).
	HasShell  bool
	MaxShells int
	// HasStandardCimv2: the namespace with the MSFT_Net* classes is there, since 2012 (documented).
	HasStandardCimv2 bool
	// Quirk2003: the first Enumerate reply holds all that fits, counted as it is sent, and some properties are missing
	// (recorded); StdRegProv has no QWORD methods (assumed); CHALLENGEs have no timestamp, and the ephemeral ports are
	// 1025 to MaxUserPort (both documented).
	Quirk2003 bool
	// ItemsRecorded: replies of this version or its next of kin are recorded, so the seed has no say in its items' form.
	ItemsRecorded bool
}

// The table, oldest first: another Windows is another row. Captions, versions and builds are documented (Microsoft's
// release lists).
var all = []Profile{Server2003R2, Server2003, Server2008R2, Server2012R2, Server2016, Server2019, Server2022, Server2025}

// Of the two with the kernel of 2003, Server2003R2 has the optional component WinRM 1.1, Server2003 the WinRM 2.0 of
// KB968930; that the latter enumerates as the former does is assumed.
var (
	Server2003R2 = old("server-2003-r2", "Microsoft(R) Windows(R) Server 2003, Standard Edition", "5.2.3790", 3790, 2, 0)
	Server2003   = old("server-2003", "Microsoft(R) Windows(R) Server 2003, Standard Edition", "5.2.3790", 3790, 2, 5)
	Server2008R2 = old("server-2008-r2", "Microsoft Windows Server 2008 R2 Standard", "6.1.7601", 7601, 1, 5)
	Server2012R2 = modern("server-2012-r2", "Microsoft Windows Server 2012 R2 Standard", "6.3.9600", 9600)
	Server2016   = modern("server-2016", "Microsoft Windows Server 2016 Standard", "10.0.14393", 14393)
	Server2019   = modern("server-2019", "Microsoft Windows Server 2019 Standard", "10.0.17763", 17763)
	Server2022   = modern("server-2022", "Microsoft Windows Server 2022 Standard", "10.0.20348", 20348)
	Server2025   = modern("server-2025", "Microsoft Windows Server 2025 Standard", "10.0.26100", 26100)
)

// old is a Windows up to 2008 R2, with the quotas of WinRM 1.1 and 2.0.
func old(key, caption, version string, build, servicePack, shells int) Profile {
	return Profile{Key: key, Caption: caption, Version: version, Build: build, ServicePack: servicePack, ProductType: 3,
		MaxEnvelope: 150 << 10, MaxOperations: 15, HasShell: shells > 0, MaxShells: shells, Quirk2003: build < 6000, ItemsRecorded: true}
}

// modern is a Windows since 2012, with the quotas of WinRM 3.0.
func modern(key, caption, version string, build int) Profile {
	return Profile{Key: key, Caption: caption, Version: version, Build: build, ProductType: 3,
		MaxEnvelope: 500 << 10, MaxOperations: 1500, HasShell: true, MaxShells: 30, HasStandardCimv2: true, ItemsRecorded: build < 10000}
}

// All lists the profiles.
func All() []Profile { return slices.Clone(all) }

// ByName finds a profile by its key, in any letter case.
func ByName(key string) (Profile, bool) {
	for _, p := range all {
		if strings.EqualFold(p.Key, key) {
			return p, true
		}
	}
	return Profile{}, false
}

// Package profile says which Windows the simulated host imitates: its version
// (a row of a table) and, where no recording or document tells what Windows
// does, which of the plausible shapes it shows (drawn by a seed).
package profile

import "strings"

// Profile is one Windows version.
type Profile struct {
	Key     string // the name on winsim's command line
	Caption string // Win32_OperatingSystem.Caption
	Version string // "10.0.20348"
	Build   int
	// ProductType is 1 for a workstation, 2 for a domain controller, 3 for a server.
	ProductType int
	ServicePack string // CSDVersion; "" is null
	SKU         int    // OperatingSystemSKU; 0 leaves the property out, as 2003 does
	// MaxEnvelope is the service's MaxEnvelopeSizekb in bytes, of requests and
	// of replies (documented defaults: 150 kB on old versions, 500 kB later).
	MaxEnvelope int
	// MaxOperations is MaxConcurrentOperationsPerUser (documented defaults).
	MaxOperations int
	// Quirk2003: the first Enumerate reply holds everything that fits (recorded),
	// and StdRegProv has no QWORD methods (unknown to us; assumed).
	Quirk2003 bool
	// ItemsRecorded: real replies of this version or its close relative lie in
	// the recordings, so the forms of its items are not up to the seed.
	ItemsRecorded bool
}

// all is the table: another Windows version is another row. Captions, versions,
// builds and SKUs are documented (Win32_OperatingSystem, Microsoft's release lists).
var all = []Profile{
	{
		Key: "server-2003-r2", Caption: "Microsoft(R) Windows(R) Server 2003, Standard Edition", Version: "5.2.3790", Build: 3790,
		ProductType: 3, ServicePack: "Service Pack 2", MaxEnvelope: 150 << 10, MaxOperations: 15, Quirk2003: true, ItemsRecorded: true,
	},
	{
		Key: "server-2012-r2", Caption: "Microsoft Windows Server 2012 R2 Standard", Version: "6.3.9600", Build: 9600,
		ProductType: 3, SKU: 7, MaxEnvelope: 500 << 10, MaxOperations: 1500, ItemsRecorded: true,
	},
	{
		Key: "server-2022", Caption: "Microsoft Windows Server 2022 Standard", Version: "10.0.20348", Build: 20348,
		ProductType: 3, SKU: 7, MaxEnvelope: 500 << 10, MaxOperations: 1500,
	},
}

// All lists the profiles, oldest first.
func All() []Profile { return append([]Profile(nil), all...) }

// ByName finds a profile by its key, in any letter case.
func ByName(key string) (Profile, bool) {
	for _, p := range all {
		if strings.EqualFold(p.Key, key) {
			return p, true
		}
	}
	return Profile{}, false
}

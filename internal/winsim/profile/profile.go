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
	ProductType int // 1 workstation, 2 domain controller, 3 server
	// MaxEnvelope is the service's MaxEnvelopeSizekb in bytes, of requests and replies (documented defaults).
	MaxEnvelope int
	// MaxOperations is MaxConcurrentOperationsPerUser (documented defaults).
	MaxOperations int
	// Quirk2003: the first Enumerate reply holds all that fits, counted as it is sent, and some properties are missing
	// (recorded); StdRegProv has no QWORD methods (assumed); CHALLENGEs have no timestamp (documented).
	Quirk2003 bool
	// ItemsRecorded: replies of this version or its next of kin are recorded, so the seed has no say in its items' form.
	ItemsRecorded bool
}

// The table, oldest first: another Windows is another row. Captions, versions and builds are documented (Microsoft's
// release lists).
var all = []Profile{Server2003R2, Server2012R2, Server2022}

// The rows.
var (
	Server2003R2 = Profile{"server-2003-r2", "Microsoft(R) Windows(R) Server 2003, Standard Edition", "5.2.3790", 3790, 3, 150 << 10, 15, true, true}
	Server2012R2 = Profile{"server-2012-r2", "Microsoft Windows Server 2012 R2 Standard", "6.3.9600", 9600, 3, 500 << 10, 1500, false, true}
	Server2022   = Profile{"server-2022", "Microsoft Windows Server 2022 Standard", "10.0.20348", 20348, 3, 500 << 10, 1500, false, false}
)

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

package tuning

import (
	"strings"
	"time"
)

// Machine is what tells one Windows from another.
type Machine struct {
	// UUID is Win32_ComputerSystemProduct.UUID in upper case; empty where the
	// firmware gives none that tells machines apart ([UsableUUID]).
	UUID string
	// Computer is the computer's own name, Win32_OperatingSystem.CSName, whatever
	// name or address it is reached by.
	Computer string
	// Installed is Win32_OperatingSystem.InstallDate. An in-place upgrade changes it
	// as well as a new installation does.
	Installed time.Time
}

// What several makers of boards left in their firmware (reported for many models;
// the digits are not random), in both orders of bytes.
const (
	sharedUUID        = "03000200-0400-0500-0006-000700080009"
	sharedUUIDSwapped = "00020003-0004-0005-0006-000700080009"
)

// UsableUUID gives a UUID in upper case, or "" where it tells nothing: of another
// form, all zeros, all Fs, or known to be shared by many boards.
func UsableUUID(text string) string {
	uuid := strings.ToUpper(strings.Trim(strings.TrimSpace(text), "{}"))
	parts := strings.Split(uuid, "-")
	if len(parts) != 5 || len(uuid) != 36 || len(parts[0]) != 8 || len(parts[1]) != 4 || len(parts[2]) != 4 || len(parts[3]) != 4 {
		return ""
	}
	digits := strings.Join(parts, "")
	if strings.Trim(digits, "0123456789ABCDEF") != "" || strings.Trim(digits, "0") == "" || strings.Trim(digits, "F") == "" || uuid == sharedUUID || uuid == sharedUUIDSwapped {
		return ""
	}
	return uuid
}

// kinship is how a machine stands to the one that a journal names.
type kinship int

const (
	same    kinship = iota
	clone           // another machine, which got the journal by being copied
	unknown         // nothing tells them apart but the name, and that differs
)

// kin compares this machine with the one that a journal was written on.
func (here Machine) kin(recorded Machine) kinship {
	switch {
	case here.UUID != "" && recorded.UUID != "":
		if here.UUID == recorded.UUID {
			return same
		}
		return clone
	case here.Computer != "" && strings.EqualFold(here.Computer, recorded.Computer):
		return same
	default:
		return unknown
	}
}

// Key names the machine for a lock: two names of one machine have one key.
func (here Machine) Key() string {
	if here.UUID != "" {
		return here.UUID
	}
	return strings.ToUpper(here.Computer)
}

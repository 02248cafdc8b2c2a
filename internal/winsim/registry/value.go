// Package registry is the simulated host's registry: typed values under keys of HKEY_LOCAL_MACHINE, with names that
// keep their letter case and compare without it (documented: Registry element size limits and naming).
package registry

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is a registry value type, numbered as Windows does (documented: winnt.h; EnumValues reports the same numbers).
type Type uint32

// The types that the simulated registry stores.
const (
	SZ       Type = 1
	ExpandSZ Type = 2
	Binary   Type = 3
	DWORD    Type = 4
	MultiSZ  Type = 7
	QWORD    Type = 11
)

var typeNames = map[Type]string{
	SZ: "REG_SZ", ExpandSZ: "REG_EXPAND_SZ", Binary: "REG_BINARY", DWORD: "REG_DWORD", MultiSZ: "REG_MULTI_SZ", QWORD: "REG_QWORD",
}

// String is the type's name as regedit shows it.
func (t Type) String() string { return typeNames[t] }

// Value is one registry value. Its Type says which data counts: Number for DWORD and QWORD, Bytes for Binary, List for
// MultiSZ, Text for the others. The default value has the Name "".
type Value struct {
	Name   string
	Type   Type
	Number uint64
	Text   string
	Bytes  []byte
	List   []string
}

// String shows type and data for people and tests: `REG_DWORD 30`, `REG_SZ "30"`, `REG_BINARY 01 02`,
// `REG_MULTI_SZ "a" "b"`. Text stands between quotes as it is, so that a path can be read.
func (v Value) String() string {
	data := ""
	switch v.Type {
	case DWORD, QWORD:
		data = strconv.FormatUint(v.Number, 10)
	case Binary:
		data = fmt.Sprintf("% x", v.Bytes)
	case MultiSZ:
		data = `"` + strings.Join(v.List, `" "`) + `"`
	default:
		data = `"` + v.Text + `"`
	}
	return v.Type.String() + " " + data
}

// Data shows the data as Windows' `reg query` does: numbers in hexadecimal, bytes as hexadecimal digits, several texts
// with `\0` between them.
func (v Value) Data() string {
	switch v.Type {
	case DWORD, QWORD:
		return fmt.Sprintf("0x%x", v.Number)
	case Binary:
		return fmt.Sprintf("%X", v.Bytes)
	case MultiSZ:
		return strings.Join(v.List, `\0`)
	default:
		return v.Text
	}
}

// Package registry is the simulated host's registry: typed values under keys
// of HKEY_LOCAL_MACHINE, with names that keep their letter case and compare
// without it (documented: Registry element size limits and naming).
package registry

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Type is a registry value type, numbered as Windows does (documented:
// winnt.h; the same numbers as StdRegProv's EnumValues reports).
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
	SZ: "REG_SZ", ExpandSZ: "REG_EXPAND_SZ", Binary: "REG_BINARY",
	DWORD: "REG_DWORD", MultiSZ: "REG_MULTI_SZ", QWORD: "REG_QWORD",
}

// String is the type's name as regedit shows it.
func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("REG_TYPE_%d", uint32(t))
}

// TypeNamed finds a type by its regedit name, in any letter case.
func TypeNamed(name string) (Type, bool) {
	for t, n := range typeNames {
		if strings.EqualFold(n, name) {
			return t, true
		}
	}
	return 0, false
}

// Value is one registry value. Its Type says which of the data fields counts:
// Number for DWORD and QWORD, Text for SZ and ExpandSZ, Bytes for Binary,
// List for MultiSZ. The unnamed default value has the Name "".
type Value struct {
	Name   string
	Type   Type
	Number uint64
	Text   string
	Bytes  []byte
	List   []string
}

// String shows type and data in one line, for people and for tests:
// `REG_DWORD 30`, `REG_SZ "30"`, `REG_BINARY 01 02`, `REG_MULTI_SZ "a" "b"`.
func (v Value) String() string {
	switch v.Type {
	case DWORD, QWORD:
		return fmt.Sprintf("%v %d", v.Type, v.Number)
	case Binary:
		return strings.TrimRight(fmt.Sprintf("%v % x", v.Type, v.Bytes), " ")
	case MultiSZ:
		quoted := []string{v.Type.String()}
		for _, text := range v.List {
			quoted = append(quoted, fmt.Sprintf("%q", text))
		}
		return strings.Join(quoted, " ")
	default:
		// Not %q: a backslash in a path is to be read as it is.
		return fmt.Sprintf(`%v "%s"`, v.Type, v.Text)
	}
}

// Data shows the data as Windows' `reg query` does: numbers in hexadecimal,
// bytes as hexadecimal digits, several texts with `\0` between them.
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

// Parse makes a value from what `reg add` takes: a number in decimal or, with
// 0x, in hexadecimal; bytes as hexadecimal digits; texts with `\0` between them.
func Parse(name string, t Type, data string) (Value, error) {
	v := Value{Name: name, Type: t}
	var err error
	switch t {
	case DWORD:
		v.Number, err = strconv.ParseUint(data, 0, 32)
	case QWORD:
		v.Number, err = strconv.ParseUint(data, 0, 64)
	case Binary:
		v.Bytes, err = hex.DecodeString(data)
	case MultiSZ:
		v.List = strings.Split(data, `\0`)
	case SZ, ExpandSZ:
		v.Text = data
	default:
		return v, fmt.Errorf("the registry type %v is unknown", t)
	}
	if err != nil {
		return v, fmt.Errorf("%q is no data of type %v", data, t)
	}
	return v, nil
}

package main

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
)

// parse makes a value from what `reg add` takes: the type's name in any letter case; and as data a number (with 0x in
// hexadecimal), hexadecimal digits, or text, with `\0` between several.
func parse(name, typeName, data string) (registry.Value, error) {
	v := registry.Value{Name: name}
	for t := registry.SZ; t <= registry.QWORD; t++ {
		if strings.EqualFold(t.String(), typeName) && typeName != "" {
			v.Type = t
		}
	}
	var err error
	switch v.Type {
	case registry.DWORD:
		v.Number, err = strconv.ParseUint(data, 0, 32)
	case registry.QWORD:
		v.Number, err = strconv.ParseUint(data, 0, 64)
	case registry.Binary:
		v.Bytes, err = hex.DecodeString(data)
	case registry.MultiSZ:
		v.List = strings.Split(data, `\0`)
	case registry.SZ, registry.ExpandSZ:
		v.Text = data
	default:
		return v, fmt.Errorf("%q is no registry type; use one such as REG_DWORD", typeName)
	}
	if err != nil {
		return v, fmt.Errorf("%q is no data of type %v", data, v.Type)
	}
	return v, nil
}

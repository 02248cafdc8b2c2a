package wmi

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
)

// ReturnValues of StdRegProv (reported by several public scripts).
const (
	done         = 0
	noValue      = 1
	noKey        = 2
	accessDenied = 5
	badHandle    = 6
	otherType    = 0x80041005
)

// Method is a method of StdRegProv, with its signature (documented: class StdRegProv).
type Method struct {
	Name   string
	In     []string
	Out    []string
	Writes bool
	qword  bool
	run    func(r *registry.Registry, key string, in map[string]string) (code uint32, out [][]string)
}

var (
	ofKey   = []string{"hDefKey", "sSubKeyName"}
	ofValue = []string{"hDefKey", "sSubKeyName", "sValueName"}
)

// methods that the project uses, and their next of kin; the provider has more (binary, multi-strings, security).
var methods = []Method{
	{Name: "CreateKey", In: ofKey, Writes: true, run: func(r *registry.Registry, key string, _ map[string]string) (uint32, [][]string) {
		return codeOf(r.CreateKey(key)), nil
	}},
	{Name: "DeleteKey", In: ofKey, Writes: true, run: func(r *registry.Registry, key string, _ map[string]string) (uint32, [][]string) {
		return codeOf(r.DeleteKey(key)), nil
	}},
	{Name: "EnumKey", In: ofKey, Out: []string{"sNames"}, run: func(r *registry.Registry, key string, _ map[string]string) (uint32, [][]string) {
		names, err := r.Keys(key)
		return codeOf(err), [][]string{names}
	}},
	{Name: "EnumValues", In: ofKey, Out: []string{"sNames", "Types"}, run: func(r *registry.Registry, key string, _ map[string]string) (uint32, [][]string) {
		var names, types []string
		values, err := r.Values(key)
		for _, v := range values {
			names, types = append(names, v.Name), append(types, strconv.Itoa(int(v.Type)))
		}
		return codeOf(err), [][]string{names, types}
	}},
	{Name: "DeleteValue", In: ofValue, Writes: true, run: func(r *registry.Registry, key string, in map[string]string) (uint32, [][]string) {
		return codeOf(r.Delete(key, in["sValueName"])), nil
	}},
	getter("GetDWORDValue", registry.DWORD, "uValue"), setter("SetDWORDValue", registry.DWORD, "uValue"),
	getter("GetQWORDValue", registry.QWORD, "uValue"), setter("SetQWORDValue", registry.QWORD, "uValue"),
	getter("GetStringValue", registry.SZ, "sValue"), setter("SetStringValue", registry.SZ, "sValue"),
	getter("GetMultiStringValue", registry.MultiSZ, "sValue"), getter("GetExpandedStringValue", registry.ExpandSZ, "sValue"), setter("SetExpandedStringValue", registry.ExpandSZ, "sValue"),
}

// expand does what reading an expanded string does (documented: StdRegProv.GetExpandedStringValue).
var expand = strings.NewReplacer("%SystemRoot%", `C:\Windows`, "%SystemDrive%", "C:")

func getter(name string, t registry.Type, data string) Method {
	run := func(r *registry.Registry, key string, in map[string]string) (uint32, [][]string) {
		v, err := r.Get(key, in["sValueName"])
		switch {
		case err != nil:
			return codeOf(err), nil
		case v.Type != t:
			return otherType, nil
		case t == registry.SZ:
			return done, [][]string{{v.Text}}
		case t == registry.MultiSZ:
			return done, [][]string{v.List}
		case t == registry.ExpandSZ:
			return done, [][]string{{expand.Replace(v.Text)}}
		default:
			return done, [][]string{{strconv.FormatUint(v.Number, 10)}}
		}
	}
	return Method{Name: name, In: ofValue, Out: []string{data}, qword: t == registry.QWORD, run: run}
}

func setter(name string, t registry.Type, data string) Method {
	run := func(r *registry.Registry, key string, in map[string]string) (uint32, [][]string) {
		v := registry.Value{Name: in["sValueName"], Type: t}
		if data == "uValue" {
			v.Number, _ = strconv.ParseUint(in[data], 10, 64) // checked by checkInput
		} else {
			v.Text = in[data]
		}
		return codeOf(r.Set(key, v)), nil
	}
	return Method{Name: name, In: append(slices.Clone(ofValue), data), Writes: true, qword: t == registry.QWORD, run: run}
}

func codeOf(err error) uint32 {
	switch {
	case err == nil:
		return done
	case errors.Is(err, registry.ErrNoValue):
		return noValue
	case errors.Is(err, registry.ErrNoKey):
		return noKey
	case errors.Is(err, registry.ErrHasSubkeys):
		return accessDenied // documented: RegDeleteKey
	default:
		return badHandle
	}
}

package tcpip

import "strings"

// KeyPath is the registry key below HKEY_LOCAL_MACHINE that holds every value
// of the catalogue (KB314053).
const KeyPath = `SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`

// Unit is what a parameter's number counts.
type Unit string

// The units of the catalogue, as they appear in descriptions and errors.
const (
	Seconds      Unit = "seconds"
	Milliseconds Unit = "milliseconds"
	Port         Unit = "port number"
	Count        Unit = "count"
	Switch       Unit = "0 = off, 1 = on"
)

// Parameter is one row of the catalogue: a REG_DWORD below [KeyPath].
type Parameter struct {
	// Attribute is the Terraform attribute: the value's name in snake_case.
	Attribute string
	// ValueName is the registry value's name as Microsoft spells it. Windows
	// compares it without case.
	ValueName string
	Unit      Unit
	// Min and Max bound what may be written, both inclusive. Where Windows
	// versions differ they are the narrow range, since validation at plan time
	// has no host to ask.
	Min, Max uint32
	// Defaults says what Windows uses while the value is absent, the oldest
	// version first.
	Defaults []Default
	// Restart tells whether a change takes effect only after the next restart
	// of the machine.
	Restart bool
	// Summary is one sentence: what the value does.
	Summary string
	// Mistake is what people get wrong about it; empty where nothing is known.
	Mistake string
	// Source names where range and default come from.
	Source string
}

// Default is what Windows uses while a value is absent, from a build on.
type Default struct {
	Since Build
	Value uint32
	// Known is false where no page of Microsoft's gives the default for these
	// versions; Note then says what is reported.
	Known bool
	Note  string
}

// DefaultOn returns the default that holds for a build of Windows. ok is false
// where the catalogue has no row for so old a build.
func (p Parameter) DefaultOn(build Build) (d Default, ok bool) {
	for _, row := range p.Defaults {
		if row.Since > build {
			break
		}
		d, ok = row, true
	}
	return d, ok
}

// ByAttribute finds a parameter by its Terraform attribute.
func ByAttribute(attribute string) (Parameter, bool) {
	for _, p := range Catalogue {
		if p.Attribute == attribute {
			return p, true
		}
	}
	return Parameter{}, false
}

// ByValueName finds a parameter by its registry value's name, in any letter
// case, as Windows does.
func ByValueName(name string) (Parameter, bool) {
	for _, p := range Catalogue {
		if strings.EqualFold(p.ValueName, name) {
			return p, true
		}
	}
	return Parameter{}, false
}

package tcpip

import (
	"slices"
	"strings"
)

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

// Parameter is one thing that is managed: a row of the catalogue, which is a
// REG_DWORD below [KeyPath], or one of [PortRanges].
type Parameter struct {
	// Attribute is the Terraform attribute: the value's name in snake_case. Of a port
	// range it is dynamic_port_range.tcp.ipv4 and so on, as the attribute original and
	// the journal name it.
	Attribute string
	// ValueName is the registry value's name as Microsoft spells it, which Windows
	// compares without case; of a port range what messages call it.
	ValueName string
	// Pool says which dynamic port range it is; the zero Pool is a registry value.
	Pool Pool
	Unit Unit
	// Min and Max bound what may be written, both inclusive. Where Windows
	// versions differ they are the narrow range, since validation at plan time
	// has no host to ask.
	Min, Max uint32
	// Defaults says what Windows uses while the value is absent, the oldest
	// version first.
	Defaults []Default
	// Versions says on which Windows the value counts, as far as Microsoft or others say.
	Versions string
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

// Argument is what a configuration sets it by: the attribute, and of a port range
// the one of both families, dynamic_port_range.tcp.
func (p Parameter) Argument() string {
	if p.IsRange() {
		return p.Pool.Argument()
	}
	return p.Attribute
}

// IsRange tells whether it is a dynamic port range and no registry value.
func (p Parameter) IsRange() bool { return p.Pool != Pool{} }

// Settings is all that is managed: the catalogue and, after it, the port ranges.
var Settings = slices.Concat(Catalogue, PortRanges)

// ByAttribute finds a parameter, a port range too, by its Terraform attribute.
func ByAttribute(attribute string) (Parameter, bool) {
	for _, p := range Settings {
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

package tuning

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
)

// Type is a registry value's type, numbered as winnt.h and StdRegProv's
// EnumValues number it.
type Type uint32

// The registry types (Microsoft, "Registry Value Types").
const (
	TypeNone     Type = 0
	TypeString   Type = 1
	TypeExpand   Type = 2
	TypeBinary   Type = 3
	TypeDWORD    Type = 4
	TypeDWORDBig Type = 5
	TypeLink     Type = 6
	TypeMulti    Type = 7
	TypeQWORD    Type = 11
)

var typeNames = map[Type]string{
	TypeNone:     "REG_NONE",
	TypeString:   "REG_SZ",
	TypeExpand:   "REG_EXPAND_SZ",
	TypeBinary:   "REG_BINARY",
	TypeDWORD:    "REG_DWORD",
	TypeDWORDBig: "REG_DWORD_BIG_ENDIAN",
	TypeLink:     "REG_LINK",
	TypeMulti:    "REG_MULTI_SZ",
	TypeQWORD:    "REG_QWORD",
}

func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("registry type %d", uint32(t))
}

// Value is a registry value as it was found, or as it shall be: absent (the
// zero Value), or of a type; or a dynamic port range. Values compare with ==.
type Value struct {
	Present bool
	Type    Type
	// Ports is a dynamic port range; the zero range for a registry value.
	Ports tcpip.PortRange
	// Number is the data of a REG_DWORD or REG_QWORD.
	Number uint64
	// Text is the data of a REG_SZ.
	Text string
	// Opaque is set where the data could not be read as what it is, so that the
	// value cannot be put back: every type but REG_SZ, REG_DWORD and REG_QWORD,
	// and a REG_QWORD on a Windows whose StdRegProv cannot read one.
	Opaque bool
}

// Absent is a value that does not exist.
var Absent = Value{}

// DWORD is a REG_DWORD.
func DWORD(number uint32) Value {
	return Value{Present: true, Type: TypeDWORD, Number: uint64(number)}
}

// QWORD is a REG_QWORD.
func QWORD(number uint64) Value { return Value{Present: true, Type: TypeQWORD, Number: number} }

// Ports is a dynamic port range.
func Ports(r tcpip.PortRange) Value { return Value{Present: true, Ports: r} }

// String is a REG_SZ.
func String(text string) Value { return Value{Present: true, Type: TypeString, Text: text} }

// Opaque is a value of which only the type is known.
func Opaque(t Type) Value { return Value{Present: true, Type: t, Opaque: true} }

// DWORD returns the number of a REG_DWORD; ok is false for everything else.
func (v Value) DWORD() (number uint32, ok bool) {
	if !v.Present || v.Type != TypeDWORD || v.Opaque {
		return 0, false
	}
	return uint32(v.Number), true // #nosec G115 -- a REG_DWORD has 32 bits; DWORD and ParseValue are the only makers
}

// PortRange returns the range of a dynamic port range; ok is false for everything
// else.
func (v Value) PortRange() (r tcpip.PortRange, ok bool) { return v.Ports, v.Ports != tcpip.PortRange{} }

// fits tells whether a value can be one of a parameter's.
func (v Value) fits(p tcpip.Parameter) bool {
	_, ports := v.PortRange()
	return ports == p.IsRange()
}

// effective tells whether Windows goes by the value: a REG_DWORD, or a range.
func (v Value) effective() bool {
	_, number := v.DWORD()
	_, ports := v.PortRange()
	return number || ports
}

// IsWrongType tells whether the value exists with a type that Windows ignores
// for these parameters.
func (v Value) IsWrongType() bool { return v.Present && !v.effective() }

// nearest is what can be written of a value: itself, or a port range that begins
// where netsh can set it.
func (v Value) nearest() Value {
	if r, ok := v.PortRange(); ok {
		return Ports(r.Settable())
	}
	return v
}

// isLike tells whether a value is as it was before, or as near to that as can be.
func (v Value) isLike(before Value) bool { return v == before || v == before.nearest() }

// Restorable tells whether the value can be put back later exactly as it was.
func (v Value) Restorable() bool { return !v.Opaque }

// String writes the value as state and the journal keep it: "absent",
// "REG_DWORD 240", `REG_SZ "30"`, "REG_QWORD 30", "49152+16384" for the start and
// the number of a port range, and only the type for a value that cannot be put back.
func (v Value) String() string {
	if r, ok := v.PortRange(); ok {
		return fmt.Sprintf("%d+%d", r.Start, r.Number)
	}
	switch {
	case !v.Present:
		return "absent"
	case v.Opaque:
		return v.Type.String()
	case v.Type == TypeString:
		return v.Type.String() + " " + strconv.Quote(v.Text)
	default:
		return v.Type.String() + " " + strconv.FormatUint(v.Number, 10)
	}
}

// data is a value without its type.
func (v Value) data() string {
	if number, ok := v.DWORD(); ok {
		return strconv.FormatUint(uint64(number), 10)
	}
	return v.String()
}

var errValueSyntax = errors.New(`want "absent", "REG_DWORD 240", "REG_QWORD 240", "REG_SZ \"240\"" or "49152+16384"`)

// ParseValue reads what String wrote for a restorable value. Anything else is
// an error: an original that cannot be understood must not be guessed.
func ParseValue(text string) (Value, error) {
	if text == "absent" {
		return Absent, nil
	}
	if r, ok := parsePorts(text); ok {
		return Ports(r), nil
	}
	name, data, _ := strings.Cut(text, " ")
	switch name {
	case "REG_DWORD":
		if number, err := strconv.ParseUint(data, 10, 32); err == nil {
			return DWORD(uint32(number)), nil // #nosec G115 -- parsed with 32 bits
		}
	case "REG_QWORD":
		if number, err := strconv.ParseUint(data, 10, 64); err == nil {
			return QWORD(number), nil
		}
	case "REG_SZ":
		if s, err := strconv.Unquote(data); err == nil && strings.HasPrefix(data, `"`) {
			return String(s), nil
		}
	}
	return Absent, fmt.Errorf("%q is no recorded registry value: %w", text, errValueSyntax)
}

// parsePorts takes no leading zero either: journals are compared as text.
func parsePorts(text string) (tcpip.PortRange, bool) {
	start, number, _ := strings.Cut(text, "+")
	first, err1 := strconv.ParseUint(start, 10, 16)
	count, err2 := strconv.ParseUint(number, 10, 32)
	r := tcpip.PortRange{Start: uint16(first), Number: uint32(count)} // #nosec G115 -- parsed with 16 and 32 bits
	return r, err1 == nil && err2 == nil && r.Valid() && Ports(r).String() == text
}

// ParseOriginal reads what a parameter was before: a registry value, or a port range.
func ParseOriginal(p tcpip.Parameter, text string) (Value, error) {
	value, err := ParseValue(text)
	if err == nil && !value.fits(p) {
		err = fmt.Errorf("%q is nothing that %s can be", text, p.Attribute)
	}
	return value, err
}

// MarshalJSON writes a value as the journal and private state keep what was written:
// the number of a REG_DWORD, or the text of a port range. Nothing else is written.
func (v Value) MarshalJSON() ([]byte, error) {
	if number, ok := v.DWORD(); ok {
		return strconv.AppendUint(nil, uint64(number), 10), nil
	}
	if _, ok := v.PortRange(); ok {
		return strconv.AppendQuote(nil, v.String()), nil
	}
	return nil, fmt.Errorf("%s is never written", v)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(data []byte) error {
	if number, err := strconv.ParseUint(string(data), 10, 32); err == nil {
		*v = DWORD(uint32(number)) // #nosec G115 -- parsed with 32 bits
		return nil
	}
	if text, err := strconv.Unquote(string(data)); err == nil {
		if r, ok := parsePorts(text); ok {
			*v = Ports(r)
			return nil
		}
	}
	return fmt.Errorf("%.64s is neither the number of a REG_DWORD nor a port range", data)
}

// Values is registry values and port ranges by attribute name.
type Values map[string]Value

// Parameters lists what is in a map by attribute, in the order of
// [tcpip.Settings].
func Parameters[V any](byAttribute map[string]V) []tcpip.Parameter {
	var list []tcpip.Parameter
	for _, p := range tcpip.Settings {
		if _, ok := byAttribute[p.Attribute]; ok {
			list = append(list, p)
		}
	}
	return list
}

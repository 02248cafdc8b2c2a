package winhost

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// What the registry answered, beside success. The names are those of
// golang.org/x/sys/windows/registry for the same meanings.
var (
	ErrNotExist       = errors.New("no such registry key or value")
	ErrUnexpectedType = errors.New("the registry value has another type")
	ErrAccessDenied   = errors.New("access denied")
)

// ReturnValueError is a method of StdRegProv that ended with a ReturnValue
// other than 0.
type ReturnValueError struct {
	Method string
	Key    string // below HKEY_LOCAL_MACHINE
	Value  string // the registry value's name; empty for a whole key
	Code   uint32
}

// What StdRegProv's return values mean. Microsoft documents only that they are
// Win32 or WBEM codes; the meanings are reported by several public scripts.
const (
	returnNoValue      = 1
	returnNoKey        = 2
	returnAccessDenied = 5
	returnBadKey       = 6
	returnWrongType    = 0x80041005 // WBEM_E_TYPE_MISMATCH
)

func (e *ReturnValueError) Error() string {
	subject := `HKLM\` + e.Key
	if e.Value != "" {
		subject += `\` + e.Value
	}
	text := fmt.Sprintf("StdRegProv.%s of %s returned %d (0x%x)", e.Method, subject, e.Code, e.Code)
	if cause := e.Unwrap(); cause != nil {
		text += ": " + cause.Error()
	}
	return text
}

// Unwrap gives the meaning of the code, for errors.Is.
func (e *ReturnValueError) Unwrap() error {
	switch e.Code {
	case returnNoValue, returnNoKey, returnBadKey:
		return ErrNotExist
	case returnAccessDenied:
		return ErrAccessDenied
	case returnWrongType:
		return ErrUnexpectedType
	default:
		return nil
	}
}

// hklm is HKEY_LOCAL_MACHINE as StdRegProv's hDefKey (winreg.h: 0x80000002).
const hklm = "2147483650"

// IsDenied tells whether the host refused an account that it knows, by a fault or
// by a method's return value.
func IsDenied(err error) bool {
	var fault *wsman.Fault
	return errors.Is(err, ErrAccessDenied) || errors.As(err, &fault) && fault.AccessDenied()
}

// registry invokes a method of StdRegProv on a key below HKEY_LOCAL_MACHINE, or on
// one of its values.
func (h *Host) registry(ctx context.Context, kind transport.Kind, method, key, value string, more ...wsman.Param) (wsman.Output, error) {
	params := []wsman.Param{{Name: "hDefKey", Value: hklm}, {Name: "sSubKeyName", Value: key}}
	if value != "" {
		params = append(params, wsman.Param{Name: "sValueName", Value: value})
	}
	output, err := h.wsman.Invoke(ctx, wsman.Invocation{
		Namespace: "root/default", Class: "StdRegProv", Method: method,
		Params: append(params, more...), Kind: kind,
	})
	if err != nil {
		return wsman.Output{}, err
	}
	code, err := output.ReturnValue()
	if err != nil {
		return wsman.Output{}, fmt.Errorf("StdRegProv.%s: %w", method, err)
	}
	if code != 0 {
		return wsman.Output{}, &ReturnValueError{Method: method, Key: key, Value: value, Code: code}
	}
	return output, nil
}

// fold is a name as a map of types has it: the registry compares names without
// case.
func fold(name string) string { return strings.ToLower(name) }

// folded are the types of a listing, by folded name.
func folded(listed map[string]tuning.Type) map[string]tuning.Type {
	types := make(map[string]tuning.Type, len(listed))
	for name, typ := range listed {
		types[fold(name)] = typ
	}
	return types
}

// valueTypes lists a key: what every value is called, as it is spelt there, and of
// which type it is.
func (h *Host) valueTypes(ctx context.Context, key string) (map[string]tuning.Type, error) {
	output, err := h.registry(ctx, transport.Read, "EnumValues", key, "")
	if err != nil {
		return nil, err
	}
	names, types := notNull(output.All("sNames"), output.All("Types"))
	if len(names) != len(types) {
		return nil, fmt.Errorf("StdRegProv.EnumValues answered %d names and %d types", len(names), len(types))
	}
	found := make(map[string]tuning.Type, len(names))
	for i, name := range names {
		number, err := strconv.ParseUint(strings.TrimSpace(types[i].Text), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("StdRegProv.EnumValues answered the type %q for %q", types[i].Text, name.Text)
		}
		found[name.Text] = tuning.Type(number)
	}
	return found, nil
}

// notNull takes away the one null that may stand for an empty array.
func notNull(names, types []wsman.Field) (_, _ []wsman.Field) {
	if len(types) == 1 && types[0].Null {
		return nil, nil
	}
	return names, types
}

func (h *Host) dword(ctx context.Context, value string) (uint32, error) {
	number, err := h.number(ctx, "GetDWORDValue", value, 32)
	return uint32(number), err // #nosec G115 -- parsed with 32 bits
}

func (h *Host) number(ctx context.Context, method, value string, bits int) (uint64, error) {
	output, err := h.registry(ctx, transport.Read, method, tcpip.KeyPath, value)
	if err != nil {
		return 0, err
	}
	text, null, ok := output.Get("uValue")
	if !ok || null {
		return 0, fmt.Errorf("StdRegProv.%s of %s reported success without a value", method, value)
	}
	number, err := strconv.ParseUint(strings.TrimSpace(text), 10, bits)
	if err != nil {
		return 0, fmt.Errorf("StdRegProv.%s of %s answered %q, which is no number of %d bits", method, value, text, bits)
	}
	return number, nil
}

// maxText bounds a REG_SZ that is kept as an original, in bytes. A number takes
// 10; what is longer was never meant as one.
const maxText = 1024

// text reads a REG_SZ; ok is false where it is too long to be kept, or holds what
// XML cannot carry and so could not be put back.
func (h *Host) text(ctx context.Context, value string) (text string, ok bool, err error) {
	output, err := h.registry(ctx, transport.Read, "GetStringValue", tcpip.KeyPath, value)
	if err != nil {
		return "", false, err
	}
	text, _, _ = output.Get("sValue") // an empty text may come as nil or not at all
	return text, len(text) <= maxText && !strings.ContainsRune(text, utf8.RuneError), nil
}

// write carries out one step.
func (h *Host) write(ctx context.Context, step tuning.Step) error {
	name := step.Parameter.ValueName
	if !step.To.Present {
		_, err := h.registry(ctx, transport.Write, "DeleteValue", tcpip.KeyPath, name)
		if errors.Is(err, ErrNotExist) {
			return nil // it is gone, which is what was asked for; the read-back tells
		}
		return err
	}
	var err error
	switch to := step.To; to.Type {
	case tuning.TypeDWORD:
		_, err = h.registry(ctx, transport.Write, "SetDWORDValue", tcpip.KeyPath, name, wsman.Param{Name: "uValue", Value: strconv.FormatUint(to.Number, 10)})
	case tuning.TypeQWORD:
		_, err = h.registry(ctx, transport.Write, "SetQWORDValue", tcpip.KeyPath, name, wsman.Param{Name: "uValue", Value: strconv.FormatUint(to.Number, 10)})
	case tuning.TypeString:
		_, err = h.registry(ctx, transport.Write, "SetStringValue", tcpip.KeyPath, name, wsman.Param{Name: "sValue", Value: to.Text})
	default:
		err = fmt.Errorf("%s cannot be written as %s", name, to)
	}
	return err
}

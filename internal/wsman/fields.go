package wsman

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Field is one property of an instance or one out-parameter of a method.
type Field struct {
	Name string
	Text string // of a datetime or an interval: the text inside
	Null bool   // xsi:nil
}

// Fields are properties or parameters in the order in which they came. An array
// repeats its name, and an empty element keeps its place in it. Names compare
// without letter case, as WMI's do.
type Fields []Field

// ErrNoField is found in the errors of typed getters when a field is missing.
var ErrNoField = fmt.Errorf("the host did not send it")

// ErrNull is found in the errors of typed getters when a field is null.
var ErrNull = fmt.Errorf("it is null")

// Get gives the first field of that name.
func (f Fields) Get(name string) (text string, null, ok bool) {
	for i := range f {
		if strings.EqualFold(f[i].Name, name) {
			return f[i].Text, f[i].Null, true
		}
	}
	return "", false, false
}

// All gives every field of that name, in order: the elements of an array.
func (f Fields) All(name string) []Field {
	var all []Field
	for i := range f {
		if strings.EqualFold(f[i].Name, name) {
			all = append(all, f[i])
		}
	}
	return all
}

// Text gives the text of the first field of that name; false when it is missing or null.
func (f Fields) Text(name string) (string, bool) {
	text, null, ok := f.Get(name)
	return text, ok && !null
}

// Null reports whether the field came, and came as null.
func (f Fields) Null(name string) bool {
	_, null, ok := f.Get(name)
	return ok && null
}

// Uint32 gives a number of 0 to 4294967295. ErrNoField and ErrNull tell a missing
// field and a null from a text that is no such number.
func (f Fields) Uint32(name string) (uint32, error) {
	text, err := f.present(name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s is %q, not a number of 32 bits", name, clip(text))
	}
	return uint32(n), nil
}

// Time gives a datetime. The zone is the one that the host sent: Z or an offset.
func (f Fields) Time(name string) (time.Time, error) {
	text, err := f.present(name)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(text))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is %q, not a date and time with its zone", name, clip(text))
	}
	return t, nil
}

func (f Fields) present(name string) (string, error) {
	text, null, ok := f.Get(name)
	switch {
	case !ok:
		return "", fmt.Errorf("%s: %w", name, ErrNoField)
	case null:
		return "", fmt.Errorf("%s: %w", name, ErrNull)
	}
	return text, nil
}

// Item is one instance of an enumeration.
type Item struct {
	Fields

	Class string // empty for the items of a SELECT that names columns (XmlFragment)
}

// newItem makes an item of one child of Items: `Class` with its properties,
// `XmlFragment` with columns, or `Item` that holds one of them beside its address
// (EnumerateObjectAndEPR).
func newItem(n node) Item {
	if n.name == "Item" {
		for _, c := range n.children {
			if c.name != "EndpointReference" {
				n = c
				break
			}
		}
	}
	item := Item{Class: n.name, Fields: newFields(n)}
	if n.name == "XmlFragment" {
		item.Class = ""
	}
	return item
}

func newFields(n node) Fields {
	fields := make(Fields, 0, len(n.children))
	for _, c := range n.children {
		fields = append(fields, Field{Name: c.name, Text: textOf(c), Null: c.isNull()})
	}
	return fields
}

// textOf gives a property's text. DSP0230 puts dates and intervals one element
// deeper; the recordings have Datetime with and without the prefix cim.
func textOf(n node) string {
	if len(n.children) != 1 {
		return n.text
	}
	switch inner := n.children[0]; inner.name {
	case "Datetime", "Interval", "CIM_DateTime", "Date", "Time":
		return strings.TrimSpace(inner.text)
	}
	return n.text
}

// Output is what a method gave back.
type Output struct {
	Fields

	kind    transport.Kind
	address string
}

// ReturnValue gives the method's ReturnValue. An error of HRESULT's form may come
// as a negative number [assumed; WMI's is unsigned] and is given unsigned. A void
// method answers none: that is ErrNoField. Of a Write, no ReturnValue leaves open
// what became of it: transport.MayHaveHappened(err) is true then.
func (o Output) ReturnValue() (uint32, error) {
	code, err := o.returnValue()
	if err != nil && o.kind == transport.Write {
		return 0, &transport.ReplyLostError{Address: o.address, Kind: o.kind, Err: err}
	}
	return code, err
}

func (o Output) returnValue() (uint32, error) {
	text, err := o.present("ReturnValue")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < -1<<31 || n > 1<<32-1 {
		return 0, fmt.Errorf("ReturnValue is %q, not a number of 32 bits", clip(text))
	}
	return uint32(n), nil
}

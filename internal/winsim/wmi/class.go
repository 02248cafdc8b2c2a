package wmi

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
)

// PropertyType is what a property holds.
type PropertyType int

// Property types, as far as they differ in WQL or in XML.
const (
	Text PropertyType = iota
	Number
	Bool
	DateTime
)

// Property is one property of a class.
type Property struct {
	Name string
	Type PropertyType
}

// Row is an instance: a value per property, nil for null, else a string, an
// int64, a bool or a time.Time.
type Row []any

// Class is a class with instances. Its properties stand in Windows' own order.
type Class struct {
	Name       string
	Properties []Property
	since2008  []string
	rows       func(*Machine) []Row
}

var classes = map[string][]*Class{
	"root/cimv2":   {operatingSystem, service, computerSystemProduct},
	"root/default": {},
}

// on is the class as that Windows has it: without the properties that came
// later, whose names are blank then.
func (c *Class) on(p profile.Profile) *Class {
	if !p.Quirk2003 || len(c.since2008) == 0 {
		return c
	}
	old := *c
	old.Properties = slices.Clone(c.Properties)
	for i, property := range old.Properties {
		if slices.Contains(c.since2008, property.Name) {
			old.Properties[i].Name = ""
		}
	}
	return &old
}

func (c *Class) index(property string) int {
	return slices.IndexFunc(c.Properties, func(p Property) bool { return strings.EqualFold(p.Name, property) })
}

// Select answers a query with its items in XML, each as it stands in w:Items.
func (m *Machine) Select(t Target, wql string) ([]string, *soap.Fault) {
	known, ok := classes[strings.ToLower(t.Namespace)]
	if !ok {
		return nil, &soap.Fault{Code: soap.CodeResourceNotFound, Sender: true, Subcode: "a:DestinationUnreachable", Text: "The namespace does not exist.",
			WMI: &soap.WMIError{Code: wbemInvalidNamespace, CIMStatus: 3, Operation: "ExecQuery", ParameterInfo: wql, Namespace: t.Namespace}}
	}
	invalid := func(err error) *soap.Fault {
		return providerFault(wbemInvalidQuery, 15, "ExecQuery", wql, t.Namespace, "The WMI service cannot process the query: "+err.Error()+".")
	}
	q, err := ParseWQL(wql)
	if err != nil {
		return nil, invalid(err)
	}
	at := slices.IndexFunc(known, func(c *Class) bool { return strings.EqualFold(c.Name, q.Class) })
	if at < 0 {
		// The code and the missing StatusCode were seen on 2008 R2.
		return nil, &soap.Fault{Code: soap.CodeCannotFilter, Sender: true, Subcode: "n:CannotProcessFilter", Text: "The specified class does not exist in the given namespace.",
			WMI: &soap.WMIError{Code: wbemInvalidClass, CIMStatus: 5, Operation: "ExecQuery", ParameterInfo: wql, Namespace: t.Namespace}}
	}
	class := known[at].on(m.Profile)
	columns, err := class.columns(q.Columns)
	if err != nil {
		return nil, invalid(err)
	}
	order := m.order(class)
	var items []string
	for n, row := range class.rows(m) {
		if q.Where != nil {
			keep, err := q.Where.matches(class, row)
			if err != nil {
				return nil, invalid(err)
			}
			if !keep {
				continue
			}
		}
		items = append(items, m.item(t, class, columns, order, row, n))
	}
	return items, nil
}

// columns marks the selected properties; nil means all of them.
func (c *Class) columns(names []string) ([]bool, error) {
	if names == nil {
		return nil, nil
	}
	selected := make([]bool, len(c.Properties))
	for _, name := range names {
		at := c.index(name)
		if at < 0 {
			return nil, fmt.Errorf("%w: %s has no property %s", errSyntax, c.Name, name)
		}
		selected[at] = true
	}
	return selected, nil
}

// order is that of an item's children: Windows' own, not the select list's
// (recorded). Where nothing is recorded the seed may choose another.
func (m *Machine) order(c *Class) []int {
	var order []int
	for i, property := range c.Properties {
		if property.Name != "" {
			order = append(order, i)
		}
	}
	if m.Shape.ShuffleProperties && !m.Profile.ItemsRecorded {
		key := func(i int) uint64 {
			h := fnv.New64a()
			_, _ = h.Write([]byte(c.Properties[i].Name)) // never fails
			return h.Sum64()
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(key(a), key(b)) })
	}
	return order
}

// item writes one instance. `*` gives a full instance with children in the
// class's namespace, a column list a w:XmlFragment with children in none (both
// recorded on 2003 and 2012; on others a column list gives, by seed, an
// instance with these children only).
func (m *Machine) item(t Target, c *Class, columns []bool, order []int, row Row, n int) string {
	full := columns == nil || m.Shape.FullInstances && !m.Profile.ItemsRecorded
	tag, cim := func(name string) string { return name }, ""
	open, end := `<w:XmlFragment xmlns:xsi="`+soap.NSInstance+`" xmlns:w="`+soap.NSWSMan+`">`, `</w:XmlFragment>`
	if full {
		tag, cim = m.tag, "cim:"
		name := m.tag(c.Name)
		open, end = "<"+name+m.declaration(m.Answered(t, c.Name))+` xsi:type="`+name+`_Type">`, "</"+name+">"
	}
	var b strings.Builder
	b.WriteString(open)
	for _, i := range order {
		if columns != nil && !columns[i] {
			continue
		}
		name := tag(c.Properties[i].Name)
		switch text, null := m.text(row[i], cim, n); {
		case null:
			b.WriteString("<" + name + ` xsi:nil="true"/>`)
		default:
			b.WriteString("<" + name + ">" + text + "</" + name + ">")
		}
	}
	b.WriteString(end)
	return b.String()
}

// text is a value as XML content. Datetimes are in the host's zone, with `Z` on
// UTC and an offset elsewhere, and have 0 to 7 fraction digits (all recorded by
// us or others; which, by seed).
func (m *Machine) text(value any, cim string, n int) (text string, null bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case int64:
		return strconv.FormatInt(v, 10), false
	case bool:
		return strconv.FormatBool(v), false
	case time.Time:
		layout := "2006-01-02T15:04:05"
		if digits := (m.Shape.FractionDigits + n) % 8; digits > 0 {
			layout += "." + strings.Repeat("0", digits)
		}
		zone := time.FixedZone("", int(m.Shape.Offset.Seconds()))
		return fmt.Sprintf("<%sDatetime>%s</%sDatetime>", cim, v.In(zone).Format(layout+"Z07:00"), cim), false
	default:
		return soap.Escape(v.(string)), false
	}
}

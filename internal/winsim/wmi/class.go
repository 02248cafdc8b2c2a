package wmi

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
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

// Row is an instance: a value per property, nil for null, else a string, an int64, a bool or a time.Time.
type Row []any

// Class is a class with instances. Its properties stand in Windows' own order.
type Class struct {
	Name       string
	Properties []Property
	since2008  []string
	rows       func(*Machine) []Row
}

// classesOf lists the classes of a namespace as that Windows has them: on 2003 properties that came later have no name.
func classesOf(namespace string, p profile.Profile) (list []*Class, ok bool) {
	classes := map[string][]*Class{
		"root/default":       {},
		"root/cimv2":         {operatingSystem, service},
		"root/standardcimv2": {netTCPConnection},
	}
	namespace = strings.ToLower(namespace)
	if _, ok = classes[namespace]; !ok || namespace == "root/standardcimv2" && !p.HasStandardCimv2 {
		return nil, false
	}
	for _, c := range classes[namespace] {
		c := *c
		c.Properties = slices.Clone(c.Properties)
		for i := range c.Properties {
			if p.Quirk2003 && slices.Contains(c.since2008, c.Properties[i].Name) {
				c.Properties[i].Name = ""
			}
		}
		list = append(list, &c)
	}
	return list, true
}

// index finds a property; an empty name finds none.
func (c *Class) index(name string) int {
	return slices.IndexFunc(c.Properties, func(p Property) bool { return name != "" && strings.EqualFold(p.Name, name) })
}

// columns marks the selected properties; of no names it gives nil, which means all.
func (c *Class) columns(names []string) ([]bool, error) {
	if names == nil {
		return nil, nil
	}
	selected := make([]bool, len(c.Properties))
	for _, name := range names {
		at := c.index(name)
		if at < 0 {
			return nil, fmt.Errorf("%w: %s has no property %q", errInvalid, c.Name, name)
		}
		selected[at] = true
	}
	return selected, nil
}

// Select answers a query with its items in XML, each as it stands in w:Items.
func (m *Machine) Select(t Target, wql string) ([]string, *soap.Fault) {
	fault := func(code, wbem uint32, status int, subcode, text string) *soap.Fault {
		return &soap.Fault{Code: code, Sender: code != soap.CodeProvider, Subcode: subcode, Text: text,
			WMI: &soap.WMIError{Code: wbem, CIMStatus: status, Operation: "ExecQuery", ParameterInfo: wql, Namespace: t.Namespace}}
	}
	classes, ok := classesOf(t.Namespace, m.Profile)
	if !ok {
		return nil, fault(soap.CodeResourceNotFound, wbemInvalidNamespace, 3, "a:DestinationUnreachable", "The namespace does not exist.")
	}
	q, err := parseWQL(wql, classes)
	if errors.Is(err, errNoClass) { // this code, beside a StatusCode of nil, was seen on 2008 R2
		return nil, fault(soap.CodeCannotFilter, wbemInvalidClass, 5, "n:CannotProcessFilter", "The specified class does not exist in the given namespace.")
	}
	if err != nil {
		return nil, fault(soap.CodeProvider, wbemInvalidQuery, 15, "w:InternalError", "The WMI service cannot process the query: "+err.Error()+".")
	}
	var items []string
	order := m.order(q)
	for n, row := range q.class.rows(m) {
		if q.keep(row) {
			items = append(items, m.item(t, q, order, row, n))
		}
	}
	return items, nil
}

// order is that of an item's children: Windows' own, not the select list's (recorded). Where nothing is recorded the
// seed may choose another.
func (m *Machine) order(q query) (order []int) {
	for i, property := range q.class.Properties {
		if property.Name != "" && (q.columns == nil || q.columns[i]) {
			order = append(order, i)
		}
	}
	if m.Shape.ShuffleProperties && !m.Profile.ItemsRecorded {
		mix := func(i int) uint32 { return crc32.ChecksumIEEE([]byte(q.class.Properties[i].Name)) }
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(mix(a), mix(b)) })
	}
	return order
}

// item writes one instance. `*` gives a full instance with children in the class's namespace, a column list a
// w:XmlFragment with children in none (both recorded on 2003 and 2012; elsewhere a column list gives, by seed, an
// instance with these children only).
func (m *Machine) item(t Target, q query, order []int, row Row, n int) string {
	tag, cim := func(name string) string { return name }, ""
	name, declared := "w:XmlFragment", ` xmlns:xsi="`+soap.NSInstance+`" xmlns:w="`+soap.NSWSMan+`"`
	if q.columns == nil || m.Shape.FullInstances && !m.Profile.ItemsRecorded {
		tag, cim = m.tag, "cim:"
		name = m.tag(q.class.Name)
		declared = m.declaration(m.Answered(t, q.class.Name)) + ` xsi:type="` + name + `_Type"`
	}
	var b strings.Builder
	b.WriteString("<" + name + declared + ">")
	for _, i := range order {
		child := tag(q.class.Properties[i].Name)
		if row[i] == nil {
			b.WriteString("<" + child + ` xsi:nil="true"/>`)
			continue
		}
		b.WriteString("<" + child + ">" + m.text(row[i], cim, n) + "</" + child + ">")
	}
	return b.String() + "</" + name + ">"
}

// text is a value as XML content. A datetime is in the host's zone, with `Z` on UTC and an offset elsewhere, and has 0
// to 7 fraction digits (all recorded by others or here; which, by seed).
func (m *Machine) text(value any, cim string, n int) string {
	switch v := value.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		layout := "2006-01-02T15:04:05"
		if digits := (m.Shape.FractionDigits + n) % 8; digits > 0 {
			layout += "." + strings.Repeat("0", digits)
		}
		v = v.In(time.FixedZone("", int(m.Shape.Offset.Seconds())))
		return "<" + cim + "Datetime>" + v.Format(layout+"Z07:00") + "</" + cim + "Datetime>"
	default:
		return soap.Escape(fmt.Sprint(v)) // a string
	}
}

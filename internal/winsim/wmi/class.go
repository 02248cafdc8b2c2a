package wmi

import (
	"fmt"
	"slices"
	"strings"
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

// Row is an instance: a value per property, nil for null, absent where hostile tests want no element, else a string, an
// int64, a bool, a time.Time, or bytes, an array of numbers.
type Row []any

type absent struct{}

// Class is a class with instances. Its properties stand in Windows' own order.
type Class struct {
	Name       string
	Properties []Property
	since      map[string]int      // the first build that has a property, of those that came later
	on         func(*Machine) bool // which hosts have the class; nil: all
	rows       func(*Machine) table
	unrecorded bool // no recording tells in what form its items come, on any Windows
}

// table is a snapshot of a class's instances, made into rows one by one.
type table struct {
	count int
	fill  func(i int, row Row)
}

func tableOf(rows ...Row) table {
	return table{len(rows), func(i int, row Row) { copy(row, rows[i]) }}
}

var namespaces = map[string][]*Class{
	"root/default":       {},
	"root/cimv2":         {operatingSystem, computerSystem, computerSystemProduct, process, service, perfTCPv4, perfTCPv6},
	"root/standardcimv2": {netTCPConnection, netUDPEndpoint, netTCPSetting, netUDPSetting},
	policyResults:        {registryPolicy, policyObject},
}

// classesOf lists the classes of a namespace as that Windows has them: properties that came later have no name.
func (m *Machine) classesOf(namespace string) (list []*Class, ok bool) {
	namespace = strings.ToLower(namespace)
	all, ok := namespaces[namespace]
	if !ok || namespace == "root/standardcimv2" && !m.Profile.HasStandardCimv2 || namespace == policyResults && m.Shape.PolicyResults == "missing" {
		return nil, false
	}
	for _, c := range all {
		if c.on != nil && !c.on(m) {
			continue
		}
		c := *c
		c.Properties = slices.Clone(c.Properties)
		for i := range c.Properties {
			if m.Profile.Build < c.since[c.Properties[i].Name] {
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

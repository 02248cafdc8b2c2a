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
	"unicode/utf8"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
)

// Cursor walks through the instances that a query selects. It holds a snapshot and makes each item when it is asked for, so
// a long table costs no more than its snapshot. A copy is a bookmark. It is not safe for concurrent use.
type Cursor struct {
	*selection
	at int // the next instance
}

// selection is what does not change on the way.
type selection struct {
	machine     *Machine
	table       table
	keep        condition
	row         Row
	zone        *time.Location
	open, close string // an item's own tags
	columns     []column
	datetime    string // the element within a datetime's
}

// column is one of an item's children.
type column struct {
	at                int // in the row
	start, end, empty string
}

// Select answers a query.
func (m *Machine) Select(t Target, wql string) (*Cursor, *soap.Fault) {
	fault := func(code, wbem uint32, status int, subcode, text string) *soap.Fault {
		return &soap.Fault{Code: code, Sender: code != soap.CodeProvider, Subcode: subcode, Text: text,
			WMI: &soap.WMIError{Code: wbem, CIMStatus: status, Operation: "ExecQuery", ParameterInfo: wql, Namespace: t.Namespace}}
	}
	if strings.EqualFold(t.Namespace, policyResults) && m.Shape.PolicyResults == "denied" {
		code := map[bool]uint32{false: soap.CodeAccessDenied, true: soap.CodeAccessDeniedHRESULT}[m.Shape.DeniedHRESULT]
		return nil, fault(code, wbemAccessDenied, 2, "w:AccessDenied", "Access is denied.")
	}
	classes, ok := m.classesOf(t.Namespace)
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
	c := &Cursor{selection: m.selection(t, q)}
	c.skip()
	return c, nil
}

// selection settles the form of the items. `*` gives a full instance with children in the class's namespace, a column list
// a w:XmlFragment with children in none (both recorded on 2003 and 2012; elsewhere a column list gives, by seed, an
// instance with these children only).
func (m *Machine) selection(t Target, q query) *selection {
	recorded := m.Profile.ItemsRecorded && !q.class.unrecorded
	tag, name := func(name string) string { return name }, "w:XmlFragment"
	s := &selection{
		machine: m, table: q.class.rows(m), keep: q.keep, row: make(Row, len(q.class.Properties)), datetime: "Datetime>",
		zone: time.FixedZone("", int(m.Facts().Zone.Seconds())), open: ` xmlns:xsi="` + soap.NSInstance + `" xmlns:w="` + soap.NSWSMan + `"`,
	}
	if q.columns == nil || m.Shape.FullInstances && !recorded {
		tag, name, s.datetime = m.tag, m.tag(q.class.Name), "cim:Datetime>"
		s.open = m.declaration(m.Answered(t, q.class.Name)) + ` xsi:type="` + name + `_Type"`
	}
	s.open, s.close = "<"+name+s.open+">", "</"+name+">"
	for _, i := range m.order(q, recorded) {
		child := tag(q.class.Properties[i].Name)
		s.columns = append(s.columns, column{i, "<" + child + ">", "</" + child + ">", "<" + child + ` xsi:nil="true"/>`})
	}
	return s
}

// order is that of an item's children: Windows' own, not the select list's (recorded). Where nothing is recorded the
// seed may choose another.
func (m *Machine) order(q query, recorded bool) (order []int) {
	for i, property := range q.class.Properties {
		if property.Name != "" && (q.columns == nil || q.columns[i]) {
			order = append(order, i)
		}
	}
	if m.Shape.ShuffleProperties && !recorded {
		mix := func(i int) uint32 { return crc32.ChecksumIEEE([]byte(q.class.Properties[i].Name)) }
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(mix(a), mix(b)) })
	}
	return order
}

// Done tells whether all items were given.
func (c *Cursor) Done() bool { return c.at >= c.table.count }

// Append writes the next item, as it stands in w:Items.
func (c *Cursor) Append(b []byte) []byte {
	c.table.fill(c.at, c.row)
	b = append(b, c.open...)
	for _, column := range c.columns {
		switch value := c.row[column.at].(type) {
		case absent:
		case nil:
			b = append(b, column.empty...)
		case []byte:
			for _, n := range value {
				b = append(strconv.AppendInt(append(b, column.start...), int64(n), 10), column.end...)
			}
		default:
			b = append(b, column.start...)
			b = append(c.value(b, value), column.end...)
		}
	}
	c.at++
	c.skip()
	return append(b, c.close...)
}

// skip moves on to the next instance that the query keeps.
func (c *Cursor) skip() {
	for ; c.keep != nil && !c.Done(); c.at++ {
		if c.table.fill(c.at, c.row); c.keep(c.row) {
			return
		}
	}
}

// value writes a value as XML content. A datetime is in the host's zone, with `Z` on UTC and an offset elsewhere, and has 0
// to 7 fraction digits (all recorded by others or here; which, by seed).
func (c *Cursor) value(b []byte, value any) []byte {
	switch v := value.(type) {
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	case time.Time:
		b = append(append(b, '<'), c.datetime...)
		b = v.In(c.zone).AppendFormat(b, layouts[(c.machine.Shape.FractionDigits+c.at)%8])
		return append(append(b, "</"...), c.datetime...)
	case string:
		if strings.ContainsFunc(v, special) {
			v = soap.Escape(v)
		}
		return append(b, v...)
	default:
		panic(fmt.Sprintf("wmi: a row holds a %T", v)) // no class's row does
	}
}

// special tells whether XML has to escape a character, or may have to.
func special(r rune) bool { return r < ' ' || r >= utf8.RuneSelf || strings.ContainsRune(`<>&"'`, r) }

// layouts of datetimes by their number of fraction digits.
var layouts = func() (list [8]string) {
	for digits := range list {
		list[digits] = "2006-01-02T15:04:05" + strings.TrimSuffix("."+strings.Repeat("0", digits), ".") + "Z07:00"
	}
	return list
}()

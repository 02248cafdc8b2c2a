package wmi

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

var pets = &Class{Name: "Pet", Properties: []Property{{"Name", Text}, {"Legs", Number}, {"Tame", Bool}, {"Born", DateTime}, {"", Text}}}

var petRows = []Row{
	{"Rex", int64(4), true, time.Unix(0, 0), ""},
	{"o'Neill\\", int64(2), false, nil, ""},
	{nil, int64(-1), nil, nil, ""},
	{"Ärmel", int64(4294967295), true, nil, ""},
}

func TestWQL(t *testing.T) {
	for _, c := range []struct {
		query string
		rows  string // indices of the rows that match; "error" or "no class"
	}{
		{"select * from Pet", "0 1 2 3"},
		{"SELECT Name,Legs FROM pET", "0 1 2 3"},
		{"\tselect\r\n*from Pet ", "0 1 2 3"},
		{"select * from Pet where Name = 'rex'", "0"},
		{`select * from Pet where Name = "REX"`, "0"},
		{`select * from Pet where Name = 'O\'NEILL\\'`, "1"},
		{"select * from Pet where name <> 'Rex'", "1 3"}, // null is neither equal nor unequal
		{"select * from Pet where name != 'Rex'", "1 3"},
		{"select * from Pet where Name < 's'", "0 1"},
		{"select * from Pet where Name='ärmel'", "3"},
		{"select * from Pet where Legs=4", "0"},
		{"select * from Pet where Legs = '4'", "0"},
		{"select * from Pet where Legs < 2", "2"},
		{"select * from Pet where Legs <= 2", "1 2"},
		{"select * from Pet where Legs > 4", "3"},
		{"select * from Pet where Legs>=4", "0 3"},
		{"select * from Pet where Legs = -1", "2"},
		{"select * from Pet where Legs <> 4294967295", "0 1 2"},
		{"select * from Pet where Tame = TRUE", "0 3"},
		{"select * from Pet where Tame <> true", "1"},
		{"select * from Pet where Tame=false and Legs=2", "1"},
		{"select * from Pet where Legs=2 or Legs=4 and Tame=false", "1"}, // AND binds closer
		{"select * from Pet where (Legs=2 or Legs=4) and Tame=false", "1"},
		{"select * from Pet where (Legs=2 or Legs=4) and Tame=true", "0"},
		{"select * from Pet where ((Legs=2))", "1"},
		{"select * from Pet where Legs=2 or Legs=4 or Legs=-1", "0 1 2"},
		{"select * from Pet where Legs>0 and Legs<5 and Tame=true", "0"},
		{"select * from Dog", "no class"},
		{"select * from Dog where x", "no class"},
		{"", "error"}, {"select", "error"}, {"select * from", "error"}, {"select from Pet", "error"}, {"select Name, from Pet", "error"},
		{"select * , Name from Pet", "error"}, {"select * from Pet where", "error"}, {"select * from Pet Name", "error"},
		{"select Wings from Pet", "error"}, {"select * from Pet where Wings = 1", "error"}, {"select * from Pet where Legs", "error"},
		{"select * from Pet where Legs =", "error"}, {"select * from Pet where Legs '=' 4", "error"}, {"select * from Pet where Legs = four", "error"},
		{"select * from Pet where Name = Rex", "error"}, {"select * from Pet where Name = 4", "error"}, {"select * from Pet where Tame = 1", "error"},
		{"select * from Pet where Born = '2026'", "error"}, {"select * from Pet where Legs = 4)", "error"}, {"select * from Pet where (Legs = 4", "error"},
		{"select * from Pet where Legs = 4 and", "error"}, {"select * from Pet where Legs == 4", "error"}, {"select * from Pet where Name = 'Rex", "error"},
		{"select * from Pet where Name = 'Rex\\'", "error"}, {"delete from Pet", "error"}, {"select * from Pet; select * from Pet", "error"},
		{"select * from Pet where " + strings.Repeat("(", maxTokens) + "Legs=4", "error"}, {"select * from where where Legs=4", "error"},
	} {
		q, err := parseWQL(c.query, []*Class{pets})
		switch {
		case errors.Is(err, errNoClass):
			if c.rows != "no class" {
				t.Errorf("%s: %v", c.query, err)
			}
			continue
		case err != nil:
			if c.rows != "error" || !errors.Is(err, errInvalid) {
				t.Errorf("%s: %v", c.query, err)
			}
			continue
		}
		var got []string
		for i, row := range petRows {
			if q.keep == nil || q.keep(row) {
				got = append(got, fmt.Sprint(i))
			}
		}
		if strings.Join(got, " ") != c.rows {
			t.Errorf("%s: rows %v, want %s", c.query, got, c.rows)
		}
	}
}

func machine(p profile.Profile, seed int64) *Machine {
	boot := time.Date(2026, time.March, 1, 0, 0, 0, 987654321, time.UTC)
	stack := tcpstack.New(tcpstack.Config{Boot: boot, Ranges: tcpstack.Ranges{}.Or(tcpstack.ModernRange), TimeWait: 2 * time.Minute})
	return &Machine{Profile: p, Shape: profile.ShapeOf(seed), Name: "MAIL01", Facts: func() Facts {
		return Facts{Now: boot.Add(time.Hour), Boot: boot, Zone: profile.ShapeOf(seed).Offset}
	}, Stack: func() *tcpstack.Stack { return stack }}
}

// collect makes every item of a query.
func collect(m *Machine, namespace, query string) (items []string, fault *soap.Fault) {
	c, fault := m.Select(Target{Namespace: namespace}, query)
	for fault == nil && !c.Done() {
		items = append(items, string(c.Append(nil)))
	}
	return items, fault
}

func FuzzSelect(f *testing.F) {
	for _, query := range []string{
		"select * from Win32_Service where State='Running' and (ProcessId>1100 or StartMode<>'Auto')", "select Name from Win32_OperatingSystem",
		`select * from Win32_Service where Name='a\'b' or Started=TRUE`, "select * from x where ((", "''''",
	} {
		f.Add(query, int64(1))
	}
	f.Fuzz(func(t *testing.T, query string, seed int64) {
		m := machine(profile.Server2022, seed)
		items, fault := collect(m, "root/cimv2", query)
		if fault == nil && !strings.Contains(strings.ToLower(query), "select") {
			t.Errorf("%q is taken", query)
		}
		for _, item := range items[:min(len(items), 2)] {
			if err := xml.Unmarshal([]byte(strings.ReplaceAll(item, "w:XmlFragment", "XmlFragment")), &soap.Element{}); err != nil {
				t.Errorf("%q: an item is no XML: %v", query, err)
			}
		}
	})
}

// What 2003 lacks cannot be asked of it.
func TestPropertiesThatCameLater(t *testing.T) {
	for _, p := range profile.All() {
		items, fault := collect(machine(p, 1), "ROOT/CimV2", "select OSArchitecture, Caption from Win32_OperatingSystem")
		if (fault != nil) != p.Quirk2003 {
			t.Errorf("%s: %q, %+v", p.Key, items, fault)
		}
		items, fault = collect(machine(p, 1), "root/cimv2", "select * from Win32_OperatingSystem")
		if fault != nil || len(items) != 1 || strings.Contains(items[0], "OSArchitecture>") == p.Quirk2003 || strings.Contains(items[0], "<>") {
			t.Errorf("%s: %q, %+v", p.Key, items, fault)
		}
	}
}

// A row with a value too few or too many would move others to the wrong property.
func TestRowsFitTheirClasses(t *testing.T) {
	type nothing struct{}
	for _, p := range profile.All() {
		var classes []*Class
		m := machine(p, 1)
		for namespace := range namespaces {
			found, _ := m.classesOf(namespace)
			classes = append(classes, found...)
		}
		for _, c := range classes {
			rows := c.rows(m)
			for n := range rows.count {
				row := slices.Repeat(Row{nothing{}}, len(c.Properties)+1)
				rows.fill(n, row)
				if row[len(c.Properties)] != (nothing{}) {
					t.Fatalf("%s has %d properties and a row of more values", c.Name, len(c.Properties))
				}
				for i, value := range row[:len(c.Properties)] {
					fits := map[PropertyType]bool{Text: is[string](value), Number: is[int64](value), Bool: is[bool](value), DateTime: is[time.Time](value)}
					if value != nil && !fits[c.Properties[i].Type] {
						t.Errorf("%s.%s has a %T", c.Name, c.Properties[i].Name, value)
					}
				}
			}
			if !slices.IsSortedFunc(c.Properties, func(a, b Property) int {
				return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
			}) && p.Build >= 14393 {
				t.Errorf("%s: the recordings have the properties of such classes in the alphabet's order", c.Name)
			}
		}
	}
}

func is[T any](value any) bool {
	_, ok := value.(T)
	return ok
}

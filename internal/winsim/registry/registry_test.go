package registry

import (
	"errors"
	"slices"
	"testing"
)

func TestNamesCompareWithoutCaseAndKeepTheirSpelling(t *testing.T) {
	r := &Registry{}
	if err := r.CreateKey(`System\Select`); err != nil {
		t.Fatal(err)
	}
	for _, v := range []Value{{Name: "Wait", Type: SZ, Text: "30"}, {Name: "WAIT", Type: DWORD, Number: 0xffffffff}, {Type: SZ, Text: "unnamed"}} {
		if err := r.Set(`SYSTEM\select\`, v); err != nil {
			t.Fatal(err)
		}
	}
	values, err := r.Values(`system\SELECT`)
	want := []string{"Wait REG_DWORD 4294967295", ` REG_SZ "unnamed"`}
	var got []string
	for _, v := range values {
		got = append(got, v.Name+" "+v.String())
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("values %q, %v, want %q", got, err, want)
	}
	if v, err := r.Get(`System\Select`, ""); err != nil || v.Text != "unnamed" {
		t.Errorf("the default value is %v, %v", v, err)
	}
	if err := r.Delete(`System\Select`, "wAIT"); err != nil {
		t.Error(err)
	}
	if _, err := r.Get(`System\Select`, "Wait"); !errors.Is(err, ErrNoValue) {
		t.Errorf("a deleted value gives %v", err)
	}
}

func TestKeys(t *testing.T) {
	r := &Registry{}
	for _, path := range []string{`A\B\C`, `a\b\D`, `A\B`} {
		if err := r.CreateKey(path); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := r.Keys(`A\b`); err != nil || !slices.Equal(names, []string{"C", "D"}) {
		t.Errorf("subkeys %q, %v", names, err)
	}
	if names, err := r.Keys(``); err != nil || !slices.Equal(names, []string{"A"}) {
		t.Errorf("keys at the top %q, %v", names, err)
	}
	for _, c := range []struct {
		path string
		want error
	}{
		{`A\B`, ErrHasSubkeys}, {`A\X`, ErrNoKey}, {`X\Y`, ErrNoKey}, {`A\B\c\`, nil}, {`A\B\C`, ErrNoKey},
		{`\A`, ErrBadPath}, {`A\\B`, ErrBadPath}, {``, ErrHasSubkeys}, {`A\B\D`, nil}, {`A\B`, nil}, {`A`, nil},
	} {
		if err := r.DeleteKey(c.path); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("delete key %q: %v, want %v", c.path, err, c.want)
		}
	}
}

func TestMissingKeyIsSaidByEveryCall(t *testing.T) {
	r := &Registry{}
	_, get := r.Get(`No\Key`, "x")
	_, values := r.Values(`No\Key`)
	_, keys := r.Keys(`No\Key`)
	for name, err := range map[string]error{"get": get, "values": values, "keys": keys, "set": r.Set(`No\Key`, Value{Name: "x", Type: SZ}), "delete": r.Delete(`No\Key`, "x")} {
		if !errors.Is(err, ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

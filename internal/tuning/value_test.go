package tuning

import (
	"testing"

	"pgregory.net/rapid"
)

func TestValueText(t *testing.T) {
	tests := []struct {
		value Value
		text  string
	}{
		{Absent, "absent"},
		{DWORD(0), "REG_DWORD 0"},
		{DWORD(0x7fffffff), "REG_DWORD 2147483647"},
		{DWORD(0x80000000), "REG_DWORD 2147483648"},
		{DWORD(0xffffffff), "REG_DWORD 4294967295"},
		{QWORD(0xffffffffffffffff), "REG_QWORD 18446744073709551615"},
		{String(""), `REG_SZ ""`},
		{String("30"), `REG_SZ "30"`},
		{String("a \"b\"\r\n\\"), `REG_SZ "a \"b\"\r\n\\"`},
	}
	for _, tt := range tests {
		if got := tt.value.String(); got != tt.text {
			t.Errorf("%#v prints %s, want %s", tt.value, got, tt.text)
		}
		back, err := ParseValue(tt.text)
		if err != nil || back != tt.value {
			t.Errorf("%s parses to %#v, %v", tt.text, back, err)
		}
	}
}

func TestValueTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Just(Absent),
			rapid.Map(rapid.Uint32(), DWORD),
			rapid.Map(rapid.Uint64(), QWORD),
			rapid.Map(rapid.String(), String),
		).Draw(t, "value")
		back, err := ParseValue(v.String())
		if err != nil || back != v {
			t.Fatalf("%#v came back as %#v, %v", v, back, err)
		}
	})
}

func TestParseValueRefuses(t *testing.T) {
	for _, text := range []string{
		"", "Absent", "240", "REG_DWORD", "REG_DWORD ", "REG_DWORD -1", "REG_DWORD +1", "REG_DWORD 4294967296",
		"REG_DWORD 0x1e", "REG_DWORD 30 ", "REG_QWORD 18446744073709551616", "REG_SZ 30", "REG_SZ \"30", "REG_SZ `30`", "REG_SZ '3'",
		"REG_BINARY", "REG_EXPAND_SZ \"30\"", "reg_dword 30",
	} {
		if v, err := ParseValue(text); err == nil {
			t.Errorf("%q was taken for %#v", text, v)
		}
	}
}

func TestOpaqueValuesAreNotRestorable(t *testing.T) {
	for _, typ := range []Type{TypeNone, TypeExpand, TypeBinary, TypeMulti, TypeQWORD, 77} {
		v := Opaque(typ)
		if v.Restorable() || !v.IsWrongType() {
			t.Errorf("%s: restorable %v, wrong type %v", v, v.Restorable(), v.IsWrongType())
		}
		if _, err := ParseValue(v.String()); err == nil {
			t.Errorf("%s was parsed as a value that can be put back", v)
		}
	}
	if got := Opaque(77).String(); got != "registry type 77" {
		t.Errorf("an unknown type prints %q", got)
	}
}

func TestDWORDOnlyFromREG_DWORD(t *testing.T) {
	for _, v := range []Value{Absent, String("30"), QWORD(30), Opaque(TypeBinary)} {
		if n, ok := v.DWORD(); ok {
			t.Errorf("%s was read as the number %d", v, n)
		}
	}
	if n, ok := DWORD(0xffffffff).DWORD(); !ok || n != 0xffffffff {
		t.Errorf("REG_DWORD 4294967295 gives %d, %v", n, ok)
	}
}

func FuzzParseValue(f *testing.F) {
	f.Add("absent")
	f.Add("REG_DWORD 30")
	f.Add(`REG_SZ "30"`)
	f.Add("1024+64511")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseValue(text)
		if err != nil {
			return
		}
		if _, ports := v.PortRange(); ports && v.String() != text {
			t.Fatalf("%q was taken for %s", text, v)
		}
		if back, err := ParseValue(v.String()); err != nil || back != v {
			t.Fatalf("%q parsed to %#v, which came back as %#v, %v", text, v, back, err)
		}
	})
}

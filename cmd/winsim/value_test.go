package main

import "testing"

func TestParseShowsAndData(t *testing.T) {
	for _, c := range []struct{ typeName, in, shown, data string }{
		{"REG_DWORD", "30", "REG_DWORD 30", "0x1e"},
		{"reg_dword", "0xffffffff", "REG_DWORD 4294967295", "0xffffffff"},
		{"REG_DWORD", "4294967296", "", ""},
		{"REG_DWORD", "-1", "", ""},
		{"REG_QWORD", "4294967296", "REG_QWORD 4294967296", "0x100000000"},
		{"REG_SZ", "30", `REG_SZ "30"`, "30"},
		{"REG_SZ", `C:\a`, `REG_SZ "C:\a"`, `C:\a`},
		{"REG_EXPAND_SZ", `%a%`, `REG_EXPAND_SZ "%a%"`, `%a%`},
		{"REG_BINARY", "01ff", "REG_BINARY 01 ff", "01FF"},
		{"REG_BINARY", "1", "", ""},
		{"REG_MULTI_SZ", `a\0b`, `REG_MULTI_SZ "a" "b"`, `a\0b`},
		{"REG_NONE", "", "", ""},
	} {
		v, err := parse("x", c.typeName, c.in)
		if c.shown == "" {
			if err == nil {
				t.Errorf("%s %q is taken as %v", c.typeName, c.in, v)
			}
			continue
		}
		if err != nil || v.String() != c.shown || v.Data() != c.data {
			t.Errorf("%s %q: %q, %q, %v; want %q, %q", c.typeName, c.in, v, v.Data(), err, c.shown, c.data)
		}
	}
}

package tuning

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestManaged(t *testing.T) {
	prior := Values{delay: DWORD(240), port: Absent}
	tests := []struct {
		name       string
		configured map[string]Configured
		original   Values
		released   []string
		known      bool
	}{
		{"unchanged", map[string]Configured{delay: Known, port: Known}, prior, nil, true},
		{"one removed", map[string]Configured{delay: Known}, Values{delay: DWORD(240)}, []string{port}, true},
		{"all removed", nil, Values{}, []string{delay, port}, true},
		{"one added", map[string]Configured{delay: Known, port: Known, alive: Known}, nil, nil, false},
		{"swapped", map[string]Configured{delay: Known, alive: Known}, nil, []string{port}, false},
		{"a managed one unknown may turn out null", map[string]Configured{delay: Known, port: Unknown}, nil, nil, false},
		{"another one unknown", map[string]Configured{delay: Known, port: Known, alive: Unknown}, nil, nil, false},
	}
	for _, tt := range tests {
		original, released, known := Managed(prior, tt.configured)
		if known != tt.known {
			t.Errorf("%s: known %v", tt.name, known)
		}
		if known && !reflect.DeepEqual(original, tt.original) {
			t.Errorf("%s: original %v, want %v", tt.name, original, tt.original)
		}
		var names []string
		for _, p := range released {
			names = append(names, p.Attribute)
		}
		// the catalogue's order
		if fmt.Sprint(names) != fmt.Sprint(tt.released) {
			t.Errorf("%s: released %v, want %v", tt.name, names, tt.released)
		}
	}
}

func TestReleaseWarnings(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(240), port: Absent, alive: DWORD(1)}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}
	_, released, _ := Managed(prior.Original, nil)
	observed := Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(1)}
	tests := []struct {
		onDestroy OnDestroy
		details   []string
		becomes   []string
	}{
		{Restore, []string{"TcpTimedWaitDelay is restored to REG_DWORD 240.", "MaxUserPort is deleted, since it did not exist before.", "KeepAliveTime was never written"},
			[]string{"will be restored to REG_DWORD 240", "will be deleted", "stays as it is"}},
		{Keep, []string{"TcpTimedWaitDelay stays", "MaxUserPort stays", "KeepAliveTime was never written"},
			[]string{"stays as it is", "stays as it is", "stays as it is"}},
		{WindowsDefault, []string{"TcpTimedWaitDelay is deleted", "MaxUserPort is deleted, so that", "KeepAliveTime was never written"},
			[]string{"will be deleted", "will be deleted", "stays as it is"}},
	}
	for _, tt := range tests {
		got := ReleaseWarnings(released, observed, prior, tt.onDestroy)
		if len(got) != len(tt.details) {
			t.Fatalf("%s: %v", tt.onDestroy, got)
		}
		for i, want := range tt.details {
			if !strings.HasPrefix(got[i].Detail, want) {
				t.Errorf("%s: %q, want %q", tt.onDestroy, got[i].Detail, want)
			}
			if !strings.Contains(got[i].Summary, " is no longer configured and "+tt.becomes[i]) {
				t.Errorf("summary %q, want %q", got[i].Summary, tt.becomes[i])
			}
		}
	}
}

func TestDestroyWarnings(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(240), port: Absent, alive: DWORD(1)}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}
	tests := []struct {
		onDestroy OnDestroy
		want      []string
	}{
		{Restore, []string{"KeepAliveTime"}},
		{Keep, []string{"TcpTimedWaitDelay", "MaxUserPort", "KeepAliveTime"}},
		{WindowsDefault, []string{"TcpTimedWaitDelay", "KeepAliveTime"}},
	}
	for _, tt := range tests {
		got := summaries(DestroyWarnings(Values{}, prior, tt.onDestroy))
		want := []string{}
		for _, name := range tt.want {
			want = append(want, name+" is not restored on destroy")
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", tt.onDestroy, got, want)
		}
	}
	if got := summaries(DestroyWarnings(Values{alive: DWORD(1)}, prior, Restore)); len(got) != 0 {
		t.Errorf("a value that is as it was found: %q", got)
	}
	if got := summaries(DestroyWarnings(Values{alive: DWORD(1)}, prior, WindowsDefault)); len(got) != 2 {
		t.Errorf("the default was asked for, and what was never written stays: %q", got)
	}
	prior.Written = nil
	if got := DestroyWarnings(Values{alive: DWORD(1)}, prior, Keep); len(got) != 3 {
		t.Errorf("a lost memory: %+v", got)
	}
}

func TestBecoming(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(240), port: Absent, alive: DWORD(1)}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}
	observed := Values{delay: DWORD(30), port: DWORD(65534), alive: DWORD(7)}
	for onDestroy, want := range map[OnDestroy]Values{
		Restore: {delay: DWORD(240), port: Absent, alive: DWORD(7)}, Keep: {delay: DWORD(30), port: DWORD(65534), alive: DWORD(7)}, WindowsDefault: {delay: Absent, port: Absent, alive: DWORD(7)},
	} {
		if got := Becoming(params(delay, port, alive), observed, prior, onDestroy); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", onDestroy, got, want)
		}
	}
}

func TestTakeover(t *testing.T) {
	original, warnings := Takeover(Values{delay: DWORD(30), port: String("65534"), alive: Absent}, nil)
	if want := (Values{delay: DWORD(30)}); !reflect.DeepEqual(original, want) {
		t.Errorf("original %v, want %v", original, want)
	}
	if got := summaries(warnings); len(got) != 1 || got[0] != `MaxUserPort is REG_SZ "65534"; Windows ignores it` {
		t.Errorf("warnings %q", got)
	}
}

// State is null where the host has the value with another type: what a release does
// is told by what it decides, not by what state saw.
func TestReleaseWarningOfAWrongType(t *testing.T) {
	prior := Prior{Original: Values{delay: Absent}, Written: Values{delay: DWORD(30)}}
	_, released, _ := Managed(prior.Original, nil)
	got := ReleaseWarnings(released, Values{}, prior, Restore)
	if len(got) != 1 || got[0].Summary != "TcpTimedWaitDelay is no longer configured and will be deleted" {
		t.Errorf("%+v", got)
	}
}

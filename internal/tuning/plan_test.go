package tuning

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const (
	delay = "tcp_timed_wait_delay"
	port  = "max_user_port"
	alive = "keep_alive_time"
)

// steps prints a plan's steps, so that tests compare what a reader would see.
func steps(list []Step) []string {
	out := []string{}
	for _, s := range list {
		out = append(out, s.String())
	}
	return out
}

func TestApply(t *testing.T) {
	tests := []struct {
		name      string
		observed  Values
		desired   Desired
		prior     Prior
		onDestroy OnDestroy
		steps     []string
		original  Values
		written   Values
		warnings  []string
	}{
		{
			name:     "create on a host without the values",
			desired:  Desired{delay: DWORD(30), port: DWORD(65534)},
			steps:    []string{"TcpTimedWaitDelay: absent -> REG_DWORD 30", "MaxUserPort: absent -> REG_DWORD 65534"},
			original: Values{delay: Absent, port: Absent},
			written:  Values{delay: DWORD(30), port: DWORD(65534)},
		},
		{
			name:     "create where one value is right already: no write, and it is not ours",
			observed: Values{delay: DWORD(30), port: DWORD(5000)},
			desired:  Desired{delay: DWORD(30), port: DWORD(65534)},
			steps:    []string{"MaxUserPort: REG_DWORD 5000 -> REG_DWORD 65534"},
			original: Values{delay: DWORD(30), port: DWORD(5000)},
			written:  Values{port: DWORD(65534)},
		},
		{
			name:     "takeover of REG_SZ and REG_QWORD records type and text",
			observed: Values{delay: String("30"), port: QWORD(65534)},
			desired:  Desired{delay: DWORD(30), port: DWORD(65534)},
			steps:    []string{`TcpTimedWaitDelay: REG_SZ "30" -> REG_DWORD 30`, "MaxUserPort: REG_QWORD 65534 -> REG_DWORD 65534"},
			original: Values{delay: String("30"), port: QWORD(65534)},
			written:  Values{delay: DWORD(30), port: DWORD(65534)},
			warnings: []string{`TcpTimedWaitDelay was REG_SZ "30"`, "MaxUserPort was REG_QWORD 65534"},
		},
		{
			name:     "update keeps the original and repairs a wrong type, even one that could not be taken over",
			observed: Values{delay: Opaque(TypeBinary)},
			desired:  Desired{delay: DWORD(30)},
			prior:    Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}},
			steps:    []string{"TcpTimedWaitDelay: REG_BINARY -> REG_DWORD 30"},
			original: Values{delay: DWORD(240)},
			written:  Values{delay: DWORD(30)},
		},
		{
			name:     "an attribute removed is restored",
			observed: Values{delay: DWORD(30), port: DWORD(65534)},
			desired:  Desired{port: DWORD(65534)},
			prior:    Prior{Original: Values{delay: DWORD(240), port: Absent}, Written: Values{delay: DWORD(30), port: DWORD(65534)}},
			steps:    []string{"TcpTimedWaitDelay: REG_DWORD 30 -> REG_DWORD 240"},
			original: Values{port: Absent},
			written:  Values{port: DWORD(65534)},
		},
		{
			name:      "an attribute removed with keep",
			observed:  Values{delay: DWORD(30)},
			desired:   Desired{},
			prior:     Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}},
			onDestroy: Keep,
			original:  Values{},
			written:   Values{},
		},
		{
			name:      "an attribute removed with windows_default",
			observed:  Values{delay: DWORD(30)},
			desired:   Desired{},
			prior:     Prior{Original: Values{delay: DWORD(240)}, Written: Values{delay: DWORD(30)}},
			onDestroy: WindowsDefault,
			steps:     []string{"TcpTimedWaitDelay: REG_DWORD 30 -> absent"},
			original:  Values{},
			written:   Values{},
		},
		{
			name:      "what we never wrote is released without a write, whatever on_destroy says",
			observed:  Values{delay: DWORD(30), port: DWORD(65534)},
			desired:   Desired{port: DWORD(65534)},
			prior:     Prior{Original: Values{delay: DWORD(30), port: DWORD(5000)}, Written: Values{port: DWORD(65534)}},
			onDestroy: WindowsDefault,
			original:  Values{port: DWORD(5000)},
			written:   Values{port: DWORD(65534)},
		},
		{
			name:     "a lost memory counts as written, and is known again after the update",
			observed: Values{delay: DWORD(30), port: DWORD(65534)},
			desired:  Desired{port: DWORD(65534)},
			prior:    Prior{Original: Values{delay: DWORD(240), port: DWORD(5000)}},
			steps:    []string{"TcpTimedWaitDelay: REG_DWORD 30 -> REG_DWORD 240"},
			original: Values{port: DWORD(5000)},
			written:  Values{port: DWORD(65534)},
		},
		{
			name:     "a lost memory: what is as it was found, and as it is wanted, does not count as written",
			observed: Values{delay: DWORD(30), port: DWORD(65534)},
			desired:  Desired{delay: DWORD(30), port: DWORD(65534)},
			prior:    Prior{Original: Values{delay: DWORD(30), port: DWORD(5000)}},
			original: Values{delay: DWORD(30), port: DWORD(5000)},
			written:  Values{port: DWORD(65534)},
		},
		{
			name:     "somebody changed the value before it was released",
			observed: Values{delay: DWORD(60)},
			desired:  Desired{},
			prior:    Prior{Original: Values{delay: Absent}, Written: Values{delay: DWORD(30)}},
			steps:    []string{"TcpTimedWaitDelay: REG_DWORD 60 -> absent"},
			original: Values{},
			written:  Values{},
			warnings: []string{"TcpTimedWaitDelay was REG_DWORD 60, not the 30 that was applied"},
		},
		{
			name:     "zero and the top of the range are numbers like others",
			observed: Values{alive: DWORD(0)},
			desired:  Desired{alive: DWORD(0xffffffff)},
			steps:    []string{"KeepAliveTime: REG_DWORD 0 -> REG_DWORD 4294967295"},
			original: Values{alive: DWORD(0)},
			written:  Values{alive: DWORD(0xffffffff)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onDestroy := tt.onDestroy
			if onDestroy == "" {
				onDestroy = Restore
			}
			plan, err := Apply(tt.observed, tt.desired, tt.prior, onDestroy)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(steps(plan.Steps)), fmt.Sprint(tt.steps); got != want {
				t.Errorf("steps %v, want %v", got, want)
			}
			if !reflect.DeepEqual(plan.Original, tt.original) {
				t.Errorf("original %v, want %v", plan.Original, tt.original)
			}
			if !reflect.DeepEqual(plan.Written, tt.written) {
				t.Errorf("written %v, want %v", plan.Written, tt.written)
			}
			if got, want := fmt.Sprint(summaries(plan.Warnings)), fmt.Sprint(tt.warnings); got != want {
				t.Errorf("warnings %v, want %v", got, want)
			}
		})
	}
}

func summaries(list []Warning) []string {
	out := []string{}
	for _, w := range list {
		out = append(out, w.Summary)
	}
	return out
}

func TestApplyRefusesWhatCannotBePutBack(t *testing.T) {
	plan, err := Apply(
		Values{delay: Opaque(TypeExpand), port: Opaque(TypeMulti)},
		Desired{delay: DWORD(30), port: DWORD(65534), alive: DWORD(300000)}, Prior{}, Restore)
	var refused *RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, plan %v", err, steps(plan.Steps))
	}
	for _, want := range []string{
		"TcpTimedWaitDelay is REG_EXPAND_SZ", "MaxUserPort is REG_MULTI_SZ",
		`reg delete "HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters" /v MaxUserPort /f`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

// A value that was never written and is as it was found (KeepAliveTime) is no news,
// unless the default was asked for.
func TestDestroy(t *testing.T) {
	prior := Prior{
		Original: Values{delay: DWORD(240), port: Absent, alive: DWORD(300000), "keep_alive_interval": String("1000"), "tcp_num_connections": DWORD(5)},
		Written:  Values{delay: DWORD(30), port: DWORD(65534), "keep_alive_interval": DWORD(2000)},
	}
	observed := Values{delay: DWORD(30), port: DWORD(60000), alive: DWORD(300000), "keep_alive_interval": DWORD(2000), "tcp_num_connections": DWORD(7)}
	tests := []struct {
		onDestroy OnDestroy
		steps     []string
		warnings  []string
	}{
		{Restore, []string{
			"TcpTimedWaitDelay: REG_DWORD 30 -> REG_DWORD 240", "MaxUserPort: REG_DWORD 60000 -> absent", `KeepAliveInterval: REG_DWORD 2000 -> REG_SZ "1000"`,
		}, []string{"MaxUserPort was REG_DWORD 60000, not the 65534 that was applied", "TcpNumConnections is not restored on destroy"}},
		{Keep, []string{}, []string{"TcpTimedWaitDelay is not restored on destroy", "MaxUserPort is not restored on destroy",
			"KeepAliveInterval is not restored on destroy", "TcpNumConnections is not restored on destroy"}},
		{WindowsDefault, []string{
			"TcpTimedWaitDelay: REG_DWORD 30 -> absent", "MaxUserPort: REG_DWORD 60000 -> absent", "KeepAliveInterval: REG_DWORD 2000 -> absent",
		}, []string{"MaxUserPort was REG_DWORD 60000, not the 65534 that was applied", "TcpTimedWaitDelay is not restored on destroy", "KeepAliveTime is not restored on destroy",
			"KeepAliveInterval is not restored on destroy", "TcpNumConnections is not restored on destroy"}},
	}
	for _, tt := range tests {
		plan := Destroy(observed, prior, tt.onDestroy)
		if got := steps(plan.Steps); !reflect.DeepEqual(got, tt.steps) {
			t.Errorf("%s: steps %q, want %q", tt.onDestroy, got, tt.steps)
		}
		if got := summaries(plan.Warnings); !reflect.DeepEqual(got, tt.warnings) {
			t.Errorf("%s: warnings %q, want %q", tt.onDestroy, got, tt.warnings)
		}
	}
}

// A lost memory does not turn into a write where the value is as it was found.
func TestDestroyWithALostMemory(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(30), port: DWORD(5000)}}
	plan := Destroy(Values{delay: DWORD(30), port: DWORD(65534)}, prior, WindowsDefault)
	if got := fmt.Sprint(steps(plan.Steps)); got != "[MaxUserPort: REG_DWORD 65534 -> absent]" {
		t.Errorf("steps %s", got)
	}
}

func TestDestroyOfRestoredHostWritesNothing(t *testing.T) {
	prior := Prior{Original: Values{delay: DWORD(240), port: Absent}, Written: Values{delay: DWORD(30), port: DWORD(65534)}}
	if plan := Destroy(Values{delay: DWORD(240)}, prior, Restore); len(plan.Steps)+len(plan.Warnings) != 0 {
		t.Errorf("steps %v, warnings %v", steps(plan.Steps), plan.Warnings)
	}
}

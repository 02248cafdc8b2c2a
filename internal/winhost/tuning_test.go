package winhost

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

func TestReadTuningTellsTypesApart(t *testing.T) {
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		sim.SetDWORD("tcptimedwaitdelay", 0x80000000)
		sim.SetDWORD("StrictTimeWaitSeqCheck", 0)
		sim.SetString("MaxUserPort", `<65534> & "more" `)
		sim.SetString("KeepAliveInterval", "")
		sim.SetExpandString("KeepAliveTime", "%windir%")
		sim.SetBinary("TcpNumConnections", []byte{1, 2, 3})
		got, err := host.ReadTuning(within(t), tcpip.Catalogue)
		if err != nil {
			t.Fatal(err)
		}
		want := tuning.Values{
			"tcp_timed_wait_delay":         tuning.DWORD(0x80000000),
			"strict_time_wait_seq_check":   tuning.DWORD(0),
			"max_user_port":                tuning.String(`<65534> & "more" `),
			"keep_alive_interval":          tuning.String(""),
			"keep_alive_time":              tuning.Opaque(tuning.TypeExpand),
			"tcp_num_connections":          tuning.Opaque(tuning.TypeBinary),
			"tcp_max_data_retransmissions": tuning.Absent,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

// A QWORD is read where StdRegProv can; on 2003 it cannot, and the value counts
// as one that cannot be put back.
func TestReadTuningQWORD(t *testing.T) {
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		sim.SetQWORD("MaxUserPort", 0xffffffffffffffff)
		got, err := host.ReadTuning(within(t), parameters("max_user_port"))
		if err != nil {
			t.Fatal(err)
		}
		want := tuning.QWORD(0xffffffffffffffff)
		system, err := host.ReadSystem(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if system.Build == tcpip.Server2003 {
			want = tuning.Opaque(tuning.TypeQWORD)
		}
		if got["max_user_port"] != want {
			t.Errorf("got %v, want %v", got["max_user_port"], want)
		}
	})
}

func TestWriteTuningAndBack(t *testing.T) {
	everyShape(t, func(t *testing.T, sim *winsim.Host, host *Host) {
		p := parameters("max_user_port")[0]
		values := []tuning.Value{
			tuning.DWORD(0), tuning.DWORD(0x7fffffff), tuning.DWORD(0x80000000), tuning.DWORD(0xffffffff),
			tuning.String("30"), tuning.String("a\r\n\t<&>\"'é 日"), tuning.DWORD(5000), tuning.Absent, tuning.Absent, tuning.DWORD(65534),
		}
		before := tuning.Absent
		for _, value := range values {
			if err := host.WriteTuning(within(t), one(p, before, value)); err != nil {
				t.Fatalf("%s: %v", value, err)
			}
			got, err := host.ReadTuning(within(t), []tcpip.Parameter{p})
			if err != nil {
				t.Fatalf("%s: %v", value, err)
			}
			if got[p.Attribute] != value {
				t.Fatalf("wrote %s, read %s; the host has %v", value, got[p.Attribute], shown(sim.Value(p.ValueName)))
			}
			before = value
		}
	})
}

func shown(value string, ok bool) string {
	if !ok {
		return "nothing"
	}
	return value
}

func TestWriteTuningFailure(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := reach(t, sim)
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "SetDWORDValue" {
			return winsim.AccessDenied
		}
		return winsim.Proceed
	})
	err := host.WriteTuning(within(t), one(parameters("max_user_port")[0], tuning.Absent, tuning.DWORD(65534)))
	var failed *tuning.WriteError
	if !errors.As(err, &failed) || failed.Uncertain || failed.Step.Parameter.Attribute != "max_user_port" || !errors.Is(err, ErrAccessDenied) {
		t.Errorf("error %#v", err)
	}
	if !strings.Contains(err.Error(), "MaxUserPort") || !strings.Contains(err.Error(), "access denied") {
		t.Errorf("the error names neither value nor cause: %v", err)
	}
}

// Whether a lost reply means that the write happened is found out by reading; the
// write is never sent again.
func TestWriteTuningLostReply(t *testing.T) {
	for name, tt := range map[string]struct {
		action winsim.Action
		ok     bool
	}{
		"done, reply lost":        {winsim.LoseReply, true},
		"not done, no reply":      {winsim.DropBefore, false},
		"done, garbled answer":    {winsim.Raw(200, "text/html", "<html>"), false},
		"HTTP 500 without a SOAP": {winsim.Raw(500, "", ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			sim := winsim.Start(t, winsim.Server2022())
			host := reach(t, sim)
			if _, err := host.ReadTuning(within(t), tcpip.Catalogue); err != nil { // the connection is a kept one
				t.Fatal(err)
			}
			sim.Intercept(func(call winsim.Call) winsim.Action {
				if call.Method == "SetDWORDValue" {
					return tt.action
				}
				return winsim.Proceed
			})
			sim.ResetCounters()
			err := host.WriteTuning(within(t), one(parameters("max_user_port")[0], tuning.Absent, tuning.DWORD(65534)))
			if (err == nil) != tt.ok {
				t.Errorf("error %v", err)
			}
			if n := sim.Counters().Methods["SetDWORDValue"]; n != 1 {
				t.Errorf("SetDWORDValue was sent %d times", n)
			}
		})
	}
}

// A value that goes or changes its type between the listing and the reading makes
// the read start again, once.
func TestReadTuningSeesAChangeMeanwhile(t *testing.T) {
	p := parameters("max_user_port")
	tests := map[string]struct {
		change func(*winsim.Host)
		want   tuning.Value
	}{
		"deleted":      {func(sim *winsim.Host) { sim.DeleteValue("MaxUserPort") }, tuning.Absent},
		"another type": {func(sim *winsim.Host) { sim.SetString("MaxUserPort", "30") }, tuning.String("30")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sim := winsim.Start(t, winsim.Server2022())
			sim.SetDWORD("MaxUserPort", 5000)
			sim.Intercept(func(call winsim.Call) winsim.Action {
				if call.Method == "GetDWORDValue" && call.N == 1 {
					return winsim.BeforeDo(func() { tt.change(sim) })
				}
				return winsim.Proceed
			})
			got, err := reach(t, sim).ReadTuning(within(t), p)
			if err != nil || got["max_user_port"] != tt.want {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	t.Run("for ever", func(t *testing.T) {
		sim := winsim.Start(t, winsim.Server2022())
		sim.SetDWORD("MaxUserPort", 5000)
		sim.Intercept(func(call winsim.Call) winsim.Action {
			if call.Method == "GetDWORDValue" {
				return winsim.ReturnValue(returnNoValue)
			}
			return winsim.Proceed
		})
		if got, err := reach(t, sim).ReadTuning(within(t), p); !errors.Is(err, ErrNotExist) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// The budget: a refresh of two values takes 3 operations on one connection, after
// a handshake of 2 round trips, and 3 on the connection that was kept.
func TestReadTuningBudget(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.SetDWORD("TcpTimedWaitDelay", 30)
	sim.SetDWORD("MaxUserPort", 65534)
	host := reach(t, sim)
	for i, want := range []int64{5, 3} {
		before := host.Stats()
		if _, err := host.ReadTuning(within(t), parameters("tcp_timed_wait_delay", "max_user_port")); err != nil {
			t.Fatal(err)
		}
		if trips := host.Stats().RoundTrips - before.RoundTrips; trips != want {
			t.Errorf("read %d took %d round trips, want %d", i+1, trips, want)
		}
	}
	if n := host.Stats().Connections; n != 1 {
		t.Errorf("%d connections", n)
	}
}

// A deletion is a write: it is not repeated, and its refusal is an error.
func TestDeleteIsAWrite(t *testing.T) {
	p := parameters("max_user_port")[0]
	for name, action := range map[string]winsim.Action{"dropped": winsim.DropBefore, "refused": winsim.AccessDenied} {
		sim := winsim.Start(t, winsim.Server2022())
		sim.SetDWORD("MaxUserPort", 5000)
		host := reach(t, sim)
		if _, err := host.ReadTuning(within(t), tcpip.Catalogue); err != nil {
			t.Fatal(err)
		}
		sim.ResetCounters()
		sim.Intercept(func(call winsim.Call) winsim.Action {
			if call.Method == "DeleteValue" {
				return action
			}
			return winsim.Proceed
		})
		err := host.WriteTuning(within(t), one(p, tuning.DWORD(5000), tuning.Absent))
		if err == nil || sim.Counters().Methods["DeleteValue"] != 1 {
			t.Errorf("%s: %v, sent %d times", name, err, sim.Counters().Methods["DeleteValue"])
		}
	}
}

// Denied, busy or a failure that passes is not "the host has no such method": the
// value would count as one that could not be put back, and a Create would be refused.
func TestQWORDThatIsDenied(t *testing.T) {
	for name, action := range map[string]winsim.Action{
		"denied": winsim.AccessDeniedFault, "busy": winsim.Busy,
		"internal error":    refusal(`<s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode>`, ``),
		"WBEM_E_FAILED":     refusal(``, extendedStatus(0x80041001)),
		"no such namespace": refusal(``, extendedStatus(0x8004100E)),
	} {
		sim := winsim.Start(t, winsim.Server2022())
		sim.SetQWORD("MaxUserPort", 5000)
		sim.Intercept(func(call winsim.Call) winsim.Action {
			if call.Method == "GetQWORDValue" {
				return action
			}
			return winsim.Proceed
		})
		if got, err := reach(t, sim).ReadTuning(within(t), parameters("max_user_port")); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// refusal is a fault of a given Subcode and Detail.
func refusal(subcode, detail string) winsim.Action {
	return winsim.Answer(500, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body><s:Fault>`+
		`<s:Code><s:Value>s:Receiver</s:Value>`+subcode+`</s:Code><s:Detail>`+detail+`</s:Detail></s:Fault></s:Body></s:Envelope>`)
}

// extendedStatus is what a classic WMI provider puts into a fault.
func extendedStatus(code uint32) string {
	return fmt.Sprintf(`<f:WSManFault Code="2150859010"><f:Message><f:ProviderFault provider="WMI Provider"><f:ExtendedError>`+
		`<p:__ExtendedStatus><p:StatusCode>%d</p:StatusCode></p:__ExtendedStatus>`+
		`</f:ExtendedError></f:ProviderFault></f:Message></f:WSManFault>`, code)
}

// A host without the method: the value counts as one that cannot be put back.
func TestQWORDWithoutTheMethod(t *testing.T) {
	for name, action := range map[string]winsim.Action{
		"GetMethod's WBEM_E_NOT_FOUND":  refusal(``, extendedStatus(0x80041002)),
		"WBEM_E_INVALID_METHOD":         refusal(``, extendedStatus(0x8004102E)),
		"WBEM_E_METHOD_NOT_IMPLEMENTED": refusal(``, extendedStatus(0x80041055)),
		"CIM's METHOD_NOT_FOUND":        refusal(``, `<p:MSFT_WmiError><p:CIMStatusCode>17</p:CIMStatusCode></p:MSFT_WmiError>`),
		"an Action that is not known":   refusal(`<s:Subcode><s:Value>a:ActionNotSupported</s:Value></s:Subcode>`, ``),
	} {
		sim := winsim.Start(t, winsim.Server2022())
		sim.SetQWORD("MaxUserPort", 5000)
		sim.Intercept(func(call winsim.Call) winsim.Action {
			if call.Method == "GetQWORDValue" {
				return action
			}
			return winsim.Proceed
		})
		got, err := reach(t, sim).ReadTuning(within(t), parameters("max_user_port"))
		if err != nil || got["max_user_port"] != tuning.Opaque(tuning.TypeQWORD) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// A text that is too long for a number is not kept as an original.
func TestReadTuningLongText(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := reach(t, sim)
	for length, want := range map[int]bool{maxText: true, maxText + 1: false} {
		sim.SetString("MaxUserPort", strings.Repeat("x", length))
		got, err := host.ReadTuning(within(t), parameters("max_user_port"))
		if err != nil || got["max_user_port"].Restorable() != want {
			t.Errorf("%d bytes: %v, %v", length, got["max_user_port"].Restorable(), err)
		}
	}
}

// Answers that are no answers.
func TestReadTuningRefusesNonsense(t *testing.T) {
	for name, code := range map[string]uint32{"bad key": 6, "unheard of": 1450, "no key": 2} {
		t.Run(name, func(t *testing.T) {
			sim := winsim.Start(t, winsim.Server2022())
			sim.Intercept(func(winsim.Call) winsim.Action { return winsim.ReturnValue(code) })
			got, err := reach(t, sim).ReadTuning(within(t), tcpip.Catalogue)
			var refused *ReturnValueError
			if !errors.As(err, &refused) || refused.Code != code || refused.Method != "EnumValues" {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// timedOut is the fault of a host that stopped waiting for WMI, which goes on.
const timedOut = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Body><s:Fault>` +
	`<s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">late</s:Text></s:Reason>` +
	`<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150858793" Machine="x"/></s:Detail></s:Fault></s:Body></s:Envelope>`

// Which answers leave it open whether a write was done, or will be.
func TestWriteThatMayStillLand(t *testing.T) {
	for name, tt := range map[string]struct {
		action    winsim.Action
		uncertain bool
	}{
		"the host's own time-out": {winsim.Answer(500, timedOut), true},
		"access denied to WMI":    {winsim.AccessDeniedFault, false},
		"access denied to a key":  {winsim.AccessDenied, false},
		"a quota":                 {winsim.Busy, false},
	} {
		sim := winsim.Start(t, winsim.Server2022())
		host := reach(t, sim)
		sim.Intercept(func(call winsim.Call) winsim.Action {
			if call.Method == "SetDWORDValue" {
				return tt.action
			}
			return winsim.Proceed
		})
		err := host.WriteTuning(within(t), one(parameters("max_user_port")[0], tuning.Absent, tuning.DWORD(65534)))
		var failed *tuning.WriteError
		if !errors.As(err, &failed) || failed.Uncertain != tt.uncertain {
			t.Errorf("%s: %v", name, err)
		}
	}
}

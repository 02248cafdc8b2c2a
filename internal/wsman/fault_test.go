package wsman

import (
	"errors"
	"strings"
	"testing"
)

func faultOf(t *testing.T, detail string) *Fault {
	t.Helper()
	reply, err := parseEnvelope([]byte(soap(`<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:SchemaValidationError</s:Value></s:Subcode></s:Code>`+
		`<s:Reason><s:Text xml:lang="">  Der Grund,
		in zwei Zeilen.</s:Text></s:Reason><s:Detail>`+detail+`</s:Detail></s:Fault>`)), nil, nil)
	if err != nil || reply.fault == nil {
		t.Fatalf("%v, %+v", err, reply)
	}
	return reply.fault
}

// The shapes are those that facts/wsman.md lists, seen by other clients on real Windows.
func TestShapesOfFaults(t *testing.T) {
	for name, test := range map[string]struct {
		detail string
		want   Fault
	}{
		"no detail": {``, Fault{Subcode: "SchemaValidationError", Message: "Der Grund, in zwei Zeilen."}},
		"WSManFault with text": {
			`<f:WSManFault xmlns:f="x" Code="5" Machine="mail01"><f:Message>Access is denied. </f:Message></f:WSManFault>`,
			Fault{Code: 5, Machine: "mail01", Message: "Access is denied."},
		},
		"nested, as 2012 R2 sends it": {
			`<w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/x</w:FaultDetail>` +
				`<f:WSManFault xmlns:f="x" Code="2150859010" Machine="mail01"><f:Message><f:ProviderFault provider="WMI Provider" path="%systemroot%\system32\WsmWmiPl.dll">` +
				`<f:WSManFault Code="2150859011" Machine="MAIL01.contoso.example"><f:Message>The WMI service returned an &lt;error&gt;.</f:Message></f:WSManFault>` +
				`<f:ExtendedError><p:__ExtendedStatus xmlns:p="y"><p:Operation>ExecQuery</p:Operation><p:ParameterInfo>select</p:ParameterInfo><p:ProviderName>WinMgmt</p:ProviderName>` +
				`<p:StatusCode xsi:nil="true" xmlns:xsi="z"/></p:__ExtendedStatus></f:ExtendedError></f:ProviderFault></f:Message></f:WSManFault>`,
			Fault{Code: 2150859010, InnerCode: 2150859011, Machine: "MAIL01.contoso.example", Provider: "WMI Provider", Message: "The WMI service returned an <error>."},
		},
		"ProviderFault is bare text": {
			`<f:WSManFault Code="2147942405" Machine="m"><f:Message><f:ProviderFault provider="p">No access.</f:ProviderFault></f:Message></f:WSManFault>`,
			Fault{Code: 2147942405, Machine: "m", Provider: "p", Message: "No access."},
		},
		"status of the provider": {
			`<f:WSManFault Code="2150859010"><f:Message><f:ProviderFault><f:ExtendedError><p:__ExtendedStatus><p:ProviderName>WinMgmt</p:ProviderName><p:StatusCode>2147749902</p:StatusCode>` +
				`</p:__ExtendedStatus></f:ExtendedError></f:ProviderFault></f:Message></f:WSManFault>`,
			Fault{Code: 2150859010, WMICode: 0x8004100E, Provider: "WinMgmt", Message: "Der Grund, in zwei Zeilen."},
		},
		"MSFT_WmiError beside it": {
			`<f:WSManFault Code="2150859010"><f:Message>M</f:Message></f:WSManFault><p:MSFT_WmiError><p:CIMStatusCode>4</p:CIMStatusCode><p:error_Code>87</p:error_Code><p:Message>N</p:Message></p:MSFT_WmiError>`,
			Fault{Code: 2150859010, WMICode: 87, CIMStatus: 4, Message: "M"},
		},
		"MSFT_WmiError alone": {
			`<p:MSFT_WmiError><p:CIMStatusCode>27</p:CIMStatusCode><p:error_Code>0</p:error_Code><p:MessageID>HRESULT 0x803381a6</p:MessageID><p:Message>N</p:Message></p:MSFT_WmiError>`,
			Fault{Code: 2150859174, WMICode: 2150859174, CIMStatus: 27, Message: "Der Grund, in zwei Zeilen."},
		},
		"signed status": {
			`<p:MSFT_WmiError><p:error_Code>-2147217405</p:error_Code></p:MSFT_WmiError>`,
			Fault{WMICode: wbemAccessDenied, Message: "Der Grund, in zwei Zeilen."},
		},
		"numbers that are none": {
			`<f:WSManFault Code="4294967296" Machine="m"/><p:MSFT_WmiError><p:error_Code>x</p:error_Code><p:CIMStatusCode>99999999999999999999</p:CIMStatusCode><p:MessageID>HRESULT zz</p:MessageID></p:MSFT_WmiError>`,
			Fault{Machine: "m", Message: "Der Grund, in zwei Zeilen."},
		},
	} {
		test.want.Subcode = "SchemaValidationError"
		if got := faultOf(t, test.detail); *got != test.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, *got, test.want)
		}
	}
}

func TestPredicatesGoByCodes(t *testing.T) {
	type predicates struct{ denied, busy, timeout, class bool }
	for _, test := range []struct {
		fault Fault
		want  predicates
	}{
		{Fault{}, predicates{}},
		{Fault{Message: "Access is denied. 5"}, predicates{}},
		{Fault{Code: 5}, predicates{denied: true}},
		{Fault{Code: 2147942405}, predicates{denied: true}},
		{Fault{Code: 2150859010, InnerCode: 5}, predicates{denied: true}},
		{Fault{WMICode: 2147749891}, predicates{denied: true}},
		{Fault{CIMStatus: 2}, predicates{denied: true}},
		{Fault{Subcode: "AccessDenied"}, predicates{denied: true}},
		{Fault{Code: 2150859173}, predicates{busy: true}},
		{Fault{Code: 2150859174}, predicates{busy: true}},
		{Fault{Code: 2150859175}, predicates{busy: true}},
		{Fault{Code: 2150859176}, predicates{busy: true}},
		{Fault{Code: 2150859177}, predicates{}}, // another user's shell
		{Fault{Code: 2150859178}, predicates{}},
		{Fault{Code: 2150859179}, predicates{busy: true}},
		{Fault{Code: 2150859235}, predicates{}},
		{Fault{Code: 2150859236}, predicates{busy: true}},
		{Fault{WMICode: 2150859240}, predicates{busy: true}},
		{Fault{Code: 2150859242}, predicates{busy: true}},
		{Fault{Code: 2150859243}, predicates{}},
		{Fault{Code: 2150859180}, predicates{}},
		{Fault{Code: 2150858793}, predicates{timeout: true}},
		{Fault{Subcode: "TimedOut"}, predicates{timeout: true}},
		{Fault{Code: 2150858778}, predicates{class: true}},
		{Fault{Code: 2150859010, WMICode: 2147749904}, predicates{class: true}},
		{Fault{CIMStatus: 3}, predicates{class: true}},
		{Fault{CIMStatus: 5}, predicates{class: true}},
		{Fault{CIMStatus: 6}, predicates{}},
	} {
		f := &test.fault
		if got := (predicates{f.AccessDenied(), f.Busy(), f.OperationTimeout(), f.UnknownClass()}); got != test.want {
			t.Errorf("%+v: %+v", test.fault, got)
		}
	}
}

func TestAnUnknownMethodIsSaidByItsCodes(t *testing.T) {
	for _, test := range []struct {
		fault          Fault
		unknown, vague bool
	}{
		{Fault{Code: 2150858771}, true, true},
		{Fault{Code: 2150858753}, true, true},
		{Fault{Subcode: "ActionNotSupported"}, true, true},
		{Fault{Code: 2150859010, WMICode: 0x80041002}, true, false},
		{Fault{Code: 2150859010, WMICode: 0x8004102E}, true, false},
		{Fault{WMICode: 0x80041055}, true, false},
		{Fault{CIMStatus: 16}, true, false},
		{Fault{CIMStatus: 17}, true, false},
		{Fault{Code: 2150859010, Subcode: "InternalError"}, false, true},
		{Fault{Code: 2150859010, WMICode: 0x80041001}, false, false},
		{Fault{CIMStatus: 1}, false, false},
		{Fault{CIMStatus: 6}, false, false},
		{Fault{Code: 5}, false, false},
		{Fault{Code: 2150859174}, false, false},
		{Fault{Subcode: "TimedOut"}, false, false},
	} {
		if unknown, vague := test.fault.UnknownMethod(), test.fault.Vague(); unknown != test.unknown || vague != test.vague {
			t.Errorf("%+v: unknown %t, vague %t", test.fault, unknown, vague)
		}
	}
}

func TestAFaultSaysItsCodes(t *testing.T) {
	err := error(&Fault{Code: 2150859010, WMICode: 0x80041010, CIMStatus: 5, Subcode: "InternalError", HTTPStatus: 500, Message: "No such class."})
	want := "the host answered with a fault: No such class. (WSManFault 2150859010 (0x80338102), WMI error 2147749904 (0x80041010), CIM status 5, InternalError, HTTP 500)"
	if err.Error() != want {
		t.Error(err)
	}
}

func TestAFaultIsAnErrorWhateverTheStatus(t *testing.T) {
	for _, status := range []int{200, 400, 403, 413, 500, 503} {
		client := host(t, func(string) (int, string) {
			return status, soap(`<s:Fault><s:Detail><f:WSManFault Code="5"/></s:Detail></s:Fault>`)
		})
		_, err := client.Invoke(t.Context(), setValue())
		var fault *Fault
		if !errors.As(err, &fault) || fault.HTTPStatus != status || !fault.AccessDenied() {
			t.Errorf("HTTP %d: %v", status, err)
		}
		if err != nil && !strings.Contains(err.Error(), "StdRegProv.SetDWORDValue on 127.0.0.1:") {
			t.Errorf("%v does not say what and where", err)
		}
	}
}

func setValue() Invocation {
	return Invocation{Namespace: "root/default", Class: "StdRegProv", Method: "SetDWORDValue"}
}

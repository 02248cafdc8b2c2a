package provider

import (
	"context"
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

func settingsSchema(t *testing.T) tfsdk.State {
	t.Helper()
	ctx := context.Background()
	var resp datasource.SchemaResponse
	newTCPIPSettingsDataSource().Schema(ctx, datasource.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(ctx); diags.HasError() {
		t.Fatal(diags)
	}
	for name, attribute := range resp.Schema.Attributes {
		if attribute.IsRequired() != (name == "host") || attribute.IsComputed() != (name != "host") {
			t.Errorf("%s: required %v, computed %v", name, attribute.IsRequired(), attribute.IsComputed())
		}
	}
	return tfsdk.State{Schema: resp.Schema}
}

// Whatever was or was not read fits the schema, and what was not read is null.
func TestSettingsOfAnyFacts(t *testing.T) {
	ctx := context.Background()
	role, strange := uint32(3), uint32(9)
	journal := tuning.Journal{Owner: "OWNER", Since: time.Unix(1, 0), Machine: tuning.Machine{Computer: "MAIL01"}, Original: tuning.Values{"max_user_port": tuning.String("5000")}}
	pool := tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv6}
	for name, f := range map[string]audit.Facts{
		"nothing": {},
		"all empty": {Names: map[string]tuning.Type{}, Values: tuning.Values{}, Ranges: map[tcpip.Pool]tcpip.PortRange{}, Excluded: []audit.Exclusion{},
			Listeners: []audit.Listener{}, Journal: &tuning.Found{}, Policies: []audit.Policy{}},
		"a bit": {System: audit.System{Build: tcpip.Server2022, ProductType: 7, DomainRole: &strange}, Ranges: map[tcpip.Pool]tcpip.PortRange{pool: tcpip.DefaultPortRange},
			Journal: &tuning.Found{Err: context.Canceled}},
		"much": {System: audit.System{Build: tcpip.Server2022, ProductType: 3, DomainRole: &role}, Machine: tuning.Machine{Computer: "MAIL01"},
			Values: tuning.Values{"keep_alive_time": tuning.Opaque(tuning.TypeBinary), "tcp_num_connections": tuning.QWORD(1 << 63)},
			Ranges: map[tcpip.Pool]tcpip.PortRange{pool: tcpip.DefaultPortRange}, Excluded: []audit.Exclusion{{Pool: pool, Ports: tcpip.DefaultPortRange}},
			AutoReuse: &tcpip.PortRange{Start: 50000, Number: 10}, Journal: &tuning.Found{Journal: &journal},
			Listeners: []audit.Listener{{Address: netip.MustParseAddrPort("[::]:49664"), PID: 7}, {Address: netip.MustParseAddrPort("0.0.0.0:49664"), PID: 7}},
			Missing:   []audit.Missing{{Part: "processes", Why: "denied", Of: audit.PartProcesses}}},
	} {
		state := settingsSchema(t)
		var model tcpipSettingsModel
		model.fill(f)
		if diags := state.Set(ctx, &model); diags.HasError() {
			t.Errorf("%s: %v", name, diags)
		}
		text, err := json.Marshal(model)
		if err != nil {
			t.Fatal(err)
		}
		if read := map[string]bool{"Values": model.Values != nil, "Excluded": model.Excluded != nil}; read["Values"] != (f.Values != nil) || read["Excluded"] != (f.Excluded != nil) ||
			model.Findings == nil || model.Notes == nil || len(model.Notes) != len(f.Missing) {
			t.Errorf("%s: %s", name, text)
		}
		if name == "much" && (model.Listeners != nil || model.ManagedBy == nil || model.ManagedBy.Original["max_user_port"] != `REG_SZ "5000"` ||
			model.PortRanges.TCP.IPv4 != nil || model.PortRanges.TCP.IPv6.Last != 65535 || model.PortRanges.UDP != nil || model.OperatingSystem.ProductType != "server") {
			t.Errorf("%s", text)
		}
		if name != "much" && (model.ManagedBy != nil || model.OperatingSystem.DomainRole != nil) {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// What Windows goes by is told only as far as it is documented.
func TestInEffect(t *testing.T) {
	for name, c := range map[string]struct {
		build     tcpip.Build
		attribute string
		value     tuning.Value
		want      string
	}{
		"absent":                          {tcpip.Server2022, "tcp_timed_wait_delay", tuning.Absent, "default"},
		"a text":                          {tcpip.Server2003, "tcp_timed_wait_delay", tuning.String("30"), "default"},
		"a REG_QWORD":                     {tcpip.Server2022, "tcp_timed_wait_delay", tuning.QWORD(30), "default"},
		"30 s on 2022":                    {tcpip.Server2022, "tcp_timed_wait_delay", tuning.DWORD(30), "value"},
		"29 s on 2022":                    {tcpip.Server2022, "tcp_timed_wait_delay", tuning.DWORD(29), "unknown"},
		"29 s on 2003":                    {tcpip.Server2003, "tcp_timed_wait_delay", tuning.DWORD(29), "value"},
		"301 s on 2003":                   {tcpip.Server2003, "tcp_timed_wait_delay", tuning.DWORD(301), "unknown"},
		"MaxUserPort on 2003":             {tcpip.Server2003, "max_user_port", tuning.DWORD(65534), "value"},
		"MaxUserPort on 2003, past range": {tcpip.Server2003, "max_user_port", tuning.DWORD(65535), "unknown"},
		"MaxUserPort on 2008 R2":          {tcpip.Server2008R2, "max_user_port", tuning.DWORD(65534), "unknown"},
		"MaxUserPort, a text, on 2022":    {tcpip.Server2022, "max_user_port", tuning.String("65534"), "default"},
		"StrictTimeWaitSeqCheck":          {tcpip.Server2003, "strict_time_wait_seq_check", tuning.DWORD(1), "unknown"},
		"TcpNumConnections on 2003":       {tcpip.Server2003, "tcp_num_connections", tuning.DWORD(0xfffffe), "value"},
		"TcpNumConnections on 2019":       {tcpip.Server2019, "tcp_num_connections", tuning.DWORD(0xfffffe), "unknown"},
		"KeepAliveTime, the largest":      {tcpip.Server2022, "keep_alive_time", tuning.DWORD(0xffffffff), "value"},
		"KeepAliveTime of 0":              {tcpip.Server2022, "keep_alive_time", tuning.DWORD(0), "unknown"},
	} {
		var model tcpipSettingsModel
		// What is said of a neighbour is not said of it.
		values := tuning.Values{"strict_time_wait_seq_check": tuning.DWORD(1)}
		values[c.attribute] = c.value
		model.fill(audit.Facts{System: audit.System{Build: c.build}, Values: values})
		got := model.Values[c.attribute]
		if got.InEffect != c.want || got.Found != c.value.String() || (got.Type == nil) == c.value.Present {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
		if other := model.Values["strict_time_wait_seq_check"]; c.attribute != "strict_time_wait_seq_check" && other.InEffect != "unknown" {
			t.Errorf("%s: the neighbour is %+v", name, other)
		}
		if number, ok := c.value.DWORD(); ok != (got.Number != nil) || ok && *got.Number != int64(number) {
			t.Errorf("%s: number %v", name, got.Number)
		}
	}
}

// The default is a number only where one is known, or at least reported.
func TestDefaultsOfSettings(t *testing.T) {
	type row struct {
		number int64 // -1: null
		known  bool
		note   bool
	}
	for build, want := range map[tcpip.Build]map[string]row{
		tcpip.Windows2000: {"tcp_timed_wait_delay": {240, true, false}, "max_user_port": {5000, true, true}},
		tcpip.Server2003:  {"tcp_timed_wait_delay": {120, true, true}, "max_user_port": {5000, true, true}, "keep_alive_time": {7200000, true, false}},
		tcpip.Server2022:  {"tcp_timed_wait_delay": {240, false, true}, "max_user_port": {-1, false, true}, "tcp_num_connections": {0xfffffe, true, false}},
		0:                 {"tcp_timed_wait_delay": {-1, false, false}},
	} {
		var model tcpipSettingsModel
		model.fill(audit.Facts{System: audit.System{Build: build}, Values: tuning.Values{}})
		if len(model.Values) != len(tcpip.Catalogue) {
			t.Errorf("build %d: %d values", build, len(model.Values))
		}
		for attribute, row := range want {
			got := model.Values[attribute]
			if (got.Default == nil) != (row.number < 0) || got.Default != nil && *got.Default != row.number || got.DefaultKnown != row.known || (got.DefaultNote != nil) != row.note {
				t.Errorf("build %d, %s: %+v", build, attribute, got)
			}
		}
	}
}

// One warning names what could not be read, and policies are in no warning.
func TestNotWhole(t *testing.T) {
	policies := audit.Missing{Part: "policies", Why: "access denied", Of: audit.PartPolicies}
	for name, c := range map[string]struct {
		missing []audit.Missing
		want    string // the summary; empty: none
	}{
		"all there": {nil, ""},
		"policies":  {[]audit.Missing{policies}, ""},
		"more": {[]audit.Missing{policies, {Part: "excluded ranges", Why: "no shell", Of: audit.PartExcluded}, {Part: "listeners", Why: "denied", Of: audit.PartListeners}},
			"mail01: not read: excluded ranges, listeners"},
	} {
		diags := notWhole("mail01", audit.Facts{Missing: c.missing})
		if len(diags) != min(len(c.want), 1) || len(diags) == 1 && (diags[0].Summary() != c.want || !strings.Contains(diags[0].Detail(), "excluded ranges: no shell") || strings.Contains(diags[0].Detail(), "policies")) {
			t.Errorf("%s: %v", name, diags)
		}
	}
}

func TestProviderHasItsDataSources(t *testing.T) {
	ctx := context.Background()
	names := map[string]bool{}
	for _, newSource := range New("test")().DataSources(ctx) {
		var resp datasource.MetadataResponse
		newSource().Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "windows"}, &resp)
		names[resp.TypeName] = true
	}
	if want := map[string]bool{"windows_socket_stats": true, "windows_tcpip_settings": true}; !reflect.DeepEqual(names, want) {
		t.Errorf("%v", names)
	}
}

// Null, and no shorter list, unless both TCP ranges are known.
func TestListenersNeedBothRanges(t *testing.T) {
	pool := func(transport tcpip.Transport, family tcpip.Family) tcpip.Pool {
		return tcpip.Pool{Transport: transport, Family: family}
	}
	listening := []audit.Listener{{Address: netip.MustParseAddrPort("0.0.0.0:50000"), PID: 1}, {Address: netip.MustParseAddrPort("[::]:50000"), PID: 1}}
	for name, tt := range map[string]struct {
		ranges []tcpip.Pool
		want   int // -1: null
	}{
		"none": {nil, -1}, "UDP only": {[]tcpip.Pool{pool(tcpip.UDP, tcpip.IPv4), pool(tcpip.UDP, tcpip.IPv6)}, -1},
		"IPv6 only": {[]tcpip.Pool{pool(tcpip.TCP, tcpip.IPv6)}, -1}, "IPv4 only": {[]tcpip.Pool{pool(tcpip.TCP, tcpip.IPv4)}, -1},
		"both": {[]tcpip.Pool{pool(tcpip.TCP, tcpip.IPv4), pool(tcpip.TCP, tcpip.IPv6)}, 2},
	} {
		facts := audit.Facts{System: audit.System{Build: tcpip.Server2022}, Listeners: listening}
		for _, p := range tt.ranges {
			if facts.Ranges == nil {
				facts.Ranges = map[tcpip.Pool]tcpip.PortRange{}
			}
			facts.Ranges[p] = tcpip.DefaultPortRange
		}
		if got := listenersOf(facts); (got == nil) != (tt.want < 0) || tt.want >= 0 && len(got) != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

package audit

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

var (
	tcp4 = tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv4}
	tcp6 = tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv6}
	udp4 = tcpip.Pool{Transport: tcpip.UDP, Family: tcpip.IPv4}
	udp6 = tcpip.Pool{Transport: tcpip.UDP, Family: tcpip.IPv6}
)

const (
	delayName = "tcp_timed_wait_delay"
	portName  = "max_user_port"
)

func ports(start uint16, number uint32) tcpip.PortRange {
	return tcpip.PortRange{Start: start, Number: number}
}

// values is the catalogue as found, absent but for what is given.
func values(found tuning.Values) tuning.Values {
	all := tuning.Values{}
	for _, p := range tcpip.Catalogue {
		all[p.Attribute] = found[p.Attribute]
	}
	return all
}

// typesOf is what a listing of the key says of values.
func typesOf(found tuning.Values) map[string]tuning.Type {
	types := map[string]tuning.Type{"Hostname": tuning.TypeString, "DataBasePath": tuning.TypeExpand}
	for _, p := range tcpip.Catalogue {
		if v := found[p.Attribute]; v.Present {
			types[p.ValueName] = v.Type
		}
	}
	return types
}

var booted = time.Date(2024, 3, 1, 6, 0, 0, 0, time.UTC)

// modern is a host that was read whole and of which nothing is to be said.
func modern(build tcpip.Build, found tuning.Values) Facts {
	usual := tcpip.DefaultPortRange
	return Facts{
		System: System{Build: build, Computer: "MAIL01", ProductType: 3},
		Names:  typesOf(found), Values: values(found),
		Ranges:    map[tcpip.Pool]tcpip.PortRange{tcp4: usual, tcp6: usual, udp4: usual, udp6: usual},
		Templates: []tcpip.PortRange{usual},
		Excluded:  []Exclusion{},
		Listeners: []Listener{},
		Running:   map[string]bool{"lsass.exe": true},
		Journal:   &tuning.Found{},
		Boot:      tuning.Boot{Last: booted, Uptime: time.Hour, Read: booted.Add(time.Hour)},
		Machine:   tuning.Machine{UUID: "4C4C4544-0042-3510-8052-B4C04F4E3132", Computer: "MAIL01", Installed: booted.AddDate(-1, 0, 0)},
		Policies:  []Policy{},
	}
}

// old is the same of Windows Server 2003. Its pool is 1025 to 5000, service ports and
// all.
func old(found tuning.Values) Facts {
	f := modern(tcpip.Server2003, found)
	f.Ranges, f.Templates, f.Excluded = nil, nil, nil
	return f
}

// wide sets the TCP range of both families.
func wide(f Facts, r tcpip.PortRange) Facts {
	f.Ranges[tcp4], f.Ranges[tcp6], f.Templates = r, r, []tcpip.PortRange{r}
	return f
}

func listener(address string, pid uint32, process string) Listener {
	return Listener{Address: netip.MustParseAddrPort(address), PID: pid, Process: process}
}

func listening(f Facts, list ...Listener) Facts {
	f.Listeners = append(f.Listeners, list...)
	return f
}

func found(f Facts, code Code) (list []Finding) {
	for _, finding := range Inspect(f) {
		if finding.Code == code {
			list = append(list, finding)
		}
	}
	return list
}

func TestOfAHostAsItIsInstalledNothingIsSaid(t *testing.T) {
	for _, build := range []tcpip.Build{tcpip.Server2008, 7601, tcpip.Server2012R2, tcpip.Server2022, tcpip.Server2025} {
		if got := Inspect(modern(build, nil)); len(got) != 0 {
			t.Errorf("build %d: %+v", build, got)
		}
	}
	for _, finding := range Inspect(old(nil)) {
		if finding.Code != ServicePortInRange {
			t.Errorf("Windows Server 2003: %+v", finding)
		}
	}
}

// What is not known gives no finding: each part of a troubled host taken away takes
// its findings away and adds none.
func TestWhatIsNotKnownIsNotFound(t *testing.T) {
	if got := Inspect(Facts{}); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
	for _, f := range []Facts{troubled(tcpip.Server2022), troubled(tcpip.Server2003)} {
		codes := map[Code]bool{}
		for _, finding := range Inspect(f) {
			codes[finding.Code] = true
		}
		for name, take := range map[string]func(*Facts){
			"version":    func(f *Facts) { f.System.Build = 0 },
			"names":      func(f *Facts) { f.Names = nil },
			"values":     func(f *Facts) { f.Values = nil },
			"reserved":   func(f *Facts) { f.ReservedPorts = nil },
			"ranges":     func(f *Facts) { f.Ranges = nil },
			"templates":  func(f *Facts) { f.Templates = nil },
			"both":       func(f *Facts) { f.Ranges, f.Templates = nil, nil },
			"auto-reuse": func(f *Facts) { f.AutoReuse = nil },
			"excluded":   func(f *Facts) { f.Excluded = nil },
			"listeners":  func(f *Facts) { f.Listeners = nil },
			"running":    func(f *Facts) { f.Running = nil },
			"journal":    func(f *Facts) { f.Journal = nil },
			"boot":       func(f *Facts) { f.Boot = tuning.Boot{} },
			"policies":   func(f *Facts) { f.Policies = nil },
		} {
			less := f
			take(&less)
			for _, finding := range Inspect(less) {
				if !codes[finding.Code] {
					t.Errorf("build %d without its %s: %+v", f.System.Build, name, finding)
				}
			}
		}
	}
}

// troubled has something of everything.
func troubled(build tcpip.Build) Facts {
	f := modern(build, tuning.Values{
		delayName: tuning.String("30"), portName: tuning.DWORD(65534),
		"keep_alive_time": tuning.DWORD(0), "strict_time_wait_seq_check": tuning.DWORD(1),
	})
	f.Names["MaxUserPorts"] = tuning.TypeDWORD
	f = wide(f, ports(1024, 64511))
	f.Ranges[udp4], f.AutoReuse = ports(50000, 300), &tcpip.PortRange{Start: 10000, Number: 1000}
	f.Excluded = []Exclusion{{Pool: udp4, Ports: ports(50000, 200)}}
	f.Policies = []Policy{{ValueName: "KeepAliveTime", GPO: "Baseline"}}
	f = listening(f, listener("0.0.0.0:5985", 4, "System"), listener("0.0.0.0:1433", 1200, "sqlservr.exe"), listener("0.0.0.0:49664", 700, "lsass.exe"))
	f.Journal = journaled(tuning.Values{delayName: tuning.Absent, portName: tuning.Absent}, map[string]string{delayName: "absent", portName: "absent"})
	if build == tcpip.Server2003 {
		f.Ranges, f.Templates, f.AutoReuse, f.Excluded = nil, nil, nil, nil
		f.Names["ReservedPorts"], f.ReservedPorts = tuning.TypeMulti, []string{"3389-3389", "3268"}
	}
	return f
}

// journaled is a journal of the machine that modern makes, written at its boot.
func journaled(original tuning.Values, seen map[string]string) *tuning.Found {
	f := modern(tcpip.Server2022, nil)
	return &tuning.Found{Journal: &tuning.Journal{
		Owner: "0b1c", Since: booted, Machine: f.Machine, Original: original, Written: tuning.Values{},
		Seen: &tuning.Seen{Boot: f.Boot, Values: seen},
	}}
}

func TestOrder(t *testing.T) {
	f := troubled(tcpip.Server2022)
	f.Missing = []Missing{{Part: "role", Why: "access denied"}}
	list := Inspect(f)
	if !slices.IsSortedFunc(list, func(a, b Finding) int {
		if d := slices.Index(severities, a.Severity) - slices.Index(severities, b.Severity); d != 0 {
			return d
		}
		return strings.Compare(string(a.Code), string(b.Code))
	}) {
		t.Errorf("not by severity and code: %+v", list)
	}
	if list[0].Severity != Error || list[len(list)-1].Severity != Info {
		t.Errorf("from %v to %v", list[0].Severity, list[len(list)-1].Severity)
	}
	// Within a code by subject, in letters and not as the catalogue stands.
	f = modern(tcpip.Server2022, tuning.Values{delayName: tuning.String("30"), "keep_alive_time": tuning.String("1"), portName: tuning.String("1")})
	var subjects []string
	for _, finding := range found(f, WrongType) {
		subjects = append(subjects, finding.Subject)
	}
	if want := []string{"KeepAliveTime", "MaxUserPort", "TcpTimedWaitDelay"}; !slices.Equal(subjects, want) {
		t.Errorf("subjects %v, want %v", subjects, want)
	}
	for range 20 {
		if again := Inspect(troubled(tcpip.Server2022)); !slices.Equal(again, Inspect(troubled(tcpip.Server2022))) {
			t.Fatal("two looks at one host differ")
		}
	}
}

func TestTenThousandListenersAreBounded(t *testing.T) {
	f := wide(modern(tcpip.Server2022, nil), ports(1025, 64511))
	for port := range uint16(10_000) {
		f = listening(f, Listener{Address: netip.AddrPortFrom(netip.IPv4Unspecified(), 20_000+port), PID: 1200, Process: "agent.exe"})
	}
	list := found(f, ListenerInRange)
	if len(list) != maxFindings+1 {
		t.Fatalf("%d findings", len(list))
	}
	if last := list[maxFindings]; last.Subject != "more" || !strings.Contains(last.Message, "9900 more") || last.Severity != Warn {
		t.Errorf("the last is %+v", last)
	}
	for listeners, want := range map[int]string{maxFindings: "tcp/20099", maxFindings + 1: "more"} {
		f.Listeners = f.Listeners[:listeners:cap(f.Listeners)]
		if list := found(f, ListenerInRange); list[len(list)-1].Subject != want {
			t.Errorf("of %d listeners the last is %+v", listeners, list[len(list)-1])
		}
	}
}

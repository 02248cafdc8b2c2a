package provider

import (
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// tcpipSettingsModel is the data source. What was not read is null.
type tcpipSettingsModel struct {
	Host            types.String            `tfsdk:"host"`
	OperatingSystem *operatingSystemModel   `tfsdk:"operating_system"`
	Values          map[string]settingModel `tfsdk:"values"`
	PortRanges      *portRangesModel        `tfsdk:"port_ranges"`
	EphemeralPorts  *spanModel              `tfsdk:"ephemeral_ports"`
	Excluded        []exclusionModel        `tfsdk:"excluded_port_ranges"`
	AutoReuse       *spanModel              `tfsdk:"auto_reuse_range"`
	Listeners       []listenerModel         `tfsdk:"listeners"`
	ManagedBy       *managedByModel         `tfsdk:"managed_by"`
	Findings        []findingModel          `tfsdk:"findings"`
	Notes           []string                `tfsdk:"notes"`
}

type operatingSystemModel struct {
	Caption     string  `tfsdk:"caption"`
	Version     string  `tfsdk:"version"`
	Build       int64   `tfsdk:"build"`
	ProductType string  `tfsdk:"product_type"`
	DomainRole  *string `tfsdk:"domain_role"`
	Computer    string  `tfsdk:"computer_name"`
	Installed   string  `tfsdk:"installed"`
	LastBoot    string  `tfsdk:"last_boot"`
}

type settingModel struct {
	ValueName    string  `tfsdk:"value_name"`
	Found        string  `tfsdk:"found"`
	Type         *string `tfsdk:"type"`
	Number       *int64  `tfsdk:"number"`
	InEffect     string  `tfsdk:"in_effect"`
	Default      *int64  `tfsdk:"default"`
	DefaultKnown bool    `tfsdk:"default_known"`
	DefaultNote  *string `tfsdk:"default_note"`
}

type spanModel struct {
	Start  int64 `tfsdk:"start_port"`
	Number int64 `tfsdk:"number_of_ports"`
	Last   int64 `tfsdk:"last_port"`
}

type familiesModel struct {
	IPv4 *spanModel `tfsdk:"ipv4"`
	IPv6 *spanModel `tfsdk:"ipv6"`
}

type portRangesModel struct {
	TCP *familiesModel `tfsdk:"tcp"`
	UDP *familiesModel `tfsdk:"udp"`
}

type exclusionModel struct {
	Transport    string `tfsdk:"transport"`
	Family       string `tfsdk:"family"`
	Start        int64  `tfsdk:"start_port"`
	Number       int64  `tfsdk:"number_of_ports"`
	Last         int64  `tfsdk:"last_port"`
	Administered bool   `tfsdk:"administered"`
}

type listenerModel struct {
	Address     string  `tfsdk:"address"`
	Port        int64   `tfsdk:"port"`
	ProcessID   int64   `tfsdk:"process_id"`
	ProcessName *string `tfsdk:"process_name"`
}

type managedByModel struct {
	Owner    string            `tfsdk:"owner"`
	Since    string            `tfsdk:"since"`
	Original map[string]string `tfsdk:"original"`
}

type findingModel struct {
	Severity string `tfsdk:"severity"`
	Code     string `tfsdk:"code"`
	Subject  string `tfsdk:"subject"`
	Message  string `tfsdk:"message"`
}

// productTypes are the words for Win32_OperatingSystem.ProductType (Microsoft,
// "Win32_OperatingSystem class").
var productTypes = map[uint32]string{1: "workstation", 2: "domain controller", 3: "server"}

// domainRoles are the words for Win32_ComputerSystem.DomainRole, by its number
// (Microsoft, "Win32_ComputerSystem class").
var domainRoles = []string{
	"standalone workstation", "member workstation", "standalone server", "member server", "backup domain controller", "primary domain controller",
}

// fill writes what was read and what is to be said of it.
func (m *tcpipSettingsModel) fill(f audit.Facts) {
	findings := audit.Inspect(f)
	m.OperatingSystem = operatingSystemOf(f.System)
	m.Values = settingsOf(f, findings)
	m.PortRanges = portRangesOf(f.Ranges)
	if r, ok := f.EphemeralPorts(); ok {
		m.EphemeralPorts = spanOf(r)
	}
	if f.Excluded != nil {
		m.Excluded = exclusionsOf(f.Excluded)
	}
	if f.AutoReuse != nil {
		m.AutoReuse = spanOf(*f.AutoReuse)
	}
	m.Listeners = listenersOf(f)
	m.ManagedBy = managedByOf(f)
	m.Findings = []findingModel{}
	for _, finding := range findings {
		m.Findings = append(m.Findings, findingModel{string(finding.Severity), string(finding.Code), finding.Subject, finding.Message})
	}
	m.Notes = []string{}
	for _, missing := range f.Missing {
		m.Notes = append(m.Notes, noteOf(missing))
	}
}

func noteOf(m audit.Missing) string { return m.Part + ": " + m.Why }

func operatingSystemOf(s audit.System) *operatingSystemModel {
	model := &operatingSystemModel{
		Caption: s.Caption, Version: s.Version, Build: int64(s.Build), ProductType: productTypes[s.ProductType], Computer: s.Computer,
		Installed: stamped(s.Installed), LastBoot: stamped(s.Started),
	}
	if s.DomainRole != nil && int(*s.DomainRole) < len(domainRoles) {
		model.DomainRole = &domainRoles[*s.DomainRole]
	}
	return model
}

func stamped(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// settingsOf is the catalogue as found; nil where it was not read.
func settingsOf(f audit.Facts, findings []audit.Finding) map[string]settingModel {
	if f.Values == nil {
		return nil
	}
	settings := map[string]settingModel{}
	for _, p := range tcpip.Catalogue {
		value := f.Values[p.Attribute]
		setting := settingModel{ValueName: p.ValueName, Found: value.String(), InEffect: inEffect(p, value, findings)}
		if value.Present {
			typ := value.Type.String()
			setting.Type = &typ
		}
		if number, ok := value.DWORD(); ok {
			n := int64(number)
			setting.Number = &n
		}
		if row, ok := p.DefaultOn(f.System.Build); ok {
			setting.DefaultKnown = row.Known
			if n := int64(row.Value); row.Known || n != 0 {
				setting.Default = &n
			}
			if row.Note != "" {
				setting.DefaultNote = &row.Note
			}
		}
		settings[p.Attribute] = setting
	}
	return settings
}

// undecided are the findings that leave open what Windows makes of a value.
var undecided = []audit.Code{audit.OutOfRange, audit.Undocumented, audit.MaxUserPortOnModern, audit.MaxUserPortBesideRange}

// inEffect tells what Windows goes by, as far as it is documented.
func inEffect(p tcpip.Parameter, value tuning.Value, findings []audit.Finding) string {
	if _, number := value.DWORD(); !number {
		return "default" // absent, or of a type that Windows ignores
	}
	is := func(codes ...audit.Code) bool {
		return slices.ContainsFunc(findings, func(f audit.Finding) bool { return f.Subject == p.ValueName && slices.Contains(codes, f.Code) })
	}
	switch {
	case is(undecided...):
		return "unknown"
	case is(audit.RestartPending):
		return "pending"
	default:
		return "value"
	}
}

func spanOf(r tcpip.PortRange) *spanModel {
	return &spanModel{int64(r.Start), int64(r.Number), int64(r.Last())}
}

func portRangesOf(ranges map[tcpip.Pool]tcpip.PortRange) *portRangesModel {
	of := func(transport tcpip.Transport) *familiesModel {
		var families familiesModel
		for family, into := range map[tcpip.Family]**spanModel{tcpip.IPv4: &families.IPv4, tcpip.IPv6: &families.IPv6} {
			if r, ok := ranges[tcpip.Pool{Transport: transport, Family: family}]; ok {
				*into = spanOf(r)
			}
		}
		if families == (familiesModel{}) {
			return nil
		}
		return &families
	}
	if ranges == nil {
		return nil
	}
	return &portRangesModel{of(tcpip.TCP), of(tcpip.UDP)}
}

func exclusionsOf(list []audit.Exclusion) []exclusionModel {
	models := []exclusionModel{}
	for _, e := range list {
		models = append(models, exclusionModel{
			string(e.Pool.Transport), string(e.Pool.Family), int64(e.Ports.Start), int64(e.Ports.Number), int64(e.Ports.Last()), e.Administered})
	}
	return models
}

// listenersOf is the listeners inside a TCP range; nil where the listeners or the ranges
// are not known.
func listenersOf(f audit.Facts) []listenerModel {
	inside := f.ListenersInRange()
	_, old := f.EphemeralPorts()
	_, ipv4 := f.Ranges[tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv4}]
	_, ipv6 := f.Ranges[tcpip.Pool{Transport: tcpip.TCP, Family: tcpip.IPv6}]
	if f.Listeners == nil || !old && !(ipv4 && ipv6) {
		return nil
	}
	models := []listenerModel{}
	for _, l := range inside {
		model := listenerModel{Address: l.Address.Addr().String(), Port: int64(l.Address.Port()), ProcessID: int64(l.PID)}
		if l.Process != "" {
			model.ProcessName = &l.Process
		}
		models = append(models, model)
	}
	return models
}

// managedByOf is the journal that counts on this machine, as an import would take it;
// nil where there is none, or none that can be used: a finding says so.
func managedByOf(f audit.Facts) *managedByModel {
	if f.Journal == nil {
		return nil
	}
	claim, owner, err := tuning.ClaimImport(*f.Journal, f.Machine, "")
	if err != nil || claim.Previous == nil {
		return nil
	}
	model := &managedByModel{Owner: owner, Since: stamped(claim.Previous.Since), Original: map[string]string{}}
	for attribute, original := range claim.Previous.Original {
		model.Original[attribute] = original.String()
	}
	return model
}

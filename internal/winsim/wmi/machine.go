// Package wmi is the simulated host's WMI: the registry provider StdRegProv, a few classes with instances, and the query
// language WQL over them. It gives XML fragments; the envelopes around them are made elsewhere.
package wmi

import (
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// WMI's codes (documented: WbemErrorEnum).
const (
	wbemAccessDenied      = 0x80041003
	wbemInvalidNamespace  = 0x8004100E
	wbemInvalidClass      = 0x80041010
	wbemInvalidQuery      = 0x80041017
	wbemInvalidMethod     = 0x8004102E
	wbemInvalidParameters = 0x8004102F
)

// Machine is what WMI reports about.
type Machine struct {
	Profile  profile.Profile
	Shape    profile.Shape
	Registry *registry.Registry
	Name     string // NetBIOS name
	Facts    func() Facts
	Stack    func() *tcpstack.Stack // stepped to now
}

// Facts are what changes of a machine while it runs.
type Facts struct {
	Now, Boot, Installed time.Time
	Zone                 time.Duration // ahead of UTC, daylight saving included
	UUID                 string        // "" where the firmware has none
	Processes            []Process
	Policies             []Policy
	AutoReuse            tcpstack.Range // zero: off
}

// Target is the class that a resource URI names.
type Target struct {
	URI       string
	Namespace string // with slashes, spelt as the client did
	Class     string // likewise; "*" for any
}

// TargetOf reads a resource URI and its selectors. Letter case does not count (documented: MS-WSMV 2.2.4.30). The
// namespace may stand in the selector __cimnamespace too (documented: DSP0227 5.2; recorded from omicli), which must not
// contradict the URI (assumed). Other selectors fit no static method and no enumeration (documented:
// ERROR_WSMAN_ENUMERATE_WMI_INVALID_KEY).
func TargetOf(uri string, selectors map[string]string) (Target, *soap.Fault) {
	t := Target{URI: uri}
	slash := strings.LastIndexByte(uri, '/')
	ok := slash > len(soap.WMIBase) && slash < len(uri)-1 && strings.EqualFold(uri[:len(soap.WMIBase)], soap.WMIBase)
	if ok {
		t.Namespace, t.Class = uri[len(soap.WMIBase):slash], uri[slash+1:]
	}
	for name, value := range selectors {
		ok = ok && name == "__cimnamespace" && strings.EqualFold(strings.ReplaceAll(value, `\`, "/"), t.Namespace)
	}
	if !ok {
		return t, noResource(nil)
	}
	return t, nil
}

func noResource(e *soap.WMIError) *soap.Fault {
	return &soap.Fault{Code: soap.CodeResourceNotFound, Sender: true, Subcode: "a:DestinationUnreachable", FaultDetail: "InvalidResourceURI",
		Text: "The service cannot find the resource identified by the resource URI and selectors.", WMI: e}
}

// Answered is the resource URI as a reply spells it: the class as WMI does, the namespace in one of the spellings that
// were seen (which, by seed).
func (m *Machine) Answered(t Target, class string) string {
	namespace := t.Namespace
	switch m.Shape.NamespaceCase {
	case profile.CaseLower:
		namespace = strings.ToLower(namespace)
	case profile.CaseUpper:
		namespace = strings.ToUpper(namespace)
	}
	return soap.WMIBase + namespace + "/" + class
}

// tag is an element's name in the class's namespace, whose prefix declaration makes.
func (m *Machine) tag(name string) string { return strings.TrimPrefix(m.Shape.Prefix+":"+name, ":") }

func (m *Machine) declaration(uri string) string {
	attribute := strings.TrimSuffix("xmlns:"+m.Shape.Prefix, ":")
	return ` xmlns:xsi="` + soap.NSInstance + `" ` + attribute + `="` + soap.Escape(uri) + `" xmlns:cim="` + soap.NSCIM + `"`
}

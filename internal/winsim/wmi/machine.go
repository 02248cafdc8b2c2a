// Package wmi is the simulated host's WMI: the registry provider StdRegProv,
// a few classes with instances, and the query language WQL over them. It gives
// XML fragments; the envelopes around them are made elsewhere.
package wmi

import (
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
)

// Machine is what WMI reports about.
type Machine struct {
	Profile  profile.Profile
	Shape    profile.Shape
	Registry *registry.Registry
	Name     string // NetBIOS name
	Times    func() (now, boot time.Time)
}

// Target is the class that a resource URI names.
type Target struct {
	Base      string // the resource URI up to the namespace
	Namespace string // with slashes, spelt as the client did
	Class     string // likewise; "*" for any
}

// TargetOf reads a resource URI and its selectors. Letter case does not count
// (documented: MS-WSMV 2.2.4.30). The namespace may also stand in the selector
// __cimnamespace (documented: DSP0227 5.2; sent by Microsoft's omicli), and must
// then not contradict the URI (assumed). Other selectors fit no static method
// and no enumeration (documented: ERROR_WSMAN_ENUMERATE_WMI_INVALID_KEY).
func TargetOf(uri string, selectors map[string]string) (Target, *soap.Fault) {
	notFound := &soap.Fault{Code: soap.CodeResourceNotFound, Sender: true, Subcode: "a:DestinationUnreachable", FaultDetail: "InvalidResourceURI",
		Text: "The WS-Management service cannot process the request. The service cannot find the resource identified by the resource URI and selectors."}
	if len(uri) <= len(soap.WMIBase) || !strings.EqualFold(uri[:len(soap.WMIBase)], soap.WMIBase) {
		return Target{}, notFound
	}
	path := uri[len(soap.WMIBase):]
	slash := strings.LastIndexByte(path, '/')
	if slash <= 0 || slash == len(path)-1 {
		return Target{}, notFound
	}
	t := Target{Base: uri[:len(soap.WMIBase)], Namespace: path[:slash], Class: path[slash+1:]}
	for name, value := range selectors {
		if name != "__cimnamespace" || !strings.EqualFold(strings.ReplaceAll(value, `\`, "/"), t.Namespace) {
			return Target{}, notFound
		}
	}
	return t, nil
}

// Answered is the resource URI as a reply spells it: the class as WMI does,
// the namespace in one of the spellings that were seen (assumed which).
func (m *Machine) Answered(t Target, class string) string {
	namespace := t.Namespace
	switch m.Shape.NamespaceCase {
	case profile.CaseLower:
		namespace = strings.ToLower(namespace)
	case profile.CaseUpper:
		namespace = strings.ToUpper(namespace)
	}
	return t.Base + namespace + "/" + class
}

// tag is an element's name in the class's namespace and that prefix's declaration.
func (m *Machine) tag(name string) string {
	if m.Shape.Prefix == "" {
		return name
	}
	return m.Shape.Prefix + ":" + name
}

func (m *Machine) declaration(uri string) string {
	attribute := "xmlns"
	if m.Shape.Prefix != "" {
		attribute += ":" + m.Shape.Prefix
	}
	return ` xmlns:xsi="` + soap.NSInstance + `" ` + attribute + `="` + soap.Escape(uri) + `" xmlns:cim="` + soap.NSCIM + `"`
}

func providerFault(code uint32, status int, operation, info, namespace, text string) *soap.Fault {
	return &soap.Fault{Code: soap.CodeProvider, Subcode: "w:InternalError", Text: text,
		WMI: &soap.WMIError{Code: code, CIMStatus: status, Operation: operation, ParameterInfo: info, Namespace: namespace}}
}

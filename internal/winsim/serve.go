package winsim

import (
	"context"
	"net/http"
	"path"
	"strings"
	"unicode/utf16"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/wmi"
)

// operation is one understood request, ready to be carried out.
type operation struct {
	call        Call
	writes      bool
	replyAction string
	do          func() (content string, fault *soap.Fault)
	refuse      func(code uint32) (content string) // nil where there is no ReturnValue
}

// handle answers one authenticated HTTP request.
func (h *Host) handle(ctx context.Context, in listener.Request) listener.Response {
	// The path is documented; that a trailing slash is taken follows from omicli sending one.
	if !strings.EqualFold(strings.TrimSuffix(in.Path, "/"), "/wsman") {
		return listener.Response{Status: http.StatusNotFound}
	}
	if h.size(in.Body) > h.machine.Profile.MaxEnvelope {
		return listener.Response{Status: http.StatusRequestEntityTooLarge}
	}
	r, fault := soap.Parse(in.Body)
	if fault != nil {
		return h.fault(r, fault)
	}
	op, fault := h.understand(r, in.User)
	if fault != nil {
		h.mu.Lock()
		h.methods[path.Base(r.Action)]++
		h.mu.Unlock()
		return h.fault(r, fault)
	}
	o := occasion{h, op, r}
	if a := h.decide(op); a.answer != nil {
		return a.answer(ctx, o)
	}
	return o.carryOut()
}

// understand finds out what a request asks for.
func (h *Host) understand(r soap.Request, user string) (*operation, *soap.Fault) {
	if op, fault, ok := h.shellOperation(r, user); ok {
		return op, fault
	}
	target, fault := wmi.TargetOf(r.ResourceURI, r.Selectors)
	if fault != nil {
		return nil, fault
	}
	switch r.Action {
	case soap.ActionEnumerate:
		return h.enumerate(r, target)
	case soap.ActionPull:
		return h.follow(r, "Pull", h.nextReply)
	case soap.ActionRelease:
		return h.follow(r, "Release", h.release)
	}
	method, ok := methodOf(r)
	if !ok {
		return nil, wmi.UnknownAction(r.Action)
	}
	return h.invoke(r, target, method)
}

// methodOf takes the method out of an Invoke's Action, `<ResourceURI>/Method` (documented).
func methodOf(r soap.Request) (string, bool) {
	n := len(r.ResourceURI) + 1
	if len(r.Action) <= n || !strings.EqualFold(r.Action[:n], r.ResourceURI+"/") {
		return "", false
	}
	return r.Action[n:], true
}

func (h *Host) invoke(r soap.Request, target wmi.Target, method string) (*operation, *soap.Fault) {
	call, fault := h.machine.NewCall(target, method, r.Body)
	return &operation{
		call:        Call{Method: call.Method.Name, Class: wmi.StdRegProv, Key: call.In["sSubKeyName"], ValueName: call.In["sValueName"], Params: call.In},
		writes:      call.Method.Writes,
		replyAction: h.machine.Answered(target, wmi.StdRegProv) + "/" + call.Method.Name + "Response",
		do:          func() (string, *soap.Fault) { return h.machine.Run(call), nil },
		refuse:      func(code uint32) string { return h.machine.Output(call, code, nil) },
	}, fault
}

// fault answers a fault. All of ours come with status 500, the usual one (documented).
func (h *Host) fault(r soap.Request, f *soap.Fault) listener.Response {
	return listener.Response{Status: http.StatusInternalServerError, Body: h.writer.Fault(r, f)}
}

func (h *Host) accessDenied() *soap.Fault {
	f := &soap.Fault{Code: soap.CodeAccessDenied, Sender: true, Subcode: "w:AccessDenied", Text: "Access is denied."}
	if h.machine.Shape.DeniedHRESULT {
		f.Code = soap.CodeAccessDeniedHRESULT
	}
	return f
}

// quota is the fault of a user with too many operations. That it can be an MSFT_WmiError alone was reported.
func (h *Host) quota() *soap.Fault {
	f := &soap.Fault{Code: soap.CodeQuotaShells, Subcode: "w:QuotaLimit", Text: "This user has reached the maximum number of concurrent operations. Close existing operations for this user, or raise the quota."}
	if h.machine.Shape.QuotaOperations {
		f.Code = soap.CodeQuotaOperations
	}
	if h.machine.Shape.ProviderFault == profile.FaultWmiError {
		f.WMI = &soap.WMIError{CIMStatus: 27, Namespace: "root/cimv2"}
	}
	return f
}

// size counts a message's bytes as the service does: in UTF-16 (inferred from the recordings of 2012), on 2003 as they
// are sent (inferred from those of 2003).
func (h *Host) size(text []byte) int {
	if h.machine.Profile.Quirk2003 {
		return len(text)
	}
	units := 0
	for _, r := range string(text) {
		units += utf16.RuneLen(r)
	}
	return 2 * units
}

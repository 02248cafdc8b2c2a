package winsim

import (
	"strconv"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/wmi"
)

// envelopeRoom is more than an envelope takes beside its items, in bytes of UTF-16.
const envelopeRoom = 2400

func (h *Host) enumerate(r soap.Request, target wmi.Target) (*operation, *soap.Fault) {
	if !r.Body.Is(soap.NSEnumeration, "Enumerate") {
		return nil, badBody("Enumerate")
	}
	wql, fault := filterOf(r.Body, target)
	if fault != nil {
		return nil, fault
	}
	return &operation{
		call:        Call{Method: "Enumerate", Class: target.Class, WQL: wql},
		replyAction: soap.ActionEnumerate + "Response",
		do: func() (string, *soap.Fault) {
			items, fault := h.machine.Select(target, wql)
			if fault != nil {
				return "", fault
			}
			return h.firstReply(r, items)
		},
	}, nil
}

// filterOf gives the query. Without a filter the class's own URI is enumerated; a WQL filter needs the class `*`
// (documented: ERROR_WSMAN_INVALID_URI_WMI_ENUM_WQL).
func filterOf(body *soap.Element, target wmi.Target) (string, *soap.Fault) {
	filter := body.Child(soap.NSWSMan, "Filter")
	switch {
	case filter == nil && target.Class != "*":
		return "select * from " + target.Class, nil
	case filter == nil:
		return "", &soap.Fault{Code: soap.CodeCannotFilter, Sender: true, Subcode: "n:CannotProcessFilter", Text: "The filter is missing."}
	case filter.Attr("Dialect") != wmi.DialectWQL:
		return "", &soap.Fault{Code: soap.CodeUnknownDialect, Sender: true, Subcode: "n:FilterDialectRequestedUnavailable", Text: "The filter dialect is not supported for this resource."}
	case target.Class != "*":
		return "", &soap.Fault{Code: soap.CodeWQLNeedsStar, Sender: true, Subcode: "a:DestinationUnreachable", FaultDetail: "InvalidResourceURI", Text: "The class name of an enumeration with a WQL filter must be '*'."}
	default:
		return filter.Trimmed(), nil
	}
}

// firstReply answers an Enumerate. 2003 puts in what fits (recorded). Later versions put one item in and, if that was
// all, end there (recorded); when more follow, other clients have seen no items too (by seed).
func (h *Host) firstReply(r soap.Request, items *wmi.Cursor) (string, *soap.Fault) {
	limit, shape := 1, h.machine.Shape.FirstItems
	if h.machine.Profile.Quirk2003 {
		limit, shape = maxElements(r.Body.Child(soap.NSWSMan, "MaxElements")), profile.OneItem
	}
	held := ""
	if r.Body.Child(soap.NSWSMan, "OptimizeEnumeration") != nil {
		begin := *items
		page, fault := h.page(r, items, limit)
		if fault != nil {
			return "", fault
		}
		if page != "" || shape != profile.NoItems {
			held = "<w:Items>" + page + "</w:Items>"
		}
		if items.Done() {
			return h.last("n:EnumerateResponse", held+"<w:EndOfSequence/>", true), nil
		}
		switch shape {
		case profile.NoItems:
			*items, held = begin, ""
		case profile.EmptyItems:
			*items, held = begin, "<w:Items/>"
		}
	}
	context, fault := h.keep(items)
	return "<n:EnumerateResponse><n:EnumerationContext>" + context + "</n:EnumerationContext>" + held + "</n:EnumerateResponse>", fault
}

// follow understands a Pull or a Release.
func (h *Host) follow(r soap.Request, name string, do func(soap.Request, string) (string, *soap.Fault)) (*operation, *soap.Fault) {
	context := r.Body.Child(soap.NSEnumeration, "EnumerationContext")
	if !r.Body.Is(soap.NSEnumeration, name) || context == nil {
		return nil, badBody(name)
	}
	return &operation{
		call:        Call{Method: name},
		replyAction: r.Action + "Response",
		do:          func() (string, *soap.Fault) { return do(r, context.Trimmed()) },
	}, nil
}

// nextReply answers a Pull with as many items as fit, and a new context (recorded on 2012).
func (h *Host) nextReply(r soap.Request, context string) (string, *soap.Fault) {
	items, fault := h.take(context)
	if fault != nil {
		return "", fault
	}
	page, fault := h.page(r, items, maxElements(r.Body.Child(soap.NSEnumeration, "MaxElements")))
	if fault != nil {
		return "", fault
	}
	held := "<n:Items>" + page + "</n:Items>"
	if items.Done() {
		return h.last("n:PullResponse", held+"<n:EndOfSequence/>", false), nil
	}
	next, fault := h.keep(items)
	return "<n:PullResponse><n:EnumerationContext>" + next + "</n:EnumerationContext>" + held + "</n:PullResponse>", fault
}

// last is a reply with EndOfSequence. Its context is empty in an EnumerateResponse and missing in a PullResponse
// (recorded), or one that means nothing any more stands there (reported; by seed).
func (h *Host) last(name, held string, empty bool) string {
	context := ""
	switch {
	case h.machine.Shape.ContextAtEnd:
		context = "<n:EnumerationContext>" + soap.NewID() + "</n:EnumerationContext>"
	case empty:
		context = "<n:EnumerationContext></n:EnumerationContext>"
	}
	return "<" + name + ">" + context + held + "</" + name + ">"
}

// release answers a Release, with an empty body (documented).
func (h *Host) release(_ soap.Request, context string) (string, *soap.Fault) {
	_, fault := h.take(context)
	return "", fault
}

// keep opens an enumeration of the rest. Too many of them are the quota's fault (documented).
func (h *Host) keep(rest *wmi.Cursor) (context string, fault *soap.Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.open) >= h.machine.Profile.MaxOperations {
		return "", h.quota()
	}
	context = soap.NewID()
	h.open[context] = rest
	return context, nil
}

// take closes an enumeration and gives its items: a context is good for one Pull, also for one that fails (documented:
// ERROR_WSMAN_ENUMERATION_INVALID).
func (h *Host) take(context string) (*wmi.Cursor, *soap.Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	items, ok := h.open[context]
	if !ok {
		return nil, &soap.Fault{Code: soap.CodeInvalidContext, Subcode: "n:InvalidEnumerationContext", Text: "The WS-Enumeration context in the enumeration is not valid. Enumeration may have been completed or canceled."}
	}
	delete(h.open, context)
	return items, nil
}

// page takes the next items, at most limit, that fit the envelope that both sides allow. An item that fits no envelope
// is a fault (documented: DSP0226 R8.3-5).
func (h *Host) page(r soap.Request, items *wmi.Cursor, limit int) (string, *soap.Fault) {
	room := r.Room(h.machine.Profile.MaxEnvelope) - envelopeRoom
	h.mu.Lock()
	rewrite := h.rewrite
	h.mu.Unlock()
	var page []byte
	for count := 0; count < limit && !items.Done(); count++ {
		mark, length := *items, len(page)
		page = items.Append(page)
		if rewrite != nil {
			page = append(page[:length], rewrite(string(page[length:]))...)
		}
		if room -= h.size(page[length:]); room >= 0 {
			continue
		}
		if count == 0 {
			return "", &soap.Fault{Code: soap.CodeTooLarge, Subcode: "w:EncodingLimit", FaultDetail: "MaxEnvelopeSize", Text: "The response is larger than the maximum size allowed."}
		}
		*items = mark
		return string(page[:length]), nil
	}
	return string(page), nil
}

// maxElements is 1 where a client does not say (documented: WS-Enumeration, DSP0226).
func maxElements(e *soap.Element) int {
	n, err := strconv.ParseUint(e.Trimmed(), 10, 31)
	if err != nil {
		return 1
	}
	return int(max(n, 1))
}

func badBody(name string) *soap.Fault {
	return &soap.Fault{Code: soap.CodeInvalidBody, Sender: true, Subcode: "w:SchemaValidationError", Text: "The body does not fit the action " + name + "."}
}

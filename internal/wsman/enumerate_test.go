package wsman

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// pages answers Enumerate, Pull and Release by what they are, and notes them.
type pages struct {
	calls    []string
	contexts []string // that came with Pull and Release
	answer   func(call string, n int) string
}

func (p *pages) reply(request string) (int, string) {
	call := between(request, "/2004/09/enumeration/", "</a:Action>")
	if context := between(request, "<n:EnumerationContext>", "</n:EnumerationContext>"); call != "Enumerate" {
		p.contexts = append(p.contexts, context)
	}
	p.calls = append(p.calls, call)
	return 200, soap(p.answer(call, len(p.calls)))
}

func (p *pages) want(t *testing.T, calls string) {
	t.Helper()
	if got := strings.Join(p.calls, " "); got != calls {
		t.Errorf("the host was asked %q, want %q", got, calls)
	}
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, found := strings.Cut(text, after)
	if !found {
		return ""
	}
	return text
}

func page(kind, context string, end bool, items ...string) string {
	out := `<n:` + kind + `><n:EnumerationContext>` + context + `</n:EnumerationContext><w:Items>`
	for _, item := range items {
		out += `<w:XmlFragment><Name>` + item + `</Name></w:XmlFragment>`
	}
	out += `</w:Items>`
	if end {
		out += `<w:EndOfSequence/>`
	}
	return out + `</n:` + kind + `>`
}

func names(t *testing.T, client *Client) ([]string, error) {
	t.Helper()
	var got []string
	err := client.Enumerate(t.Context(), "root/cimv2", "select Name from Win32_Service", func(i Item) error {
		name, _ := i.Text("Name")
		got = append(got, name)
		return nil
	})
	return got, err
}

func TestEnumerateInOneReply(t *testing.T) {
	var request string
	p := pages{answer: func(string, int) string { return page("EnumerateResponse", "", true, "a", "b") }}
	client := host(t, func(r string) (int, string) {
		request = r
		return p.reply(r)
	})
	got, err := names(t, client)
	if err != nil || strings.Join(got, " ") != "a b" {
		t.Errorf("%q, %v", got, err)
	}
	p.want(t, "Enumerate")
	for _, want := range []string{
		`<w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*</w:ResourceURI>`,
		`<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements><w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">select Name from Win32_Service</w:Filter></n:Enumerate>`,
	} {
		if !strings.Contains(request, want) {
			t.Errorf("the request lacks %s\n%s", want, request)
		}
	}
}

func TestEnumerateFollowsEachNewContext(t *testing.T) {
	p := pages{answer: func(call string, n int) string {
		switch n {
		case 1:
			return `<n:EnumerateResponse><n:EnumerationContext>uuid:1&amp;</n:EnumerationContext></n:EnumerateResponse>` // no Items at all
		case 2:
			return page("PullResponse", "uuid:2", false, "a")
		case 3:
			return page("PullResponse", "", false, "b") + "" // the context stays away: see below
		default:
			return call
		}
	}}
	client := host(t, p.reply)
	if _, err := names(t, client); err == nil {
		t.Error("an enumeration without an end was taken for the whole")
	}
	p = pages{answer: func(_ string, n int) string {
		if n == 1 {
			return page("EnumerateResponse", "uuid:1", false, "a")
		}
		// EndOfSequence counts even beside a context.
		return page("PullResponse", "uuid:"+strconv.Itoa(n), n == 4, "item"+strconv.Itoa(n))
	}}
	got, err := names(t, host(t, p.reply))
	if err != nil || strings.Join(got, " ") != "a item2 item3 item4" {
		t.Errorf("%q, %v", got, err)
	}
	p.want(t, "Enumerate Pull Pull Pull")
	if strings.Join(p.contexts, " ") != "uuid:1 uuid:2 uuid:3" {
		t.Errorf("contexts %q", p.contexts)
	}
}

func TestEnumerateIsReleasedWhenGivenUp(t *testing.T) {
	stop := errors.New("seen enough")
	p := pages{answer: func(string, int) string {
		// The context stands behind the items here, so the rest must be read to find it.
		return `<n:EnumerateResponse><w:Items><w:XmlFragment><Name>a</Name></w:XmlFragment><w:XmlFragment/></w:Items><n:EnumerationContext>uuid:9</n:EnumerationContext></n:EnumerateResponse>`
	}}
	client := host(t, p.reply)
	calls := 0
	err := client.Enumerate(t.Context(), "root/cimv2", "select Name from Win32_Service", func(Item) error {
		calls++
		return stop
	})
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%v after %d items", err, calls)
	}
	p.want(t, "Enumerate Release")
	if strings.Join(p.contexts, " ") != "uuid:9" {
		t.Errorf("contexts %q", p.contexts)
	}
}

func TestEnumerateIsReleasedWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := pages{answer: func(_ string, n int) string {
		return page("PullResponse", "uuid:"+strconv.Itoa(n), false, "a", "b", "c")
	}}
	client := host(t, p.reply)
	items := 0
	err := client.Enumerate(ctx, "root/cimv2", "select Name from Win32_Service", func(Item) error {
		if items++; items == 4 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || items != 4 {
		t.Errorf("%v after %d items", err, items)
	}
	p.want(t, "Enumerate Pull Release")
}

func TestEnumerateIsNotReleasedAfterAFault(t *testing.T) {
	p := pages{answer: func(call string, _ int) string {
		if call == "Pull" {
			return `<s:Fault><s:Detail><f:WSManFault Code="2150858793"/></s:Detail></s:Fault>`
		}
		return page("EnumerateResponse", "uuid:1", false, "a")
	}}
	_, err := names(t, host(t, p.reply))
	var fault *Fault
	if !errors.As(err, &fault) || !fault.OperationTimeout() || !strings.Contains(err.Error(), "select Name from Win32_Service") {
		t.Errorf("%v", err)
	}
	p.want(t, "Enumerate Pull")
}

func TestEnumerateWithoutProgressEnds(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(call string, n int) string
		calls  int // Release included
	}{
		"empty replies":    {func(string, int) string { return page("PullResponse", "uuid:same", false) }, 1 + maxEmptyPulls + 1},
		"no context":       {func(string, int) string { return page("PullResponse", "", false, "a") }, 1},
		"nothing":          {func(string, int) string { return "<n:EnumerateResponse/>" }, 1},
		"no enumeration":   {func(string, int) string { return "<n:Other/>" }, 1},
		"empty body":       {func(string, int) string { return "" }, 1},
		"a long context":   {func(string, int) string { return page("PullResponse", strings.Repeat("x", maxContext+1), false, "a") }, 1},
		"items break off":  {func(string, int) string { return page("PullResponse", "uuid:1", false, "a", "</x>") }, 1},
		"fault, then data": {func(string, int) string { return "<s:Fault/>" + page("PullResponse", "uuid:1", false, "a") }, 1},
	} {
		p := pages{answer: test.answer}
		_, err := names(t, host(t, p.reply))
		if err == nil || len(p.calls) != test.calls {
			t.Errorf("%s: %v after %q", name, err, p.calls)
		}
	}
}

// An Enumerate whose context never ends, with an item in every reply.
func TestEnumerateWithoutEndEnds(t *testing.T) {
	asked := 0
	client := host(t, func(string) (int, string) {
		asked++
		return 200, soap(page("PullResponse", "uuid:1", false, "a"))
	})
	e := &enumeration{client: client, resource: "x", pulls: maxPulls - 5, each: func(Item) error { return nil }}
	if err := e.all(t.Context(), "select"); err == nil || !strings.Contains(err.Error(), "does not come to an end") || asked != 1+5 {
		t.Errorf("%v after %d", err, asked)
	}
}

func TestEmptyRepliesBetweenItemsAreNoStandstill(t *testing.T) {
	p := pages{answer: func(_ string, n int) string {
		if n%maxEmptyPulls == 0 {
			return page("PullResponse", "uuid:1", n == 5*maxEmptyPulls, "a")
		}
		return page("PullResponse", "uuid:1", false)
	}}
	got, err := names(t, host(t, p.reply))
	if err != nil || len(got) != 5 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestItemsOfAReplyToAnotherMessageAreNotHandedOn(t *testing.T) {
	got, err := names(t, host(t, func(string) (int, string) {
		return 200, strings.Replace(soap(page("EnumerateResponse", "", true, "a")), "MESSAGE", "uuid:other", 1)
	}))
	if err == nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestEnumerateItemsAreCounted(t *testing.T) {
	e := &enumeration{client: host(t, func(string) (int, string) {
		return 200, soap(page("PullResponse", "uuid:1", false, "a", "b"))
	}), resource: "x", items: maxItems - 1, each: func(Item) error { return nil }}
	if _, err := e.step(t.Context(), actionPull, "", transport.ReadOnce); err == nil || !strings.Contains(err.Error(), "more than 1000000 items") {
		t.Errorf("%v", err)
	}
}

func TestALostPullIsNotRepeated(t *testing.T) {
	p := pages{answer: func(call string, n int) string {
		if call == "Pull" {
			panic("http: abort Handler") // httptest closes the connection
		}
		return page("EnumerateResponse", "uuid:"+strconv.Itoa(n), false, "a")
	}}
	_, err := names(t, host(t, p.reply))
	var lost *transport.ReplyLostError
	if !errors.As(err, &lost) || transport.MayHaveHappened(err) {
		t.Errorf("%v", err)
	}
	p.want(t, "Enumerate Pull Release")
}

func TestQueriesAreCheckedBeforeSending(t *testing.T) {
	client := host(t, func(string) (int, string) {
		t.Error("a request was sent")
		return 200, ""
	})
	for _, test := range []struct{ namespace, wql string }{{"root cimv2", "select"}, {"", "select"}, {"root/cimv2", "a\x00b"}} {
		if err := client.Enumerate(t.Context(), test.namespace, test.wql, nil); err == nil {
			t.Errorf("%q %q: no error", test.namespace, test.wql)
		}
	}
}

func TestItemForms(t *testing.T) {
	body := `<n:PullResponse><n:Items>` +
		`<p:Win32_X xmlns:p="x" xsi:type="p:Win32_X_Type"><p:A xsi:nil="true"/><p:B> text </p:B><p:C><cim:Datetime>2013-04-15T16:28:38.46875+08:00</cim:Datetime></p:C></p:Win32_X>` +
		`<w:XmlFragment><A/><C><Datetime>2013-04-15T08:28:38Z</Datetime></C><D><cim:Interval>P0DT0H1M40S</cim:Interval></D></w:XmlFragment>` +
		`<w:Item><p:Win32_X><p:A>1</p:A></p:Win32_X><a:EndpointReference><a:Address>x</a:Address></a:EndpointReference></w:Item>` +
		`<w:Item><a:EndpointReference/><w:XmlFragment><A>2</A></w:XmlFragment></w:Item>` +
		`</n:Items></n:PullResponse>`
	var items []Item
	if _, err := parseEnvelope([]byte(soap(body)), nil, func(i Item) error { items = append(items, i); return nil }); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range items {
		got = append(got, fmt.Sprintf("%s%v", i.Class, i.Fields))
	}
	want := []string{
		"Win32_X[{A  true} {B  text  false} {C 2013-04-15T16:28:38.46875+08:00 false}]",
		"[{A  false} {C 2013-04-15T08:28:38Z false} {D P0DT0H1M40S false}]",
		"Win32_X[{A 1 false}]",
		"[{A 2 false}]",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	at, err := items[0].Time("C")
	if err != nil || at.UnixNano() != 1366014518468750000 {
		t.Errorf("%v, %v", at, err)
	}
	for _, name := range []string{"A", "B", "None"} {
		if at, err := items[0].Time(name); err == nil {
			t.Errorf("%s: %v", name, at)
		}
	}
}

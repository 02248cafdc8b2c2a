package winhost

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

const soapHead = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>`

// Whatever a host answers, the read ends within its time with an error that says
// what is wrong, and the connection is as good as new afterwards.
func TestHostileAnswers(t *testing.T) {
	deep := soapHead + strings.Repeat("<a>", 100_000)
	wide := soapHead + strings.Repeat("<a/>", 2_000_000) + "</s:Body></s:Envelope>"
	tests := map[string]struct {
		action winsim.Action
		want   string // part of the error, in lower case
	}{
		"nothing":            {winsim.Hang, "no answer in time"},
		"closed":             {winsim.DropBefore, "no usable reply"},
		"HTML":               {winsim.Raw(200, "text/html", "<html><body>It works!</body></html>"), "outside the sealed channel"},
		"404":                {winsim.Raw(404, "", ""), "404"},
		"sealed HTML":        {winsim.Answer(200, "<html><body>hello</body></html>"), "envelope"},
		"sealed text":        {winsim.Answer(200, "hello"), "can't be read"},
		"sealed nothing":     {winsim.Answer(200, ""), "outside the sealed channel"},
		"cut off":            {winsim.Answer(200, soapHead+"<p:EnumValues_OUTPUT>"), "xml"},
		"too deep":           {winsim.Answer(200, deep), "deep"},
		"too many elements":  {winsim.Answer(200, wide), "elements"},
		"a body without end": {winsim.Endless, "larger than"},
		"another operation":  {winsim.Answer(200, soapHead+"</s:Body></s:Envelope>"), "relatesto"},
		"an entity":          {winsim.Answer(200, `<!DOCTYPE a [<!ENTITY b "c">]>`+soapHead+"&b;</s:Body></s:Envelope>"), "document type"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sim := winsim.Start(t, winsim.Server2022())
			host := reach(t, sim, func(c *Config) {
				if name == "nothing" {
					c.Timeout = 500 * time.Millisecond
				}
			})
			sim.Intercept(func(winsim.Call) winsim.Action { return tt.action })
			got, err := host.ReadTuning(within(t), tcpip.Catalogue)
			if err == nil {
				t.Fatalf("it was taken for %v", got)
			}
			if !strings.Contains(strings.ToLower(err.Error()), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			sim.Intercept(nil)
			if _, err := host.ReadTuning(within(t), tcpip.Catalogue); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// Every call obeys its context, also while the host is silent.
func TestCallsObeyTheirContext(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := reach(t, sim)
	asked := make(chan struct{})
	sim.Intercept(func(winsim.Call) winsim.Action { close(asked); return winsim.Hang })
	ctx, cancel := context.WithCancel(within(t))
	go func() { <-asked; cancel() }()
	if _, err := host.ReadTuning(ctx, tcpip.Catalogue); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A quota fault is told from a refusal.
func TestBusyHost(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.Intercept(func(winsim.Call) winsim.Action { return winsim.Busy })
	_, err := reach(t, sim).ReadTuning(within(t), tcpip.Catalogue)
	var fault *wsman.Fault
	if !errors.As(err, &fault) || !fault.Busy() || fault.AccessDenied() {
		t.Errorf("error %#v", err)
	}
}

package winhost

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Windows ignores a number of another type: it is read as what it is.
func TestNumbersInOtherTypesAreRead(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	sim.SetString("MaxUserPort", "65534")
	sim.SetQWORD("TcpTimedWaitDelay", 30)
	got, err := reach(t, sim).ReadTuning(within(t), parameters("max_user_port", "tcp_timed_wait_delay"))
	if err != nil || got["max_user_port"] != tuning.String("65534") || got["tcp_timed_wait_delay"] != tuning.QWORD(30) {
		t.Errorf("%v, %v", got, err)
	}
}

var asked = regexp.MustCompile(`(?s)StdRegProv/(\w+)</a:Action>.*<a:MessageID>([^<]*)</a:MessageID>`)

// hollow is a host that answers each method of StdRegProv with the given output, over TLS
// with a certificate that nobody vouches for.
func hollow(t *testing.T, insecure bool, outputs map[string]string) *Host {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, _ := io.ReadAll(r.Body) // what is cut short is not understood
		found := asked.FindStringSubmatch(string(request))
		if found == nil {
			t.Errorf("not understood: %s", request)
			return
		}
		w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
		_, _ = fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">`+
			`<s:Header><a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body><p:%s_OUTPUT xmlns:p="p" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">%s</p:%s_OUTPUT></s:Body></s:Envelope>`,
			found[2], found[1], outputs[found[1]], found[1])
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of clients that hang up
	server.StartTLS()
	t.Cleanup(server.Close)
	address, err := ParseAddress(strings.TrimPrefix(server.URL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	host, err := Config{Username: "svc-terraform", Password: "not-a-real-password-1", Auth: transport.AuthBasic, HTTPS: true, Insecure: insecure}.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	return host
}

// A success without its value is no 0 and no value at all.
func TestSuccessWithoutAValueIsAnError(t *testing.T) {
	for typ, method := range map[tuning.Type]string{tuning.TypeDWORD: "GetDWORDValue", tuning.TypeQWORD: "GetQWORDValue"} {
		for name, output := range map[string]string{
			"missing": "", "null": `<p:uValue xsi:nil="true"/>`, "empty": "<p:uValue/>", "negative": "<p:uValue>-1</p:uValue>", "text": "<p:uValue>thirty</p:uValue>",
		} {
			host := hollow(t, true, map[string]string{
				"EnumValues": fmt.Sprintf("<p:sNames>MaxUserPort</p:sNames><p:Types>%d</p:Types><p:ReturnValue>0</p:ReturnValue>", typ),
				method:       output + "<p:ReturnValue>0</p:ReturnValue>",
			})
			got, err := host.ReadTuning(within(t), parameters("max_user_port"))
			if err == nil || !strings.Contains(err.Error(), method+" of MaxUserPort") {
				t.Errorf("%s %s: %v, %v", method, name, got, err)
			}
		}
	}
}

// A host whose certificate nobody vouches for is not talked to, unless told so.
func TestCertificatesAreChecked(t *testing.T) {
	_, err := hollow(t, false, map[string]string{"EnumValues": "<p:ReturnValue>0</p:ReturnValue>"}).ReadTuning(within(t), parameters("max_user_port"))
	var untrusted *transport.TLSError
	if !errors.As(err, &untrusted) || untrusted.Reason != transport.UnknownAuthority {
		t.Errorf("%v, want an unknown authority", err)
	}
}

// A write whose reply never came, and that the host does not show, may still land.
func TestALostWriteIsUncertain(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	host := reach(t, sim)
	sim.Intercept(func(call winsim.Call) winsim.Action {
		if call.Method == "SetDWORDValue" {
			return winsim.DropBefore
		}
		return winsim.Proceed
	})
	err := host.WriteTuning(within(t), one(parameters("max_user_port")[0], tuning.Absent, tuning.DWORD(65534)))
	var failed *tuning.WriteError
	if !errors.As(err, &failed) || !failed.Uncertain {
		t.Errorf("%v, want an uncertain write", err)
	}
}

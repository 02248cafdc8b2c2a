package winsim

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// A host without a port left for a domain controller refuses accounts of a domain, and
// no others.
func TestDomainLogonNeedsPort(t *testing.T) {
	for _, tt := range []struct {
		profile Profile
		needs   bool
		user    string
		load    float64
		want    int
	}{
		{Server2003(), true, `CONTOSO\svc`, 100, http.StatusUnauthorized},
		{Server2003(), true, "svc", 100, http.StatusOK},
		{Server2003(), true, `CONTOSO\svc`, 1, http.StatusOK},
		{Server2003(), false, `CONTOSO\svc`, 100, http.StatusOK},
		{Server2022(), true, `CONTOSO\svc`, 500, http.StatusOK}, // ports are per destination there (reported)
	} {
		h := Start(t, tt.profile, Account(tt.user, "not-a-real-password-1"), DomainLogonNeedsPort(tt.needs), AllowUnencrypted(true))
		h.Load(tt.load, "203.0.113.1:25")
		h.Advance(600e9)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.HTTPAddr()+"/wsman", strings.NewReader(identify))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(tt.user, "not-a-real-password-1")
		request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		reply, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(reply.Body)
		_ = reply.Body.Close()
		if got := reply.StatusCode; got != tt.want && (tt.want == http.StatusUnauthorized || got == http.StatusUnauthorized) {
			t.Errorf("%+v: HTTP %d, %v %s", tt, got, err, text)
		}
	}
}

// identify is any message: who may send one is what the test is about.
const identify = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>`

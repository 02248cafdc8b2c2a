package wsman

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Where no connection came about, the operation had no part in it.
func TestErrorsOfTheWayToTheHostNameNoOperation(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	free, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	free.Close() //nolint:errcheck // so that nobody listens there
	good := transport.Config{Address: host.HTTPAddr(), Auth: transport.AuthNegotiate, Username: host.Username(), Password: host.Password()}
	watch := transport.NewLogons()
	for _, test := range []struct {
		name   string
		change func(*transport.Config)
		want   any
	}{
		{"refused", func(c *transport.Config) { c.Address = free.Addr().String() }, new(*transport.UnreachableError)},
		{"TLS", func(c *transport.Config) { c.Address, c.HTTPS = host.HTTPSAddr(), true }, new(*transport.TLSError)},
		{"password", func(c *transport.Config) { c.Password, c.Logons = "not-the-password-1", watch }, new(*transport.UnauthorizedError)},
		{"not tried", func(c *transport.Config) { c.Logons = watch }, new(*transport.NotTriedError)},
	} {
		conf := good
		test.change(&conf)
		carrier, err := transport.New(conf)
		if err != nil {
			t.Fatal(err)
		}
		defer carrier.Close()
		client := New(carrier, Options{})
		_, invoked := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Read, "MaxUserPort"))
		_, ran := client.Run(t.Context(), "netstat -ano")
		queried := client.Enumerate(t.Context(), "root/cimv2", "select * from Win32_OperatingSystem", func(Item) error { return nil })
		for _, err := range []error{invoked, ran, queried} {
			if !errors.As(err, test.want) || !strings.HasPrefix(err.Error(), conf.Address) {
				t.Errorf("%s: %v", test.name, err)
			}
		}
	}

	// What comes after the connection does name it.
	client, _ := connect(t, host, ways[0], Options{})
	host.Intercept(func(winsim.Call) winsim.Action { return winsim.LoseReply })
	if _, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", transport.Write, "MaxUserPort")); err == nil || !strings.HasPrefix(err.Error(), "StdRegProv.GetDWORDValue: ") {
		t.Errorf("%v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Invoke(gone, registryCall("GetDWORDValue", transport.Read, "MaxUserPort")); err == nil || !strings.HasPrefix(err.Error(), "StdRegProv.GetDWORDValue: ") {
		t.Errorf("%v", err)
	}
}

// An answer to a Write without a ReturnValue leaves open whether it was done.
func TestWriteWithoutAReturnValueMayHaveHappened(t *testing.T) {
	fields := func(name, text string) Fields { return Fields{{Name: name, Text: text}} }
	for _, test := range []struct {
		kind   transport.Kind
		fields Fields
		lost   bool
	}{
		{transport.Write, nil, true},
		{transport.Write, fields("uValue", "30"), true},
		{transport.Write, fields("ReturnValue", "done"), true},
		{transport.Write, Fields{{Name: "ReturnValue", Null: true}}, true},
		{transport.Write, fields("ReturnValue", "5"), false},
		{transport.Read, nil, false},
	} {
		_, err := Output{Fields: test.fields, kind: test.kind, address: "mail01:5985"}.ReturnValue()
		if transport.MayHaveHappened(err) != test.lost || (test.lost && !strings.HasPrefix(err.Error(), "mail01:5985: ")) {
			t.Errorf("%v %v: %v", test.kind, test.fields, err)
		}
		if len(test.fields) == 0 && !errors.Is(err, ErrNoField) {
			t.Errorf("%v", err)
		}
	}
}

func TestInvokeRemembersThatItWrote(t *testing.T) {
	host := winsim.Start(t, winsim.Server2022())
	client, carrier := connect(t, host, ways[0], Options{})
	for _, kind := range []transport.Kind{transport.Write, transport.Read} {
		out, err := client.Invoke(t.Context(), registryCall("GetDWORDValue", kind, "MaxUserPort"))
		if err != nil || out.kind != kind || out.address != carrier.Address() {
			t.Errorf("%+v, %v", out, err)
		}
	}
}

package winhost

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Config is how hosts are reached: checked settings, made by
// [Settings.Resolve]. One Config serves any number of hosts.
type Config struct {
	Username, Password    string
	Auth                  transport.Auth
	HTTPS                 bool
	TLSServerName         string
	Insecure              bool
	AllowUnencryptedBasic bool
	// Timeout bounds one WS-Management operation, ConnectTimeout the way to an
	// authenticated connection.
	Timeout, ConnectTimeout time.Duration
	// MaxRetries is how often one message is sent again where that is safe and the
	// host says "later", or a read was lost (wsman.Options). Zero: never.
	MaxRetries int
	// Journal: originals are kept in a journal on the host before it is written to.
	Journal bool
	// OnUnreachable is what a refresh makes of a host that can't be reached.
	OnUnreachable OnUnreachable

	roots  *x509.CertPool    // nil: the system's
	logons *transport.Logons // of a domain account; nil for an account of one host
}

// String leaves the password out, so that a Config that slips into a log or an
// error does no harm.
func (c Config) String() string {
	return fmt.Sprintf("%s (%s, https=%t)", c.Username, c.Auth, c.HTTPS)
}

// GoString keeps the password out of %#v too.
func (c Config) GoString() string { return c.String() }

// Host is one Windows host. It connects at the first operation and keeps that
// one connection. It is safe for use by several goroutines, whose operations
// then take turns.
type Host struct {
	transport *transport.Client
	wsman     *wsman.Client
	now       func() time.Time

	uuid      atomic.Pointer[string] // once it was read
	journaled atomic.Bool            // the journal's key is known to be there
	build     atomic.Uint32          // of Windows, once it was read
}

// SharedAccount tells whether one account database judges the user name for all hosts,
// as a domain's does, so that bad logons on several hosts lock one account.
func (c Config) SharedAccount() bool { return c.logons != nil }

// AskAnother lets one more host judge an account of a domain that one has refused.
func (c Config) AskAnother() {
	if c.logons != nil {
		c.logons.AskAnother()
	}
}

// Open prepares a host for use; it does not dial.
func (c Config) Open(address Address) (*Host, error) {
	settings := transport.Config{
		Address: address.dial(c.HTTPS), HTTPS: c.HTTPS, Auth: c.Auth,
		Username: c.Username, Password: c.Password,
		AllowUnencryptedBasic: c.AllowUnencryptedBasic,
		ConnectTimeout:        c.ConnectTimeout,
		Logons:                c.logons,
	}
	if c.HTTPS {
		settings.TLS = c.tls(address)
	}
	client, err := transport.New(settings)
	if err != nil {
		return nil, err
	}
	return &Host{
		transport: client,
		wsman:     wsman.New(client, wsman.Options{OperationTimeout: c.Timeout, MaxRetries: c.MaxRetries}),
		now:       time.Now,
	}, nil
}

func (c Config) tls(address Address) *tls.Config {
	name := c.TLSServerName
	if name == "" {
		name = address.Name
	}
	return &tls.Config{
		ServerName:         name,
		RootCAs:            c.roots,
		InsecureSkipVerify: c.Insecure, // #nosec G402 -- off unless the user sets insecure = true
		MinVersion:         tls.VersionTLS12,
	}
}

// Close drops the connection; the host cannot be used afterwards.
func (h *Host) Close() { h.transport.Close() }

// Stats counts what the host's connection has done so far.
func (h *Host) Stats() transport.Stats { return h.transport.Stats() }

package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Auth names how the client proves who it is. The client uses what was named
// and never falls back to something weaker.
type Auth string

const (
	// AuthNegotiate is the scheme that a Windows Server offers out of the box. It
	// is spoken with NTLM for now; Kerberos will join it here.
	AuthNegotiate Auth = "negotiate"
	// AuthNTLM is NTLM under the HTTP scheme Negotiate, whatever else is offered.
	AuthNTLM Auth = "ntlm"
	// AuthBasic sends user and password with every request: inside TLS, unless
	// Config.AllowUnencryptedBasic says otherwise.
	AuthBasic Auth = "basic"
)

const (
	// DefaultMaxReplyBytes bounds one reply. WinRM's MaxEnvelopeSizekb is 500 by
	// default, so 16 MiB is far above what a host sends and far below what hurts.
	DefaultMaxReplyBytes = 16 << 20
	// DefaultConnectTimeout bounds dial, TLS handshake and authentication together.
	DefaultConnectTimeout = 10 * time.Second

	// Windows' own bounds are 256 characters for a user name and a password
	// (UNLEN, PWLEN of lmcons.h) and 255 for a DNS domain. NTLM's length fields
	// hold 16 bits and bodgit/ntlmssp cuts silently, so something must be refused.
	maxCredentialBytes = 1024
)

// Config says where a host is and how to speak to it.
type Config struct {
	// Address is "host:port" or "[v6]:port".
	Address string
	// HTTPS speaks inside TLS. Without it NTLM seals every message, as a host
	// with AllowUnencrypted=false wants.
	HTTPS bool
	// Auth is AuthNegotiate, AuthNTLM or AuthBasic.
	Auth Auth
	// Username is `DOMAIN\user`, `user@realm` or `user`.
	Username string
	// Password is never written to an error or a log.
	Password string
	// AllowUnencryptedBasic lets Basic send the password in clear over plain HTTP.
	AllowUnencryptedBasic bool
	// TLS is used with HTTPS only: RootCAs, ServerName (default: Address's host)
	// and InsecureSkipVerify are the caller's. It is cloned.
	TLS *tls.Config
	// ConnectTimeout bounds dial, TLS handshake and authentication together;
	// zero is DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// MaxReplyBytes bounds the body of one reply; zero is DefaultMaxReplyBytes.
	MaxReplyBytes int64
	// Logons is the watch over the account that hosts of one domain share; nil for
	// an account of this host alone.
	Logons *Logons
	// Now is the clock of the idle rule; nil is time.Now.
	Now func() time.Time
}

// String leaves the password out, so that a Config that slips into a log or an
// error does no harm.
func (c Config) String() string {
	return fmt.Sprintf("%s as %s (%s, https=%t)", c.Address, c.Username, c.Auth, c.HTTPS)
}

// GoString keeps the password out of %#v too.
func (c Config) GoString() string { return c.String() }

func (c Config) withDefaults() Config {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = DefaultConnectTimeout
	}
	if c.MaxReplyBytes == 0 {
		c.MaxReplyBytes = DefaultMaxReplyBytes
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.HTTPS {
		c.TLS = tlsConfig(c.TLS, c.Address)
	}
	return c
}

func tlsConfig(given *tls.Config, address string) *tls.Config {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if given != nil {
		conf = given.Clone()
	}
	if conf.ServerName == "" {
		host, _, _ := net.SplitHostPort(address) // validated before
		conf.ServerName = host
	}
	conf.NextProtos = nil // HTTP/1.1 it is: authentication is per connection
	return conf
}

func (c Config) validate() error {
	if err := validateAddress(c.Address); err != nil {
		return err
	}
	if err := validateCredentials(c.Username, c.Password); err != nil {
		return err
	}
	if c.ConnectTimeout < 0 || c.MaxReplyBytes < 0 {
		return errors.New("the connect time-out and the bound of a reply must not be negative")
	}
	switch c.Auth {
	case AuthNegotiate, AuthNTLM:
		return nil
	case AuthBasic:
		return c.validateBasic()
	default:
		return fmt.Errorf("unknown authentication %q: use %s, %s or %s", c.Auth, AuthNegotiate, AuthNTLM, AuthBasic)
	}
}

func (c Config) validateBasic() error {
	if !c.HTTPS && !c.AllowUnencryptedBasic {
		return errors.New("basic authentication over plain HTTP would send the password in clear: use https = true, " +
			"auth = \"negotiate\" (sealed messages), or allow_unencrypted_basic = true if you accept that")
	}
	if strings.Contains(c.Username, ":") {
		return errors.New("basic authentication can't carry a user name with a colon (RFC 7617)")
	}
	return nil
}

func validateAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("the address %q is not of the form host:port or [v6]:port", address)
	}
	if host == "" || strings.ContainsFunc(host, notInHost) {
		return fmt.Errorf("the address %q has no valid host name", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("the address %q has no valid port (1-65535)", address)
	}
	return nil
}

// notInHost keeps out of the Host header and of URLs what could not be part of
// a name: white space, controls, delimiters. Names beyond ASCII are left to DNS.
func notInHost(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\?#@"<>^{}|`+"`", r)
}

func validateCredentials(username, password string) error {
	switch {
	case username == "":
		return errors.New("the user name is empty")
	case password == "":
		// Windows refuses network logons with an empty password (LimitBlankPasswordUse),
		// and bodgit/ntlmssp would log on anonymously without user and password.
		return errors.New("the password is empty")
	case !utf8.ValidString(username) || !utf8.ValidString(password):
		return errors.New("user name and password must be valid UTF-8")
	case len(username) > maxCredentialBytes || len(password) > maxCredentialBytes:
		return fmt.Errorf("user name and password must not be longer than %d bytes", maxCredentialBytes)
	case strings.ContainsFunc(username, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errors.New("the user name holds control characters")
	}
	if domain, user := splitUser(username); user == "" || (domain == "" && strings.HasPrefix(username, `\`)) {
		return fmt.Errorf("the user name %q must be DOMAIN\\user, user@realm or user", username)
	}
	return nil
}

// splitUser gives NTLM's domain and user. `user@realm` goes with an empty domain
// and the user as given: the domain controller reads the realm (MS-NLMP 3.1.5.1.2
// lets the user name be a UPN).
func splitUser(username string) (domain, user string) {
	domain, user, found := strings.Cut(username, `\`)
	if !found {
		return "", username
	}
	return domain, user
}

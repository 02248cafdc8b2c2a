package winhost

import (
	"crypto/x509"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Settings is what a user gave to reach hosts; nil is not given. The names of
// the settings are those of the provider's attributes and, upper-cased behind
// WINDOWS_, of the environment variables.
type Settings struct {
	Username, Password, Auth     *string
	CACertificate, TLSServerName *string
	Timeout, ConnectTimeout      *string
	HTTPS, Insecure              *bool
	AllowUnencryptedBasic        *bool
	MaxRetries                   *int64
	Journal                      *bool
	OnUnreachable                *string
	// ByFlags says that they were given by flags of a command line and not by a
	// provider block: problems then name --tls-server-name and not tls_server_name.
	ByFlags bool
}

// Defaults of the settings.
const (
	DefaultAuth           = transport.AuthNegotiate
	DefaultTimeout        = 60 * time.Second
	DefaultConnectTimeout = 10 * time.Second
	DefaultMaxRetries     = 3
	DefaultJournal        = true
	DefaultOnUnreachable  = UnreachableError
)

// MaxMaxRetries is the most that max_retries takes.
const MaxMaxRetries = 10

// OnUnreachable says what a refresh makes of a host that can't be reached.
type OnUnreachable string

const (
	// UnreachableError makes it an error.
	UnreachableError OnUnreachable = "error"
	// UnreachableWarn keeps the state and warns that drift was not checked.
	UnreachableWarn OnUnreachable = "warn"
)

// OnUnreachableNames are the values that on_unreachable takes.
func OnUnreachableNames() []string {
	return []string{string(UnreachableError), string(UnreachableWarn)}
}

// Problem is a setting that cannot be used. Attribute is the setting's name.
type Problem struct {
	Attribute string
	Summary   string
	Detail    string
}

// Variable returns the environment variable of a setting.
func Variable(setting string) string { return "WINDOWS_" + strings.ToUpper(setting) }

// Resolve fills what was not given from the environment and from the defaults,
// and checks the whole. It reaches no host. A Config is usable only when there
// are no problems.
func (s Settings) Resolve(lookup func(string) (string, bool)) (Config, []Problem) {
	r := resolver{lookup: lookup, byFlags: s.ByFlags}
	config := Config{
		Username:              r.text("username", s.Username),
		Password:              r.text("password", s.Password),
		Auth:                  transport.Auth(r.textOr("auth", s.Auth, string(DefaultAuth))),
		HTTPS:                 r.flag("https", s.HTTPS, false),
		TLSServerName:         r.text("tls_server_name", s.TLSServerName),
		Insecure:              r.flag("insecure", s.Insecure, false),
		AllowUnencryptedBasic: r.flag("allow_unencrypted_basic", s.AllowUnencryptedBasic, false),
		Timeout:               r.duration("timeout", s.Timeout, DefaultTimeout),
		ConnectTimeout:        r.duration("connect_timeout", s.ConnectTimeout, DefaultConnectTimeout),
		MaxRetries:            r.retries("max_retries", s.MaxRetries),
		Journal:               DefaultJournal,
		OnUnreachable:         DefaultOnUnreachable,
	}
	if !s.ByFlags { // a command line neither writes nor keeps a state
		config.Journal = r.flag("journal", s.Journal, DefaultJournal)
		config.OnUnreachable = r.onUnreachable("on_unreachable", s.OnUnreachable)
	}
	r.certificate(&config, r.text("ca_certificate", s.CACertificate))
	r.check(config, s)
	if isDomainAccount(config.Username) {
		config.logons = transport.NewLogons()
	}
	return config, r.problems
}

// isDomainAccount tells whether one account database judges a user name for all
// hosts. `.\user` and a bare name are accounts of each host by itself.
func isDomainAccount(username string) bool {
	domain, _, qualified := strings.Cut(username, `\`)
	return qualified && domain != "" && domain != "." || !qualified && strings.Contains(username, "@")
}

// resolver looks settings up and collects what is wrong with them.
type resolver struct {
	lookup   func(string) (string, bool)
	byFlags  bool
	problems []Problem
}

// flagNames are those that are not the attribute's name with other dashes.
var flagNames = map[string]string{"ca_certificate": "ca-certificate-file", "password": "password-file"}

// named is how the user writes a setting: ca_certificate or --ca-certificate-file.
func (r *resolver) named(setting string) string {
	if !r.byFlags {
		return setting
	}
	if name, ok := flagNames[setting]; ok {
		return "--" + name
	}
	return "--" + strings.ReplaceAll(setting, "_", "-")
}

// written is how the user gives a setting a value: https = true or --https.
func (r *resolver) written(setting, value string) string {
	switch {
	case !r.byFlags && value == "true":
		return setting + " = true"
	case !r.byFlags:
		return fmt.Sprintf("%s = %q", setting, value)
	case value == "true":
		return r.named(setting)
	default:
		return r.named(setting) + "=" + value
	}
}

func (r *resolver) problem(attribute, summary, detail string) {
	r.problems = append(r.problems, Problem{Attribute: attribute, Summary: summary, Detail: detail})
}

func (r *resolver) text(name string, given *string) string { return r.textOr(name, given, "") }

func (r *resolver) textOr(name string, given *string, otherwise string) string {
	if given != nil {
		return *given
	}
	if value, ok := r.lookup(Variable(name)); ok && value != "" {
		return value
	}
	return otherwise
}

func (r *resolver) flag(name string, given *bool, otherwise bool) bool {
	if given != nil {
		return *given
	}
	value, ok := r.lookup(Variable(name))
	if !ok || value == "" {
		return otherwise
	}
	flag, err := strconv.ParseBool(value)
	if err != nil {
		r.problem(name, fmt.Sprintf("%s is neither true nor false", Variable(name)), fmt.Sprintf("It is %q: set it to true or false, or unset it.", value))
	}
	return flag
}

func (r *resolver) retries(name string, given *int64) int {
	number := int64(DefaultMaxRetries)
	if given != nil {
		number = *given
	} else if text := r.text(name, nil); text != "" {
		var err error
		if number, err = strconv.ParseInt(text, 10, 64); err != nil {
			r.problem(name, fmt.Sprintf("%s is not a whole number", Variable(name)),
				fmt.Sprintf("It is %q: set it to 0 (never repeat) up to %d, or unset it.", text, MaxMaxRetries))
			return DefaultMaxRetries
		}
	}
	if number < 0 || number > MaxMaxRetries {
		r.problem(name, fmt.Sprintf("%s is out of range", r.named(name)),
			fmt.Sprintf("It is %d: use 0 (never repeat) up to %d.%s", number, MaxMaxRetries, r.origin(name, given != nil)))
		return DefaultMaxRetries
	}
	return int(number)
}

func (r *resolver) onUnreachable(name string, given *string) OnUnreachable {
	text := r.textOr(name, given, string(DefaultOnUnreachable))
	switch choice := OnUnreachable(text); choice {
	case UnreachableError, UnreachableWarn:
		return choice
	}
	r.problem(name, fmt.Sprintf("%s is unknown", r.written(name, text)),
		fmt.Sprintf("Use one of: %s.%s", strings.Join(OnUnreachableNames(), ", "), r.origin(name, given != nil)))
	return DefaultOnUnreachable
}

// origin names the variable where a setting came from it.
func (r *resolver) origin(name string, given bool) string {
	if given {
		return ""
	}
	return " It comes from " + Variable(name) + "."
}

func (r *resolver) duration(name string, given *string, otherwise time.Duration) time.Duration {
	text := r.text(name, given)
	if text == "" && given == nil {
		return otherwise
	}
	duration, err := time.ParseDuration(text)
	if err != nil || duration <= 0 || duration > time.Hour {
		r.problem(name, fmt.Sprintf("%s is no usable duration", r.named(name)),
			fmt.Sprintf("%q: write a number with a unit, above 0 and up to 1h, for example %q or \"90s\".%s", text, otherwise.String(), r.origin(name, given != nil)))
	}
	return duration
}

func (r *resolver) certificate(config *Config, pem string) {
	if pem == "" {
		return
	}
	config.roots = x509.NewCertPool()
	if !config.roots.AppendCertsFromPEM([]byte(pem)) {
		detail := `It must be the PEM text itself ("-----BEGIN CERTIFICATE-----" …), for example file("ca.pem"), not a path.`
		if r.byFlags {
			detail = `The file must hold PEM text ("-----BEGIN CERTIFICATE-----" …). ` + Variable("ca_certificate") + " is that text itself, not a path."
		}
		r.problem("ca_certificate", r.named("ca_certificate")+" holds no certificate", detail)
	}
}

func (r *resolver) check(config Config, given Settings) {
	if config.Username == "" {
		place := "in the provider block"
		if r.byFlags {
			place = "by --username"
		}
		r.problem("username", "username is missing", fmt.Sprintf("Set it %s or by %s.", place, Variable("username")))
	}
	if config.Password == "" {
		place := "in the provider block (a sensitive variable)"
		if r.byFlags {
			place = "by --password-file, --password-fd"
		}
		r.problem("password", "password is missing", fmt.Sprintf("Set it %s or by %s. Windows refuses network logons with an empty password.", place, Variable("password")))
	}
	if summary, detail := r.authProblem(config.Auth); summary != "" {
		r.problem("auth", summary, detail+r.origin("auth", given.Auth != nil))
	}
	if config.Auth == transport.AuthBasic && !config.HTTPS && !config.AllowUnencryptedBasic {
		r.problem("auth", "basic without https sends the password readable",
			fmt.Sprintf("Set %s, or %s, which seals every message. If the network is trusted all the same, %s permits it (the host needs AllowUnencrypted=true as well).",
				r.written("https", "true"), r.written("auth", "negotiate"), r.written("allow_unencrypted_basic", "true")))
	}
	if config.HTTPS {
		return
	}
	// Variables may be there for other provider blocks; what a block itself says
	// must have a meaning.
	for _, tls := range []struct {
		name string
		set  bool
	}{
		{"ca_certificate", given.CACertificate != nil},
		{"tls_server_name", given.TLSServerName != nil},
		{"insecure", given.Insecure != nil && *given.Insecure},
	} {
		if tls.set {
			r.problem(tls.name, fmt.Sprintf("%s is set, but %s is not", r.named(tls.name), r.named("https")),
				fmt.Sprintf("It has a meaning for HTTPS only. Set %s, or remove it.", r.written("https", "true")))
		}
	}
}

// Warnings says which settings give protection away, wherever they come from: a
// variable in a CI environment is easily forgotten.
func (c Config) Warnings() []Problem {
	var list []Problem
	if c.HTTPS && c.Insecure {
		detail := "Whoever is on the network can pretend to be the host."
		if c.Auth == transport.AuthBasic {
			detail = "Whoever is on the network can pretend to be the host and is handed the password."
		}
		list = append(list, Problem{"insecure", "the hosts' certificates are not checked", detail + " Give the signing certificate in ca_certificate instead."})
	}
	if c.Auth == transport.AuthBasic && !c.HTTPS {
		list = append(list, Problem{"allow_unencrypted_basic", "the password goes over the network readable",
			`Everything else does too. Use https = true, or auth = "negotiate", which seals every message.`})
	}
	return list
}

// AuthNames are the methods that auth takes now.
func AuthNames() []string {
	return []string{string(transport.AuthNegotiate), string(transport.AuthNTLM), string(transport.AuthBasic)}
}

func (r *resolver) authProblem(auth transport.Auth) (summary, detail string) {
	switch auth {
	case transport.AuthNegotiate, transport.AuthNTLM, transport.AuthBasic:
		return "", ""
	case "kerberos", "certificate":
		return r.written("auth", string(auth)) + " is not there yet",
			fmt.Sprintf("This version speaks NTLM and Basic. Use %s (NTLM, with sealed messages) until a later version brings it.", r.written("auth", "negotiate"))
	default:
		return r.written("auth", string(auth)) + " is unknown", "Use one of: " + strings.Join(AuthNames(), ", ") + "."
	}
}

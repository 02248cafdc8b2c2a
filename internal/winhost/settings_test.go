package winhost

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range pairs {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
}

func text(s string) *string { return &s }
func flag(b bool) *bool     { return &b }
func number(n int64) *int64 { return &n }

func TestResolveDefaults(t *testing.T) {
	config, problems := Settings{Username: text("svc"), Password: text("fake")}.Resolve(env())
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	want := Config{Username: "svc", Password: "fake", Auth: transport.AuthNegotiate, Timeout: time.Minute, ConnectTimeout: 10 * time.Second,
		MaxRetries: 3, Journal: true, OnUnreachable: UnreachableError}
	if config != want {
		t.Errorf("got %+v, want %+v", config, want)
	}
}

// Every setting can come from its variable, and what is given wins over it.
func TestResolveEnvironment(t *testing.T) {
	all := env("WINDOWS_USERNAME=u", "WINDOWS_PASSWORD=p", "WINDOWS_AUTH=basic", "WINDOWS_HTTPS=true", "WINDOWS_TLS_SERVER_NAME=n",
		"WINDOWS_INSECURE=1", "WINDOWS_TIMEOUT=5s", "WINDOWS_CONNECT_TIMEOUT=2s", "WINDOWS_ALLOW_UNENCRYPTED_BASIC=true",
		"WINDOWS_MAX_RETRIES=0", "WINDOWS_JOURNAL=false", "WINDOWS_ON_UNREACHABLE=warn")
	config, problems := Settings{}.Resolve(all)
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	want := Config{Username: "u", Password: "p", Auth: "basic", HTTPS: true, TLSServerName: "n", Insecure: true,
		Timeout: 5 * time.Second, ConnectTimeout: 2 * time.Second, AllowUnencryptedBasic: true,
		MaxRetries: 0, Journal: false, OnUnreachable: UnreachableWarn}
	if config != want {
		t.Errorf("got %+v, want %+v", config, want)
	}
	config, problems = Settings{Username: text("given"), HTTPS: flag(false), Auth: text("ntlm"), Timeout: text("7s"), Insecure: flag(false),
		MaxRetries: number(10), Journal: flag(true), OnUnreachable: text("error")}.Resolve(all)
	if len(problems) != 0 || config.MaxRetries != 10 || !config.Journal || config.OnUnreachable != UnreachableError {
		t.Errorf("the variables won over what was given: %+v, %v", config, problems)
	}
	if config.Username != "given" || config.HTTPS || config.Auth != "ntlm" || config.Timeout != 7*time.Second {
		t.Errorf("the variables won over what was given: %+v", config)
	}
}

func TestResolveProblems(t *testing.T) {
	base := []string{"WINDOWS_USERNAME=u", "WINDOWS_PASSWORD=p"}
	tests := []struct {
		name      string
		env       []string
		attribute string
		want      string
	}{
		{"no user", []string{"WINDOWS_PASSWORD=p"}, "username", "WINDOWS_USERNAME"},
		{"no password", []string{"WINDOWS_USERNAME=u", "WINDOWS_PASSWORD="}, "password", "WINDOWS_PASSWORD"},
		{"kerberos", append(base, "WINDOWS_AUTH=kerberos"), "auth", "not there yet"},
		{"certificate", append(base, "WINDOWS_AUTH=certificate"), "auth", "not there yet"},
		{"unknown auth", append(base, "WINDOWS_AUTH=digest"), "auth", "negotiate, ntlm, basic"},
		{"basic in clear", append(base, "WINDOWS_AUTH=basic"), "auth", "https = true"},
		{"bad flag", append(base, "WINDOWS_HTTPS=yes please"), "https", "true or false"},
		{"bad duration", append(base, "WINDOWS_TIMEOUT=60"), "timeout", "90s"},
		{"zero duration", append(base, "WINDOWS_CONNECT_TIMEOUT=0s"), "connect_timeout", "above 0"},
		{"too long", append(base, "WINDOWS_TIMEOUT=61m"), "timeout", "up to 1h"},
		{"retries in words", append(base, "WINDOWS_MAX_RETRIES=three"), "max_retries", "WINDOWS_MAX_RETRIES is not a whole number"},
		{"retries in parts", append(base, "WINDOWS_MAX_RETRIES=1.5"), "max_retries", "WINDOWS_MAX_RETRIES is not a whole number"},
		{"retries beyond int64", append(base, "WINDOWS_MAX_RETRIES=9223372036854775808"), "max_retries", "WINDOWS_MAX_RETRIES"},
		{"negative retries", append(base, "WINDOWS_MAX_RETRIES=-1"), "max_retries", "It is -1: use 0 (never repeat) up to 10. It comes from WINDOWS_MAX_RETRIES"},
		{"too many retries", append(base, "WINDOWS_MAX_RETRIES=11"), "max_retries", "up to 10"},
		{"bad journal", append(base, "WINDOWS_JOURNAL=no"), "journal", "WINDOWS_JOURNAL is neither true nor false"},
		{"bad on_unreachable", append(base, "WINDOWS_ON_UNREACHABLE=ignore"), "on_unreachable", "error, warn. It comes from WINDOWS_ON_UNREACHABLE"},
		{"a path for a certificate", append(base, "WINDOWS_HTTPS=true", "WINDOWS_CA_CERTIFICATE=/tmp/ca.pem"), "ca_certificate", "not a path"},
	}
	for _, tt := range tests {
		_, problems := Settings{}.Resolve(env(tt.env...))
		if len(problems) != 1 || problems[0].Attribute != tt.attribute ||
			!strings.Contains(problems[0].Summary+" "+problems[0].Detail, tt.want) {
			t.Errorf("%s: %+v", tt.name, problems)
		}
	}
}

// What a block says is checked as variables are, and is not blamed on them.
func TestResolveProblemsOfABlock(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"max_retries = -1":      func(s *Settings) { s.MaxRetries = number(-1) },
		"max_retries = 11":      func(s *Settings) { s.MaxRetries = number(11) },
		"max_retries = 2^32":    func(s *Settings) { s.MaxRetries = number(1 << 32) },
		"on_unreachable = skip": func(s *Settings) { s.OnUnreachable = text("skip") },
		"on_unreachable = ":     func(s *Settings) { s.OnUnreachable = text("") },
	} {
		settings := Settings{Username: text("u"), Password: text("p")}
		change(&settings)
		_, problems := settings.Resolve(env("WINDOWS_MAX_RETRIES=2", "WINDOWS_ON_UNREACHABLE=warn"))
		if len(problems) != 1 || !strings.HasPrefix(name, problems[0].Attribute) || strings.Contains(problems[0].Detail, "WINDOWS_") {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}

// What a block itself says of TLS needs https; a variable may be there for others.
func TestResolveTLSWithoutHTTPS(t *testing.T) {
	base := Settings{Username: text("u"), Password: text("p")}
	for name, change := range map[string]func(*Settings){
		"ca_certificate": func(s *Settings) { s.CACertificate = text("x") }, "tls_server_name": func(s *Settings) { s.TLSServerName = text("x") },
		"insecure": func(s *Settings) { s.Insecure = flag(true) },
	} {
		settings := base
		change(&settings)
		_, problems := settings.Resolve(env())
		if n := len(problems); n == 0 || problems[n-1].Attribute != name || !strings.Contains(problems[n-1].Detail, "https = true") {
			t.Errorf("%s: %+v", name, problems)
		}
	}
	if _, problems := base.Resolve(env("WINDOWS_INSECURE=true", "WINDOWS_TLS_SERVER_NAME=x")); len(problems) != 0 {
		t.Errorf("variables for other blocks: %+v", problems)
	}
}

func TestWarnings(t *testing.T) {
	tests := map[string]struct {
		config Config
		want   string
	}{
		"the default":        {Config{Auth: "negotiate"}, ""},
		"checked TLS":        {Config{Auth: "basic", HTTPS: true}, ""},
		"unchecked TLS":      {Config{Auth: "ntlm", HTTPS: true, Insecure: true}, "insecure"},
		"basic, unchecked":   {Config{Auth: "basic", HTTPS: true, Insecure: true}, "handed the password"},
		"basic in the clear": {Config{Auth: "basic", AllowUnencryptedBasic: true}, "readable"},
		"a stray variable":   {Config{Auth: "ntlm", Insecure: true}, ""},
	}
	for name, tt := range tests {
		got := tt.config.Warnings()
		if (len(got) > 0) != (tt.want != "") || !strings.Contains(fmt.Sprint(got), tt.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestConfigNeverPrintsThePassword(t *testing.T) {
	config, _ := Settings{Username: text("svc"), Password: text("not-a-real-password")}.Resolve(env())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, config); strings.Contains(got, "not-a-real-password") {
			t.Errorf("%s prints %s", verb, got)
		}
		if got := fmt.Sprintf(verb, &config); strings.Contains(got, "not-a-real-password") {
			t.Errorf("%s of a pointer prints %s", verb, got)
		}
	}
}

func TestIsDomainAccount(t *testing.T) {
	for username, want := range map[string]bool{
		`CONTOSO\svc`: true, "svc@contoso.com": true, "svc": false, `.\svc`: false, `\svc`: false, "": false,
	} {
		if got := isDomainAccount(username); got != want {
			t.Errorf("%q: %v", username, got)
		}
	}
}

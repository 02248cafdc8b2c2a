package winsim

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
)

// The account that a host has unless Account is given; visibly no real one.
const (
	DefaultUsername = `CONTOSO\svc-terraform`
	DefaultPassword = "not-a-real-password-1"
)

type settings struct {
	listener.Config
	username   string
	now        func() time.Time
	noShell    bool
	language   string
	uuid       string
	installed  time.Time
	original   *Host                  // of which this one is a clone
	settle     []func(*profile.Shape) // what else the seed does
	controller bool
}

// Option changes how a host starts.
type Option func(*settings)

// Seed chooses the assumed shapes; without it the variable WINSIM_SEED does, and without that the seed is 1.
func Seed(seed int64) Option { return func(s *settings) { s.Seed = seed } }

// Account adds an account, as DOMAIN\user or user. The first one replaces the default account and is the one that
// Username and Password name.
func Account(user, password string) Option {
	return func(s *settings) {
		if len(s.Accounts) == 0 {
			s.username = user
		}
		s.Accounts[user] = password
	}
}

// Named sets the computer name (default MAIL01).
func Named(computer string) Option {
	return func(s *settings) { s.ComputerName = strings.ToUpper(computer) }
}

// ListenOn sets the loopback address to listen on (default 127.0.0.1, also ::1).
func ListenOn(ip string) Option { return func(s *settings) { s.IP = strings.Trim(ip, "[]") } }

// AllowUnencrypted is the service's setting of that name (documented default: false): whether plain HTTP may carry Basic
// and unsealed messages.
func AllowUnencrypted(allow bool) Option { return func(s *settings) { s.AllowUnencrypted = allow } }

// WithoutNegotiate makes the service not offer Negotiate.
func WithoutNegotiate() Option { return func(s *settings) { s.Negotiate = false } }

// ChannelBinding sets CbtHardeningLevel: "none", "relaxed" (the default) or "strict".
func ChannelBinding(level string) Option { return func(s *settings) { s.BindingPolicy = level } }

// Clock gives the host a clock. Without it time stands still but for Advance and Reboot.
func Clock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// WithoutShell takes the shell away, as an administrator does with AllowRemoteShellAccess; WinRM 1.1 has none anyway.
func WithoutShell() Option { return func(s *settings) { s.noShell = true } }

// Language is that of console programs: "en" (the default), "de", "fr" or "ja".
func Language(code string) Option { return func(s *settings) { s.language = code } }

// UUID sets Win32_ComputerSystemProduct.UUID, which else is random; "" is a machine that has none.
func UUID(text string) Option { return func(s *settings) { s.uuid = text } }

// InstalledAt sets Win32_OperatingSystem.InstallDate.
func InstalledAt(when time.Time) Option { return func(s *settings) { s.installed = when } }

// ClonedFrom copies another host's disk as it is now: the registry and InstallDate. The UUID is the clone's own
// (documented: a hypervisor makes a new one).
func ClonedFrom(h *Host) Option {
	return func(s *settings) { s.original, s.installed = h, h.clock.read().Installed }
}

// BootFollowsClock settles what else the seed does: whether LastBootUpTime moves along when the clock is stepped.
func BootFollowsClock(is bool) Option {
	return settle(func(s *profile.Shape) { s.BootFollowsClock = is })
}

// MaxUserPortRules settles likewise whether since 2008 a boot makes TCP's ranges of MaxUserPort: from 1024 to that port.
func MaxUserPortRules(is bool) Option {
	return settle(func(s *profile.Shape) { s.MaxUserPortRules = is })
}

// MaxUserPortWins settles whether it does so, where it rules, over a range that netsh has set to stay.
func MaxUserPortWins(is bool) Option {
	return settle(func(s *profile.Shape) { s.MaxUserPortWins = is })
}

// PolicyResults settles what a client gets of root/rsop/computer: "read" (what SetPolicy set), "denied" (it may not), or
// "missing" (no policy was ever processed, so that there is no such namespace).
func PolicyResults(are string) Option {
	return settle(func(s *profile.Shape) { s.PolicyResults = are })
}

// DomainLogonNeedsPort settles whether a host that has no port left for a domain controller refuses domain accounts (documented:
// "Troubleshoot port exhaustion"; whether the secure channel, once open, carries the logons of a network all the same is not).
func DomainLogonNeedsPort(does bool) Option {
	return settle(func(s *profile.Shape) { s.DomainLogon = !does })
}

// DomainController makes the host one, with the listeners of a directory and of a DNS server.
func DomainController() Option { return func(s *settings) { s.controller = true } }

func settle(f func(*profile.Shape)) Option {
	return func(s *settings) { s.settle = append(s.settle, f) }
}

func newSettings(opts []Option) (settings, error) {
	s := settings{
		Config:   listener.Config{Seed: 1, Domain: "CONTOSO", ComputerName: "MAIL01", IP: "127.0.0.1", Basic: true, Negotiate: true, Accounts: map[string]string{}},
		language: "en", uuid: soap.NewGUID(), installed: time.Date(2025, time.October, 6, 8, 30, 12, 0, time.UTC),
	}
	if text := os.Getenv("WINSIM_SEED"); text != "" {
		seed, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return s, fmt.Errorf("WINSIM_SEED is %q; set it to a whole number or leave it out", text)
		}
		s.Seed = seed
	}
	for _, option := range opts {
		option(&s)
	}
	if len(s.Accounts) == 0 {
		s.username, s.Accounts = DefaultUsername, map[string]string{DefaultUsername: DefaultPassword}
	}
	if !net.ParseIP(s.IP).IsLoopback() {
		return s, fmt.Errorf("the simulated host listens on loopback addresses only, not on %q", s.IP)
	}
	return s, nil
}

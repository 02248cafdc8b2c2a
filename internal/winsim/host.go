package winsim

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/listener"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/registry"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/shell"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/soap"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/wmi"
)

// Profile is one Windows version.
type Profile = profile.Profile

// The versions that there are.
var (
	Server2003R2 = row(profile.Server2003R2) // with WinRM 1.1, which has no shell
	Server2003   = row(profile.Server2003)   // SP2 with WinRM 2.0 (KB968930), which has a shell
	Server2008R2 = row(profile.Server2008R2) // SP1 with WinRM 2.0, without root/StandardCimv2
	Server2012R2 = row(profile.Server2012R2)
	Server2016   = row(profile.Server2016)
	Server2019   = row(profile.Server2019)
	Server2022   = row(profile.Server2022)
	Server2025   = row(profile.Server2025)
)

func row(p Profile) func() Profile { return func() Profile { return p } }

// ProfileByName finds a profile by its name on the command line, e.g. "server-2022".
func ProfileByName(name string) (Profile, bool) { return profile.ByName(name) }

// Profiles lists all profiles, oldest first.
func Profiles() []Profile { return profile.All() }

// TB is what Start needs of a test; *testing.T has it. It is an interface so that cmd/winsim does not link testing.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// Host is a running simulated host. Its methods are safe for concurrent use.
type Host struct {
	settings    settings
	machine     *wmi.Machine
	writer      soap.Writer
	clock       *clock
	stack       *tcpstack.Stack
	shells      *shell.Shells
	certificate string // PEM
	http, https *listener.Listener

	mu        sync.Mutex
	intercept func(Call) Action
	methods   map[string]int
	programs  map[string]int
	writes    int
	rewrite   func(item string) string
	open      map[string]*wmi.Cursor // enumerations by context: the items yet to come
}

// Start starts a host that stops when the test ends.
func Start(tb TB, p Profile, opts ...Option) *Host {
	tb.Helper()
	h, err := New(p, opts...)
	if err != nil {
		tb.Fatalf("start the simulated host: %v", err)
		return nil
	}
	tb.Cleanup(h.Close)
	tb.Logf("winsim: %s (%s) with WINSIM_SEED=%d", h.Name(), p.Key, h.Seed())
	return h
}

// New starts a host; the caller closes it.
func New(p Profile, opts ...Option) (*Host, error) {
	s, err := newSettings(opts)
	if err != nil {
		return nil, err
	}
	p.HasShell = p.HasShell && !s.noShell
	shape := profile.ShapeOf(s.Seed)
	for _, settle := range s.settle {
		settle(&shape)
	}
	h := &Host{
		settings: s, methods: map[string]int{}, programs: map[string]int{}, open: map[string]*wmi.Cursor{},
		writer: soap.Writer{Shape: shape, Machine: strings.ToLower(s.ComputerName) + ".contoso.com"},
	}
	h.clock = newClock(s, shape.BootFollowsClock, shape.Offset)
	h.machine = &wmi.Machine{Profile: p, Shape: shape, Registry: freshRegistry(s.ComputerName, shape), Name: s.ComputerName, Facts: h.clock.read, Stack: h.Stack}
	kept := tcpstack.Ranges{}
	if s.original != nil {
		h.machine.Registry.CopyFrom(s.original.machine.Registry)
		kept = s.original.Stack().Config().Kept
	}
	h.stack = tcpstack.New(h.stackConfig(kept))
	if s.controller {
		h.promote()
	}
	h.shells, err = shell.New(shell.Machine{Profile: p, Shape: shape, Language: s.language, Registry: h.machine.Registry, Stack: h.Stack, SetRange: h.setRange,
		Now: func() time.Time { now, _ := h.clock.steady(); return now }})
	if err != nil {
		return nil, err
	}
	if err := h.listen(); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// freshRegistry has in Tcpip\Parameters what a domain member usually has there (documented: KB314053 and neighbours), and
// none of the values that we tune.
func freshRegistry(computer string, shape profile.Shape) *registry.Registry {
	values := []registry.Value{
		{Name: "DataBasePath", Type: registry.ExpandSZ, Text: `%SystemRoot%\System32\drivers\etc`},
		{Name: "Domain", Type: registry.SZ, Text: "contoso.com"},
		{Name: "ForwardBroadcasts", Type: registry.DWORD},
		{Name: "IPEnableRouter", Type: registry.DWORD},
		{Name: "NameServer", Type: registry.SZ},
		{Name: "SyncDomainWithMembership", Type: registry.DWORD, Number: 1},
		{Name: "NV Hostname", Type: registry.SZ, Text: strings.ToLower(computer)},
		{Name: "Hostname", Type: registry.SZ, Text: strings.ToLower(computer)},
		{Name: "DhcpNameServer", Type: registry.SZ, Text: "192.0.2.10 192.0.2.11"},
	}
	if shape.DefaultValue {
		values = append(values, registry.Value{Type: registry.SZ, Text: "left by an installer"})
	}
	r := &registry.Registry{}
	for _, path := range []string{TCPIPParameters + `\Interfaces`, TCPIPParameters + `\Winsock`, `SOFTWARE\Microsoft\Windows NT\CurrentVersion`} {
		_ = r.CreateKey(path) // no constant path is malformed
	}
	for _, v := range values {
		_ = r.Set(TCPIPParameters, v) // the key was just made
	}
	return r
}

func (h *Host) listen() error {
	server, clients, err := newCertificate(time.Now())
	if err != nil {
		return err
	}
	h.certificate = clients
	c := h.settings.Config
	c.OmitTimestamp, c.Handle = h.machine.Profile.Quirk2003, h.handle
	c.NoDomain = func() bool {
		return !h.machine.Shape.DomainLogon && !h.Stack().CanConnect(netip.MustParseAddrPort("192.0.2.53:389"))
	}
	if h.http, err = listener.Listen(c); err != nil {
		return fmt.Errorf("listen for HTTP: %w", err)
	}
	c.TLS = &tls.Config{Certificates: []tls.Certificate{server}, MinVersion: tls.VersionTLS12}
	if h.https, err = listener.Listen(c); err != nil {
		return fmt.Errorf("listen for HTTPS: %w", err)
	}
	return nil
}

// Close stops the host and waits until nothing of it runs.
func (h *Host) Close() {
	for _, l := range []*listener.Listener{h.http, h.https} {
		if l != nil {
			l.Close()
		}
	}
}

// Console runs a command line as an administrator at the host itself does.
func (h *Host) Console(line string) (output string, exitCode int) { return h.shells.Console(line) }

// HTTPAddr is the address of the HTTP listener, host:port.
func (h *Host) HTTPAddr() string { return h.http.Addr() }

// HTTPSAddr is the address of the HTTPS listener, host:port.
func (h *Host) HTTPSAddr() string { return h.https.Addr() }

// CACertificate is the PEM certificate to trust for the HTTPS listener; it names 127.0.0.1, ::1 and localhost.
func (h *Host) CACertificate() string { return h.certificate }

// Username is the account to log on with.
func (h *Host) Username() string { return h.settings.username }

// Password is that account's password.
func (h *Host) Password() string { return h.settings.Accounts[h.settings.username] }

// Name is the host's computer name.
func (h *Host) Name() string { return h.settings.ComputerName }

// Seed is the seed that chose the assumed shapes.
func (h *Host) Seed() int64 { return h.settings.Seed }

package winhost

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// SocketMethod is how a socket table is read.
type SocketMethod string

// The methods. WMI is MSFT_NetTCPConnection (Windows Server 2012 and later),
// Netstat is netstat in a WinRM shell (every version that has a shell). Auto
// takes WMI where the host has it.
const (
	Auto    SocketMethod = "auto"
	WMI     SocketMethod = "wmi"
	Netstat SocketMethod = "netstat"
)

// Defaults and bounds of a [SocketQuery].
const (
	DefaultMaxRows = 500_000
	MaxMaxRows     = 1_000_000
	DefaultTop     = 10
	MaxTop         = 1000
)

// SocketQuery says what of a host's sockets is asked.
type SocketQuery struct {
	Method SocketMethod
	// MaxRows is the ceiling on rows: a longer table is an error, not a shorter one.
	MaxRows int
	// Top bounds the lists of the busiest; 0 leaves them out.
	Top int
	// MaxUserPort is what that value was when Windows started, where a journal tells:
	// before Windows Server 2008 the pool is by it until the next start. nil: what it
	// is now counts.
	MaxUserPort *tuning.Value
}

// SocketStats is what a host's sockets say.
type SocketStats struct {
	sockets.Summary
	// CollectedAt is when the table was complete, by our own clock.
	CollectedAt time.Time
	Method      SocketMethod // WMI or Netstat
	// UDPEndpoints is how many UDP endpoints there are; nil where they could not
	// be counted.
	UDPEndpoints *int
	// UDPPool is the dynamic port range of UDP; nil where it is not known.
	UDPPool *tcpip.PortRange
	// PoolSource says where the pool of TCP comes from; empty where it is not known.
	PoolSource string
	// Counters are TCP's by family; nil where the host has none.
	Counters map[sockets.Family]TCPCounters
	// Notes say what is missing, and why.
	Notes []string
}

// Where a pool can come from.
const (
	PoolFromWMI         = "MSFT_NetTCPSetting"
	PoolFromNetsh       = "netsh show dynamicport"
	PoolFromMaxUserPort = "MaxUserPort as configured; a change rules only after a restart"
	PoolFromJournal     = "MaxUserPort as it was when Windows started, by the journal"
)

// ReadSockets counts a host's sockets. It reads the pool first, then the table,
// then what stands beside it. What the host cannot give is named in Notes;
// without the table itself there is an error.
func (h *Host) ReadSockets(ctx context.Context, query SocketQuery) (SocketStats, error) {
	build, err := h.knownBuild(ctx)
	if err != nil {
		return SocketStats{}, err
	}
	read := &socketRead{host: h, query: query, build: build}
	if err := read.choose(); err != nil {
		return SocketStats{}, err
	}
	if err := read.shell(ctx); err != nil {
		return SocketStats{}, err
	}
	if err := read.pools(ctx); err != nil {
		return SocketStats{}, err
	}
	tally, err := read.table(ctx)
	if err != nil {
		return SocketStats{}, err
	}
	read.stats.CollectedAt = h.now()
	read.stats.Summary = tally.Summary(query.Top)
	if err := read.udp(ctx); err != nil {
		return SocketStats{}, err
	}
	if err := read.counters(ctx); err != nil {
		return SocketStats{}, err
	}
	return read.stats, nil
}

// socketRead is one reading under way.
type socketRead struct {
	host    *Host
	query   SocketQuery
	build   tcpip.Build
	stats   SocketStats
	printed printed // what the shell's command printed, by section
	noShell error   // why it gave nothing, where the table does not need it
	pool    sockets.Pool
}

func (r *socketRead) note(format string, args ...any) {
	r.stats.Notes = append(r.stats.Notes, fmt.Sprintf(format, args...))
}

// choose settles the method.
func (r *socketRead) choose() error {
	modern := r.build.HasStandardCimv2()
	switch {
	case r.query.Method == WMI && !modern:
		return fmt.Errorf("method = \"wmi\" needs MSFT_NetTCPConnection, which Windows Server 2012 and later have; this host is build %d: use method = \"netstat\" or \"auto\"", r.build)
	case r.query.Method == Netstat, r.query.Method == Auto && !modern:
		r.stats.Method = Netstat
	default:
		r.stats.Method = WMI
	}
	return nil
}

// shell runs the one command that gives what WMI has no answer for: the excluded
// ranges always, the rest by method and version. A host without a shell gets
// what WMI gives.
func (r *socketRead) shell(ctx context.Context) error {
	var sections []section
	if r.stats.Method == Netstat {
		sections = append(sections, netstatTCP, netstatTCPv6, netstatUDP, netstatUDPv6)
	}
	if r.build.HasDynamicPortRange() {
		sections = append(sections, excludedIPv4, excludedIPv6)
		if !r.build.HasStandardCimv2() {
			sections = append(sections, dynamicTCP, dynamicTCPv6, dynamicUDP)
		}
	}
	if len(sections) == 0 {
		return nil
	}
	var err error
	r.printed, err = r.host.print(ctx, sections)
	switch {
	case err == nil:
		return nil
	case r.stats.Method == Netstat && errors.Is(err, ErrNoShell):
		return fmt.Errorf("netstat needs a WinRM shell, and %w", err)
	case r.stats.Method == Netstat || isOver(ctx, err):
		return err
	default: // WMI has the table; what only a shell gives is left out
		r.noShell = err
		return nil
	}
}

// isOver tells whether an error ends the whole reading, and not only one part: the
// time is over, the host is gone, or it does not let the account in any more, which
// each further part would try again.
func isOver(ctx context.Context, err error) bool {
	var (
		unreachable  *transport.UnreachableError
		unauthorized *transport.UnauthorizedError
		late         *transport.TimeoutError
	)
	return ctx.Err() != nil || errors.As(err, &unreachable) || errors.As(err, &unauthorized) || errors.As(err, &late) && late.Phase.Connecting()
}

// table reads the socket table.
func (r *socketRead) table(ctx context.Context) (*sockets.Tally, error) {
	tally := sockets.NewTally(r.pool)
	if r.stats.Method == WMI {
		if err := r.host.readConnections(ctx, tally, r.query.MaxRows); err != nil {
			return nil, err
		}
	} else {
		for _, section := range []section{netstatTCP, netstatTCPv6} {
			output, ok := r.printed[section.name]
			if !ok {
				return nil, fmt.Errorf("%q failed on the host, and without it the table is not whole", section.line)
			}
			if err := parseNetstat(output, tally, r.query.MaxRows); err != nil {
				return nil, err
			}
		}
	}
	if tally.Rows() == 0 {
		// We are connected to this host by TCP: a table without a row is none.
		return nil, errors.New("the host shows no TCP socket at all, though this very connection is one: its answer cannot be right")
	}
	return tally, nil
}

// udp counts the UDP endpoints. Without them the rest is still worth having.
func (r *socketRead) udp(ctx context.Context) error {
	if r.stats.Method == WMI {
		count, err := r.host.countRows(ctx, namespaceStandard, "SELECT LocalPort FROM MSFT_NetUDPEndpoint")
		if err != nil {
			return r.missing(ctx, "UDP endpoints are not counted", err)
		}
		r.stats.UDPEndpoints = &count
		return nil
	}
	ipv4, ok4 := r.printed[netstatUDP.name]
	ipv6, ok6 := r.printed[netstatUDPv6.name]
	if !ok4 || !ok6 {
		r.note("UDP endpoints are not counted: %q or %q failed on the host", netstatUDP.line, netstatUDPv6.line)
		return nil
	}
	count := countUDP(ipv4) + countUDP(ipv6)
	r.stats.UDPEndpoints = &count
	return nil
}

// missing notes what could not be had, unless the whole reading is over.
func (r *socketRead) missing(ctx context.Context, what string, err error) error {
	if isOver(ctx, err) {
		return err
	}
	r.note("%s: %v", what, err)
	return nil
}

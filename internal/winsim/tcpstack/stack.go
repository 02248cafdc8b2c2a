package tcpstack

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Config is what a host's Windows version and registry say.
type Config struct {
	Boot     time.Time     // the host's last boot
	Ranges                 // of the ports for outgoing connections, which come from TCP4 here
	Kept     Ranges        // those of them that somebody has set to stay; zero: none
	Excluded []Range       // ports of TCP that are never handed out
	TimeWait time.Duration // how long a closed connection holds its port
	// OnePool: an outgoing connection needs a port that no other one has, wherever it leads. Else a port serves one
	// connection to each remote endpoint.
	OnePool bool
	Random  bool // ports are drawn at random, not in sequence
	Seed    int64
}

// Load is a program that makes outgoing connections.
type Load struct {
	PerSecond    float64 // new connections, over all destinations
	Destinations []netip.AddrPort
	Hold         time.Duration // how long a connection is open; 0: 200 ms (assumed)
	PID          uint32        // 0: the mail server's
}

// MaxPerSecond bounds a load.
const MaxPerSecond = 100_000

// Stack is the sockets of a host. It is safe for concurrent use.
type Stack struct {
	mu     sync.Mutex
	config Config
	now    time.Time
	random *rand.Rand

	load   Load
	since  time.Time // when the load began
	opened int       // connections that it tried

	added    []Socket // by Listen
	standing []Socket
	udp      []Endpoint
	given    []Socket                  // by Replace; nil where there is none
	open     []*timer                  // the load's connections that are ESTABLISHED, the first to close first
	waiting  []*timer                  // those in TIME_WAIT, likewise
	held     ports                     // ports that no connection can have
	pools    map[netip.AddrPort]*ports // held by the load's connections, by remote endpoint
	last     uint16                    // port handed out

	counters [2]Counters // IPv4, IPv6
	events   []Event
}

// New is a host that booted at c.Boot and has idled since.
func New(c Config) *Stack {
	s := &Stack{config: c}
	s.boot(c.Boot)
	return s
}

// Boot restarts the host: sockets and counters are gone, the new configuration rules, but for the excluded ranges, and the load
// begins again.
func (s *Stack) Boot(c Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Excluded = s.config.Excluded
	s.config = c
	s.boot(c.Boot)
}

func (s *Stack) boot(now time.Time) {
	s.now, s.since, s.opened = now, now, 0
	s.given, s.open, s.waiting, s.counters = nil, nil, nil, [2]Counters{}
	s.pools = map[netip.AddrPort]*ports{}
	s.random = rand.New(rand.NewPCG(uint64(s.config.Seed), 0)) // #nosec G404,G115 -- a simulation that can be repeated
	s.standing, s.udp = standing(now, s.config.TCP4)
	for _, socket := range s.added {
		socket.Created = now
		s.standing = append(s.standing, socket)
	}
	s.last = uint16(s.config.TCP4.Start - 1) // #nosec G115 -- a port
	for _, socket := range s.standing {
		if socket.State != Listen {
			s.counters[family(socket.Local.Addr())].Passive++
		}
	}
	s.counters[0].Reset, s.counters[1].Reset = 2, 1 // three clients have hung up
	s.holdPorts()
}

// holdPorts finds the ports that nobody gets: those outside the range, the excluded ones, and those of standing sockets.
func (s *Stack) holdPorts() {
	for i := range s.held {
		s.held[i] = ^uint64(0)
	}
	for port := s.config.TCP4.Start; port < s.config.TCP4.End(); port++ {
		s.held.free(port)
	}
	for _, r := range s.config.Excluded {
		for port := r.Start; port < r.End(); port++ {
			s.held.take(port)
		}
	}
	for _, socket := range s.standing {
		s.held.take(int(socket.Local.Port()))
	}
}

// Load replaces the load; connections that are open stay. A load of none ends it.
func (s *Stack) Load(l Load) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.Hold <= 0 {
		l.Hold = 200 * time.Millisecond
	}
	l.PID = cmp.Or(l.PID, mailServer)
	l.PerSecond = min(max(l.PerSecond, 0), MaxPerSecond)
	l.Destinations = slices.Clone(l.Destinations)
	s.load, s.since, s.opened = l, s.now, 0
}

// Listen adds a listener, which is there again after each boot.
func (s *Stack) Listen(at netip.AddrPort, pid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	nobody := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}[family(at.Addr())]
	s.added = append(s.added, Socket{at, netip.AddrPortFrom(nobody, 0), Listen, pid, s.now})
	s.standing = append(s.standing, s.added[len(s.added)-1])
	s.held.take(int(at.Port()))
}

// Configure changes the ranges and the excluded ranges, for connections to come.
func (s *Stack) Configure(change func(*Config)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.config)
	s.holdPorts()
}

// Step lets time pass: connections open, close and leave TIME_WAIT, each at its time. What ends at an instant ends before
// anything begins. Time does not go backwards.
func (s *Stack) Step(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.given == nil && s.happen(now) {
	}
	if now.After(s.now) {
		s.now = now
	}
}

// happen lets the next thing happen, unless it is later than the limit.
func (s *Stack) happen(limit time.Time) bool {
	at, do := limit.Add(1), s.connect
	if after := float64(s.opened) / s.load.PerSecond; len(s.load.Destinations) > 0 && after < limit.Sub(s.since).Seconds()+1 { // no load: infinite or NaN
		at = s.since.Add(time.Duration(after * float64(time.Second)))
	}
	if len(s.open) > 0 && !s.open[0].due.After(at) {
		at, do = s.open[0].due, s.close
	}
	if len(s.waiting) > 0 && !s.waiting[0].due.After(at) {
		at, do = s.waiting[0].due, s.expire
	}
	if at.After(limit) {
		return false
	}
	s.now = at
	do()
	return true
}

// connect tries one connection of the load.
func (s *Stack) connect() {
	remote := s.load.Destinations[s.opened%len(s.load.Destinations)]
	s.opened++
	port, ok := s.draw(s.pool(remote))
	if !ok {
		s.fail(remote)
		return
	}
	s.counters[family(remote.Addr())].Active++
	s.last = port
	due := s.now.Add(s.load.Hold)
	at, _ := slices.BinarySearchFunc(s.open, due, func(t *timer, due time.Time) int { return t.due.Compare(due) }) // a load before may have held longer
	s.open = slices.Insert(s.open, at, &timer{due: due, Socket: Socket{
		Local: netip.AddrPortFrom(localFor(remote.Addr()), port), Remote: remote, State: Established, PID: s.load.PID, Created: s.now,
	}})
}

// close is by this host, which therefore waits; equally long for all.
func (s *Stack) close() {
	t := s.open[0]
	s.open[0], s.open = nil, s.open[1:]
	s.counters[family(t.Remote.Addr())].closed()
	t.State, t.PID, t.due = TimeWait, 0, s.now.Add(s.config.TimeWait)
	s.waiting = append(s.waiting, t)
}

func (s *Stack) expire() {
	t := s.waiting[0]
	s.waiting[0], s.waiting = nil, s.waiting[1:]
	s.pool(t.Remote).free(int(t.Local.Port()))
}

// timer is a connection and when something happens to it.
type timer struct {
	Socket
	due time.Time
}

func localFor(remote netip.Addr) netip.Addr {
	switch {
	case remote.Is4():
		return netip.AddrFrom4([4]byte{192, 0, 2, 25})
	case remote.Zone() != "":
		return netip.MustParseAddr("fe80::1").WithZone(remote.Zone())
	default:
		return netip.MustParseAddr("2001:db8::25")
	}
}

// pool holds the ports that connections to an endpoint have.
func (s *Stack) pool(remote netip.AddrPort) *ports {
	if s.config.OnePool {
		remote = netip.AddrPort{}
	}
	p := s.pools[remote]
	if p == nil {
		p = &ports{}
		s.pools[remote] = p
	}
	return p
}

// ports is a set of ports.
type ports [1 << 10]uint64

func (p *ports) take(port int) { p[port>>6] |= 1 << (port & 63) }
func (p *ports) free(port int) { p[port>>6] &^= 1 << (port & 63) }

// CanConnect tells whether a port is left for one more connection to an endpoint.
func (s *Stack) CanConnect(remote netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	pool := s.pool(remote)
	return !slices.EqualFunc(pool[:], s.held[:], func(taken, held uint64) bool { return taken|held == ^uint64(0) })
}

// draw takes a port that is free in the pool: the next one after the last, or the next after one drawn at random.
func (s *Stack) draw(pool *ports) (uint16, bool) {
	from := int(s.last) + 1
	if s.config.Random {
		from = s.config.TCP4.Start + s.random.IntN(s.config.TCP4.Number)
	}
	for i := range len(pool) + 1 {
		word := (from>>6 + i) % len(pool)
		free := ^(pool[word] | s.held[word])
		if i == 0 {
			free &= ^uint64(0) << (from & 63)
		}
		if free != 0 {
			port := word<<6 + bits.TrailingZeros64(free)
			pool.take(port)
			return uint16(port), true // #nosec G115 -- below 1<<16
		}
	}
	return 0, false
}

package monitoring

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/tcpip"
	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman/transport"
)

// Reading is what one host said, or why it said nothing.
type Reading struct {
	Host string // as the user named it
	// Err is why there are no statistics; what else is here is then of no use but for
	// Duration.
	Err     error
	Sockets winhost.SocketStats
	// TimeWaitDelay is TcpTimedWaitDelay in seconds; nil where it is not set as a
	// REG_DWORD or could not be read.
	TimeWaitDelay *uint32
	// Pending names the registry values that await a restart; nil where no journal of
	// the host tells.
	Pending []string
	// Notes say what is missing, and why.
	Notes []string
	// Duration is how long the reading took, connecting included.
	Duration time.Duration
}

// settings takes over what the registry and the journal say. It gives MaxUserPort as
// it was when Windows started, where it has been changed since and the journal tells.
func (r *Reading) settings(facts audit.Facts) (maxUserPort *tuning.Value) {
	for _, missing := range facts.Missing {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: %s", missing.Part, missing.Why))
	}
	p, _ := tcpip.ByValueName("TcpTimedWaitDelay")
	if value, read := facts.Values[p.Attribute]; read && value.Type == tuning.TypeDWORD {
		delay := uint32(value.Number) // #nosec G115 -- a REG_DWORD
		r.TimeWaitDelay = &delay
	}
	pending, known := facts.PendingRestart()
	if !known {
		return nil
	}
	r.Pending = []string{}
	for _, value := range pending {
		r.Pending = append(r.Pending, value.ValueName)
		if atStart, err := tuning.ParseValue(value.AtStart); err == nil && value.ValueName == "MaxUserPort" {
			maxUserPort = &atStart
		}
	}
	return maxUserPort
}

// notes are those of both parts of the reading. They may hold a host's own words.
func (r *Reading) notes() []string {
	list := []string{}
	for _, note := range slices.Concat(r.Notes, r.Sockets.Notes) {
		list = append(list, oneLine(note))
	}
	return list
}

// oneLine is a text without line ends and without what a terminal would obey, and not
// longer than fits a message.
func oneLine(text string) string {
	return winhost.Presentable(strings.Join(strings.Fields(text), " "))
}

// silent tells whether a host failed by not answering, or not in time: a fault of the
// host or of the way to it. Any other failure (refused credentials, access denied, an
// answer that is none, a name that does not resolve) says nothing about how the host is.
func (r *Reading) silent() bool {
	var resolving *net.DNSError
	return unanswered(r.Err) && !errors.As(r.Err, &resolving) && !errors.Is(r.Err, context.Canceled)
}

// unanswered tells whether an error came before the host had a word.
func unanswered(err error) bool {
	return transport.Unreachable(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// Refused tells whether the host judged the credentials, and refused them.
func (r *Reading) Refused() bool {
	var (
		unauthorized *transport.UnauthorizedError
		other        *transport.NotTriedError // another host did
	)
	return errors.As(r.Err, &unauthorized) && unauthorized.Refused && !errors.As(r.Err, &other)
}

// Failure is why there are no statistics, as one line.
func (r *Reading) Failure() string {
	text := oneLine(r.Err.Error())
	if rest, ok := strings.CutPrefix(text, r.Host); ok { // "mail01: " or "mail01:5985: ", which stands before it anyway
		if _, what, ok := strings.Cut(rest, ": "); ok && strings.Trim(rest[:len(rest)-len(what)-2], ":0123456789") == "" {
			text = what
		}
	}
	if winhost.IsDenied(r.Err) {
		text += "; use an account that is a member of the host's Administrators, or give this one the rights (docs/guides/rights.md)"
	}
	return text
}

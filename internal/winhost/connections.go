package winhost

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

const namespaceStandard = "root/StandardCimv2"

// connectionQuery selects the columns that are needed and no others: a row costs
// about 300 bytes on the wire as it is.
const connectionQuery = "SELECT LocalAddress, LocalPort, RemoteAddress, RemotePort, State, OwningProcess FROM MSFT_NetTCPConnection"

// readConnections counts MSFT_NetTCPConnection. When the host forgets the
// enumeration half-way (its context expired), the table is read once more from
// the beginning, with the tally emptied: a partial table is never reported.
func (h *Host) readConnections(ctx context.Context, tally *sockets.Tally, maxRows int) error {
	read := func() error {
		return h.wsman.Enumerate(ctx, namespaceStandard, connectionQuery, func(item wsman.Item) error {
			if tally.Rows() == maxRows {
				return &TooManyRowsError{Max: maxRows}
			}
			return addConnection(tally, item)
		})
	}
	err := read()
	var fault *wsman.Fault
	if errors.As(err, &fault) && fault.ContextExpired() {
		tally.Reset()
		if err = read(); err != nil {
			return fmt.Errorf("the host forgot the enumeration, and reading it again failed: %w", err)
		}
	}
	return err
}

// addConnection counts one row. A row without a state counts as unknown; one that
// is no socket at all is an error, since a wrong count is worse than none.
func addConnection(tally *sockets.Tally, item wsman.Item) error {
	local, err := addressOf(item, "LocalAddress")
	if err != nil {
		return err
	}
	localPort, err := numberOf(item, "LocalPort", 16)
	if err != nil {
		return err
	}
	remote, err := remoteOf(item)
	if err != nil {
		return err
	}
	pid, err := numberOf(item, "OwningProcess", 32)
	if err != nil {
		return err
	}
	row := sockets.Row{
		Local: local, LocalPort: uint16(localPort), // #nosec G115 -- parsed with 16 bits
		Remote: remote, PID: uint32(pid), // #nosec G115 -- parsed with 32 bits
	}
	text, _ := item.Text("State")
	state, known := stateOf(text)
	if !known {
		tally.AddUnknown(row, printable([]byte(clip([]byte(text)))))
		return nil
	}
	row.State = state
	tally.Add(row)
	return nil
}

// stateOf reads a state's number, which need not be one that Windows is known to
// have; ok is false where there is none.
func stateOf(text string) (state sockets.State, ok bool) {
	number, err := strconv.ParseUint(text, 10, 8)
	return sockets.State(number), err == nil // #nosec G115 -- parsed with 8 bits
}

// remoteOf reads the remote endpoint. A socket that listens or is only bound has
// none: the columns are 0.0.0.0 and 0 then, and by what is known might be null too.
func remoteOf(item wsman.Item) (netip.AddrPort, error) {
	address, _ := item.Text("RemoteAddress")
	port, _ := item.Text("RemotePort")
	if address == "" && (port == "" || port == "0") {
		return netip.AddrPort{}, nil
	}
	ip, err := addressOf(item, "RemoteAddress")
	if err != nil {
		return netip.AddrPort{}, err
	}
	number, err := numberOf(item, "RemotePort", 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(ip, uint16(number)), nil // #nosec G115 -- parsed with 16 bits
}

func addressOf(item wsman.Item, column string) (netip.Addr, error) {
	text, _ := item.Text(column)
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("a row of MSFT_NetTCPConnection has the %s %q", column, clip([]byte(text)))
	}
	return plainZone(address), nil
}

// plainZone drops a zone that is none of Windows', which are numbers (or names of
// interfaces): net/netip takes any text for one, and it would go on into tables and
// series.
func plainZone(address netip.Addr) netip.Addr {
	other := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-' && r != '.'
	}
	if zone := address.Zone(); len(zone) > maxZone || strings.ContainsFunc(zone, other) {
		return address.WithZone("")
	}
	return address
}

// maxZone bounds the name of a zone, in bytes.
const maxZone = 32

func numberOf(item wsman.Item, column string, bits int) (uint64, error) {
	text, _ := item.Text(column)
	number, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("a row of MSFT_NetTCPConnection has the %s %q", column, clip([]byte(text)))
	}
	return number, nil
}

// countRows counts what a query gives.
func (h *Host) countRows(ctx context.Context, namespace, query string) (int, error) {
	count := 0
	err := h.wsman.Enumerate(ctx, namespace, query, func(wsman.Item) error { count++; return nil })
	return count, err
}

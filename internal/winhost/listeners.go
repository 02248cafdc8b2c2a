package winhost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/windows-baseline/terraform-provider-windows/internal/audit"
	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// maxListeners bounds how many listeners are believed. A server has some dozens.
const maxListeners = 20_000

// listenQuery selects by the state's number: 2 is Listen (Microsoft,
// "MSFT_NetTCPConnection class").
const listenQuery = "SELECT LocalAddress, LocalPort, OwningProcess FROM MSFT_NetTCPConnection WHERE State = 2"

// listeners reads the sockets that wait for connections: from WMI where it has them,
// else from what the shell printed.
func (r *factsRead) listeners(ctx context.Context) error {
	found := listeners{}
	switch {
	case r.facts.System.Build.HasStandardCimv2():
		err := r.host.wsman.Enumerate(ctx, namespaceStandard, listenQuery, func(item wsman.Item) error {
			local, err := addressOf(item, "LocalAddress")
			if err != nil {
				return err
			}
			port, err := numberOf(item, "LocalPort", 16)
			if err != nil {
				return err
			}
			pid, err := numberOf(item, "OwningProcess", 32)
			if err != nil {
				return err
			}
			return found.add(local, uint16(port), uint32(pid)) // #nosec G115 -- parsed with 16 and 32 bits
		})
		if err != nil {
			return err
		}
	case r.printed == nil:
		return nil // there was no shell, which is said
	default:
		if err := r.netstatListeners(found); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		// WinRM itself listens, since it answered: a table without a row is none.
		return errors.New("the host shows no TCP socket that listens, though WinRM is one: its answer cannot be right")
	}
	r.facts.Listeners = found.sorted()
	return nil
}

func (r *factsRead) netstatListeners(found listeners) error {
	for _, s := range []section{netstatTCP, netstatTCPv6} {
		shown := r.printed[s.name]
		if !shown.ok {
			return fmt.Errorf("%q failed on the host: %s", s.line, said(shown.output))
		}
		err := eachSocket(shown.output, func(row sockets.Row, _ string) error { // a row whose word is unknown has no state
			if row.State != sockets.Listen {
				return nil
			}
			return found.add(row.Local, row.LocalPort, row.PID)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// listeners is a set: a socket that was seen twice while the table was read counts
// once.
type listeners map[audit.Listener]bool

func (l listeners) add(address netip.Addr, port uint16, pid uint32) error {
	l[audit.Listener{Address: netip.AddrPortFrom(address, port), PID: pid}] = true
	if len(l) > maxListeners {
		return fmt.Errorf("the host has more than %d sockets that listen", maxListeners)
	}
	return nil
}

// sorted lists them by port, then by address.
func (l listeners) sorted() []audit.Listener {
	list := make([]audit.Listener, 0, len(l))
	for one := range l {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b audit.Listener) int {
		return cmp.Or(cmp.Compare(a.Address.Port(), b.Address.Port()), a.Address.Compare(b.Address), cmp.Compare(a.PID, b.PID))
	})
	return list
}

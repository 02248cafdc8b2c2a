package winhost

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/sockets"
)

// netstatWords are the state words that netstat prints, reduced to their ASCII
// letters and digits, since the output is in the OEM code page of the machine.
// English is documented and printed by most languages; German is reported, but for
// FIN_WARTEN_1 and the spellings with ß, which are assumed from the others. A word
// that is not here is counted as unknown and said.
var netstatWords = map[string]sockets.State{
	"LISTENING":        sockets.Listen,
	"ESTABLISHED":      sockets.Established,
	"TIMEWAIT":         sockets.TimeWait,
	"CLOSEWAIT":        sockets.CloseWait,
	"FINWAIT1":         sockets.FinWait1,
	"FINWAIT2":         sockets.FinWait2,
	"SYNSENT":          sockets.SynSent,
	"SYNRECEIVED":      sockets.SynReceived,
	"LASTACK":          sockets.LastAck,
	"CLOSING":          sockets.Closing,
	"CLOSED":           sockets.Closed,
	"DELETETCB":        sockets.DeleteTCB,
	"BOUND":            sockets.Bound,
	"ABHREN":           sockets.Listen, // ABHÖREN
	"HERGESTELLT":      sockets.Established,
	"WARTEND":          sockets.TimeWait,
	"SYNGESENDET":      sockets.SynSent,
	"FINWARTEN1":       sockets.FinWait1,
	"FINWARTEN2":       sockets.FinWait2,
	"SCHLIESSEND":      sockets.Closing,
	"SCHLIEEND":        sockets.Closing, // SCHLIEßEND
	"SCHLIESSENWARTEN": sockets.CloseWait,
	"SCHLIEENWARTEN":   sockets.CloseWait, // SCHLIEßEN_WARTEN
}

// asciiPart is a state word without what a code page can change.
func asciiPart(word []byte) string {
	var b strings.Builder
	for _, c := range word {
		switch {
		case c >= 'a' && c <= 'z':
			b.WriteByte(c - 'a' + 'A')
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			b.WriteByte(c)
		}
	}
	return b.String()
}

// printable makes an unknown word fit for a message: what is not ASCII is shown
// as an escape, since its code page is not known.
func printable(word []byte) string {
	quoted := strconv.QuoteToASCII(string(word))
	return quoted[1 : len(quoted)-1]
}

// parseNetstat counts what `netstat -ano -p tcp` or `-p tcpv6` printed. A line of TCP
// that cannot be read is an error, never a smaller count.
func parseNetstat(output []byte, tally *sockets.Tally, maxRows int) error {
	return eachSocket(output, func(row sockets.Row, word string) error {
		if word == "" {
			tally.Add(row)
		} else {
			tally.AddUnknown(row, word)
		}
		if tally.Rows() > maxRows {
			return &TooManyRowsError{Max: maxRows}
		}
		return nil
	})
}

// eachSocket hands on every line of netstat's that begins with TCP: Proto, Local
// Address, Foreign Address, State, PID, by position. Headings are in any language and
// do not begin so. word is set where a state is in no table.
func eachSocket(output []byte, each func(row sockets.Row, word string) error) error {
	number := 0
	for line := range bytes.Lines(output) {
		number++
		fields := bytes.Fields(line)
		if len(fields) == 0 || !bytes.Equal(fields[0], []byte("TCP")) {
			continue
		}
		row, word, err := netstatRow(fields)
		if err != nil {
			return fmt.Errorf("line %d of netstat's output (%q) is not a socket: %w", number, clip(bytes.TrimSpace(line)), err)
		}
		if err := each(row, word); err != nil {
			return err
		}
	}
	return nil
}

// netstatRow reads one line; word is set where its state is in no table.
func netstatRow(fields [][]byte) (row sockets.Row, word string, err error) {
	if len(fields) < 5 {
		return row, "", fmt.Errorf("it has %d columns, not 5", len(fields))
	}
	local, err := netip.ParseAddrPort(string(fields[1]))
	if err != nil {
		return row, "", fmt.Errorf("local address: %w", err)
	}
	remote, err := netip.ParseAddrPort(string(fields[2]))
	if err != nil {
		return row, "", fmt.Errorf("foreign address: %w", err)
	}
	remote = netip.AddrPortFrom(plainZone(remote.Addr()), remote.Port())
	pid, err := strconv.ParseUint(string(fields[len(fields)-1]), 10, 32)
	if err != nil {
		return row, "", fmt.Errorf("process id: %w", err)
	}
	row = sockets.Row{Local: local.Addr(), LocalPort: local.Port(), Remote: remote, PID: uint32(pid)} // #nosec G115 -- parsed with 32 bits
	state := bytes.Join(fields[3:len(fields)-1], []byte(" "))
	known := false
	switch row.State, known = netstatWords[asciiPart(state)]; {
	case known:
		return row, "", nil
	case remote.Port() == 0 && remote.Addr().IsUnspecified():
		row.State = sockets.Listen // whatever the word for it is
		return row, "", nil
	default:
		return row, printable(state), nil
	}
}

// countUDP counts the lines of UDP that `netstat -ano -p udp` or `-p udpv6` printed.
func countUDP(output []byte) int {
	count := 0
	for line := range bytes.Lines(output) {
		if fields := bytes.Fields(line); len(fields) > 0 && bytes.Equal(fields[0], []byte("UDP")) {
			count++
		}
	}
	return count
}

// clip shortens hostile text for a message.
func clip(text []byte) string {
	const most = 120
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// TooManyRowsError is a socket table above the ceiling.
type TooManyRowsError struct{ Max int }

func (e *TooManyRowsError) Error() string {
	return fmt.Sprintf("the host has more than %d sockets (max_rows); nothing is reported of a table that was not read to its end", e.Max)
}

package winhost

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Address is where a host's WinRM listens.
type Address struct {
	// Name is a DNS name, an IPv4 or an IPv6 address (without brackets).
	Name string
	// Port is 0 where the text named none: 5985, or 5986 with HTTPS.
	Port int
}

// The ports of WinRM 2.0 and later (Microsoft, "Installation and configuration
// for Windows Remote Management").
const (
	portHTTP  = 5985
	portHTTPS = 5986
)

var errAddressForm = errors.New(`write "name", "name:port" or "[IPv6 address]:port"`)

// ParseAddress reads "name", "name:port", "[v6]" and "[v6]:port". The error
// says what is wrong with anything else, a URL above all.
func ParseAddress(text string) (Address, error) {
	switch {
	case text == "":
		return Address{}, fmt.Errorf("host is empty: %w", errAddressForm)
	case strings.Contains(text, "://"):
		return Address{}, fmt.Errorf("host %q is a URL: %w; HTTPS is chosen by https = true", text, errAddressForm)
	case strings.HasPrefix(text, "["):
		return parseBracketed(text)
	case strings.Count(text, ":") > 1:
		return Address{}, fmt.Errorf("host %q: an IPv6 address goes in brackets: %w", text, errAddressForm)
	}
	name, port, hasPort := strings.Cut(text, ":")
	address := Address{Name: name}
	if hasPort {
		number, err := parsePort(text, port)
		if err != nil {
			return Address{}, err
		}
		address.Port = number
	}
	if !isHostName(name) {
		return Address{}, fmt.Errorf("host %q is no host name: letters, digits, '-', '_' and '.' only (an international name in its xn-- form): %w", text, errAddressForm)
	}
	return address, nil
}

func parseBracketed(text string) (Address, error) {
	name, rest, closed := strings.Cut(text[1:], "]")
	ip, err := netip.ParseAddr(name)
	if !closed || err != nil || !ip.Is6() {
		return Address{}, fmt.Errorf("host %q: no IPv6 address stands in the brackets: %w", text, errAddressForm)
	}
	address := Address{Name: ip.String()} // one spelling for one address
	if rest == "" {
		return address, nil
	}
	port, hasPort := strings.CutPrefix(rest, ":")
	if !hasPort {
		return Address{}, fmt.Errorf("host %q: only :port may follow the brackets: %w", text, errAddressForm)
	}
	address.Port, err = parsePort(text, port)
	return address, err
}

func parsePort(text, port string) (int, error) {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || port[0] == '+' {
		return 0, fmt.Errorf("host %q: port %q is not a number from 1 to 65535: %w", text, port, errAddressForm)
	}
	return int(number), nil
}

// isHostName accepts what DNS and NetBIOS names of Windows machines are made of.
func isHostName(name string) bool {
	if name == "" || len(name) > 253 || strings.HasPrefix(name, ".") || strings.Contains(name, "..") {
		return false
	}
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		default:
			return false
		}
	}
	return true
}

// dial returns host:port as net.Dial takes it.
func (a Address) dial(https bool) string {
	return net.JoinHostPort(a.Name, strconv.Itoa(a.port(https)))
}

func (a Address) port(https bool) int {
	switch {
	case a.Port != 0:
		return a.Port
	case https:
		return portHTTPS
	default:
		return portHTTP
	}
}

// Key names the machine for maps and locks: lower case, without the dot that
// ends an absolute DNS name, and without the port, since two listeners of one
// machine lead to one registry.
func (a Address) Key() string {
	return strings.ToLower(strings.TrimSuffix(a.Name, "."))
}

package transport

import (
	"net/http"
	"strings"
)

const (
	maxOffered      = 16 // schemes that are looked at
	maxSchemeLength = 32
)

// offeredSchemes lists the schemes that WWW-Authenticate names, without their
// parameters. Several may share a line (RFC 9110 11.6.1). The names go into
// errors, so only what looks like a scheme is taken.
func offeredSchemes(header http.Header) []string {
	var schemes []string
	for _, line := range header.Values("Www-Authenticate") {
		for _, part := range strings.Split(line, ",") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(part), " ")
			if len(schemes) < maxOffered && isScheme(scheme) {
				schemes = append(schemes, scheme)
			}
		}
	}
	return schemes
}

func isScheme(s string) bool {
	if s == "" || len(s) > maxSchemeLength {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z'
		return !letter && !(r >= '0' && r <= '9') && r != '-'
	})
}

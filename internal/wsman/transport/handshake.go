package transport

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// triedNTLM is how errors name the scheme.
const triedNTLM = "Negotiate with NTLM"

// maxToken bounds a server's token before base64. A CHALLENGE holds a handful of
// names; 16 kB is far above that.
const maxToken = 16 << 10

// negotiate authenticates the connection by NTLM under the scheme Negotiate, in
// two round trips without a body, and leaves the session in it when messages are
// to be sealed.
//
// The body could ride on the AUTHENTICATE request and save a round trip. It worked
// against MIT Kerberos and is not verified on Windows, so it is not done: with a
// body, the request would differ from what follows here only in render's last
// argument.
func (c *Client) negotiate(fresh *conn) error {
	bindings := fresh.bindings()
	ntlm, err := newNTLM(c.conf.Username, c.conf.Password, bindings, !c.conf.HTTPS)
	if err != nil {
		return err
	}
	token, err := ntlm.negotiate()
	if err != nil {
		return err
	}
	reply, err := fresh.leg(token)
	if err != nil {
		return err
	}
	challenge, err := c.challengeOf(reply, fresh)
	if err != nil {
		return err
	}
	if token, err = ntlm.authenticate(challenge); err != nil {
		return fmt.Errorf("authentication by NTLM stopped: %w", err)
	}
	if reply, err = fresh.leg(token); err != nil {
		return err
	}
	if err := c.verdictOf(reply, fresh); err != nil {
		return err
	}
	if !c.conf.HTTPS {
		fresh.session, err = ntlm.session()
	}
	return err
}

// leg sends one token of ours.
func (c *conn) leg(token []byte) (answer, error) {
	reply, _, err := c.roundTrip("Negotiate "+base64.StdEncoding.EncodeToString(token), soapType, nil)
	return reply, err
}

// challengeOf takes the server's token out of the reply to NEGOTIATE.
func (c *Client) challengeOf(reply answer, from *conn) ([]byte, error) {
	if reply.status != http.StatusUnauthorized {
		return nil, from.notWinRM(reply.status, from.describe(reply.status, reply.header.Get("Content-Type"))+
			" (authentication should have gone on here)")
	}
	token, found, err := negotiateToken(reply.header)
	switch {
	case err != nil:
		return nil, from.notWinRM(reply.status, "its authentication token is not base64, or too long: another service, or a proxy in between; "+usualPorts)
	case !found:
		return nil, c.unauthorized(offeredSchemes(reply.header), false)
	case from.spent:
		return nil, from.notWinRM(reply.status, "it closes the connection after each answer, and NTLM lives on a kept one: is an HTTP proxy in between?")
	}
	return token, nil
}

// verdictOf reads the reply to AUTHENTICATE. A 401 is final.
func (c *Client) verdictOf(reply answer, from *conn) error {
	switch {
	case reply.status == http.StatusUnauthorized:
		return c.unauthorized(offeredSchemes(reply.header), true)
	case reply.status < 200 || reply.status > 299:
		return from.notWinRM(reply.status, from.describe(reply.status, reply.header.Get("Content-Type")))
	case from.spent:
		return from.notWinRM(reply.status, "it closes the connection that it has just authenticated: is an HTTP proxy in between?")
	}
	return nil
}

// negotiateToken finds `Negotiate <base64>` among the WWW-Authenticate lines.
func negotiateToken(header http.Header) (token []byte, found bool, err error) {
	for _, line := range header.Values("Www-Authenticate") {
		scheme, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if text = strings.TrimSpace(text); !strings.EqualFold(scheme, "Negotiate") || text == "" {
			continue
		}
		if len(text) > base64.StdEncoding.EncodedLen(maxToken) {
			return nil, true, base64.CorruptInputError(maxToken)
		}
		token, err = base64.StdEncoding.DecodeString(text)
		return token, true, err
	}
	return nil, false, nil
}

func (c *Client) unauthorized(offered []string, refused bool) *UnauthorizedError {
	tried := triedNTLM
	if c.conf.Auth == AuthBasic {
		tried = triedBasic
		refused = refused && (len(offered) == 0 || contains(offered, "Basic"))
	}
	return &UnauthorizedError{
		Address: c.conf.Address, User: c.conf.Username, Tried: tried,
		Offered: offered, Refused: refused, HTTPS: c.conf.HTTPS,
	}
}

func contains(schemes []string, scheme string) bool {
	for _, s := range schemes {
		if strings.EqualFold(s, scheme) {
			return true
		}
	}
	return false
}

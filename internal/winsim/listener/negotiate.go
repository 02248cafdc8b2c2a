package listener

import (
	"bytes"
	"crypto"
	"crypto/md5"      //nolint:gosec // RFC 4121's hash of channel bindings, as NTLM takes it
	_ "crypto/sha256" // for crypto.SHA256.New
	_ "crypto/sha512" // for crypto.SHA384.New and crypto.SHA512.New
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/ntlm"
)

// negotiate takes one token of a handshake: raw NTLM, which Windows accepts under this scheme (*documented*: it is what
// requests-ntlm and others send), or SPNEGO. It returns true when the handshake is complete, and has answered the request
// otherwise. Whatever is wrong with a token, the answer is the same 401 (*documented*; that it holds no SPNEGO "reject" is
// *assumed*). A body that came along with an early token is ignored (*documented*).
func (l *Listener) negotiate(w http.ResponseWriter, c *connection, token string) bool {
	handshake := c.handshake
	*c = connection{} // a new token ends what was authenticated before (*assumed*)
	if handshake == nil {
		handshake = ntlm.NewAcceptor(l.identity())
	}
	answer, session, err := l.accept(handshake, token)
	header := "Negotiate " + base64.StdEncoding.EncodeToString(answer)
	switch {
	case err != nil:
		l.unauthorized(w)
	case session == nil:
		c.handshake = handshake
		lines := []string{header}
		if l.shape.lateOffer {
			lines = append(lines, l.offer()[1:]...)
		}
		w.Header()["WWW-Authenticate"] = lines
		empty(w, http.StatusUnauthorized)
	case len(answer) > 0 || l.shape.emptyOffer:
		w.Header()["WWW-Authenticate"] = []string{strings.TrimSpace(header)}
	}
	c.session = session
	return session != nil
}

// accept counts a handshake that ends.
func (l *Listener) accept(handshake *ntlm.Acceptor, token string) (answer []byte, session *ntlm.Session, err error) {
	message, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return nil, nil, fmt.Errorf("listener: token: %w", err)
	}
	last := handshake.Challenged()
	if answer, session, err = handshake.Accept(message); err == nil && session != nil {
		err = l.checkBinding(session.ChannelBinding)
	}
	switch {
	case err != nil && last:
		l.count(func(c *Counters) { c.FailedLogons++ })
	case err == nil && session != nil:
		l.count(func(c *Counters) { c.Handshakes++ })
	}
	if err != nil {
		return nil, nil, err
	}
	return answer, session, nil
}

// identity is what the host tells of itself in a CHALLENGE.
func (l *Listener) identity() ntlm.Config {
	c := ntlm.Config{
		Domain: l.config.Domain, Computer: l.config.ComputerName, OmitTimestamp: l.config.OmitTimestamp, Lookup: l.account, Now: l.config.Now,
		InfoOnRequest: l.shape.infoOnRequest && l.config.BindingPolicy != "strict", // else no client could bind
	}
	host := strings.ToLower(c.Computer)
	if c.Domain == "" { // a workgroup host names itself (*documented*)
		c.Domain, c.DNSDomain, c.DNSComputer = c.Computer, host, host
		return c
	}
	c.DNSDomain = strings.ToLower(c.Domain) + ".com" // CONTOSO is contoso.com in Microsoft's examples
	c.DNSComputer = host + "." + c.DNSDomain
	return c
}

// checkBinding compares the client's channel bindings with ours, by CbtHardeningLevel's words: relaxed takes none but
// not a wrong one, strict wants the right one (*documented*). Without TLS there is nothing to bind to.
func (l *Listener) checkBinding(sent []byte) error {
	if l.binding == nil || l.config.BindingPolicy == "none" || sent == nil && l.config.BindingPolicy == "relaxed" {
		return nil
	}
	if !bytes.Equal(sent, l.binding) { // no secret: the certificate is public
		return fmt.Errorf("listener: channel binding %x, want %x", sent, l.binding)
	}
	return nil
}

// endPointBinding is the hash that MsvAvChannelBindings holds for our certificate: MD5 over gss_channel_bindings_struct
// (four empty address fields, then the application data) with RFC 5929's tls-server-end-point.
func endPointBinding(c *tls.Config) ([]byte, error) {
	leaf, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("listener: certificate: %w", err)
	}
	hash := crypto.SHA256 // for MD5 and SHA-1 too, says RFC 5929
	switch leaf.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		hash = crypto.SHA512
	}
	digest := hash.New()
	digest.Write(leaf.Raw)
	data := append([]byte("tls-server-end-point:"), digest.Sum(nil)...)
	bindings := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(data))) //nolint:gosec // at most 85
	sum := md5.Sum(append(bindings, data...))                                         //nolint:gosec // as above
	return sum[:], nil
}

package transport

import (
	"crypto"
	_ "crypto/sha256" // the hashes that certificates are signed with
	_ "crypto/sha512"
	"crypto/tls"
	"crypto/x509"

	"github.com/bodgit/ntlmssp"
)

// bindings ties the authentication to this very TLS connection (Extended
// Protection; WinRM's CbtHardeningLevel). Nil on plain connections and for
// certificates whose signature has no single hash, for which RFC 5929 defines none.
func (c *conn) bindings() *ntlmssp.ChannelBindings {
	secure, ok := c.net.(*tls.Conn)
	if !ok {
		return nil
	}
	certificates := secure.ConnectionState().PeerCertificates
	if len(certificates) == 0 {
		return nil
	}
	sum := endPointHash(certificates[0])
	if sum == nil {
		return nil
	}
	return &ntlmssp.ChannelBindings{ApplicationData: append([]byte(ntlmssp.TLSServerEndPoint+":"), sum...)}
}

// endPointHash hashes a certificate as RFC 5929 4.1 says: with the hash of its
// signature algorithm, and with SHA-256 in place of MD5 and SHA-1.
func endPointHash(certificate *x509.Certificate) []byte {
	var algorithm crypto.Hash
	switch certificate.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.DSAWithSHA256, x509.ECDSAWithSHA256, x509.SHA256WithRSAPSS:
		algorithm = crypto.SHA256
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		algorithm = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		algorithm = crypto.SHA512
	default:
		return nil
	}
	sum := algorithm.New()
	sum.Write(certificate.Raw)
	return sum.Sum(nil)
}

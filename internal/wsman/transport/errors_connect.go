package transport

import (
	"fmt"
	"time"
)

// UnreachableReason tells apart why no connection came about.
type UnreachableReason string

// The reasons of an UnreachableError.
const (
	Refused     UnreachableReason = "refused"          // something answered: no listener on that port
	UnknownName UnreachableReason = "unknown name"     // DNS says the name does not exist
	NameService UnreachableReason = "name service"     // DNS could not be asked, the name may exist
	NoRoute     UnreachableReason = "no route"         // host or network unreachable
	DialTimeout UnreachableReason = "no answer"        // silence: filtered port, host down, not booted yet
	Dropped     UnreachableReason = "dropped"          // closed during TLS handshake or authentication
	OtherReason UnreachableReason = "connection error" // anything else
)

// UnreachableError says that no connection came about, so nothing was done on the host.
type UnreachableError struct {
	Address string
	Reason  UnreachableReason
	HTTPS   bool
	Limit   time.Duration // of DialTimeout: how long was waited; zero when the system gave up
	Err     error

	inTLS     bool // Dropped within the handshake of TLS
	proofSent bool // Dropped, and a proof of the password may have been judged
}

func (e *UnreachableError) Error() string {
	return e.Address + ": " + e.text()
}

func (e *UnreachableError) text() string {
	switch e.Reason {
	case Refused:
		return "the connection was refused: is WinRM enabled (`winrm quickconfig`) and does it listen on this port? " +
			"The usual ports are 5985 for HTTP and 5986 for HTTPS, and HTTPS needs a listener of its own"
	case UnknownName:
		return "this host name does not exist in DNS: check the spelling and the search domain"
	case NameService:
		return fmt.Sprintf("the host name could not be looked up, so nothing is known about the host: %v", e.Err)
	case NoRoute:
		return fmt.Sprintf("there is no route to the host: is it on, and is the network up? (%v)", e.Err)
	case DialTimeout:
		within := ""
		if e.Limit > 0 {
			within = fmt.Sprintf(" within %s", e.Limit)
		}
		return "no TCP connection" + within + ": the host is down or a firewall drops the packets " +
			"(Windows Firewall's rule group is \"Windows Remote Management\")"
	case Dropped:
		return fmt.Sprintf("the host closed the connection while it was being set up: %v%s", e.Err, e.schemeHint())
	default:
		return fmt.Sprintf("no connection: %v", e.Err)
	}
}

func (e *UnreachableError) schemeHint() string {
	if e.HTTPS {
		return " (does this port speak HTTPS? 5986 does by default, 5985 does not)"
	}
	return " (does this port speak HTTPS? Then set https = true; 5985 speaks plain HTTP by default, 5986 does not)"
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// TLSReason tells apart why a TLS handshake failed.
type TLSReason string

// The reasons of a TLSError.
const (
	UnknownAuthority  TLSReason = "unknown authority"
	NameMismatch      TLSReason = "name mismatch"
	Expired           TLSReason = "expired"
	PlainHTTP         TLSReason = "plain HTTP" // the server answered without TLS
	CommonNameOnly    TLSReason = "common name only"
	OldTLS            TLSReason = "old TLS"            // the server offers nothing from TLS 1.2 on
	ClientCertificate TLSReason = "client certificate" // the server wants one
	OtherTLS          TLSReason = "handshake"
)

// TLSError says that the server was reached and TLS failed. Nothing was sent.
type TLSError struct {
	Address string
	Reason  TLSReason
	Name    string // the name that the certificate was checked against
	Err     error
}

func (e *TLSError) Error() string {
	return e.Address + ": " + e.text()
}

func (e *TLSError) text() string {
	switch e.Reason {
	case UnknownAuthority:
		return fmt.Sprintf("the server's certificate is signed by an authority that is not known here: "+
			"give its certificate in ca_certificate (%v)", e.Err)
	case NameMismatch:
		return fmt.Sprintf("the server's certificate is not for %q: "+
			"give the name that it bears in tls_server_name (%v)", e.Name, e.Err)
	case CommonNameOnly:
		return fmt.Sprintf("the server's certificate bears its name in the Common Name only, which is not looked at any more: "+
			"reissue it with a subject alternative name for %q (New-SelfSignedCertificate -DnsName makes one) (%v)", e.Name, e.Err)
	case OldTLS:
		return fmt.Sprintf("the host offers only TLS 1.0 or 1.1, which are broken and not used here: enable TLS 1.2 on the host "+
			"(Windows Server 2008 R2 and 2012 have it, by SCHANNEL\\Protocols\\TLS 1.2\\Server; 2003 never had it), "+
			"or use https = false, where auth = \"negotiate\" seals every message (%v)", e.Err)
	case ClientCertificate:
		return fmt.Sprintf("the server wants a client certificate, and these are not supported yet: "+
			"use a listener that does not ask for one (%v)", e.Err)
	case Expired:
		return fmt.Sprintf("the server's certificate is outside its time of validity: renew it, or set this machine's clock (%v)", e.Err)
	case PlainHTTP:
		return "TLS was started, but the server speaks plain HTTP on this port: use the HTTPS port (5986 by default), or https = false"
	default:
		return fmt.Sprintf("the TLS handshake failed: %v", e.Err)
	}
}

func (e *TLSError) Unwrap() error { return e.Err }

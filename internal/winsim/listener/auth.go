package listener

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// authenticate finds out whose request it is. It has answered the request when ok is false.
func (l *Listener) authenticate(w http.ResponseWriter, r *http.Request, c *connection) (user string, ok bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "Negotiate") && l.config.Negotiate:
		if !l.negotiate(w, c, strings.TrimSpace(token)) {
			return "", false
		}
		return c.session.Account, true
	case strings.EqualFold(scheme, "Basic") && l.offersBasic():
		if user, ok := l.basic(r); ok {
			return user, true
		}
	case scheme == "" && c.session != nil: // authenticated by an earlier request of this connection
		return c.session.Account, true
	}
	l.unauthorized(w)
	return "", false
}

// unauthorized offers the schemes, one WWW-Authenticate line each, with an empty body (*documented*; OMI's is
// *recorded*).
func (l *Listener) unauthorized(w http.ResponseWriter) {
	w.Header()["WWW-Authenticate"] = l.offer()
	empty(w, http.StatusUnauthorized)
}

// offer lists the schemes, Negotiate first.
func (l *Listener) offer() []string {
	var schemes []string
	if l.config.Negotiate {
		schemes = append(schemes, "Negotiate")
		if l.shape.kerberosToo {
			schemes = append(schemes, "Kerberos")
		}
	}
	if l.offersBasic() {
		schemes = append(schemes, `Basic realm="WSMAN"`)
	}
	return schemes
}

// offersBasic tells whether Basic is taken here: never in clear unless AllowUnencrypted (*documented*).
func (l *Listener) offersBasic() bool {
	return l.config.Basic && (l.config.TLS != nil || l.config.AllowUnencrypted)
}

// basic checks the credentials of one request; Basic is a matter of each request, not of the connection.
func (l *Listener) basic(r *http.Request) (user string, ok bool) {
	name, password, sent := r.BasicAuth()
	if !sent {
		return "", false
	}
	user, want, known := l.account(splitName(name))
	same := subtle.ConstantTimeCompare([]byte(password), []byte(want)) == 1
	if !known || !same {
		l.count(func(c *Counters) { c.FailedLogons++ })
		return "", false
	}
	return user, true
}

// account finds the account that a client means, and its password. Names compare without case (*documented*). An
// account of a domain answers to its bare name too, and a local one to the computer's name and to "."; another domain
// than the account's is refused, as on a member of a domain (a workgroup host would fall back to its own accounts).
func (l *Listener) account(domain, name string) (user, password string, ok bool) {
	if domain == "" {
		domain, name = splitName(name) // NTLM clients send user@realm as the name
	}
	for key, secret := range l.config.Accounts {
		keyDomain, keyName := splitName(key)
		if strings.EqualFold(keyName, name) && l.sameDomain(keyDomain, domain) && (keyDomain == "" || l.config.NoDomain == nil || !l.config.NoDomain()) {
			return key, secret, true
		}
	}
	return "", "", false
}

func (l *Listener) sameDomain(account, sent string) bool {
	return sent == "" || strings.EqualFold(account, sent) || account == "" && (sent == "." || strings.EqualFold(sent, l.config.ComputerName))
}

// splitName takes DOMAIN\user and user@realm apart; a realm stands for the domain named by its first label (*assumed*:
// a domain controller would look the suffix up).
func splitName(name string) (domain, user string) {
	if domain, user, ok := strings.Cut(name, `\`); ok {
		return domain, user
	}
	if user, realm, ok := strings.Cut(name, "@"); ok {
		label, _, _ := strings.Cut(realm, ".")
		return label, user
	}
	return "", name
}

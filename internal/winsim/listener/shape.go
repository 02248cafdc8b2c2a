package listener

import "math/rand/v2"

// shape is one choice among the assumed behaviours, made by the seed once per listener.
type shape struct {
	server        string // the Server header; "" leaves it out (*assumed*; traces of Windows show Microsoft-HTTPAPI/2.0)
	keepAlive     bool   // say Connection: Keep-Alive (*recorded* of OMI, *assumed* of Windows)
	soapType      string // letter case of the charset in a plain SOAP reply (*assumed*)
	lateOffer     bool   // the leg with the CHALLENGE names the other schemes too (*assumed*)
	emptyOffer    bool   // the 200 that ends a handshake carries a WWW-Authenticate header (*recorded* of OMI, *assumed* here)
	kerberosToo   bool   // the offer names Kerberos: a host offers both by default (*documented*), unless told otherwise
	infoOnRequest bool   // the CHALLENGE has the host's attributes only if the client asked for a target (*assumed*)
	tab           string // part headers of a sealed reply begin with TAB (*documented* of Windows; OMI sends none, *recorded*)
	blank         string // " ": `-- Encrypted Boundary`, seen of Exchange's endpoints (*documented*); "" elsewhere
}

// stream is chosen so that the seeds 1, 2 and 3 together show every option, and 1 what is most likely of Windows.
const stream = 366

func newShape(seed int64) shape {
	choice := rand.New(rand.NewPCG(uint64(seed), stream)) //nolint:gosec // shapes, not secrets
	one := func(options ...string) string { return options[choice.IntN(len(options))] }
	coin := func() bool { return choice.IntN(2) == 0 }
	return shape{
		server:        one("Microsoft-HTTPAPI/2.0", ""),
		keepAlive:     coin(),
		soapType:      one("application/soap+xml;charset=UTF-8", "application/soap+xml;charset=utf-8"),
		lateOffer:     coin(),
		emptyOffer:    coin(),
		kerberosToo:   coin(),
		infoOnRequest: choice.IntN(4) == 0,
		tab:           one("", "\t", "\t"),
		blank:         one("", "", " "),
	}
}

// Package transport carries WS-Management messages to one host over an HTTP(S)
// connection that is authenticated once and kept: after the handshake one
// message is one round trip.
//
// It speaks Basic (inside TLS, unless clear text was asked for), and NTLM under
// the Negotiate scheme: inside TLS with channel bindings, and over plain HTTP
// with every message sealed. What was named in Config is what is used; nothing
// weaker is ever tried, and where sealing was asked for neither a request nor an
// accepted reply is unsealed.
//
// HTTP/1.1 is written by net/http's Request.Write and read by http.ReadResponse
// on a connection of our own, because NTLM belongs to a connection: we must know
// which one carries what. Everything a server sends is bounded (headers, body,
// interim responses) and every wait obeys the context. HTTP proxies are not used,
// whatever the environment says.
//
// # What this was verified against
//
// The simulated host of this project (whose NTLM side is written independently,
// and which Debian's python3-winrm also talks to), scripted hostile servers, and
// the recorded frames of Microsoft's OMI (../shared/recordings/ntlm-sealed).
// No real Windows was at hand: statements about Windows come from MS-WSMV,
// MS-NLMP and from what other clients report, and are tagged where they are made.
package transport

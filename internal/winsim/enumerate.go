package winsim

// enumeration is an enumeration that a client may go on pulling.
type enumeration struct{}

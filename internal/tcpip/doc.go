// Package tcpip knows the TCP/IP parameters of Windows that this provider
// tunes: one catalogue row per registry value, with its unit, its range, its
// default and what people get wrong about it. It is pure: no I/O, no clock, no
// Terraform types.
//
// Adding a parameter is adding a row to [Catalogue]; schema, validation, read,
// write, drift, restore and docs follow from it.
package tcpip

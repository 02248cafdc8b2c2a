// Package tuning decides what is to be done on a host: from what it has
// (observed), what the configuration says (desired), what was there before us
// (original) and who owns it (the journal) come the steps, their undoing, what state
// says afterwards and what the user must be told. It is pure: no I/O, no clock, no
// Terraform types; package reconcile carries it out.
//
// Every map is keyed by the catalogue's attribute name. The managed set is the
// key set of the originals.
package tuning

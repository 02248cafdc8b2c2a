// Package tuning is the reconciler: from what a host has (observed), what the
// configuration says (desired) and what was there before us (original) it
// decides the steps, their undoing, what state says afterwards and what the
// user must be told. It is pure: no I/O, no clock, no Terraform types.
//
// Every map is keyed by the catalogue's attribute name. The managed set is the
// key set of the originals.
package tuning

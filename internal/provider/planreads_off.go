//go:build noplanreads

package provider

const planTimeReads = false

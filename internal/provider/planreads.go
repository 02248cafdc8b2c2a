//go:build !noplanreads

package provider

// planTimeReads: a plan that changes a host looks at it. A build with the tag
// noplanreads does not, so that the bench can tell what it costs.
const planTimeReads = true

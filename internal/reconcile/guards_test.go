package reconcile

// What the model overlooks until the code is mended.
const (
	// guardNegativeUptime: a boot that was first seen while the host's clock was before its
	// own start is never told apart from a later one.
	guardNegativeUptime = true
	// guardJournalStays: a destroy that could not remove the journal succeeds with a warning.
	guardJournalStays = true
)

package reconcile

// What the model overlooks until the code is mended.
const (
	// guardNegativeUptime: a boot that was first seen while the host's clock was before its
	// own start is never told apart from a later one.
	guardNegativeUptime = false
	// guardJournalStays: a destroy that could not remove the journal succeeds with a warning.
	guardJournalStays = false
	// guardAnewHalfway: after a new installation the first update failed or died when its
	// journal was there already; from then on the old installation's originals in state count
	// for more than the journal's.
	guardAnewHalfway = false
	// guardLostWritten: an update without memory and without journal that fails writes a
	// journal in which nothing counts as written.
	guardLostWritten = false
)

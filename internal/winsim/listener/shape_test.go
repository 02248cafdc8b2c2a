package listener

import "testing"

// TestSeeds pins what the suites rely on: the three seeds of `make test` show every option.
func TestSeeds(t *testing.T) {
	seen := map[string]map[any]bool{}
	for _, seed := range []int64{1, 2, 3} {
		s := newShape(seed)
		if s != newShape(seed) {
			t.Errorf("seed %d gives two shapes", seed)
		}
		for name, option := range map[string]any{
			"server": s.server, "keepAlive": s.keepAlive, "soapType": s.soapType, "lateOffer": s.lateOffer, "emptyOffer": s.emptyOffer,
			"kerberosToo": s.kerberosToo, "infoOnRequest": s.infoOnRequest, "tab": s.tab, "blank": s.blank,
		} {
			if seen[name] == nil {
				seen[name] = map[any]bool{}
			}
			seen[name][option] = true
		}
	}
	for name, options := range seen {
		if len(options) != 2 {
			t.Errorf("%s is always %v", name, options)
		}
	}
}

// TestSeedsOfPeers keeps the seeds of scripts/test-peers at Windows' own frame: python3-winrm reads no other.
func TestSeedsOfPeers(t *testing.T) {
	for _, seed := range []int64{4, 8, 9} {
		if s := newShape(seed); s.tab != "\t" || s.blank != "" {
			t.Errorf("seed %d: %+v", seed, s)
		}
	}
}

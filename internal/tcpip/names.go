package tcpip

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNameBytes is the longest name that is looked at, far above the longest of the
// catalogue (25): the registry allows 16383 characters, and a host's data is hostile.
const maxNameBytes = 128

// Misspelling finds the parameter that somebody probably meant by a value name that is
// none of the catalogue's: MaxUserPorts, TcpTimeWaitDelay, "Max User Port". Windows
// ignores such a value without a word. ok is false for the catalogue's own names in any
// letter case, for other names that Windows is known to have, and for names that are
// not close to any.
func Misspelling(name string) (meant Parameter, ok bool) {
	return misspelling(name, Catalogue)
}

func misspelling(name string, catalogue []Parameter) (meant Parameter, ok bool) {
	if len(name) > maxNameBytes || slices.Contains(neighbours, lower(name)) {
		return Parameter{}, false
	}
	letters := folded(name)
	nearest := -1
	for _, p := range catalogue {
		if lower(p.ValueName) == lower(name) {
			return Parameter{}, false
		}
		// One slip in eight letters: more would take MinUserPort for MaxUserPort.
		if d := distance(letters, folded(p.ValueName)); d <= len(p.ValueName)/8 && (nearest < 0 || d < nearest) {
			meant, ok, nearest = p, true, d
		}
	}
	return meant, ok
}

// lower is strings.ToLower for ASCII alone: to Unicode the Kelvin sign is a K, to the
// registry it is not [assumed].
func lower(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return r
		}
		return unicode.ToLower(r)
	}, name)
}

// folded is the letters and digits of a name, in lower case: what stays the same when
// somebody writes it with spaces, hyphens or underscores.
func folded(name string) []rune {
	var letters []rune
	for _, r := range lower(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters = append(letters, r)
		}
	}
	return letters
}

// distance counts the slips that lead from one word to the other: a letter too many,
// one too few, a wrong one, two neighbours exchanged (Damerau and Levenshtein; a letter
// slips once only).
func distance(a, b []rune) int {
	// Row i has the distances of a's first i letters to each beginning of b.
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			wrong := last[j]
			if a[i] != b[j] {
				wrong++
			}
			row[j+1] = min(wrong, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

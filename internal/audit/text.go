package audit

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// What a host says ends up in states, on terminals and in the logs of CI systems. It
// is bounded, one line, and gives no commands: neither to a terminal, nor to a CI
// system by ##vso[ in the middle of a line.

// maxName and maxText bound what is quoted of a host, in characters.
const (
	maxName = 64
	maxText = 300
)

// clean is a name as a message can hold it: as it is where it is plain, else quoted
// and escaped.
func clean(name string) string {
	clipped := clip(name, maxName)
	if name != "" && clipped == name && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, odd) {
		return name
	}
	return strings.ReplaceAll(strconv.Quote(clipped), "#", `\x23`)
}

// odd tells a character that no usual name has.
func odd(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" ._-()&+,", r)
}

// line is a longer text as one line.
func line(text string) string {
	printable := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, clip(text, 4*maxText))
	text = strings.Join(strings.Fields(printable), " ")
	for range 2 { // three in a row take two
		text = strings.ReplaceAll(text, "##", "# #")
	}
	return clip(text, maxText)
}

// show is a value as a message can hold it.
func show(v tuning.Value) string { return line(v.String()) }

// clip cuts a text after some characters.
func clip(text string, length int) string {
	n := 0
	for at := range text {
		if n == length {
			return text[:at] + "…"
		}
		n++
	}
	return text
}

// few is a list of at most length items, and how many more there are.
func few(items []string, length int) string {
	if more := len(items) - length; more > 0 {
		return strings.Join(items[:length], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(items, ", ")
}

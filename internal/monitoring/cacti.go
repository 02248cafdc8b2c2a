package monitoring

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteCacti writes one host as the line that Cacti takes from a script with several
// fields: name:number, separated by blanks. U is what RRDtool calls unknown; Cacti
// stores it as such, where an empty or missing field would leave a warning in its log.
func WriteCacti(w io.Writer, r Reading) error {
	fields := make([]string, len(Metrics))
	for i, m := range Metrics {
		fields[i] = m.Name + ":U"
		if number, ok := m.Of(&r); ok {
			fields[i] = m.Name + ":" + decimal(number)
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(fields, " "))
	return err
}

// decimal writes a number without an exponent, which not every system reads, and with
// at most six places after the point.
func decimal(number float64) string {
	text := strconv.FormatFloat(number, 'f', 6, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

package monitoring

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteTable writes the readings for people: a line for each host, then what is missing
// or went wrong, a line each.
func WriteTable(w io.Writer, readings []Reading) error {
	lines := []string{"HOST\tACTIVE\tSTALE\tPORTS IN USE\tUTILISATION\tBUSIEST DESTINATION\tTIME_WAIT\tRESTART PENDING\tTOOK\n"}
	for i := range readings {
		lines = append(lines, strings.Join(row(&readings[i]), "\t")+"\n")
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(table, strings.Join(lines, "")); err != nil {
		return err
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i := range readings {
		for _, text := range remarks(&readings[i]) {
			if _, err := fmt.Fprintf(w, "%s: %s\n", readings[i].Host, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// unknown is a cell that a host does not fill.
const unknown = "-"

func row(r *Reading) []string {
	took := r.Duration.Round(time.Millisecond).String()
	if r.Err != nil {
		return []string{r.Host, unknown, unknown, unknown, unknown, unknown, unknown, unknown, took}
	}
	cells := []string{r.Host, fmt.Sprint(r.Sockets.Active), fmt.Sprint(r.Sockets.Stale), unknown, unknown, unknown, "not set", unknown, took}
	if p := r.Sockets.Pool; p != nil {
		cells[3] = fmt.Sprintf("%d of %d", p.InUse, p.InUse+p.Free)
		cells[4] = fmt.Sprintf("%.1f %%", 100*p.Utilisation)
	}
	if len(r.Sockets.Destinations) > 0 {
		cells[5] = fmt.Sprintf("%s (%d ports)", r.Sockets.Destinations[0].Endpoint, r.Sockets.Destinations[0].Ports)
	}
	if r.TimeWaitDelay != nil {
		cells[6] = fmt.Sprintf("%d s", *r.TimeWaitDelay)
	}
	if r.Pending != nil {
		cells[7] = "no"
		if len(r.Pending) > 0 {
			cells[7] = strings.Join(r.Pending, ", ")
		}
	}
	return cells
}

// remarks are what does not fit into a line: the failure, or what is missing.
func remarks(r *Reading) []string {
	if r.Err != nil {
		return []string{r.Failure()}
	}
	return r.notes()
}

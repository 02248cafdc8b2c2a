package monitoring

import (
	"encoding/json"
	"io"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// document is one host in JSON. A host that failed has host, error and the metrics of
// the probe alone.
type document struct {
	Host        string     `json:"host"`
	Error       string     `json:"error,omitempty"`
	CollectedAt *time.Time `json:"collected_at,omitempty"`
	// Method is wmi or netstat.
	Method winhost.SocketMethod `json:"method,omitempty"`
	// Metrics are those of [Metrics]; null where the host does not give one.
	Metrics map[string]*float64 `json:"metrics"`
	// States by windows_exporter's labels, IPv4 and IPv6 together.
	States              map[string]int `json:"states,omitempty"`
	BusiestDestinations []destination  `json:"busiest_destinations,omitempty"`
	BusiestProcesses    []process      `json:"busiest_processes,omitempty"`
	// RestartPending names the registry values; absent without a journal.
	RestartPending *[]string `json:"restart_pending,omitempty"`
	PoolSource     string    `json:"pool_source,omitempty"`
	Notes          []string  `json:"notes,omitempty"`
}

type destination struct {
	Endpoint string `json:"endpoint"`
	Ports    int    `json:"ports"`
}

type process struct {
	PID     uint32 `json:"process_id"`
	Sockets int    `json:"sockets"`
}

// WriteJSON writes the readings as one array, a host an element.
func WriteJSON(w io.Writer, readings []Reading) error {
	documents := make([]document, len(readings))
	for i := range readings {
		documents[i] = documentOf(&readings[i])
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(documents)
}

func documentOf(r *Reading) document {
	d := document{Host: r.Host, Metrics: map[string]*float64{}}
	for _, m := range Metrics {
		if number, ok := m.Of(r); ok {
			d.Metrics[m.Name] = &number
		} else if r.Err == nil {
			d.Metrics[m.Name] = nil
		}
	}
	if r.Err != nil {
		d.Error = r.Failure()
		return d
	}
	at := r.Sockets.CollectedAt.UTC()
	d.CollectedAt, d.Method, d.PoolSource, d.Notes = &at, r.Sockets.Method, r.Sockets.PoolSource, r.notes()
	d.States = map[string]int{}
	for _, state := range states(r) {
		d.States[state.Label()] = r.Sockets.States[state]
	}
	for _, busy := range r.Sockets.Destinations {
		d.BusiestDestinations = append(d.BusiestDestinations, destination{busy.Endpoint.String(), busy.Ports})
	}
	for _, busy := range r.Sockets.Processes {
		d.BusiestProcesses = append(d.BusiestProcesses, process{busy.PID, busy.Sockets})
	}
	if r.Pending != nil {
		d.RestartPending = &r.Pending
	}
	return d
}

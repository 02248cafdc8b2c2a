package winsim

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// maxStep bounds one step of the clock, so that a load can be stepped through in seconds.
const maxStep = 24 * time.Hour

// maxRows bounds a table made for benchmarks.
const maxRows = 1_000_000

// ControlSockets sums the sockets up in the control API's JSON.
type ControlSockets struct {
	States   map[string]int `json:"states"` // by netstat's English name, or the number of another
	Start    int            `json:"start"`  // of the ephemeral range
	Number   int            `json:"number"`
	Excluded int            `json:"excluded"`  // ports of it that are never handed out
	TimeWait int            `json:"time_wait"` // seconds
	Active   uint64         `json:"active"`    // connections opened since the boot
	Failures uint64         `json:"failures"`
	Events   map[int]int    `json:"events"` // entries of the System log by id
}

// ControlLoad is an outgoing load in the control API's JSON.
type ControlLoad struct {
	PerSecond    float64          `json:"per_second"` // 0 to tcpstack.MaxPerSecond, over all destinations together
	Destinations []netip.AddrPort `json:"destinations"`
}

var stateNames = map[uint8]string{
	1: "CLOSED", 2: "LISTENING", 3: "SYN_SENT", 4: "SYN_RECEIVED", 5: "ESTABLISHED", 6: "FIN_WAIT_1", 7: "FIN_WAIT_2", 8: "CLOSE_WAIT",
	9: "CLOSING", 10: "LAST_ACK", 11: "TIME_WAIT", 12: "DELETE_TCB", 100: "BOUND",
}

func (h *Host) handleSockets(mux *http.ServeMux) {
	mux.HandleFunc("GET /sockets", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, h.controlSockets()) })
	mux.HandleFunc("POST /load", func(w http.ResponseWriter, r *http.Request) {
		var in ControlLoad
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBody)).Decode(&in)
		if err == nil && (in.PerSecond < 0 || in.PerSecond > tcpstack.MaxPerSecond || math.IsNaN(in.PerSecond)) {
			err = fmt.Errorf("per_second must be 0 to %d", tcpstack.MaxPerSecond)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.Stack().Load(tcpstack.Load{PerSecond: in.PerSecond, Destinations: in.Destinations})
	})
	mux.HandleFunc("POST /table", func(w http.ResponseWriter, r *http.Request) {
		rows, err := strconv.ParseUint(r.URL.Query().Get("rows"), 10, 32)
		endpoints, err2 := strconv.ParseUint(r.URL.Query().Get("endpoints"), 10, 32)
		if err != nil || err2 != nil || rows > maxRows || endpoints > maxRows {
			http.Error(w, fmt.Sprintf("rows and endpoints must be 0 to %d", maxRows), http.StatusBadRequest)
			return
		}
		h.SetSockets(tcpstack.Many(int(rows), int(endpoints))) // #nosec G115 -- at most maxRows
	})
	mux.HandleFunc("POST /step", func(w http.ResponseWriter, r *http.Request) {
		by, err := time.ParseDuration(r.URL.Query().Get("by"))
		if err != nil || by < 0 || by > maxStep {
			http.Error(w, "by must be 0s to "+maxStep.String(), http.StatusBadRequest)
			return
		}
		h.Advance(by)
		h.Stack()
	})
}

func (h *Host) controlSockets() ControlSockets {
	stack := h.Stack()
	v4, v6 := stack.Counters()
	out := ControlSockets{States: map[string]int{}, Events: map[int]int{}, Start: stack.Range().Start, Number: stack.Range().Number,
		TimeWait: int(stack.Config().TimeWait.Seconds()), Active: v4.Active + v6.Active, Failures: v4.Failures + v6.Failures}
	for _, r := range stack.Excluded() {
		out.Excluded += r.Number
	}
	stack.Each(func(s tcpstack.Socket) bool {
		name, ok := stateNames[s.State]
		if !ok {
			name = fmt.Sprint(s.State)
		}
		out.States[name]++
		return true
	})
	for _, e := range stack.Events() {
		out.Events[e.ID]++
	}
	return out
}

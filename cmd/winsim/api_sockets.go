package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/tcpstack"
)

// maxStep bounds one step of the clock, so that a load can be stepped through in seconds.
const maxStep = 24 * time.Hour

// maxRows bounds a table made for benchmarks.
const maxRows = 1_000_000

// apiSockets sums the sockets up in the control API's JSON.
type apiSockets struct {
	States   map[uint8]int `json:"states"` // by Microsoft's number
	Start    int           `json:"start"`  // of the ephemeral range
	Number   int           `json:"number"`
	Excluded int           `json:"excluded"`  // ports of it that are never handed out
	TimeWait int           `json:"time_wait"` // seconds
	Active   uint64        `json:"active"`    // connections opened since the boot
	Failures uint64        `json:"failures"`
	Events   map[int]int   `json:"events"` // entries of the System log by id
}

func handleSockets(mux *http.ServeMux, h *winsim.Host) {
	mux.HandleFunc("GET /sockets", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, sumSockets(h)) })
	mux.HandleFunc("POST /load", func(w http.ResponseWriter, r *http.Request) {
		var load tcpstack.Load
		if readJSON(w, r, &load) {
			h.Stack().Load(load)
		}
	})
	mux.HandleFunc("POST /table", func(w http.ResponseWriter, r *http.Request) {
		rows, err := strconv.ParseUint(r.URL.Query().Get("rows"), 10, 32)
		endpoints, err2 := strconv.ParseUint(r.URL.Query().Get("endpoints"), 10, 32)
		if err != nil || err2 != nil || rows > maxRows || endpoints > maxRows {
			http.Error(w, fmt.Sprintf("rows and endpoints must be 0 to %d", maxRows), http.StatusBadRequest)
			return
		}
		h.SetSockets(manySockets(int(rows), int(endpoints))) // #nosec G115 -- at most maxRows
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

func sumSockets(h *winsim.Host) apiSockets {
	stack := h.Stack()
	v4, v6 := stack.Counters()
	out := apiSockets{States: map[uint8]int{}, Events: map[int]int{}, Start: stack.Config().TCP4.Start, Number: stack.Config().TCP4.Number,
		TimeWait: int(stack.Config().TimeWait.Seconds()), Active: v4.Active + v6.Active, Failures: v4.Failures + v6.Failures}
	for _, r := range stack.Config().Excluded {
		out.Excluded += r.Number
	}
	for _, s := range stack.Sockets() {
		out.States[s.State]++
	}
	for _, e := range stack.Events() {
		out.Events[e.ID]++
	}
	return out
}

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// maxDown bounds how long a restart takes.
const maxDown = 10 * time.Minute

// apiConsole is a command line in the control API's JSON, and what became of it.
type apiConsole struct {
	Line     string `json:"line"`
	Output   string `json:"output"`
	ExitCode int    `json:"exit_code"`
}

// apiListener is a listening socket in the control API's JSON. Process is its process's name; "" leaves the processes alone.
type apiListener struct {
	Address string `json:"address"`
	PID     uint32 `json:"pid"`
	Process string `json:"process"`
}

// apiPolicy is a REG_DWORD that a Group Policy object sets, in the control API's JSON.
type apiPolicy struct {
	Key    string `json:"key"`
	Name   string `json:"name"`
	Number uint32 `json:"number"`
	GPO    string `json:"gpo"`
}

func handleNetwork(mux *http.ServeMux, h *winsim.Host) {
	mux.HandleFunc("POST /console", func(w http.ResponseWriter, r *http.Request) {
		var in apiConsole
		if readJSON(w, r, &in) {
			in.Output, in.ExitCode = h.Console(in.Line)
			writeJSON(w, in)
		}
	})
	mux.HandleFunc("POST /listeners", func(w http.ResponseWriter, r *http.Request) {
		var in apiListener
		if !readJSON(w, r, &in) {
			return
		}
		if at, err := netip.ParseAddrPort(in.Address); err != nil || at.Port() == 0 {
			http.Error(w, fmt.Sprintf("%q is no address such as 0.0.0.0:1433 or [::]:1433", in.Address), http.StatusBadRequest)
			return
		}
		h.AddListener(in.Address, in.PID)
		if in.Process != "" {
			h.AddProcess(in.PID, in.Process)
		}
	})
	mux.HandleFunc("POST /policies", func(w http.ResponseWriter, r *http.Request) {
		var in apiPolicy
		if readJSON(w, r, &in) {
			h.SetPolicy(in.Key, in.Name, in.Number, in.GPO)
		}
	})
	mux.HandleFunc("POST /reboot", func(w http.ResponseWriter, r *http.Request) {
		text := r.URL.Query().Get("down")
		down, err := time.ParseDuration(text)
		switch {
		case text == "":
			h.Reboot()
		case err != nil || down < 0 || down > maxDown:
			http.Error(w, "down must be 0s to "+maxDown.String(), http.StatusBadRequest)
		default:
			h.RestartFor(down)
		}
	})
}

// readJSON reads a request's body; where that fails it has answered.
func readJSON(w http.ResponseWriter, r *http.Request, in any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBody)).Decode(in)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// maxControlBody bounds what the control API reads of one request, in bytes.
const maxControlBody = 1 << 20

// apiValue is a value of Tcpip\Parameters in the control API's JSON, Type and Data as Windows' reg command has them.
type apiValue struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Data string `json:"data"`
}

// control is the control API, by which the other commands reach the host of `winsim serve`. It acts on the host out of band:
//
//	GET    /registry?key=…         all values of a key below HKEY_LOCAL_MACHINE; 404 where there is none
//	POST   /registry?key=…         write one (an apiValue), and make the key
//	DELETE /registry?key=…&name=…  delete one, or with all=true the key; 404 where there is none
//	GET    /sockets                what the table holds (apiSockets)
//	POST   /load                   replace the outgoing load (a tcpstack.Load)
//	POST   /step?by=60s            step the clock
//	POST   /table?rows=…&endpoints=…  put a table of that size in place of the sockets
//	POST   /reboot?down=3s         restart the host, with down in that much real time
//	POST   /console                run a command line at its console (apiConsole, there and back)
//	POST   /listeners              add one (an apiListener)
//	POST   /policies               have a Group Policy object set a value (an apiPolicy)
//	GET    /counters
//	DELETE /counters               set to zero
//	POST   /connections/close      close kept connections
type control struct {
	listener net.Listener
	server   *http.Server
	served   chan struct{}
}

func listenControl(h *winsim.Host) (*control, error) {
	ip, _, err := net.SplitHostPort(h.HTTPAddr())
	if err != nil {
		return nil, fmt.Errorf("find the host's address: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen for the control API: %w", err)
	}
	c := &control{listener: l, served: make(chan struct{})}
	c.server = &http.Server{Handler: controlHandler(h), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(c.served)
		_ = c.server.Serve(l) // always http.ErrServerClosed after close
	}()
	return c, nil
}

func (c *control) addr() string { return c.listener.Addr().String() }

func (c *control) close() {
	_ = c.server.Close() // nothing is left to do about a socket that fails to close
	<-c.served
}

func controlHandler(h *winsim.Host) http.Handler {
	mux := http.NewServeMux()
	do := func(pattern string, f func()) {
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) { f() })
	}
	do("POST /connections/close", h.CloseConnections)
	do("DELETE /counters", h.ResetCounters)
	mux.HandleFunc("GET /counters", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, h.Counters()) })
	handleSockets(mux, h)
	handleNetwork(mux, h)
	mux.HandleFunc("GET /registry", func(w http.ResponseWriter, r *http.Request) {
		values, err := h.Registry().Values(keyOf(r))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		list := []apiValue{}
		for _, v := range values {
			list = append(list, apiValue{Name: v.Name, Type: v.Type.String(), Data: v.Data()})
		}
		writeJSON(w, list)
	})
	mux.HandleFunc("POST /registry", func(w http.ResponseWriter, r *http.Request) {
		var in apiValue
		if !readJSON(w, r, &in) {
			return
		}
		v, err := parse(in.Name, in.Type, in.Data)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err = h.Registry().CreateKey(keyOf(r)); err == nil {
			err = h.Registry().Set(keyOf(r), v)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("DELETE /registry", func(w http.ResponseWriter, r *http.Request) {
		remove := func() error { return h.Registry().Delete(keyOf(r), r.URL.Query().Get("name")) }
		if r.URL.Query().Get("all") == "true" {
			remove = func() error { return h.Registry().DeleteTree(keyOf(r)) }
		}
		if err := remove(); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
		}
	})
	return mux
}

// keyOf is the key that a request is about.
func keyOf(r *http.Request) string {
	if key := r.URL.Query().Get("key"); key != "" {
		return key
	}
	return winsim.TCPIPParameters
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // fails only when the client is gone
}

package winhost

import (
	"context"
	"fmt"
	"strings"

	"github.com/windows-baseline/terraform-provider-windows/internal/wsman"
)

// maxProcesses bounds how many processes are believed. A terminal server has some
// thousands.
const maxProcesses = 50_000

// processes reads what runs, and gives the listeners the names of their processes. A
// process that began or ended between the two readings has none, or, where its number
// was given away again at once, another's.
func (r *factsRead) processes(ctx context.Context) error {
	names := processNames{}
	err := r.host.wsman.Enumerate(ctx, "root/cimv2", "SELECT ProcessId, Name FROM Win32_Process", names.add)
	if err != nil {
		return err
	}
	r.facts.Running = make(map[string]bool, len(names))
	for _, name := range names {
		r.facts.Running[strings.ToLower(name)] = true
	}
	for i := range r.facts.Listeners {
		r.facts.Listeners[i].Process = names[r.facts.Listeners[i].PID]
	}
	return nil
}

// processNames are names by process id.
type processNames map[uint32]string

func (p processNames) add(item wsman.Item) error {
	pid, err := item.Uint32("ProcessId")
	if err != nil {
		return fmt.Errorf("a row of Win32_Process: %w", err)
	}
	name, _ := item.Text("Name")
	p[pid] = Presentable(name)
	if len(p) > maxProcesses {
		return fmt.Errorf("the host has more than %d processes", maxProcesses)
	}
	return nil
}

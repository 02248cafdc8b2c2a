package reconcile

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

// world is some machines, and some resources in configurations of their own that reach them.
type world struct {
	t         *rapid.T
	now       time.Time
	journal   bool
	names     map[string]*machine // a machine may be reached by several
	machines  []*machine
	resources []*resource
	owners    int
	parsed    map[string]reading
	library   map[string]tuning.Found
	story     []string
	calm      bool // nothing fails from now on
	stopped   bool // the last refresh failed, so nothing was planned
	blurred   bool // something failed within the last refresh, which went on
}

// config is one resource block.
type config struct {
	host        string
	desired     tuning.Desired
	onDestroy   tuning.OnDestroy
	createFirst bool // create_before_destroy
}

// resource is an address in a state of its own.
type resource struct {
	name    string
	config  config
	current *instance
	deposed []*instance
	older   []*instance // states that were saved before
}

// instance is one object in a state file. It is not changed once it is saved.
type instance struct {
	host      string
	state     Resource
	onDestroy tuning.OnDestroy
	tainted   bool

	// What the judge knows beside it.
	wrote   map[string]bool   // what was ever written through it
	seen    map[string]string // the values at the boot, as far as it saw them
	boot    int               // which boot that was
	vague   bool              // it lost sight of the boot (memory lost, state of old …)
	loose   bool              // its originals may be out of date, by somebody's hand
	windows time.Time         // InstallDate when it last succeeded; an upgrade in place changes it
	old     bool              // its Windows was installed anew since
	applied []tuning.Value    // what the ranges were set to: more than one where a call failed half-way, none where it is not known
}

func (i *instance) copied() *instance {
	c := *i
	c.wrote, c.seen, c.applied = maps.Clone(i.wrote), maps.Clone(i.seen), slices.Clone(i.applied)
	return &c
}

func clone(r Resource) Resource {
	r.Original, r.Numbers, r.Pending = maps.Clone(r.Original), maps.Clone(r.Numbers), slices.Clone(r.Pending)
	r.Memory = tuning.ParseMemory(r.Memory.Bytes()) // private state is bytes between two calls
	return r
}

func (w *world) logf(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

// fail ends the history.
func (w *world) fail(format string, args ...any) {
	w.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(w.story, "\n"))
}

// live are the instances in any state file that are of a machine.
func (w *world) live(m *machine) (list []*instance) {
	for _, r := range w.resources {
		for _, i := range append([]*instance{r.current}, r.deposed...) {
			if i != nil && w.names[strings.ToLower(i.host)] == m {
				list = append(list, i)
			}
		}
	}
	return list
}

// apply is `terraform apply` of one resource's configuration.
func (w *world) apply(r *resource, refresh bool) {
	for len(r.deposed) > 0 {
		if !w.delete(r.deposed[0], false) {
			return
		}
		r.deposed = r.deposed[1:]
	}
	if r.current != nil && refresh {
		if r.current = w.refresh(r.current); r.current == nil {
			panic("a refresh never removes")
		}
		if w.stopped {
			return
		}
	}
	switch {
	case r.current == nil:
		r.current, _ = w.create(r.config)
	case r.current.tainted || !strings.EqualFold(r.current.host, r.config.host):
		w.replace(r)
	case differs(r.current, r.config):
		r.current = w.update(r.current, r.config)
	default:
		w.logf("  no changes")
		if refresh {
			w.unchanged(r)
		}
	}
	r.save()
}

// unchanged: a plan that looked and says "no changes" is true of every single value.
func (w *world) unchanged(r *resource) {
	m := w.names[strings.ToLower(r.current.host)]
	for _, x := range attributes {
		if to, ok := wanted(r.config.desired, x); ok && m.values[x] != to {
			w.fail("a plan says that there is nothing to do, and %s is %s and not %s", x, m.values[x], to)
		}
	}
}

func (r *resource) save() {
	if r.current != nil {
		r.older = append(r.older, r.current)
	}
}

// differs is what ModifyPlan and core find between state and configuration.
func differs(i *instance, c config) bool {
	if i.onDestroy != c.onDestroy || len(i.state.Original) != count(c.desired) {
		return true
	}
	if _, ok := c.desired[range4And6]; ok && slices.Contains(i.state.Memory.Differ, range4And6) {
		return true // ModifyPlan goes by it, since one number cannot say what two families have
	}
	for _, x := range attributes {
		number, configured := wanted(c.desired, x)
		have, ok := i.state.Numbers[argument(x)]
		if _, managed := i.state.Original[x]; managed != configured || configured && (!ok || have != number) {
			return true
		}
	}
	return false
}

// replace destroys and creates, in either order. A tainted instance that is deleted first
// has lost its private state.
func (w *world) replace(r *resource) {
	old := r.current
	if !r.config.createFirst {
		if !w.delete(old, old.tainted) {
			return
		}
		r.current, _ = w.create(r.config)
		return
	}
	r.deposed = append(r.deposed, old) // in state beside the new one
	r.current = nil
	created, ok := w.create(r.config)
	switch {
	case ok:
		r.current = created
		if w.delete(old, false) {
			r.deposed = r.deposed[:len(r.deposed)-1]
		}
	case created != nil:
		r.current = created // tainted; the old one stays deposed
	default:
		r.current, r.deposed = old, r.deposed[:len(r.deposed)-1]
	}
}

func (w *world) destroy(r *resource, refresh bool) {
	for len(r.deposed) > 0 {
		if !w.delete(r.deposed[0], false) {
			return
		}
		r.deposed = r.deposed[1:]
	}
	if r.current == nil {
		return
	}
	if refresh {
		if r.current = w.refresh(r.current); w.stopped {
			return
		}
	}
	if w.delete(r.current, false) {
		r.current = nil
	}
}

// call runs one method of the reconciler. died: its process was killed in it.
func (w *world) call(h *wire, run func(ctx context.Context, r Reconciler) Outcome) (o Outcome, died bool) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	h.stop = stop
	r := Reconciler{Host: h, Journal: w.journal, Log: silent, Now: func() time.Time { return w.now }, NewOwner: func() string {
		w.owners++
		h.newOwner = fmt.Sprintf("owner-%d", w.owners)
		return h.newOwner
	}}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(death); !ok {
				panic(r)
			}
			died = true
		}
	}()
	return run(ctx, r), false
}

// wire reaches a machine, with the faults of one call.
func (w *world) wire(host string) *wire {
	h := &wire{m: w.names[strings.ToLower(host)], now: w.now, library: w.library}
	if w.calm {
		return h
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(w.t, "faults") {
		f := fault{at: rapid.IntRange(0, 25).Draw(w.t, "at"), kind: rapid.SampledFrom(faultKinds).Draw(w.t, "fault")}
		if f.kind == isLate {
			f.delay = rapid.IntRange(0, 5).Draw(w.t, "delay")
		}
		if f.at > 22 { // between the two families
			f.on = ipv6
		}
		h.faults = append(h.faults, f)
	}
	return h
}

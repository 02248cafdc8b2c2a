package reconcile

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/windows-baseline/terraform-provider-windows/internal/tuning"
)

var (
	histories = flag.Int("histories", 5000, "how many random histories a property test plays")
	// fresh: by default the same seed draws the same histories, so that a check that was
	// green stays so; -rapid.seed=N chooses others.
	fresh = flag.Bool("fresh", false, "draw histories that nobody has seen yet")
)

// Whatever is configured, whatever fails at whichever call, whoever else is at work: what
// is on the host and in state is always an outcome that the contract allows, and no
// original is lost.
func TestHistories(t *testing.T) { play(t, true) }

// Without a journal exactly those originals are lost that the docs name: of a create whose
// process was killed (of an update too, where it took over a value), of a second owner, of
// a host that gets a new name under create_before_destroy, and with a lost state.
func TestHistoriesWithoutJournal(t *testing.T) { play(t, false) }

func play(t *testing.T, journal bool) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, journal)
		for range rapid.IntRange(1, 12).Draw(t, "actions") {
			w.act()
			w.nothingLost()
			w.quiet()
		}
		w.end()
	})
}

func TestMain(m *testing.M) {
	flag.Parse()
	settings := map[string]string{"rapid.checks": fmt.Sprint(*histories), "rapid.nofailfile": "true"}
	if seed := flag.Lookup("rapid.seed"); seed.Value.String() == "0" && !*fresh {
		settings["rapid.seed"] = "1"
	}
	for name, value := range settings {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	m.Run()
}

func newWorld(t *rapid.T, journal bool) *world {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	one := newMachine("MAIL01", "4C4C4544-0042-3510-8052-B4C04F4D3132", now)
	two := newMachine("MAIL02", "4C4C4544-0042-3510-8052-B4C04F4D3133", now)
	w := &world{t: t, now: now, journal: journal, machines: []*machine{one, two}, parsed: map[string]reading{}, library: map[string]tuning.Found{},
		names: map[string]*machine{"mail01": one, "mail01.contoso.com": one, "mail02": two}}
	for _, m := range w.machines {
		m.follows = rapid.Bool().Draw(t, "LastBootUpTime follows the clock")
		if rapid.IntRange(0, 4).Draw(t, "firmware") == 0 {
			m.uuid = "00000000-0000-0000-0000-000000000000"
		}
		for _, x := range attributes {
			m.values[x] = value(t, x)
		}
		m.forget()
	}
	for i := range 3 {
		r := &resource{name: fmt.Sprintf("resource %d", i)}
		r.config = w.configure(config{})
		w.resources = append(w.resources, r)
	}
	return w
}

// numbers are few, so that what is found is often what is wanted.
var numbers = map[string][]uint32{
	"tcp_timed_wait_delay": {30, 60}, "max_user_port": {5000, 65534}, "strict_time_wait_seq_check": {0, 1},
}

func value(t *rapid.T, x string) tuning.Value {
	if isRange(x) {
		return foundRange(t)
	}
	return rapid.SampledFrom([]tuning.Value{
		tuning.Absent, tuning.Absent, tuning.DWORD(30), tuning.DWORD(60), tuning.DWORD(5000), tuning.DWORD(1), tuning.DWORD(240), tuning.DWORD(0xffffffff),
		tuning.String("30"), tuning.QWORD(30), tuning.Opaque(tuning.TypeBinary),
	}).Draw(t, "value")
}

// configure changes a resource block.
func (w *world) configure(c config) config {
	t := w.t
	if c.host == "" || rapid.IntRange(0, 7).Draw(t, "new host?") == 0 {
		c.host = rapid.SampledFrom([]string{"mail01", "mail01.contoso.com", "mail02", "MAIL01"}).Draw(t, "host")
	}
	if c.onDestroy == "" || rapid.IntRange(0, 3).Draw(t, "new on_destroy?") == 0 {
		c.onDestroy = rapid.SampledFrom([]tuning.OnDestroy{tuning.Restore, tuning.Restore, tuning.Keep, tuning.WindowsDefault}).Draw(t, "on_destroy")
	}
	c.createFirst = rapid.Bool().Draw(t, "create_before_destroy")
	if c.desired == nil || rapid.Bool().Draw(t, "new numbers?") {
		c.desired = tuning.Desired{}
		for _, x := range attributes[:len(numbers)] {
			if choice := rapid.IntRange(0, 2).Draw(t, "number"); choice < 2 {
				c.desired[x] = tuning.DWORD(numbers[x][choice])
			}
		}
		configureRange(t, c.desired)
		if len(c.desired) == 0 {
			c.desired["strict_time_wait_seq_check"] = tuning.DWORD(0)
		}
	}
	return c
}

// act does one thing in the world.
func (w *world) act() {
	t := w.t
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "minutes")) * time.Minute)
	r := w.resources[rapid.IntRange(0, len(w.resources)-1).Draw(t, "resource")]
	m := w.machines[rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "machine")]
	action := rapid.SampledFrom(actions).Draw(t, "action")
	w.logf("%s of %s / %s", action, r.name, m.computer)
	for _, m := range w.machines {
		m.look(w.now)
	}
	switch action {
	case "configure and apply":
		r.config = w.configure(r.config)
		w.apply(r, rapid.IntRange(0, 3).Draw(t, "refresh?") > 0)
	case "apply":
		w.apply(r, rapid.IntRange(0, 3).Draw(t, "refresh?") > 0)
	case "plan":
		if r.current != nil {
			r.current = w.refresh(r.current) // a plan's refresh is saved by the next apply; by `refresh` at once
			w.sameBytes(r.current)
		}
	case "destroy":
		w.destroy(r, rapid.IntRange(0, 3).Draw(t, "refresh?") > 0)
	case "taint":
		if r.current != nil {
			r.current = r.current.copied()
			r.current.tainted = true
		}
	case "import":
		if r.current == nil {
			r.current = w.adopt(r.config.host)
			r.save()
		}
	case "state lost":
		w.losing(r, nil)
	case "state rolled back":
		if len(r.older) > 0 {
			w.losing(r, r.older[rapid.IntRange(0, len(r.older)-1).Draw(t, "which")])
		}
	default:
		w.others(m, action)
	}
}

var actions = []string{
	"configure and apply", "configure and apply", "configure and apply", "configure and apply", "configure and apply", "apply", "apply", "plan", "destroy", "taint", "import",
	"state lost", "state rolled back",
	"value", "value", "value", "reboot", "reboot", "clock", "reinstall", "clone", "upgrade",
	"journal deleted", "journal spoilt", "journal of a newer version",
}

// end heals everything, destroys what is left with restore, and looks whether all is as
// it was before us.
func (w *world) end() {
	w.calm = true
	w.now = w.now.Add(time.Minute)
	w.logf("the end")
	for _, m := range w.machines {
		m.look(w.now)
		if _, class := w.read(m, ""); class == unusable || class == unidentified {
			w.spoil(m, "")
		}
		for range 2 { // the owner may be destroyed after those who are not it
			for _, r := range w.resources {
				w.release(m, r)
			}
		}
		if m.journal != "" && w.journal {
			_, class := w.read(m, "")
			last := &resource{name: "last", config: config{host: "mail02", desired: tuning.Desired{"max_user_port": tuning.DWORD(5000)}, onDestroy: tuning.Restore}}
			if m == w.machines[0] {
				last.config.host = "mail01"
			}
			if class.valid() && !(m.values["max_user_port"].Opaque) {
				w.apply(last, true)
				w.destroy(last, true)
				w.nothingOfOurs(m)
			}
		}
	}
	w.nothingLost()
}

func (w *world) release(m *machine, r *resource) {
	var left []*instance
	for _, i := range append(r.deposed, r.current) {
		if i == nil {
			continue
		}
		if w.names[strings.ToLower(i.host)] != m {
			left = append(left, i)
			continue
		}
		i = w.refresh(i.copied())
		i.onDestroy = tuning.Restore
		if !w.delete(i, false) {
			w.fail("the last destroy failed")
		}
	}
	r.current, r.deposed = nil, nil
	if len(left) > 0 {
		r.current, r.deposed = left[len(left)-1], left[:len(left)-1]
	}
}

// nothingOfOurs: once nobody manages a machine, its values are as they were before us.
func (w *world) nothingOfOurs(m *machine) {
	for _, x := range attributes {
		if t := m.truth[x]; t.touched && !t.restored(m.values[x]) {
			w.fail("all is destroyed, and %s of %s is %s; it was %v", x, m.computer, m.values[x], t.before)
		}
	}
	if m.journal != "" {
		w.fail("all is destroyed, and the journal of %s is %s", m.computer, m.journal)
	}
}

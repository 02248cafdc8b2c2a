package winsim

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim/profile"
)

const journalKey = `SOFTWARE\terraform-provider-windows`

// uuidOf reads what WMI says of the machine.
func (c *client) uuidOf() string {
	c.t.Helper()
	_, reply := c.enumerate("select UUID from Win32_ComputerSystemProduct")
	return strings.Join(elements(c.t, reply, "UUID"), ",")
}

// times reads what a client tells boots apart by.
func (c *client) times() (now, boot, installed time.Time) {
	c.t.Helper()
	_, reply := c.enumerate("select * from Win32_OperatingSystem")
	read := func(name string) time.Time {
		found := regexp.MustCompile(name + `>\s*<(?:\w+:)?Datetime>([^<]+)<`).FindStringSubmatch(reply)
		if found == nil {
			c.t.Fatalf("no %s in %s", name, reply)
		}
		when, err := time.Parse(time.RFC3339Nano, found[1])
		if err != nil {
			c.t.Fatal(err)
		}
		return when
	}
	return read("LocalDateTime"), read("LastBootUpTime"), read("InstallDate")
}

func TestEveryMachineHasAUUIDOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Profiles() {
		h := Start(t, p, Seed(1))
		got := newClient(t, h).uuidOf()
		if !regexp.MustCompile(`^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`).MatchString(got) || seen[got] {
			t.Errorf("%s: UUID %q, others %v", p.Key, got, seen)
		}
		seen[got] = true
	}
	h := Start(t, Server2022(), Seed(1), UUID("12345678-0000-0000-0000-000000000001"))
	c := newClient(t, h)
	if got := c.uuidOf(); got != "12345678-0000-0000-0000-000000000001" {
		t.Errorf("UUID %q", got)
	}
	h.SetUUID("")
	if got := c.uuidOf(); got != nilText {
		t.Errorf("UUID %q, want none", got)
	}
	if items := c.all("select * from Win32_ComputerSystemProduct"); len(items) != 1 || !slices.Equal(elements(t, items[0], "Name"), []string{"Virtual Machine"}) {
		t.Errorf("%q", items)
	}
}

// A journal is one long text in a key of its own.
func TestAKeyOfOurOwn(t *testing.T) {
	journal := strings.Repeat(`{"owner":"a & b <c>","values":["ü"]} `, 600)
	for _, p := range []Profile{Server2003R2(), Server2022()} {
		h := Start(t, p, Seed(1))
		c := newClient(t, h)
		ask := func(method string, params ...string) (code, reply string) {
			_, reply = c.invoke(method, append([]string{"hDefKey=2147483650", "sSubKeyName=" + journalKey}, params...)...)
			return strings.Join(elements(t, reply, "ReturnValue"), ","), reply
		}
		var keys []string
		h.Intercept(func(call Call) Action {
			keys = append(keys, call.Key) // one client, one call at a time
			return Proceed
		})
		absent := map[bool]string{true: "2", false: "1"}[profile.ShapeOf(1).DeleteAbsentCode == 2]
		for _, step := range []struct{ method, params, code string }{
			{"GetStringValue", "sValueName=Journal", "2"},
			{"SetStringValue", "sValueName=Journal\nsValue=x", "2"},
			{"DeleteValue", "sValueName=Journal", "2"},
			{"DeleteKey", "", "2"},
			{"CreateKey", "", "0"},
			{"CreateKey", "", "0"},
			{"GetStringValue", "sValueName=Journal", "1"},
			{"DeleteValue", "sValueName=Journal", absent},
			{"SetStringValue", "sValueName=Journal\nsValue=" + strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(journal), "0"},
			{"GetStringValue", "sValueName=JOURNAL", "0"},
		} {
			code, reply := ask(step.method, strings.FieldsFunc(step.params, func(r rune) bool { return r == '\n' })...)
			if code != step.code {
				t.Errorf("%s: %s %.40s: ReturnValue %s, want %s", p.Key, step.method, step.params, code, step.code)
			}
			if step.method == "GetStringValue" && code == "0" && !slices.Equal(elements(t, reply, "sValue"), []string{journal}) {
				t.Errorf("%s: the journal came back as %.200s", p.Key, reply)
			}
		}
		if len(keys) != 10 || slices.ContainsFunc(keys, func(key string) bool { return key != journalKey }) {
			t.Errorf("the interceptor saw the keys %q", keys)
		}
		if values, ok := h.Key(`software\TERRAFORM-PROVIDER-WINDOWS`); !ok || !maps.Equal(values, map[string]string{"Journal": `REG_SZ "` + journal + `"`}) {
			t.Errorf("%v, %.100v", ok, values)
		}
		for _, step := range []struct{ method, params, code string }{
			{"DeleteValue", "sValueName=Journal", "0"}, {"DeleteKey", "", "0"}, {"GetStringValue", "sValueName=Journal", "2"},
		} {
			if code, _ := ask(step.method, strings.Fields(step.params)...); code != step.code {
				t.Errorf("%s: %s afterwards: ReturnValue %s, want %s", p.Key, step.method, code, step.code)
			}
		}
	}
}

func TestVerbsOfAnyKey(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	if values, ok := h.Key(journalKey); ok || values != nil {
		t.Errorf("a fresh host has %v", values)
	}
	h.CreateKey(journalKey)
	if values, ok := h.Key(journalKey); !ok || len(values) != 0 {
		t.Errorf("an empty key has %v, %v", values, ok)
	}
	h.SetKeyString(journalKey, "Journal", "{")
	h.SetKeyDWORD(journalKey+`\below`, "Version", 2)
	if values, _ := h.Key(journalKey); values["Journal"] != `REG_SZ "{"` {
		t.Errorf("%v", values)
	}
	if values, _ := h.Key(journalKey + `\below`); values["Version"] != "REG_DWORD 2" {
		t.Errorf("%v", values)
	}
	h.DeleteKey(journalKey)
	h.DeleteKey(journalKey)
	if values, ok := h.Key(journalKey); ok {
		t.Errorf("after the deletion: %v", values)
	}
	if _, ok := h.Key("SOFTWARE"); !ok {
		t.Error("the key above went too")
	}
}

func TestCloneAndReinstallation(t *testing.T) {
	when := time.Date(2024, time.May, 1, 10, 0, 0, 0, time.UTC)
	h := Start(t, Server2022(), Seed(1), InstalledAt(when))
	h.SetKeyString(journalKey, "Journal", "{}")
	h.SetDWORD("TcpTimedWaitDelay", 30)
	clone := Start(t, Server2022(), Seed(1), Named("MAIL02"), ClonedFrom(h))
	clone.SetDWORD("MaxUserPort", 60000)
	h.DeleteKey(journalKey)
	c := newClient(t, clone)
	if values, _ := clone.Key(journalKey); values["Journal"] != `REG_SZ "{}"` {
		t.Errorf("the clone's journal: %v", values)
	}
	if text, ok := h.Value("MaxUserPort"); ok {
		t.Errorf("the clone writes to its original: %s", text)
	}
	uuid := c.uuidOf()
	if _, _, installed := c.times(); uuid == newClient(t, h).uuidOf() || !installed.Equal(when) {
		t.Errorf("UUID %s, installed %s", uuid, installed)
	}
	clone.Reinstall()
	c.http.CloseIdleConnections()
	if _, ok := clone.Key(journalKey); ok {
		t.Error("a fresh Windows has our journal")
	}
	if text, ok := clone.Value("TcpTimedWaitDelay"); ok {
		t.Errorf("a fresh Windows has TcpTimedWaitDelay %s", text)
	}
	if text, _ := clone.Value("NameServer"); text != `REG_SZ ""` {
		t.Errorf("a fresh Windows has NameServer %s", text)
	}
	if now, boot, installed := c.times(); !installed.After(when.AddDate(1, 0, 0)) || !installed.Equal(boot) || !boot.Equal(now) || c.uuidOf() != uuid {
		t.Errorf("now %s, boot %s, installed %s, UUID %s", now, boot, installed, c.uuidOf())
	}
}

// digits is how far a datetime's fraction may have been cut, by seed.
const digits = time.Second

func same(a, b time.Time) bool { return a.Sub(b).Abs() < digits }

func TestAStepOfTheClock(t *testing.T) {
	for _, follows := range []bool{false, true} {
		h := Start(t, Server2022(), Seed(1), BootFollowsClock(follows))
		c := newClient(t, h)
		now, boot, _ := c.times()
		h.StepClock(-5 * time.Hour)
		h.Advance(time.Minute)
		later, bootLater, _ := c.times()
		want := boot
		if follows {
			want = boot.Add(-5 * time.Hour)
		}
		if !same(later, now.Add(time.Minute-5*time.Hour)) || !same(bootLater, want) {
			t.Errorf("follows %v: now %s -> %s, boot %s -> %s", follows, now, later, boot, bootLater)
		}
		h.SetClock(boot.Add(-time.Hour))
		if later, bootLater, _ = c.times(); !same(later, boot.Add(-time.Hour)) || later.Before(bootLater) == follows {
			t.Errorf("follows %v: set to %s, boot %s", follows, later, bootLater)
		}
		h.Reboot()
		c.http.CloseIdleConnections()
		if later, bootLater, _ = c.times(); !same(later, bootLater) || !same(later, boot.Add(bootDuration-time.Hour)) {
			t.Errorf("follows %v: restarted at %s, now %s", follows, bootLater, later)
		}
	}
	shown := map[bool]bool{}
	for seed := int64(1); seed <= 2; seed++ {
		h := Start(t, Server2022(), Seed(seed))
		c := newClient(t, h)
		_, boot, _ := c.times()
		h.StepClock(time.Hour)
		_, later, _ := c.times()
		shown[same(boot, later)] = true
	}
	if len(shown) != 2 {
		t.Errorf("two seeds show only %v", shown)
	}
}

// Sockets and shells go by the uptime: a step of the clock must not make them older.
func TestAStepOfTheClockLeavesSocketsAlone(t *testing.T) {
	h := Start(t, Server2022(), Seed(1))
	h.Load(5, "198.51.100.9:25")
	h.Advance(time.Minute)
	before := len(h.Sockets())
	h.StepClock(10 * time.Hour)
	if after := len(h.Sockets()); before == 0 || after != before {
		t.Errorf("%d sockets before the step, %d after it", before, after)
	}
}

func TestATimeZone(t *testing.T) {
	h := Start(t, Server2019(), Seed(1))
	c := newClient(t, h)
	now, boot, _ := c.times()
	h.SetTimeZone(-(9*time.Hour + 30*time.Minute))
	later, bootLater, _ := c.times()
	_, offset := later.Zone()
	if !same(now, later) || !same(boot, bootLater) || offset != -34200 {
		t.Errorf("now %s -> %s, boot %s -> %s", now, later, boot, bootLater)
	}
	_, reply := c.enumerate("select CurrentTimeZone from Win32_OperatingSystem")
	if got := elements(t, reply, "CurrentTimeZone"); !slices.Equal(got, []string{"-570"}) {
		t.Errorf("CurrentTimeZone %v", got)
	}
}

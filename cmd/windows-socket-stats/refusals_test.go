package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winsim"
)

// A refused account is not tried again by the next calls, until the password changes
// or the time is over.
func TestRefusedFile(t *testing.T) {
	for name, tt := range map[string]struct {
		account string
		shared  bool
	}{"of a domain": {`CONTOSO\svc`, true}, "of each host": {"svc", false}} {
		t.Run(name, func(t *testing.T) {
			var sims []*winsim.Host
			for i := range 3 {
				sims = append(sims, winsim.Start(t, winsim.Server2022(), winsim.ListenOn(fmt.Sprintf("127.0.0.%d", i+2)), winsim.Account(tt.account, "not-a-real-password-1")))
			}
			folder := t.TempDir()
			memory, password := filepath.Join(folder, "refused.json"), filepath.Join(folder, "password")
			write := func(text string, written time.Time) {
				t.Helper()
				if err := os.WriteFile(password, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(password, written, written); err != nil {
					t.Fatal(err)
				}
			}
			env := map[string]string{"WINDOWS_USERNAME": tt.account}
			ask := func(sim *winsim.Host, more ...string) call {
				t.Helper()
				return statsIn(t, env, append([]string{"-f", "nagios", "--password-file", password, "--refused-file", memory, sim.HTTPAddr()}, more...)...)
			}
			logons := func() int {
				return sims[0].Counters().FailedLogons + sims[1].Counters().FailedLogons + sims[2].Counters().FailedLogons
			}
			start := time.Now().Add(-time.Hour).Truncate(time.Second)

			write("not-a-real-password-2", start)
			ask(sims[0]).is(t, 3, "SOCKETS UNKNOWN - "+sims[0].HTTPAddr()+": "+sims[0].HTTPAddr()+" refused the credentials", "")
			for range 3 {
				ask(sims[0]).is(t, 3, "not asked: "+sims[0].HTTPAddr()+" refused the credentials of "+tt.account+" at ", "")
			}
			if n := logons(); n != 1 {
				t.Errorf("%d bad logons", n)
			}
			// Another host is asked once more: the first one may just be out of ports. A
			// third one is not.
			ask(sims[1]).is(t, 3, "SOCKETS UNKNOWN - "+sims[1].HTTPAddr()+": "+sims[1].HTTPAddr()+" refused the credentials", "")
			third := ask(sims[2])
			if asked := strings.Contains(third.stdout, "refused the credentials of") && !strings.Contains(third.stdout, "not asked"); third.code != 3 || asked == tt.shared {
				t.Errorf("the third host: %+v", third)
			}
			before := logons()
			ask(sims[0], "--refused-for=1ns").is(t, 3, "refused the credentials", "")
			if n := logons(); n != before+1 {
				t.Errorf("after the time: %d bad logons, %d before", n, before)
			}
			write("not-a-real-password-1", start.Add(time.Minute))
			ask(sims[0]).is(t, 0, "SOCKETS OK", "")
			ask(sims[1]).is(t, 0, "SOCKETS OK", "")
			ask(sims[2]).is(t, 0, "SOCKETS OK", "")
			text := mustRead(t, memory)
			if !strings.Contains(text, start.UTC().Format(time.RFC3339)) || strings.Contains(text, start.Add(time.Minute).UTC().Format(time.RFC3339)) {
				t.Errorf("the other password's refusals are gone, or this one's are there: %s", text)
			}
			if strings.Contains(text, "not-a-real-password") {
				t.Errorf("the password is in it: %s", text)
			}
			if info, err := os.Stat(memory); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			left, err := os.ReadDir(folder)
			if err != nil || len(left) != 2 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestRefusedFileThatIsOfNoUse(t *testing.T) {
	sim := winsim.Start(t, winsim.Server2022())
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("not JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		garbage: "is not what this program writes", filepath.Join(t.TempDir(), "nowhere", "x"): "--refused-file cannot be written", t.TempDir(): "--refused-file cannot be read",
	} {
		stats(t, sim, "-f", "nagios", "--refused-file", path, sim.HTTPAddr()).is(t, 3, "SOCKETS UNKNOWN - ", "")
		stats(t, sim, "-f", "json", "--refused-file", path, sim.HTTPAddr()).is(t, 3, "", want)
	}
	if n := sim.Counters().Connections; n != 0 {
		t.Errorf("%d connections", n)
	}
}

// Hosts without ports refuse an account of a domain that is in order: the others are
// read, in the same call and in the next ones.
func TestRefusedFileOfAnExhaustedHost(t *testing.T) {
	var sims []*winsim.Host
	for i := range 3 {
		sims = append(sims, winsim.Start(t, winsim.Server2003(), winsim.ListenOn(fmt.Sprintf("127.0.0.%d", i+2)), winsim.DomainLogonNeedsPort(true)))
	}
	for _, full := range []*winsim.Host{sims[0], sims[2]} {
		full.Load(100, "203.0.113.1:25")
		full.Advance(10 * time.Minute)
	}
	memory := filepath.Join(t.TempDir(), "refused.json")
	together := []string{"-f", "nagios", "--refused-file", memory, sims[0].HTTPAddr(), sims[1].HTTPAddr(), sims[2].HTTPAddr()}
	for _, why := range []string{"no port left", "not asked: " + sims[0].HTTPAddr()} {
		got := stats(t, sims[0], together...)
		if got.code != 3 || !strings.HasPrefix(got.stdout, "SOCKETS UNKNOWN - 3 hosts ("+sims[0].HTTPAddr()+", "+sims[2].HTTPAddr()+") | ") || !strings.Contains(got.stdout, why) {
			t.Errorf("%s: %+v", why, got)
		}
	}
	stats(t, sims[0], "-f", "nagios", "--refused-file", memory, sims[1].HTTPAddr()).is(t, 0, "SOCKETS OK", "")
	stats(t, sims[0], "-f", "nagios", "--refused-file", memory, sims[0].HTTPAddr()).is(t, 3, "not asked", "")
	if n := sims[0].Counters().FailedLogons; n != 1 {
		t.Errorf("%d refused logons", n)
	}
}

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
			for i := range 2 {
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
			logons := func() int { return sims[0].Counters().FailedLogons + sims[1].Counters().FailedLogons }
			start := time.Now().Add(-time.Hour).Truncate(time.Second)

			write("not-a-real-password-2", start)
			ask(sims[0]).is(t, 3, "refused the credentials", "")
			for range 3 {
				ask(sims[0]).is(t, 3, "not asked: "+sims[0].HTTPAddr()+" refused the credentials of "+tt.account+" at ", "")
			}
			if n := logons(); n != 1 {
				t.Errorf("%d bad logons", n)
			}
			want := "refused the credentials" // of its own
			if tt.shared {
				want = "not asked: " + sims[0].HTTPAddr()
			}
			if got := ask(sims[1]); got.code != 3 || !strings.Contains(got.stdout, want) {
				t.Errorf("the other host: %+v", got)
			}
			before := logons()
			ask(sims[0], "--refused-for=1ns").is(t, 3, "refused the credentials", "")
			if n := logons(); n != before+1 {
				t.Errorf("after the time: %d bad logons, %d before", n, before)
			}
			write("not-a-real-password-1", start.Add(time.Minute))
			ask(sims[0]).is(t, 0, "SOCKETS OK", "")
			ask(sims[1]).is(t, 0, "SOCKETS OK", "")
			text := mustRead(t, memory)
			if strings.TrimSpace(text) != "[]" {
				t.Errorf("what worked is still remembered: %s", text)
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

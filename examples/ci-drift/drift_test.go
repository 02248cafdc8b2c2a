package cidrift

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// answers is what a command line of our own making says and how its plan ends.
type answers struct {
	plan string // the lines of plan -json
	exit string
	show string // what show -json prints of the plan; "" lets show fail
}

const (
	summed    = `{"type":"change_summary","changes":{"change":1}}` + "\n"
	refreshed = `{"type":"refresh_complete","hook":{"resource":{"addr":"windows_tcpip_tuning.mail","resource_type":"windows_tcpip_tuning"}}}` + "\n"
	planned   = `{"type":"planned_change","change":{"resource":{"addr":"windows_tcpip_tuning.mail"},"action":"update"}}` + "\n"
)

// checked runs drift.sh against that command line.
func checked(t *testing.T, a answers, env []string, args ...string) (exit int, output string) {
	t.Helper()
	dir := t.TempDir()
	fake := `#!/bin/sh
[ "$1" = "-chdir=infra" ] && shift
case " $* " in " show "* | *" ${WANTED:-plan} "*) ;; *) exit 99 ;; esac
case $* in *-refresh-only*) exit 98 ;; esac
case $1 in
plan)
	for option; do [ "$previous" != -out ] || echo "the-secret" >"$option"; previous=$option; done
	cat "${0%/*}/plan.json"; exit ` + a.exit + ` ;;
show) [ -s "${0%/*}/show.json" ] && [ "$2 $(cat "$3")" = "-json the-secret" ] && cat "${0%/*}/show.json" ;;
esac
`
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"terraform": fake, "plan.json": a.plan, "show.json": a.show} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o700); err != nil { // #nosec G306 -- a program
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "sh", append([]string{"drift.sh"}, args...)...) // #nosec G204 -- the script under test
	command.Env = append(append(os.Environ(), "TF_CLI="+filepath.Join(dir, "terraform"), "TMPDIR="+filepath.Join(dir, "tmp")), env...)
	out, err := command.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v %v", left, err)
	}
	if strings.Contains(string(out), "the-secret") {
		t.Errorf("the plan file was printed:\n%s", out)
	}
	return command.ProcessState.ExitCode(), string(out)
}

// update is a plan that changes one attribute of a resource.
func update(kind, attribute, from, to, more string) string {
	return `{"resource_changes":[{"address":"` + kind + `.mail","type":"` + kind + `","change":{"actions":["update"],` +
		`"before":{"host":"mail01","` + attribute + `":` + from + `},"after":{"host":"mail01","` + attribute + `":` + to + `}` + more + `}}]}` + "\n"
}

const ours = "windows_tcpip_tuning"

// kept is a state of resources of a type, the last of them in a module of a module.
func kept(kind, mode string, names ...string) string {
	one := func(address string) string {
		return `{"address":"` + address + `","mode":"` + mode + `","type":"` + kind + `","values":{"type":"x","address":"y"}}`
	}
	var all []string
	last := len(names) - 1
	for _, name := range names[:last] {
		all = append(all, one(kind+"."+name))
	}
	return `"prior_state":{"values":{"root_module":{"resources":[` + strings.Join(all, ",") + `],"child_modules":[{"child_modules":[{"resources":[` +
		one("module.a.module.b."+kind+"."+names[last]) + `]}]}]}}}`
}

// One host in the state that was not read is a host that was not checked, however it came to that.
func TestScriptComparesWithTheState(t *testing.T) {
	t.Parallel()
	deep := strings.ReplaceAll(refreshed, `"windows_tcpip_tuning.mail"`, `"module.a.module.b.windows_tcpip_tuning.web"`)
	forget := `"resource_changes":[{"address":"windows_tcpip_tuning.old","type":"windows_tcpip_tuning","change":{"actions":["forget"]}}],`
	for name, test := range map[string]struct {
		answers
		want int
		say  string
	}{
		"both read":         {answers{refreshed + deep + summed, "0", "{" + kept(ours, "managed", "mail", "web") + "}"}, 0, "clean: hosts read: 2,"},
		"one of two":        {answers{refreshed + summed, "0", "{" + kept(ours, "managed", "mail", "web") + "}"}, 1, "NOT CHECKED\n  module.a.module.b.windows_tcpip_tuning.web is in the state and was not read"},
		"the other one":     {answers{deep + summed, "0", "{" + kept(ours, "managed", "mail", "web") + "}"}, 1, "NOT CHECKED\n  windows_tcpip_tuning.mail is in the state and was not read"},
		"none":              {answers{summed, "0", "{" + kept(ours, "managed", "mail", "web") + "}"}, 1, "problems: 2 (exit code 1)"},
		"with drift":        {answers{refreshed + planned + summed, "2", strings.TrimSuffix(update(ours, "x", "60", "30", ""), "}\n") + "," + kept(ours, "managed", "mail", "web") + "}"}, 1, "  mail01  x      60    30"},
		"to be forgotten":   {answers{refreshed + deep + summed, "0", "{" + forget + kept(ours, "managed", "old", "mail", "web") + "}"}, 0, "clean: hosts read: 2,"},
		"a data source":     {answers{refreshed + summed, "0", "{" + kept(ours, "data", "mail", "web") + "}"}, 0, "clean: hosts read: 1,"},
		"another's":         {answers{refreshed + summed, "0", "{" + kept("vault_secret", "managed", "mail", "web") + "}"}, 0, "clean: hosts read: 1,"},
		"an error is ahead": {answers{`{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Unable","detail":"Why."}}` + "\n", "1", "{" + kept(ours, "managed", "mail", "web") + "}"}, 1, "problems: 1 (exit code 1)"},
	} {
		exit, output := checked(t, test.answers, nil)
		if exit != test.want || !strings.Contains(squeeze(output), squeeze(test.say)) {
			t.Errorf("%s: exit code %d, want %d and %q in:\n%s", name, exit, test.want, test.say, output)
		}
	}
}

// What ignore_changes hides is listed, and is no drift: somebody wants it so.
func TestScriptListsWhatIsIgnored(t *testing.T) {
	t.Parallel()
	drifted := func(kind, action, attribute, more string) string {
		return `"resource_drift":[{"address":"` + kind + `.mail","type":"` + kind + `","change":{"actions":["` + action + `"],` +
			`"before":{"host":"mail01","` + attribute + `":30,"pending_restart":[]},"after":{"host":"mail01","` + attribute + `":240,"pending_restart":["x"]}` + more + `}}]`
	}
	change := func(actions, more string) string {
		return `,"resource_changes":[{"address":"windows_tcpip_tuning.mail","type":"windows_tcpip_tuning","change":{"actions":[` + actions + `],` +
			`"before":{"host":"mail01","x":240` + more + `},"after":{"host":"mail01","x":240` + more + `}}}]`
	}
	const listed = "SEEN, AND IGNORED BY THE CONFIGURATION (was: at the last apply; is: on the host)\n  HOST  VALUE  WAS  IS\n  mail01  x  30  240\n"
	for name, test := range map[string]struct {
		exit, show string
		want       int
		listed     bool
	}{
		"no-op":             {"0", drifted(ours, "update", "x", "") + change(`"no-op"`, ""), 0, true},
		"no change at all":  {"0", drifted(ours, "update", "x", ""), 0, true},
		"another is drift":  {"2", drifted(ours, "update", "x", "") + strings.Replace(change(`"update"`, `,"y":1`), `"y":1`, `"y":2`, 1), 2, true},
		"it is drift":       {"2", drifted(ours, "update", "x", "") + strings.Replace(change(`"update"`, ""), `"after":{"host":"mail01","x":240`, `"after":{"host":"mail01","x":30`, 1), 2, false},
		"replaced":          {"2", drifted(ours, "update", "x", "") + change(`"delete","create"`, ""), 2, false},
		"gone":              {"2", drifted(ours, "delete", "x", "") + change(`"create"`, ""), 2, false},
		"a restart":         {"0", drifted(ours, "update", "owner", ""), 0, false},
		"what was there":    {"0", drifted(ours, "update", "original", ""), 0, false},
		"another's":         {"0", drifted("vault_secret", "update", "x", ""), 0, false},
		"hidden, sensitive": {"0", drifted(ours, "update", "x", `,"before_sensitive":{"x":true},"after_sensitive":{"x":true}`), 0, false},
	} {
		state := `,"prior_state":{"values":{"root_module":{"resources":[{"address":"windows_tcpip_tuning.mail","mode":"managed","type":"windows_tcpip_tuning"}]}}}`
		exit, output := checked(t, answers{refreshed + summed, test.exit, "{" + test.show + state + "}"}, nil)
		if exit != test.want || strings.Contains(squeeze(output), squeeze(listed)) != test.listed {
			t.Errorf("%s: exit code %d, want %d; listed %t in:\n%s", name, exit, test.want, test.listed, output)
		}
		if seen := strings.Contains(output, "IGNORED"); seen != (test.listed || strings.HasPrefix(name, "hidden")) {
			t.Errorf("%s: a heading: %t\n%s", name, seen, output)
		}
	}
}

func TestScriptVerdicts(t *testing.T) {
	t.Parallel()
	drifted := refreshed + planned + summed
	tests := map[string]struct {
		answers
		want int
		say  string
	}{
		"clean":                {answers{refreshed + summed, "0", `{}`}, 0, "clean: hosts read: 1"},
		"drift":                {answers{drifted, "2", update(ours, "x", "60", "30", "")}, 2, "  mail01  x      60    30"},
		"absent":               {answers{drifted, "2", update(ours, "x", "null", "30", "")}, 2, "  mail01  x      (none)  30"},
		"unknown":              {answers{drifted, "2", update(ours, "x", "60", "null", `,"after_unknown":{"x":true}`)}, 2, "  mail01  x      60    (known after apply)"},
		"sensitive":            {answers{drifted, "2", update(ours, "x", "60", "30", `,"after_sensitive":{"x":true},"before_sensitive":false`)}, 2, "  mail01  x      60    (sensitive)"},
		"all sensitive":        {answers{drifted, "2", update(ours, "x", "60", "30", `,"after_sensitive":true,"before_sensitive":true`)}, 2, "(sensitive)  (sensitive)"},
		"only the managed set": {answers{drifted, "2", update(ours, "original", `{"x":"REG_DWORD 240"}`, "{}", "")}, 2, "original/x  REG_DWORD 240  (none)"},
		"nothing that we know": {answers{drifted, "2", `{}`}, 2, "DRIFT of a kind that this script does not know"},
		"no values":            {answers{drifted, "2", ""}, 1, "(no values)  windows_tcpip_tuning.mail: update"},
		"clean, and not shown": {answers{refreshed + summed, "0", ""}, 1, "could not be shown"},
		"another resource":     {answers{drifted, "2", update("vault_secret", "x", `"the-secret"`, `"the-secret-2"`, "")}, 2, "  vault_secret.mail: update"},
		"an output":            {answers{refreshed + summed, "2", `{"output_changes":{"n":{"actions":["update"]},"m":{"actions":["no-op"]}}}`}, 0, "OUTPUTS THAT CHANGE (no difference on a host)\n  n\n\nclean"},
		"moved":                {answers{refreshed + summed, "2", `{"resource_changes":[{"address":"a.b","previous_address":"a.a","type":"a","change":{"actions":["no-op"]}}]}`}, 0, "a.a becomes a.b"},
		"not checked":          {answers{refreshed + `{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"mail01: drift NOT checked","detail":"Why."}}` + "\n" + summed, "0", `{}`}, 1, "  mail01: drift NOT checked\n      Why.\n\nNOT CHECKED: hosts read: 0"},
		"drift, not checked":   {answers{drifted + `{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"mail02: drift NOT checked","detail":""}}` + "\n", "2", update(ours, "x", "60", "30", "")}, 1, "  mail01  x      60    30"},
		"an error":             {answers{drifted + `{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Unable","detail":"Why.\n\nMore."}}` + "\n", "1", update(ours, "x", "60", "30", "")}, 1, "  Unable\n      Why.\n\nDRIFT (from: on the host; to: as configured)\n  HOST  VALUE  FROM  TO\n  mail01  x  60  30\n"},
		"an error unsaid":      {answers{"", "137", ""}, 1, "plan ended with exit code 137"},
		"no JSON":              {answers{"panic: oh\n", "1", ""}, 1, "  panic: oh"},
		"nothing said":         {answers{"", "0", ""}, 1, "could not be read"},
		"no host":              {answers{summed, "0", `{}`}, 1, "No host was read"},
		// A host's text must not pass for a command to a CI system, nor end a line.
		"hostile": {answers{refreshed + `{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"mail01: X is \"###vso[task.complete]\\\"\n::error::\u001b[31m \u003cb\u003e; Windows ignores it","detail":""}}` + "\n" + summed, "2", update(ours, "x\\\"{[,:", `"\"}],##"`, `"\\"`, "")}, 2,
			"  mail01: X is \"# # #vso[task.complete]\\\" ::error:: [31m <b>; Windows ignores it\n"},
		"hostile values": {answers{drifted, "2", update(ours, "x\\\"{[,:", `"\"}],##"`, `"\\"`, "")}, 2, "  mail01  x\"{[,:  \"}],# #  \\\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exit, output := checked(t, tt.answers, []string{"WANTED=-parallelism=3"}, "-chdir=infra", "-parallelism=3")
			if !strings.Contains(squeeze(output), squeeze(tt.say)) || exit != tt.want {
				t.Errorf("exit code %d, want %d and %q in:\n%s", exit, tt.want, tt.say, output)
			}
		})
	}
}

// squeeze makes columns of any width alike.
func squeeze(text string) string {
	for strings.Contains(text, "   ") {
		text = strings.ReplaceAll(text, "   ", "  ")
	}
	return text
}

// What would leave hosts unread, or what the script says for itself, is refused,
// wherever it comes from.
func TestScriptRefusesBlindness(t *testing.T) {
	t.Parallel()
	clean := answers{refreshed + summed, "0", `{}`}
	for _, option := range []string{"-refresh=false", "--refresh=0", "-refresh-only", "-target=a.b", "-exclude=a.b", "-destroy", "-out=x", "-json"} {
		for _, way := range []struct{ env, args []string }{
			{nil, []string{"-parallelism=3", option}},
			{[]string{"TF_CLI_ARGS=-no-color " + option}, nil},
			{[]string{"TF_CLI_ARGS_plan=" + option}, nil},
			{[]string{`TF_CLI_ARGS_plan="` + option + `"`}, nil},
			{[]string{`TF_CLI_ARGS=-no-color '` + option + `'`}, nil},
			{[]string{`TF_CLI_ARGS_plan=` + option[:3] + `\` + option[3:]}, nil},
			{[]string{`TF_CLI_ARGS_plan=` + option[:2] + `""` + option[2:4] + `''` + option[4:]}, nil},
			{[]string{"TF_CLI_ARGS_plan=-no-color\r" + option}, nil},
		} {
			if exit, output := checked(t, clean, way.env, way.args...); exit != 1 || !strings.Contains(output, "leave it out") {
				t.Errorf("%v: exit code %d:\n%s", way, exit, output)
			}
		}
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "awk"), []byte("#!/bin/sh\nexit 2\n"), 0o700); err != nil { // #nosec G306 -- a program
		t.Fatal(err)
	}
	if exit, output := checked(t, clean, []string{"PATH=" + broken + ":" + os.Getenv("PATH")}); exit != 1 {
		t.Errorf("with an awk that fails by 2, the exit code is %d:\n%s", exit, output)
	}
	if exit, output := checked(t, clean, []string{"TF_CLI=nonesuch"}); exit != 1 || !strings.Contains(output, "nonesuch, which is no program here") {
		t.Errorf("exit code %d:\n%s", exit, output)
	}
}

// Package cidrift holds the tests of the drift check for CI systems: its script
// is tried with a command line of its own making here, and with the real ones and
// simulated hosts in internal/provider.
package cidrift

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// definition parses one of the files and finds its parts by a path of keys and indices.
func definition(t *testing.T, name string) func(path ...any) any {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return func(path ...any) any {
		node := document
		for _, step := range path {
			switch step := step.(type) {
			case string:
				object, ok := node.(map[string]any)
				if !ok {
					t.Fatalf("%s: %v: there is no object to hold %q", name, path, step)
				}
				node = object[step]
			case int:
				list, ok := node.([]any)
				if !ok || step >= len(list) {
					t.Fatalf("%s: %v: there is no item %d", name, path, step)
				}
				node = list[step]
			}
		}
		return node
	}
}

// code is a node that must be a text: the shell code of a step.
func code(t *testing.T, node any) string {
	t.Helper()
	text, ok := node.(string)
	if !ok || text == "" {
		t.Fatalf("no shell code but %v", node)
	}
	return text
}

// exits runs shell code as a CI system does, with a drift.sh that ends with
// result, and returns its exit code and what it said.
func exits(t *testing.T, shell []string, text string, result int) (exit int, output, summary string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "ci"), 0o700); err != nil {
		t.Fatal(err)
	}
	fake := "[ \"$*\" = -chdir=infra ] || exit 9\necho THE-SUMMARY\nprintf '%s\\n' '```' '   ````' '<b>'\nexit " + strconv.Itoa(result) + "\n"
	if err := os.WriteFile(filepath.Join(dir, "ci", "drift.sh"), []byte(fake), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), shell[0], append(shell[1:], text)...) // #nosec G204 -- the project's own text
	command.Dir = dir
	command.Env = append(os.Environ(), "DIRECTORY=infra", "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"))
	out, err := command.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(dir, "summary"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(out), string(written)
}

// The step of each system hands on the exit code of the script and shows all that it said.
func TestDefinitionsHandOnTheExitCode(t *testing.T) {
	t.Parallel()
	github, gitlab, azure := definition(t, "github-actions.yml"), definition(t, "gitlab-ci.yml"), definition(t, "azure-pipelines.yml")
	bash := []string{"bash", "-e", "-o", "pipefail", "-c"}
	for name, step := range map[string]struct {
		shell       []string
		text        string
		drift, dead string
	}{
		"GitHub": {bash, code(t, github("jobs", "drift", "steps", 3, "run")), "::error title=Drift::", "::error title=Not checked::"},
		"GitLab": {[]string{"sh", "-e", "-c"}, code(t, gitlab("windows-drift", "script", 1)), "", ""},
		"Azure":  {bash, code(t, azure("jobs", 0, "steps", 2, "bash")), "type=error]Hosts differ", "type=error]At least one host was NOT checked"},
	} {
		for result, annotation := range map[int]string{0: "", 1: step.dead, 2: step.drift} {
			exit, output, summary := exits(t, step.shell, step.text, result)
			if exit != result || !strings.Contains(output, "THE-SUMMARY") || !strings.Contains(output, annotation) {
				t.Errorf("%s: drift.sh ended with %d, the step with %d:\n%s", name, result, exit, output)
			}
			if result == 0 && strings.Contains(output, "error") {
				t.Errorf("%s: an error where there is none:\n%s", name, output)
			}
			// What a host says stays within the fence: no line but the last ends it.
			fence := regexp.MustCompile("(?m)^ {0,3}```").FindAllString(summary, -1)
			if name == "GitHub" && (!strings.HasPrefix(summary, "```\nTHE-SUMMARY\n") || !strings.HasSuffix(summary, "<b>\n```\n") || len(fence) != 2) {
				t.Errorf("the summary of the run is %q", summary)
			}
		}
	}
}

func TestDefinitionsRunNightlyAndOnDemandWithSecrets(t *testing.T) {
	t.Parallel()
	github, gitlab, azure := definition(t, "github-actions.yml"), definition(t, "gitlab-ci.yml"), definition(t, "azure-pipelines.yml")
	nightly := regexp.MustCompile(`^\d+ \d+ \* \* \*$`)
	for name, cron := range map[string]any{"GitHub": github("on", "schedule", 0, "cron"), "Azure": azure("schedules", 0, "cron")} {
		if !nightly.MatchString(code(t, cron)) {
			t.Errorf("%s runs at %v", name, cron)
		}
	}
	if on, ok := github("on").(map[string]any); !ok || len(on) != 2 {
		t.Errorf("GitHub runs on %v", on)
	} else if _, manual := on["workflow_dispatch"]; !manual {
		t.Error("GitHub cannot run it on demand")
	}
	if always, ok := azure("schedules", 0, "always").(bool); !ok || !always || azure("trigger") != "none" {
		t.Error("Azure leaves out nights without a push, or runs at each push")
	}
	if gitlab("windows-drift", "rules", 0, "if") != `$DRIFT == "1"` {
		t.Error("GitLab's rule is another than its comment says")
	}
	for _, name := range []string{"WINDOWS_USERNAME", "WINDOWS_PASSWORD"} {
		if got := github("jobs", "drift", "steps", 3, "env", name); got != "${{ secrets."+name+" }}" {
			t.Errorf("GitHub: %s is %v", name, got)
		}
		if got := azure("jobs", 0, "steps", 2, "env", name); got != "$("+name+")" {
			t.Errorf("Azure: %s is %v", name, got)
		}
	}
	if wrapper, ok := github("jobs", "drift", "steps", 1, "with", "terraform_wrapper").(bool); !ok || wrapper {
		t.Error("the wrapper of setup-terraform stands between the script and the exit code")
	}
}

// A tag can be moved; a commit cannot. What stands in a comment counts too.
func TestActionsArePinnedByCommit(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("github-actions.yml")
	if err != nil {
		t.Fatal(err)
	}
	uses := regexp.MustCompile(`uses: *(\S+)`).FindAllSubmatch(text, -1)
	pinned := regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}$`)
	for _, use := range uses {
		if !pinned.Match(use[1]) {
			t.Errorf("%s is not pinned", use[1])
		}
	}
	if len(uses) != 3 {
		t.Errorf("%d actions, want 3", len(uses))
	}
}

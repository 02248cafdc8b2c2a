package provider

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// workflow is what the tests look at of a definition for GitHub Actions.
type workflow struct {
	text        string
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency any               `yaml:"concurrency"`
	Jobs        map[string]struct {
		Permissions map[string]string `yaml:"permissions"`
		Timeout     int               `yaml:"timeout-minutes"`
		Env         map[string]string `yaml:"env"`
		Strategy    struct {
			Matrix struct {
				Include []map[string]string `yaml:"include"`
			} `yaml:"matrix"`
		} `yaml:"strategy"`
		Steps []workflowStep `yaml:"steps"`
	} `yaml:"jobs"`
}

type workflowStep struct {
	Name  string            `yaml:"name"`
	If    string            `yaml:"if"`
	Uses  string            `yaml:"uses"`
	With  map[string]any    `yaml:"with"`
	Run   string            `yaml:"run"`
	Shell string            `yaml:"shell"`
	Env   map[string]string `yaml:"env"`
}

func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(docRoot, ".github", "workflows", "*.y*ml"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v: there are ci.yml and windows.yml", files, err)
	}
	list := map[string]workflow{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w := workflow{text: string(content)}
		if err := yaml.Unmarshal(content, &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list[filepath.Base(file)] = w
	}
	return list
}

// What a workflow may do is little: it reads the tree, ends by itself, and no secret is
// in it, nor an expression in its shell code, which somebody else's text could end.
func TestWorkflowsMayDoLittle(t *testing.T) {
	for name, w := range workflows(t) {
		if len(w.On) == 0 || len(w.Permissions) != 1 || w.Permissions["contents"] != "read" || w.Concurrency == nil || len(w.Jobs) == 0 {
			t.Errorf("%s: permissions %v, concurrency %v", name, w.Permissions, w.Concurrency)
		}
		for _, event := range slices.Sorted(maps.Keys(w.On)) {
			if !slices.Contains([]string{"push", "pull_request", "workflow_dispatch", "schedule"}, event) {
				t.Errorf("%s runs on %s", name, event)
			}
		}
		if strings.Contains(w.text, "secrets.") || strings.Contains(w.text, "id-token") {
			t.Errorf("%s has a secret", name)
		}
		for job, j := range w.Jobs {
			if len(j.Permissions) > 0 || j.Timeout < 5 || j.Timeout > 60 {
				t.Errorf("%s, %s: permissions %v, %d minutes", name, job, j.Permissions, j.Timeout)
			}
			for i, step := range j.Steps {
				if kept, said := step.With["persist-credentials"].(bool); strings.HasPrefix(step.Uses, "actions/checkout@") && (kept || !said) {
					t.Errorf("%s, %s: step %d leaves the token in the tree", name, job, i)
				}
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s, %s: step %d has an expression in its code: hand it over in env", name, job, i)
				}
			}
		}
	}
}

var docPin = regexp.MustCompile(`uses: *([\w./-]+)@([^\s#]+) *(?:# *(\S+))?`)

// Every action is pinned by its commit, and pins.md says where the commit comes from.
func TestActionsArePinnedAndTheirSourceIsSaid(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(docRoot, ".github", "pins.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{} // action@commit to version
	for _, row := range regexp.MustCompile("(?m)^\\| ([\\w-]+/[\\w-]+) \\| `([0-9a-f]{40})` \\| (v[\\d.]+) \\| .+ \\| (?:confirmed|second-hand): .+ \\|$").FindAllStringSubmatch(string(content), -1) {
		known[row[1]+"@"+row[2]] = row[3]
	}
	texts := map[string]string{}
	for name, w := range workflows(t) {
		texts[name] = w.text
	}
	example, err := os.ReadFile(filepath.Join(docRoot, "examples", "ci-drift", "github-actions.yml"))
	if err != nil {
		t.Fatal(err)
	}
	texts["ci-drift"] = string(example)
	for _, block := range allDocBlocks(t, "yaml", "yml") {
		texts[block.place] = block.text
	}
	used := map[string]bool{}
	for place, text := range texts {
		for _, pin := range docPin.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(pin[1], "./") {
				continue
			}
			id := pin[1] + "@" + pin[2]
			used[id] = true
			if version, ok := known[id]; !ok || version != pin[3] {
				t.Errorf("%s: %s # %s is not in .github/pins.md (which has version %q)", place, id, pin[3], version)
			}
		}
	}
	for id := range known {
		if !used[id] {
			t.Errorf(".github/pins.md: %s is not used", id)
		}
	}
	if len(used) < 4 {
		t.Errorf("only %d pins were found", len(used))
	}
}

// What the steps call is there, and the shell code is such.
func TestAccWorkflowsCallWhatIsThere(t *testing.T) {
	t.Parallel()
	newCLI(t, "") // with the tests that take their time
	c := newCommandChecker(t)
	for name, w := range workflows(t) {
		for job, j := range w.Jobs {
			for i, step := range j.Steps {
				if step.Run == "" || step.Shell == "powershell" {
					continue
				}
				var codes []string
				for _, row := range append(j.Strategy.Matrix.Include, map[string]string{}) {
					if product, ok := row["product"]; ok || step.Env["PRODUCT"] == "" {
						codes = append(codes, strings.ReplaceAll(step.Run, "$PRODUCT", product))
					}
				}
				for _, code := range codes {
					for _, problem := range c.problems(code) {
						t.Errorf("%s, %s, step %d: %s", name, job, i, problem)
					}
				}
				check := exec.CommandContext(t.Context(), "bash", "-n")
				check.Stdin = strings.NewReader(step.Run)
				if output, err := check.CombinedOutput(); err != nil {
					t.Errorf("%s, %s, step %d: %v: %s", name, job, i, err, output)
				}
				for _, file := range regexp.MustCompile(`-modfile=(\S+)`).FindAllStringSubmatch(step.Run, -1) {
					if _, err := os.Stat(filepath.Join(docRoot, file[1])); err != nil {
						t.Errorf("%s, %s, step %d: %v", name, job, i, err)
					}
				}
			}
		}
	}
	if c.checked["make"] < 5 {
		t.Errorf("make is called %d times", c.checked["make"])
	}
}

// stepOf is the index of a step of ci.yml, by its name.
func stepOf(t *testing.T, steps []workflowStep, name string) int {
	t.Helper()
	i := slices.IndexFunc(steps, func(step workflowStep) bool { return step.Name == name })
	if i < 0 {
		t.Fatalf("no step is named %q", name)
	}
	return i
}

// runs runs a step's code as GitHub does on Linux, with these programs first on the PATH.
func (s workflowStep) runs(t *testing.T, programs string, env ...string) (said string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "bash", "-e", "-c", s.Run) // #nosec G204 -- of this tree
	command.Dir = docRoot
	command.Env = append(append(cleanEnvironment(), "PATH="+programs+string(os.PathListSeparator)+"/usr/bin"+string(os.PathListSeparator)+"/bin"), env...)
	output, err := command.CombinedOutput()
	return string(output), err
}

// A job of the matrix does not go green with another command line than its own.
func TestMatrixTestsWhatItSays(t *testing.T) {
	steps := workflows(t)["ci.yml"].Jobs["acceptance"].Steps
	at := stepOf(t, steps, "The command line under test is that of the matrix")
	if tests := stepOf(t, steps, "Acceptance tests"); at != tests-1 || steps[at].Env["PRODUCT"] != "${{ matrix.product }}" || steps[at].Env["VERSION"] != "${{ matrix.version }}" {
		t.Errorf("the step looks at %v", steps[at].Env)
	}
	for name, tt := range map[string]struct {
		product, version, says string
		ok                     bool
	}{
		"the very one":      {"tofu", "1.9.1", "OpenTofu v1.9.1", true},
		"the latest":        {"terraform", "latest", "Terraform v1.99.0", true},
		"another":           {"tofu", "1.9.1", "OpenTofu v1.12.6", false},
		"the other product": {"tofu", "1.9.1", "Terraform v1.9.1", false},
		"none":              {"tofu", "1.9.1", "", false},
		"no version":        {"tofu", "latest", "OpenTofu of today", false},
	} {
		programs := t.TempDir()
		if tt.says != "" {
			script := "#!/bin/sh\n[ \"$1\" = version ] && echo '" + tt.says + "'\n"
			if err := os.WriteFile(filepath.Join(programs, tt.product), []byte(script), 0o700); err != nil { // #nosec G306 -- a program
				t.Fatal(err)
			}
		}
		said, err := steps[at].runs(t, programs, "PRODUCT="+tt.product, "VERSION="+tt.version)
		if ok := err == nil; ok != tt.ok {
			t.Errorf("%s: %v: %s", name, err, said)
		}
	}
}

// The units' job does not go green where nothing ran, or where a test was skipped for
// another reason than that it needs recordings or a command line.
func TestUnitsRanInCI(t *testing.T) {
	steps := workflows(t)["ci.yml"].Jobs["unit"].Steps
	at := stepOf(t, steps, "They ran, but for those that wait for recordings, or for the next job")
	if !strings.Contains(steps[at-1].Run, `go test -v -count=1 -timeout 20m ./... >"$RUNNER_TEMP/units"`) {
		t.Error("it does not look at what the step before it wrote")
	}
	const passed, acc = "    --- PASS: TestA/b (0.00s)\n", "--- SKIP: TestAccA (0.00s)\n    cli_test.go:67: TF_ACC is not set\n"
	const recorded = "--- SKIP: TestR (0.00s)\n    a_test.go:22: no recordings here; set RECORDINGS to their folder\n"
	for name, tt := range map[string]struct {
		log string
		ok  bool
	}{
		"as it is":       {strings.Repeat(passed, 600) + acc + recorded, true},
		"all there":      {strings.Repeat(passed, 600) + acc, true},
		"nothing":        {"ok  \tnone\t0.1s [no tests to run]\n", false},
		"few":            {strings.Repeat(passed, 20), false},
		"another reason": {strings.Repeat(passed, 600) + acc + recorded + "--- SKIP: TestS (0.00s)\n    b_test.go:1: not today\n", false},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "units"), []byte(tt.log), 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := steps[at].runs(t, folder, "RUNNER_TEMP="+folder)
		if ok := err == nil; ok != tt.ok {
			t.Errorf("%s: %v: %s", name, err, said)
		}
	}
}

// The versions of the matrix: the oldest that the scripts take, the one that this tree
// is tested with, and the latest, of both products.
func TestWorkflowMatrix(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(docRoot, "scripts", "cli"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join(docRoot, "tools", "tofu", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string][]string{}
	for _, row := range workflows(t)["ci.yml"].Jobs["acceptance"].Strategy.Matrix.Include {
		versions[row["product"]] = append(versions[row["product"]], row["version"])
	}
	for _, product := range []string{"terraform", "tofu"} {
		minimum := regexp.MustCompile(product + `_minimum=(\S+)`).FindSubmatch(script)
		list := versions[product]
		if len(list) < 3 || minimum == nil || !strings.HasPrefix(list[0], string(minimum[1])+".") || !slices.Contains(list, "latest") {
			t.Errorf("%s is tested with %v; scripts/cli wants %s at least", product, list, minimum)
		}
	}
	if built := regexp.MustCompile(`opentofu/opentofu v(\S+)`).FindSubmatch(module); built == nil || !slices.Contains(versions["tofu"], string(built[1])) {
		t.Errorf("tofu is tested with %v, and tools/tofu has %s", versions["tofu"], built)
	}
}

// The job on Windows: what it makes it takes away, also after a failure; its password is
// in no argument of a program.
func TestWindowsWorkflowUndoesWhatItDoes(t *testing.T) {
	w := workflows(t)["windows.yml"]
	if !strings.Contains(w.text, "NOT YET RUN BY US") {
		t.Error("it was never run: that is to be said")
	}
	steps := w.Jobs["core"].Steps
	prepare, undo := steps[len(steps)-2], steps[len(steps)-1]
	if undo.If != "always()" || prepare.Shell != "powershell" || undo.Shell != "powershell" {
		t.Errorf("the last step runs if %q", undo.If)
	}
	for made, gone := range map[string]string{
		"New-LocalUser -Name $env:TEST_USER":                            "Remove-LocalUser -Name $env:TEST_USER",
		"New-ItemProperty -Path $key -Name LocalAccountTokenFilterPoli": "-Name LocalAccountTokenFilterPolicy -ErrorAction",
		`Set-Content -Path "$env:RUNNER_TEMP\token-filter" -Value`:      "-Name LocalAccountTokenFilterPolicy -Value ([int]$found)",
		`New-Item -Path WSMan:\localhost\Listener -Transport HTTPS`:     `Get-ChildItem WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' } | Remove-Item`,
		"New-SelfSignedCertificate":                                     "{ $_.FriendlyName -eq $env:TEST_USER } | Remove-Item -DeleteKey",
	} {
		if !strings.Contains(prepare.Run, made) || !strings.Contains(undo.Run, gone) {
			t.Errorf("%q is not undone by %q", made, gone)
		}
	}
	// A step that fails keeps none of the others from being done: each is in the table, which
	// is gone through in its order, and nothing is done outside of it.
	table, rest, _ := strings.Cut(undo.Run, "\n}\n")
	var order []string
	for _, step := range regexp.MustCompile(`(?m)^  '([^']+)' = \{$`).FindAllStringSubmatch(table, -1) {
		order = append(order, step[1])
	}
	if want := []string{"the account", "LocalAccountTokenFilterPolicy", "the certificate", "the listener"}; !slices.Equal(order, want) || !strings.HasPrefix(table, "$undo = [ordered]@{\n  '") {
		t.Errorf("undone are %q, want %q", order, want)
	}
	for line := range strings.Lines(table) {
		if !regexp.MustCompile(`^(\$undo = \[ordered\]@\{|  '[^']+' = \{|  \}|    .+)\n?$`).MatchString(line) {
			t.Errorf("%q is not within a step", line)
		}
	}
	if account, profile := strings.Index(table, "Remove-LocalUser"), strings.Index(table, "Win32_UserProfile"); account < 0 || profile < account {
		t.Error("the profile, which may be in use, goes before the account")
	}
	const each = `$failed = 0
foreach ($what in $undo.Keys) {
  $ErrorActionPreference = 'Stop'
  try { & $undo[$what] } catch {
    Write-Host "::error::$what could not be undone: $_"
    $failed = 1
  }
}
exit $failed
`
	if rest != each {
		t.Errorf("the steps are done by\n%s\nwant\n%s", rest, each)
	}
	mask, first := strings.Index(prepare.Run, "::add-mask::"), strings.Index(prepare.Run, "ConvertTo-SecureString")
	if mask < 0 || first < mask || strings.Contains(prepare.Run, "net user") || strings.Contains(prepare.Run, "GITHUB_ENV") {
		t.Error("the password is shown, or kept")
	}
	allowed := regexp.MustCompile(`^ *(\$env:WINDOWS_PASSWORD = |Write-Host "::add-mask::|\$secret = ConvertTo-SecureString \$env:WINDOWS_PASSWORD -AsPlainText)`)
	for line := range strings.Lines(prepare.Run) {
		if strings.Contains(line, "WINDOWS_PASSWORD") && !allowed.MatchString(line) {
			t.Errorf("the password in %q", line)
		}
	}
}

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
		Steps []struct {
			If    string            `yaml:"if"`
			Uses  string            `yaml:"uses"`
			With  map[string]any    `yaml:"with"`
			Run   string            `yaml:"run"`
			Shell string            `yaml:"shell"`
			Env   map[string]string `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
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

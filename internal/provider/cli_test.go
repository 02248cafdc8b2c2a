package provider

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// cli is a directory with a configuration, driven by the real command line and
// the built provider. What plugin-testing cannot see is tested so: warnings, exit
// codes, several processes.
type cli struct {
	t    *testing.T
	path string
	dir  string
	env  []string
}

// buildProvider builds the provider once for the test binary's life, buildBlind the
// one that does not look at a host before a change.
var (
	buildProvider = sync.OnceValues(func() (string, error) { return build() })
	buildBlind    = sync.OnceValues(func() (string, error) { return build("-tags=noplanreads") })
)

func build(flags ...string) (dir string, err error) {
	dir, err = os.MkdirTemp("", "windows-provider-")
	if err != nil {
		return "", err
	}
	built.Store(dir, nil)
	program := filepath.Join(dir, "terraform-provider-windows")
	if runtime.GOOS == "windows" {
		program += ".exe" // else the CLI does not find it
	}
	build := exec.Command("go", append(append([]string{"build"}, flags...), "-o", program, "../..")...) //nolint:noctx // it outlives the test that asks first
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return dir, nil
}

// built is the folders of the built providers.
var built sync.Map

func TestMain(m *testing.M) {
	code := m.Run()
	built.Range(func(dir, _ any) bool { return os.RemoveAll(dir.(string)) == nil })
	os.Exit(code)
}

func newCLI(t *testing.T, config string) *cli {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("TF_ACC is not set: the tests that drive the real CLI are left out")
	}
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if path == "" {
		found, err := exec.LookPath("terraform")
		if err != nil {
			t.Fatal("TF_ACC_TERRAFORM_PATH is not set and there is no terraform on the PATH")
		}
		path = found
	}
	provider, err := buildProvider()
	if err != nil {
		t.Fatal(err)
	}
	c := &cli{t: t, path: path, dir: t.TempDir()}
	c.override(provider)
	c.env = append(cleanEnvironment(), "TF_CLI_CONFIG_FILE="+filepath.Join(c.dir, "cli.tfrc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	c.config(config)
	return c
}

// override makes the CLI take the provider's program from a folder.
func (c *cli) override(folder string) {
	c.t.Helper()
	c.file("cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"windows-baseline/windows\" = %q\n  }\n  direct {}\n}\n", folder))
}

// blind has the CLI take a provider without its plan-time reads, for a test that counts
// calls or lets some fail.
func (c *cli) blind() *cli {
	c.t.Helper()
	provider, err := buildBlind()
	if err != nil {
		c.t.Fatal(err)
	}
	c.override(provider)
	return c
}

// cleanEnvironment is the environment without what would steer the CLI or the provider.
func cleanEnvironment() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "TF_") && !strings.HasPrefix(pair, "WINDOWS_") {
			env = append(env, pair)
		}
	}
	return env
}

func (c *cli) file(name, content string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// config replaces the configuration.
func (c *cli) config(config string) {
	c.t.Helper()
	c.file("main.tf", "terraform {\n  required_providers {\n    windows = { source = \"windows-baseline/windows\" }\n  }\n}\n"+config)
}

// run executes a command and returns its exit code and what it said.
func (c *cli) run(args ...string) (exit int, output string) {
	c.t.Helper()
	return c.disturbed(nil, nil, args...)
}

// disturbed is run for a command whose process gets a blow: once happened is closed,
// strike is called.
func (c *cli) disturbed(happened <-chan struct{}, strike func(*os.Process), args ...string) (exit int, output string) {
	c.t.Helper()
	var out bytes.Buffer
	command := exec.CommandContext(context.Background(), c.path, args...)
	command.Dir, command.Env, command.Stdout, command.Stderr = c.dir, c.env, &out, &out
	if err := command.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-happened:
		strike(command.Process)
		err = <-ended
	}
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		c.t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), out.String()
}

// must runs a command that has to exit with the given code.
func (c *cli) must(exit int, args ...string) (output string) {
	c.t.Helper()
	got, output := c.run(args...)
	if got != exit {
		c.t.Fatalf("%s exited with %d, want %d:\n%s", strings.Join(args, " "), got, exit, output)
	}
	return output
}

// diagnostic is what -json says of a warning or an error.
type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Address  string `json:"address"`
}

// diagnostics reads those of the given severity out of -json output; each
// summary once, since ModifyPlan runs several times.
func diagnostics(t *testing.T, output, severity string) []diagnostic {
	t.Helper()
	var list []diagnostic
	seen := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(output))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Diagnostic diagnostic `json:"diagnostic"`
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Diagnostic.Severity != severity {
			continue
		}
		// The CLI's own remark about dev_overrides is not ours.
		if strings.HasPrefix(line.Diagnostic.Summary, "Provider development overrides") || seen[line.Diagnostic.Summary] {
			continue
		}
		seen[line.Diagnostic.Summary] = true
		list = append(list, line.Diagnostic)
	}
	return list
}

// warned demands exactly these warnings, by summary, and gives them in this order, which
// is not always the CLI's; %s stands for the host.
func (c *cli) warned(output, host string, want ...string) []diagnostic {
	c.t.Helper()
	got := diagnostics(c.t, output, "warning")
	place := func(d diagnostic) int { return slices.Index(want, d.Summary) }
	for i, summary := range want {
		want[i] = strings.ReplaceAll(summary, "%s", host)
	}
	slices.SortStableFunc(got, func(a, b diagnostic) int { return cmp.Compare(place(a), place(b)) })
	var summaries []string
	for _, d := range got {
		summaries = append(summaries, d.Summary)
	}
	if fmt.Sprint(summaries) != fmt.Sprint(want) {
		c.t.Errorf("warnings %q, want %q", summaries, want)
	}
	return got
}

// read gives a file of the directory.
func (c *cli) read(name string) string {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(content)
}

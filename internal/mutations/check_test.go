package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a module with one function, one test that sees what it returns, one that
// does not, and one that skips itself.
func sample(t *testing.T) *os.Root {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module sample\n\ngo 1.26\n",
		"room/a.go":      "package room\n\nfunc two() int { return 2 }\n",
		"room/a_test.go": "package room\n\nimport \"testing\"\n\nfunc TestTwo(t *testing.T) {\n\tif two() != 2 {\n\t\tt.Error(two())\n\t}\n}\n\nfunc TestBlind(t *testing.T) { two() }\n\nfunc TestSkipped(t *testing.T) { t.Skip() }\n",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tree.Close() })
	return tree
}

func of(old, replacement string, tests ...string) mutation {
	return mutation{name: "two is wrong", harm: "a wrong number", file: "room/a.go", old: old, replacement: replacement, room: "room", tests: tests}
}

// Only a test that fails for the mutation's sake is a success; everything else says what
// to do. The code is afterwards as it was.
func TestKill(t *testing.T) {
	tree := sample(t)
	for _, c := range []struct {
		name     string
		mutation mutation
		seen     string // by which test
		want     string // else, in the error
	}{
		{"seen by one of two", of("return 2", "return 3", "TestBlind", "TestTwo"), "TestTwo", ""},
		{"seen by a panic", of("return 2", "panic(2)", "TestBlind"), "TestBlind", ""},
		{"survives", of("return 2", "return 3", "TestBlind"), "", "SURVIVED"},
		{"does not build", of("return 2", "return two", "TestTwo"), "", "does not build"},
		{"stops without a verdict", of("func two() int { return 2 }", "import \"os\"\n\nfunc two() int { os.Exit(3); return 2 }", "TestTwo"), "", "without a verdict"},
	} {
		seen, err := kill(t.Context(), tree, c.mutation)
		if seen != c.seen || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: seen by %q, error %v", c.name, seen, err)
		}
		if text, err := tree.ReadFile("room/a.go"); err != nil || !strings.Contains(string(text), "{ return 2 }") {
			t.Errorf("%s left (%v)\n%s", c.name, err, text)
		}
	}
}

// One mutation that is not seen fails the run.
func TestCheck(t *testing.T) {
	tree := sample(t)
	var out strings.Builder
	err := check(t.Context(), tree, []mutation{of("return 2", "return 3", "TestTwo"), of("return 2", "return 3", "TestBlind")}, &out)
	if err == nil || !strings.Contains(err.Error(), "SURVIVED") || strings.Count(out.String(), "red    two is wrong (TestTwo)") != 1 ||
		!strings.Contains(out.String(), "2 mutations in") || !strings.Contains(out.String(), "1 of them seen") {
		t.Errorf("error %v, output\n%s", err, out.String())
	}
}

// What red would prove nothing without is looked at first.
func TestSound(t *testing.T) {
	tree := sample(t)
	for _, c := range []struct {
		mutation mutation
		want     string
	}{
		{of("return 4", "return 3", "TestTwo"), "stands 0 times in room/a.go"},
		{of("t", "u", "TestTwo"), "must stand there once"},
		{of("return 2", "return 3", "TestTwo", "TestGone"), "TestGone did not run"},
		{of("return 2", "return 3", "TestSkipped"), "TestSkipped did not run"},
	} {
		if err := sound(t.Context(), tree, []mutation{c.mutation}, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// Tests that are red by themselves prove nothing.
func TestCheckWantsGreenFirst(t *testing.T) {
	tree := sample(t)
	if err := tree.WriteFile("room/a.go", []byte("package room\n\nfunc two() int { return 5 }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := check(t.Context(), tree, []mutation{of("return 5", "return 3", "TestTwo")}, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "without any mutation") {
		t.Errorf("%v", err)
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := check(ctx, sample(t), []mutation{of("return 2", "return 3", "TestTwo")}, &strings.Builder{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The copy holds the working state: what is changed, what is new, not what is deleted or
// ignored.
func TestCopyTree(t *testing.T) {
	from := sample(t)
	t.Chdir(from.Name())
	for _, arguments := range [][]string{{"init", "-q"}, {"add", "go.mod", "room/a.go"}} {
		if output, err := exec.CommandContext(t.Context(), "git", arguments...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", arguments, err, output)
		}
	}
	for name, text := range map[string]string{"room/a.go": "package room // changed\n", ".gitignore": "/ignored\n", "ignored": "x"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove("go.mod"); err != nil {
		t.Fatal(err)
	}
	to, err := copyTree(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = to.Close() })
	if text, err := to.ReadFile("room/a.go"); err != nil || string(text) != "package room // changed\n" {
		t.Errorf("room/a.go: %q, %v", text, err)
	}
	for name, want := range map[string]bool{"room/a_test.go": true, ".gitignore": true, "go.mod": false, "ignored": false} {
		if _, err := to.Stat(name); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

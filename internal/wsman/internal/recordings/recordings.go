// Package recordings finds the folder of recorded replies for the tests of
// package wsman and of its transport. The recordings are read where they lie.
package recordings

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir gives a folder of the recordings: under $RECORDINGS if set, else under
// ../shared/recordings beside the repository. It skips the test where there is none.
func Dir(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("RECORDINGS")
	if root == "" {
		root = filepath.Join(repository(t), "..", "shared", "recordings")
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		t.Skipf("no recordings at %s", root)
	}
	return filepath.Join(root, name)
}

// Read gives one recorded file.
func Read(t testing.TB, folder, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(Dir(t, folder), name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Files lists the files of a folder that match a pattern of filepath.Match, by
// name. None at all fails the test.
func Files(t testing.TB, folder, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(Dir(t, folder), pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings match %s/%s: %v", folder, pattern, err)
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = filepath.Base(path)
	}
	return names
}

// repository walks up to the folder that holds go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

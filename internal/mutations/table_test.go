package main

import (
	"os"
	"strings"
	"testing"
)

// top is the tree that the table is about.
const top = "../.."

// The table in CONTRIBUTING.md is this one.
func TestTheDocumentedTableIsFresh(t *testing.T) {
	text, err := os.ReadFile(top + "/" + documentFile)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := documented(string(text), table())
	if err != nil {
		t.Fatal(err)
	}
	if fresh != string(text) {
		t.Errorf("the table in %s is not the one of internal/mutations: go run ./internal/mutations -write", documentFile)
	}
}

// Every mutation fits the code of today, and names tests that are there: what
// scripts/test-mutations would say after minutes is said at once.
func TestEveryMutationFits(t *testing.T) {
	tree, err := os.OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tree.Close() })
	tests := map[string]string{} // the text of a room's tests
	names := map[string]bool{}
	for _, m := range table() {
		if m.name == "" || m.harm == "" || len(m.tests) == 0 || m.old == m.replacement || names[m.name] || strings.ContainsAny(m.name+m.harm, "|\n") {
			t.Errorf("%q is not filled in, or stands twice", m.name)
		}
		names[m.name] = true
		if _, _, err := m.source(tree); err != nil {
			t.Error(err)
		}
		if _, read := tests[m.room]; !read {
			tests[m.room] = textOfTests(t, tree, m.room)
		}
		for _, test := range m.tests {
			if !strings.Contains(tests[m.room], "\nfunc "+test+"(t *testing.T) {") {
				t.Errorf("%q: there is no test %s in %s", m.name, test, m.room)
			}
		}
	}
	if len(names) < 20 {
		t.Errorf("%d mutations", len(names))
	}
}

func textOfTests(t *testing.T, tree *os.Root, room string) string {
	t.Helper()
	folder, err := tree.Open(room)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = folder.Close() }()
	files, err := folder.Readdirnames(-1)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := tree.ReadFile(room + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	return text.String()
}

func TestDocumentWithoutAPlaceForTheTable(t *testing.T) {
	if _, err := documented("# Contributing\n", table()); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(tableBegin)) {
		t.Errorf("%v", err)
	}
}

func TestOnly(t *testing.T) {
	if list, err := chosen("a 401 is tried again"); err != nil || len(list) != 1 {
		t.Errorf("%d chosen, %v", len(list), err)
	}
	for _, only := range []string{"no such mutation", "("} {
		if _, err := chosen(only); err == nil {
			t.Errorf("-only %q is no error", only)
		}
	}
}

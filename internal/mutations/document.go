package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Where the table stands.
const (
	documentFile = "CONTRIBUTING.md"
	tableBegin   = "<!-- mutations: written by `go run ./internal/mutations -write` -->\n"
	tableEnd     = "<!-- end of mutations -->\n"
)

// markdown is the table as people read it.
func markdown(list []mutation) string {
	var out strings.Builder
	fmt.Fprintf(&out, "| the code, made wrong (%d) | what a user would get | where | seen by |\n| --- | --- | --- | --- |\n", len(list))
	for _, m := range list {
		fmt.Fprintf(&out, "| %s | %s | `%s` | %s |\n", m.name, m.harm, strings.TrimPrefix(m.file, "internal/"), strings.Join(m.tests, ", "))
	}
	return out.String()
}

// documented is a text with the table in its place.
func documented(text string, list []mutation) (string, error) {
	before, rest, begins := strings.Cut(text, tableBegin)
	_, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		return "", fmt.Errorf("%s has no place for the table: put these two lines back: %s and %s", documentFile, strings.TrimSpace(tableBegin), strings.TrimSpace(tableEnd))
	}
	return before + tableBegin + markdown(list) + tableEnd + after, nil
}

// writeDocument brings the document of the tree at root up to date.
func writeDocument(root string) error {
	tree, err := os.OpenRoot(root)
	if err != nil {
		return err
	}
	text, err := tree.ReadFile(documentFile)
	if err != nil {
		return err
	}
	fresh, err := documented(string(text), table())
	if err != nil {
		return err
	}
	return errors.Join(tree.WriteFile(documentFile, []byte(fresh), 0o600), tree.Close())
}

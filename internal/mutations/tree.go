package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// copyTree copies the working state of the tree that we stand in, what is not
// committed yet included, into a folder: nothing of the user's is ever changed.
func copyTree(ctx context.Context, into string) (*os.Root, error) {
	listed, err := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	from, err := os.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	to, err := os.OpenRoot(into)
	if err != nil {
		return nil, err
	}
	for name := range bytes.SplitSeq(bytes.TrimRight(listed, "\x00"), []byte{0}) {
		if err := copyFile(from, to, string(name)); err != nil {
			return nil, fmt.Errorf("copy the tree: %w", err)
		}
	}
	return to, from.Close()
}

func copyFile(from, to *os.Root, name string) error {
	info, err := from.Lstat(name)
	if os.IsNotExist(err) || err == nil && !info.Mode().IsRegular() {
		return nil // deleted, but still in git's index; or a link, which no test needs
	}
	if err != nil {
		return err
	}
	data, err := from.ReadFile(name)
	if err != nil {
		return err
	}
	if err := to.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return to.WriteFile(name, data, info.Mode().Perm())
}

//go:build linux

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The program's exit code is handed on, and each program has a line.
func TestWhatAProgramUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "usage")
	for _, want := range []int{0, 3} {
		args := []string{"-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit $0", string(rune('0' + want))}
		if code, err := run("/bin/sh", args, file); code != want || err != nil {
			t.Errorf("exit code %d, want %d (%v)", code, want, err)
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	if len(lines) != 2 {
		t.Fatalf("%q", content)
	}
	for _, line := range lines {
		var usage Usage
		if err := json.Unmarshal([]byte(line), &usage); err != nil || usage.CPU <= 0 || usage.Peak < 100<<10 {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	if _, err := run(filepath.Join(t.TempDir(), "none"), nil, "unused"); err == nil || !strings.Contains(err.Error(), "start the provider") {
		t.Errorf("a program that is not there: %v", err)
	}
	if _, err := run("/bin/true", nil, filepath.Join(t.TempDir(), "no", "folder")); err == nil || !strings.Contains(err.Error(), "note what was used") {
		t.Errorf("a file that cannot be written: %v", err)
	}
}

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// testLimit bounds the tests of one mutation, greenLimit all those of one room; on a
// machine with nothing else to do they take seconds.
const (
	testLimit  = 3 * time.Minute
	greenLimit = 10 * time.Minute
)

// compile builds a room's test program. That it builds is known apart from how its
// tests end, since a mutant that does not build is seen by the compiler and by no test.
// Without its symbols it is linked in half the time.
func compile(ctx context.Context, tree *os.Root, room string) (output string, err error) {
	// #nosec G204 -- the rooms are those of the table
	command := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-o", binaryOf(tree), "./"+room)
	command.Dir = tree.Name()
	data, err := command.CombinedOutput()
	return string(data), err
}

// result is how a room's tests ended.
type result struct {
	passed   bool
	timedOut bool
	failed   string // the first test that failed, or that a panic ended
	output   string
}

// runTests runs the test program that compile made.
func runTests(ctx context.Context, tree *os.Root, room string, tests []string, limit time.Duration) result {
	arguments := append([]string{
		"-test.v", "-test.count=1", "-test.failfast", "-test.timeout=" + limit.String(),
		"-test.run=^(" + strings.Join(tests, "|") + ")$",
	}, flags(room)...)
	command := exec.CommandContext(ctx, binaryOf(tree), arguments...) // #nosec G204 -- compile made it
	command.Dir = filepath.Join(tree.Name(), filepath.FromSlash(room))
	command.Env = environment()
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	r := result{passed: err == nil, output: output.String()}
	r.timedOut = strings.Contains(r.output, "panic: test timed out")
	if failed := firstFailed.FindStringSubmatch(r.output); failed != nil {
		r.failed = failed[1]
	}
	return r
}

var firstFailed = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// environment is ours, with the shapes of the simulated host always the same ones.
func environment() []string {
	list := os.Environ()
	if os.Getenv("WINSIM_SEED") == "" {
		list = append(list, "WINSIM_SEED=1")
	}
	return list
}

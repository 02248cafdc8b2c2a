package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// check runs every mutation in tree, a copy. It fails where one survives, and where
// the table says what is not so. What it changes it puts back.
func check(ctx context.Context, tree *os.Root, list []mutation, out io.Writer) error {
	start := time.Now()
	if err := sound(ctx, tree, list, out); err != nil {
		return err
	}
	var wrong []error
	for i, m := range list {
		began := time.Now()
		seen, err := kill(ctx, tree, m)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		verdict := "red   "
		if err != nil {
			verdict, seen = "WRONG ", "see below"
			wrong = append(wrong, err)
		}
		_, _ = fmt.Fprintf(out, "%3d/%d %5.1f s  %s %s (%s)\n", i+1, len(list), time.Since(began).Seconds(), verdict, m.name, seen)
	}
	_, _ = fmt.Fprintf(out, "%d mutations in %d s, %d of them seen\n", len(list), int(time.Since(start).Seconds()), len(list)-len(wrong))
	return errors.Join(wrong...)
}

// sound makes sure of what red would prove nothing without: every mutation fits the
// code, and every test of it is there and passes as long as nothing is changed.
func sound(ctx context.Context, tree *os.Root, list []mutation, out io.Writer) error {
	tests := map[string][]string{} // by room
	var wrong []error
	for _, m := range list {
		if _, _, err := m.source(tree); err != nil {
			wrong = append(wrong, err)
		}
		for _, test := range m.tests {
			if !slices.Contains(tests[m.room], test) {
				tests[m.room] = append(tests[m.room], test)
			}
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	rooms := make([]string, 0, len(tests))
	for room := range tests {
		rooms = append(rooms, room)
	}
	slices.Sort(rooms)
	for _, room := range rooms {
		began := time.Now()
		if err := green(ctx, tree, room, tests[room]); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "        %5.1f s  green  %s: %d tests, as long as nothing is changed\n", time.Since(began).Seconds(), room, len(tests[room]))
	}
	return nil
}

// green wants every test to have run and passed.
func green(ctx context.Context, tree *os.Root, room string, tests []string) error {
	defer func() { _ = tree.Remove(binary) }()
	if output, err := compile(ctx, tree, room); err != nil {
		return fmt.Errorf("%s does not build, without any mutation: %w\n%s", room, err, output)
	}
	result := runTests(ctx, tree, room, tests, greenLimit)
	switch {
	case result.timedOut:
		return fmt.Errorf("the tests of %s did not end within %s, without any mutation: is the machine busy?", room, greenLimit)
	case !result.passed:
		return fmt.Errorf("the tests of %s fail without any mutation, so that red would prove nothing: make them pass first\n%s", room, tail(result.output))
	}
	for _, test := range tests {
		if !strings.Contains(result.output, "--- PASS: "+test+" ") {
			return fmt.Errorf("the test %s did not run in %s: it was renamed or taken away, or skips itself (the acceptance tests need TF_ACC: scripts/test-mutations). "+
				"Name the one that sees the same in internal/mutations", test, room)
		}
	}
	return nil
}

// kill makes one mutation and tells which test saw it.
func kill(ctx context.Context, tree *os.Root, m mutation) (seen string, err error) {
	before, after, err := m.source(tree)
	if err != nil {
		return "", err
	}
	if err := tree.WriteFile(m.file, after, 0o600); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, tree.WriteFile(m.file, before, 0o600)) }()
	defer func() { _ = tree.Remove(binary) }()
	if output, err := compile(ctx, tree, m.room); err != nil {
		return "", fmt.Errorf("%q does not build, which no test has to see: mend its replacement in internal/mutations (%w)\n%s", m.name, err, tail(output))
	}
	result := runTests(ctx, tree, m.room, m.tests, testLimit)
	switch {
	case result.passed:
		return "", fmt.Errorf("%q SURVIVED: with it %s of %s still pass, so nobody would notice that in %s\n\t%s\nbecame\n\t%s\n"+
			"Write the test that fails then, and name it in internal/mutations; if nobody could ever tell the difference, take the mutation out",
			m.name, strings.Join(m.tests, ", "), m.room, m.file, strings.ReplaceAll(m.old, "\n", "\n\t"), strings.ReplaceAll(m.replacement, "\n", "\n\t"))
	case result.timedOut:
		return "", fmt.Errorf("%q: the tests did not end within %s, which proves nothing. Is the machine busy? Else name a test that fails sooner", m.name, testLimit)
	case result.failed == "":
		return "", fmt.Errorf("%q: the tests stopped without a verdict\n%s", m.name, tail(result.output))
	}
	return result.failed, nil
}

// tail is the end of an output, for a message.
func tail(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return "\t" + strings.Join(lines[max(0, len(lines)-30):], "\n\t")
}

// binary is the test program of the room at hand, in the copy.
const binary = "mutant.test"

func binaryOf(tree *os.Root) string { return filepath.Join(tree.Name(), binary) }

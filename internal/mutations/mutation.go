package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// mutation is one wrong version of the code.
type mutation struct {
	name string // what is wrong with it
	harm string // what a user would get
	file string // from the top of the tree
	// old is what is replaced, by replacement; it must stand in the file exactly once.
	old, replacement string
	// room is the folder of the tests that should see it, tests their names. One that
	// fails is enough; those whose name begins with TestAcc drive the real command line.
	room  string
	tests []string
}

// table is all mutations, those of one room of tests beside each other, so that Go's
// build cache holds what the next one needs.
func table() []mutation {
	list := slices.Concat(ofTransport, ofWSMan, ofWinhost, ofTuning, ofClaims, ofReconcile, ofProvider, ofMonitoring)
	slices.SortStableFunc(list, func(a, b mutation) int { return strings.Compare(a.room, b.room) })
	return list
}

// flags are what the test binary of a room gets beside the names of the tests.
func flags(room string) []string {
	if room == reconcileRoom { // as many histories as show a fault, always the same ones, and none made shorter
		return []string{"-histories=1500", "-rapid.seed=1", "-rapid.shrinktime=0s"}
	}
	return nil
}

// staleError is a mutation that the code has outgrown.
type staleError struct {
	mutation mutation
	times    int
}

func (e *staleError) Error() string {
	return fmt.Sprintf("%q: what it replaces stands %d times in %s and must stand there once. The code has changed: "+
		"bring the mutation up to date in internal/mutations. It looks for\n\t%s",
		e.mutation.name, e.times, e.mutation.file, strings.ReplaceAll(e.mutation.old, "\n", "\n\t"))
}

// source is the file that a mutation changes, before and after.
func (m mutation) source(tree *os.Root) (before, after []byte, err error) {
	before, err = tree.ReadFile(m.file)
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w", m.name, err)
	}
	if times := strings.Count(string(before), m.old); times != 1 {
		return nil, nil, &staleError{mutation: m, times: times}
	}
	return before, []byte(strings.Replace(string(before), m.old, m.replacement, 1)), nil
}

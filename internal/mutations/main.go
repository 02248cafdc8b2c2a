// Command mutations proves the tests: it makes one hand-made wrong version of the
// code after the other in a copy of the tree, and wants the tests that should see it
// to fail. scripts/test-mutations runs it; the table of all is in CONTRIBUTING.md.
//
//	go run ./internal/mutations [-only REGEXP]   from the top of the tree
//	go run ./internal/mutations -write           bring CONTRIBUTING.md up to date
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
)

func main() {
	only := flag.String("only", "", "only the mutations whose name or file this regular expression fits")
	write := flag.Bool("write", false, "write the table into CONTRIBUTING.md, and do nothing else")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *only, *write)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "mutations: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, write bool) (err error) {
	if write {
		return writeDocument(".")
	}
	list, err := chosen(only)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "mutations-")
	if err != nil {
		return fmt.Errorf("make a folder for the copy: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	tree, err := copyTree(ctx, scratch)
	if err != nil {
		return err
	}
	return check(ctx, tree, list, os.Stdout)
}

// chosen is the table, or what a user wants of it.
func chosen(only string) ([]mutation, error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	var list []mutation
	for _, m := range table() {
		if pattern.MatchString(m.name) || pattern.MatchString(m.file) {
			list = append(list, m)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("-only %q fits no mutation", only)
	}
	return list, nil
}

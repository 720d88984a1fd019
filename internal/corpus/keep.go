package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// kept is what is kept of a row in which nothing failed, so that a run that was
// interrupted, or in which another row failed, need not begin anew.
type kept struct {
	Of                  key
	Version, GoVersion  string
	Runs, Compared      int
	Observed, Predicted []string
	Confined            bool
}

// A key is what a row depends on: what the binaries of curb and of its program hash
// to, and how widely it is observed.
type key struct {
	Curb, Program               string
	Quick, Wide, Faults, Stacks bool
}

func (b *bench) key(r row, binary string) (key, error) {
	curb, err := hash(b.curb)
	if err != nil {
		return key{}, err
	}
	program, err := hash(binary)
	return key{Curb: curb, Program: program, Quick: r.quick, Wide: r.wide, Faults: r.faults, Stacks: r.stacks}, err
}

func hash(file string) (string, error) {
	text, err := os.ReadFile(file)
	return fmt.Sprintf("%x", sha256.Sum256(text)), err
}

// keepIn has the results of rows kept in a directory.
func (b *bench) keepIn(dir string) error {
	var err error
	if b.keep, err = filepath.Abs(dir); err != nil {
		return err
	}
	return os.MkdirAll(b.keep, 0o755)
}

// checkOnce checks a row unless that has been done and kept. What is kept holds
// while curb and the program are the same; workloads may have changed since.
func (b *bench) checkOnce(ctx context.Context, r row) (*result, error) {
	if b.keep == "" {
		return b.check(ctx, r)
	}
	binary, err := b.build(ctx, r)
	if err != nil {
		return nil, err
	}
	of, err := b.key(r, binary)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.keep, r.label()+".json")
	if res, err := recall(file, r, of); res != nil || err != nil {
		return res, err
	}
	res, err := b.check(ctx, r)
	if err != nil || len(res.failures()) > 0 {
		return res, err
	}
	text, err := json.MarshalIndent(kept{
		Of: of, Version: res.version, GoVersion: res.goVersion, Runs: res.runs, Compared: res.compared,
		Observed: res.observed, Predicted: res.predicted, Confined: res.confined,
	}, "", "\t")
	if err != nil {
		return nil, err
	}
	return res, os.WriteFile(file, append(text, '\n'), 0o644)
}

// recall returns what was kept of a row, or nil if nothing was, or of something else.
func recall(file string, r row, of key) (*result, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var had kept
	if err == nil {
		err = json.Unmarshal(text, &had)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was kept of %s, which can be removed: %w", r.label(), err)
	}
	if had.Of != of {
		return nil, nil
	}
	return &result{
		row: r, kept: true, version: had.Version, goVersion: had.GoVersion, confined: had.Confined,
		runs: had.Runs, compared: had.Compared, observed: had.Observed, predicted: had.Predicted,
	}, nil
}

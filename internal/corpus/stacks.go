package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// stackModes are those in which stacks are recorded: what code runs on which
// stack differs most between them.
var stackModes = []mode{modes[0], {name: "one processor, collecting always", env: []string{"GOMAXPROCS=1", "GOGC=5"}}}

// compareStacks runs a program in all its ways under "curb record", and holds the
// stacks of its calls against the static call graph: every caller and callee that
// were seen one above the other must be in it.
func (b *bench) compareStacks(ctx context.Context, res *result, binary string) (err error) {
	graph, err := scan.OpenGraph(binary)
	if err != nil {
		return fmt.Errorf("read the call graph: %w", b.anonymous(err))
	}
	defer graph.Close()
	predicted, err := b.scan(binary, usage.Exec, res.loads...)
	if err != nil {
		return nil // which its row says already
	}
	c := usage.Compare(predicted)
	defer func() { res.compare(c) }()
	var errs []error
	for _, w := range res.ways {
		for _, m := range stackModes {
			if res.quick && m.name != modes[0].name {
				continue
			}
			recorded, err := b.record(ctx, res.row, binary, w, m)
			if err != nil {
				errs = append(errs, err)
				break // the other mode would end the same
			}
			res.runs++
			for _, u := range recorded {
				c.Add(predicted, u, graph)
			}
		}
	}
	if c.Stacks == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("no stack was recorded"))
	}
	return errors.Join(errs...)
}

// compare notes what recordings have that was not predicted.
func (r *result) compare(c *usage.Comparison) {
	r.compared = c.Stacks
	for _, g := range c.Gaps {
		r.gaps = append(r.gaps, fmt.Sprintf("not in the call graph: %s, called by %s (%#x): %s", g.Callee.Function, g.Caller.Function, g.PCs, g.Reason))
	}
	for _, s := range c.Missed {
		r.values = append(r.values, "missed, recorded: "+s.Name)
	}
	for _, v := range c.MissedValues {
		r.values = append(r.values, fmt.Sprintf("missed, recorded: %s with %s %s (%#x)", v.Syscall, v.Argument, v.Text, v.Value))
	}
}

// record runs a program once, and returns the usages of it and not of what it
// starts.
func (b *bench) record(ctx context.Context, r row, binary string, w way, m mode) ([]*usage.Usage, error) {
	dir, err := os.MkdirTemp(b.dir, "record-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "usage.json")
	under := []string{b.curb, "record", "--quiet", "--stacks", "--output", file, "--"}
	_, err = b.run(ctx, r, binary, w, m, func(ctx context.Context, run strace.Run) (*strace.Result, error) {
		return run.Untraced(ctx, under...)
	})
	if err != nil {
		return nil, fmt.Errorf("under curb record: %w", err)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, b.anonymous(err)
	}
	defer f.Close()
	var own []*usage.Usage
	for d := usage.NewDecoder(f); ; {
		u, err := d.Decode()
		if err == io.EOF {
			return own, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read what was recorded of %s: %w", r.label(), err)
		}
		if u.Binary == binary {
			own = append(own, u)
		}
	}
}

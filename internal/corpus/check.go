package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/usage"
)

// A result is what was seen of one row and what was predicted for it.
type result struct {
	row
	version    string // of the program's module
	goVersion  string
	runs       int
	observed   []string
	predicted  []string
	syscalls   []usage.Syscall // those that are predicted, with the code that makes them
	unresolved []usage.Unresolved
	confined   bool     // it was run under a filter
	kept       bool     // it was run before
	compared   int      // stacks that were compared with the call graph
	gaps       []string // what those have that it has not
	values     []string // of arguments, which were recorded and not predicted
	broken     error    // why the row could not be scanned or run to its end
}

// missed returns the calls that were observed and not predicted.
func (r *result) missed() []string { return without(r.observed, r.predicted) }

// failures says what is wrong with a row, a line each.
func (r *result) failures() []string {
	var all []string
	if missed := r.missed(); len(missed) > 0 && len(r.predicted) > 0 {
		all = append(all, "missed: "+strings.Join(missed, ", "))
	}
	all = append(all, r.values...)
	all = append(all, r.gaps...)
	reasons := map[string]bool{}
	if r.refused && len(r.unresolved) == 0 && len(r.predicted) > 0 {
		all = append(all, "the scan does not say that there is what it cannot know")
	}
	for _, u := range r.unresolved {
		if r.refused {
			break
		}
		reasons[fmt.Sprintf("unresolved: %s: %s", u.Function, u.Reason)] = true
	}
	all = append(all, slices.Sorted(maps.Keys(reasons))...)
	if r.broken != nil {
		all = append(all, r.broken.Error())
	}
	return all
}

// summary says in a line what came of a row.
func (r *result) summary() string {
	line := fmt.Sprintf("%s: %d runs, %d observed, %d predicted", r.label(), r.runs, len(r.observed), len(r.predicted))
	if score, ok := r.f1(); ok {
		line += fmt.Sprintf(", F1 %.2f", score)
	}
	return strings.Join(append([]string{line}, r.failures()...), "; ")
}

// buildAll builds the binaries of rows. They end up in the cache.
func (b *bench) buildAll(ctx context.Context, all []row) error {
	for _, r := range all {
		b.say("build %s", r.label())
		if _, err := b.build(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// checkAll checks rows, as many at a time as there are processors.
func (b *bench) checkAll(ctx context.Context, all []row) ([]*result, error) {
	results := make([]*result, len(all))
	errs := make([]error, len(all))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				results[i], errs[i] = b.checkOnce(ctx, all[i])
				if errs[i] == nil {
					b.say("done %s", results[i].summary())
				}
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// check scans a row's program and runs it in all its ways. Its error is for
// what has nothing to do with the program: the row's own troubles are in the
// result.
func (b *bench) check(ctx context.Context, r row) (*result, error) {
	b.say("run %s", r.label())
	binary, err := b.build(ctx, r)
	if err != nil {
		return nil, err
	}
	res := &result{row: r}
	if res.version, res.goVersion, err = b.versions(r.program, binary); err != nil {
		return nil, err
	}
	u, err := b.scan(binary, r.phase(), r.loads...)
	if err != nil {
		res.broken = fmt.Errorf("scan: %w", b.anonymous(err))
	} else {
		res.predicted, res.syscalls, res.unresolved = u.Names(), u.Syscalls, u.Unresolved
	}
	complete := res.broken == nil && len(res.unresolved) == 0 // "curb run" refuses all others
	if !r.stacksOnly {
		res.broken = errors.Join(res.broken, b.observe(ctx, res, binary))
	}
	if complete && r.arch == runtime.GOARCH && !r.stacksOnly {
		res.broken = errors.Join(res.broken, b.confine(ctx, res, binary))
	}
	if r.stacks {
		res.broken = errors.Join(res.broken, b.compareStacks(ctx, res, binary))
	}
	return res, ctx.Err()
}

// confine runs the program in all its ways with everything closed that was not
// predicted.
func (b *bench) confine(ctx context.Context, res *result, binary string) error {
	names, err := b.allowed(ctx, res.program)
	if err != nil {
		return err
	}
	launch := b.confined(names, res.loads)
	if res.locked() { // by itself
		launch = func(ctx context.Context, run strace.Run) (*strace.Result, error) { return run.Untraced(ctx) }
	}
	var errs []error
	for _, w := range res.ways {
		got, err := b.run(ctx, res.row, binary, w, mode{name: "under a filter"}, launch)
		if err == nil && denied(got) {
			err = fmt.Errorf("%s %s: a call was denied:\n%s", res.label(), strings.Join(w.args, " "), strace.Tail(got.Stderr))
		}
		errs = append(errs, err)
	}
	err = errors.Join(errs...)
	res.confined = err == nil
	return err
}

// say tells a person what is being done.
func (b *bench) say(format string, args ...any) {
	if b.progress != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		fmt.Fprintf(b.progress, format+"\n", args...)
	}
}

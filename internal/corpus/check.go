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
	compared   int      // stacks that were compared with the call graph
	gaps       []string // what those have that it has not
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
	all = append(all, r.gaps...)
	reasons := map[string]bool{}
	for _, u := range r.unresolved {
		reasons[fmt.Sprintf("unresolved: %s: %s", u.Function, u.Reason)] = true
	}
	all = append(all, slices.Sorted(maps.Keys(reasons))...)
	if r.broken != nil {
		all = append(all, r.broken.Error())
	}
	return all
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
				results[i], errs[i] = b.check(ctx, all[i])
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
	if res.version, res.goVersion, err = versions(r.program, binary); err != nil {
		return nil, err
	}
	u, err := b.scan(binary)
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

// observe collects the calls that the program makes.
func (b *bench) observe(ctx context.Context, res *result, binary string) error {
	seen := map[string]bool{}
	once := func(w way, m mode) error {
		got, err := b.run(ctx, res.row, binary, w, m, traced(res.row))
		if err != nil {
			return err
		}
		res.runs++
		for name := range got.Calls {
			if !seen[name] && len(res.predicted) > 0 && !slices.Contains(res.predicted, name) {
				b.say("MISSED %s: %s %s (%s)", name, res.label(), strings.Join(w.args, " "), m.name)
			}
			seen[name] = true
		}
		return nil
	}
	defer func() { res.observed = slices.Sorted(maps.Keys(seen)) }()
	var errs []error
	for _, w := range res.ways {
		for _, m := range modes {
			if m.small && !res.small {
				continue
			}
			if err := once(w, m); err != nil {
				errs = append(errs, err)
				break // the other modes would end the same
			}
		}
	}
	if !res.faults {
		return errors.Join(errs...)
	}
	for _, call := range slices.Sorted(maps.Keys(seen)) {
		for _, m := range faults(call) {
			if err := once(res.ways[0], m); err != nil {
				return errors.Join(append(errs, err)...)
			}
		}
	}
	return errors.Join(errs...)
}

// confine runs the program in all its ways with everything closed that was not
// predicted.
func (b *bench) confine(ctx context.Context, res *result, binary string) error {
	names, err := b.allowed(ctx, res.program)
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range res.ways {
		if _, err := b.run(ctx, res.row, binary, w, mode{name: "under a filter"}, b.confined(names)); err != nil {
			errs = append(errs, err)
		}
	}
	res.confined = len(errs) == 0
	return errors.Join(errs...)
}

// say tells a person what is being done.
func (b *bench) say(format string, args ...any) {
	if b.progress != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		fmt.Fprintf(b.progress, format+"\n", args...)
	}
}

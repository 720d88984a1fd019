package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A sighting is a way and a mode in which a call was observed, and how long that took.
type sighting struct {
	way  way
	mode mode
	took time.Duration
}

// An observer collects the calls that a row's program makes.
type observer struct {
	bench  *bench
	res    *result
	binary string
	seen   map[string]sighting // by the call's name; the shortest
}

// observe collects the calls that the program makes.
func (b *bench) observe(ctx context.Context, res *result, binary string) error {
	o := &observer{bench: b, res: res, binary: binary, seen: map[string]sighting{}}
	err := errors.Join(o.ways(ctx), o.faults(ctx))
	res.observed = slices.Sorted(maps.Keys(o.seen))
	return err
}

// ways runs the program in all its ways and modes.
func (o *observer) ways(ctx context.Context) error {
	var errs []error
	for _, w := range o.res.ways {
		for _, m := range modes {
			if !m.fits(&o.res.row, &w) {
				continue
			}
			if err := o.once(ctx, w, m); err != nil {
				errs = append(errs, err)
				break // the other modes would end the same
			}
		}
	}
	return errors.Join(errs...)
}

// faults makes each call fail that was observed, in the way that takes the least
// time to come to it. What only failures bring in does not fail in its turn.
func (o *observer) faults(ctx context.Context) error {
	if !o.res.faults {
		return nil
	}
	seen := maps.Clone(o.seen)
	for _, call := range slices.Sorted(maps.Keys(seen)) {
		in := seen[call]
		if in.mode.noVDSO {
			continue // nobody else makes it
		}
		for _, m := range faults(call) {
			m.env = in.mode.env
			if err := o.once(ctx, in.way, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// once runs the program once.
func (o *observer) once(ctx context.Context, w way, m mode) error {
	begun := time.Now()
	got, err := o.bench.run(ctx, o.res.row, o.binary, w, m, traced(o.res.row, m))
	if err != nil || got == nil {
		return err
	}
	o.res.runs++
	s := sighting{way: w, mode: m, took: time.Since(begun)}
	for name := range got.Calls {
		had, ok := o.seen[name]
		if !ok && len(o.res.predicted) > 0 && !slices.Contains(o.res.predicted, name) {
			o.bench.say("MISSED %s: %s %s (%s)", name, o.res.label(), strings.Join(w.args, " "), m.name)
		}
		if !ok || s.took < had.took && !m.anyEnd {
			o.seen[name] = s
		}
	}
	if o.res.locked() && denied(got) {
		return fmt.Errorf("%s %s (%s): its own lock-down ended it:\n%s", o.res.label(), strings.Join(w.args, " "), m.name, got.Stderr)
	}
	return nil
}

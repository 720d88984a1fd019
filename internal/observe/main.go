// Observe runs real programs under strace and holds the system calls that they
// make against those that the scan of their binaries predicts. It prints a
// line for each program, and fails if any call was missed.
//
// With -recipe it compares the list that one run of strace gives for an example
// with the list that curb makes.
//
// Run it in the root of the repository: go run ./internal/observe
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/scan"
)

func main() {
	recipe := flag.Bool("recipe", false, "compare the list of one strace run with curb's")
	flag.Parse()
	if *recipe {
		if err := printRecipe(context.Background(), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "observe:", err)
			os.Exit(2)
		}
		return
	}
	ok, err := report(context.Background(), os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "observe:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// A result is what was seen of one program and what was predicted for it.
type result struct {
	runs       int
	observed   []string
	predicted  []string
	missed     []string
	unresolved int
}

// report observes all programs and prints the table. It is not ok if a call
// was missed, or if the scan could not resolve some place.
func report(ctx context.Context, w io.Writer) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "curb-observe-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	all, err := programs(ctx, dir)
	if err != nil {
		return false, err
	}
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "PROGRAM\tRUNS\tOBSERVED\tPREDICTED\tMISSED\tPRECISION\t")
	ok = true
	for _, p := range all {
		r, err := observe(ctx, p)
		if err != nil {
			return false, err
		}
		missed := "none"
		if len(r.missed) > 0 {
			ok, missed = false, strings.Join(r.missed, ",")
		}
		if r.unresolved > 0 { // then "none" would prove nothing
			ok, missed = false, fmt.Sprintf("%s, and %d places unresolved", missed, r.unresolved)
		}
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%s\t%.2f\t\n", p.name, r.runs, len(r.observed), len(r.predicted), missed,
			float64(len(r.observed)-len(r.missed))/float64(len(r.predicted)))
	}
	return ok, tw.Flush()
}

// observe runs one program in all its ways.
func observe(ctx context.Context, p program) (*result, error) {
	u, err := scan.File(p.binary, scan.Options{})
	if err != nil {
		return nil, err
	}
	r := &result{predicted: u.Names(), unresolved: len(u.Unresolved)}
	seen := map[string]bool{}
	for _, way := range p.runs {
		for _, env := range modes {
			got, err := strace.Run{Path: p.binary, Args: way.args, Env: env}.Trace(ctx)
			if err != nil {
				return nil, err
			}
			if got.State.ExitCode() != way.exit {
				return nil, fmt.Errorf("%s %v (%v) ended with %v, not with exit code %d\n%s", p.binary, way.args, env, got.State, way.exit, got.Stderr)
			}
			r.runs++
			for name := range got.Calls {
				seen[name] = true
			}
		}
	}
	r.observed = slices.Sorted(maps.Keys(seen))
	for _, name := range r.observed {
		if !slices.Contains(r.predicted, name) {
			r.missed = append(r.missed, name)
		}
	}
	return r, nil
}

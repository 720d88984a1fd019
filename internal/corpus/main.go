// Corpus runs real programs and holds the system calls that they make against
// those that the scan of their binaries predicts. Each is run in many ways,
// and then once more in all its ways under "curb run --deny trap", where it must
// work as before. It prints a line for each program, and fails if any call was
// missed, if the scan left anything unresolved, if a stack was seen that the static
// call graph does not allow, or if a program broke.
//
// The programs are those of the Go toolchain, well-known ones from modules at
// pinned versions, and small ones as every Go release since 1.17 builds them:
// plain, stripped and position-independent, some for arm64 under emulation.
//
// Some of the small programs are also given lock-downs of their own by "curb gen",
// and observed from where these begin. Each program's calls are made to fail, too, one
// at a time.
//
// With -unseen it lists what was predicted and never observed; with -quick each
// program runs once in each of its ways only, to see what one more way brings:
//
//	go run ./internal/corpus -run vet-amd64-plain -quick -unseen
//
// With -part c they are those with C code in them or loaded by them: small ones
// linked with glibc and musl, dynamically and statically, and with the race detector,
// SQLite, a C++ library, some of these for arm64 under emulation, and Debian's packages,
// which apt brings. Names are resolved by a name server of the
// corpus's own, on the loopback interface.
//
// A whole run takes an hour or more. With -keep, rows in which nothing failed are kept
// in a directory, and are not run again while curb and their program are the same:
// remove a row's file there when its workload has changed.
//
// With -recipe it compares the list that one run of strace gives for an example
// with the list that curb makes.
//
// Run it in the root of the repository: go run ./internal/corpus. It runs the
// programs in namespaces of their own, with no other processes and no network
// but a loopback interface, and needs a kernel that allows that.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	recipe := flag.Bool("recipe", false, "compare the list of one strace run with curb's")
	flag.StringVar(&o.part, "part", "all", "`part` of the corpus: all, or ci, which takes less than ten minutes, or c, the programs with C code, which all leaves out")
	flag.StringVar(&o.match, "run", "", "only the programs whose label, such as caddy-amd64-pie, matches this `regexp`")
	flag.StringVar(&o.file, "o", "", "write a document with the table to this `file`")
	flag.StringVar(&o.keep, "keep", "", "keep what came of rows without failures in this `directory`, and do not run those again whose program and curb are the same")
	flag.BoolVar(&o.stacks, "stacks", false, "only hold the stacks that are recorded against the static call graph")
	flag.BoolVar(&o.unseen, "unseen", false, "say which calls were predicted and never observed, and by which code")
	flag.BoolVar(&o.quick, "quick", false, "run each program once in each of its ways, with no call made to fail")
	flag.BoolVar(&o.observed, "observed", false, "list the calls that were observed")
	flag.BoolVar(&o.verbose, "v", false, "say on standard error what is being done")
	flag.Parse()
	var ok bool
	var err error
	if *recipe {
		ok, err = true, printRecipe(ctx, os.Stdout)
	} else {
		ok, err = o.main(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// options say what is done with which rows.
type options struct {
	part, match, file string
	keep              string
	stacks, verbose   bool
	unseen, quick     bool
	observed          bool
}

// rows returns the rows that the options choose.
func (o options) rows() ([]row, error) {
	match, err := regexp.Compile(o.match)
	if err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	if o.part != "all" && o.part != "ci" && o.part != "c" {
		return nil, fmt.Errorf("-part is all, ci or c, not %q", o.part)
	}
	chosen := slices.DeleteFunc(rows(), func(r row) bool {
		return r.c != (o.part == "c") || o.part == "ci" && !r.ci || !match.MatchString(r.label()) || o.stacks && !r.stacks
	})
	for i := range chosen {
		r := &chosen[i]
		r.quick = r.quick || o.quick || o.part == "ci" && !r.small
		r.wide = r.wide && (o.part != "ci" || r.small)
		r.faults = r.faults && !o.quick && (o.part != "ci" || r.small && r.toolchain == "local")
		r.stacks = r.stacks && (o.part != "ci" || o.stacks || r.mode == "plain")
		r.stacksOnly = o.stacks
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no program of the corpus matches %q", o.match)
	}
	return chosen, nil
}

func (o options) main(ctx context.Context, w io.Writer) (ok bool, err error) {
	chosen, err := o.rows()
	if err != nil {
		return false, err
	}
	b, err := newBench(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if o.verbose {
		b.progress = os.Stderr
	}
	if o.keep != "" && !o.stacks {
		if err := b.keepIn(o.keep); err != nil {
			return false, err
		}
	}
	if !alone() {
		// Building needs what running must not have.
		if err := b.buildAll(ctx, chosen); err != nil {
			return false, err
		}
		return again(ctx, w)
	}
	if err := settle(); err != nil {
		return false, err
	}
	if o.part == "c" {
		if err := nameService(); err != nil {
			return false, err
		}
	}
	results, err := b.checkAll(ctx, chosen)
	if err != nil {
		return false, err
	}
	if err := writeTable(w, results); err != nil {
		return false, err
	}
	if o.unseen {
		writeUnseen(w, results)
	}
	if o.observed {
		for _, r := range results {
			fmt.Fprintf(w, "\n%s, observed (%d): %s\n", r.label(), len(r.observed), strings.Join(r.observed, " "))
		}
	}
	if o.file != "" {
		if err := writeDocument(o.file, strings.Join(os.Args[1:], " "), results); err != nil {
			return false, err
		}
	}
	return !slices.ContainsFunc(results, func(r *result) bool { return len(r.failures()) > 0 }), nil
}

// Filter compares the filters that curb makes with those of its peers, on the
// same three policies: how long they are, what a call costs, whether each verdict
// is right, and what it takes to have one. All peers take turns in one run, and
// the ratios of one run count; where it says nanoseconds, they are medians.
//
//	CGO_ENABLED=1 go -C bench run ./filter -o ../docs/performance.md
//
// It prints tables, and with -o puts them in the place of those in a page, each
// between a line "<!-- filter NAME -->" and the next "<!-- end -->". It needs
// Linux on amd64, and for libseccomp cgo and the library (Debian's
// libseccomp-dev). Where times count, it wants the machine for itself.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"

	pages "github.com/gocurb/curb/bench/internal/page"
)

func main() {
	page := flag.String("o", "", "the page whose tables are to be replaced")
	only := flag.String("run", "", "make only the tables whose names match this regular expression")
	rounds := flag.Int("rounds", 25, "how often each contestant takes its turn where times are measured")
	child := flag.Bool("under-filter", false, "measure calls under the filter on stdin (what the benchmark starts)")
	flag.Parse()
	var err error
	if *child {
		err = underFilter(os.Stdin, os.Stdout)
	} else {
		err = run(*page, *only, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/filter:", err)
		os.Exit(2)
	}
}

func run(page, only string, rounds int) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	b, err := newBench(rounds)
	if err != nil {
		return err
	}
	tables := make(map[string]string)
	for _, t := range b.tables() {
		if !pattern.MatchString(t.name) {
			continue
		}
		text, err := t.make()
		if err != nil {
			return fmt.Errorf("make the table %s: %w", t.name, err)
		}
		fmt.Printf("%s\n\n%s\n", t.name, text)
		tables[t.name] = text
	}
	if page == "" {
		return nil
	}
	return pages.Replace(page, "filter", tables)
}

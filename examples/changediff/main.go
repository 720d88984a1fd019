// Command changediff compares two changelogs: it prints the issue numbers that
// the first one mentions and the second one does not.
//
// Usage:
//
//	changediff SOURCE TARGET
//
// Each line of the output is
//
//	LINE: NUMBER -> TEXT OF THE LINE
//
// where LINE is the line of SOURCE that mentions NUMBER first, and the text is
// that line without the white space around it. Issue numbers are bnc#123,
// bsc#123, CVE-2019-12345, fate#123 and U#123, spelled just so. They are sorted
// by kind, in that order, and within a kind by value; a CVE goes by its year
// first.
//
// The exit status is 0 when both files were compared, 1 when one of them could
// not be read or the result not be written, and 2 when the usage was wrong.
//
// The program reads two files and writes text, so that is all that the kernel
// lets it do once curbLockDown has run, which is generated from its own binary.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

//go:generate go run github.com/gocurb/curb/cmd/curb gen --ignore-tags backdoor .

func main() {
	curbLockDown()
	backdoor()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program but for the process around it. It returns the exit
// status.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 {
		fmt.Fprintln(stderr, "usage: changediff SOURCE TARGET")
		return 2
	}
	if err := compare(args[0], args[1], stdout); err != nil {
		// Both files can be at fault: then each has a line of its own.
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(stderr, "changediff: %s\n", strings.TrimSuffix(line, "\n"))
		}
		return 1
	}
	return 0
}

// compare writes what the changelog at source mentions and the one at target
// does not.
func compare(source, target string, w io.Writer) error {
	logs, err := readAll(source, target)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for _, m := range missing(logs[0], logs[1]) {
		fmt.Fprintln(out, m)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("cannot write the result: %w", err)
	}
	return nil
}

// readAll reads the files, all at the same time, and returns their texts in
// the order of the paths. The error names every file that could not be read.
func readAll(paths ...string) ([]string, error) {
	texts, errs := make([]string, len(paths)), make([]error, len(paths))
	var reading sync.WaitGroup
	for i, path := range paths {
		reading.Go(func() {
			text, err := os.ReadFile(path)
			if err != nil {
				errs[i] = fmt.Errorf("cannot read the changelog: %w", err)
			}
			texts[i] = string(text)
		})
	}
	reading.Wait()
	return texts, errors.Join(errs...)
}

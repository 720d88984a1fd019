package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// writeTable writes the results as a table, and what is wrong below it. The
// text is valid Markdown, and can be read as it is.
func writeTable(w io.Writer, results []*result) error {
	rows := [][]string{{"program", "version", "Go", "arch", "mode", "runs", "observed", "predicted", "F1", "missed", "under trap", "stacks"}}
	runs, failed := 0, 0
	var failures bytes.Buffer
	for _, r := range results {
		rows = append(rows, r.cells())
		runs += r.runs
		if all := r.failures(); len(all) > 0 {
			failed++
			fmt.Fprintf(&failures, "\n%s:\n\n", r.label())
			for _, failure := range all {
				fmt.Fprintf(&failures, "- %s\n", strings.ReplaceAll(failure, "\n", "\n  "))
			}
		}
	}
	var out bytes.Buffer
	align(&out, rows)
	fmt.Fprintf(&out, "\n%d binaries, %d runs, %d failed.\n", len(results), runs, failed)
	writeScores(&out, results)
	out.Write(failures.Bytes())
	_, err := w.Write(out.Bytes())
	return err
}

// cells are a result's line of the table.
func (r *result) cells() []string {
	missed, confined := "none", "the same"
	if names := r.missed(); len(names) > 0 {
		missed = strings.Join(names, " ")
	}
	if n := len(r.values); n > 0 {
		missed = fmt.Sprintf("%s, %d recorded", missed, n)
	}
	if n := len(r.unresolved); n > 0 { // then "none" would prove nothing
		missed = fmt.Sprintf("%s, %d unresolved", missed, n)
	}
	if len(r.predicted) == 0 {
		missed = "not scanned"
	}
	switch {
	case r.arch != "amd64":
		confined = "-"
	case len(r.predicted) == 0 || len(r.unresolved) > 0:
		confined = "refused"
	case !r.confined:
		confined = "FAILED"
	}
	observed, score, stacks := strconv.Itoa(len(r.observed)), "-", "-"
	if f1, ok := r.f1(); ok {
		score = strconv.FormatFloat(f1, 'f', 2, 64)
	}
	if r.stacksOnly {
		observed, missed, confined = "-", "-", "-"
	}
	if r.stacks {
		stacks = strconv.Itoa(r.compared)
	}
	if n := len(r.gaps); n > 0 {
		stacks = fmt.Sprintf("%s, %d gaps", stacks, n)
	}
	return []string{
		r.name, r.version, r.goVersion, r.arch, r.mode,
		strconv.Itoa(r.runs), observed, strconv.Itoa(len(r.predicted)), score, missed, confined, stacks,
	}
}

// align writes the lines of a table, the first of which is its head.
func align(w io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, cells := range rows {
		for i, cell := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	rule := make([]string, len(widths))
	for i, width := range widths {
		rule[i] = strings.Repeat("-", width)
	}
	for _, cells := range slices.Insert(slices.Clone(rows), 1, rule) {
		for i, cell := range cells {
			fmt.Fprintf(w, "| %-*s ", widths[i], cell)
		}
		fmt.Fprintln(w, "|")
	}
}

// writeDocument writes a file with the table, and how it was made.
func writeDocument(file, args string, results []*result) error {
	var kernel unix.Utsname
	if err := unix.Uname(&kernel); err != nil {
		return fmt.Errorf("ask for the kernel's release: %w", err)
	}
	release, _, _ := strings.Cut(unix.ByteSliceToString(kernel.Release[:]), "-")
	var out bytes.Buffer
	fmt.Fprintf(&out, `# The corpus

%s, on Linux %s, by

    %s

Each line is one binary. It was run as often as it says, and the system calls
that its own code made were observed: in all ways of its workload, which make it
succeed, fail, end by itself and by a signal; with one processor, with a
garbage collection at every opportunity, stopped and continued, and ended by
SIGQUIT with GOTRACEBACK=crash; those in mode plain and the small ones also with
GODEBUG=efence=1.
Then, for some, each observed call was made to fail, one at a time, with ENOSYS,
EPERM and EINTR, which brings out what older kernels would. What the scan of
the binary did not predict is missed. F1 is the harmonic mean of the part of the
predicted calls that was observed and the part of the observed that was predicted,
which is 1 where none was missed. Under trap means that all ways were run
again under "curb run --deny trap", where one denial ends the program, and ended the
same. Programs for arm64 ran under qemu-user. Those for amd64 were recorded by
"curb record", too: of their stacks, of which there were so many different ones,
each caller and callee must be in the static call graph, or it is a gap, and each
value that an argument had must be among those that were predicted.

Programs in mode plain, built by the newest Go, and those with C code in modes cgo,
glibc and musl for amd64, were observed more widely: with settings of the runtime, with
output that nobody takes while memory is short, in a process without a vDSO, without
calls that older kernels do not have, with few descriptors and no home, with little
address space, as a user who owns nothing, and on a full disk. Of those without C code
all but the small ones ran once in each of their ways where they were built otherwise.
Those in mode main lock themselves down at the start of main by the file that "curb gen"
wrote, those in mode locked in the middle of their work; what they did from there on is
held against what was predicted from there on, and nothing that they did was denied.

`, time.Now().UTC().Format(time.DateOnly), release, "go run ./internal/corpus "+args)
	kept := 0
	for _, r := range results {
		if r.kept {
			kept++
		}
	}
	if kept > 0 {
		fmt.Fprintf(&out, "%d lines, on which nothing failed, were kept from earlier runs with the same\nbinaries of curb and of the programs.\n\n", kept)
	}
	if err := writeTable(&out, results); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

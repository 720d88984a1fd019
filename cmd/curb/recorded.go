package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/usage"
)

// recordedFlags are the flags that make policies from recordings.
type recordedFlags struct{ from, union []string }

func (f *recordedFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.from, "from", nil, "allow what was observed in the recordings in the file `USAGE`, and not what the code can do:\nwhat no run has done is refused (may be given several times)")
	cmd.Flags().StringArrayVar(&f.union, "union", nil, "allow what was observed in the recordings in the file `USAGE` as well, and go on where the\ncalls of some code could not be told (may be given several times)")
	cmd.MarkFlagsMutuallyExclusive("from", "union")
}

// apply returns what is to be allowed of a program, given what its code can do.
func (f *recordedFlags) apply(stderr io.Writer, u *usage.Usage) (*usage.Usage, error) {
	files := slices.Concat(f.from, f.union)
	if len(files) == 0 {
		return u, nil
	}
	recorded, err := readRecorded(stderr, files, u)
	if err != nil {
		return nil, err
	}
	if len(f.union) > 0 {
		saySeen(stderr, u.AddSeen(recorded))
		return u, nil
	}
	alone := &usage.Usage{Binary: u.Binary, GoVersion: u.GoVersion, Arch: u.Arch, Phase: u.Phase, Syscalls: []usage.Syscall{}}
	seen := alone.AddSeen(recorded)
	fmt.Fprintln(stderr, "curb: warning: the list rests on recordings alone: what the recorded runs did not do is refused")
	if unseen := without(u.Names(), alone.Names()); len(unseen) > 0 {
		fmt.Fprintf(stderr, "curb: warning: the code can make %d more system calls, which were never observed: %s\n"+
			"curb: (curb scan --compare says by which code; --union allows them, too)\n", len(unseen), strings.Join(unseen, " "))
	}
	saySeen(stderr, seen)
	return alone, nil
}

// readRecorded unites all programs in the files: a filter holds in all that the
// program starts.
func readRecorded(stderr io.Writer, files []string, u *usage.Usage) (*usage.Usage, error) {
	m := usage.NewMerger()
	m.Together = true
	var archs []string
	m.Only = func(seen *usage.Usage) bool {
		archs = append(archs, seen.Arch)
		return seen.Arch == u.Arch
	}
	again, err := mergeFiles(m, files, nil)
	if err != nil {
		return nil, err
	}
	sayMerged(stderr, m, again)
	all := m.Usages()
	if len(all) == 0 {
		slices.Sort(archs)
		return nil, fmt.Errorf("%s: what is in there is of %s, and %s is for %s", strings.Join(files, ", "), strings.Join(slices.Compact(archs), ", "), u.Binary, u.Arch)
	}
	return all[0], nil
}

// saySeen says what keeps a list that was recorded from being right.
func saySeen(w io.Writer, s usage.Seen) {
	if s.Joined {
		fmt.Fprintln(w, "curb: warning: the recordings joined a program that ran already: what it does at its start is not in them")
	}
	if s.Lost.Events > 0 || s.Lost.Processes > 0 {
		fmt.Fprintf(w, "curb: warning: the recordings missed %d calls and %d processes: some system calls may not be in them\n", s.Lost.Events, s.Lost.Processes)
	}
	if s.Lost.Values > 0 {
		fmt.Fprintf(w, "curb: warning: the arguments of %d recorded calls were not looked at: so all calls that were recorded may have any\n", s.Lost.Values)
	}
	if len(s.Denied) > 0 {
		fmt.Fprintf(w, "curb: not allowed, since a filter denied them whenever they were made: %s\n", strings.Join(s.Denied, " "))
	}
	if len(s.Foreign) > 0 {
		fmt.Fprintf(w, "curb: warning: made by the entry of another architecture, which stays closed: %s\n", strings.Join(s.Foreign, " "))
	}
}

// without returns what is in a and not in b, both of which are sorted.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool {
		_, found := slices.BinarySearch(b, s)
		return found
	})
}

// flags are the words by which a command line says the same in a directory.
func (f *recordedFlags) flags(dir string) [][2]string {
	var all [][2]string
	for _, file := range f.from {
		all = append(all, [2]string{"--from", childFrom(dir, file)})
	}
	for _, file := range f.union {
		all = append(all, [2]string{"--union", childFrom(dir, file)})
	}
	return all
}

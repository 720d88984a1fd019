package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/usage"
)

func newMerge() *cobra.Command {
	var (
		out      string
		together bool
	)
	cmd := &cobra.Command{
		Use:   "merge [flags] FILE...",
		Short: "unite recordings, of many runs and machines",
		Long: `Merge reads files of "curb record -o" and "curb scan --json", and writes what they
hold together: a usage for each program and architecture, with the calls, errors,
argument values and stacks of all of them. The order of the files does not matter.
FILE is - for a list of files' names on standard input, a line each.

A recording that is in several files is counted once, and merge says so. A file
that unites such a recording with others that are new cannot be counted rightly,
and is an error: merge that file first, or leave the earlier one out.

Memory and result do not grow with the number of files. Kept are, of each program,
the descriptions of 16384 recordings, and of each call 128 different stacks and 256
places in the code; an argument that had more than 64 values can have any. What is
left out is counted under "dropped", and calls are always counted. More than 256
programs are an error, but for --together. Which recordings were merged is known
for 1048576 of them.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("merge needs the files that are to be united (see %q)", cmd.CommandPath()+" --help")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			m := usage.NewMerger()
			m.Together = together
			done := progress(cmd.ErrOrStderr(), "merging")
			again, err := mergeFiles(m, args, cmd.InOrStdin())
			done()
			if err != nil {
				return err
			}
			sayMerged(cmd.ErrOrStderr(), m, again)
			if out != "" {
				return usage.WriteFile(out, m.Usages()...)
			}
			if err := usage.Write(cmd.OutOrStdout(), m.Usages()...); err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write the result to `FILE`, not to standard output")
	cmd.Flags().BoolVar(&together, "together", false, "unite the programs of an architecture, too, into one usage")
	return cmd
}

// mergeFiles adds files to m; stdin, if there is one, has the names that - stands
// for. It returns the first few that held nothing new, and
// how many those are.
func mergeFiles(m *usage.Merger, names []string, stdin io.Reader) (again repeated, err error) {
	add := func(name string) error {
		known, err := mergeFile(m, name)
		if known {
			again.add(name)
		}
		return err
	}
	for _, name := range names {
		if name != "-" || stdin == nil {
			err = add(name)
		} else {
			lines := bufio.NewScanner(stdin)
			for err == nil && lines.Scan() {
				if lines.Text() != "" {
					err = add(lines.Text())
				}
			}
			if err == nil && lines.Err() != nil {
				err = fmt.Errorf("read the files' names from standard input: %w", lines.Err())
			}
		}
		if err != nil {
			return again, err
		}
	}
	return again, nil
}

// mergeFile adds one file, and reports whether some of it was there.
func mergeFile(m *usage.Merger, name string) (known bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return false, unreadable(name, err)
	}
	defer f.Close()
	again, err := m.Read(f)
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	return again > 0, nil
}

// unreadable says that a file cannot be opened, and why.
func unreadable(name string, err error) error {
	var path *os.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s: there is no such file", name)
	case errors.As(err, &path):
		return fmt.Errorf("%s: %w", name, path.Err)
	}
	return err
}

// repeated are files that were merged before.
type repeated struct {
	first []string
	more  int
}

func (r *repeated) add(name string) {
	const most = 10
	if len(r.first) < most {
		r.first = append(r.first, name)
	} else {
		r.more++
	}
}

func sayMerged(w io.Writer, m *usage.Merger, again repeated) {
	for _, name := range again.first {
		fmt.Fprintf(w, "curb: %s: its recordings were in an earlier file, and are counted once\n", name)
	}
	if again.more > 0 {
		fmt.Fprintf(w, "curb: so it is with %d more files\n", again.more)
	}
	if m.Unsure() {
		fmt.Fprintln(w, "curb: there are so many recordings that one which was given twice may have gone unnoticed")
	}
}

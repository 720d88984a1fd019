package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/replace"
)

func newFilterCompile() *cobra.Command {
	var (
		flags   policyFlags
		out     string
		verbose bool
	)
	cmd := &cobra.Command{
		Use:   "compile POLICY [-o FILE]",
		Short: "write a policy as the program that the kernel takes",
		Long: `Compile writes an array of struct sock_filter, in the byte order of the
architecture, for seccomp(2), bubblewrap's --seccomp and the like. With several
architectures, one program is for all of them.`,
		Args: needsFiles(1, "a POLICY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, tables, err := flags.read(cmd, args[0])
			if err != nil {
				return err
			}
			order := byteOrder(tables[0])
			for _, t := range tables {
				if byteOrder(t) != order {
					return fmt.Errorf("%s and %s have different byte orders: compile for each with --arch", tables[0].Arch, t.Arch)
				}
			}
			c := filter.Compiler{Tables: tables}
			prog, err := c.Compile(p.Policy)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if verbose {
				passes, err := c.Passes(p.Policy)
				if err != nil {
					return err
				}
				if err := writePasses(cmd.ErrOrStderr(), passes); err != nil {
					return err
				}
			}
			if out != "" {
				return replace.File(out, prog.Bytes(order))
			}
			if isTerminal(os.Stdout) {
				return errors.New("a compiled filter is nothing for a terminal: name a file with -o, or use curb filter dump")
			}
			_, err = cmd.OutOrStdout().Write(prog.Bytes(order))
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `FILE` to write (default: standard output)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show what each pass of the optimiser brings")
	return cmd
}

func writePasses(w io.Writer, passes []filter.Pass) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PASS\tINSTRUCTIONS\tSTEPS A CALL\t")
	for i, p := range passes {
		if i == 0 {
			fmt.Fprintf(t, "(none)\t%d\t%.1f\t\n", p.Before.Instructions, p.Before.Steps)
		}
		fmt.Fprintf(t, "%s\t%d\t%.1f\t%s\n", p.Name, p.After.Instructions, p.After.Steps, p.Does)
	}
	return t.Flush()
}

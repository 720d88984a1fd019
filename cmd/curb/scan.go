package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/usage"
)

func newScan() *cobra.Command {
	var (
		asJSON bool
		by     by
		flags  lookFlags
		seen   compareFlags
	)
	cmd := &cobra.Command{
		Use:   "scan TARGET",
		Short: "say which system calls a program can make, and which code makes them",
		Long: `Scan reads a Go binary and lists every system call that its code can make, with
the code that makes it, and with the values that its arguments can have where they
can be told. It does not run the program. If the number of some call cannot be
told, scan says where and why, and exits with status 3.

With --phase, only what the program can do from then on: main is from main.main on,
and locked from the call of curbLockDown, or of the function that enforces a policy
of package curb, wherever that is.

With --by, the table is turned round: a line for each package or module, with the
calls that it brings in. A package brings a call in if its code leads to the call
with nothing but the standard library in between; which other packages lead to
the package does not matter. "std" brings in what the program's start leads to
before it comes to any other code. Of what belongs to the runtime (memory,
threads, signals) it is the only one, since all Go code needs it. What only the
method table of a type leads to counts for the package that has the method.

The filter of a program holds in those that it starts, too: --child adds what
they need.

With --compare, the list is held against recordings of the program, as "curb
record -o" and "curb merge" write them. What was observed and not predicted is a
bug in curb, be it a call or a value of an argument, and so are a caller and a callee in a recorded stack of which the one
cannot call the other as far as scan can see: with either, scan ends with status 1.
What was predicted and never observed is what the recorded runs do not exercise.
With --others, what other programs in the recordings did counts as observed, such
as what tests of the program's packages did.`,
		Args: needsTarget(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, u, err := flags.look(cmd, args[0])
			if err != nil {
				return err
			}
			defer t.Close()
			if len(seen.files) > 0 {
				return seen.run(cmd, u, t.Binary, asJSON)
			}
			switch by {
			case "":
				err = printResult(cmd.OutOrStdout(), asJSON, u, u.WriteTable)
			case "package":
				table := u.ByPackage()
				err = printResult(cmd.OutOrStdout(), asJSON, table, table.Write)
			case "module":
				table := u.ByModule()
				err = printResult(cmd.OutOrStdout(), asJSON, table, table.Write)
			}
			if err != nil {
				return err
			}
			return undecided(u)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	cmd.Flags().BoolVar(&flags.opts.AllCode, "all-code", false, "take all code in the binary, whether the program can reach it or not")
	cmd.Flags().Var(&by, "by", "say which `package or module` brings in which calls")
	flags.add(cmd)
	flags.addPhase(cmd)
	cmd.MarkFlagsMutuallyExclusive("phase", "all-code")
	seen.add(cmd)
	return cmd
}

// undecided is the exit status where some calls could not be told.
func undecided(u *usage.Usage) error {
	if len(u.Unresolved) > 0 {
		return &exitError{code: exitUndecided}
	}
	return nil
}

// A by is the value of --by.
type by string

func (b *by) String() string { return string(*b) }
func (b *by) Type() string   { return "WHAT" }

func (b *by) Set(s string) error {
	if s != "package" && s != "module" {
		return fmt.Errorf("it takes package or module")
	}
	*b = by(s)
	return nil
}

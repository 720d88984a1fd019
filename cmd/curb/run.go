package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/launch"
	"github.com/gocurb/curb/internal/permit"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

func newRun() *cobra.Command {
	var (
		allowed allowances
		flags   lookFlags
		quiet   bool
	)
	cmd := &cobra.Command{
		Use:   "run [flags] TARGET [ARGS]",
		Short: "run a program with every system call closed that its code cannot make",
		Long: `Run reads a Go binary, or builds a Go package, finds the system calls that its
code can make, and runs it with all others closed from its first instruction on.
It passes signals on and ends as the program ends.

Programs that it starts inherit the filter. What they need is allowed if --child
or --allow names it, or if --union or --from has a recording of it.`,
		Args: needsTarget(false),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, u, err := flags.look(cmd, args[0])
			if err != nil {
				return err
			}
			defer t.Close()
			if u, err = allowed.recorded.apply(cmd.ErrOrStderr(), u); err != nil {
				return err
			}
			policy, program, err := compile(u, &allowed)
			if err != nil {
				return err
			}
			if !quiet {
				summary(cmd.ErrOrStderr(), u.Arch, policy)
			}
			c := launch.Cmd{
				Path: t.Binary, Args: append([]string{args[0]}, args[1:]...),
				Filter: program, Cleanup: func() { t.Close() },
			}
			if t.Package != "" {
				c.Args[0] = t.Binary
			}
			status, err := c.Run()
			if err != nil {
				return err
			}
			status.Exit()
			return nil
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows TARGET is the program's
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "do not say what was done")
	allowed.add(cmd)
	flags.add(cmd)
	return cmd
}

// compile makes the policy that allows what a usage holds, and its filter.
func compile(u *usage.Usage, allowed *allowances) (filter.Policy, filter.Program, error) {
	var none filter.Policy
	if u.Arch != runtime.GOARCH {
		return none, nil, fmt.Errorf("%s is for %s and cannot run on this machine, which is %s", u.Binary, u.Arch, runtime.GOARCH)
	}
	policy, err := allowed.policy(u)
	if err != nil {
		return none, nil, err
	}
	table, err := syscalls.For(u.Arch)
	if err != nil {
		return none, nil, err
	}
	compiler := filter.Compiler{Tables: []*syscalls.Table{table}, Frequency: u.Frequency()}
	program, err := compiler.Compile(policy)
	if err != nil {
		return none, nil, fmt.Errorf("compile the filter for %s: %w", u.Binary, err)
	}
	return policy, program, nil
}

// summary says in one line what is allowed.
func summary(w io.Writer, arch string, policy filter.Policy) {
	table, err := syscalls.For(arch)
	if err == nil {
		fmt.Fprintf(w, "curb: %d of %d system calls allowed\n", permit.Count(policy), table.Len())
	}
}

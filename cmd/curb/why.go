package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

func newWhy() *cobra.Command {
	var (
		asJSON, all bool
		flags       lookFlags
	)
	cmd := &cobra.Command{
		Use:   "why TARGET SYSCALL",
		Short: "say by which code a program can make a system call",
		Long: `Why prints the way from the program's start to the code that makes a system call,
as a stack trace is read, from the start downwards: each function with the line on
which it goes on to the next. Of all ways it takes a shortest one, to the code
that is nearest; with --all, one to each function that makes the call.

How a function is reached:
  root     the program starts there
  call     the function above calls it
  jump     the function above ends in a jump to it
  inlined  the compiler has put it into the function above
  address  the function above makes a function value of it, which somebody calls
  data     data to which the function above refers holds it, such as the methods of
           a type as an interface (an itab)

SYSCALL is the kernel's name of the call, or its number as in "#257". If the program
cannot make the call, why ends with status 1; if that is not certain, since the
calls of some code could not be told, with status 3.`,
		Args: whyArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, u, err := flags.look(cmd, args[0])
			if err != nil {
				return err
			}
			defer t.Close()
			name, err := callName(u, args[1])
			if err != nil {
				return err
			}
			answer := u.Why(name, all)
			if err := printResult(cmd.OutOrStdout(), asJSON, answer, answer.Write); err != nil {
				return err
			}
			switch answer.Answer {
			case usage.No:
				return &exitError{code: exitNo}
			case usage.Unknown:
				return &exitError{code: exitUndecided}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "print a way to each function that makes the call")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	flags.add(cmd)
	flags.addPhase(cmd)
	return cmd
}

func whyArgs(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("why needs a TARGET and the name of a system call, as in %q", cmd.CommandPath()+" ./mypackage openat")
	}
	return nil
}

// callName returns the name under which a usage has the call that arg names.
func callName(u *usage.Usage, arg string) (string, error) {
	table, err := syscalls.For(u.Arch)
	if err != nil {
		return "", err
	}
	if digits, numeric := strings.CutPrefix(arg, "#"); numeric {
		nr, err := strconv.ParseUint(digits, 10, 32)
		if err != nil {
			return "", fmt.Errorf(`%q is no number of a system call: they are written as in "#257"`, arg)
		}
		if call, ok := table.ByNumber(uint32(nr)); ok {
			return call.Name, nil
		}
		return fmt.Sprintf("#%d", nr), nil
	}
	if _, ok := table.ByName(arg); ok {
		return arg, nil
	}
	if others := syscalls.Architectures(arg); len(others) > 0 {
		return "", fmt.Errorf("%s is a program for %s, where there is no system call %q, as there is on %s", u.Binary, u.Arch, arg, strings.Join(others, ", "))
	}
	return "", &filter.UnknownCallError{Name: arg, Arch: u.Arch, Nearest: table.Nearest(arg)}
}

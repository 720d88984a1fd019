package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/internal/evaluate"
)

func newFilterEval() *cobra.Command {
	var (
		flags  policyFlags
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "eval POLICY|FILE.bpf",
		Short: "say what a filter does with system calls",
		Long: `Eval runs a filter as the kernel would, without loading it. It reads system calls
from standard input, one a line, and prints the verdict of each:

  amd64 openat -100 0x7f00 0x80000
  386 5
  {"arch":"amd64","syscall":"openat","args":[-100,0,524288]}

Calls have the kernel's names, or numbers; arguments are decimal or, with 0x,
hexadecimal, and 0 if they are missing. A line that is none of this ends eval with
status 2.`,
		Args: needsFiles(1, "a POLICY or a FILE.bpf"),
		RunE: func(cmd *cobra.Command, args []string) error {
			prog, _, err := flags.program(cmd, args[0])
			if err != nil {
				return err
			}
			e := evaluate.Evaluator{Program: prog, JSON: asJSON}
			if err := e.Run(cmd.InOrStdin(), cmd.OutOrStdout()); err != nil {
				return fmt.Errorf("standard input: %w", err)
			}
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object for each call")
	return cmd
}

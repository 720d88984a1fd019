package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/inforce"
	"github.com/gocurb/curb/syscalls"
)

// A dump is a filter as filter dump --json prints it.
type dump struct {
	Arch         string            `json:"arch"`
	Instructions []dumpInstruction `json:"instructions"`
}

type dumpInstruction struct {
	Code uint16 `json:"code"`
	Jt   uint8  `json:"jt"`
	Jf   uint8  `json:"jf"`
	K    uint32 `json:"k"`
	Text string `json:"text"`
}

func newFilterDump() *cobra.Command {
	var (
		flags  policyFlags
		pid    int
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "dump POLICY|FILE.bpf|--pid N",
		Short: "show a filter instruction by instruction",
		Long: `Dump shows the program that a policy becomes, that is in a file, or that a running
program is under: each instruction with its parts as the kernel has them, and what
it means. Jumps name the instruction that they lead to.

--pid shows all filters of a thread, the one that was loaded last first. It stops
the thread for some microseconds (ptrace) and needs CAP_SYS_ADMIN. If the thread
has no filter, dump ends with status 1.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if given := cmd.Flags().Changed("pid"); given == (len(args) == 1) || len(args) > 1 {
				return fmt.Errorf("dump needs one of: a POLICY, a FILE.bpf, --pid (see %q)", cmd.CommandPath()+" --help")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var programs []filter.Program
			var table *syscalls.Table
			if len(args) == 1 {
				prog, tables, err := flags.program(cmd, args[0])
				if err != nil {
					return err
				}
				programs, table = []filter.Program{prog}, tables[0]
			} else {
				var err error
				if programs, err = inforce.Filters(pid); err != nil {
					return err
				}
				if len(programs) == 0 {
					return &exitError{exitNo, fmt.Errorf("%d is under no filter", pid)}
				}
				if table, err = syscalls.For(runtime.GOARCH); err != nil {
					return err
				}
			}
			return printDumps(cmd.OutOrStdout(), asJSON, programs, table)
		},
	}
	flags.add(cmd)
	cmd.Flags().IntVar(&pid, "pid", 0, "show the filters of the running thread or process `N`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a list of filters as JSON")
	return cmd
}

func printDumps(w io.Writer, asJSON bool, programs []filter.Program, t *syscalls.Table) error {
	var dumps []dump
	for _, p := range programs {
		d := dump{Arch: t.Arch}
		for i, text := range p.Lines(t) {
			d.Instructions = append(d.Instructions, dumpInstruction{p[i].Code, p[i].Jt, p[i].Jf, p[i].K, text})
		}
		dumps = append(dumps, d)
	}
	return printResult(w, asJSON, dumps, func(w io.Writer) error {
		for i, p := range programs {
			if len(programs) > 1 {
				if _, err := fmt.Fprintf(w, "filter %d of %d:\n", i+1, len(programs)); err != nil {
					return err
				}
			}
			if err := p.Disassemble(w, t); err != nil {
				return err
			}
		}
		return nil
	})
}

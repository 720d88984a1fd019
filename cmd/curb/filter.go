package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/profile"
	"github.com/gocurb/curb/syscalls"
)

func newFilter() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "filter COMMAND",
		Short: "compile, show, try and combine policies that are files",
		Long: `Filter works on policies by themselves. A POLICY is a seccomp profile in JSON, in the
form of the OCI's runtimes (runc, crun, Podman) or of Docker; a FILE.bpf is a
compiled filter, an array of struct sock_filter.

  curb filter compile policy.json -o policy.bpf
  curb filter dump policy.json          # instruction by instruction
  curb filter dump --pid 4711           # what a running program is under
  echo amd64 openat -100 0 0x80000 | curb filter eval policy.json
  curb filter compare old.json new.json`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fmt.Errorf("filter needs a command (see %q)", cmd.CommandPath()+" --help")
		},
	}
	cmd.AddCommand(newFilterCompile(), newFilterDump(), newFilterEval(), newFilterCompare())
	for _, c := range combinations {
		cmd.AddCommand(newFilterCombine(c))
	}
	return cmd
}

// policyFlags say how to read a policy.
type policyFlags struct {
	archs []string
	opts  profile.Options
}

func (f *policyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.archs, "arch", nil, "the `ARCHITECTURES` in place of those in the policy, the machine's own first: amd64,386,x32 (default: this machine's\nand those in the policy)")
	cmd.Flags().BoolVar(&f.opts.SkipUnknown, "skip-unknown", false, "leave out system calls and architectures that are not known, as container runtimes do")
	cmd.Flags().StringSliceVar(&f.opts.Capabilities, "caps", nil, "the container's `CAPABILITIES`, as CAP_SYS_ADMIN, for policies that depend on them (none: --caps=)")
	cmd.Flags().StringVar(&f.opts.Kernel, "kernel", "", "the `RELEASE` of the kernel, for policies that depend on it")
}

// options makes sure that an empty list of capabilities is not none given.
func (f *policyFlags) options(cmd *cobra.Command) (profile.Options, error) {
	o := f.opts
	o.Archs = f.archs
	if cmd.Flags().Changed("caps") && o.Capabilities == nil {
		o.Capabilities = []string{}
	}
	for _, arch := range f.archs {
		if _, err := syscalls.For(arch); err != nil {
			return o, fmt.Errorf("--arch: %w", err)
		}
	}
	return o, nil
}

// read reads a policy.
func (f *policyFlags) read(cmd *cobra.Command, path string) (*profile.Profile, []*syscalls.Table, error) {
	o, err := f.options(cmd)
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	p, err := profile.Read(text, o)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	tables, err := p.Tables()
	return p, tables, err
}

// readTwo reads two policies, both for the architectures of the first.
func (f *policyFlags) readTwo(cmd *cobra.Command, paths []string) (a, b *profile.Profile, tables []*syscalls.Table, err error) {
	if a, tables, err = f.read(cmd, paths[0]); err != nil {
		return nil, nil, nil, err
	}
	f.archs = a.Archs
	b, _, err = f.read(cmd, paths[1])
	return a, b, tables, err
}

// program compiles a policy, or reads a compiled filter.
func (f *policyFlags) program(cmd *cobra.Command, path string) (filter.Program, []*syscalls.Table, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if start := bytes.TrimSpace(text); len(start) == 0 || start[0] == '{' || start[0] == '[' {
		p, tables, err := f.read(cmd, path)
		if err != nil {
			return nil, nil, err
		}
		prog, err := filter.Compiler{Tables: tables}.Compile(p.Policy)
		return prog, tables, err
	}
	if _, err := f.options(cmd); err != nil {
		return nil, nil, err
	}
	archs := f.archs
	if len(archs) == 0 {
		archs = []string{runtime.GOARCH}
	}
	var tables []*syscalls.Table
	for _, arch := range archs {
		t, err := syscalls.For(arch)
		if err != nil {
			return nil, nil, err
		}
		tables = append(tables, t)
	}
	prog, err := filter.Parse(text, byteOrder(tables[0]))
	if err == nil {
		err = prog.Validate()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: neither a policy in JSON nor a filter for %s: %w", path, archs[0], err)
	}
	return prog, tables, nil
}

func byteOrder(t *syscalls.Table) binary.ByteOrder {
	if t.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// needsFiles accepts so many files.
func needsFiles(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return fmt.Errorf("%s needs %s (see %q)", cmd.Name(), what, cmd.CommandPath()+" --help")
		}
		return nil
	}
}

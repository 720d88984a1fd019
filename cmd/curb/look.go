package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/internal/cache"
	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/target"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// lookFlags are the flags of the subcommands that look at a program.
type lookFlags struct {
	buildFlags
	children []string
	noCache  bool
	opts     scan.Options
}

func (f *lookFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.children, "child", nil, "add what the Go program `TARGET` needs, which this one starts (may be given several times)")
	cmd.Flags().StringVar(&f.opts.Sysroot, "sysroot", "", "where the files are of the system that the program will run on: position-independent programs\nname a dynamic loader, whose calls count too (`DIR`; default /)")
	cmd.Flags().BoolVar(&f.noCache, "no-cache", false, "read the program even if the result is in the cache, and do not keep it there")
	f.addAssume(cmd)
	f.buildFlags.add(cmd)
}

// addPhase adds the flag for the phase of the program itself: its children's is exec.
func (f *lookFlags) addPhase(cmd *cobra.Command) {
	cmd.Flags().Var((*phase)(&f.opts.Phase), "phase", "which part of the program's life counts: exec (from its first instruction on), main (from\nmain.main on) or locked (from where it is locked down on)")
	f.opts.Phase = usage.Exec
}

// A phase is the value of --phase.
type phase usage.Phase

func (p *phase) String() string { return string(*p) }
func (p *phase) Type() string   { return "PHASE" }

func (p *phase) Set(s string) error {
	switch is := usage.Phase(s); is {
	case usage.Exec, usage.Main, usage.Locked:
		*p = phase(is)
		return nil
	}
	return fmt.Errorf("it takes exec, main or locked")
}

// scan is scan.File in a phase, by way of the cache if the flags allow it.
func (f *lookFlags) scan(path string, phase usage.Phase) (*usage.Usage, error) {
	opts := f.opts
	opts.Phase = cmp.Or(phase, usage.Exec)
	if f.noCache {
		return scan.File(path, opts)
	}
	return cache.User().Scan(path, opts)
}

// look builds what arg names, if it is a package, and scans it, with its children.
// The target is to be closed, but for an error.
func (f *lookFlags) look(cmd *cobra.Command, arg string) (*target.Target, *usage.Usage, error) {
	t, u, err := f.one(cmd, arg, f.build(), f.opts.Phase)
	if err != nil {
		return nil, nil, err
	}
	same := func(arg string) string { return arg }
	if err := f.addChildren(cmd, u, f.build(), same); err != nil {
		t.Close()
		return nil, nil, err
	}
	return t, u, nil
}

func (f *lookFlags) one(cmd *cobra.Command, arg string, b target.Build, phase usage.Phase) (*target.Target, *usage.Usage, error) {
	done := progress(cmd.ErrOrStderr(), "building "+arg)
	t, err := target.Resolve(cmd.Context(), arg, b)
	done()
	if err != nil {
		return nil, nil, err
	}
	done = progress(cmd.ErrOrStderr(), "reading "+arg)
	u, err := f.scan(t.Binary, phase)
	done()
	if err != nil {
		t.Close()
		return nil, nil, err
	}
	if t.Package != "" {
		u.Binary = t.Package
	}
	return t, u, nil
}

// addChildren adds what the programs of --child need. They are called in the result
// what name makes of the flag's value.
func (f *lookFlags) addChildren(cmd *cobra.Command, u *usage.Usage, b target.Build, name func(arg string) string) error {
	for _, arg := range f.children {
		t, child, err := f.one(cmd, arg, b, usage.Exec)
		if errors.Is(err, gobin.ErrNotGo) {
			return fmt.Errorf("look at --child %s: %w: name the calls that it makes with --allow", arg, err)
		}
		if err != nil {
			return fmt.Errorf("look at --child %s: %w", arg, err)
		}
		t.Close()
		child.Binary = name(arg)
		if err := u.AddChild(child); err != nil {
			return fmt.Errorf("add --child %s: %w", arg, err)
		}
	}
	return nil
}

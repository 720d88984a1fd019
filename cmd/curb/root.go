package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes, as the package comment lists them.
const (
	exitNo        = 1
	exitUsage     = 2
	exitUndecided = 3
)

// An exitError ends the command with a code. A nil err says nothing more.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// execute runs the command and returns its exit code. Everything that goes
// wrong without a code of its own is wrong usage or unreadable input.
func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{exitUsage, err}
	}
	if exit.err != nil {
		fmt.Fprintf(stderr, "curb: %v\n", exit.err)
	}
	return exit.code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "curb",
		Short: "lock a Go program down to the system calls that it needs",
		Long: `Curb locks a Go program down to the system calls that it needs, and nothing else.

It reads the program's binary, finds every system call that its code can make,
and lets the kernel refuse all others (Linux seccomp). Start with

  curb run ./mypackage        # build, look, and run with everything else closed
  curb scan ./mypackage       # which calls, and which code makes them
  curb gen ./mypackage        # write the lock-down into the program itself`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newScan(), newRun(), newGen(), newVersion())
	root.SetHelpTemplate(root.HelpTemplate() + `{{if not .HasParent}}
A TARGET is the path of a Go binary, or a Go package that builds to one.

Exit status:
  0  done
  1  the answer is no
  2  wrong usage, or input that cannot be read
  3  it could not be decided: the system calls of some code could not be told
"curb run" ends as the program that it ran.
{{end}}`)
	return root
}

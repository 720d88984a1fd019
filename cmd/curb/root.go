package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

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
	out := &checkedWriter{w: stdout}
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil && out.err != nil {
		err = fmt.Errorf("write the output: %w", out.err)
	}
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

// A checkedWriter remembers the first error, for those who write to it without
// looking, as cobra does when it prints help.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "curb",
		Short: "lock a Go program down to the system calls that it needs",
		Long: `Curb locks a Go program down to the system calls that it needs, and nothing else.

It reads the program's binary, finds every system call that its code can make,
and lets the kernel refuse all others (Linux seccomp). Start with

  curb run ./mypackage          # build, look, and run with everything else closed
  curb scan ./mypackage         # which calls, and which code makes them
  curb why ./mypackage openat   # how the program comes to make a call
  curb gen ./mypackage          # write the lock-down into the program itself
  curb record -- go test ./...  # which calls are really made, and how often`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		Args:                       unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			if err := cmd.Help(); err != nil {
				return err
			}
			return &exitError{code: exitUsage}
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w (see %q)", err, cmd.CommandPath()+" --help")
	})
	quietHelp(root)
	root.SetHelpCommand(newHelp(root))
	root.AddCommand(newScan(), newWhy(), newRun(), newGen(), newRecord(), newMerge(), newFilter(), newVersion())
	root.SetHelpTemplate(root.HelpTemplate() + `{{if not .HasParent}}
A TARGET is the path of a Go binary, or a Go package that builds to one.

Exit status:
  0  done
  1  the answer is no
  2  wrong usage, or input that cannot be read
  3  it could not be decided: the system calls of some code could not be told
"curb run" and "curb record" end as the program that they ran.
{{end}}`)
	return root
}

func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "say more about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err == nil && len(rest) > 0 {
				err = unknownCommand(root, rest)
			}
			if err != nil {
				return err
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// quietHelp makes help go out in one write. What cobra says on standard error
// when that fails would be the second message: execute says it.
func quietHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		out := cmd.OutOrStdout()
		var text bytes.Buffer
		cmd.SetOut(&text)
		help(cmd, args)
		cmd.SetOut(out)
		out.Write(text.Bytes()) // a checkedWriter keeps the error
	})
}

// unknownCommand accepts no arguments: what stands there is taken for a
// command, and the error names the nearest one.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := `"curb help" lists them`
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("there is no command %q (%s)", args[0], hint)
}

// needsTarget accepts the arguments of a command that takes a TARGET first, and
// nothing after it if alone.
func needsTarget(alone bool) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return fmt.Errorf("%s needs a TARGET: the path of a Go binary, or a Go package (see %q)", cmd.Name(), cmd.CommandPath()+" --help")
		case alone && len(args) > 1:
			return fmt.Errorf("%s takes one TARGET, and %q is one more (see %q)", cmd.Name(), args[1], cmd.CommandPath()+" --help")
		}
		return nil
	}
}

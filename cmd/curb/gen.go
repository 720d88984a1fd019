package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/internal/gen"
	"github.com/gocurb/curb/usage"
)

func newGen() *cobra.Command {
	var (
		allowed allowances
		flags   lookFlags
		ignored []string
	)
	cmd := &cobra.Command{
		Use:   "gen [flags] PACKAGE",
		Short: "write the lock-down of a program into the program itself",
		Long: `Gen builds a Go program, finds the system calls that its code can make, and
writes Go files beside its main:

  curb_linux_amd64.go  curbLockDown(), which closes all other system calls
  curb_other.go        a curbLockDown() that does nothing, for other systems
  curb_mismatch.go     for builds for Linux that the list does not hold for, such
                       as those with another Go release or other build tags: it
                       does not compile, and says what to do

Call curbLockDown() where the lock-down is to begin, first in main if in doubt, or
after the program has opened what it needs only once: the list has what the code
can do from there on. Until some code calls it the list counts from the start of
main, and gen ends with status 1. Run gen again when the program has changed;
without a change it leaves the files as they are. Before it writes any it looks at
the program with them, which must need no more than they allow.

Programs that it starts inherit the lock-down. What they need is allowed if --child
or --allow names it, or if --union or --from has a recording of it. With --from, the
list is what was observed in the recordings, with the values that arguments had,
and nothing else: whatever the program did not do while it was recorded will fail.
The lock-down says so.

The lock-down imports a package of github.com/gocurb/curb, which the program's
go.mod must name ("go get github.com/gocurb/curb"). CGO_ENABLED, GOARCH and
GOFLAGS count as in any build.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := gen.Find(cmd.Context(), args[0], flags.build())
			if err != nil {
				return err
			}
			if err := p.Check(); err != nil {
				return err
			}
			u, err := p.Scan(cmd.Context(), flags.scan)
			if err != nil {
				return err
			}
			called := u.LockDown != nil
			if err := flags.addChildren(cmd, u, p.Build(), func(arg string) string { return childFrom(p.Dir, arg) }); err != nil {
				return err
			}
			if u, err = allowed.recorded.apply(cmd.ErrOrStderr(), u); err != nil {
				return err
			}
			policy, err := genPolicy(cmd.Context(), p, u, &allowed)
			if err != nil {
				return err
			}
			result, err := p.Write(cmd.Context(), gen.LockDown{
				Usage: u, Policy: policy, Recorded: len(allowed.recorded.from) > 0, IgnoreTags: ignored, Command: genCommand(p.Dir, &allowed, &flags, ignored),
			}, flags.scan)
			if err != nil {
				return err
			}
			sayWritten(cmd.ErrOrStderr(), result)
			if called {
				return nil
			}
			todo, err := p.Uncalled()
			if err == nil {
				err = &exitError{exitNo, errors.New(todo)}
			}
			return err
		},
	}
	allowed.add(cmd)
	flags.add(cmd)
	cmd.Flags().StringSliceVar(&ignored, "ignore-tags", nil, "build `TAGS` that do not matter, such as those of tests: builds with and without them get\nthis lock-down (other tags that choose between the program's files must be as they were)")
	return cmd
}

// genPolicy is allowances.policy with the advice that C code calls for.
func genPolicy(ctx context.Context, p *gen.Package, u *usage.Usage, allowed *allowances) (filter.Policy, error) {
	policy, err := allowed.policy(u)
	var exit *exitError
	if errors.As(err, &exit) && exit.code == exitUndecided {
		if c, asked := p.UsesC(ctx); asked == nil && c {
			exit.err = fmt.Errorf("%w\nThe program contains C code. If it can do without, build it with CGO_ENABLED=0 in the environment", exit.err)
		}
	}
	return policy, err
}

// genCommand is the command line that does the same in the package's directory.
func genCommand(dir string, allowed *allowances, flags *lookFlags, ignored []string) string {
	words := []string{"curb", "gen"}
	add := func(flag, value, byDefault string) {
		if value == byDefault {
			return
		}
		if strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune("-_=.,/", r) && !isWord(r) }) {
			value = strconv.Quote(value)
		}
		words = append(words, flag, value)
	}
	add("--deny", string(allowed.deny), "errno")
	add("--arguments", string(allowed.arguments), "some")
	add("--allow", strings.Join(allowed.allow, ","), "")
	for _, flag := range allowed.recorded.flags(dir) {
		add(flag[0], flag[1], "")
	}
	for _, child := range flags.children {
		add("--child", childFrom(dir, child), "")
	}
	add("--assume", (*assume)(&flags.opts.Assume).String(), "")
	add("--assume-dlopen", (*assumeDlopen)(&flags.opts.Assume).String(), "")
	add("--tags", flags.tags, "")
	add("--ldflags", flags.ldflags, "")
	add("--ignore-tags", strings.Join(ignored, ","), "")
	return strings.Join(append(words, "."), " ")
}

// childFrom is what names a child in another directory than the current one.
func childFrom(dir, child string) string {
	if _, err := os.Stat(child); err != nil || filepath.IsAbs(child) {
		return child // an import path
	}
	path, err := filepath.Abs(child)
	if err != nil {
		return child
	}
	if path, err = filepath.Rel(dir, path); err != nil {
		return child
	}
	if path = filepath.ToSlash(path); !strings.HasPrefix(path, "../") {
		path = "./" + path
	}
	return path
}

func isWord(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}

func sayWritten(w io.Writer, r *gen.Result) {
	done := r.File + " is unchanged"
	if len(r.Changed) > 0 {
		done = "wrote " + strings.Join(r.Changed, ", ")
	}
	fmt.Fprintf(w, "curb: %s: %d of %d system calls allowed\n", done, r.Allowed, r.Known)
	if r.Again {
		fmt.Fprintln(w, "curb: warning: the program may call curbLockDown() when it is locked down already: the kernel refuses that, and it panics")
	}
}

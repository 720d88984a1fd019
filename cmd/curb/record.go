package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gocurb/curb/internal/launch"
	"github.com/gocurb/curb/internal/replace"
	"github.com/gocurb/curb/record"
	"github.com/gocurb/curb/usage"
)

// recordFlags are those of "curb record".
type recordFlags struct {
	options  record.Options
	target   record.Target
	duration time.Duration
	only     []string
	together bool

	order      order
	stacks     bool
	ptrace     bool
	asJSON     bool
	quiet      bool
	out, pprof string
}

func newRecord() *cobra.Command {
	f := &recordFlags{order: order(record.ByTime)}
	cmd := &cobra.Command{
		Use:   "record [flags] -- COMMAND [ARGS] | record [flags] --pid N | record [flags] --cgroup PATH",
		Short: "say which system calls a program makes while it runs",
		Long: `Record runs a command, or joins running processes, and counts the system calls
that they make and all that they start: how often, how long, how they failed, with
which arguments, and with --stacks by which code. It ends with the last process,
with --duration, or with Ctrl-C; and then as the command ended.

The kernel counts (BPF) where that is permitted: as root, or with the capabilities
CAP_BPF and CAP_PERFMON, on Linux 5.8 or later. Otherwise, or with --ptrace, every
call is stopped as by strace, which costs a hundred times as much. One line says
which of them is in use.

The table goes to standard error where a command has the standard output, else to
standard output. -o writes all that was seen to a file, as "curb merge" and
"curb gen --from" read it: a usage for each program.

With "go test" as the command, only what the test binaries do is reported, in one
usage. (Tests whose results are cached do not run: -count=1 has them run.)`,
		Args: f.check,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.SetInterspersed(false) // what follows COMMAND is the command's
	flags.IntSliceVar(&f.target.PIDs, "pid", nil, "join the process `N` (may be given several times)")
	flags.StringVar(&f.target.Cgroup, "cgroup", "", "join the processes of the control group in the directory `PATH`")
	flags.DurationVar(&f.duration, "duration", 0, "end after that `time`, such as 30s or 2h")
	flags.StringArrayVar(&f.only, "only", nil, "report only programs whose file's name matches `GLOB` (may be given several times)")
	flags.BoolVar(&f.options.PerProcess, "per-process", false, "tell the processes of one program apart")
	flags.BoolVar(&f.together, "together", false, "write all programs of an architecture as one usage")
	flags.BoolVar(&f.options.CallsOnly, "calls-only", false, "count calls and arguments only: no time, errors and denials, at half the cost")
	flags.BoolVar(&f.stacks, "stacks", false, "print the stacks of the calls")
	flags.StringVar(&f.pprof, "pprof", "", "write the stacks to `FILE`, for go tool pprof")
	flags.BoolVar(&f.ptrace, "ptrace", false, "stop every call by ptrace even where the kernel can count")
	flags.Var(&f.order, "sort", "sort by `time`, calls, errors or name")
	flags.BoolVar(&f.asJSON, "json", false, "print all that was seen as JSON, on standard output")
	flags.StringVarP(&f.out, "output", "o", "", "write all that was seen to `FILE`, as JSON")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print no table, and do not say which method is in use")
	return cmd
}

func (f *recordFlags) check(cmd *cobra.Command, args []string) error {
	joins := len(f.target.PIDs) > 0 || f.target.Cgroup != ""
	help := cmd.CommandPath() + " --help"
	switch {
	case len(args) == 0 && !joins:
		return fmt.Errorf("record needs a COMMAND to run, or --pid or --cgroup to join what runs (see %q)", help)
	case len(args) > 0 && joins:
		return fmt.Errorf("record either runs a command or joins processes, not both (see %q)", help)
	case f.duration < 0:
		return fmt.Errorf("a recording cannot take %v", f.duration)
	}
	for _, glob := range f.only {
		if _, err := filepath.Match(glob, ""); err != nil {
			return fmt.Errorf("--only %q: %w", glob, err)
		}
	}
	return nil
}

func (f *recordFlags) run(cmd *cobra.Command, args []string) error {
	if isGoTest(args) && len(f.only) == 0 {
		f.only, f.together = []string{"*.test"}, true
	}
	f.options.Stacks = f.stacks || f.pprof != ""
	if f.ptrace {
		f.options.Method = record.Ptrace
	}
	if len(f.only) > 0 {
		f.options.Wanted = f.wants
	}
	r, err := record.New(f.options)
	if err != nil {
		return err
	}
	defer r.Close()
	if method, why := r.Method(); !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "curb: recording by %s: %s\n", method, why)
	}
	status, err := f.watch(cmd.Context(), r, args)
	if err != nil {
		return err
	}
	usages, err := r.Usages()
	if err != nil {
		return err
	}
	if err := f.report(cmd, args, usages); err != nil {
		return err
	}
	if len(args) > 0 {
		r.Close()
		status.Exit()
	}
	return nil
}

// watch records until the end.
func (f *recordFlags) watch(ctx context.Context, r *record.Recorder, args []string) (status launch.Status, err error) {
	// While a command runs, signals are its own.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if f.duration > 0 {
		limited, cancel := context.WithTimeout(ctx, f.duration)
		defer cancel()
		ctx = limited
	}
	if len(args) == 0 {
		return status, r.Join(ctx, f.target)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		var wrong *exec.Error
		if errors.As(err, &wrong) {
			err = wrong.Err
		}
		return status, fmt.Errorf("cannot start %s: %w", args[0], err)
	}
	err = r.Run(ctx, args, func(hooks record.Hooks) error {
		c := launch.Cmd{Path: path, Args: args, Unfiltered: true, Hold: hooks.Hold}
		if hooks.Reap != nil {
			c.Reap = func(stopped func(int)) (status launch.Status, err error) {
				status.Code, status.Signal, err = hooks.Reap(stopped)
				return status, err
			}
		}
		status, err = c.Run()
		return err
	})
	return status, err
}

// wants reports whether a program is to be reported.
func (f *recordFlags) wants(path string) bool {
	for _, glob := range f.only {
		if ok, _ := filepath.Match(glob, filepath.Base(path)); ok {
			return true
		}
	}
	return false
}

// isGoTest reports whether a command runs tests of Go packages.
func isGoTest(args []string) bool {
	if len(args) == 0 || filepath.Base(args[0]) != "go" {
		return false
	}
	args = args[1:]
	if len(args) > 1 && args[0] == "-C" {
		args = args[2:]
	}
	return len(args) > 0 && args[0] == "test"
}

func (f *recordFlags) report(cmd *cobra.Command, args []string, usages []*usage.Usage) error {
	text, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
	if len(args) > 0 || f.asJSON {
		text = stderr
	}
	if !f.quiet {
		if err := f.writeTables(text, usages); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	if len(usages) == 0 && len(f.only) > 0 {
		fmt.Fprintf(stderr, "curb: no program ran whose name matches %q\n", f.only)
	}
	sayLost(stderr, usages)
	if f.pprof != "" {
		if err := writeProfile(f.pprof, usages); err != nil {
			return err
		}
	}
	if f.together && len(usages) > 0 {
		m := usage.NewMerger()
		m.Together = true
		if _, err := m.Add(usages...); err != nil {
			return err
		}
		usages = m.Usages()
	}
	if f.out != "" {
		if err := usage.WriteFile(f.out, usages...); err != nil {
			return err
		}
	}
	if f.asJSON {
		if err := usage.Write(cmd.OutOrStdout(), usages...); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	return nil
}

func (f *recordFlags) writeTables(w io.Writer, usages []*usage.Usage) error {
	parts := [][]*usage.Usage{usages}
	if f.options.PerProcess {
		parts = nil
		for _, u := range usages {
			parts = append(parts, []*usage.Usage{u})
		}
	}
	var b bytes.Buffer // what goes to a terminal goes there at once
	for i, part := range parts {
		if f.options.PerProcess {
			if i > 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "process %d: %s\n", part[0].Process.PID, part[0].Binary)
		}
		if err := record.WriteTable(&b, record.Order(f.order), part...); err != nil {
			return err
		}
		if f.stacks {
			if err := record.WriteStacks(&b, part...); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// sayLost says what is missing in the result.
func sayLost(w io.Writer, usages []*usage.Usage) {
	if len(usages) == 0 || len(usages[0].Recordings) == 0 {
		return
	}
	lost := usages[0].Recordings[0].Lost
	for _, part := range []struct {
		n    uint64
		what string
	}{
		{lost.Events, "calls were not counted"},
		{lost.Stacks, "calls are without their stack"},
		{lost.Values, "calls are without the values of their arguments"},
		{lost.Processes, "processes or threads were not followed, or not told apart"},
	} {
		if part.n > 0 {
			fmt.Fprintf(w, "curb: incomplete: %d %s\n", part.n, part.what)
		}
	}
}

// writeProfile writes the stacks to a file, which is there when it is complete.
func writeProfile(path string, usages []*usage.Usage) error {
	err := replace.Write(path, func(w io.Writer) error { return record.WriteProfile(w, usages...) })
	if err != nil {
		return fmt.Errorf("write the profile to %s: %w", path, err)
	}
	return nil
}

// An order is the value of --sort.
type order record.Order

func (o *order) String() string { return string(*o) }
func (o *order) Type() string   { return "ORDER" }

func (o *order) Set(s string) error {
	switch record.Order(s) {
	case record.ByTime, record.ByCalls, record.ByErrors, record.ByName:
		*o = order(s)
		return nil
	}
	return errors.New("it takes time, calls, errors or name")
}

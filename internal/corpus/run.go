package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/syscalls"
)

// The time that a run is given: much more than it needs, but for those in which
// calls fail, which may hang.
const (
	patience      = 2 * time.Minute
	faultPatience = 6 * time.Second
)

// A launcher runs a program, and returns what it did.
type launcher func(context.Context, strace.Run) (*strace.Result, error)

// emulators are qemu's command lines, by architecture.
var emulators = map[string][]string{
	"amd64": {"qemu-x86_64-static"},
	"arm64": {"qemu-aarch64-static", "-L", sysroot},
}

// emulation tells a program that is run under an emulator how to start itself.
func emulation(arch string) []string {
	if arch == "amd64" {
		return nil
	}
	return []string{"EMULATOR=" + strings.Join(emulators[arch], " ")}
}

// traced is how the calls of a row's program are observed.
func traced(r row, m mode) launcher {
	if r.arch == "amd64" && !m.noVDSO {
		return func(ctx context.Context, run strace.Run) (*strace.Result, error) { return run.Trace(ctx) }
	}
	return func(ctx context.Context, run strace.Run) (*strace.Result, error) {
		table, err := syscalls.For(r.arch)
		if err != nil {
			return nil, err
		}
		return run.TraceQemu(ctx, table, emulators[r.arch]...)
	}
}

// confined runs programs so that a call that the scan did not predict ends
// them with a signal.
func (b *bench) confined(names, loads []string) launcher {
	under := []string{b.curb, "run", "--quiet", "--deny", "trap"}
	if len(names) > 0 {
		under = append(under, "--allow", strings.Join(names, ","))
	}
	if loads != nil {
		under = append(under, "--assume-dlopen", cmp.Or(strings.Join(loads, ","), "none"))
	}
	return func(ctx context.Context, run strace.Run) (*strace.Result, error) {
		return run.Untraced(ctx, under...)
	}
}

// run runs a row's program once, in a directory of its own. There is no result where
// the mode gave it no time to begin.
func (b *bench) run(ctx context.Context, r row, binary string, w way, m mode, launch launcher) (*strace.Result, error) {
	if (m.fault || m.full) && !alone() {
		return nil, fmt.Errorf("%s: %s could make it harm other processes: not without namespaces", r.label(), m.name)
	}
	dir, err := os.MkdirTemp(b.dir, "run-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if m.full {
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
			return nil, fmt.Errorf("%s: make a small file system: %w", r.label(), err)
		}
		defer unix.Unmount(dir, unix.MNT_DETACH)
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	child := binary
	if r.arch != "amd64" {
		child = "/bin/true" // the emulator starts programs of this machine only
	} else if r.locked() {
		child = filepath.Join(b.cache, heir.label())
	}
	fill := strings.NewReplacer("{dir}", dir, "{self}", binary, "{child}", child, "{prep}", b.prep(), "{repository}", b.root, "{port}", ports[0], "{port2}", ports[1], "{port3}", ports[2])
	if err := b.unpack(dir, fill); err != nil {
		return nil, err
	}
	if err := b.beforehand(ctx, binary, w, dir, fill); err != nil {
		return nil, fmt.Errorf("%s: %w", r.label(), b.anonymous(err))
	}
	if err := m.arrange(dir, &binary); err != nil {
		return nil, fmt.Errorf("%s (%s): %w", r.label(), m.name, err)
	}
	run := strace.Run{
		Path: binary, Dir: dir, Env: slices.Concat(b.environment(dir), emulation(r.arch), m.env), Keys: w.keys,
		Strace: m.strace, Under: m.under, Locked: r.locked(),
	}
	for _, arg := range w.args {
		run.Args = append(run.Args, fill.Replace(arg))
	}
	for _, variable := range w.env {
		run.Env = append(run.Env, fill.Replace(variable))
	}
	if w.stdin != "" {
		run.Stdin = strings.NewReader(fill.Replace(w.stdin))
	}
	run.During = during(w, m, dir, ports)
	limit := patience
	if m.fault || m.wide {
		limit = faultPatience
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	got, err := launch(ctx, run)
	switch {
	case err != nil && m.anyEnd && ctx.Err() == context.DeadlineExceeded:
		return nil, nil // on a busy machine it was ended before the tracer had begun
	case err != nil:
	case m.anyEnd:
	case ctx.Err() != nil:
		err = fmt.Errorf("it had not ended after %v\n%s", limit, strace.Tail(got.Stdout, got.Stderr))
	case got.Status() != w.exit:
		err = fmt.Errorf("it ended with status %d, not %d\n%s", got.Status(), w.exit, strace.Tail(got.Stdout, got.Stderr))
	}
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), dir, "{dir}"))
		return nil, fmt.Errorf("%s %s (%s): %w", r.label(), strings.Join(w.args, " "), m.name, b.anonymous(err))
	}
	return got, nil
}

// arrange makes of a directory with its files what the mode needs, and may put the
// program into it.
func (m mode) arrange(dir string, binary *string) error {
	switch {
	case m.full:
		// All but what a few small files take is full.
		ballast, err := os.Create(filepath.Join(dir, "ballast"))
		if err != nil {
			return err
		}
		defer ballast.Close()
		n, err := io.Copy(ballast, io.LimitReader(zeros{}, 1<<20))
		if !errors.Is(err, unix.ENOSPC) {
			return fmt.Errorf("%d bytes more did not fill it: %v", n, err)
		}
		return ballast.Truncate(max(0, n-8<<10))
	case m.other:
		// All may write to tmp only. Where the binaries are others may have no way.
		inside := filepath.Join(dir, filepath.Base(*binary))
		text, err := os.ReadFile(*binary)
		if err == nil {
			err = errors.Join(os.WriteFile(inside, text, 0o755), os.Chmod(dir, 0o755), os.Chmod(filepath.Join(dir, "tmp"), 0o777|os.ModeSticky))
		}
		*binary = inside
		return err
	}
	return nil
}

// beforehand does what comes before a way.
func (b *bench) beforehand(ctx context.Context, binary string, w way, dir string, fill *strings.Replacer) error {
	for _, args := range w.before {
		cmd := exec.CommandContext(ctx, binary)
		cmd.Dir, cmd.Env = dir, b.environment(dir)
		for _, arg := range args {
			cmd.Args = append(cmd.Args, fill.Replace(arg))
		}
		for _, variable := range w.env {
			cmd.Env = append(cmd.Env, fill.Replace(variable))
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, strace.Tail(out))
		}
	}
	return nil
}

// zeros are read without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// anonymous returns an error without the paths of this machine.
func (b *bench) anonymous(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.NewReplacer(b.cache+"/", "", b.dir, "{bench}", b.root, "{repository}").Replace(err.Error()))
}

// unpack writes the files that programs work on.
func (b *bench) unpack(dir string, fill *strings.Replacer) error {
	for _, name := range []string{"input.txtar", "debian.txtar"} {
		archive, err := txtar.ParseFile(filepath.Join(testdata, name))
		if err != nil {
			return err
		}
		for _, file := range archive.Files {
			name := filepath.Join(dir, file.Name)
			err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(fill.Replace(string(file.Data))), 0o644))
			if err != nil {
				return err
			}
		}
	}
	return os.MkdirAll(filepath.Join(dir, "tmp"), 0o755)
}

// environment is what every run begins with: nothing of the user's.
func (b *bench) environment(dir string) []string {
	return []string{
		"PATH=" + filepath.Join(b.goroot, "bin") + ":" + os.Getenv("PATH"),
		"HOME=" + filepath.Join(dir, "home"), "TMPDIR=" + filepath.Join(dir, "tmp"),
		"GOROOT=" + b.goroot, "GOCACHE=" + b.gocache, "GOMODCACHE=" + b.modcache,
		"GOENV=off", "GOTOOLCHAIN=local", "GOPROXY=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0",
		"GOWORK=off", "STATICCHECK_CACHE=" + filepath.Join(dir, "tmp"),
	}
}

// freePorts returns ports of the loopback interface that nothing uses.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("look for a free port: %w", err)
		}
		defer l.Close() // only after all have been found, so that they differ
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

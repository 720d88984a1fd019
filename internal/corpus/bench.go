package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// A bench is what the programs are built and run with.
type bench struct {
	root      string // of the repository
	dir       string // temporary
	cache     string // of what was built
	curb      string // the command
	goVersion string
	goroot    string
	gocache   string
	modcache  string
	keep      string // "", or where the results of rows are kept

	mu       sync.Mutex
	progress io.Writer // nil, or where it says what is done
	scans    map[string]func() (*usage.Usage, error)
}

// newBench makes a bench, which is to be closed. It needs the root of the
// repository as the current directory.
func newBench(ctx context.Context) (b *bench, err error) {
	b = &bench{scans: map[string]func() (*usage.Usage, error){}}
	for name, to := range map[string]*string{"GOVERSION": &b.goVersion, "GOROOT": &b.goroot, "GOCACHE": &b.gocache, "GOMODCACHE": &b.modcache} {
		out, err := exec.CommandContext(ctx, "go", "env", name).Output()
		if err != nil {
			return nil, fmt.Errorf("ask go for its %s: %w", name, err)
		}
		*to = strings.TrimSpace(string(out))
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	if b.root, err = os.Getwd(); err != nil {
		return nil, err
	}
	b.cache = filepath.Join(user, "curb-corpus")
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return nil, err
	}
	if b.dir, err = os.MkdirTemp("", "curb-corpus-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(b.dir, 0o711); err != nil { // for programs that run as another user
		return nil, errors.Join(err, b.close())
	}
	b.curb = filepath.Join(b.dir, "curb")
	if out, err := b.command(ctx, "build", "-trimpath", "-buildvcs=false", "-o", b.curb, "./cmd/curb").CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build curb: %w\n%s", err, out), b.close())
	}
	if err := b.prepare(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) close() error { return os.RemoveAll(b.dir) }

// command returns a go command that builds without C.
func (b *bench) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd
}

// prep is the directory that {prep} stands for.
func (b *bench) prep() string { return filepath.Join(b.dir, "prep") }

// prepare makes what the toolchain's own programs are given: the packages that
// a small program imports, compiled, and the program itself. It also brings
// into go's cache what builds in the workloads need, since they run without a
// network.
func (b *bench) prepare(ctx context.Context) error {
	if err := b.unpack(b.prep(), strings.NewReplacer()); err != nil {
		return err
	}
	in := filepath.Join(b.prep(), "good")
	const exports = `{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}`
	list := b.command(ctx, "list", "-export", "-deps", "-f", exports, "fmt")
	packages, err := list.Output()
	if err != nil {
		return fmt.Errorf("list the packages that fmt needs: %w", err)
	}
	config := filepath.Join(b.prep(), "importcfg")
	if err := os.WriteFile(config, packages, 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"tool", "compile", "-cpuprofile", filepath.Join(b.prep(), "profile"), "-p", "main", "-importcfg", config, "-o", filepath.Join(b.prep(), "main.a"), filepath.Join(in, "main.go")},
		{"build", "-o", filepath.Join(b.prep(), "good.exe"), "."},
		{"test", "-c", "-o", filepath.Join(b.prep(), "good.test"), "."},
		{"vet", "."},
	} {
		cmd := b.command(ctx, args...)
		cmd.Dir = in
		cmd.Env = append(cmd.Env, "GOFLAGS=-buildvcs=false")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("prepare what the programs are run on: %s: %w\n%s", cmd, err, out)
		}
	}
	return b.stub("age-plugin-corpus", "dot", "gccgo", "good.exe", "pgrep", "sensible-browser", "tmux", "xdg-open")
}

// stub gives the small program other names, in a directory of its own.
func (b *bench) stub(names ...string) error {
	dir := filepath.Join(b.prep(), "bin")
	errs := []error{os.Mkdir(dir, 0o755)}
	for _, name := range names {
		errs = append(errs, os.Symlink(filepath.Join(b.prep(), "good.exe"), filepath.Join(dir, name)))
	}
	return errors.Join(errs...)
}

// sysroot has the dynamic loader of arm64 (Debian's libc6-arm64-cross), which the
// emulator is told too.
const sysroot = "/usr/aarch64-linux-gnu"

func optionsFor(binary string, phase usage.Phase) scan.Options {
	f, err := elf.Open(binary)
	if err != nil {
		return scan.Options{Phase: phase} // the scan says what is wrong
	}
	defer f.Close()
	libraries, _ := f.ImportedLibraries()
	if f.Machine == elf.EM_AARCH64 && !slices.Contains(libraries, "libc.so") { // Debian's musl:arm64 is where it belongs
		return scan.Options{Phase: phase, Sysroot: sysroot}
	}
	return scan.Options{Phase: phase}
}

// scan returns what the scan of a binary says, if it loads what is given. It scans
// each once.
func (b *bench) scan(binary string, phase usage.Phase, loads ...string) (*usage.Usage, error) {
	b.mu.Lock()
	once := b.scans[binary]
	if once == nil {
		opts := optionsFor(binary, phase)
		opts.Assume.Dlopen = loads
		once = sync.OnceValues(func() (*usage.Usage, error) { return scan.File(binary, opts) })
		b.scans[binary] = once
	}
	b.mu.Unlock()
	return once()
}

// allowed returns the names that a program must be allowed for what it starts.
func (b *bench) allowed(ctx context.Context, p program) ([]string, error) {
	names := slices.Clone(p.needs)
	for _, started := range p.starts {
		binary := filepath.Join(b.goroot, "pkg", "tool", "linux_amd64", started)
		switch started {
		case "go":
			binary = filepath.Join(b.goroot, "bin", "go")
		case "good.test", "good.exe":
			binary = filepath.Join(b.prep(), started)
		}
		u, err := b.scan(binary, usage.Exec)
		if err != nil {
			return nil, fmt.Errorf("scan what %s starts: %w", p.name, err)
		}
		names = append(names, u.Names()...)
	}
	return names, nil
}

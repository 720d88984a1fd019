package scan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// Options says how to scan. The zero Options is the tight and sound answer.
type Options struct {
	// Phase is the part of the program's life that the answer is for: usage.Exec,
	// usage.Main or usage.Locked. "" is usage.Exec.
	Phase usage.Phase
	// Assume is what is taken for granted of the program's surroundings: nothing,
	// unless it is told.
	Assume Assume
	// AllCode takes every call site in the whole text of Go, whether the program
	// can reach it or not: an upper bound that depends on much less of the
	// analysis.
	AllCode bool
	// Sysroot is the directory that holds the files of the system that the
	// program will run on, the dynamic loader among them; "" is this one's.
	Sysroot string
	// Libraries keeps what is read of libraries from one scan to the next; nil: nothing
	// is kept.
	Libraries Store
}

// File says what the Go executable at path can ask of the kernel. The usage
// is complete only if it has no unresolved places; an error means that the
// file could not be read as a Go executable.
func File(path string, opts Options) (*usage.Usage, error) {
	f, err := gobin.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table, err := syscalls.For(f.Arch)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a := newAnalysis(f)
	a.table = table
	a.assume(opts.Assume)
	if err := a.beginC(opts); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if opts.AllCode {
		a.walk(true)
	} else if err := a.phase(opts.Phase); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	phase := usage.Exec
	if opts.Phase != "" && !opts.AllCode {
		phase = opts.Phase
	}
	u := a.resolve(opts.Sysroot, phase)
	u.Assumes = opts.Assume.Names()
	return u, nil
}

// resolve finds the system calls of what can be reached in a phase.
func (a *analysis) resolve(sysroot string, phase usage.Phase) *usage.Usage {
	ways := make(chan *chains, 1) // found on the other core, from what does not change any more
	go func() { ways <- a.whole.chains() }()
	a.index()
	a.outside()
	a.loader(sysroot)
	a.sites()
	a.libraries(phase != usage.Exec)
	if phase != usage.Exec {
		a.loaded = nil // it is done
	}
	u := a.report(a.table, <-ways)
	u.Phase = phase
	return u
}

// report writes down what was found.
func (a *analysis) report(table *syscalls.Table, ways *chains) *usage.Usage {
	w := newWitness(a, ways)
	u := &usage.Usage{
		Binary: a.file.Path, GoVersion: a.file.GoVersion, Arch: a.file.Arch, Phase: usage.Exec,
		Syscalls: []usage.Syscall{}, Unresolved: []usage.Unresolved{},
		Launcher: []string{"execve"}, Loader: a.loaderFile,
	}
	if a.c != nil {
		u.Libraries = a.c.looked()
	}
	if len(a.points) > 0 {
		u.LockDown = &usage.LockDown{Since: a.since}
		for _, at := range a.points {
			place := w.place(at.fn, at.off)
			u.LockDown.Places = append(u.LockDown.Places, place[len(place)-1])
		}
	}
	implicit := a.implicit(table)
	for _, nr := range a.foundCalls() {
		call := usage.Syscall{Name: name(table, nr), Nr: nr}
		for _, f := range a.found[nr] {
			call.Evidence = append(call.Evidence, w.evidence(f))
		}
		const most = 16 // places in C that a reader looks at
		for _, f := range a.cfound[nr][:min(len(a.cfound[nr]), most)] {
			call.Evidence = append(call.Evidence, w.evidence(f))
		}
		e, more := implicit[nr]
		call.Args, call.Cases = a.arguments(nr, !more)
		if more {
			call.Evidence = append(call.Evidence, e.evidence)
			delete(implicit, nr)
		}
		hideBehindPointer(&call)
		sortEvidence(call.Evidence)
		u.Syscalls = append(u.Syscalls, call)
	}
	for nr, e := range implicit {
		call := usage.Syscall{Name: name(table, nr), Nr: nr, Origin: e.origin, Evidence: []usage.Evidence{e.evidence}}
		call.Args, _ = a.arguments(nr, false)
		u.Syscalls = append(u.Syscalls, call)
	}
	for _, o := range a.open {
		u.Unresolved = append(u.Unresolved, w.unresolved(o))
	}
	u.Unresolved = append(u.Unresolved, a.openInC()...)
	calls := make([]uint32, len(u.Syscalls))
	for i := range calls {
		calls[i] = u.Syscalls[i].Nr
	}
	for i, by := range w.broughtIn(calls) {
		u.Syscalls[i].By = append(by, a.broughtInBy(calls[i])...)
	}
	u.Sort()
	return u
}

// hideBehindPointer notes of a call whose flags lie behind a pointer that no filter
// can look at them.
func hideBehindPointer(call *usage.Syscall) {
	if call.Name != "clone3" && call.Name != "openat2" {
		return
	}
	for i := range call.Evidence {
		if e := &call.Evidence[i]; e.Note == "" {
			e.Note = "its flags lie behind a pointer, where no filter sees them"
		}
	}
}

// name returns a call's name, or "#N" for a number that the table does not
// know: policies take that form too.
func name(table *syscalls.Table, nr uint32) string {
	if call, ok := table.ByNumber(nr); ok {
		return call.Name
	}
	return fmt.Sprintf("#%d", nr)
}

// foundCalls returns the numbers of the calls that code makes.
func (a *analysis) foundCalls() []uint32 {
	all := slices.Collect(maps.Keys(a.found))
	all = slices.AppendSeq(all, maps.Keys(a.cfound))
	slices.Sort(all)
	return slices.Compact(all)
}

package main

import (
	"fmt"
	"path"
)

// A program is one of the corpus: what it is built from, and what it is made
// to do.
type program struct {
	name string
	set  string // the directory of the module that pins it, "" for the Go toolchain's own, or repository
	pkg  string
	// module is whose version counts, if it is not the one that pkg is in.
	module string
	ways   []way
	// starts names the packages of the toolchain's or of the small programs
	// that it starts: under a filter it must be allowed what they need.
	starts []string
	// needs are the calls of programs that are not Go's and that it starts, where it
	// does not make them itself.
	needs []string
	// loads are the libraries that it loads by names that cannot be told, if that is
	// known: none, if it is empty and not nil.
	loads []string
	// refused programs load code, or make calls, of which nothing in them says what it
	// is: the scan must say so.
	refused bool
	// small programs are built by every Go release and run with the memory
	// allocator that never uses an address again.
	small bool
	// faults asks for runs in which calls fail.
	faults bool
	ci     bool // part of what CI runs
}

// A way is one way to run a program, and how it must end. In arguments, input
// and files, {dir} is the directory of the run, with the files of
// testdata/input.txtar; {port}, {port2} and {port3} are free ports; {self} is the program,
// {child} a program that it can start; {prep} is the directory of what the
// toolchain's own programs need, {repository} that of the repository.
type way struct {
	args  []string
	env   []string
	stdin string
	keys  []string // typed on its terminal, if there are any: else it has none
	exit  int      // the exit code, or 128 and the signal
	// before holds the arguments of runs that come first, in the same directory,
	// and that nobody watches.
	before [][]string
	// drive, if set, is what happens while it runs.
	drive func(*live) error
}

// The modes that a program can be built in, by the name in the table.
var buildModes = map[string][]string{
	"plain":    nil,
	"stripped": {"-ldflags=-s -w"},
	"pie":      {"-buildmode=pie"},
}

// A row is one program as one toolchain builds it for one architecture.
type row struct {
	program
	toolchain string // as GOTOOLCHAIN names it
	arch      string
	mode      string // of buildModes
	ci        bool
	c         bool // it holds C code, or loads some
	faults    bool
	wide      bool // it is observed in all modes
	quick     bool // it is observed in the default mode only
	// stacks are compared with the call graph, and stacksOnly does nothing else.
	stacks, stacksOnly bool
}

// label names the row in messages, and in the cache of what was built.
func (r row) label() string {
	toolchain := ""
	if r.toolchain != "local" {
		toolchain = "-" + r.toolchain
	}
	return fmt.Sprintf("%s%s-%s-%s", r.name, toolchain, r.arch, r.mode)
}

// The Go releases that build the small programs: the last patch of each. What
// builds curb is one more.
var releases = []string{
	"go1.17.13", "go1.18.10", "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12",
	"go1.23.12", "go1.24.13", "go1.25.14", "go1.26.11", "go1.27.4",
}

// emulated are the programs that are run for arm64 too.
var emulated = []string{"hello", "roundtrip", "processes", "files", "gofmt", "compile", "nats-server", "gojq"}

// rows returns the whole corpus.
func rows() []row {
	var all []row
	for _, p := range programs() {
		for _, mode := range []string{"plain", "stripped", "pie"} {
			all = append(all, row{
				program: p, toolchain: "local", arch: "amd64", mode: mode,
				ci:     p.ci && (p.small || mode == "plain"),
				faults: p.faults && mode == "plain",
				wide:   mode == "plain",
				quick:  mode != "plain" && !p.small, // the same code, built otherwise
				stacks: true,
			})
		}
	}
	for _, p := range programs() {
		if !p.small {
			continue
		}
		for at, release := range releases {
			all = append(all, row{
				program: p, toolchain: release, arch: "amd64", mode: "plain",
				ci:     at == 0 || at == len(releases)-1,
				faults: true,
				stacks: true,
			})
		}
	}
	all = append(all, lockedRows()...)
	for _, name := range emulated {
		for _, mode := range []string{"plain", "stripped", "pie"} {
			p := find(name)
			all = append(all, row{program: p, toolchain: "local", arch: "arm64", mode: mode, ci: p.small && mode == "plain"})
		}
	}
	return append(all, cRows()...)
}

// find returns the program of that name, which must be one of the list.
func find(name string) program {
	for _, p := range programs() {
		if p.name == name {
			return p
		}
	}
	panic("no program of the corpus is called " + name)
}

// programs lists the corpus.
func programs() []program {
	var all []program
	for _, list := range [][]program{small, toolchain, servers, tools} {
		all = append(all, list...)
	}
	for i := range all {
		if all[i].name == "" {
			all[i].name = path.Base(all[i].pkg)
		}
	}
	return all
}

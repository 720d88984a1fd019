package main

import (
	"path"
	"runtime"
	"slices"
)

// cModes are the modes for C code: as on any machine with a C compiler; that, and
// stripped; linked by the system's linker; position-independent too; with the C
// library inside, glibc or musl; with musl outside; without cgo, with the libraries
// loaded by the program itself; with the race detector; and as Debian builds it.
var cModes = map[string]cMode{
	"cgo":          {cgo: true},
	"cgo-stripped": {cgo: true, flags: []string{"-ldflags=-s -w"}},
	"cgo-external": {cgo: true, flags: []string{"-ldflags=-linkmode=external"}},
	"cgo-pie":      {cgo: true, flags: []string{"-ldflags=-linkmode=external -s", "-buildmode=pie"}},
	"glibc":        {cgo: true, flags: []string{"-ldflags=-linkmode=external -extldflags=-static"}},
	"musl":         {cgo: true, musl: true, flags: []string{"-ldflags=-linkmode=external -extldflags=-static"}},
	"musl-shared":  {cgo: true, musl: true, flags: []string{"-ldflags=-linkmode=external"}},
	"race":         {cgo: true, flags: []string{"-race"}},
	"package":      {},
}

type cMode struct {
	cgo, musl bool
	flags     []string
}

// env returns what has the program built so for an architecture.
func (m cMode) env(arch string) []string {
	switch emulated := arch != runtime.GOARCH; {
	case !m.cgo:
		return nil
	case m.musl && emulated:
		return []string{"CGO_ENABLED=1", "CC=aarch64-linux-musl-gcc"}
	case m.musl:
		return []string{"CGO_ENABLED=1", "CC=musl-gcc"}
	case emulated:
		return []string{"CGO_ENABLED=1", "CC=aarch64-linux-gnu-gcc", "CXX=aarch64-linux-gnu-g++"}
	}
	return []string{"CGO_ENABLED=1"}
}

// cRows returns the rows of programs with C code.
func cRows() []row {
	var all []row
	add := func(arch string, p program, modes ...string) {
		if p.name == "" {
			p.name = path.Base(p.pkg)
		}
		for _, mode := range modes {
			faults := p.faults && arch == "amd64" && (mode == "cgo" || mode == "glibc" || mode == "musl") || p.name == "races" // one for each C library, and the race detector
			all = append(all, row{program: p, toolchain: "local", arch: arch, mode: mode, c: true, faults: faults, wide: faults})
		}
	}
	for _, p := range small {
		if p.small {
			add("amd64", p, "cgo", "cgo-external", "cgo-pie", "glibc", "musl", "race")
			add("arm64", p, "cgo", "cgo-pie", "glibc", "musl")
		}
	}
	add("amd64", names, "plain", "cgo", "cgo-stripped", "cgo-external", "cgo-pie", "glibc", "musl", "musl-shared", "race")
	add("amd64", races, "race")
	add("amd64", libc, "cgo", "cgo-pie")
	static := libc
	static.ways = slices.DeleteFunc(slices.Clone(libc.ways), func(w way) bool { // a static program's dlsym does not find cos
		return slices.Equal(w.args, []string{"loads"})
	})
	static.needs = []string{"getppid", "access", "arch_prctl", "pread64", "set_tid_address"} // of the shell's loader, too
	add("amd64", static, "glibc")
	add("amd64", cpp, "cgo", "cgo-stripped", "glibc")
	add("amd64", purego, "plain", "cgo")
	add("amd64", sqlite, "cgo", "cgo-pie", "glibc", "musl", "musl-shared")
	add("amd64", sqlitego, "plain", "cgo")
	add("arm64", names, "cgo", "cgo-stripped", "cgo-pie", "glibc", "musl", "musl-shared")
	add("arm64", unconverted(libc), "cgo", "cgo-pie")
	add("arm64", unconverted(static), "glibc")
	add("arm64", cpp, "cgo", "cgo-stripped", "glibc")
	add("arm64", sqlite, "cgo", "cgo-pie", "glibc", "musl", "musl-shared")
	for _, p := range debianPackages {
		p.set = debian
		add("amd64", p, "package")
	}
	return all
}

// unconverted is the program without what needs the C library's modules for character
// sets, which Debian's libc6-arm64-cross leaves out.
func unconverted(p program) program {
	var ways []way
	for _, w := range p.ways {
		w.args = slices.DeleteFunc(slices.Clone(w.args), func(arg string) bool { return arg == "locale" })
		if len(w.args) > 0 {
			ways = append(ways, w)
		}
	}
	p.ways = ways
	return p
}

// What is there, and what is not.
var (
	present = []string{
		"host=www.corpus.example", "host=host", "host=large.corpus.example", "host=alias", "alias=alias.corpus.example",
		"address=127.0.0.7", "address=127.0.0.8", "mail=www.corpus.example", "text=www.corpus.example", "port=domain",
		"user=root", "uid=0", "group=root", "gid=0", "groups=root", "self=",
	}
	missing = []string{
		"host=missing.corpus.example", "host=failing.corpus.example", "host=silent.corpus.example", "address=127.0.0.10",
		"port=no-such-port", "user=no-such-user", "uid=12345", "group=no-such-group", "gid=12345",
	}
	byGo = []string{"GODEBUG=netdns=go"}
	byC  = []string{"GODEBUG=netdns=cgo"}
)

// Only names are resolved, and users looked up.
var names = program{
	pkg: "./names", set: "small", faults: true,
	ways: []way{
		{args: present, env: byC},
		{args: present, env: byGo},
		{args: missing, env: byC, exit: 1},
		{args: missing, env: byGo, exit: 1},
	},
}

// The race detector finds something, and tells it to the standard error or to files.
var races = program{
	pkg: "./races", set: "small",
	ways: []way{
		{exit: 66}, {env: []string{"GORACE=exitcode=0"}}, {env: []string{"GORACE=log_path={dir}/log"}, exit: 66},
		{env: []string{"GORACE=log_path={dir}/new/log verbosity=2 history_size=7 log_exe_name=1"}, exit: 66},
		{env: []string{"GORACE=log_path={dir}/missing/directory/log"}, exit: 66},
		{env: []string{"GORACE=halt_on_error=1 log_to_syslog=1 strip_path_prefix={dir}"}, exit: 66},
		{env: []string{"GORACE=include={self} soft_rss_limit_mb=1 atexit_sleep_ms=10 abort_on_error=1"}, exit: 66},
	},
}

// The C library does what it can do.
var libc = program{
	pkg: "./libc", set: "c", faults: true, needs: []string{"getppid"}, // it starts a shell
	ways: []way{
		{args: []string{"threads", "memory", "direct"}}, {args: []string{"callbacks"}}, {args: []string{"cancel"}},
		{args: []string{"files", "waits", "shared"}}, {args: []string{"processes"}}, {args: []string{"signals"}},
		{args: []string{"timers", "locale"}, env: []string{"LANG=C.UTF-8", "TZ=:/usr/share/zoneinfo/Europe/Paris"}},
		{args: []string{"locale"}, env: []string{"LC_ALL=no_SUCH"}},
		{args: []string{"loads"}}, {args: []string{"lookups"}}, {args: []string{"abort"}, exit: 2}, {args: []string{"bogus"}, exit: 2},
	},
}

var cpp = program{
	pkg: "./cpp", set: "c", faults: true,
	ways: []way{{args: []string{"{dir}"}}, {args: []string{"{dir}/missing"}, exit: 1}},
}

var purego = program{pkg: "./purego", set: "c", module: "github.com/ebitengine/purego", refused: true, ways: []way{{}}}

var sqlite = program{
	pkg: "./sqlite", set: "c", faults: true, module: "github.com/mattn/go-sqlite3", loads: []string{}, // no extension of SQLite
	ways: []way{{args: []string{"{dir}"}}, {args: []string{"{dir}/missing"}, exit: 1}, {exit: 1}},
}

var sqlitego = program{
	pkg: "./sqlitego", set: "c", module: "modernc.org/sqlite",
	ways: []way{{args: []string{"{dir}"}}, {args: []string{"{dir}/missing"}, exit: 1}},
}

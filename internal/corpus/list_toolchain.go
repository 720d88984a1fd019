package main

import (
	"slices"
	"syscall"
)

// What go starts in its workloads.
var started = []string{"go", "compile", "link", "asm", "vet", "good.test", "good.exe"}

// What the compiler reads is for this architecture, whatever it runs on itself.
var packages = []string{"GOARCH=amd64"}

// A user of whom the toolchain counts what it does.
var counting = []string{"HOME={dir}/counted"}

// The Go toolchain's own programs, built from its sources.
var toolchain = []program{
	{
		pkg: "cmd/go", ci: true, faults: true, starts: started,
		ways: []way{
			{args: []string{"build", "-C", "good", "-o", "{dir}/good.exe", "."}},
			{args: []string{"build", "-C", "broken", "."}, exit: 1},
			{args: []string{"run", "-C", "good", "."}},
			{args: []string{"vet", "-C", "good", "."}},
			{args: []string{"vet", "-C", "wrong", "."}, exit: 1},
			{args: []string{"test", "-C", "good", "."}},
			{args: []string{"test", "-C", "good", "-count=1", "-run=.", "-bench=.", "-benchtime=10x", "-cover", "."}},
			{args: []string{"list", "-deps", "-json", "net/http"}},
			{args: []string{"list", "./missing"}, exit: 1},
			{args: []string{"env", "-json"}},
			{args: []string{"-C", "alone", "mod", "init", "example.com/alone"}},
			{args: []string{"-C", "good", "mod", "init", "example.com/again"}, exit: 1},
			{args: []string{"-C", "good", "mod", "edit", "-json"}},
			{args: []string{"-C", "good", "mod", "tidy"}},
			{args: []string{"mod", "download", "example.com/missing@v1.0.0"}, exit: 1},
			{args: []string{"version", "-m", "{self}"}},
			{args: []string{"clean", "-C", "good", "-n"}},
			{args: []string{"help", "build"}},
			{args: []string{"bogus"}, exit: 2},
			{args: []string{"-C", "generate", "generate", "-x"}, env: stubs},
			{args: []string{"-C", "generate", "list", "-m", "example.com/missing@latest"}, env: []string{"GOPROXY=http://127.0.0.1:1", "GONOSUMDB=*"}, exit: 1},
			{args: []string{"-C", "generate", "mod", "download"}, env: []string{"GOPROXY=direct", "GONOSUMDB=*"}, exit: 1},
			{args: []string{"-C", "fuzz", "test", "-fuzz=.", "-fuzztime=20x"}},
			{args: []string{"-C", "good", "test", "-c", "-o", "{dir}/good.test", "-race"}, exit: 2},
			{args: []string{"-C", "good", "install", "-ldflags=-w", "."}, env: []string{"GOBIN={dir}/bin"}},
			{args: []string{"-C", "good", "build", "-a", "-o", "/dev/full"}, env: []string{"GOCACHE=off"}, exit: 1},
			{args: []string{"-C", "good", "test", "-json", "-cpuprofile=cpu", "-trace=trace", "-exec", "{prep}/good.exe", "."}},
			{args: []string{"-C", "good", "mod", "vendor"}},
			{args: []string{"-C", "good", "work", "init"}, exit: 0},
			{args: []string{"doc", "fmt.Println"}},
			{args: []string{"env", "-w", "GOFLAGS="}, env: []string{"GOENV={dir}/env"}},
			{args: []string{"tool", "-n", "compile"}},
			{args: []string{"tool", "nm", "{prep}/good.exe"}},
			{args: []string{"clean", "-cache"}, env: []string{"GOCACHE={dir}/cache"}},
			{args: []string{"telemetry"}, env: counting},
			{args: []string{"build", "-C", "good", "-o", "{dir}/good.exe", "."}, env: []string{"GOCACHE={dir}/cache"}, exit: 130, drive: interrupted("cache")},
		},
	},
	{
		pkg: "cmd/gofmt", ci: true, faults: true,
		ways: []way{
			{args: []string{"-l", "-w", "-s", "good", "wrong"}},
			{args: []string{"-d", "good"}},
			{stdin: "package p\nfunc  f( ) {}\n"},
			{args: []string{"-l", "broken"}, exit: 2},
			{args: []string{"missing.go"}, exit: 2},
		},
	},
	{
		pkg: "cmd/vet", ci: true, faults: true, starts: []string{"good.exe"},
		ways: []way{
			{args: []string{"alone/vet.cfg"}},
			{args: []string{"wrong/vet.cfg"}, exit: 1},
			{args: []string{"-V=full"}},
			{args: []string{"missing.cfg"}, exit: 1},
			{env: counting, args: []string{"alone/vet.cfg"}},
			{args: []string{"-json", "wrong/vet.cfg"}},
			{args: []string{"-flags"}},
			{args: []string{"alone/gccgo.cfg"}, env: stubs},
		},
	},
	{
		pkg: "cmd/compile", ci: true, faults: true, starts: []string{"good.exe"},
		ways: []way{
			{env: packages, args: []string{"-p", "main", "-importcfg", "{prep}/importcfg", "-o", "main.a", "good/main.go"}},
			{env: packages, args: []string{"-p", "alone", "-S", "-o", "alone.a", "alone/alone.go"}},
			{env: packages, args: []string{"-p", "broken", "broken/broken.go"}, exit: 2},
			{env: packages, args: []string{"-cpuprofile", "cpu", "-memprofile", "memory", "-p", "alone", "-o", "alone.a", "alone/alone.go"}},
			{env: packages, args: []string{"missing.go"}, exit: 2},
			{env: packages, args: []string{"-traceprofile", "trace", "-blockprofile", "block", "-mutexprofile", "mutex", "-p", "alone", "-o", "alone.a", "alone/alone.go"}},
			{env: append(packages, counting...), args: []string{"-V=full"}},
			{env: slices.Concat(packages, stubs, []string{"GOSSAFUNC=(*tree).depth:*", "GOSSADIR={dir}/tmp"}), args: []string{"-p", "alone", "-o", "alone.a", "alone/alone.go"}},
			{env: packages, args: []string{"-p", "alone", "-bench", "bench", "-json", "0,{dir}/json", "-asmhdr", "hdr", "-pack", "-o", "alone.a", "alone/alone.go"}},
			{env: packages, args: []string{"-p", "alone", "-o", "/dev/full", "alone/alone.go"}, exit: 1},
		},
	},
	{
		pkg: "cmd/link", ci: true, faults: true,
		ways: []way{
			{args: []string{"-importcfg", "{prep}/importcfg", "-o", "main", "{prep}/main.a"}},
			{args: []string{"-importcfg", "{prep}/importcfg", "-s", "-w", "-o", "main", "{prep}/main.a"}},
			{args: []string{"-o", "main", "missing.a"}, exit: 2},
			{args: []string{"-importcfg", "{prep}/importcfg", "-cpuprofile", "cpu", "-memprofile", "memory", "-o", "main", "{prep}/main.a"}},
			{args: []string{"-importcfg", "{prep}/importcfg", "-o", "/dev/full", "{prep}/main.a"}, exit: 2},
			{args: []string{"-importcfg", "{prep}/importcfg", "-linkmode=external", "-extld=/bin/false", "-o", "main", "{prep}/main.a"}, exit: 2},
			{env: stubs, args: []string{"-importcfg", "{prep}/importcfg", "-linkmode=external", "-extld=good.exe", "-o", "tmp/main", "{prep}/main.a"}},
			{args: []string{"-importcfg", "{prep}/importcfg", "-buildmode=c-archive", "-extar={prep}/good.exe", "-o", "main.a", "{prep}/main.a"}},
			{args: []string{"-importcfg", "{prep}/importcfg", "-o", "good/main.go", "-memprofile=/dev/full", "{prep}/main.a"}, exit: 1},
			{args: []string{"-V=full"}, env: counting},
		},
	},
	{
		pkg: "cmd/asm", ci: true, faults: true,
		ways: []way{
			{args: []string{"-p", "main", "-o", "asm.o", "good/asm_amd64.s"}},
			{args: []string{"-p", "main", "-o", "asm.o", "broken/broken.s"}, exit: 1},
			{args: []string{"missing.s"}, exit: 1},
		},
	},
	{
		pkg: "cmd/cover", faults: true, starts: append([]string{"good.exe"}, started...),
		ways: []way{
			{args: []string{"-mode=set", "-o", "covered.go", "good/main.go"}},
			{args: []string{"-mode=set", "broken/broken.go"}, exit: 1},
			{args: []string{"-html=cover.out"}, env: []string{"BROWSER={prep}/good.exe"}},
			{args: []string{"-html=cover.out"}, env: append(stubs, "BROWSER=good.exe")},
			{args: []string{"-html=cover.out", "-o", "cover.html"}},
			{args: []string{"-func=cover.out"}},
			{args: []string{"-func=cover.out", "-o", "/dev/full"}},
			{args: []string{"-func=elsewhere.out"}, exit: 2},
			{env: counting, args: []string{"-func=cover.out"}},
		},
	},
	{
		pkg: "cmd/nm", faults: true,
		ways: []way{
			{args: []string{"-size", "-sort", "size", "-type", "{prep}/good.exe"}},
			{args: []string{"zone"}, exit: 1},
		},
	},
	{
		pkg: "cmd/objdump", faults: true,
		ways: []way{
			{args: []string{"-s", "main.main", "{prep}/good.exe"}},
			{args: []string{"zone"}, exit: 1},
		},
	},
	{
		pkg: "cmd/pack", faults: true,
		ways: []way{
			{args: []string{"grc", "new.a", "zone", "data.json"}},
			{args: []string{"t", "{prep}/main.a"}},
			{args: []string{"x", "{prep}/main.a"}},
			{args: []string{"t", "missing.a"}, exit: 1},
		},
	},
	{
		pkg: "cmd/pprof", faults: true, starts: []string{"good.exe"},
		ways: []way{
			{args: []string{"-top", "missing"}, exit: 2},
			{args: []string{"-top", "{prep}/profile"}},
			{args: []string{"-peek=nothing", "-output=peek", "{prep}/good.exe", "{prep}/profile"}, exit: 2},
			{args: []string{"-traces", "-output=traces", "{prep}/profile"}},
			{args: []string{"-disasm=main", "{prep}/good.exe", "{prep}/profile"}, exit: 2},
			{args: []string{"-svg", "{prep}/profile"}, exit: 2},
			{args: []string{"-svg", "{prep}/profile"}, env: stubs},
			{args: []string{"-web", "{prep}/profile"}, env: append(stubs, "BROWSER=xdg-open")},
			{args: []string{"-proto", "-symbolize=force", "{prep}/good.exe", "{prep}/profile"}},
			{args: []string{"-top", "http://127.0.0.1:1/debug/pprof/profile?seconds=1"}, exit: 2},
			{args: []string{"-top", "-seconds=1", "http://localhost:1/debug/pprof/profile"}, exit: 2},
			{args: []string{"{prep}/profile"}, stdin: "top 3\nweb\npng >out.png\nraw >out\nquit\n"},
			{args: []string{"{prep}/profile"}, keys: []string{"top 3\n", "quit\n"}},
			{args: []string{"{prep}/profile"}, keys: []string{"top 3\n", "quit\n"}, env: []string{"TERM=xterm"}},
			{args: []string{"-weblist=nothing", "-output=list", "{prep}/good.exe", "{prep}/profile"}, exit: 2},
			{args: []string{"-http=127.0.0.1:{port}", "-no_browser", "{prep}/profile"}, exit: 128 + 15, drive: func(l *live) error {
				if err := l.retry(func() error { return l.get(l.port, "/ui/top", 200) }); err != nil {
					return err
				}
				return l.end(syscall.SIGTERM)
			}},
		},
	},
	{
		pkg: "cmd/test2json", faults: true, starts: []string{"good.test"},
		ways: []way{
			{args: []string{"-t", "{prep}/good.test", "-test.v=test2json"}},
			{args: []string{"good.exe"}, env: stubs},
			{args: []string{"missing"}, exit: 1},
			{args: []string{"{dir}/data.json"}, exit: 1},
			{args: []string{"{prep}/good.test", "-test.v", "-test.bench=.", "-test.benchtime=500ms", "-test.cpuprofile=cpu"}, drive: interrupted("cpu")},
			{env: counting, stdin: "=== RUN TestX\n"},
			{stdin: "=== RUN TestX\n--- PASS: TestX (0.00s)\nPASS\n"},
		},
	},
}

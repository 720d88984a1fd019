package main

import "syscall"

// What go starts in its workloads.
var started = []string{"go", "compile", "link", "asm", "vet", "good.test", "good.exe"}

// What the compiler reads is for this architecture, whatever it runs on itself.
var packages = []string{"GOARCH=amd64"}

// The Go toolchain's own programs, built from its sources.
var toolchain = []program{
	{
		pkg: "cmd/go", ci: true, starts: started,
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
		pkg: "cmd/vet", ci: true,
		ways: []way{
			{args: []string{"alone/vet.cfg"}},
			{args: []string{"wrong/vet.cfg"}, exit: 1},
			{args: []string{"-V=full"}},
			{args: []string{"missing.cfg"}, exit: 1},
		},
	},
	{
		pkg: "cmd/compile", ci: true, faults: true,
		ways: []way{
			{env: packages, args: []string{"-p", "main", "-importcfg", "{prep}/importcfg", "-o", "main.a", "good/main.go"}},
			{env: packages, args: []string{"-p", "alone", "-S", "-o", "alone.a", "alone/alone.go"}},
			{env: packages, args: []string{"-p", "broken", "broken/broken.go"}, exit: 2},
			{env: packages, args: []string{"-cpuprofile", "cpu", "-memprofile", "memory", "-p", "alone", "-o", "alone.a", "alone/alone.go"}},
			{env: packages, args: []string{"missing.go"}, exit: 2},
		},
	},
	{
		pkg: "cmd/link", ci: true,
		ways: []way{
			{args: []string{"-importcfg", "{prep}/importcfg", "-o", "main", "{prep}/main.a"}},
			{args: []string{"-importcfg", "{prep}/importcfg", "-s", "-w", "-o", "main", "{prep}/main.a"}},
			{args: []string{"-o", "main", "missing.a"}, exit: 2},
		},
	},
	{
		pkg: "cmd/asm", ci: true,
		ways: []way{
			{args: []string{"-p", "main", "-o", "asm.o", "good/asm_amd64.s"}},
			{args: []string{"-p", "main", "-o", "asm.o", "broken/broken.s"}, exit: 1},
			{args: []string{"missing.s"}, exit: 1},
		},
	},
	{
		pkg: "cmd/cover",
		ways: []way{
			{args: []string{"-mode=set", "-o", "covered.go", "good/main.go"}},
			{args: []string{"-mode=set", "broken/broken.go"}, exit: 1},
		},
	},
	{
		pkg: "cmd/nm",
		ways: []way{
			{args: []string{"-size", "-sort", "size", "-type", "{prep}/good.exe"}},
			{args: []string{"zone"}, exit: 1},
		},
	},
	{
		pkg: "cmd/objdump",
		ways: []way{
			{args: []string{"-s", "main.main", "{prep}/good.exe"}},
			{args: []string{"zone"}, exit: 1},
		},
	},
	{
		pkg: "cmd/pack",
		ways: []way{
			{args: []string{"grc", "new.a", "zone", "data.json"}},
			{args: []string{"t", "{prep}/main.a"}},
			{args: []string{"x", "{prep}/main.a"}},
			{args: []string{"t", "missing.a"}, exit: 1},
		},
	},
	{
		pkg: "cmd/pprof",
		ways: []way{
			{args: []string{"-top", "missing"}, exit: 2},
			{args: []string{"-http=127.0.0.1:{port}", "-no_browser", "{prep}/profile"}, exit: 128 + 15, drive: func(l *live) error {
				if err := l.retry(func() error { return l.get(l.port, "/ui/top", 200) }); err != nil {
					return err
				}
				return l.end(syscall.SIGTERM)
			}},
		},
	},
	{
		pkg: "cmd/test2json", starts: []string{"good.test"},
		ways: []way{
			{args: []string{"-t", "{prep}/good.test", "-test.v=test2json"}},
			{stdin: "=== RUN TestX\n--- PASS: TestX (0.00s)\nPASS\n"},
		},
	},
}

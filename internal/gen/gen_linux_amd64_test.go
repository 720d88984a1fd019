package gen_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const advice = "run_curb_gen_again__this_build_is_not_the_one_it_looked_at"

var generated = []string{"curb_linux_amd64.go", "curb_other.go", "curb_mismatch.go"}

// curb is the built command.
var curb string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "curb-gen-test")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		curb = filepath.Join(dir, "curb")
		if out, err := exec.Command("go", "build", "-o", curb, "../../cmd/curb").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build curb: %v\n%s", err, out)
			return 1
		}
		// curb keeps results in the user's cache directory, and go what it builds.
		builds, err := exec.Command("go", "env", "GOCACHE").Output()
		if err != nil {
			fmt.Fprintln(os.Stderr, "go env:", err)
			return 1
		}
		os.Setenv("GOCACHE", strings.TrimSpace(string(builds)))
		os.Setenv("XDG_CACHE_HOME", dir)
		return m.Run()
	}())
}

// program is a main package that has a file for each kind of build. The tag
// door opens a back door, which the list is not to know of.
var program = map[string]string{
	"main.go": `package main

import (
	"fmt"
	"os"
)

func main() {
	curbLockDown()
	if len(os.Args) > 1 {
		door()
	}
	fmt.Println(work())
}

func work() string { return "done" }
`,
	"door.go": `//go:build door

package main

import (
	"fmt"
	"syscall"
)

//go:noinline
func door() {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SOCKET, syscall.AF_INET, syscall.SOCK_STREAM, 0)
	fmt.Println("door:", errno)
}
`,
	"door_off.go":  "//go:build !door\n\npackage main\n\nfunc door() {}\n",
	"extra.go":     "//go:build extra\n\npackage main\n\nfunc init() { println(`extra`) }\n",
	"main_test.go": "package main\n\nimport \"testing\"\n\nfunc TestWork(t *testing.T) {\n\tif work() != `done` {\n\t\tt.Fatal(work())\n\t}\n}\n",
}

// module makes a module with these files that finds curb in this repository.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, dir, "go.sum", string(sums))
	put(t, dir, "go.mod", fmt.Sprintf("module example.test/prog\n\ngo 1.26.0\n\nrequire github.com/gocurb/curb v0.0.0\n\nreplace github.com/gocurb/curb => %s\n", root))
	for name, text := range files {
		put(t, dir, name, text)
	}
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// An ending is how a command ended.
type ending struct {
	status         int
	stdout, stderr string
}

// in runs a command in a directory, without C unless env says otherwise.
func in(t *testing.T, dir string, env []string, name string, args ...string) ending {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = slices.Concat(cmd.Environ(), []string{"GOFLAGS=-mod=mod", "CGO_ENABLED=0"}, env)
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v\n%s%s", cmd, err, &stdout, &stderr)
	}
	return ending{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// mustGen generates the lock-down of the module in dir.
func mustGen(t *testing.T, dir string, flags ...string) ending {
	t.Helper()
	end := in(t, dir, nil, curb, slices.Concat([]string{"gen", "--ignore-tags=door"}, flags, []string{"."})...)
	if end.status != 0 || end.stdout != "" {
		t.Fatalf("curb gen %q: %+v", flags, end)
	}
	return end
}

// mustBuild builds it.
func mustBuild(t *testing.T, dir string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "prog")
	if end := in(t, dir, nil, "go", slices.Concat([]string{"build", "-o", out}, flags, []string{"."})...); end.status != 0 {
		t.Fatalf("go build %q: %s", flags, end.stderr)
	}
	return out
}

func TestSameBytesAgain(t *testing.T) {
	dir := module(t, program)
	first := mustGen(t, dir)
	line := regexp.MustCompile(`^curb: wrote curb_linux_amd64\.go, curb_other\.go, curb_mismatch\.go: (\d+) of \d+ system calls allowed\n$`)
	if !line.MatchString(first.stderr) {
		t.Errorf("stderr: %q", first.stderr)
	}
	texts := make(map[string]string)
	for _, name := range generated {
		texts[name] = get(t, dir, name)
	}
	if end := mustGen(t, dir); !strings.HasPrefix(end.stderr, "curb: curb_linux_amd64.go is unchanged: ") {
		t.Errorf("again: %q", end.stderr)
	}
	// A list that is out of date has no influence on the next.
	put(t, dir, "curb_linux_amd64.go", "// Code generated by curb gen; DO NOT EDIT.\n\n//go:build linux && foo\n\npackage main\n\nimport _ \"net\"\n")
	put(t, dir, "curb_mismatch.go", "// Code generated by curb gen; DO NOT EDIT.\n\n//go:build bar\n\npackage main\n")
	if end := mustGen(t, dir); !strings.HasPrefix(end.stderr, "curb: wrote curb_linux_amd64.go, curb_mismatch.go: ") {
		t.Errorf("over stale files: %q", end.stderr)
	}
	for name, text := range texts {
		if got := get(t, dir, name); got != text {
			t.Errorf("%s has become:\n%s\nwas:\n%s", name, got, text)
		}
	}
	if end := in(t, dir, nil, "gofmt", "-l", "."); end.stdout != "" {
		t.Errorf("not formatted: %s", end.stdout)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".curb*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestLockedProgram(t *testing.T) {
	dir := module(t, program)
	mustGen(t, dir)
	done := ending{stdout: "done\n"}
	t.Run("works", func(t *testing.T) {
		if got := in(t, dir, nil, mustBuild(t, dir)); got != done {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("under curb run", func(t *testing.T) {
		if got := in(t, dir, nil, curb, "run", "--quiet", "--deny=trap", "."); got != done {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("is locked", func(t *testing.T) {
		want := ending{stdout: "door: operation not permitted\ndone\n"}
		if got := in(t, dir, nil, mustBuild(t, dir, "-tags=door"), "door"); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
	t.Run("go test and go vet", func(t *testing.T) {
		for _, verb := range []string{"test", "vet"} {
			if got := in(t, dir, nil, "go", verb, "."); got.status != 0 {
				t.Errorf("go %s: %+v", verb, got)
			}
		}
	})
}

func TestBuilds(t *testing.T) {
	dir := module(t, program)
	mustGen(t, dir)
	for _, test := range []struct {
		name  string
		env   []string
		flags []string
		fits  bool
	}{
		{name: "darwin", env: []string{"GOOS=darwin"}, fits: true},
		{name: "windows", env: []string{"GOOS=windows"}, fits: true},
		{name: "tag of no file", flags: []string{"-tags=unheard_of"}, fits: true},
		{name: "ignored tag", flags: []string{"-tags=door"}, fits: true},
		{name: "cgo where no package uses it", env: []string{"CGO_ENABLED=1"}, fits: true},
		{name: "tag", flags: []string{"-tags=extra"}},
		{name: "two tags", flags: []string{"-tags=door,extra"}},
		{name: "arm64", env: []string{"GOARCH=arm64"}},
		{name: "race", env: []string{"CGO_ENABLED=1"}, flags: []string{"-race"}},
		{name: "next release", flags: []string{"-tags=go1.27"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			end := in(t, dir, test.env, "go", slices.Concat([]string{"build", "-o", filepath.Join(t.TempDir(), "prog")}, test.flags, []string{"."})...)
			switch {
			case test.fits && end.status != 0:
				t.Errorf("does not build: %s", end.stderr)
			case !test.fits && (end.status == 0 || !strings.Contains(end.stderr, advice)):
				t.Errorf("status %d, want an error that says what to do; it says: %s", end.status, end.stderr)
			}
		})
	}
}

// TestNextRelease does with a real toolchain what TestBuilds does with a tag.
func TestNextRelease(t *testing.T) {
	const next = "go1.27.4"
	dir := module(t, program)
	mustGen(t, dir)
	env := []string{"GOTOOLCHAIN=" + next}
	if end := in(t, dir, env, "go", "version"); end.status != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal(end.stderr)
		}
		t.Skipf("%s is not here and cannot be had: %s", next, end.stderr)
	}
	if end := in(t, dir, env, "go", "build", "-o", os.DevNull, "."); end.status == 0 || !strings.Contains(end.stderr, advice) {
		t.Errorf("with %s: %+v", next, end)
	}
	if end := in(t, dir, env, curb, "gen", "--ignore-tags=door", "."); end.status != 0 {
		t.Errorf("gen with %s: %+v", next, end)
	}
	if end := in(t, dir, env, "go", "run", "."); end != (ending{stdout: "done\n"}) {
		t.Errorf("generated and run with %s: %+v", next, end)
	}
}

func TestTagsThatWereSet(t *testing.T) {
	dir := module(t, program)
	mustGen(t, dir, "--tags=extra")
	if want := "//\tcurb gen --tags extra --ignore-tags door ."; !strings.Contains(get(t, dir, "curb_linux_amd64.go"), want) {
		t.Errorf("the file does not say %q:\n%s", want, get(t, dir, "curb_linux_amd64.go"))
	}
	if got, want := in(t, dir, nil, mustBuild(t, dir, "-tags=extra")), (ending{stdout: "done\n", stderr: "extra\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if end := in(t, dir, nil, "go", "build", "-o", os.DevNull, "."); end.status == 0 || !strings.Contains(end.stderr, advice) {
		t.Errorf("without the tag: %+v", end)
	}
}

func TestDenyTrap(t *testing.T) {
	dir := module(t, program)
	mustGen(t, dir, "--deny=trap")
	end := in(t, dir, nil, mustBuild(t, dir, "-tags=door"), "door")
	for _, want := range []string{"SIGSYS", "main.door()", "door.go:"} {
		if !strings.Contains(end.stderr, want) {
			t.Errorf("no %q in the trace:\n%s", want, end.stderr)
		}
	}
	if end.status != 2 || end.stdout != "" {
		t.Errorf("status %d, stdout %q; want a Go program's death", end.status, end.stdout)
	}
}

func TestAllow(t *testing.T) {
	dir := module(t, program)
	mustGen(t, dir, "--allow=socket")
	if !regexp.MustCompile(`(?m)^//\tsocket +allowed by --allow$`).MatchString(get(t, dir, "curb_linux_amd64.go")) {
		t.Errorf("the file does not list it:\n%s", get(t, dir, "curb_linux_amd64.go"))
	}
	want := ending{stdout: "door: errno 0\ndone\n"}
	if got := in(t, dir, nil, mustBuild(t, dir, "-tags=door"), "door"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	end := in(t, dir, nil, curb, "gen", "--allow=soket", ".")
	if end.status != 2 || !strings.Contains(end.stderr, "socket") {
		t.Errorf("a wrong name: %+v", end)
	}
}

func TestNobodyCallsIt(t *testing.T) {
	dir := module(t, map[string]string{"main.go": "package main\n\nfunc main() {\n\tprintln()\n}\n"})
	end := in(t, dir, nil, curb, "gen", ".")
	if end.status != 1 || !strings.Contains(end.stderr, "main (main.go:3), or ") || !strings.HasSuffix(end.stderr, ":\n\tcurbLockDown()\n") {
		t.Errorf("got %+v, want status 1 and what to add where", end)
	}
	for _, name := range generated {
		get(t, dir, name)
	}
	if text := get(t, dir, "curb_linux_amd64.go"); !strings.Contains(text, "from main.main on, since") {
		t.Errorf("it does not say from when on the list counts:\n%.900s", text)
	}
	put(t, dir, "main.go", "package main\n\nfunc main() {\n\tcurbLockDown()\n\tprintln()\n}\n")
	if end := in(t, dir, nil, curb, "gen", "."); end.status != 0 {
		t.Errorf("with the call: %+v", end)
	}
}

func TestForeignFileIsNotOverwritten(t *testing.T) {
	const own = "package main\n\nfunc curbLockDown() {}\n"
	for _, name := range append(slices.Clone(generated), "curb_linux_arm64.go") {
		t.Run(name, func(t *testing.T) {
			dir := module(t, program)
			put(t, dir, name, own)
			end := in(t, dir, nil, curb, "gen", "--ignore-tags=door", ".")
			if end.status != 2 || !strings.Contains(end.stderr, name) {
				t.Errorf("got %+v, want status 2 and the file's name", end)
			}
			if found, _ := filepath.Glob(filepath.Join(dir, "*curb_*")); len(found) != 1 || get(t, dir, name) != own {
				t.Errorf("the file was changed, or others written: %q", found)
			}
		})
	}
}

// TestSecondArchitecture: the file that does not compile makes room for what
// other runs generated.
func TestSecondArchitecture(t *testing.T) {
	dir := module(t, program)
	put(t, dir, "curb_linux_arm64.go", "// Code generated by curb gen; DO NOT EDIT.\n\n//go:build linux && arm64 && !extra\n\npackage main\n\nfunc curbLockDown() {}\n")
	mustGen(t, dir)
	for _, arch := range []string{"amd64", "arm64", "riscv64"} {
		for _, tags := range []string{"", "extra"} {
			end := in(t, dir, []string{"GOARCH=" + arch}, "go", "build", "-o", os.DevNull, "-tags="+tags, ".")
			if fits := arch != "riscv64" && tags == ""; fits != (end.status == 0) || !fits && !strings.Contains(end.stderr, advice) {
				t.Errorf("%s with tags %q: %+v", arch, tags, end)
			}
		}
	}
}

// TestC: the list of a program whose packages differ by cgo is for one of them, and
// holds for the program that it was made for.
func TestC(t *testing.T) {
	dir := module(t, map[string]string{"main.go": "package main\n\nimport \"net\"\n\nfunc main() {\n\tcurbLockDown()\n\tprintln(net.ParseIP(`::1`).String())\n}\n"})
	if end := in(t, dir, nil, curb, "gen", "."); end.status != 0 {
		t.Fatalf("without C: %+v", end)
	}
	before := get(t, dir, "curb_linux_amd64.go")
	if !strings.Contains(before, "&& !cgo\n") {
		t.Errorf("nothing says that the list is for builds without C:\n%.400s", before)
	}
	cgo := []string{"CGO_ENABLED=1"}
	if end := in(t, dir, cgo, "go", "build", "-o", os.DevNull, "."); end.status == 0 || !strings.Contains(end.stderr, advice) {
		t.Errorf("a build with C: %+v", end)
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skipf("programs with C cannot be built: %v", err)
	}
	if end := in(t, dir, cgo, curb, "gen", "."); end.status != 0 {
		t.Fatalf("with C: %+v", end)
	}
	if after := get(t, dir, "curb_linux_amd64.go"); !strings.Contains(after, "&& cgo\n") {
		t.Errorf("nothing says that the list is for builds with C:\n%.400s", after)
	}
	if end := in(t, dir, cgo, "go", "run", "."); end.status != 0 || end.stderr != "::1\n" {
		t.Errorf("locked down, with C: %+v", end)
	}
	loads := module(t, map[string]string{"main.go": "package main\n\n// #include <dlfcn.h>\nimport \"C\"\nimport \"os\"\n\n" +
		"func main() {\n\tcurbLockDown()\n\tC.dlopen(C.CString(os.Args[0]), C.RTLD_NOW)\n}\n"})
	if end := in(t, loads, cgo, curb, "gen", "."); end.status != 3 || !strings.Contains(end.stderr, "with CGO_ENABLED=0") {
		t.Errorf("with C that may load anything: %+v, want status 3 and advice", end)
	}
	if _, err := os.Stat(filepath.Join(loads, "curb_linux_amd64.go")); err == nil {
		t.Error("a lock-down was written for it")
	}
}

func TestBadInput(t *testing.T) {
	dir := module(t, map[string]string{
		"lib/lib.go":     "package lib\n",
		"broken/main.go": "package main\n\nfunc main() { curbLockDown(); undefined() }\n",
		"syntax/main.go": "package main\n\nfunc main() {\n",
		"empty/README":   "",
		"prog/main.go":   program["main.go"] + "\nfunc door() {}\n",
		"text":           "text\n",
	})
	temp := t.TempDir()
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "accepts 1 arg"},
		{[]string{"./prog", "./lib"}, "accepts 1 arg"},
		{[]string{"--deny=maybe", "./prog"}, "errno, trap, kill or log"},
		{[]string{"--no-such-flag", "./prog"}, "no-such-flag"},
		{[]string{"./..."}, "packages"},
		{[]string{"./lib"}, "not a program"},
		{[]string{"./broken"}, "undefined: undefined"},
		{[]string{"./syntax"}, "main.go:"},
		{[]string{"./empty"}, "empty"},
		{[]string{"./nowhere"}, "nowhere"},
		{[]string{"./text"}, "text"},
		{[]string{"fmt"}, "not a program"},
		{[]string{"./prog/main.go"}, "name its directory"},
		{[]string{"--tags=a b)c", "./prog"}, ""},
	} {
		end := in(t, dir, []string{"TMPDIR=" + temp}, curb, append([]string{"gen"}, test.args...)...)
		if end.status != 2 || !strings.Contains(end.stderr, test.want) || strings.Contains(end.stderr, "panic") || end.stderr == "" {
			t.Errorf("curb gen %q: %+v; want status 2 and %q", test.args, end, test.want)
		}
		if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
			t.Errorf("curb gen %q leaves behind %q", test.args, left)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "*curb*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestFlagsInTheEnvironment: GOFLAGS counts like flags.
func TestFlagsInTheEnvironment(t *testing.T) {
	dir := module(t, program)
	end := in(t, dir, []string{"GOFLAGS=-mod=mod -race", "CGO_ENABLED=1"}, curb, "gen", "--ignore-tags=door", ".")
	if end.status != 2 || !strings.Contains(end.stderr, "race detector") {
		t.Errorf("-race: %+v", end)
	}
	end = in(t, dir, []string{"GOFLAGS=-mod=mod -tags=extra"}, curb, "gen", "--ignore-tags=door", ".")
	if end.status != 0 || !strings.Contains(get(t, dir, "curb_linux_amd64.go"), "&& extra\n") {
		t.Errorf("-tags: %+v", end)
	}
}

// TestLoadingAddsNoMore: the list, which is made without the code that loads the
// filter, lacks nothing that the program can do with this code once the filter is in
// force; see the package comment.
func TestLoadingAddsNoMore(t *testing.T) {
	dir := module(t, program)
	mustGen(t, dir)
	listed := make(map[string]bool)
	for _, match := range regexp.MustCompile(`(?m)^//\t(\w+) +\S+.*$`).FindAllStringSubmatch(get(t, dir, "curb_linux_amd64.go"), -1) {
		listed[match[1]] = true
	}
	end := in(t, dir, nil, curb, "scan", "--phase=locked", "--json", ".")
	var found struct{ Syscalls []struct{ Name string } }
	if err := json.Unmarshal([]byte(end.stdout), &found); err != nil || len(found.Syscalls) == 0 {
		t.Fatalf("curb scan: %v: %+v", err, end)
	}
	for _, call := range found.Syscalls {
		if !listed[call.Name] {
			t.Errorf("the locked program can make %s, which the list lacks", call.Name)
		}
	}
}

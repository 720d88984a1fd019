//go:build linux && (amd64 || arm64)

package launch

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// field returns a line's value in /proc/PID/status or limits.
func field(t *testing.T, text, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + `:?\s+(.*)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("there is no %s in\n%s", name, text)
	}
	return strings.TrimSpace(m[1])
}

func signalField(t *testing.T, text, name string) signalSet {
	t.Helper()
	set, err := strconv.ParseUint(field(t, text, name), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return signalSet(set)
}

// The filter has just the four calls of the program and kills at any other, so
// that nothing of curb's can be under it.
func TestProgramStartsAsIfAlone(t *testing.T) {
	cmd := curb(t, "raw", "raw", "/proc/self/cmdline")
	if got, want := output(t, cmd), program(t, "raw")+"\x00/proc/self/cmdline\x00"; got != want {
		t.Errorf("arguments %q, want %q", got, want)
	}

	cmd = curb(t, "raw", "raw", "/proc/self/environ")
	cmd.Env = []string{"B=1", roleVariable + "=curb", "A=x=y", "EMPTY=", "B2=\xff"}
	if got, want := output(t, cmd), "B=1\x00A=x=y\x00EMPTY=\x00B2=\xff\x00"; got != want {
		t.Errorf("environment %q, want %q", got, want)
	}

	status := output(t, curb(t, "raw", "raw", "/proc/self/status"))
	for name, want := range map[string]string{
		"Name": "raw", "Threads": "1", "NoNewPrivs": "1", "Seccomp": "2", "Seccomp_filters": "1",
		"SigBlk": "0000000000000000", "SigCgt": "0000000000000000",
	} {
		if got := field(t, status, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := ignored(t, status); got != 0 {
		t.Errorf("ignored signals %#x, want none", got)
	}
}

// ignored returns the signals that a program has ignored, without the two that
// the C library keeps to itself: its posix_spawn leaves those ignored in all
// that make starts.
func ignored(t *testing.T, status string) signalSet {
	t.Helper()
	var own signalSet
	own.add(32)
	own.add(33)
	return signalField(t, status, "SigIgn") &^ own
}

func TestNothingAllowed(t *testing.T) {
	cmd := curb(t, "nothing", "raw", "/dev/null")
	err := cmd.Run()
	if got := signalOf(err); got != unix.SIGSYS {
		t.Errorf("a program without any call ended with %v, want SIGSYS", err)
	}
}

// The environment, the arguments, and descriptors can also be given.
func TestGivenFilesAndEnvironment(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, []byte("from stdin"), 0o644); err != nil {
		t.Fatal(err)
	}
	stdin, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	cmd := &Cmd{
		Path:   program(t, "raw"),
		Args:   []string{"another name", "/proc/self/cmdline", "/proc/self/environ", "/proc/self/fd/0"},
		Env:    []string{"X=1"},
		Stdin:  stdin,
		Stdout: stdout,
		Filter: policies["raw"],
	}
	if status, err := cmd.Run(); err != nil || status != (Status{}) {
		t.Fatal(status, err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(append(cmd.Args, "X=1", "from stdin"), "\x00"); string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := cmd.Start(); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second start: %v", err)
	}
}

func TestProcessIsCurbsOnlyChild(t *testing.T) {
	dir := t.TempDir()
	cmd := curb(t, "raw", "raw", "/proc/self/stat")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stat := strings.Fields(output(t, cmd))
	if got, want := stat[3], strconv.Itoa(cmd.Process.Pid); got != want {
		t.Errorf("the program's parent is %s, want curb, %s", got, want)
	}
	if got, want := stat[4], strconv.Itoa(cmd.Process.Pid); got != want {
		t.Errorf("the program's process group is %s, want curb's, %s", got, want)
	}
}

func TestFilesAndDirectory(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "passed"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := curb(t, "kill", "probe", "files")
	cmd.Dir = dir
	cmd.ExtraFiles = []*os.File{file}
	alone := exec.Command(program(t, "probe"), "files")
	alone.ExtraFiles = cmd.ExtraFiles
	if got, want := openFiles(output(t, cmd)), openFiles(output(t, alone)); !maps.Equal(got, want) {
		t.Errorf("open files %v, and %v without curb", got, want)
	} else if got["3"] != file.Name() {
		t.Errorf("descriptor 3, which was passed in, is %q", got["3"])
	}

	// The path and the arguments are relative to the directory.
	if err := os.Link(program(t, "raw"), filepath.Join(dir, "local")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd = role(t, "curb", "raw", "", "./local", "text")
	cmd.Dir = dir
	if got := output(t, cmd); got != "hello" {
		t.Errorf("a program and a file in the current directory: %q", got)
	}
}

// openFiles reads what the probe says about descriptors from 3 on.
func openFiles(text string) map[string]string {
	names := map[string]string{}
	for line := range strings.Lines(text) {
		if fd, name, _ := strings.Cut(strings.TrimSpace(line), " "); fd > "2" || len(fd) > 1 {
			names[fd] = name
		}
	}
	return names
}

// Go raises the soft limit on open files for itself. The program gets the one
// that curb was started with, and so do other programs that curb starts later.
func TestLimitOnFiles(t *testing.T) {
	shell := exec.Command("/bin/sh", "-c", `ulimit -S -n 123; exec "$@"`, "sh", program(t, "curb"), "raw", "", program(t, "raw"), "/proc/self/limits")
	shell.Env = append(os.Environ(), roleVariable+"=curb")
	limits := output(t, shell)
	if got := strings.Fields(field(t, limits, "Max open files"))[0]; got != "123" {
		t.Errorf("the soft limit on open files is %s, want 123", got)
	}
}

// As far as Go's runtime leaves them alone, ignored signals stay ignored.
func TestIgnoredAndBlockedSignals(t *testing.T) {
	shell := exec.Command("/bin/sh", "-c", `trap "" HUP INT TSTP TTIN TTOU; exec "$@"`, "sh", program(t, "curb"), "raw", "", program(t, "raw"), "/proc/self/status")
	shell.Env = append(os.Environ(), roleVariable+"=curb")
	status := output(t, shell)
	want := signalSet(0)
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU} {
		want.add(sig)
	}
	if got := ignored(t, status); got != want {
		t.Errorf("ignored signals %#x, want %#x", got, want)
	}

	var blocked signalSet
	blocked.add(unix.SIGUSR1)
	blocked.add(unix.Signal(50))
	withBlocked(t, blocked, func() { status = output(t, curb(t, "raw", "raw", "/proc/self/status")) })
	if got := signalField(t, status, "SigBlk"); got != blocked {
		t.Errorf("blocked signals %#x, want %#x", got, blocked)
	}
}

// withBlocked calls f, which starts a command, with signals blocked, which the
// command inherits.
func withBlocked(t *testing.T, blocked signalSet, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	set, before := unix.Sigset_t{Val: [16]uint64{uint64(blocked)}}, unix.Sigset_t{}
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &set, &before); err != nil {
		t.Fatal(err)
	}
	defer unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
	f()
}

func TestUnprivileged(t *testing.T) {
	unprivileged := func(cmd *exec.Cmd) *exec.Cmd {
		if os.Geteuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		cmd.Dir = "/"
		return cmd
	}
	status := output(t, unprivileged(curb(t, "raw", "raw", "/proc/self/status")))
	if got := field(t, status, "CapEff"); got != "0000000000000000" {
		t.Fatalf("this is not an unprivileged user: CapEff is %s", got)
	}
	if got := field(t, status, "Seccomp"); got != "2" {
		t.Errorf("Seccomp is %s, want 2", got)
	}
	// The child was not dumpable; the program is again.
	if got := output(t, unprivileged(curb(t, "kill", "probe", "dumpable"))); got != "1\n" {
		t.Errorf("PR_GET_DUMPABLE gives %q in the program, want 1", got)
	}
	msg := failure(t, unprivileged(role(t, "curb", "raw", "", "/etc/shadow")))
	if !strings.Contains(msg, "cannot start /etc/shadow: it is not executable") {
		t.Errorf("for a file that may not be read: %s", msg)
	}
}

// After the one exec, exec is closed like any other call that is denied.
func TestExecIsClosed(t *testing.T) {
	self := program(t, "probe")
	if got := output(t, curb(t, "errno", "probe", "exec", self, "exit", "0")); got != "operation not permitted\n" {
		t.Errorf("under errno an exec gives %q", got)
	}
	for _, policy := range []string{"trap", "kill"} {
		cmd := curb(t, policy, "probe", "exec", self, "exit", "0")
		out, err := cmd.CombinedOutput()
		switch policy {
		case "kill":
			if signalOf(err) != unix.SIGSYS {
				t.Errorf("under kill an exec ends with %v, want SIGSYS", err)
			}
		case "trap": // Go's runtime turns it into a trace, and exit code 2
			if err == nil || !strings.Contains(string(out), "SIGSYS") || !strings.Contains(string(out), "syscall.Exec") {
				t.Errorf("under trap an exec ends with %v\n%s", err, out)
			}
		}
	}
	err := curb(t, "with exec", "probe", "exec", self, "exit", "7").Run()
	if e := (*exec.ExitError)(nil); !errors.As(err, &e) || e.ExitCode() != 7 {
		t.Errorf("with exec in the policy it ends with %v, want exit status 7", err)
	}
}

// Nothing that the program can read leads to the addresses of the one exec: its
// memory has what an exec brings, and none of what was there before.
func TestNothingIsLeftOfTheLaunch(t *testing.T) {
	memory := output(t, curb(t, "raw", "raw", "/proc/self/maps"))
	for line := range strings.Lines(memory) {
		fields := strings.Fields(line)
		if len(fields) >= 6 && (fields[5] == program(t, "raw") || strings.HasPrefix(fields[5], "[")) {
			continue
		}
		if len(fields) == 5 && isBSS(t, fields[0]) {
			continue
		}
		t.Errorf("the program has this memory: %s", line)
	}

	// The auxiliary vector points into the program, its stack and the vDSO only.
	auxv := output(t, curb(t, "raw", "raw", "/proc/self/auxv"))
	const atExecFn = 31
	for i := 0; i+16 <= len(auxv); i += 16 {
		if binary.LittleEndian.Uint64([]byte(auxv[i:])) == atExecFn {
			if at := binary.LittleEndian.Uint64([]byte(auxv[i+8:])); at%uint64(os.Getpagesize()) == 0 {
				t.Errorf("AT_EXECFN, %#x, is at the start of a page as in the launch", at)
			}
		}
	}
}

// isBSS reports whether a line of /proc/PID/maps is the raw program's zeroed
// data, which has no name.
func isBSS(t *testing.T, addresses string) bool {
	t.Helper()
	file, err := elf.Open(program(t, "raw"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	first, _, _ := strings.Cut(addresses, "-")
	start, err := strconv.ParseUint(first, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD && start >= p.Vaddr && start < p.Vaddr+p.Memsz {
			return true
		}
	}
	return false
}

func TestExitCodes(t *testing.T) {
	for code := range 256 {
		cmd := &Cmd{Path: program(t, "probe"), Args: []string{"probe", "exit", strconv.Itoa(code)}, Filter: policies["kill"]}
		if status, err := cmd.Run(); err != nil || status != (Status{Code: code}) {
			t.Errorf("exit code %d arrives as %v, %v", code, status, err)
		}
	}
	for _, code := range []int{0, 1, 2, 3, 126, 127, 128, 130, 255} {
		err := curb(t, "kill", "probe", "exit", strconv.Itoa(code)).Run()
		if got := codeOf(err); got != code {
			t.Errorf("curb ends with %d for exit code %d", got, code)
		}
	}
}

func codeOf(err error) int {
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		return e.ExitCode()
	}
	if err != nil {
		return -2
	}
	return 0
}

// signalOf returns the signal that ended a command.
func signalOf(err error) unix.Signal {
	if e := (*exec.ExitError)(nil); errors.As(err, &e) && e.Sys().(syscall.WaitStatus).Signaled() {
		return e.Sys().(syscall.WaitStatus).Signal()
	}
	return 0
}

func TestWhatCannotBeStarted(t *testing.T) {
	dir := t.TempDir()
	raw, err := os.ReadFile(program(t, "raw"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := append([]byte(nil), raw...)
	binary.LittleEndian.PutUint16(foreign[18:], uint16(elf.EM_S390))
	object := append([]byte(nil), raw...)
	binary.LittleEndian.PutUint16(object[16:], uint16(elf.ET_REL))
	dynamic := append([]byte(nil), raw...)
	// The first program header that is not for loading becomes that of a loader.
	for at := binary.LittleEndian.Uint64(raw[32:]); ; at += 56 {
		if elf.ProgType(binary.LittleEndian.Uint32(raw[at:])) == elf.PT_NOTE {
			binary.LittleEndian.PutUint32(dynamic[at:], uint32(elf.PT_INTERP))
			binary.LittleEndian.PutUint64(dynamic[at+8:], uint64(len(dynamic)))
			binary.LittleEndian.PutUint64(dynamic[at+32:], uint64(len("/no/loader\x00")))
			break
		}
	}
	dynamic = append(dynamic, "/no/loader\x00"...)
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o755); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(dir, "directory", "program")
	for _, test := range []struct {
		path, want string
		is         error
	}{
		{filepath.Join(dir, "missing"), "no such file or directory", fs.ErrNotExist},
		{filepath.Join(program(t, "raw"), "in a file"), "not a directory", unix.ENOTDIR},
		{locked, "no such file or directory", fs.ErrNotExist},
		{dir, "it is a directory", nil},
		{fifo, "it is not a regular file", nil},
		{write("not executable", raw, 0o644), "it is not executable (chmod +x makes it so): permission denied", fs.ErrPermission},
		{write("text", []byte("hello\n"), 0o755), "it is not a compiled program", nil},
		{write("empty", nil, 0o755), "it is not a compiled program", nil},
		{write("script", []byte("#! /bin/sh -e\necho no\n"), 0o755), "it is a script for /bin/sh -e", nil},
		{write("header cut", raw[:40], 0o755), "truncated", nil},
		{write("table cut", raw[:100], 0o755), "truncated", nil},
		{write("half", raw[:len(raw)/2], 0o755), "truncated", nil},
		{write("foreign", foreign, 0o755), "not a program for this machine", nil},
		{write("object", object, 0o755), "another type (ET_REL)", nil},
		{write("dynamic", dynamic, 0o755), "its dynamic loader /no/loader cannot be used: no such file", fs.ErrNotExist},
		{"", "no such file or directory", fs.ErrNotExist},
	} {
		cleaned := 0
		cmd := &Cmd{Path: test.path, Filter: policies["kill"], Cleanup: func() { cleaned++ }}
		_, err := cmd.Run()
		if err == nil || !strings.HasPrefix(err.Error(), "cannot start "+test.path+": ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", filepath.Base(test.path), err, test.want)
		}
		if test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%v is not %v", err, test.is)
		}
		if cleaned != 1 {
			t.Errorf("%s: cleaned up %d times", filepath.Base(test.path), cleaned)
		}
	}
	if _, err := new(Cmd).Wait(); err == nil {
		t.Error("what was not started can be waited for")
	}
}

// Errors of the child itself arrive too: before the filter, of the filter, and
// of the exec, when the child cannot make a call any more.
func TestErrorsOfTheChild(t *testing.T) {
	long := strings.Repeat("x", 1<<17) // MAX_ARG_STRLEN, with its end
	bad := append(policies["kill"][:0:0], policies["kill"]...)
	bad[0].K = 1000 // a load from beyond the data
	for _, test := range []struct {
		cmd  Cmd
		want string
		is   error
	}{
		{Cmd{Args: []string{"raw", long}, Filter: policies["nothing"]}, "argument list too long", unix.E2BIG},
		{Cmd{Env: []string{long}, Filter: policies["nothing"]}, "argument list too long", unix.E2BIG},
		{Cmd{Args: []string{"a\x00b"}, Filter: policies["nothing"]}, `an argument contains a zero byte: "a\x00b"`, nil},
		{Cmd{Env: []string{"a\x00b"}, Filter: policies["nothing"]}, "an environment variable contains a zero byte", nil},
		{Cmd{Filter: bad}, "instruction 0", nil},
		{Cmd{}, "instructions", nil},
	} {
		test.cmd.Path = program(t, "raw")
		_, err := test.cmd.Run()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
		if test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%v is not %v", err, test.is)
		}
	}
	// Nothing was left behind.
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("there is a child: %d, %v", pid, err)
	}
}

// Curb can run under a filter itself, and says so if that one is in the way.
func TestFilterInFilter(t *testing.T) {
	inner := func(outer string) *exec.Cmd {
		return role(t, "curb", outer, "", "/usr/bin/env", roleVariable+"=curb",
			program(t, "curb"), "raw", "", program(t, "raw"), "/proc/self/status")
	}
	if got := field(t, output(t, inner("all")), "Seccomp_filters"); got != "2" {
		t.Errorf("the program has %s filters, want 2", got)
	}
	if msg := failure(t, inner("no filter")); !strings.HasSuffix(msg, ": install its filter (seccomp): operation not permitted") {
		t.Errorf("where seccomp is denied: %s", msg)
	}
}

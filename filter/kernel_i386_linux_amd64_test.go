package filter

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/gocurb/curb/internal/seccomp"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/syscalls"
)

// A 32-bit program under filters for amd64, for 386 and for both: every call that
// it makes comes by the i386 entry, whichever instruction makes it.

func init() { parts["32-bit program"] = run32bit }

// i386Policies have numbers of their own on both architectures.
var i386Policies = map[string][]*syscalls.Table{
	"amd64":         {syscalls.AMD64},
	"amd64 and 386": {syscalls.AMD64, syscalls.I386},
	"386 and amd64": {syscalls.I386, syscalls.AMD64},
}

func i386Policy(byDefault Action) Policy {
	return Policy{Default: byDefault, Rules: []Rule{
		{Syscall: "getppid", Action: Errno(syscall.EDOM)},
		{"getpriority", []Cond{{Arg: 0, Op: Equal, Values: []uint64{9}}}, Errno(syscall.EXDEV)},
		{Syscall: "mkdir", Action: Errno(syscall.EROFS)},
	}}
}

var i386Defaults = map[string]Action{"allow": Allow, "log": Log, "trap": Trap, "kill_process": KillProcess}

// run32bit turns into the program, under a filter.
func run32bit() {
	program, which, byDefault := subprocess.Args()[0], subprocess.Args()[1], subprocess.Args()[2]
	prog, err := Compiler{Tables: i386Policies[which]}.Compile(withExecve(i386Policy(i386Defaults[byDefault])))
	if err != nil {
		subprocess.Fatal(err)
	}
	path, err := syscall.BytePtrFromString(program)
	if err != nil {
		subprocess.Fatal(err)
	}
	argv := []*byte{path, nil}
	runtime.LockOSThread()
	if _, err := seccomp.LoadThread(prog.Packed(), 0); err != nil {
		subprocess.Fatal(err)
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argv[0])), 0)
	subprocess.Fatal("execve:", errno)
}

// withExecve lets the program be started where nothing else is allowed.
func withExecve(p Policy) Policy {
	p.Rules = append(p.Rules, Rule{Syscall: "execve", Action: Allow}, Rule{Syscall: "rt_sigreturn", Action: Allow})
	return p
}

func Test32bitProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "i386")
	build := exec.Command("go", "build", "-o", program, "./testdata/i386")
	build.Env = append(os.Environ(), "GOARCH=386", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := exec.Command(program).CombinedOutput(); err != nil {
		t.Skipf("the kernel runs no 32-bit programs: %v", err)
	}
	// Its own numbers count: its 39 is mkdir, and is not amd64's getpid.
	denied := fmt.Sprintf("getppid: %d %[1]d\ngetpgid: 0 0\ngetpriority, 9: %d %[2]d\ngetpriority, 7: %d %[3]d\nnumber 39: %d %[4]d\n",
		-int(syscall.EDOM), -int(syscall.EXDEV), -int(syscall.EINVAL), -int(syscall.EROFS))
	freely := fmt.Sprintf("getppid: 0 0\ngetpgid: 0 0\ngetpriority, 9: %d %[1]d\ngetpriority, 7: %[1]d %[1]d\nnumber 39: %[2]d %[2]d\n",
		-int(syscall.EINVAL), -int(syscall.EFAULT))
	tests := []struct {
		archs, byDefault string
		end              subprocess.End
		prints           string
	}{
		{"amd64", "allow", subprocess.Killed(syscall.SIGSYS), ""},
		{"amd64", "kill_process", subprocess.Killed(syscall.SIGSYS), ""},
		{"amd64", "trap", subprocess.Killed(syscall.SIGSYS), ""}, // before it can handle a signal
		{"amd64", "log", subprocess.Exit(0), freely},             // rules or not
		{"amd64 and 386", "allow", subprocess.Exit(0), denied},
		{"amd64 and 386", "log", subprocess.Exit(0), denied},
		{"amd64 and 386", "kill_process", subprocess.Killed(syscall.SIGSYS), ""},
		{"386 and amd64", "allow", subprocess.Exit(0), denied},
	}
	for _, test := range tests {
		t.Run(test.archs+", "+test.byDefault, func(t *testing.T) {
			executable, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			_, errs := subprocess.RunCommand(t, "32-bit program", test.end, []string{executable, program, test.archs, test.byDefault})
			if test.prints != "" && strings.TrimSpace(errs) != strings.TrimSpace(test.prints) {
				t.Errorf("it prints:\n%s\nwant:\n%s", errs, test.prints)
			}
		})
	}
}

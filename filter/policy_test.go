//go:build linux

package filter

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/syscalls"
)

func TestActionStrings(t *testing.T) {
	tests := []struct {
		action Action
		want   string
	}{
		{Allow, "allow"},
		{Log, "log"},
		{Trap, "trap"},
		{KillThread, "kill_thread"},
		{KillProcess, "kill_process"},
		{Notify, "notify"},
		{Errno(1), "errno(EPERM)"},
		{Errno(38), "errno(ENOSYS)"},
		{Errno(95), "errno(EOPNOTSUPP)"},
		{Errno(133), "errno(EHWPOISON)"},
		{Errno(0), "errno(0)"},
		{Errno(41), "errno(41)"},
		{Errno(4000), "errno(4000)"},
		{Trace(0), "trace(0)"},
		{Trace(7), "trace(7)"},
		{ActionOf(0x00030005), "trap(5)"},
		{ActionOf(0x12340005), "unknown action 0x12340005"},
		{ActionOf(0), "kill_thread"},
		{0, "(no action)"},
		{Deny, "deny"},
		{Errno(4096), "(no action)"},
	}
	for _, test := range tests {
		if got := test.action.String(); got != test.want {
			t.Errorf("%#x is %q, want %q", uint64(test.action), got, test.want)
		}
	}
}

// TestActionsAreTheKernels compares with constants that others have taken from
// the kernel's headers.
func TestActionsAreTheKernels(t *testing.T) {
	tests := map[Action]uint32{
		Allow:       0x7fff0000,
		Log:         0x7ffc0000,
		Trace(7):    0x7ff00007,
		Notify:      0x7fc00000,
		Errno(13):   0x0005000d,
		Trap:        0x00030000,
		KillThread:  0x00000000,
		KillProcess: 0x80000000,
	}
	for action, want := range tests {
		if got := action.Return(); got != want {
			t.Errorf("%v returns %#x, want %#x", action, got, want)
		}
		if got := ActionOf(want); got != action {
			t.Errorf("%#x is %v, want %v", want, got, action)
		}
	}
}

// TestErrnoNames compares with golang.org/x/sys, which has other names
// for some.
func TestErrnoNames(t *testing.T) {
	same := map[string]string{"ENOTSUP": "EOPNOTSUPP", "EFSCORRUPTED": "EUCLEAN", "EDEADLOCK": "EDEADLK", "EWOULDBLOCK": "EAGAIN"}
	named := 0
	for n := range uint32(200) {
		want := unix.ErrnoName(syscall.Errno(n))
		if other, found := same[want]; found {
			want = other
		}
		got := errnoName(n)
		if want == "" {
			if strings.HasPrefix(got, "E") {
				t.Errorf("%d is %s, but it is nothing", n, got)
			}
			continue
		}
		named++
		if got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	if named < 130 {
		t.Errorf("golang.org/x/sys named %d errors", named)
	}
}

func TestPolicyString(t *testing.T) {
	p := Policy{Default: Errno(1), Rules: []Rule{
		{Syscall: "read", Action: Allow},
		{Syscall: "#470", Action: Allow},
		{Syscall: "ptrace", Action: Trap},
		{"socket", []Cond{{0, Equal, 0, []uint64{1}}, {1, Equal, 0xf, []uint64{1, 2}}}, Allow},
		{"openat", []Cond{{0, Equal, 0, []uint64{0xffffffffffffff9c}}}, Allow},
		{"ioctl", []Cond{{1, NotEqual, 0, []uint64{0x5401, 0x5402}}}, Errno(25)},
		{"mmap", []Cond{{1, LessOrEqual, 0, []uint64{1 << 40}}}, Allow},
	}}
	want := `allow read, #470
trap ptrace
allow socket if arg0 == 1 and arg1 & 0xf in {1, 2}
allow openat if arg0 == -100
errno(ENOTTY) ioctl if arg1 not in {0x5401, 0x5402}
allow mmap if arg1 <= 0x10000000000
otherwise errno(EPERM)`
	if got := p.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got, want := (Policy{Default: KillProcess}).String(), "otherwise kill_process"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestErrors(t *testing.T) {
	allow := func(name string, conds ...Cond) Policy {
		return Policy{Default: Errno(1), Rules: []Rule{{name, conds, Allow}}}
	}
	tests := []struct {
		policy Policy
		want   string
	}{
		{allow("reed"), `no system call "reed": did you mean "read"?`},
		{allow("SYS_READ"), `no system call "SYS_READ": did you mean "read"?`},
		{allow("qqqqqqqq"), `no system call "qqqqqqqq": names are the kernel's, such as "openat", and numbers are written "#257"`},
		{allow(""), `no system call "": names are the kernel's, such as "openat", and numbers are written "#257"`},
		{allow("#"), `"#" is not the number of a system call: it takes a decimal or, with 0x, a hexadecimal number below 1<<32 after the hash`},
		{allow("#-1"), `"#-1" is not the number of a system call: it takes a decimal or, with 0x, a hexadecimal number below 1<<32 after the hash`},
		{allow("#0x1ffffffff"), `"#0x1ffffffff" is not the number of a system call: it takes a decimal or, with 0x, a hexadecimal number below 1<<32 after the hash`},
		{allow("#4294967295"), `#4294967295 is not a system call of amd64: it is -1, or one of the x32 ABI (512 to 547, and from 0x40000000 on), which is refused`},
		{allow("#520"), `#520 is not a system call of amd64: it is -1, or one of the x32 ABI (512 to 547, and from 0x40000000 on), which is refused`},
		{allow("#0x40000001"), `#0x40000001 is not a system call of amd64: it is -1, or one of the x32 ABI (512 to 547, and from 0x40000000 on), which is refused`},
		{allow("arm_fadvise64_64"), `system call "arm_fadvise64_64" does not exist on amd64, only on arm: leave it out, or ask to skip such names`},
		{Policy{}, `the default action: no action was given, or an errno above 4095`},
		{Policy{Default: Deny}, `the default action: deny is for rules, not for the default`},
		{Policy{Default: Errno(5000)}, `the default action: no action was given, or an errno above 4095`},
		{Policy{Default: ActionOf(0x12340000)}, `the default action: unknown action 0x12340000 is not an action`},
		{Policy{Default: ActionOf(0x0005ffff)}, `the default action: errno(65535) is not an action`},
		{Policy{Default: Errno(1), Rules: []Rule{{Syscall: "read"}}}, `rule "(no action) read": no action was given, or an errno above 4095`},
		{allow("read", Cond{Arg: 6, Op: Equal, Values: []uint64{1}}), `rule "allow read if arg6 == 1": condition "arg6 == 1": arguments are counted from 0 to 5`},
		{allow("read", Cond{Arg: -1, Op: Equal, Values: []uint64{1}}), `rule "allow read if arg-1 == 1": condition "arg-1 == 1": arguments are counted from 0 to 5`},
		{allow("read", Cond{Arg: 3, Op: Equal, Values: []uint64{1}}), `rule "allow read if arg3 == 1": condition "arg3 == 1": read has 3 arguments, counted from 0`},
		{allow("read", Cond{Values: []uint64{1}}), `rule "allow read if arg0 Op(0) 1": condition "arg0 Op(0) 1": no comparison was given`},
		{allow("read", Cond{Op: Equal}), `rule "allow read if arg0 in {}": condition "arg0 in {}": no value was given`},
		{allow("read", Cond{Op: Less, Values: []uint64{1, 2}}), `rule "allow read if arg0 < {1, 2}": condition "arg0 < {1, 2}": < takes one value, not 2`},
		{allow("read", Cond{Op: Equal, Values: []uint64{1 << 32}}), `rule "allow read if arg0 == 0x100000000": condition "arg0 == 0x100000000": 0x100000000 does not fit: of this argument the kernel takes 32 bits`},
		{allow("read", Cond{Op: Equal, Mask: 1 << 32, Values: []uint64{0}}), `rule "allow read if arg0 & 0x100000000 == 0": condition "arg0 & 0x100000000 == 0": the mask: 0x100000000 does not fit: of this argument the kernel takes 32 bits`},
		{allow("read", Cond{Op: Equal, Mask: 6, Values: []uint64{1}}), `rule "allow read if arg0 & 0x6 == 1": condition "arg0 & 0x6 == 1": 0x1 is never equal to what is left by the mask 0x6`},
		{allow("read", Cond{Op: Equal, Mask: 2, Values: []uint64{0, 2}}), `rule "allow read if arg0 & 0x2 in {0, 2}": condition "arg0 & 0x2 in {0, 2}": these are all values that the mask 0x2 leaves`},
		{allow("read", Cond{Op: Less, Values: []uint64{0}}), `rule "allow read if arg0 < 0": condition "arg0 < 0": that is never true: comparisons are unsigned`},
		{allow("read", Cond{Op: GreaterOrEqual, Values: []uint64{0}}), `rule "allow read if arg0 >= 0": condition "arg0 >= 0": that is always true: comparisons are unsigned`},
		{allow("read", Cond{Op: Greater, Mask: 3, Values: []uint64{3}}), `rule "allow read if arg0 & 0x3 > 3": condition "arg0 & 0x3 > 3": that is never true: comparisons are unsigned`},
	}
	for _, test := range tests {
		prog, err := Compile(syscalls.AMD64, test.policy)
		if err == nil {
			t.Errorf("want the error %q for:\n%v", test.want, test.policy)
		} else if err.Error() != test.want || prog != nil {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	if _, err := Compile(nil, allow("read")); err == nil {
		t.Error("Compile takes no table at all")
	}
}

// TestAllErrorsAtOnce: who has ten names wrong wants to know all ten.
func TestAllErrorsAtOnce(t *testing.T) {
	p := Policy{Default: Errno(1), Rules: []Rule{
		{Syscall: "reed", Action: Allow},
		{Syscall: "open", Action: Allow},
		{Syscall: "read", Action: Allow},
		{Syscall: "wriet", Action: Allow},
	}}
	_, err := Compile(syscalls.ARM64, p)
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], `"read"`) || !strings.Contains(lines[1], "only on 386, amd64,") || !strings.Contains(lines[2], `"write"`) {
		t.Errorf("got %q", lines)
	}
	var unknown *UnknownCallError
	if !errors.As(err, &unknown) || unknown.Name != "reed" || unknown.Nearest != "read" || unknown.Arch != "arm64" {
		t.Errorf("the first unknown call is %+v", unknown)
	}
}

// TestPolicyIsNotChanged: a policy is data of the caller's.
func TestPolicyIsNotChanged(t *testing.T) {
	values := []uint64{9, 3, 3, 5}
	p := Policy{Default: Errno(1), Rules: []Rule{{"socket", []Cond{{0, Equal, 0, values}}, Allow}}}
	compile(t, syscalls.AMD64, p)
	p.Verdict(syscalls.AMD64, Data{Nr: 41, Arch: syscalls.AMD64.AuditArch})
	if !slices.Equal(values, []uint64{9, 3, 3, 5}) {
		t.Errorf("the values are %v now", values)
	}
}

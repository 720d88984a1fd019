//go:build amd64 || arm64

package curb_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

func ExamplePolicy_Merge() {
	files := curb.Allow("openat", "read", "close")
	network := curb.Allow("read", "close").AllowIf("socket", curb.Arg(0).Is(syscall.AF_INET))
	fmt.Println(files.Merge(network))
	// Output:
	// allow openat, read, close
	// allow socket if arg0 == 2
	// otherwise errno(EPERM)
}

func ExamplePolicy_Intersect() {
	wanted := curb.Allow("read", "write", "socket", "ptrace")
	permitted := curb.Deny("ptrace").DenyIf("socket", curb.Arg(0).IsNot(syscall.AF_UNIX))
	fmt.Println(wanted.Intersect(permitted))
	// Output:
	// allow read, write, socket
	// deny socket if arg0 != 1
	// otherwise errno(EPERM)
}

func ExamplePolicy_Subtract() {
	before := curb.Allow("read", "write", "openat").AllowIf("socket", curb.Arg(0).Is(1, 2))
	now := curb.Allow("read", "write").AllowIf("socket", curb.Arg(0).Is(1))
	fmt.Println(before.Subtract(now))
	// Output:
	// allow openat
	// allow socket if arg0 == 2
	// otherwise errno(EPERM)
}

func ExamplePolicy_Compare() {
	before := curb.Allow("read", "write").AllowIf("socket", curb.Arg(0).Is(1, 2))
	now := curb.Allow("read", "openat").AllowIf("socket", curb.Arg(0).Is(1))
	diff, err := before.Compare(now)
	if err != nil {
		panic(err)
	}
	fmt.Print(diff)
	for _, d := range diff.Differences {
		fmt.Println(d.Syscall, d.Example[0])
	}
	// Output:
	// only the first lets pass:
	// 	write: allow, errno(EPERM)
	// 	socket if arg0 == 2: allow, errno(EPERM)
	// only the second lets pass:
	// 	openat: errno(EPERM), allow
	// write 0
	// socket 2
	// openat 0
}

// TestCombinedForEachArchitecture: a result is made for the architecture that it
// is compiled for, where numbers and marks are others.
func TestCombinedForEachArchitecture(t *testing.T) {
	p := curb.Allow("#0", "close").Intersect(curb.Allow("read", "close", "io_setup"))
	for table, want := range map[*syscalls.Table]string{syscalls.AMD64: "read", syscalls.ARM64: "io_setup"} {
		prog, err := p.Compile(table)
		if err != nil {
			t.Fatal(err)
		}
		for call := range table.All() {
			got, err := prog.Run(filter.Data{Nr: call.Nr, Arch: table.AuditArch})
			if err != nil {
				t.Fatal(err)
			}
			if allowed := call.Name == want || call.Name == "close"; (got == filter.Allow) != allowed {
				t.Errorf("%s: %s gets %v", table.Arch, call.Name, got)
			}
		}
	}
}

// TestCombinedIsRefined: statements about a result come after what it is made of,
// and change nothing of that.
func TestCombinedIsRefined(t *testing.T) {
	p, q := curb.Allow("read", "write"), curb.Allow("close")
	merged := p.Merge(q)
	refined := merged.Deny("write").Allow("openat").Otherwise(curb.Trap)
	for policy, want := range map[string]string{
		merged.String():  "allow read, write, close\notherwise errno(EPERM)",
		refined.String(): "allow read, write, close\ndeny write\nallow openat\notherwise trap",
		p.String():       "allow read, write\notherwise errno(EPERM)",
	} {
		if policy != want {
			t.Errorf("got:\n%s\nwant:\n%s", policy, want)
		}
	}
}

func TestCombinedMistakes(t *testing.T) {
	good := curb.Allow("read")
	for want, p := range map[string]curb.Policy{
		`did you mean "read"`:      good.Merge(curb.Allow("reed")),
		`did you mean "write"`:     curb.Allow("wrlte").Subtract(good),
		"has no condition":         good.Intersect(good.AllowIf("socket")),
		"the same kind of default": good.Merge(curb.Allow("read").Otherwise(curb.Trap)),
		"denies nothing":           good.Otherwise(curb.Log).Subtract(good),
	} {
		if err := p.Err(); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "curb: ") != 1 {
			t.Errorf("got the error %v, want %q in it", err, want)
		}
		if _, err := p.Compare(good); err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a policy with the mistake %q was compared: %v", want, err)
		}
	}
}

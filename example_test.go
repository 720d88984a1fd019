//go:build amd64 || arm64

package curb_test

import (
	"fmt"
	"strings"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/syscalls"
)

func ExampleAllow() {
	fmt.Println(curb.Allow("reed", "write").Err())
	// Output: curb: no system call "reed": did you mean "read"?
}

func ExampleAllowGroups() {
	policy := curb.AllowGroups(curb.Runtime, curb.Stdio, curb.Time).
		Allow("getppid").
		Otherwise(curb.Trap)
	fmt.Println(policy.Err())
	// Output: <nil>
}

func ExampleGroup_Names() {
	fmt.Println(curb.FileMapping, "has", strings.Join(curb.FileMapping.Names(syscalls.AMD64), ", "))
	fmt.Println(curb.Terminal, "has", strings.Join(curb.Terminal.Names(syscalls.AMD64), ", "))
	// Output:
	// FileMapping has mlock, mmap, mprotect, mremap, msync, munlock
	// Terminal has ioctl
}

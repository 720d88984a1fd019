package syscalls_test

import (
	"fmt"

	"github.com/gocurb/curb/syscalls"
)

func Example() {
	openat, _ := syscalls.AMD64.ByName("openat")
	fmt.Println(openat.Nr, openat)
	for _, arg := range openat.Args() {
		fmt.Println(arg.Name, arg.Width)
	}
	// Output:
	// 257 openat(int dfd, const char *filename, int flags, umode_t mode)
	// dfd 32
	// filename 64
	// flags 32
	// mode 32
}

func ExampleTable_ByNumber() {
	call, ok := syscalls.ARM64.ByNumber(63)
	fmt.Println(call.Name, ok)
	// Output: read true
}

func ExampleTable_Nearest() {
	fmt.Println(syscalls.AMD64.Nearest("reed"))
	// Output: read
}

func ExampleArchitectures() {
	if _, ok := syscalls.ARM64.ByName("open"); !ok {
		fmt.Println("open: not on arm64, but on", syscalls.Architectures("open"))
	}
	// Output: open: not on arm64, but on [386 amd64 arm mips mips64 mips64le mipsle ppc64 ppc64le s390x]
}

func ExampleENOSYSReason() {
	statx, _ := syscalls.AMD64.ByName("statx")
	fmt.Println(statx.ENOSYS)
	fmt.Println(syscalls.ENOSYSReason(statx))
	// Output:
	// true
	// Linux 4.11; the C libraries use fstatat after ENOSYS only: with EPERM, ls and stat fail
}

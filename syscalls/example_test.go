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

func ExampleFlagsOf() {
	openat, _ := syscalls.AMD64.ByName("openat")
	flags := syscalls.FlagsOf(syscalls.AMD64, openat, 2)
	fmt.Println(flags.Format(0x80241))
	fmt.Println(flags.Parse("O_RDWR|O_CLOEXEC"))
	_, err := flags.Parse("O_CLOSEXEC")
	fmt.Println(err)
	// Output:
	// O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC
	// 524290 <nil>
	// "O_CLOSEXEC" as a value of open: no value is called "O_CLOSEXEC": did you mean O_CLOEXEC?
}

func ExampleOptionsOf() {
	fmt.Println(syscalls.OptionsOf(syscalls.AMD64, 1).Format(2)) // of the level SOL_SOCKET
	fmt.Println(syscalls.OptionsOf(syscalls.MIPS, 0xffff).Format(4))
	// Output:
	// SO_REUSEADDR
	// SO_REUSEADDR
}

package filter_test

import (
	"fmt"
	"os"

	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

func Example() {
	policy := filter.Policy{
		Default: filter.Trap,
		Rules: []filter.Rule{
			{Syscall: "read", Action: filter.Allow},
			{Syscall: "write", Action: filter.Allow},
			{Syscall: "socket", Conds: []filter.Cond{{Arg: 0, Op: filter.Equal, Values: []uint64{1}}}, Action: filter.Allow},
		},
	}
	program, err := filter.Compile(syscalls.AMD64, policy)
	if err != nil {
		panic(err)
	}
	program.Disassemble(os.Stdout, syscalls.AMD64)
	// Output:
	//    0: 20   0   0 00000004  ld [4]      ; architecture
	//    1: 15   0   6 c000003e  jeq #0xc000003e (amd64) ? 2 : 8
	//    2: 20   0   0 00000000  ld [0]      ; system call number
	//    3: 15   0   2 00000029  jeq #41 (socket) ? 4 : 6
	//    4: 20   0   0 00000010  ld [16]     ; argument 0, low half
	//    5: 15   3   2 00000001  jeq #1 ? 9 : 8
	//    6: 35   0   2 00000002  jge #2 (open) ? 7 : 9
	//    7: 35   1   0 ffffffff  jge #0xffffffff ? 9 : 8
	//    8: 06   0   0 00030000  ret trap
	//    9: 06   0   0 7fff0000  ret allow
}

func ExampleProgram_Run() {
	policy := filter.Policy{
		Default: filter.Errno(1), // EPERM
		Rules: []filter.Rule{
			{Syscall: "getpid", Action: filter.Allow},
		},
	}
	program, err := filter.Compile(syscalls.AMD64, policy)
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"getpid", "reboot", "clone3"} {
		call, _ := syscalls.AMD64.ByName(name)
		action, err := program.Run(filter.Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch})
		if err != nil {
			panic(err)
		}
		fmt.Println(name, action)
	}
	// Output:
	// getpid allow
	// reboot errno(EPERM)
	// clone3 errno(ENOSYS)
}

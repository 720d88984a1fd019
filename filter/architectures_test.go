package filter

import (
	"flag"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// long asks for the runs that take minutes.
var long = flag.Bool("long", false, "try so many policies and system calls that it takes minutes")

// architectureSets are what programs are compiled for in the tests: every
// architecture alone, and those that one kernel serves together.
func architectureSets() [][]*syscalls.Table {
	var sets [][]*syscalls.Table
	for _, t := range syscalls.Tables() {
		sets = append(sets, []*syscalls.Table{t})
	}
	return append(sets,
		[]*syscalls.Table{syscalls.AMD64, syscalls.I386},
		[]*syscalls.Table{syscalls.AMD64, syscalls.X32},
		[]*syscalls.Table{syscalls.I386, syscalls.X32, syscalls.AMD64},
		[]*syscalls.Table{syscalls.ARM64, syscalls.ARM},
		[]*syscalls.Table{syscalls.MIPS64, syscalls.N32, syscalls.MIPS},
		[]*syscalls.Table{syscalls.MIPSLE, syscalls.MIPS64LE, syscalls.N32LE},
	)
}

// compileFor compiles a policy that must compile.
func compileFor(t testing.TB, c Compiler, p Policy) Program {
	t.Helper()
	prog, err := c.Compile(p)
	if err != nil {
		t.Fatalf("%v\npolicy:\n%v", err, p)
	}
	return prog
}

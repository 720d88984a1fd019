// Command assembly makes system calls in assembly of its own.
package main

import (
	"os"

	"golang.org/x/sys/unix"
)

func plain()
func zero()
func fromArgument(nr uintptr)
func conditional(n int)
func pushed()
func exchanged()
func otherKind()  // INT 0x80; on arm64 an instruction that is not known
func otherEntry() // SYSENTER; on arm64 a jump to a pointer that is authenticated
func second()     // two instructions, the second number depends on the first's result
func tail(nr uintptr)
func untold()
func bytes()
func between()
func jumped()
func loop(n int)
func segment()
func flag()

// on is set in assembly only.
var on bool

// between2 is called only if on is set.
func between2()

// indirect is called through a variable only.
func indirect()

var through = indirect

func main() {
	plain()
	zero()
	fromArgument(unix.SYS_PERSONALITY)
	fromArgument(unix.SYS_PIVOT_ROOT)
	conditional(len(os.Args))
	pushed()
	exchanged()
	otherKind()
	otherEntry()
	second()
	tail(unix.SYS_QUOTACTL)
	untold()
	through()
	bytes()
	between()
	loop(len(os.Args))
	flag()
	if on {
		between2()
	}
	segment()
}

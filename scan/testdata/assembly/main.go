// Command assembly makes system calls in assembly of its own.
package main

import "os"

func plain()
func zero()
func fromArgument(nr uintptr)
func conditional(n int)
func pushed()
func exchanged()
func int80()
func sysenter()
func second() // two instructions, the second number depends on the first's result
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
	fromArgument(135) // personality
	fromArgument(136) // ustat
	conditional(len(os.Args))
	pushed()
	exchanged()
	int80()
	sysenter()
	second()
	tail(139) // sysfs
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

// Command missed holds what an earlier scan lost without a word: each function
// makes a call that it once did not see.
package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// The data of the program points to the variable.
var (
	inData   uintptr = unix.SYS_GETPGID
	dataHead         = &inData
)

//go:noinline
func pointedByData(n uintptr) {
	*dataHead = n
	syscall.RawSyscall(inData, 0, 0, 0)
}

// A function returns the pointer that it is given, in the same register.
//
//go:noinline
func same[T any](p T) T { return p }

var returned uintptr = unix.SYS_GETSID

//go:noinline
func throughResult(n uintptr) {
	*same(&returned) = n
	syscall.RawSyscall(returned, 0, 0, 0)
}

var switched bool

//go:noinline
func guarded() {
	*same(&switched) = true
	if switched {
		syscall.RawSyscall(unix.SYS_MSGGET, 0, 0, 0)
	}
}

type action func()

var unread, read action

func late() { syscall.RawSyscall(unix.SYS_MSGSND, 0, 0, 0) }

func init() {
	unread = late
	read = same(action(late))
}

// A byte above 127 is stored as a negative immediate.
var small uint8 = unix.SYS_SYNC

//go:noinline
func setSmall() { small = unix.SYS_TKILL }

//go:noinline
func narrow() { syscall.RawSyscall(uintptr(small), 0, 0, 0) }

// The variable is far behind the start of the object whose address is taken.
type large struct {
	buf [3 << 20]byte
	nr  uintptr
}

var object large

//go:noinline
func fill(l *large, n uintptr) { l.nr = n }

//go:noinline
func far(n uintptr) {
	fill(&object, n)
	syscall.RawSyscall(object.nr, 0, 0, 0)
}

// A list is as long as it likes: the search for what a pointer holds must end.
type node struct {
	next *node
	nr   uintptr
}

//go:noinline
func listed(list *node) {
	for ; list != nil; list = list.next {
		syscall.RawSyscall(list.nr, 0, 0, 0)
	}
}

// Where the size is no power of two an element's address is a product.
type wide struct {
	on  bool
	pad [10]uintptr
}

var elements [4]wide

//go:noinline
func multiply(i int) { elements[i].on = true }

//go:noinline
func multiplied() {
	multiply(len(os.Args))
	if elements[1].on {
		syscall.RawSyscall(unix.SYS_MSGRCV, 0, 0, 0)
	}
}

func looped()         // a loop in a frame that the assembler does not know of
func entered()        // a jump, by a word of the data, into the middle of a function
func within()         // a jump into the middle of an instruction
func halved()         // a vector move of less than the slot that is read
func ranInto()        // gives a number to the functions that the next two run into
func ranOn()          // the last instruction sets the number, and control runs on
func padded()         // so it does behind one that does nothing
func misjudged(n int) // two ways meet with frames of different sizes
func summed()         // an address in the frame that is a sum
func borrowed()       // a jump by way of another function's table
func computed(n int)  // a jump to a place that is computed from an address in the code
func unaligned()      // a call by a word of the data that is not aligned
func named()          // an address in the register that arm64's assembler keeps for itself

// number is set by named.
var number [2]uintptr

func main() {
	n := uintptr(len(os.Args)) + 1000
	pointedByData(n)
	throughResult(n)
	guarded()
	read()
	setSmall()
	narrow()
	far(n)
	listed(&node{nr: n})
	looped()
	entered()
	within()
	halved()
	multiplied()
	ranInto()
	ranOn()
	padded()
	misjudged(len(os.Args))
	summed()
	borrowed()
	computed(len(os.Args) - 1)
	named()
	unaligned()
	syscall.RawSyscall(number[1], 0, 0, 0)
}

// Command values keeps function values in variables, and calls them by way of
// those in many ways: each makes a call of its own.
package main

import (
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func call(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

var n = len(os.Args)

// Read by name.
var plain func()

func inPlain() { call(unix.SYS_GETPGID) }

// Made by an init and read in a method that only an interface reaches.
var byMethod = sync.OnceValue(func() error { call(unix.SYS_GETSID); return nil })

type reader interface{ read() error }

type viaMethod struct{ n int }

func (*viaMethod) read() error { return byMethod() }

// A field of a struct that is copied as a whole.
type hooks struct {
	name        string
	before      func()
	rest        [20]int
	after, last func()
}

var copied hooks

func inBefore() { call(unix.SYS_MSGGET) }
func inAfter()  { call(unix.SYS_MSGSND) }

//go:noinline
func runHooks(h hooks) {
	if h.before != nil {
		h.before()
	}
	h.after()
}

// A field that is read through a pointer to the struct.
var pointed struct {
	a, b int
	f    func()
}

func inPointed() { call(unix.SYS_MSGRCV) }

//go:noinline
func runPointed(p *struct {
	a, b int
	f    func()
}) {
	p.f()
}

// Elements of an array, a slice and a map.
var array [4]func()

func inArray() { call(unix.SYS_MSGCTL) }

var slice []func()

func inSlice() { call(unix.SYS_SEMGET) }

var dictionary = map[string]func(){}

func inMap() { call(unix.SYS_SEMOP) }

// In an interface, and behind an atomic pointer.
var boxed any

func inInterface() { call(unix.SYS_SEMCTL) }

var pointer atomic.Pointer[func()]

func inAtomic() { call(unix.SYS_SHMGET) }

var held atomic.Value

func inValue() { call(unix.SYS_SHMAT) }

// Called by reflection.
var reflected func()

func inReflected() { call(unix.SYS_SHMCTL) }

// Read by its address, made of another variable's.
var pair struct{ first, second func() }

func inSecond() { call(unix.SYS_SHMDT) }

// A closure that holds another function value.
var wrapping func()

func inWrapped() { call(unix.SYS_ACCT) }

//go:noinline
func wrap(f func()) func() {
	return func() { f() }
}

// An object that holds a function value, in a variable.
type object struct {
	n int
	f func()
}

var holder *object

func inHolder() { call(unix.SYS_SETHOSTNAME) }

var deeper struct{ o **object }

func inDeeper() { call(unix.SYS_SETDOMAINNAME) }

// Passed on from one variable to another.
var first, second func()

func inFirst() { call(unix.SYS_MLOCKALL) }

// In a pool, and in a list of functions to run at the end.
var pool = sync.Pool{New: func() any { call(unix.SYS_MUNLOCKALL); return new(int) }}

var atEnd []func()

func inList() { call(unix.SYS_QUOTACTL) }

// In a variable that only a deferred function reads, and one that only a
// goroutine reads.
var later, elsewhere func()

func inLater()     { call(unix.SYS_LOOKUP_DCOOKIE) }
func inElsewhere() { call(unix.SYS_KEXEC_LOAD) }

// Swapped for another one.
var swapped func() = func() {}

func inSwapped() { call(unix.SYS_SWAPON) }

//go:noinline
func exchange(p *func(), f func()) func() {
	old := *p
	*p = f
	return old
}

// A method value.
var bound func()

type receiver struct{ n int }

//go:noinline
func (r *receiver) method() { call(unix.SYS_SWAPOFF) }

// The fields of a generic type's variable.
type box[T any] struct {
	v   T
	get func(T)
}

var boxInt box[int]

func inBox(int) { call(unix.SYS_IO_SETUP) }

// A variable that no code reads: its function may be left out.
var unread func()

func inUnread() { call(unix.SYS_IO_DESTROY) }

// Variables that no code reads, for functions that are called in another way.
var silent1, silent2, silent3, silent4, silent5 func()

var silentObject *object

func inBoth() { call(unix.SYS_IO_GETEVENTS) }

func inBranch() { call(unix.SYS_IO_SUBMIT) }

var branch func()

func inResult() { call(unix.SYS_IO_CANCEL) }

//go:noinline
func makeResult() func() {
	k := n
	f := func() { inResult(); println(k) }
	silent3 = f
	return f
}

func inCaptured() { call(unix.SYS_IOPRIO_SET) }

func inObject() { call(unix.SYS_IOPRIO_GET) }

var sharedObject *object

func inSpilled() { call(unix.SYS_ADD_KEY) }

//go:noinline
func work(int) int { return n }

var kept [2]*object

func inKept() { call(unix.SYS_REQUEST_KEY) }

//go:noinline
func assertion(x any) {
	if f, ok := x.(func()); ok {
		f()
	}
}

func inAsserted() { call(unix.SYS_KEYCTL) }

func silence() {
	f := inBoth
	silent1 = f
	if n > 3 {
		silent2 = inBranch
	} else {
		branch = inBranch
	}
	makeResult()()
	k := n
	g := func() { inCaptured(); println(k) }
	silent4 = g
	go func() { g() }()
	o := &object{n, inObject}
	silentObject = o
	sharedObject = o
	h := func() { inSpilled(); println(k) }
	silent5 = h
	for i := range n {
		work(i)
	}
	h()
	p := &object{n, inKept}
	kept[n&1] = p
	silentObject = p
	a := func() { inAsserted(); println(k) }
	silent1 = a
	assertion(a)
	f()
	if branch != nil {
		branch()
	}
	sharedObject.f()
	kept[0].f()
}

func init() {
	plain = inPlain
	copied = hooks{name: "x", before: inBefore, after: inAfter}
	pointed.f = inPointed
	array[n] = inArray
	slice = append(slice, inSlice)
	dictionary["a"] = inMap
	boxed = inInterface
	f := inAtomic
	pointer.Store(&f)
	held.Store(inValue)
	reflected = inReflected
	pair.second = inSecond
	wrapping = wrap(inWrapped)
	holder = &object{n, inHolder}
	o := &object{n, inDeeper}
	deeper.o = &o
	first = inFirst
	atEnd = append(atEnd, inList)
	later, elsewhere = inLater, inElsewhere
	exchange(&swapped, inSwapped)
	bound = (&receiver{n}).method
	boxInt = box[int]{n, inBox}
	unread = inUnread
}

func main() {
	silence()
	defer func() { later() }()
	plain()
	var r reader = &viaMethod{n}
	r.read()
	runHooks(copied)
	runPointed(&pointed)
	for _, f := range array {
		if f != nil {
			f()
		}
	}
	slices.Reverse(slice)
	slice[0]()
	dictionary[os.Args[0]]()
	boxed.(func())()
	(*pointer.Load())()
	held.Load().(func())()
	reflect.ValueOf(&reflected).Elem().Call(nil)
	(*(*func())(unsafe.Add(unsafe.Pointer(&pair.first), 8)))()
	wrapping()
	holder.f()
	(*deeper.o).f()
	second = first
	second()
	pool.Get()
	for _, f := range atEnd {
		f()
	}
	go func() { elsewhere() }()
	exchange(&swapped, nil)()
	bound()
	boxInt.get(1)
}

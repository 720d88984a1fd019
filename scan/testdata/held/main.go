// Command held calls functions that the data holds in variables from the start on,
// each found in another way.
package main

import (
	"fmt"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
	"syscall"
	"text/template"
	"unsafe"

	"golang.org/x/sys/unix"
)

func call(nr uintptr) { syscall.RawSyscall(nr, 0, 0, 0) }

// Nothing reads these.
var (
	never       = func() { call(unix.SYS_SWAPON) }
	neverStruct = struct {
		name string
		run  func()
	}{"never", func() { call(unix.SYS_SWAPOFF) }}
)

// An object to which the next points. Only its name is read.
type object struct {
	name string
	run  func()
	next *object
}

var (
	plain       = func() { call(unix.SYS_GETPGID) }
	inner       = struct{ on, off func() }{func() { call(unix.SYS_GETSID) }, func() {}}
	table       = [4]func(){3: func() { call(unix.SYS_MSGGET) }}
	list        = []func(){nil, func() { call(unix.SYS_MSGSND) }}
	chained     = &object{"first", nil, &object{"second", nil, &object{"third", func() { call(unix.SYS_MSGRCV) }, nil}}}
	boxed   any = &object{"boxed", func() { call(unix.SYS_MSGCTL) }, nil}
	copied      = object{"copied", func() { call(unix.SYS_SEMGET) }, nil}
	shown       = object{"shown", func() { call(unix.SYS_SEMOP) }, nil}
	pool        = sync.Pool{New: func() any { call(unix.SYS_SEMCTL); return nil }}
	swapped     = unsafe.Pointer(&object{"swapped", func() { call(unix.SYS_SHMGET) }, nil})
	funcs       = template.FuncMap{"run": func() string { call(unix.SYS_SHMAT); return "" }}
	before      = [4]object{0: {"before", func() { call(unix.SYS_SHMCTL) }, nil}}
	near        = struct {
		first int
		run   func()
	}{1, func() { call(unix.SYS_SHMDT) }}
	pointer  = &indirect
	indirect = &direct
	direct   = func() { call(unix.SYS_ACCT) }
	late     = func() { call(unix.SYS_SETHOSTNAME) }
	started  = func() { call(unix.SYS_SETDOMAINNAME) }
	again    = object{"again", func() { call(unix.SYS_MLOCKALL) }, nil}
)

//go:noinline
func at(i int) func() { return before[i-1].run }

//go:noinline
func pass(o object) { o.run() }

func main() {
	n := len(os.Args)
	plain()
	(&inner).on()
	table[n+2]()
	list[n]()
	o := chained
	for o.next != nil {
		o = o.next
	}
	o.run()
	boxed.(*object).run()
	pass(copied)
	reflect.ValueOf(&shown).Elem().FieldByName("name").SetString("other")
	show := reflect.ValueOf(&shown).Elem().Field(1)
	(*(*func())(unsafe.Pointer(show.UnsafeAddr())))()
	pool.Get()
	(*object)(atomic.LoadPointer(&swapped)).run()
	template.Must(template.New("").Funcs(funcs).Parse("{{run}}")).Execute(os.Stdout, nil)
	at(n)()
	(*(*func())(unsafe.Add(unsafe.Pointer(&near.first), unsafe.Sizeof(n))))()
	(**pointer)()
	defer late()
	done := make(chan bool)
	go func() { started(); close(done) }()
	<-done
	other := again
	fmt.Println(len(other.name))
	other.run()
}

package main

import (
	"reflect"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

type handler func()

func (h handler) handle() { h() }

type handling interface{ handle() }

type target struct{ name string }

func (t *target) value()     { rare.Call("llistxattr", unix.SYS_LLISTXATTR) }
func (t target) expression() { rare.Call("flistxattr", unix.SYS_FLISTXATTR) }
func (t *target) promoted()  { rare.Call("removexattr", unix.SYS_REMOVEXATTR) }

type outer struct {
	*target
	run func()
}

var (
	asInterface handling = handler(func() { rare.Call("lremovexattr", unix.SYS_LREMOVEXATTR) })
	methodValue          = new(target).value
	methodExpr           = target.expression
	promoted             = outer{target: new(target)}.promoted
	returned             = func() func() func() {
		return func() func() {
			return func() { rare.Call("fremovexattr", unix.SYS_FREMOVEXATTR) }
		}
	}()
	holding    = hold(func() { rare.Call("inotify_rm_watch", unix.SYS_INOTIFY_RM_WATCH) })
	reflected  = outer{run: func() { rare.Call("inotify_add_watch", unix.SYS_INOTIFY_ADD_WATCH) }}
	made       = func(args []reflect.Value) []reflect.Value { rare.Call("ioprio_get", unix.SYS_IOPRIO_GET); return nil }
	byUnsafe   = outer{run: func() { rare.Call("get_mempolicy", unix.SYS_GET_MEMPOLICY) }}
	byAssembly = func() { rare.Call("get_robust_list", unix.SYS_GET_ROBUST_LIST) }
	iterated   = func(yield func(func()) bool) {
		yield(func() { rare.Call("vmsplice", unix.SYS_VMSPLICE) })
	}
)

// hold returns a function that calls another one.
func hold(run func()) func() { return func() { run() } }

func callInAssembly(run func())
func callFromTable()

// inTable is called by assembly alone, out of a table in the data.
func inTable() { rare.Call("tee", unix.SYS_TEE) }

func wrapped() {
	asInterface.handle()
	methodValue()
	methodExpr(target{})
	promoted()
	returned()()
	holding()
	reflect.ValueOf(reflected).Field(1)
	v := reflect.ValueOf(&reflected).Elem().FieldByName("run")
	(*(*func())(unsafe.Pointer(v.UnsafeAddr())))()
	reflect.MakeFunc(reflect.TypeFor[func()](), made).Call(nil)
	(*(*func())(unsafe.Add(unsafe.Pointer(&byUnsafe), unsafe.Offsetof(byUnsafe.run))))()
	callInAssembly(byAssembly)
	callFromTable()
	for run := range iterated {
		run()
	}
}

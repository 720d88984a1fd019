package main

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

type key struct{}

type box[T any] struct{ value T }

func (b *box[T]) get() T { return b.value }

var (
	inMap     = map[string]func(){"it": func() { rare.Call("statfs", unix.SYS_STATFS) }}
	inMaps    = map[any]map[int]record{key{}: {1: {run: func() { rare.Call("fstatfs", unix.SYS_FSTATFS) }}}}
	inChannel = func() chan func() {
		c := make(chan func(), 1)
		c <- func() { rare.Call("lookup_dcookie", unix.SYS_LOOKUP_DCOOKIE) }
		return c
	}()
	inPool    = sync.Pool{New: func() any { return func() { rare.Call("io_destroy", unix.SYS_IO_DESTROY) } }}
	putPool   sync.Pool
	inContext = context.WithValue(context.Background(), key{}, func() { rare.Call("io_cancel", unix.SYS_IO_CANCEL) })
	inBox     = box[func()]{func() { rare.Call("io_getevents", unix.SYS_IO_GETEVENTS) }}
	inBoxes   = &box[box[any]]{box[any]{func() { rare.Call("io_submit", unix.SYS_IO_SUBMIT) }}}
	inSyncMap sync.Map
	inList    = list.New()
	inAtomic  atomic.Pointer[func()]
	inValue   atomic.Value
	inAny     any = record{run: func() { rare.Call("mq_getsetattr", unix.SYS_MQ_GETSETATTR) }}
	once          = sync.OnceFunc(func() { rare.Call("mq_unlink", unix.SYS_MQ_UNLINK) })
	onceValue     = sync.OnceValue(func() int { rare.Call("mq_notify", unix.SYS_MQ_NOTIFY); return 1 })
	onceBoth      = sync.OnceValues(func() (func(), error) {
		return func() { rare.Call("timer_getoverrun", unix.SYS_TIMER_GETOVERRUN) }, nil
	})
	doOnce sync.Once
)

func init() {
	pooled := func() { rare.Call("timer_gettime", unix.SYS_TIMER_GETTIME) }
	putPool.Put(pooled)
	putPool.Put(pooled) // of two, every processor finds one
	inSyncMap.Store("it", func() { rare.Call("timer_delete", unix.SYS_TIMER_DELETE) })
	inList.PushBack(func() { rare.Call("getxattr", unix.SYS_GETXATTR) })
	run := func() { rare.Call("lgetxattr", unix.SYS_LGETXATTR) }
	inAtomic.Store(&run)
	inValue.Store(func() { rare.Call("fgetxattr", unix.SYS_FGETXATTR) })
}

func containers() {
	inMap[same("it")]()
	inMaps[key{}][same(1)].run()
	(<-inChannel)()
	inPool.Get().(func())()
	if run, ok := putPool.Get().(func()); ok {
		run()
	}
	inContext.Value(key{}).(func())()
	inBox.get()()
	inBoxes.value.get().(func())()
	inSyncMap.Range(func(_, run any) bool { run.(func())(); return true })
	inList.Front().Value.(func())()
	(*inAtomic.Load())()
	inValue.Load().(func())()
	inAny.(record).run()
	once()
	onceValue()
	run, _ := onceBoth()
	run()
	doOnce.Do(func() { rare.Call("listxattr", unix.SYS_LISTXATTR) })
}

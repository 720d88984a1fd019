package main

import (
	"flag"
	"io/fs"
	"iter"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

var (
	byTimer     = func() { rare.Call("sync_file_range", unix.SYS_SYNC_FILE_RANGE); close(rung) }
	byFinalizer = func(any) { rare.Call("signalfd4", unix.SYS_SIGNALFD4); close(finalized) }
	byCleanup   = func(int) { rare.Call("timerfd_gettime", unix.SYS_TIMERFD_GETTIME); close(cleaned) }
	byDefer     = func() { rare.Call("timerfd_settime", unix.SYS_TIMERFD_SETTIME) }
	byGo        = func() { rare.Call("preadv", unix.SYS_PREADV); wait.Done() }
	byFlag      = func(string) error { rare.Call("pwritev", unix.SYS_PWRITEV); return nil }
	byTemplate  = template.FuncMap{"call": func() string { rare.Call("fanotify_mark", unix.SYS_FANOTIFY_MARK); return "" }}
	bySort      = func(a, b int) int { rare.Call("name_to_handle_at", unix.SYS_NAME_TO_HANDLE_AT); return a - b }
	byWalk      = func(string, fs.DirEntry, error) error {
		rare.Call("open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT)
		return fs.SkipAll
	}
	byMapping = func(r rune) rune { rare.Call("sendmmsg", unix.SYS_SENDMMSG); return r }
	byPull    = iter.Seq[int](func(yield func(int) bool) { rare.Call("recvmmsg", unix.SYS_RECVMMSG); yield(1) })
	byPanic   = func() { recover(); rare.Call("getcpu", unix.SYS_GETCPU) }
	byExit    = func() { rare.Call("process_vm_readv", unix.SYS_PROCESS_VM_READV); wait.Done() }

	rung, finalized, cleaned = make(chan bool), make(chan bool), make(chan bool)
	wait                     sync.WaitGroup
)

// called has the runtime and other packages call functions.
func called() {
	time.AfterFunc(time.Millisecond, byTimer)
	<-rung
	func() {
		runtime.SetFinalizer(&struct{ name string }{"gone"}, byFinalizer)
		runtime.AddCleanup(&struct{ name string }{"gone"}, byCleanup, 1)
	}()
	runtime.GC()
	<-finalized
	<-cleaned
	func() { defer byDefer() }()
	wait.Add(1)
	go byGo()
	wait.Wait()
	flags := flag.NewFlagSet("", flag.PanicOnError)
	flags.Func("it", "", byFlag)
	must(flags.Parse([]string{"-it=1"}))
	must(template.Must(template.New("").Funcs(byTemplate).Parse("{{call}}")).Execute(os.Stdout, nil))
	slices.SortFunc(same([]int{2, 1}), bySort)
	must(fs.WalkDir(os.DirFS("/proc/self"), ".", byWalk))
	strings.Map(byMapping, same("x"))
	next, stop := iter.Pull(byPull)
	next()
	stop()
	func() {
		defer byPanic()
		panic("on purpose")
	}()
	wait.Add(1)
	go func() {
		defer byExit()
		runtime.Goexit()
	}()
	wait.Wait()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

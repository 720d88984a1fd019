// Functions puts function values into everything that can hold one, where an
// initialiser or main does, takes them out elsewhere, and calls them.
package main

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/functions/registry"
	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

func main() {
	fill()
	variables()
	containers()
	wrapped()
	called()
	registry.Run()
}

//go:noinline
func same[T any](x T) T { return x }

// fill puts functions into variables that initialisers cannot know.
func fill() {
	late.before = "set"
	late.run = func() { rare.Call("sysinfo", unix.SYS_SYSINFO) }
	*same(&byPointer) = func() { rare.Call("getpriority", unix.SYS_GETPRIORITY) }
	appended = append(appended, func() { rare.Call("personality", unix.SYS_PERSONALITY) })
	lateMap["it"] = func() { rare.Call("sched_get_priority_max", unix.SYS_SCHED_GET_PRIORITY_MAX) }
	lateAny = func() { rare.Call("sched_get_priority_min", unix.SYS_SCHED_GET_PRIORITY_MIN) }
	grid[same(1)][same(2)] = func() { rare.Call("sched_getscheduler", unix.SYS_SCHED_GETSCHEDULER) }
	registry.Hook = func() { rare.Call("sched_getparam", unix.SYS_SCHED_GETPARAM) }
}

type record struct {
	before string
	run    func()
	after  [9]int
}

var (
	late      record
	byPointer func()
	appended  []func()
	lateMap   = map[string]func(){}
	lateAny   any
	grid      [3][4]func()

	plain   = func() { rare.Call("sched_rr_get_interval", unix.SYS_SCHED_RR_GET_INTERVAL) }
	early   = record{run: func() { rare.Call("times", unix.SYS_TIMES) }}
	pointed = &record{run: func() { rare.Call("getsid", unix.SYS_GETSID) }}
	indexed = [...]func(){
		func() { rare.Call("getpgid", unix.SYS_GETPGID) },
		func() { rare.Call("getrusage", unix.SYS_GETRUSAGE) },
	}
	records = []record{{before: "a"}, {before: "b", run: func() { rare.Call("getitimer", unix.SYS_GETITIMER) }}}
	chained = &link{next: &link{run: func() { rare.Call("getresuid", unix.SYS_GETRESUID) }}}
	copied  = plainToo
	through = &toItself
	toSelf  = func() { rare.Call("getresgid", unix.SYS_GETRESGID) }

	plainToo = func() { rare.Call("capget", unix.SYS_CAPGET) }
	toItself = toSelf
)

type link struct {
	next *link
	run  func()
}

func variables() {
	late.run()
	byPointer()
	appended[0]()
	lateMap[same("it")]()
	lateAny.(func())()
	for _, row := range grid {
		for _, run := range row {
			if run != nil {
				run()
			}
		}
	}
	plain()
	byValue(early)
	local := *pointed
	local.run()
	for i := range same(len(indexed)) {
		indexed[i]()
	}
	for _, r := range records {
		if r.run != nil {
			r.run()
		}
	}
	for l := chained; l != nil; l = l.next {
		if l.run != nil {
			l.run()
		}
	}
	copied()
	(*through)()
}

//go:noinline
func byValue(r record) { r.run() }

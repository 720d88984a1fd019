// Globals guards calls by variables, and sets these in every way that there is,
// each in another function than the one that looks at it. It makes all of the calls
// if BREAKER is in its environment, and it has an argument.
package main

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

func main() {
	pointers()
	pointersDone()
	copies()
	copiesDone()
	library()
	libraryDone()
	concurrent()
	concurrentDone()
	outside()
	outsideDone()
}

// check makes a call if its guard is open: the guard is inlined where it is used.
func check(on bool, name string, nr uintptr) {
	if on {
		rare.Call(name, nr)
	}
}

//go:noinline
func set[T any](to *T, value T) { *to = value }

//go:noinline
func same[T any](x T) T { return x }

type switches struct {
	name string
	on   bool
	next *switches
}

func (s *switches) turn()   { s.on = true }
func (s switches) is() bool { return s.on }

type turner interface{ turn() }

var (
	byPointer     bool
	byField       switches
	bySlice       [4]int
	byMethod      switches
	byMethodValue switches
	byMethodExpr  switches
	byInterface   switches
	byEmbedding   struct {
		number int
		switches
	}
	byMap      int
	byBox      int
	byTable    int
	byLink     switches
	byReturned int
	byCaptured int
	byDeferred int
	byArgument int
	byGeneric  int
	byParallel int
	byRange    int
	byIndex    [8]uint16

	table = []*int{&byReturned, &byTable}
	chain = switches{next: &switches{next: &byLink}}
)

func pointers() {
	set(&byPointer, true)
	set(&byField.on, true)
	part := same(bySlice[1:3])
	part[1] = 7
	byMethod.turn()
	same(byMethodValue.turn)()
	same((*switches).turn)(&byMethodExpr)
	same[turner](&byInterface).turn()
	same[turner](&byEmbedding).turn()
	*same(map[string]*int{"it": &byMap})["it"] = 1
	*same[any](&byBox).(*int) = 1
	*table[same(1)] = 1
	chain.next.next.on = true
	*which(0) = 1
	to := &byCaptured
	same(func() { *to = 1 })()
	deferred()
	hold(&byGeneric).store(3)
	_, byParallel = two()
	for byRange = range same([]int{1, 2}) {
	}
	byIndex[same(5)&7] = 9
}

//go:noinline
func pointersDone() {
	check(byPointer, "sysinfo", unix.SYS_SYSINFO)
	check(byField.on, "getpriority", unix.SYS_GETPRIORITY)
	check(bySlice[2] == 7, "personality", unix.SYS_PERSONALITY)
	check(byMethod.on, "sched_get_priority_max", unix.SYS_SCHED_GET_PRIORITY_MAX)
	check(byMethodValue.on, "sched_get_priority_min", unix.SYS_SCHED_GET_PRIORITY_MIN)
	check(byMethodExpr.on, "sched_getscheduler", unix.SYS_SCHED_GETSCHEDULER)
	check(byInterface.is(), "sched_getparam", unix.SYS_SCHED_GETPARAM)
	check(byEmbedding.on, "sched_rr_get_interval", unix.SYS_SCHED_RR_GET_INTERVAL)
	check(byMap == 1, "times", unix.SYS_TIMES)
	check(byBox == 1, "getsid", unix.SYS_GETSID)
	check(byTable == 1, "getpgid", unix.SYS_GETPGID)
	check(byLink.on, "getrusage", unix.SYS_GETRUSAGE)
	check(byReturned == 1, "getitimer", unix.SYS_GETITIMER)
	check(byCaptured == 1, "getresuid", unix.SYS_GETRESUID)
	check(byDeferred == 1, "getresgid", unix.SYS_GETRESGID)
	check(byArgument == 1, "capget", unix.SYS_CAPGET)
	check(byGeneric == 3, "statfs", unix.SYS_STATFS)
	check(byParallel == 2, "fstatfs", unix.SYS_FSTATFS)
	check(byRange == 1, "lookup_dcookie", unix.SYS_LOOKUP_DCOOKIE)
	check(byIndex[5] == 9, "io_destroy", unix.SYS_IO_DESTROY)
}

//go:noinline
func which(i int) *int { return table[i] }

//go:noinline
func deferred() {
	defer func() { byDeferred = 1 }()
	defer set(&byArgument, 1)
}

//go:noinline
func two() (int, int) { return 1, 2 }

type holder[T any] struct{ to *T }

func (h holder[T]) store(x T) { *h.to = x }

//go:noinline
func hold[T any](to *T) holder[T] { return holder[T]{to} }

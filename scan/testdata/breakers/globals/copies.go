package main

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

type small struct{ before, value, after int }

type large struct {
	before [40]int
	value  int
	names  []string
}

var (
	byStruct    small
	byLarge     large
	byPart      large
	byWhole     struct{ first, second, third, fourth uint8 }
	byBytes     [8]byte
	byCopy      [6]int
	byAppend    [3]int
	bySort      = [3]int{3, 2, 1}
	byUnsafe    small
	byView      [4]uint32
	byClear     = [5]int{1, 1, 1, 1, 1}
	byZero      = large{value: 1}
	byFalse     = true
	byAddition  int
	byOr        uint8
	byShift     = 1
	byExchange  = 1
	byExchange2 = 2
	byPair      string
	byList      []int
	byError     error
	byHook      func()
	byAddress   *int
	byChannel   chan int

	model      = small{value: 4}
	largeModel = large{value: 5}
)

func copies() {
	byStruct = model
	byLarge = largeModel
	set(&byPart, largeModel)
	byWhole = struct{ first, second, third, fourth uint8 }{1, 2, 3, 4}
	binary.LittleEndian.PutUint64(byBytes[:], 1<<24)
	copy(byCopy[2:], same([]int{6, 7}))
	_ = append(same(byAppend[:1]), 8)
	slices.Sort(bySort[:])
	*(*int)(unsafe.Add(unsafe.Pointer(&byUnsafe.before), unsafe.Offsetof(byUnsafe.value))) = 9
	(*[2]uint64)(unsafe.Pointer(&byView))[1] = 10 << 32
	clear(same(byClear[:]))
	byZero = large{}
	byFalse = len(same("x")) > 1
	byAddition++
	byOr |= 4
	byShift <<= same(3)
	byExchange, byExchange2 = byExchange2, byExchange
	set(&byPair, "longer")
	byList = append(byList, 1)
	byError = same[error](unix.EINVAL)
	set(&byHook, func() { rare.Call("get_mempolicy", unix.SYS_GET_MEMPOLICY) })
	set(&byAddress, &byAddition)
	set(&byChannel, make(chan int, 1))
}

//go:noinline
func copiesDone() {
	check(byStruct.value == 4, "io_cancel", unix.SYS_IO_CANCEL)
	check(byLarge.value == 5, "io_getevents", unix.SYS_IO_GETEVENTS)
	check(byPart.value == 5, "io_submit", unix.SYS_IO_SUBMIT)
	check(byWhole.third == 3, "mq_getsetattr", unix.SYS_MQ_GETSETATTR)
	check(byBytes[3] == 1, "mq_unlink", unix.SYS_MQ_UNLINK)
	check(byCopy[3] == 7, "mq_notify", unix.SYS_MQ_NOTIFY)
	check(byAppend[1] == 8, "timer_getoverrun", unix.SYS_TIMER_GETOVERRUN)
	check(bySort[0] == 1, "timer_gettime", unix.SYS_TIMER_GETTIME)
	check(byUnsafe.value == 9, "timer_delete", unix.SYS_TIMER_DELETE)
	check(byView[3] == 10, "getxattr", unix.SYS_GETXATTR)
	check(byClear[4] == 0, "lgetxattr", unix.SYS_LGETXATTR)
	check(byZero.value == 0, "fgetxattr", unix.SYS_FGETXATTR)
	check(!byFalse, "listxattr", unix.SYS_LISTXATTR)
	check(byAddition > 0, "llistxattr", unix.SYS_LLISTXATTR)
	check(byOr&4 != 0, "flistxattr", unix.SYS_FLISTXATTR)
	check(byShift == 8, "removexattr", unix.SYS_REMOVEXATTR)
	check(byExchange == 2, "lremovexattr", unix.SYS_LREMOVEXATTR)
	check(len(byPair) == 6, "fremovexattr", unix.SYS_FREMOVEXATTR)
	check(len(byList) > 0, "inotify_rm_watch", unix.SYS_INOTIFY_RM_WATCH)
	check(byError != nil, "inotify_add_watch", unix.SYS_INOTIFY_ADD_WATCH)
	if byHook != nil {
		byHook()
	}
	check(byAddress != nil, "ioprio_get", unix.SYS_IOPRIO_GET)
	check(byChannel != nil, "get_robust_list", unix.SYS_GET_ROBUST_LIST)
}

package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

var (
	byReflection int
	byName       struct {
		Number int
		On     bool
	}
	byReflectCopy  [4]int
	byJSON         struct{ Value int }
	byScan         int
	byFlag         bool
	byBinary       struct{ First, Second uint16 }
	byStore        int32
	byCompare      int32
	byAtomic       atomic.Bool
	byAdd          atomic.Int64
	bySwap         uint32
	byOrAtomic     atomic.Uint32
	byAtomicTo     atomic.Pointer[int]
	byAtomicAny    atomic.Value
	byRead         [16]byte
	byKernel       [2]int32
	byKernelStruct unix.Utsname
)

// library has packages set what they get a pointer to.
func library() {
	reflect.ValueOf(&byReflection).Elem().SetInt(3)
	reflect.ValueOf(&byName).Elem().FieldByName("On").SetBool(true)
	reflect.Copy(reflect.ValueOf(byReflectCopy[:]), reflect.ValueOf([]int{0, 0, 5}))
	must(json.Unmarshal([]byte(`{"Value": 3}`), &byJSON))
	_, err := fmt.Sscan("17", &byScan)
	must(err)
	flags := flag.NewFlagSet("", flag.PanicOnError)
	flags.BoolVar(&byFlag, "on", false, "")
	must(flags.Parse([]string{"-on"}))
	must(binary.Read(strings.NewReader("\x00\x00\x02\x00"), binary.LittleEndian, &byBinary))

	atomic.StoreInt32(&byStore, 1)
	atomic.CompareAndSwapInt32(&byCompare, 0, 2)
	byAtomic.Store(true)
	byAdd.Add(4)
	atomic.SwapUint32(&bySwap, 5)
	byOrAtomic.Or(8)
	byAtomicTo.Store(new(int))
	byAtomicAny.Store(1)

	f, err := os.Open("/proc/self/exe")
	must(err)
	_, err = f.Read(byRead[:])
	must(err)
	must(f.Close())
	unix.RawSyscall(unix.SYS_PIPE2, uintptr(unsafe.Pointer(&byKernel)), 0, 0)
	must(unix.Uname(&byKernelStruct))
}

//go:noinline
func libraryDone() {
	check(byReflection == 3, "vmsplice", unix.SYS_VMSPLICE)
	check(byName.On, "tee", unix.SYS_TEE)
	check(byReflectCopy[2] == 5, "sync_file_range", unix.SYS_SYNC_FILE_RANGE)
	check(byJSON.Value == 3, "signalfd4", unix.SYS_SIGNALFD4)
	check(byScan == 17, "timerfd_gettime", unix.SYS_TIMERFD_GETTIME)
	check(byFlag, "timerfd_settime", unix.SYS_TIMERFD_SETTIME)
	check(byBinary.Second == 2, "preadv", unix.SYS_PREADV)
	check(byStore == 1, "pwritev", unix.SYS_PWRITEV)
	check(byCompare == 2, "fanotify_mark", unix.SYS_FANOTIFY_MARK)
	check(byAtomic.Load(), "name_to_handle_at", unix.SYS_NAME_TO_HANDLE_AT)
	check(byAdd.Load() == 4, "open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT)
	check(bySwap == 5, "sendmmsg", unix.SYS_SENDMMSG)
	check(byOrAtomic.Load() == 8, "recvmmsg", unix.SYS_RECVMMSG)
	check(byAtomicTo.Load() != nil, "getcpu", unix.SYS_GETCPU)
	check(byAtomicAny.Load() != nil, "process_vm_readv", unix.SYS_PROCESS_VM_READV)
	check(byRead[1] == 'E', "kcmp", unix.SYS_KCMP)
	check(byKernel[1] > 0, "sched_getattr", unix.SYS_SCHED_GETATTR)
	check(byKernelStruct.Sysname[0] == 'L', "sched_setattr", unix.SYS_SCHED_SETATTR)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Cpp calls a library in C++, which throws, starts threads, prints, and calls
// back.
package main

// #cgo LDFLAGS: -lstdc++
// #include "work.h"
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

//export called
func called(n C.int) C.int {
	fmt.Println("called with", n)
	return n * 2
}

func main() {
	dir := os.TempDir()
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	name := C.CString(dir)
	defer C.free(unsafe.Pointer(name))
	if message := C.work(name); message != nil {
		defer C.free(unsafe.Pointer(message))
		fmt.Fprintln(os.Stderr, "cpp:", C.GoString(message))
		os.Exit(1)
	}
}

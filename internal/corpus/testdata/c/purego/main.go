// Purego calls C libraries that it loads itself, without cgo.
package main

import (
	"fmt"
	"os"

	"github.com/ebitengine/purego"
)

func main() {
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "purego:", err)
		os.Exit(1)
	}
}

func work() error {
	libc, err := purego.Dlopen("libc.so.6", purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return err
	}
	var getpid func() int32
	purego.RegisterLibFunc(&getpid, libc, "getpid")
	if int(getpid()) != os.Getpid() {
		return fmt.Errorf("this is process %d, not %d", os.Getpid(), getpid())
	}
	var sort func(base *int32, n, size uintptr, compare uintptr)
	purego.RegisterLibFunc(&sort, libc, "qsort")
	numbers := []int32{3, 1, 2}
	sort(&numbers[0], 3, 4, purego.NewCallback(func(a, b *int32) int32 { return *a - *b }))
	fmt.Println(numbers)

	libm, err := purego.Dlopen("libm.so.6", purego.RTLD_LAZY)
	if err != nil {
		return err
	}
	var cos func(float64) float64
	purego.RegisterLibFunc(&cos, libm, "cos")
	fmt.Println(cos(0))
	if _, err := purego.Dlopen("libmissing.so.0", purego.RTLD_NOW); err == nil {
		return fmt.Errorf("a library was loaded that is not there")
	}
	return purego.Dlclose(libm)
}

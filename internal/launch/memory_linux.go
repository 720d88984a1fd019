//go:build linux && (amd64 || arm64)

package launch

import (
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// areas is memory from the kernel, in whole pages: the child moves some of it,
// which it could not do with Go's heap.
type areas [][]byte

func (a *areas) get(size, sharing int) ([]byte, error) {
	page := os.Getpagesize()
	size = (size + page - 1) / page * page
	area, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANONYMOUS|sharing)
	if err != nil {
		return nil, fmt.Errorf("get memory for its arguments: %w", err)
	}
	*a = append(*a, area)
	return area, nil
}

func (a *areas) free() {
	for _, area := range *a {
		unix.Munmap(area)
	}
}

// strings returns an area with the strings one after the other, each with a
// zero byte at its end.
func (a *areas) strings(list []string) ([]byte, error) {
	size := 1
	for _, s := range list {
		if strings.IndexByte(s, 0) >= 0 {
			return nil, fmt.Errorf("contains a zero byte: %q", s)
		}
		size += len(s) + 1
	}
	area, err := a.get(size, unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	rest := area
	for _, s := range list {
		rest = rest[copy(rest, s)+1:]
	}
	return area, nil
}

// vector returns an area with the addresses of the strings in text, and a zero
// at its end.
func (a *areas) vector(list []string, text []byte) ([]byte, error) {
	area, err := a.get((len(list)+1)*int(unsafe.Sizeof(uintptr(0))), unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	addresses := unsafe.Slice((*uintptr)(unsafe.Pointer(&area[0])), len(list))
	next := uintptr(unsafe.Pointer(&text[0]))
	for i, s := range list {
		addresses[i] = next
		next += uintptr(len(s)) + 1
	}
	return area, nil
}

func blockOf(area []byte) block {
	return block{uintptr(unsafe.Pointer(&area[0])), uintptr(len(area))}
}

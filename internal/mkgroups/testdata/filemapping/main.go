// A file in memory, to read and to write, kept in memory, and given back.
package main

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	f, err := os.OpenFile("file", os.O_RDWR, 0)
	check(err)
	lockdown.Enforce()
	const size = 4 // of the file
	b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	check(err)
	b[0]++
	check(unix.Msync(b, unix.MS_SYNC))
	check(unix.Madvise(b, unix.MADV_SEQUENTIAL))
	check(unix.Mlock(b))
	check(unix.Munlock(b))
	check(unix.Mprotect(b, unix.PROT_READ))
	b, err = unix.Mremap(b, 2*os.Getpagesize(), unix.MREMAP_MAYMOVE)
	check(err)
	check(unix.Munmap(b))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

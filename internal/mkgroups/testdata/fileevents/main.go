// What happens to files, told by inotify.
package main

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	check(err)
	events := os.NewFile(uintptr(fd), "inotify")
	watch, err := unix.InotifyAddWatch(fd, ".", unix.IN_ATTRIB|unix.IN_CREATE)
	check(err)
	_, err = unix.InotifyRmWatch(fd, uint32(watch))
	check(err)
	_, err = events.Read(make([]byte, unix.SizeofInotifyEvent)) // that the watch is gone
	check(err)
	check(events.Close())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// The terminal: whether there is one, its size, and its modes. The argument is
// the path of one.
package main

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	tty, err := os.OpenFile(os.Args[1], os.O_RDWR|unix.O_NOCTTY, 0)
	check(err)
	fd := int(tty.Fd())
	lockdown.Enforce()
	modes, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	check(err)
	modes.Lflag &^= unix.ECHO | unix.ICANON
	for _, when := range []uint{unix.TCSETS, unix.TCSETSW, unix.TCSETSF} {
		check(unix.IoctlSetTermios(fd, when, modes))
	}
	size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	check(err)
	check(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, size))
	if _, err := unix.IoctlGetTermios(0, unix.TCGETS); err == nil {
		panic("the standard input is a terminal")
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

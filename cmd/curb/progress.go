package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress says on a terminal what is going on, if it takes over a second. The
// line goes when done is called.
func progress(w io.Writer, what string) (done func()) {
	file, ok := w.(*os.File)
	if !ok || !isTerminal(file) {
		return func() {}
	}
	stop, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-stop:
		case <-time.After(time.Second):
			fmt.Fprintf(file, "curb: %s …", what)
			<-stop
			fmt.Fprint(file, "\r\x1b[K")
		}
	}()
	return func() {
		close(stop)
		<-gone
	}
}

// isTerminal takes all devices but /dev/null for one.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// The standard streams, and other files that are open: read, written, asked
// what they are, closed.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		fmt.Println("read", in.Text())
	}
	check(in.Err())
	fmt.Fprintln(os.Stderr, "done")
	println("done")
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		_, err := f.Stat()
		check(err)
		f.Seek(0, io.SeekCurrent) // a pipe cannot
		f.Sync()
	}
	check(os.Stdout.Close())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

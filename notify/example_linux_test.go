//go:build amd64 || arm64

package notify_test

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/notify"
)

// A program that makes directories finds that it has made one, and there is none.
func Example() {
	policy := curb.Deny().On("mkdir", curb.Notify).On("mkdirat", curb.Notify).SkipUnknown()
	listener, program, err := notify.Start(notify.Command{
		Path: "/bin/mkdir",
		Args: []string{"mkdir", "/no/such/directory"},
	}, policy)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Close()
	for {
		request, err := listener.Receive(context.Background())
		if err == io.EOF {
			break // the program has ended
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		path := request.Call.Args[0]
		if request.Syscall() == "mkdirat" {
			path = request.Call.Args[1]
		}
		fmt.Println(request.ReadString(path, 4095))
		if err := request.Return(0); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(program.Wait())
	_, err = os.Stat("/no/such/directory")
	fmt.Println(os.IsNotExist(err))
	// Output:
	// /no/such/directory <nil>
	// exit status 0 <nil>
	// true
}

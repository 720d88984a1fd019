//go:build amd64 || arm64

package curb_test

import (
	"fmt"

	"github.com/gocurb/curb"
)

func ExampleAllow() {
	fmt.Println(curb.Allow("reed", "write").Err())
	// Output: curb: no system call "reed": did you mean "read"?
}

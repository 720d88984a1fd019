// Command unexported calls a method of the type of a field that is not exported, which
// reflection can come to only where it makes a value of that type. Build tags choose
// in which of many ways it does.
package main

import (
	"fmt"
	"os"
	"reflect"
	"syscall"
)

type holder struct {
	Name   string
	hidden hidden
	list   []hidden
}

type hidden struct{ _ int }

// Run is called by reflection only.
func (*hidden) Run() { syscall.RawSyscall(syscall.SYS_TIMES, 0, 0, 0) }

// Run is called by reflection only, too: of this one there is a value.
func (*holder) Run() {}

func main() {
	made := start(reflect.ValueOf(&holder{}).Elem())
	made.MethodByName(os.Args[1]).Call(nil)
	fmt.Println(made.Type().String() == "*main.hidden")
}

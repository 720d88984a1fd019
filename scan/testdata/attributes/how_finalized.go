//go:build finalized

package main

import (
	"os/exec"
	"reflect"
	"runtime"
)

// An object that reflection makes of what a finalizer is given.
func start(args ...string) error {
	made := make(chan any)
	arm(func(x any) { made <- x })
	runtime.GC()
	cmd := reflect.ValueOf(<-made).Elem()
	field := cmd.FieldByName("SysProcAttr")
	field.Set(reflect.New(field.Type().Elem()))
	field.Elem().FieldByName("Setsid").SetBool(true)
	return run(cmd.Addr().Interface().(*exec.Cmd).SysProcAttr, args...)
}

//go:noinline
func arm(f func(x any)) {
	cmd := &exec.Cmd{Path: "none"}
	runtime.SetFinalizer(cmd, f)
}

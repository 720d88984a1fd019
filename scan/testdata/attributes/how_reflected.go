//go:build reflected

package main

import (
	"os/exec"
	"reflect"
)

// An object that reflection makes.
func start(args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	field := reflect.ValueOf(cmd).Elem().FieldByName("SysProcAttr")
	field.Set(reflect.New(field.Type().Elem()))
	field.Elem().FieldByName("Setsid").SetBool(true)
	return run(cmd.SysProcAttr, args...)
}

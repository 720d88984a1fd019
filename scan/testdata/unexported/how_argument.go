//go:build argument

package main

import "reflect"

// The parameter of a function that is made.
func start(v reflect.Value) reflect.Value {
	var got reflect.Value
	pointer := reflect.PointerTo(v.Field(1).Type())
	f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{pointer}, nil, false), func(args []reflect.Value) []reflect.Value {
		got = args[0]
		return nil
	})
	reflect.ValueOf(caller(f)).Call([]reflect.Value{reflect.New(pointer).Elem()})
	return got
}

func caller(f reflect.Value) any { return f.Interface() }

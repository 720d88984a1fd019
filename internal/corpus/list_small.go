package main

import "syscall"

// The small programs, which every Go release builds, and curb's example.
var small = []program{
	{
		pkg: "./hello", set: "small", small: true, faults: true, ci: true,
		ways: []way{{}},
	},
	{
		pkg: "./roundtrip", set: "small", small: true, faults: true, ci: true,
		ways: []way{
			{},
			{args: []string{"127.0.0.1:{port}"}, drive: serve(syscall.SIGTERM)},
			{args: []string{"127.0.0.1:{port}"}, drive: serve(syscall.SIGINT)},
			{args: []string{"no address"}, exit: 1},
		},
	},
	{
		pkg: "./processes", set: "small", small: true, faults: true, ci: true,
		ways: []way{{args: []string{"{child}"}}, {args: []string{"/no/such/program"}, exit: 1}},
	},
	{
		pkg: "./files", set: "small", small: true, faults: true, ci: true,
		ways: []way{{args: []string{"{dir}"}}, {args: []string{"{dir}/missing"}, exit: 1}},
	},
	{
		pkg: "./examples/changediff", set: repository, ci: true,
		ways: []way{
			{args: []string{"{repository}/examples/changediff/testdata/source.changes", "{repository}/examples/changediff/testdata/target.changes"}},
			{args: []string{"{repository}/examples/changediff/testdata/source.changes", "{dir}/missing"}, exit: 1},
			{exit: 2},
		},
	},
}

// serve has a server of roundtrip's answer, and ends it.
func serve(end syscall.Signal) func(*live) error {
	return func(l *live) error {
		if err := l.retry(func() error { return l.get(l.port, "/echo", 200) }); err != nil {
			return err
		}
		if err := l.busy(func() error { return l.get(l.port, "/file", 200) }); err != nil {
			return err
		}
		return l.end(end)
	}
}
